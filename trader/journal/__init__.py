"""The one durable truth: what happened, written once in the order it happened, and read by everybody."""
