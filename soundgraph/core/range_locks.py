"""Claims: locks on numbered places of one file, by which processes that share a cache keep out of each other's way.

The system lets go of a lock when its holder ends, however it ends: nobody ever has to unlock anything. A lock on a
byte needs no file and no handle of its own, so that a thousand actions can be claimed at once; the file stays empty.

The file may be removed and made again meanwhile, as by `rm -r` of a cache in use: locks go over to the new one, where
all who come later look.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from soundgraph.core import stopping, system
from soundgraph.core.system import lock_range, unlock_range

# Somebody else holds it; on Windows the last two.
_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}

# The file cannot be made or written there: a cache to read from only, or something else that has its name.
_NOT_OURS = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENXIO,
    errno.ESTALE,
}

# Nobody asks for it, but to see whether there are locks.
_TRIED = 2**62 + 1

# How often a lock that somebody holds is tried again, where the system is not told to wait, or cannot be.
_TRY_AGAIN_S = 0.02


class _Held(NamedTuple):
    file: int
    shared: bool


class Claims:
    """Locks on places (0 to 2⁶²) of a file, made when the first is asked for. Safe to use from several threads.

    A lock belongs to this object: another one over the same file, in this process or in another, is kept out. Where the
    system has no locks of open files, as on macOS, only those of other processes are. Where the file may not be
    written, or its filesystem has no locks, everything is granted and `work` is False.

    opener: opens the file, by its path and flags. Raises OSError if that fails for another reason, such as a full disk.
    """

    def __init__(self, path: Path, opener: Callable[[str, int], int] | None = None):
        self._path = path
        self._opener = opener or (lambda name, flags: os.open(name, flags, 0o666))
        self._file: int | None = None
        self._identity: tuple[int, int] | None = None
        self._held: dict[int, _Held] = {}
        self._opening = threading.RLock()
        self.work = True
        self._refused = False

    def claim(self, place: int, *, shared: bool = False, wait: bool = False) -> bool:
        """Whether the place is ours now. shared: beside others who share it. wait: until it is.

        Raises StoppedError where it waits, and this thread heeds a wish to stop (`stopping.heeding`).
        """
        stop = stopping.heeded()
        while (file := self._opened()) is not None:
            try:
                # A wait in the system ends by nothing but the lock.
                lock_range(file, place, shared, wait and stop is None)
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                if error.errno not in _HELD:
                    self.work, self._refused = False, True
                    return True
                if not wait:
                    return False
                if stop is not None:
                    stop.check()
                time.sleep(_TRY_AGAIN_S)
                continue
            self._hold(place, _Held(file, shared))
            if not wait or self._opened() == file:  # else it was removed while it was waited for
                return True
        return True

    def open(self) -> None:
        """Makes the file, if it is not there."""
        self._opened()

    def are_refused(self) -> bool:
        """Whether the file is there and cannot be locked: in this way, or in the older one that SQLite has."""
        file = self._opened()
        if file is not None:
            try:
                for lock, unlock in (
                    (lock_range, unlock_range),
                    (system.lock_range_of_process, system.unlock_range_of_process),
                ):
                    lock(file, _TRIED, False, False)
                    unlock(file, _TRIED)
            except OSError as error:
                if error.errno not in {*_HELD, errno.EINTR}:
                    self.work, self._refused = False, True
        return self._refused

    def release(self, place: int) -> None:
        with self._opening:
            held = self._held.pop(place, None)
            if held is not None:  # what was granted while locks worked is let go of when they do not
                try:
                    unlock_range(held.file, place)
                except OSError:
                    self.work = False
                self._drop_unused(held.file)

    def close(self) -> None:
        """Lets go of everything."""
        with self._opening:
            files = {held.file for held in self._held.values()} | ({self._file} if self._file is not None else set())
            for file in files:
                os.close(file)
            self._held.clear()
            self._file = self._identity = None

    def _hold(self, place: int, new: _Held) -> None:
        with self._opening:
            before = self._held.get(place)
            self._held[place] = new
            if before is not None and before.file != new.file:
                self._drop_unused(before.file)

    def _drop_unused(self, file: int) -> None:
        """Closes a file that was replaced by another one, once no lock on it is held."""
        if file != self._file and all(held.file != file for held in self._held.values()):
            os.close(file)

    def _opened(self) -> int | None:
        with self._opening:
            if self._refused:
                return None
            if self._file is not None and _identity(self._path) == self._identity:
                return self._file
            try:
                file = self._opener(str(self._path), os.O_RDWR | os.O_CREAT | system.CLOSE_ON_EXEC)
            except OSError as error:
                if error.errno not in _NOT_OURS:
                    raise
                self.work = False
                return None
            self.work = True
            self._replace(file)
            return file

    def _replace(self, file: int) -> None:
        """Takes the locks over into another file."""
        before, self._file = self._file, file
        stat = os.fstat(file)
        self._identity = stat.st_dev, stat.st_ino
        if before is None:
            return
        for place, held in list(self._held.items()):
            try:
                lock_range(file, place, held.shared, False)
            except OSError:  # somebody was first there; on the old one it is still ours
                continue
            self._held[place] = _Held(file, held.shared)
        self._drop_unused(before)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - asked before each lock
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
