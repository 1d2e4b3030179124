"""Whose a file is that stands where a build would deliver: soundgraph's, by the ledger or by its sidecar, or not.

What nobody can tell to be soundgraph's is somebody's, and is not written over.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from soundgraph.core.path_names import folded
from soundgraph.delivery import engine_manifests
from soundgraph.delivery.engine_manifests import Handover
from soundgraph.delivery.export_files import Job
from soundgraph.project import build_state, sidecars
from soundgraph.project.delivered import CLAIMED, LEARNED, DeliveredFile, Ledger
from soundgraph.project.git_commit import Commit
from soundgraph.project.root import GRAPHS
from soundgraph.scene.tables.scene import DRAFT_FOLDER, Origin


@dataclass(frozen=True)
class Foreign:
    """A file that a build would write over, and that is not soundgraph's."""

    path: str
    by: str
    """The table that the build would deliver it for."""
    origin: Origin
    in_the_way: bool = False
    """Whether nothing can be written there, allowed or not: the file stands where a folder is needed, or a folder where
    a file is."""


def claims(jobs: Iterable[Job], handovers: Iterable[Handover]) -> Iterator[DeliveredFile]:
    """What a build is going to deliver, as it is written down before it does."""
    for job in jobs:
        for audio in job.paths():
            for path in (audio, audio + sidecars.SUFFIX):
                yield DeliveredFile(path, job.owner, job.source, job.draft, CLAIMED, "")
    for handover in handovers:
        for path in handover.paths():
            yield DeliveredFile(path, handover.owner, handover.source, handover.draft, CLAIMED, "")


def foreign(jobs: Sequence[Job], handovers: Sequence[Handover], ledger: Ledger, root: Path) -> list[Foreign]:
    """The files in the way of a build that are not soundgraph's."""
    if not _foreign(jobs, handovers, ledger, root):
        return []
    ledger.refresh()  # another build may have begun to deliver there
    files_in_the_way = _foreign(jobs, handovers, ledger, root)
    return [replace(file, in_the_way=True) if (root / file.path).is_dir() else file for file in files_in_the_way]


def _foreign(jobs: Sequence[Job], handovers: Sequence[Handover], ledger: Ledger, root: Path) -> list[Foreign]:
    known = ledger.entries
    by_form: dict[str, str] = {}

    def is_known(path: str) -> bool:
        """Whether the ledger has it: by this name or, where the system takes the two for one, by another."""
        if path in known:
            return True
        if not by_form:
            by_form.update((folded(other), other) for other in known)
        other = by_form.get(folded(path))
        return other is not None and is_same_file(root / other, root / path)

    foreign_files = []
    for job in jobs:
        name = f"exports.{job.export.name}"
        for audio in job.paths():
            sidecar = audio + sidecars.SUFFIX
            folders = [path for path in (audio, sidecar) if (root / path).is_dir()]  # whatever the ledger says
            if folders or (audio in known and sidecar in known):
                foreign_files += [Foreign(path, name, job.export.origin, in_the_way=True) for path in folders]
                continue
            if barrier := _barrier(root, audio, is_known):
                foreign_files.append(Foreign(barrier, name, job.export.origin, in_the_way=True))
                continue
            foreign_files += [
                Foreign(path, name, job.export.origin) for path in _not_ours(root, audio, sidecar, is_known)
            ]
    for handover in handovers:
        paths = [path for path in handover.paths() if os.path.lexists(root / path)]
        unknown = [path for path in paths if (root / path).is_dir() or not is_known(path)]
        own = engine_manifests.as_delivered(handover, root) if unknown else {}
        foreign_files += [
            Foreign(path, f"manifests.{handover.manifest.name}", handover.manifest.origin)
            for path in unknown
            if not _is_manifest(handover, root / path, own.get(path))
        ]
        foreign_files += [
            Foreign(barrier, f"manifests.{handover.manifest.name}", handover.manifest.origin, in_the_way=True)
            for path in handover.paths()
            if path not in known and (barrier := _barrier(root, path, is_known))
        ]
    return list(dict.fromkeys(foreign_files))


def _not_ours(root: Path, audio: str, sidecar: str, is_known: Callable[[str], bool]) -> list[str]:
    """Which of an audio file and its sidecar are there, and not soundgraph's."""
    has_audio, has_sidecar = os.path.lexists(root / audio), os.path.lexists(root / sidecar)
    facts = sidecars.read(root / sidecar) if has_sidecar else {}
    is_sidecar = sidecars.is_one(facts, root / audio)
    if has_audio and not is_known(audio):
        same = is_sidecar and build_state.delivered_digest(str(root / audio)) == facts["sha256"]
        return [] if same else [audio]
    if has_sidecar and not is_sidecar and not is_known(sidecar):
        return [sidecar]
    return []


def _is_manifest(handover: Handover, path: Path, own: bytes | None) -> bool:
    """Whether a file is what the delivered sounds would give a manifest, or is one that the engine writes as well."""
    try:
        there = path.read_bytes() if path.is_file() and path.stat().st_size <= engine_manifests.MOST_BYTES else None
    except OSError:
        return False
    return there is not None and (there == own or engine_manifests.is_shared(handover, path.name, there))


def _barrier(root: Path, path: str, is_known: Callable[[str], bool]) -> str:
    """A file that is not soundgraph's and stands where a folder on the way to `path` would have to be; "" for none."""
    for folder in list(Path(path).parents)[:-1]:
        if os.path.lexists(root / folder):
            blocked = not (root / folder).is_dir() and not is_known(folder.as_posix())
            return folder.as_posix() if blocked else ""
    return ""


def is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def learned(root: Path, output: str) -> list[DeliveredFile]:
    """What the sidecars in the output folder tell of delivered files: for a ledger that was lost.

    output: relative to the root. Of manifests, and of sounds that were altered, nothing is known. Nor of two files that
    say that they are the same one: somebody has copied one, and a copy is not removed when its scene is gone.
    """
    entries_by_export: dict[tuple[str, bool, str], list[list[DeliveredFile]]] = {}
    known = build_state.scene_paths(str(root))
    for path in sidecars.below(root / output):
        if entries := _of_sidecar(root, output, path, known):
            entries_by_export.setdefault((entries[0].owner, entries[0].draft, path.suffix), []).append(entries)
    return [entry for same_export in entries_by_export.values() if len(same_export) == 1 for entry in same_export[0]]


def learned_of(root: Path, output: str, ledger: Ledger) -> list[DeliveredFile]:
    """The same of those files that a build which was killed has claimed, and had delivered."""
    claimed = [root / entry.path for entry in ledger.entries.values() if entry.key == CLAIMED]
    known = build_state.scene_paths(str(root)) if claimed else {}
    return [entry for path in claimed for entry in _of_sidecar(root, output, path, known)]


def _of_sidecar(root: Path, output: str, audio: Path, known: Mapping[str, str]) -> list[DeliveredFile]:
    """known: the files of scenes by their ids."""
    sidecar = sidecars.beside(audio)
    facts = sidecars.read(sidecar)
    if not sidecars.is_one(facts, audio) or build_state.delivered_digest(str(audio)) != facts["sha256"]:
        return []
    take = facts.get("take")
    name = f"{facts['export']}#{take}" if isinstance(take, int) and take > 1 else facts["export"]
    path, owner = audio.relative_to(root).as_posix(), f"{facts['scene']}:{name}"
    source = _source(root, facts["scene"], known)
    if any(character in text for text in (path, owner, source) for character in "\t\n"):  # it has no place in a ledger
        return []
    draft = path.startswith(f"{output}/{DRAFT_FOLDER}/")
    commit = str(Commit.of(facts.get("commit")) or "")
    return [
        DeliveredFile(path, owner, source, draft, LEARNED, facts["sha256"], commit),
        DeliveredFile(
            path + sidecars.SUFFIX, owner, source, draft, "sidecar", build_state.delivered_digest(str(sidecar))
        ),
    ]


def _source(root: Path, scene: str, known: Mapping[str, str]) -> str:
    """The file of a scene by its id; "" where there is none, and was none: it may have been made in code."""
    # Not Path.is_file(): that fails for a name which is too long.
    scene_files = (path for path in (f"{GRAPHS}/{scene}.toml", f"{scene}.toml") if os.path.isfile(root / path))  # noqa: PTH113
    return next(scene_files, known.get(scene, ""))
