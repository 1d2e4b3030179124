"""Which projects build into a cache: a small file in it for each, so that a collection for one of them knows of all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from soundgraph import stamp

_FOLDER = "projects"


def remember(cache: Path, root: Path) -> None:
    """Puts a project on the list. Raises OSError where that cannot be written."""
    place = _place(cache, root)
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        stamp.write_atomically(str(place), os.fsencode(os.path.realpath(root)))


def forget(cache: Path, root: Path) -> bool:
    """Takes a project off the list; whether it was there. It is on it again once it builds there."""
    place = _place(cache, root)
    known = place.exists()
    place.unlink(missing_ok=True)
    return known


def known(cache: Path) -> list[Path]:
    """The roots of all projects on the list, sorted; some may be gone, or build elsewhere by now."""
    places = (cache / _FOLDER).glob("[0-9a-f]" * 16)
    return sorted(Path(os.fsdecode(place.read_bytes())) for place in places)


def _place(cache: Path, root: Path) -> Path:
    # By the path without links, or a project that is reached by two ways would be there twice.
    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:16]
    return cache / _FOLDER / name
