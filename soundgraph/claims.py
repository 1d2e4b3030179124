"""Claims: locks on numbered places of one file, by which processes that share a cache keep out of each other's way.

The system lets go of a lock when its holder ends, however it ends: nobody ever has to unlock anything. A lock on a
byte needs no file and no handle of its own, so that a thousand actions can be claimed at once; the file stays empty.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# Somebody else holds it; on Windows the last two.
_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}

# The file cannot be made or written there: a cache to read from only, or something else that has its name.
_NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR}

# How often a lock that somebody holds is tried again, where the system cannot be told to wait.
_TRY_AGAIN_S = 0.02


class Claims:
    """Locks on places (0 to 2⁶²) of a file, made when the first is asked for. Safe to use from several threads.

    A lock belongs to this object: another one over the same file, in this process or in another, is kept out. Where the
    system has no locks of open files, as on macOS, only those of other processes are. Where the file may not be
    written, or its filesystem has no locks, everything is granted and `work` is False.

    Raises OSError if the file cannot be opened for another reason, such as a full disk.
    """

    def __init__(self, path: Path):
        self._path = path
        self._file: int | None = None
        self._opening = threading.Lock()
        self.work = True

    def claim(self, place: int, *, shared: bool = False, wait: bool = False) -> bool:
        """Whether the place is ours now. shared: beside others who share it. wait: until it is."""
        file = self._opened()
        while file is not None:
            try:
                _lock(file, place, shared, wait)
                return True
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                if error.errno not in _HELD:
                    self.work = False
                    return True
                if not wait:
                    return False
                time.sleep(_TRY_AGAIN_S)
        return True

    def release(self, place: int) -> None:
        if self._file is not None:  # what was granted while locks worked is let go of when they do not
            try:
                _unlock(self._file, place)
            except OSError:
                self.work = False

    def close(self) -> None:
        """Lets go of everything."""
        with self._opening:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _opened(self) -> int | None:
        with self._opening:
            if self._file is None and self.work:
                try:
                    self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
                except OSError as error:
                    if error.errno not in _NOT_OURS:
                        raise
                    self.work = False
            return self._file


if fcntl is not None:
    # Locks of an open file, rather than of a process: others lose theirs when the process closes the file anywhere.
    # https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html
    _OPEN_FILE = hasattr(fcntl, "F_OFD_SETLK") and struct.calcsize("P") == 8

    def _lock(file: int, place: int, shared: bool, wait: bool) -> None:
        kind = fcntl.F_RDLCK if shared else fcntl.F_WRLCK
        if _OPEN_FILE:
            _set(file, place, kind, wait)
        else:
            how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.lockf(file, how | (0 if wait else fcntl.LOCK_NB), 1, place)

    def _unlock(file: int, place: int) -> None:
        if _OPEN_FILE:
            _set(file, place, fcntl.F_UNLCK, False)
        else:
            fcntl.lockf(file, fcntl.LOCK_UN, 1, place)

    def _set(file: int, place: int, kind: int, wait: bool) -> None:
        # struct flock: type, whence, start, length, pid
        flock = struct.pack("hhqqi4x", kind, os.SEEK_SET, place, 1, 0)
        fcntl.fcntl(file, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, flock)

else:
    import msvcrt

    _SEEKING = threading.Lock()

    def _lock(file: int, place: int, shared: bool, wait: bool) -> None:
        with _SEEKING:  # there are no shared locks here: who would share takes turns instead
            os.lseek(file, place, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int, place: int) -> None:
        with _SEEKING:
            os.lseek(file, place, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
