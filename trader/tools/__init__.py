"""What agents may call: deterministic, typed, and blind to everything after `as_of`. `registry.py` lists them."""
