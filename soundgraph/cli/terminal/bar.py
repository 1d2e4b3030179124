"""A bar for long work that is no build, on the terminal that stderr is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

Report = Callable[[int, int], None]
"""Is told how much of the work is done, and how much there is in all."""


@contextlib.contextmanager
def shown(what: str, quiet: bool) -> Iterator[Report]:
    """Shows a bar while the block goes on; none where nobody looks, or asks for JSON."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, whole: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what)

        def report(done: int, whole: int) -> None:
            progress.update(task, completed=done, total=whole)

        yield report
