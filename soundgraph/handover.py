"""Manifests for game engines: delivered once the files that they are about are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from soundgraph import digest, engines, export, paths, stamp
from soundgraph.engines import Sound
from soundgraph.errors import NodeError, quote
from soundgraph.export import Delivery, Job, Outdated
from soundgraph.ledger import Entry
from soundgraph.records import Record
from soundgraph.scene import EngineManifest, Scene

_SCHEMA = 2


@dataclass(frozen=True)
class Handover:
    """A manifest to deliver. jobs: the exports it is about. folder, source, draft: as those of the jobs."""

    scene: Scene
    manifest: EngineManifest
    jobs: tuple[Job, ...]
    folder: str
    source: str
    draft: bool

    @property
    def owner(self) -> str:
        return owner_of(self.scene, self.manifest)


def owner_of(scene: Scene, manifest: EngineManifest) -> str:
    return f"{scene.id}:manifests.{manifest.name}"


def may_deliver(scene: Scene, entry: Entry, folder: str) -> bool:
    """Whether a scene still has the manifest that delivered a file, and it may still deliver that one.

    What an engine's files are called is known once they are written: each is called after the manifest's path, or
    after one of the sounds.
    """
    found = [manifest for manifest in scene.manifests if owner_of(scene, manifest) == entry.owner]
    starts = [f"{folder}/{manifest.path}" for manifest in found]
    starts += [
        f"{folder}/{file}" for manifest in found for name in manifest.exports for file in scene.exports[name].files()
    ]
    return any(entry.path.startswith((f"{start}.", f"{start}/")) for start in starts)


class Handed(NamedTuple):
    """A delivered file of a manifest. status: "written", "current" or "restored"."""

    entry: Entry
    status: str


def deliver(
    one: Handover,
    deliveries: Mapping[str, Sequence[Delivery]],
    drafts: Collection[str],
    records: Mapping[str, Record],
    known: Mapping[str, Entry],
    taken: Callable[[str], str],
    root: Path,
) -> list[Handed]:
    """Brings the files of a manifest up to date; those that are right already are not touched.

    deliveries: by export, of all that it is about. drafts: those of them that are made from one.
    records: of the nodes. known: what was delivered before, by path. taken: says who else delivers a path, in words to
    be put after it; "" if nobody does.
    Raises NodeError if it cannot be written, OSError as `export.deliver` does; if a path is taken, nothing is written.
    """
    key = key_of(one, records)
    sounds = [
        Sound(
            file=delivery.path.removeprefix(f"{one.folder}/"),
            name=job.export.base,
            take=job.export.take,
            format=delivery.path.rpartition(".")[2],
            facts={**delivery.facts, **({"draft": True} if job.owner in drafts else {})},
            id=f"{one.scene.id}:{job.export.base}",
        )
        for job in one.jobs
        for delivery in deliveries[job.owner]
    ]
    engine = engines.get(one.manifest.engine)
    chosen = engines.choose(one.manifest.engine, sounds)
    files = engine.files(one.manifest.params, one.manifest.path, chosen)
    for file in files:
        path = f"{one.folder}/{file}"
        if wrong := paths.wrong_with(file):
            raise NodeError(f"cannot write {quote(path)}: {wrong}")
        if other := taken(path):
            raise NodeError(f"{quote(path)} {other}")
    handed = []
    for file, data in files.items():
        path = f"{one.folder}/{file}"
        found = hashlib.sha256(data).hexdigest()
        status = "current"
        if stamp.file_digest(str(root / path)) != found:
            before = known.get(path)
            status = "restored" if before is not None and before.digest == found else "written"
            export.write(root, root / path, data)
        handed.append(Handed(Entry(path, one.owner, one.source, one.draft, key, found), status))
    return handed


def outdated(one: Handover, records: Mapping[str, Record], known: Mapping[str, Entry], root: Path) -> list[Outdated]:
    """The files of a manifest that a build would write, as far as that can be told without writing it."""
    entries = [entry for entry in known.values() if entry.owner == one.owner and entry.draft == one.draft]
    if not entries:
        return [Outdated(f"{one.folder}/{one.manifest.path}", f"not delivered yet (for {one.manifest.engine})")]
    key = key_of(one, records)
    found = []
    for entry in entries:
        there = stamp.file_digest(str(root / entry.path))
        if entry.key != key:
            found.append(Outdated(entry.path, "delivered for other files or with other settings"))
        elif there != entry.digest:
            found.append(Outdated(entry.path, "altered since it was delivered" if there else "gone"))
    return found


def key_of(one: Handover, records: Mapping[str, Record]) -> str:
    """What a manifest is made from: other exports, sounds or settings give another."""
    files = [
        [job.export.name, path, key] for job in one.jobs for path, key in export.keys(job, records[job.node]).items()
    ]
    manifest = one.manifest
    params = manifest.params.model_dump(exclude_defaults=True)
    return digest.digest("manifest", [_SCHEMA, one.scene.id, manifest.engine, params, manifest.path, files])
