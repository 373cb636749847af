"""What agents may call: deterministic, typed, blind to what came after `as_of`. See `registry.py`."""
