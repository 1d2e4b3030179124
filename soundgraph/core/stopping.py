"""A wish to stop: any thread can make it, and whatever takes long heeds it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StoppedError(Exception):
    """Work was ended, or not begun, since somebody wishes to stop."""


class Stop:
    """A wish to stop: made once, by any thread or by the handler of a signal, and never taken back.

    Unlike `threading.Event` it has no lock, on which a signal's handler could wait for its own thread.
    """

    def __init__(self) -> None:
        self._is_requested = False
        self._actions: list[Callable[[], object]] = []

    def request(self) -> None:
        """Makes the wish, and calls in this thread whatever `heard_by` was given."""
        self._is_requested = True
        for act in list(self._actions):
            act()

    def is_requested(self) -> bool:
        return self._is_requested

    def check(self) -> None:
        """Raises StoppedError if the wish was made."""
        if self.is_requested():
            raise StoppedError

    @contextmanager
    def heard_by(self, act: Callable[[], object]) -> Iterator[None]:
        """While this lasts, the wish calls `act`; at once, if it was made already.

        It is called in the thread that wishes, perhaps between any two steps of another function of that thread, and
        perhaps twice: it is to take no lock, and only to say that there is a wish.
        """
        self._actions.append(act)
        try:
            if self._is_requested:
                act()
            yield
        finally:
            self._actions.remove(act)


_heeded: ContextVar[Stop | None] = ContextVar("stop", default=None)
"""Each thread has a context of its own."""


@contextmanager
def heeding(stop: Stop | None) -> Iterator[None]:
    """What this thread waits for meanwhile ends with StoppedError once there is a wish: programs that it runs, and
    locks that other processes hold. None: nothing ends it, whatever is heeded around this block.

    The main thread hears of signals by itself; one that only waits for a program hears of nothing.
    """
    before = _heeded.set(stop)
    try:
        yield
    finally:
        _heeded.reset(before)


def heeded() -> Stop | None:
    """The wish that this thread heeds, if it heeds one."""
    return _heeded.get()


def refuse_to_begin() -> None:
    """Raises StoppedError where nothing is to be begun any more."""
    stop = _heeded.get()
    if stop is not None:
        stop.check()
