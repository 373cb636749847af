"""The desk over the past: a plan, a folder, and many books at once, each in a journal of its own."""
