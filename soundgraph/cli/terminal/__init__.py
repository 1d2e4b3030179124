"""How a build shows on a terminal: a live display, plain lines, a bar."""
