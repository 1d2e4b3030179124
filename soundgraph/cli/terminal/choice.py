"""Which reader of a build's events suits what is asked for, and where it is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TextIO

from soundgraph.cli.terminal.json_lines import JsonLines
from soundgraph.cli.terminal.plain_lines import Plain, Reader


def choose(json: bool, stream: TextIO, environ: Mapping[str, str] = os.environ) -> Reader:
    """JSON lines if they are asked for; a live display on a terminal that can move its cursor; else plain lines.

    CI counts as no terminal: its logs keep every redrawn frame. NO_COLOR takes the colours, not the display.
    """
    if json:
        return JsonLines(_writer(stream))
    if _is_live(stream, environ):
        from rich.console import Console

        from soundgraph.cli.terminal.live import Live

        return Live(Console(file=stream, no_color=bool(environ.get("NO_COLOR")) or None))
    return Plain(_writer(stream))


def _is_live(stream: TextIO, environ: Mapping[str, str]) -> bool:
    if environ.get("CI", "").lower() not in ("", "0", "false") or environ.get("TERM", "") in ("dumb", "unknown"):
        return False
    # The bars are no ASCII; whoever chose such a locale gets lines that can be written in it.
    return stream.isatty() and (stream.encoding or "").lower().replace("-", "").startswith("utf")


def _writer(stream: TextIO) -> Callable[[str], object]:
    def write(line: str) -> None:
        try:
            stream.write(f"{line}\n")
        except UnicodeEncodeError:  # a name that the locale has no letters for must not end a build
            encoding = stream.encoding or "ascii"
            stream.write(f"{line.encode(encoding, 'backslashreplace').decode(encoding)}\n")
        stream.flush()  # who reads a pipe wants to see a line when it happens

    return write
