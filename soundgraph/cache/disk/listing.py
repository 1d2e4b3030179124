"""What lies in a cache's folder: one look at each of its folders, for counting, weighing and collecting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class ListedFile(NamedTuple):
    """A file."""

    path: str
    name: str
    """Without its folder."""
    n_bytes: int
    changed_ns: int
    """Its modification time, in ns since 1970."""


def blobs(cache: Path) -> Iterator[ListedFile]:
    """The files of sounds. Raises OSError for a folder that may not be read."""
    return _files(cache / "blobs", ".wav")


def records(cache: Path) -> Iterator[ListedFile]:
    """The files of records, earlier ones among them. Raises OSError for a folder that may not be read."""
    return _files(cache / "records", ".json")


def size(cache: Path) -> int:
    """Bytes of all sounds and records: what a collection can make less. Raises OSError."""
    return sum(file.n_bytes for files in (blobs(cache), records(cache)) for file in files)


def _files(folder: Path, ending: str) -> Iterator[ListedFile]:
    try:
        names = sorted(path.name for path in folder.iterdir() if len(path.name) == 2)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        try:
            entries = os.scandir(folder / name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                if entry.name.endswith(ending) and entry.is_file(follow_symlinks=False):
                    try:
                        stat = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # removed since
                        continue
                    yield ListedFile(entry.path, entry.name, stat.st_size, stat.st_mtime_ns)
