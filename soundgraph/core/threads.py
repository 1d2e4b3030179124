"""Threads that work side by side: as many as are wanted, or fewer where the system gives no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from soundgraph.core import stopping, system
from soundgraph.core.errors import NO_THREADS, ResourceError
from soundgraph.core.stopping import Stop

Item = TypeVar("Item")
Told = TypeVar("Told")
Result = TypeVar("Result")

_GRACE_S = 0.2
"""How long what is given up may take to end."""

_LOOK_S = 0.5
"""On Windows a wait without end cannot be interrupted."""

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
    items, stop = list(items), Stop()

    def in_thread(item: Item) -> Result:
        with stopping.heeding(stop):
            return function(item)

    with Workers(most) as pool:
        try:
            tasks = [pool.submit(in_thread, item) for item in items]
        except ResourceError:
            return [function(item) for item in items]
        try:
            return [task.result() for task in tasks]
        except KeyboardInterrupt:  # else all that is left would be done first, and what hangs be waited for
            stop.request()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def in_background(
    work: Callable[[Callable[[Told], None]], Result], tell: Callable[[Told], object], stop: Stop
) -> Result:
    """What `work` returns, from a thread of its own; what it reports is told in this one.

    For what waits for somebody else, such as a server that is silent: after a wish to stop, or an exception in this
    thread, what it reports next raises StoppedError there, and it is left alone if it is not over soon.
    Raises what `work` raises, and StoppedError.
    """
    news: SimpleQueue[Callable[[], object]] = SimpleQueue()
    is_over = Stop()
    given_up = Stop()
    results: list[Result] = []
    errors: list[BaseException] = []

    def report(told: Told) -> None:
        given_up.check()
        news.put(partial(tell, told))

    def in_thread() -> None:
        try:
            results.append(work(report))
        except BaseException as error:  # raised again in the thread that waits
            errors.append(error)
        news.put(is_over.request)

    thread = threading.Thread(target=in_thread, daemon=True)
    try:
        thread.start()
    except (RuntimeError, MemoryError) as error:  # "can't start new thread"
        raise ResourceError(*NO_THREADS) from error
    with stop.heard_by(partial(news.put, lambda: None)):
        try:
            while not is_over.is_requested():
                stop.check()
                with suppress(Empty):
                    news.get(timeout=_LOOK_S)()
        except BaseException:
            given_up.request()
            thread.join(_GRACE_S)  # so that it leaves its files as they are to be found
            raise
    if errors:
        raise errors[0]
    return results[0]


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
