"""How a build shows on a terminal.

Three readers of a build's events: a live display (`live`), plain lines (`plain_lines`), lines of JSON (`json_lines`);
`choice` tells which. `bar` is for other work that takes long.
"""
