"""The past: the desk's books over it, many at once, and the compiled kernel for what has no model in it."""
