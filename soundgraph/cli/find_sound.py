"""Sounds that were asked for, to be looked at or listened to: a node's, an export's, or a file's."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from soundgraph.cli import shared_arguments
from soundgraph.core.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from soundgraph.audio.artifact import Audio
    from soundgraph.delivery.export_files import Job
    from soundgraph.planning.planner import Plan
    from soundgraph.session.session import Session
    from soundgraph.views.sound.marks import TimedMarks

_READ_TOO = (".aif", ".aiff", ".caf", ".w64", ".au", ".m4a", ".mp4", ".aac", ".mka", ".webm", ".wma", ".wv", ".spx")
"""Suffixes of what is read as well as the formats of an export: what names a file, though it may not be there."""


@dataclass(frozen=True)
class LoadedSound:
    """A sound that is there."""

    name: str
    """As it is asked for."""
    audio: Audio
    files: tuple[Path, ...]
    """Those that hold it, the one that was read first; none of a node's."""
    draft: bool
    """Whether it is a stand-in, or holds one."""
    marks: TimedMarks
    """Of the file that was read."""

    @property
    def title(self) -> str:
        return f"{self.name} (draft)" if self.draft else self.name


@dataclass(frozen=True)
class SoundTarget:
    """What a target names."""

    name: str
    load: Callable[[], LoadedSound]
    """Reads the sound; raises UsageError for what is not built, NodeError for a bad file."""


def find(options: argparse.Namespace) -> list[SoundTarget]:
    """What the targets name. Of a scene these are its exports; of a name that an export and a node share, the export.

    options: of `shared_arguments.add_scene_arguments`. Raises UsageError for what does not exist.
    """
    options.targets = [_spelled(target) for target in options.targets]
    files = [target for target in options.targets if _is_file(target)]
    targets = [SoundTarget(target, partial(_of_file, target)) for target in files]
    if targets and len(files) == len(options.targets):
        return targets
    options.targets = [target for target in options.targets if target not in files]
    session = shared_arguments.open_session(options)
    plan = session.plan()
    targets += [SoundTarget(job.owner, partial(_of_export, session, plan, job, options)) for job in session.jobs]
    exported = {job.node for job in session.jobs} | {job.owner for job in session.jobs}
    # A scene that is asked for as a whole wants the nodes, too, that its checks are about: nobody asked to hear these.
    whole = {job.scene.id for job in session.jobs} & set(session.complete)
    targets += [
        SoundTarget(name, partial(_of_node, session, plan, name, options))
        for name in session.wanted
        if name not in exported and name.rpartition(":")[0] not in whole
    ]
    if not targets:
        raise UsageError("nothing that was asked for is delivered", 'name a node, as in "forest/rain:master"')
    return targets


def load_single(options: argparse.Namespace) -> LoadedSound:
    """The sound that the targets name. Raises UsageError if they name several, too."""
    targets = find(options)
    if len(targets) > 1:
        names = ", ".join(target.name for target in targets[:4]) + (", …" if len(targets) > 4 else "")
        raise UsageError(f"{len(targets)} sounds go by that: {names}", "name one of them")
    return targets[0].load()


def not_built(name: str, why: str, options: argparse.Namespace) -> UsageError:
    """The error for a sound that is not there, with the command that makes it."""
    words = ["soundgraph", "build", *(["--draft"] if options.draft else [])]
    words += [word for value in options.define for word in ("-D", value)]
    draft = "" if options.draft else "; with --draft its stand-in is meant"
    return UsageError(f"{name} {why}", f"{shlex.join([*words, name])} makes it{draft}")


def best_of(paths: Sequence[Path]) -> list[Path]:
    """Those that hold every sample before those that do not."""
    from soundgraph.audio.formats import lossless_names, lossy_names

    suffixes = [f".{name}" for name in (*lossless_names(), *lossy_names())]
    return sorted(paths, key=lambda path: suffixes.index(path.suffix) if path.suffix in suffixes else len(suffixes))


def is_draft(session: Session, node: str) -> bool:
    """Whether any stand-in is part of a node's sound."""
    from soundgraph.planning import scene_graph

    models = [scene_graph.node_of(session.graph, name).model for name in scene_graph.needed(session.graph, [node])]
    return any(model is not None and model.draft for model in models)


def sidecar_of(path: Path) -> dict[str, object]:
    """What stands beside a delivered file; nothing where it is gone, or was altered into something else."""
    from soundgraph.project import sidecars

    return sidecars.read(path.with_name(f"{path.name}{sidecars.SUFFIX}"))


def marks_of(path: Path, sample_rate: int) -> TimedMarks:
    """The loops and cues of a file: of a WAV its own, of others what its sidecar says."""
    from soundgraph.views.sound import marks

    if path.suffix.lower() in (".wav", ".wave"):
        return marks.read(path, sample_rate)
    return marks.of_facts(sidecar_of(path), sample_rate)


def _spelled(target: str) -> str:
    """A file as it is spelled on the disk, where its letters are there in another Unicode form."""
    from soundgraph.core import path_names

    return target if target.isascii() or not _is_file(target) else str(path_names.spelled(Path(target)))


def _is_file(target: str) -> bool:
    if target.endswith(".toml"):
        return False
    if os.path.isfile(target):  # noqa: PTH113 - a target need be no path
        return True
    from soundgraph.audio.formats import format_names

    return target.lower().endswith((*_READ_TOO, *(f".{name}" for name in format_names())))


def _of_file(target: str) -> LoadedSound:
    from soundgraph.audio.containers import decode

    path = Path(target)
    if not path.exists():
        raise UsageError(f'there is no file "{target}"')
    audio = decode.read(path)
    draft = sidecar_of(path).get("draft") is True
    return LoadedSound(path.name, audio, (path,), draft, marks_of(path, audio.sample_rate))


def _of_export(session: Session, plan: Plan, job: Job, options: argparse.Namespace) -> LoadedSound:
    from soundgraph.audio.containers import decode

    if why := why_not(session, plan, job):
        raise not_built(job.owner, why, options)
    files = best_of([session.root / path for path in job.paths()])
    audio = decode.read(files[0])
    return LoadedSound(
        job.owner, audio, tuple(files), is_draft(session, job.node), marks_of(files[0], audio.sample_rate)
    )


def why_not(session: Session, plan: Plan, job: Job) -> str:
    """Why the files of an export are not what a build would leave, to be put after its name; "" if they are."""
    from soundgraph.delivery import export_files

    record = plan.decisions[job.node].record
    if record is None:
        return "is not built as the scene is now"
    outdated = export_files.outdated(job, record, session.ledger.entries, session.root, session.store.notes)
    return f"is not current: {outdated[0].path}: {outdated[0].why}" if outdated else ""


def _of_node(session: Session, plan: Plan, name: str, options: argparse.Namespace) -> LoadedSound:
    from soundgraph.views.sound.marks import TimedMarks

    record = plan.decisions[name].record
    if record is None:
        raise not_built(name, "is not built as the scene is now", options)
    audio = session.store.blobs.read(record.digest)
    if audio is None:
        raise not_built(name, "is gone from the cache", options)
    return LoadedSound(name, audio, (), is_draft(session, name), TimedMarks())
