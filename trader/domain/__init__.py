"""Values only: what the desk talks about. Nothing here asks the time, reads a file or knows who uses it."""
