"""What only some systems have, each with what stands in for it elsewhere. No other module calls such a thing.

Linux is what is tested. The branches for Windows are checked by types alone (`mypy --platform win32`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import sys

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it
if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)
DO_NOT_WAIT = getattr(os, "O_NONBLOCK", 0)
"""Opening a pipe does not wait for somebody at its other end."""
BINARY = getattr(os, "O_BINARY", 0)

SIGNALS_TO_STOP = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]
"""SIGTERM is what a server sends to a job that takes too long, SIGHUP what a terminal sends that is closed; Windows has
no SIGHUP, and SIGBREAK instead."""


if sys.platform == "win32":
    import msvcrt
    import threading

    _SEEKING = threading.Lock()
    OPEN_FILE_LOCKS = False

    def lock_range(file: int, place: int, shared: bool, wait: bool) -> None:
        """Locks a byte of an open file. There are no shared locks here: who would share takes turns instead."""
        with _SEEKING:
            os.lseek(file, place, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def unlock_range(file: int, place: int) -> None:
        with _SEEKING:
            os.lseek(file, place, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

    lock_range_of_process, unlock_range_of_process = lock_range, unlock_range

    def lock_whole(file: IO[bytes]) -> None:
        """Nothing: entries that two processes write at once may be lost."""

    def sync_folder(folder: Path) -> None:
        """Nothing: folders cannot be opened."""

    def set_group(made: int | Path, group: int) -> None:
        """Nothing: files have no group."""

    def kill_group(process_id: int) -> None:
        """Nothing: what a program has started outlives it."""

    def page_bytes() -> int:
        return 4096

    def address_limit_bytes() -> int | None:
        """How many bytes of addresses this process may have, if there is a limit."""
        return None

    def user_id() -> int | None:
        """Whose this process is; None where files have no owner by number."""
        return None

    def processors() -> set[int]:
        """The numbers of those that this process may use."""
        return set(range(os.cpu_count() or 1))

else:
    import fcntl
    import resource

    # Locks of an open file, rather than of a process: others lose theirs when the process closes the file anywhere.
    # https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html
    _SET = getattr(fcntl, "F_OFD_SETLK", None)
    _SET_AND_WAIT = getattr(fcntl, "F_OFD_SETLKW", None)
    OPEN_FILE_LOCKS = _SET is not None and struct.calcsize("P") == 8

    def lock_range(file: int, place: int, shared: bool, wait: bool) -> None:
        """Locks a byte of an open file. Raises OSError where somebody else holds it, and without `wait` at once."""
        if OPEN_FILE_LOCKS:
            _set(file, place, fcntl.F_RDLCK if shared else fcntl.F_WRLCK, wait)
        else:
            lock_range_of_process(file, place, shared, wait)

    def unlock_range(file: int, place: int) -> None:
        if OPEN_FILE_LOCKS:
            _set(file, place, fcntl.F_UNLCK, False)
        else:
            unlock_range_of_process(file, place)

    def lock_range_of_process(file: int, place: int, shared: bool, wait: bool) -> None:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.lockf(file, how | (0 if wait else fcntl.LOCK_NB), 1, place)

    def unlock_range_of_process(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)

    def _set(file: int, place: int, kind: int, wait: bool) -> None:
        # struct flock: type, whence, start, length, pid
        flock = struct.pack("hhqqi4x", kind, os.SEEK_SET, place, 1, 0)
        command = _SET_AND_WAIT if wait else _SET
        assert command is not None
        fcntl.fcntl(file, command, flock)

    def lock_whole(file: IO[bytes]) -> None:
        """Waits until no other process has it locked. Raises OSError where the file system has no locks."""
        fcntl.flock(file, fcntl.LOCK_EX)

    def sync_folder(folder: Path) -> None:
        """Makes renames in a folder last through a power cut."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # a pipe in its place would be waited for
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def set_group(made: int | Path, group: int) -> None:
        """Raises OSError where that is not allowed."""
        os.chown(made, -1, group)

    def kill_group(process_id: int) -> None:
        """Kills a program that has a session of its own, with all that it has started in it."""
        with contextlib.suppress(OSError):
            if os.getsid(process_id) == process_id:
                os.killpg(process_id, signal.SIGKILL)

    def page_bytes() -> int:
        return os.sysconf("SC_PAGE_SIZE")

    def address_limit_bytes() -> int | None:
        """How many bytes of addresses this process may have, if there is a limit."""
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        return None if limit == resource.RLIM_INFINITY else limit

    def user_id() -> int | None:
        """Whose this process is; None where files have no owner by number."""
        return os.geteuid()

    def processors() -> set[int]:
        """The numbers of those that this process may use. macOS does not tell."""
        if sys.platform == "linux":
            return os.sched_getaffinity(0)
        return set(range(os.cpu_count() or 1))
