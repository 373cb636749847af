"""The desk over the past: many books at once, each in a journal of its own."""
