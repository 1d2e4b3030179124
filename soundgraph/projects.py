"""Which projects build into a cache: a small file in it for each, so that a collection for one of them knows of all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from soundgraph import stamp
from soundgraph.errors import UsageError

_FOLDER = "projects"


def remember(cache: Path, root: Path) -> None:
    """Puts a project on the list. Raises OSError where that cannot be written."""
    place, path = _place(cache, root), os.fsencode(os.path.realpath(root))
    if not place.exists() or place.read_bytes() != path:
        place.parent.mkdir(exist_ok=True)
        stamp.write_atomically(str(place), path, sync=True)


def forget(cache: Path, root: Path) -> bool:
    """Takes a project off the list; whether it was there. It is on it again once it builds there."""
    place = _place(cache, root)
    known = place.exists()
    place.unlink(missing_ok=True)
    return known


def known(cache: Path) -> list[Path]:
    """The roots of all projects on the list, sorted; some may be gone, or build elsewhere by now.

    Raises UsageError where a file of the list is damaged: what the project that it named needs would be collected.
    """
    for place in damaged(cache):
        what = f"{place} is damaged: nobody can tell which project it names"
        hint = "the next build there that has anything to do mends it; if that project is no more, remove the file"
        raise UsageError(what, hint)
    return sorted(Path(os.fsdecode(place.read_bytes())) for place in _places(cache))


def damaged(cache: Path) -> list[Path]:
    """The files of the list that do not say which project they stand for."""
    return [place for place in _places(cache) if not _is_whole(place)]


def _is_whole(place: Path) -> bool:
    try:
        return _name(place.read_bytes()) == place.name
    except OSError:  # a folder, say
        return False


def _places(cache: Path) -> list[Path]:
    return sorted((cache / _FOLDER).glob("[0-9a-f]" * 16))


def _place(cache: Path, root: Path) -> Path:
    # By the path without links, or a project that is reached by two ways would be there twice.
    return cache / _FOLDER / _name(os.fsencode(os.path.realpath(root)))


def _name(path: bytes) -> str:
    return hashlib.sha256(path).hexdigest()[:16]
