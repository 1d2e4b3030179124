"""Ctrl-C, SIGTERM and SIGHUP: each is a wish to stop, and does not end the process between any two steps.

A background job of a script has Ctrl-C ignored, one under nohup SIGHUP: a signal that somebody has ignored stays so,
and one that the program around soundgraph handles stays that program's. Each is looked at by itself.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from soundgraph.core.stopping import Stop
from soundgraph.core.system import SIGNALS_TO_STOP

_pending: list[int] = []
"""Signals that `raised` has heard of: of an exception in a callback, such as importing has many, Python only tells."""

_Handler = Callable[[int, FrameType | None], Any]


class Signals:
    """Signals that come between `take` and `give_back` make a wish to stop; before and after they raise.

    An exception can come between any two steps: one that came after a result was taken from the queue, and before it
    was kept, would lose the result, and leave the loop waiting for it. Further signals are the same wish: `timeout`
    sends two at once, and a terminal that is closed SIGHUP and SIGTERM.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._taken = False
        self._before: dict[int, Any] = {}

    def take(self) -> None:
        """Takes the signals; none in a thread that is not the main one, which hears of none. Does no harm twice."""
        if not self._before:
            self._taken = True
            _replace(self._hear, self._before)
        if _pending:
            self._stop.request()

    def give_back(self) -> None:
        """Lets others have the signals again, as they had them. Does no harm twice."""
        self._taken = False  # first: a signal that comes before all are given back is not lost
        _give_back(self._before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if not self._taken:
            raise KeyboardInterrupt
        self._stop.request()


@contextmanager
def raised() -> Iterator[None]:
    """While this lasts SIGTERM and SIGHUP, too, raise KeyboardInterrupt, as Ctrl-C does."""
    before: dict[int, Any] = {}
    try:
        _replace(_raise, before)
        yield
    finally:
        _give_back(before)
        _pending.clear()


def ignore() -> None:
    """From now on, none of these signals does anything: the process is about to end."""
    if _may_handle():
        for number in SIGNALS_TO_STOP:
            signal.signal(number, signal.SIG_IGN)


def check() -> None:
    """Raises KeyboardInterrupt if `raised` has heard a signal, and its exception led nowhere."""
    if _pending:
        raise KeyboardInterrupt


def _raise(number: int, frame: FrameType | None) -> None:
    _pending.append(number)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return  # `check` will tell
        frame = frame.f_back
    raise KeyboardInterrupt


def _may_handle() -> bool:
    return threading.current_thread() is threading.main_thread()


def _replace(handler: _Handler, before: dict[int, Any]) -> None:
    """Has `handler` called for each signal that would end the process, or raise; `before` is to keep how it was."""
    if not _may_handle():
        return
    for number in SIGNALS_TO_STOP:
        known = signal.getsignal(number)
        if known in (signal.SIG_DFL, signal.default_int_handler, _raise):
            before[number] = known
            signal.signal(number, handler)


def _give_back(before: dict[int, Any]) -> None:
    while before:
        number, known = before.popitem()
        signal.signal(number, known)
