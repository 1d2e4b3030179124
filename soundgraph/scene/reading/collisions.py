"""Files that are delivered twice, and things in an engine's project that two manifests make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from soundgraph.core.errors import Mistake, quote
from soundgraph.core.path_names import folded
from soundgraph.project import sidecars
from soundgraph.scene.tables.scene import EngineManifest, Export, Origin

Locate = Callable[[Origin], int]


class Delivered(NamedTuple):
    """A file under the build folder."""

    file: str
    by: str
    """The table that it is delivered for."""
    origin: Origin
    beside: str = ""
    """The file that it describes, where it is a sidecar."""


def clashing(exports: Iterable[Export], manifests: Iterable[EngineManifest], locate: Locate) -> list[Mistake]:
    """A mistake for each file that something earlier delivers too: audio files, their sidecars, and manifests.

    Names that differ in case or in Unicode form alone are one file, as they are on Windows and macOS.
    """
    owners: dict[str, Delivered] = {}
    mistakes = []

    def clash(delivered: Delivered, how: str, other: Delivered) -> None:
        mistakes.append(
            _mistake(delivered.origin, delivered.by, f"{quote(delivered.file)} {how} {_owner(other, locate)}", locate)
        )

    for delivered in _delivered(exports, manifests):
        other = owners.setdefault(folded(delivered.file), delivered)
        if other is delivered or (
            delivered.beside and other.beside
        ):  # of two sidecars it is the files that are told of
            continue
        same = delivered.file == other.file
        as_other = f"is the same as {quote(other.file)} on Windows and macOS, which is delivered by"
        clash(delivered, "is also delivered by" if same else as_other, other)
    for path, delivered in owners.items():
        if delivered.beside:
            continue
        for folder in PurePosixPath(path).parents:
            if str(folder) in owners:
                clash(delivered, "needs a folder where a file is delivered by", owners[str(folder)])
    return mistakes


def _delivered(exports: Iterable[Export], manifests: Iterable[EngineManifest]) -> Iterator[Delivered]:
    """Audio first: what stands beside it, or tells of it, is what has to go elsewhere."""
    exports = list(exports)
    audio = [Delivered(file, f"exports.{each.name}", each.origin) for each in exports for file in each.files()]
    yield from audio
    for delivered in audio:
        yield delivered._replace(file=f"{delivered.file}{sidecars.SUFFIX}", beside=delivered.file)
    for manifest in manifests:
        for file in manifest.files:
            yield Delivered(file, f"manifests.{manifest.name}", manifest.origin)


def contested(manifests: Iterable[EngineManifest], locate: Locate) -> list[Mistake]:
    """What is told of each thing in an engine's project that an earlier manifest makes of another sound."""
    owners: dict[tuple[str, str], tuple[str, Delivered]] = {}
    mistakes = []
    for manifest in manifests:
        for made in manifest.makes:
            delivered = Delivered(made.name, f"manifests.{manifest.name}", manifest.origin)
            of, other = owners.setdefault((manifest.engine, folded(made.name)), (made.of, delivered))
            if of != made.of:
                what = f"importing it into {manifest.engine} makes {quote(made.name)}, and so does "
                again = "another sound of it" if delivered.origin == other.origin else _owner(other, locate)
                mistakes.append(_mistake(delivered.origin, delivered.by, what + again, locate))
    return mistakes


def _owner(delivered: Delivered, locate: Locate) -> str:
    line = locate(delivered.origin)
    place = f"{delivered.origin.file}:{line}" if delivered.origin.file and line else delivered.origin.file
    return f"{place}: {delivered.by}" if place else delivered.by


def _mistake(origin: Origin, by: str, what: str, locate: Locate) -> Mistake:
    return Mistake(origin.file, locate(origin), by, what, keys=origin.keys)
