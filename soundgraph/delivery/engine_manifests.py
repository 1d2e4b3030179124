"""Manifests for game engines: delivered once the files that they are about are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from soundgraph import engines
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Notes
from soundgraph.core import digest
from soundgraph.core.errors import NodeError
from soundgraph.core.files import digest_bytes
from soundgraph.delivery import export_files
from soundgraph.delivery.export_files import Delivery, Job, Outdated
from soundgraph.engines import ENGINES, Engine, Handout
from soundgraph.project import build_state, sidecars
from soundgraph.project.delivered import DeliveredFile
from soundgraph.scene.reading.checks_and_manifests import sounds_of
from soundgraph.scene.tables.scene import CheckedScene, EngineManifest

_SCHEMA = 2

MOST_BYTES = 64_000_000
"""Of a file that is to be merged: far more than an engine writes into one."""


@dataclass(frozen=True)
class Handover:
    """A manifest to deliver."""

    scene: CheckedScene
    manifest: EngineManifest
    jobs: tuple[Job, ...]
    """The exports that it is about."""
    folder: str
    """Like `source` and `draft`, that of the jobs."""
    source: str
    draft: bool

    @property
    def owner(self) -> str:
        return owner_of(self.scene, self.manifest)

    def paths(self) -> list[str]:
        """The files it delivers, relative to the root."""
        return [f"{self.folder}/{file}" for file in self.manifest.files]


def owner_of(scene: CheckedScene, manifest: EngineManifest) -> str:
    return f"{scene.id}:manifests.{manifest.name}"


class Handed(NamedTuple):
    """A delivered file of a manifest."""

    entry: DeliveredFile
    status: str
    """ "written", "current" or "restored"."""


def deliver(
    handover: Handover,
    deliveries: Mapping[str, Sequence[Delivery]],
    drafts: Collection[str],
    records: Mapping[str, Record],
    known: Mapping[str, DeliveredFile],
    root: Path,
) -> list[Handed]:
    """Brings the files of a manifest up to date; those that are right already are not touched.

    deliveries: by export, of all that it is about. drafts: those of them that are made from one.
    records: of the nodes. known: what was delivered before, by path.
    Raises NodeError if it cannot be written, OSError as `export_files.deliver` does.
    """
    key = key_of(handover, records)
    facts = {delivery.path: delivery.facts for job in handover.jobs for delivery in deliveries[job.owner]}
    handed = []
    for path, data in _files(handover, facts, drafts, root).items():
        sha256 = digest_bytes(data)
        status = "current"
        if build_state.delivered_digest(str(root / path)) != sha256:
            before = known.get(path)
            status = "restored" if before is not None and before.digest == sha256 else "written"
            export_files.write(root, handover.folder, root / path, data)
        handed.append(Handed(DeliveredFile(path, handover.owner, handover.source, handover.draft, key, sha256), status))
    return handed


def _files(
    handover: Handover, facts: Mapping[str, Mapping[str, Any]], drafts: Collection[str], root: Path
) -> dict[str, bytes]:
    """What its files hold, by their paths relative to the root. facts: of each audio file. Raises NodeError."""
    sounds = [
        replace(sound, facts={**facts[path], **({"draft": True} if job.owner in drafts else {})})
        for job in handover.jobs
        for path, sound in zip(job.paths(), sounds_of(handover.scene.id, job.export), strict=True)
    ]
    engine = engines.get(handover.manifest.engine)
    chosen = engines.choose(handover.manifest.engine, sounds)
    files = engine.files(Handout(handover.manifest.params, handover.manifest.path, chosen))
    return {
        f"{handover.folder}/{name}": _merged(engine, root / handover.folder / name, data)
        for name, data in files.items()
    }


def _merged(engine: Engine, path: Path, data: bytes) -> bytes:
    """What a file is to hold: beside what it is given, what the engine itself has written there."""
    try:
        there = path.read_bytes() if path.is_file() and path.stat().st_size <= MOST_BYTES else data
    except OSError:
        return data
    merged = engine.merge(path.name, there, data) if there != data else None
    return data if merged is None else merged


def is_shared(handover: Handover, name: str, there: bytes) -> bool:
    """Whether a file is one that the engine writes, too, so that it is merged and not written over."""
    return engines.get(handover.manifest.engine).merge(name, there, there) is not None


def as_delivered(handover: Handover, root: Path) -> dict[str, bytes]:
    """What its files hold if they are about the sounds that lie there, by their sidecars; empty if one of these is
    gone."""
    beside = {path: sidecars.read(root / f"{path}{sidecars.SUFFIX}") for job in handover.jobs for path in job.paths()}
    if not all(beside.values()):
        return {}
    facts = {path: sidecars.measured(sidecar) for path, sidecar in beside.items()}
    drafts = {job.owner for job in handover.jobs if beside[job.paths()[0]].get("draft") is True}
    try:
        return _files(handover, facts, drafts, root)
    except _NO_FACTS:
        return {}


_NO_FACTS = (NodeError, KeyError, TypeError, ValueError, AttributeError)
"""What goes wrong where a sidecar does not say what a build writes into one: it may be anybody's."""


def outdated(
    handover: Handover,
    records: Mapping[str, Record],
    drafts: Collection[str],
    known: Mapping[str, DeliveredFile],
    root: Path,
    notes: Notes,
) -> list[Outdated]:
    """The files of a manifest that a build would write, told without reading a sound.

    drafts: the exports that are made from one. Of an export that has to be encoded first, a file that says nothing of
    length, level or loop is known all the same.
    """
    key = key_of(handover, records)
    there = {path: build_state.delivered_digest(str(root / path)) for path in handover.paths()}
    unsure = [path for path in handover.paths() if not _is_current(known.get(path), key, there[path])]
    if not unsure:
        return []
    expected = _expected(handover, records, drafts, root, notes)
    outdated_files = []
    for path in unsure:
        entry, data = known.get(path), expected.get(path)
        if data is not None and digest_bytes(data) == there[path]:
            continue
        if not there[path]:
            why = (
                "gone" if entry is not None and entry.digest else f"not delivered yet (for {handover.manifest.engine})"
            )
        elif entry is not None and entry.key == key:
            why = "altered since it was delivered"
        else:
            why = "delivered for other files or with other settings"
        outdated_files.append(Outdated(path, why))
    return outdated_files


def _is_current(entry: DeliveredFile | None, key: str, there: str) -> bool:
    return entry is not None and entry.key == key and bool(there) and there == entry.digest


def _expected(
    handover: Handover, records: Mapping[str, Record], drafts: Collection[str], root: Path, notes: Notes
) -> dict[str, bytes]:
    """What its files will hold, of those of which that is known. Where facts of a sound are not, made-up ones stand for
    them twice, and a file that holds the same both times does not depend on them."""
    sure: dict[str, Mapping[str, Any]] = {}
    for job in handover.jobs:
        for path, key in export_files.keys(job, records[job.node]).items():
            facts, _ = export_files.facts_and_digest(notes, key)
            if facts is not None:
                sure[path] = facts
    try:
        first, second = (_files(handover, {**_made_up(handover, seconds), **sure}, drafts, root) for seconds in (1, 2))
    except _NO_FACTS:
        return {}
    return {path: data for path, data in first.items() if second.get(path) == data}


def _made_up(handover: Handover, seconds: int) -> dict[str, Mapping[str, Any]]:
    """Facts of every sound, by its path, that differ for each number of seconds."""
    facts: dict[str, Any] = {"duration_s": float(seconds), "sample_rate": 48000, "channels": 1}
    facts.update(dict.fromkeys(("loudness_lufs", "true_peak_dbtp", "dc_offset"), -float(seconds)))
    loop = {"loop": {"start": 0, "end": 48000 * seconds - 1}}
    return {
        path: {**facts, **(loop if job.export.settings.loop else {})} for job in handover.jobs for path in job.paths()
    }


def key_of(handover: Handover, records: Mapping[str, Record]) -> str:
    """What a manifest is made from: other exports, sounds or settings give another."""
    files = [
        [job.export.name, path, key]
        for job in handover.jobs
        for path, key in export_files.keys(job, records[job.node]).items()
    ]
    manifest = handover.manifest
    params = manifest.params.model_dump(exclude_defaults=True)
    # Of a package's engine its name is not enough: another package may offer one of that name some day.
    package = ENGINES.package(manifest.engine)
    engine = [manifest.engine, package] if package else manifest.engine
    return digest.digest("manifest", [_SCHEMA, handover.scene.id, engine, params, manifest.path, files])
