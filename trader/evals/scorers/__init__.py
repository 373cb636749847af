"""One number each about one subject. A new scorer is a function in a file here and a name in the registry."""
