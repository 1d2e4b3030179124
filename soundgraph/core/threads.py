"""Threads that work side by side: as many as are wanted, or fewer where the system gives no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from soundgraph.core import programs, system
from soundgraph.core.errors import NO_THREADS, ResourceError

Item = TypeVar("Item")
Result = TypeVar("Result")

_ROOM_BYTES = 256 * 2**20
"""Of addresses, for one more thread: its stack, what glibc sets aside for its small objects, and a sound in work."""


class Workers(ThreadPoolExecutor):
    """A ThreadPoolExecutor that goes on with the threads it has. `submit` raises ResourceError if it gets none."""

    def _adjust_thread_count(self) -> None:
        if self._threads and not _has_room():
            return
        try:
            super()._adjust_thread_count()
        except (RuntimeError, MemoryError) as error:  # "can't start new thread"
            if not self._threads:
                raise ResourceError(*NO_THREADS) from error


def spread(function: Callable[[Item], Result], items: Iterable[Item], most: int) -> list[Result]:
    """What `function` gives for each item, in order: in so many threads, or in the calling one if there is no other."""
    items, stop = list(items), threading.Event()

    def in_thread(item: Item) -> Result:
        with programs.ended_by(stop):
            return function(item)

    with Workers(most) as pool:
        try:
            tasks = [pool.submit(in_thread, item) for item in items]
        except ResourceError:
            return [function(item) for item in items]
        try:
            return [task.result() for task in tasks]
        except KeyboardInterrupt:  # else all that is left would be done first, and what hangs be waited for
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _has_room() -> bool:
    """Whether memory is left for one more thread, under `ulimit -v`.

    Some libraries do not look whether they were given any, libsoxr among them, and end the process where they were not.
    """
    limit = system.address_limit_bytes()
    if limit is None:
        return True
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError):
        return True
    return pages * system.page_bytes() + _ROOM_BYTES <= limit
