"""Errors of the system, told as those of a cache."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from soundgraph.core.errors import StoreError, UnwritableError


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Errors of the system as StoreError."""
    try:
        yield
    except OSError as error:
        what = f"cannot use the cache ({_about(error, folder)}): {error.strerror or error}"
        raise StoreError(what) from error


def unwritable(error: OSError, folder: Path) -> UnwritableError:
    """That the cache cannot be written, and why."""
    return UnwritableError(f"the cache cannot be written ({_about(error, folder)}: {error.strerror or error})")


def _about(error: OSError, folder: Path) -> Path:
    """The place that an error is about. The names of temporary files say nothing to anybody."""
    name = error.filename2 or error.filename
    if not isinstance(name, str | os.PathLike):
        return folder
    path = Path(os.fsdecode(name))
    if not path.is_absolute() and folder not in path.parents:
        return folder
    if path.parent == folder / "tmp":
        return path.parent
    # A file gets its name by a change of the folder that it is in.
    return path.parent if error.filename2 and isinstance(error, PermissionError) else path
