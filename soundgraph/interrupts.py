"""Ctrl-C and SIGTERM while a build runs: as a wish to stop, rather than an exception between any two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_interrupt(act: Callable[[], None]) -> Iterator[None]:
    """Has the first Ctrl-C, or SIGTERM, call `act`; the next Ctrl-C raises KeyboardInterrupt again.

    An exception can come between any two steps: one that came after a result was taken from the queue, and before it
    was kept, would lose the result, and leave the loop waiting for it.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        act()

    signal.signal(signal.SIGINT, interrupt)
    terminated = signal.getsignal(signal.SIGTERM)
    if terminated is signal.SIG_DFL:  # what CI sends to a job that takes too long
        signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, terminated)
