"""How files get into the cache's folder: whole or not at all."""

from __future__ import annotations

import contextlib
import filecmp
import os
import stat
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path

from soundgraph.cache.disk.cache_folder import Places
from soundgraph.core import system
from soundgraph.core.threads import spread

# Files written one after another, and from how many threads when there are more.
_FEW = 4
_WRITERS = 8

Content = Callable[[], bytes]


class Files:
    """Writes into a cache's folder. Safe to use from several threads and processes; raises OSError."""

    def __init__(self, places: Places):
        self.places = places
        self._folder = places.folder
        self.temporary, self.move, self.set_aside = places.temporary, places.move, places.set_aside

    def publish(self, files: Iterable[tuple[Path, Content]], *, sync: bool, sync_folders: bool) -> None:
        """Gives files their names once they are whole: temporary file, fsync, rename."""
        # A blob that is there, as its name says, need not be written again; one that was damaged since is made good.
        files = [(path, content) for path, content in files if path.suffix != ".wav" or not _holds(path, content)]
        temporary = self.temporary(len(files))
        moves = [(place, path) for place, (path, _) in zip(temporary, files, strict=True)]
        contents = (content for _, content in files)
        write = partial(write_file, opener=self.places.open, sync=sync)
        try:
            if len(files) < _FEW:
                for place, content in zip(temporary, contents, strict=True):
                    write(place, content)
            else:  # syncs wait for the disk; side by side they wait together
                spread(lambda job: write(*job), zip(temporary, contents, strict=True), _WRITERS)
            for place, path in moves:
                self.move(place, path)
            if sync_folders:
                self.sync_folders({path.parent for _, path in moves})
        except BaseException:
            for place in temporary:
                with contextlib.suppress(OSError):  # that it was written for is told
                    place.unlink(missing_ok=True)
            raise

    def sync_folders(self, folders: AbstractSet[Path]) -> None:
        """Makes the names in folders last, and those of the folders up to the cache's own: they may be new."""
        for folder in (*folders, *{folder.parent for folder in folders}, self._folder):
            sync_folder(folder)
        with contextlib.suppress(PermissionError):  # it is another's, and the cache's folder has long been in it
            sync_folder(self._folder.parent)


def read_file(path: Path, most_bytes: int) -> bytes | None:
    """A file's content; None for what is no file, or has more than `most_bytes`. Raises OSError.

    Something else may have been put in its place: opening a pipe would wait for ever.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > most_bytes:
        return None
    return path.read_bytes()


def is_same(path: Path, other: Path) -> bool:
    """Whether two files are equal; the first then counts as used now."""
    try:
        return filecmp.cmp(path, other, shallow=False) and freshen(path)
    except OSError:
        return False


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last through a power cut, where the system can."""
    system.sync_folder(folder)


def write_file(path: Path, content: Content, *, opener: Callable[[str, int], int], sync: bool) -> None:
    with open(path, "wb", opener=opener) as file:
        file.write(content())
        file.flush()
        if sync:
            os.fsync(file.fileno())


def _holds(path: Path, content: Content) -> bool:
    try:
        data = content()
        return read_file(path, len(data)) == data and freshen(path)
    except OSError:
        return False


def freshen(path: Path) -> bool:
    """What a collection has seen, and taken for unused, is used now: it finds another time there. Raises OSError."""
    now = time.time_ns()
    try:
        os.utime(path, ns=(now, now))
    except PermissionError:  # another user's file, in a folder that is shared: it may be set to the system's time only
        with contextlib.suppress(PermissionError):
            os.utime(path)
    return True
