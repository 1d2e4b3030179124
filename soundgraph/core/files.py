"""Files: written whole or not at all, read only where they are files, told apart by their stat or their bytes.

Standard library only, and little of it: a build with nothing to do imports this.
"""

from __future__ import annotations

import errno
import os
from stat import S_ISREG

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it
if TYPE_CHECKING:
    from io import BufferedReader, BufferedWriter
    from pathlib import Path

STATE_FOLDER = ".soundgraph"
"""In the root of a project: what is kept of its builds."""

ABSENT = "absent"
"""What `stat_text` says of a file that is not there."""

_TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_MAX_BYTES = 1_000_000_000
"""Of a file of the state: far more than 10,000 scenes come to."""

_TEMPORARY = ".writing-"


def stat_text(path: str) -> str:
    """Size, mtime, ctime (both in ns) and inode of a file; `ABSENT` if there is none."""
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return ABSENT
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def digest_bytes(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def digest_file(path: str | Path) -> str:
    """SHA-256, in hexadecimal, of a file's bytes. Raises OSError for what cannot be read, or is no file."""
    import hashlib  # worth its import here: OpenSSL is several times as fast on whole files

    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_if_readable(path: str | Path) -> str:
    """`digest_file`; "" for what cannot be read, or is no file."""
    try:
        return digest_file(path)
    except OSError:
        return ""


def is_older(stat: str, moment: int) -> bool:
    """Whether a file with that stat cannot have been changed at or after `moment` (of `read_clock`)."""
    if stat == ABSENT:
        return True
    _, mtime, ctime, _ = stat.split()
    return int(mtime) < moment and int(ctime) < moment


def read_clock(root: str) -> int:
    """The filesystem's idea of now, in ns: the mtime of a file touched now. Raises OSError where none can be.

    Leaves nothing behind in a tree that holds no state yet: a build that ends with a mistake changes nothing.
    """
    folder = os.path.join(root, STATE_FOLDER)
    if os.path.islink(folder):
        raise OSError(f"{STATE_FOLDER} is a link")  # it came with the tree, and leads nobody knows where
    known = os.path.isdir(folder)
    path = os.path.join(folder, "clock") if known else os.path.join(root, f"{STATE_FOLDER}-{os.getpid()}")
    if os.path.islink(path):
        raise OSError(f"{path} is a link")
    if os.path.exists(path) and not os.path.isfile(path):
        os.unlink(path)  # a pipe, which would be waited for
    with open(path, "wb") as file:
        file.write(b".")
    try:
        return os.stat(path).st_mtime_ns
    finally:
        if not known:
            os.unlink(path)


def read_whole(path: str) -> bytes:
    """A file of the state. Raises OSError: for one that is too big, too, which no build has written."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > _MAX_BYTES:
            raise OSError(errno.EFBIG, "is too big", path)
        return file.read()


def open_regular(path: str | Path) -> BufferedReader:
    """A file to be read. Raises OSError for a pipe or a device, too: they give nothing, or never end."""
    handle = os.open(path, _TO_READ)
    if S_ISREG(os.fstat(handle).st_mode):
        return open(handle, "rb")
    os.close(handle)
    raise OSError(errno.EINVAL, "is not a regular file", str(path))


def write_atomically(path: str, content: bytes, *, root: str = "", sync: bool = False) -> None:
    """Temporary file, then rename: the file is as it was, or whole. Raises OSError.

    root: of the project that the file is part of. The temporary file is then in `.soundgraph/`, so that a process which
    is killed leaves nothing among what it delivers; else it is a hidden file beside the other.
    sync: for what is to last through a power cut. What is not synced is checked when it is read, or can be made again.
    """
    if root:
        try:
            _replace(os.path.join(root, STATE_FOLDER), path, content, sync)
            return
        except OSError:
            # Beside it after all: that folder may not be written, or is on another filesystem, to which no rename can
            # lead. Where the reason is another one, such as a full disk, what follows fails by it as well.
            pass
    _replace(os.path.dirname(path), path, content, sync)


def _replace(folder: str, path: str, content: bytes, sync: bool) -> None:
    if os.path.basename(folder) == STATE_FOLDER and not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    with Replacement(path, folder, sync=sync) as file:
        file.write(content)


class Replacement:
    """A file to write into, which takes the place of another at the end of the block; not if that is left by an error.

    What `write_atomically` does, for content that is too big to be held. Raises OSError.
    """

    def __init__(self, path: str, folder: str, *, sync: bool = False):
        """folder: where the temporary file lies, on the same filesystem. sync: as in `write_atomically`."""
        self._path, self._folder, self._sync = path, folder, sync

    def __enter__(self) -> BufferedWriter:
        count = 0
        while True:
            self._temporary = os.path.join(self._folder, f"{_TEMPORARY}{os.getpid()}-{count}")
            try:
                self._file = open(self._temporary, "xb")
            except FileExistsError:  # another thread's, or left by a process of the same number
                count += 1
            else:
                return self._file

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        try:
            with self._file as file:
                if kind is None and self._sync:
                    file.flush()
                    os.fsync(file.fileno())
            if kind is None:
                os.replace(self._temporary, self._path)
        except BaseException:
            self._remove()
            raise
        if kind is not None:
            self._remove()

    def _remove(self) -> None:
        if os.path.exists(self._temporary):
            os.unlink(self._temporary)


def link_or_copy(source: Path, place: Path) -> None:
    """Makes `place` a link to a file or a folder; a copy, where links cannot be made. Nothing for what is not there."""
    import shutil

    if not source.exists():
        return
    try:
        place.symlink_to(source.absolute(), target_is_directory=source.is_dir())
    except (OSError, NotImplementedError):  # Windows asks for a right that few have
        if source.is_dir():
            shutil.copytree(source, place)
        elif source.is_file():
            shutil.copyfile(source, place)
