"""How files get into the cache's folder, whole or not at all, and how damaged ones are moved out of the way."""

from __future__ import annotations

import contextlib
import filecmp
import itertools
import os
import stat
import time
from collections.abc import Callable, Iterable, Set
from functools import partial
from pathlib import Path

from soundgraph.workers import spread

# Files written one after another, and from how many threads when there are more.
_FEW = 4
_WRITERS = 8

Content = Callable[[], bytes]


class Files:
    """Writes into a cache's folder. Safe to use from several threads and processes; raises OSError.

    told: is given the path of each file that is set aside, relative to the folder, and what came of it.
    """

    def __init__(self, folder: Path, told: Callable[[str, bool], None]):
        self._folder, self._told = folder, told
        self._count = itertools.count()

    def publish(self, files: Iterable[tuple[Path, Content]], *, sync: bool, sync_folders: bool) -> None:
        """Gives files their names once they are whole: temporary file, fsync, rename."""
        # A blob that is there, as its name says, need not be written again; one that was damaged since is made good.
        files = [(path, content) for path, content in files if path.suffix != ".wav" or not _holds(path, content)]
        temporary = self.temporary(len(files))
        moves = [(place, path) for place, (path, _) in zip(temporary, files, strict=True)]
        contents = (content for _, content in files)
        write = partial(_write_file, sync=sync)
        try:
            if len(files) < _FEW:
                for place, content in zip(temporary, contents, strict=True):
                    write(place, content)
            else:  # syncs wait for the disk; side by side they wait together
                spread(lambda one: write(*one), zip(temporary, contents, strict=True), _WRITERS)
            for place, path in moves:
                self.move(place, path)
            if sync_folders:
                self._sync_folders({path.parent for _, path in moves})
        except BaseException:
            for place in temporary:
                place.unlink(missing_ok=True)
            raise

    def _sync_folders(self, folders: Set[Path]) -> None:
        """Makes the names in folders last, and those of the folders up to the cache's own: they may be new."""
        for folder in (*folders, *{folder.parent for folder in folders}, self._folder):
            sync_folder(folder)
        with contextlib.suppress(PermissionError):  # it is another's, and the cache's folder has long been in it
            sync_folder(self._folder.parent)

    def move(self, place: Path, path: Path) -> None:
        """Gives a temporary file its name. What has the name, and cannot be replaced, is set aside."""
        try:
            place.replace(path)
        except FileNotFoundError:  # the first file in that folder
            path.parent.mkdir(parents=True, exist_ok=True)
            place.replace(path)
        except (IsADirectoryError, PermissionError):  # a folder; Windows says of a read-only file that it is denied
            if not self.set_aside(path):
                raise
            place.replace(path)

    def temporary(self, count: int) -> list[Path]:
        """New names in the folder for what is being written."""
        folder = self._folder / "tmp"
        if count:
            folder.mkdir(exist_ok=True)
        return [folder / f"{os.getpid()}-{time.time_ns():x}-{next(self._count)}" for _ in range(count)]

    def set_aside(self, path: Path) -> bool:
        """Moves what is damaged into `set-aside`, beside what was put there before under the same name.

        Returns whether it is out of the way; not if the folder may not be written, say.
        """
        aside = self._folder / "set-aside"
        place = aside / path.name
        name = path.relative_to(self._folder).as_posix()
        try:
            aside.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(place):
                place = aside / f"{path.name}.{time.time_ns():x}-{os.getpid()}-{next(self._count)}"
            path.replace(place)
        except FileNotFoundError:  # another process was first
            return True
        except OSError:
            self._told(name, False)
            return False
        self._told(name, True)
        return True


def read_file(path: Path, most_bytes: int) -> bytes | None:
    """A file's content; None for what is no file, or has more than `most_bytes`. Raises OSError.

    Something else may have been put in its place: opening a pipe would wait for ever.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > most_bytes:
        return None
    return path.read_bytes()


def is_same(path: Path, other: Path) -> bool:
    """Whether two files are equal; the first then counts as used now."""
    try:
        return filecmp.cmp(path, other, shallow=False) and _freshen(path)
    except OSError:
        return False


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last through a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_file(path: Path, content: Content, *, sync: bool) -> None:
    with path.open("wb") as file:
        file.write(content())
        file.flush()
        if sync:
            os.fsync(file.fileno())


def _holds(path: Path, content: Content) -> bool:
    try:
        data = content()
        return read_file(path, len(data)) == data and _freshen(path)
    except OSError:
        return False


def _freshen(path: Path) -> bool:
    """What a collection has seen, and taken for unused, is used now: it finds another time there. Raises OSError."""
    now = time.time_ns()
    with contextlib.suppress(PermissionError):  # another user's file, in a folder that is shared
        os.utime(path, ns=(now, now))
    return True
