"""One module per command: parse, call one function, print. Each is imported when its command is called."""
