"""What processes that share a cache know of each other: claims of actions, the gate, and the builds that go on.

All of it is locks on places of one file (`claims`), which end with the process that holds them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from soundgraph.cache.disk.cache_folder import LOCKS, Places
from soundgraph.core.range_locks import Claims

# Places. Actions have the lower half of the range, builds that go on the upper one but for its end.
_BUILDS = 2**61
_INDEX = 2**62 - 2
_LIST = 2**62 + 2
_GATE = 2**62 - 1

_NAME = re.compile("[0-9a-f]{1,16}")
"""Of a build that goes on: the nanoseconds since 1970 at which it began."""


class Leases:
    """Of one build or collection: another object over the same folder, in this process or in another, is another party.

    is_there: whether the folder has been made a cache; until then, everything is granted.
    Safe to use from several threads. Raises OSError if the file of locks cannot be made for want of space.
    """

    def __init__(self, places: Places, is_there: Callable[[], bool] | None = None):
        self._places, self._running = places, places.folder / "running"
        self._is_there = is_there or (lambda: places.is_there)
        self._claims = Claims(places.folder / LOCKS, places.open)
        self._own: set[str] = set()
        self.began_ns = 0
        """When the last of its builds began, in ns since 1970; 0 before the first."""
        self._passing = threading.Condition()
        self._inside: Counter[int] = Counter()  # by thread: how many blocks of the gate it is in
        self._alone: int | None = None  # the thread that is alone

    @property
    def work(self) -> bool:
        """Whether there are locks. Without them everything is granted, and work may double."""
        return self._claims.work

    def open(self) -> None:
        """Makes the file of locks, for one who is about to write: without it everybody would do everything."""
        if self._is_there():
            self._claims.open()

    def are_refused(self) -> bool:
        """Whether the cache may be written, and its filesystem has no locks at all."""
        return self._is_there() and self._claims.are_refused()

    def claim(self, key: str) -> bool:
        """Whether the action is ours to run."""
        return not self._is_there() or self._claims.claim(_place(key))

    def release(self, key: str) -> None:
        self._claims.release(_place(key))

    @contextlib.contextmanager
    def index(self) -> Iterator[None]:
        """Nobody else makes the index again meanwhile. Not to be entered again from within."""
        if not self._is_there():
            yield
            return
        self._claims.claim(_INDEX, wait=True)
        try:
            yield
        finally:
            self._claims.release(_INDEX)

    @contextlib.contextmanager
    def listing(self) -> Iterator[None]:
        """Nobody else writes down meanwhile what a project reaches."""
        self._claims.claim(_LIST, wait=True)
        try:
            yield
        finally:
            self._claims.release(_LIST)

    @contextlib.contextmanager
    def gate(self, *, alone: bool = False) -> Iterator[None]:
        """Beside all others who are within; alone: while nobody else is. May be entered again by the same thread, but
        not to be alone where it was not."""
        if not self._is_there():
            yield
            return
        self._enter(alone)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, alone: bool) -> None:
        me = threading.get_ident()
        with self._passing:
            if not self._inside[me]:
                while self._alone is not None or (alone and self._inside.total()):
                    self._passing.wait()
                if not self._inside.total():  # one lock stands for all threads of this object
                    self._wait_at_gate(alone)
                self._alone = me if alone else None
            elif alone and self._alone != me:
                raise RuntimeError("a thread that is within the gate would wait for itself to leave")
            self._inside[me] += 1

    def _wait_at_gate(self, alone: bool) -> None:
        try:
            self._claims.claim(_GATE, shared=not alone, wait=True)
        except OSError as error:
            # No room for the file of locks: who reads may go on, and who writes fails by itself.
            if alone or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    def _leave(self) -> None:
        me = threading.get_ident()
        with self._passing:
            self._inside[me] -= 1
            if not self._inside[me]:
                del self._inside[me]
                self._alone = None
                if not self._inside:
                    self._claims.release(_GATE)
                self._passing.notify_all()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """A file says when the build began; a lock, that it goes on."""
        name = ""
        with contextlib.suppress(OSError):
            if self._is_there():
                self._places.make(self._running)
                self.oldest_running()  # takes away what killed builds left
                name = self._begun()
        try:
            yield
        finally:
            if name:
                with contextlib.suppress(OSError):
                    (self._running / name).unlink(missing_ok=True)
                self._own.discard(name)
                self._claims.release(_build(name))

    def _begun(self) -> str:
        at = time.time_ns()
        while not self._claims.claim(_build(f"{at:x}")):  # another one began in the same tick
            at += 1
        name = f"{at:x}"
        self._own.add(name)
        self.began_ns = at
        # Only now: a file without its lock would be taken for what a killed build has left.
        self._say(name)
        return name

    def _say(self, name: str) -> None:
        os.close(self._places.open(self._running / name, os.O_WRONLY | os.O_CREAT))

    def renew(self) -> None:
        """Says again that the own builds go on, where the cache's folder was removed under them."""
        with contextlib.suppress(OSError):
            for name in self._own:
                if not (self._running / name).exists():
                    self._claims.claim(_build(name))
                    self._places.make(self._running)
                    self._say(name)

    def oldest_running(self) -> float:
        """When the oldest of the builds began that go on, in seconds since 1970; infinity if none does.

        What killed ones left is removed.
        """
        oldest = float("inf")
        for path in sorted(self._running.glob("*")):
            if not is_build(path.name) or not path.is_file():
                continue
            if self.is_over(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()
            else:
                oldest = min(oldest, int(path.name, 16) / 1e9)
        return oldest

    def is_over(self, name: str) -> bool:
        """Whether the build that wrote that file was killed. Without locks nobody can tell: it counts as going on."""
        if name in self._own or not self._claims.claim(_build(name)):
            return False
        if not self._claims.work:
            return False
        self._claims.release(_build(name))
        return True

    def close(self) -> None:
        """Lets go of everything."""
        self._claims.close()


def is_build(name: str) -> bool:
    """Whether a file may have been written by a build, by its name."""
    return _NAME.fullmatch(name) is not None


def _place(key: str) -> int:
    return int(key[:16], 16) >> 3


def _build(name: str) -> int:
    return _BUILDS + int(name, 16) % (2**61 - 2)
