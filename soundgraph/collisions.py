"""Files that two exports would deliver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from soundgraph.errors import Mistake, quote
from soundgraph.scene import Export, Origin


def clashing(exports: Iterable[Export], locate: Callable[[Origin], int]) -> list[Mistake]:
    """A mistake for each file that an earlier export delivers too."""
    owners: dict[str, tuple[str, Export]] = {}
    found = []

    def clash(file: str, export: Export, how: str, other: Export) -> None:
        line = locate(other.origin)
        place = f"{other.origin.file}:{line}" if other.origin.file and line else other.origin.file
        owner = f"{place}: exports.{other.name}" if place else f"exports.{other.name}"
        what = f"{quote(file)} {how} {owner}"
        found.append(Mistake(export.origin.file, locate(export.origin), f"exports.{export.name}", what))

    for export in exports:
        for file in export.files():
            other_file, other = owners.setdefault(file.casefold(), (file, export))
            if other is not export:
                same = file == other_file
                as_other = f"is the same as {quote(other_file)} on Windows and macOS, which is delivered by"
                how = "is also delivered by" if same else as_other
                clash(file, export, how, other)
    for file, export in owners.values():
        for folder in PurePosixPath(file.casefold()).parents:
            if str(folder) in owners:
                clash(file, export, "needs a folder where a file is delivered by", owners[str(folder)][1])
    return found
