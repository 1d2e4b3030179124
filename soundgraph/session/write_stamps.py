"""What is kept of a build, so that the next can see that nothing changed: see `build_state`."""

from __future__ import annotations

import os
from pathlib import Path

from soundgraph.core.files import ABSENT, is_older, stat_text
from soundgraph.delivery.export_files import Job
from soundgraph.execution.outcome import Outcome
from soundgraph.project import build_state
from soundgraph.project.build_state import SceneStamp, Stamps
from soundgraph.project.delivered import DeliveredFile
from soundgraph.project.lockfile import LOCK_FILE
from soundgraph.project.root import PROJECT_FILE
from soundgraph.scene.reading import variations
from soundgraph.scene.tables.scene import CheckedScene, node_id
from soundgraph.session import delivered_files
from soundgraph.session.session import Session


def stamps_of(session: Session, outcome: Outcome, old: Stamps | None, moment: int) -> Stamps:
    """New stamps for the scenes of a session, and those of other scenes that still exist.

    moment: of `files.read_clock`, before anything was read.
    """
    keep: dict[str, SceneStamp] = {}
    files: dict[tuple[str, str], int] = {}
    if old is not None:
        for known in old.scenes.values():
            if not session.is_gone(known.path):
                places = [files.setdefault(old.files[index], len(files)) for index in known.files]
                keep[known.id] = SceneStamp(known.id, known.path, places, known.complete, known.nodes, known.outputs)
    nodes: dict[str, list[str]] = {}
    for name in outcome.plan.decisions:
        scene_id, _, node = name.rpartition(":")
        nodes.setdefault(scene_id, []).append(node)
    jobs: dict[str, list[Job]] = {}
    for job in session.jobs:
        jobs.setdefault(job.scene.id, []).append(job)
    # What a build with failures left where it was is to be removed by a later one, which has to look at the scene then.
    unfinished = set() if session.overridden else {entry.source for entry in delivered_files.stale(session, outcome)}
    named = {asked.id for asked in session.asked if asked.named}
    for scene in session.scenes:
        if scene.path is None:
            continue
        # Of one that gets no stamp it is known that it was there: once it is gone, its files have to go.
        unknown = SceneStamp(scene.id, _relative(session.root, scene.path), (), False, "", [])
        if scene.exports and scene.id not in jobs:
            # Only nodes were asked for: what was known still holds, or shows that it does not.
            keep.setdefault(scene.id, unknown)
            continue
        needed, asked = nodes.get(scene.id, []), jobs.get(scene.id, [])
        read = _what_was_read(session, scene, moment)
        if read is None or not _is_whole(outcome, scene, needed, asked) or unknown.path in unfinished:
            keep[scene.id] = unknown
            continue
        names = {job.export.name for job in asked}
        in_part = {export.base for export in scene.exports.values() if export.name not in names}
        in_part.update(variations.split(name)[0] for name in scene.nodes.keys() - set(needed))
        outputs = [output for job in asked for output in _outputs(session.root, outcome, job, in_part, moment)]
        outputs += _handed(session.root, outcome, scene, moment)
        if not scene.exports and scene.id not in named:
            needed = []  # only what is checked was built, so that it has to be looked at once it is named
        places = [files.setdefault(path_and_stat, len(files)) for path_and_stat in read]
        complete = scene.id in session.complete
        keep[scene.id] = SceneStamp(scene.id, unknown.path, places, complete, " ".join(needed), outputs)
    return Stamps(str(session.root), list(files), keep)


def _what_was_read(session: Session, scene: CheckedScene, moment: int) -> list[tuple[str, str]] | None:
    """(path, stat) of all that was read for a scene; None if any of it may have changed since."""
    may_be_absent = {LOCK_FILE} if not (session.project.pins or session.project.takes) else set()
    if session.project.sheet is None:
        may_be_absent.add(PROJECT_FILE)
    models = [node.model for node in scene.nodes.values() if node.model is not None]
    may_be_absent.update(_relative(session.root, path) for model in models for path in model.passed)
    read = []
    for path in (_relative(session.root, path) for path in scene.read):
        stat = stat_text(str(session.root / path))
        if not is_older(stat, moment) or (stat == ABSENT and path not in may_be_absent):
            return None
        read.append((path, stat))
    # Each is among the files as well, so that one which was put in its place meanwhile was seen above.
    read += [(f"{build_state.PROGRAM}{name}", build_state.program_text(name)) for name in scene.programs]
    return read


def _is_whole(outcome: Outcome, scene: CheckedScene, nodes: list[str], jobs: list[Job]) -> bool:
    """Whether all of the scene that was asked for is there."""
    undone = ("failed", "skipped")
    if any(f"{scene.id}:manifests.{manifest.name}" in outcome.failures for manifest in scene.manifests):
        return False
    return all(job.owner in outcome.deliveries for job in jobs) and not any(
        outcome.statuses.get(node_id(scene.id, node)) in undone for node in nodes
    )


def _outputs(root: Path, outcome: Outcome, job: Job, in_part: set[str], moment: int) -> list[build_state.Output]:
    """The delivered files of an export, as a stamp holds them.

    in_part: the exports and nodes of which not all takes were built.
    """
    # Asked for by the name of an export that a node has too, both are meant, and a stamp knows of files only.
    # All takes of an export go by the name it was written by: whoever asks for that asks for all of them.
    name = job.export.base
    if name in in_part:
        name = ""
    entries = [entry for delivery in outcome.deliveries[job.owner] for entry in delivery.entries]
    return [_output(root, name, entry, moment) for entry in entries]


def _handed(root: Path, outcome: Outcome, scene: CheckedScene, moment: int) -> list[build_state.Output]:
    """The delivered files of the scene's manifests."""
    outputs = []
    for manifest in scene.manifests:
        about = dict.fromkeys(scene.exports[name].base for name in manifest.exports)
        name = " ".join([build_state.MANIFEST, manifest.engine, *about])
        handed = outcome.handed.get(f"{scene.id}:manifests.{manifest.name}", ())
        outputs += [_output(root, name, file.entry, moment) for file in handed]
    return outputs


def _output(root: Path, name: str, entry: DeliveredFile, moment: int) -> build_state.Output:
    stat = stat_text(str(root / entry.path))
    racy = ("", "") if is_older(stat, moment) else (entry.digest, "racy")
    return (name, entry.path, stat, *racy)


def _relative(root: Path, path: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
