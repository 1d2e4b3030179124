"""Artifacts to audio files in the build folder, each with its provenance beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from soundgraph import engines
from soundgraph.audio.artifact import Audio
from soundgraph.audio.formats import get_format
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Notes
from soundgraph.core import digest
from soundgraph.core.errors import NodeError
from soundgraph.core.files import digest_bytes, write_atomically
from soundgraph.core.path_names import real
from soundgraph.delivery import run_checks
from soundgraph.delivery.run_checks import CheckError, Locate
from soundgraph.project import build_state, sidecars
from soundgraph.project.delivered import LEARNED, DeliveredFile
from soundgraph.project.git_commit import Ask, Commit
from soundgraph.scene.tables.scene import CheckedScene, Export, SceneCheck

# Raised when the form of a sidecar changes.
EXPORT_SCHEMA = 2

# Raised when what an export does to a sound changes: how it is measured, brought to a level or held under a ceiling.
MASTERING_VERSION = 2


@dataclass(frozen=True)
class Job:
    """An export to deliver."""

    scene: CheckedScene
    export: Export
    node: str
    """The id of the node that it delivers."""
    folder: str
    """Of the build, relative to the root."""
    source: str
    """The scene's file, relative to the root; "" for a scene that was built in code."""
    draft: bool

    @property
    def checks(self) -> list[SceneCheck]:
        """What is demanded of its files."""
        about = [check for check in self.scene.checks if check.settings.export is not None]
        return [check for check in about if self.export.name in check.names]

    @property
    def owner(self) -> str:
        return f"{self.scene.id}:{self.export.name}"

    def paths(self) -> list[str]:
        """The audio files it delivers, relative to the root."""
        return [f"{self.folder}/{file}" for file in self.export.files()]


@dataclass(frozen=True)
class Delivery:
    """A delivered file and its sidecar."""

    path: str
    status: str
    """ "written", "current" or "restored"."""
    sidecar: str
    """The status of the sidecar."""
    facts: dict[str, Any]
    """Length, loudness and the like, as in the sidecar."""
    entries: tuple[DeliveredFile, ...] = field(repr=False)
    notes: tuple[tuple[str, str], ...] = field(repr=False)
    """(name, text) for the cache, so that the facts need not be measured again; none where it knew them."""


def deliver(
    job: Job,
    record: Record,
    ancestry: Mapping[str, Any],
    read: Callable[[], Audio],
    notes: Notes,
    known: Mapping[str, DeliveredFile],
    root: Path,
    ask: Ask = lambda: None,
    locate: Locate = lambda origin: 0,
) -> list[Delivery]:
    """Brings every file of an export up to date; what is right already is not touched, so that its mtime stays.

    The artifact is read, by `read`, only if a file is missing, altered or of another sound or setting.
    known: what was delivered before, by path. ask: for the commit that the tree stands at; only if a file is another
    one than was last delivered there.
    locate: finds the line of a check that failed. If a file fails one, no format is written; what was there stays.
    Raises NodeError if the sound cannot be delivered as asked, OSError if a file cannot be written.
    """
    outputs = list(_outputs(job, record, read, notes, root, locate))
    # Only now that all formats have passed: nobody would remember what was written of an export that then failed.
    return [_delivered(job, record, ancestry, output, known, root, ask) for output in outputs]


class _Output(NamedTuple):
    """A file as it has to be, in one of the export's formats."""

    format: str
    path: str
    key: str
    result: dict[str, Any]
    """The "sha256" of the file and its "facts"."""
    data: bytes | None
    """None where the file that lies there is right."""
    notes: tuple[tuple[str, str], ...]
    """(name, text) for the cache."""


def _outputs(
    job: Job, record: Record, read: Callable[[], Audio], notes: Notes, root: Path, locate: Locate
) -> Iterator[_Output]:
    """The export in each of its formats, checked. Writes nothing. Raises NodeError."""
    from soundgraph.audio import encode
    from soundgraph.delivery import mastering

    settings = job.export.settings
    rate = job.scene.settings.sample_rate
    mastered: mastering.Mastered | None = None
    for format_, path in zip(settings.formats, job.paths(), strict=True):
        key = _export_key(job, record.digest, format_, encode.version(format_))
        there = build_state.delivered_digest(str(root / path))
        name = f"export {key}"
        result = _result(notes.get([name]).get(name))
        new_notes = []
        data = None
        if result is None or result["sha256"] != there:
            if mastered is None:
                mastered = mastering.master(read(), settings, rate)
            data, facts = mastered.deliver(format_, _needs_guard(job, format_))
            result = {"sha256": digest_bytes(data), "facts": facts}
            new_notes.append((name, json.dumps(result)))
        if job.checks:
            new_notes += filter(None, [_check(job, root / path, data, result, notes, locate)])
        yield _Output(format_, path, key, result, None if result["sha256"] == there else data, tuple(new_notes))


def _check(
    job: Job, path: Path, data: bytes | None, result: Mapping[str, Any], notes: Notes, locate: Locate
) -> run_checks.Note | None:
    """What was measured of a file, if that is new. data: its bytes, where it is not on the disk yet."""
    decoded = partial(_decoded, path, data, _guard_frames(result["facts"]))
    try:
        return run_checks.run(job.checks, result["sha256"], decoded, notes, locate, _loop(result["facts"]))
    except CheckError as error:
        if len(job.export.settings.formats) == 1:
            raise
        # The whole export fails by it, and the figure is that of one file.
        raise CheckError(f"{path.name}: {error}", error.note) from error


def _delivered(
    job: Job,
    record: Record,
    ancestry: Mapping[str, Any],
    output: _Output,
    known: Mapping[str, DeliveredFile],
    root: Path,
    ask: Ask,
) -> Delivery:
    """Writes a file and its sidecar, those of them that are not right already."""
    path, sidecar_path = output.path, f"{output.path}{sidecars.SUFFIX}"
    status = "current"
    if output.data is not None:
        status = "restored" if path in known and known[path].key == output.key else "written"
        write(root, job.folder, root / path, output.data)
    sha256 = output.result["sha256"]
    commit = _commit(known.get(path), root / sidecar_path, sha256, ask)
    sidecar = _sidecar(job, output.format, record, output.result, commit, ancestry)
    side_status = "current"
    sidecar_digest = digest_bytes(sidecar)
    if build_state.delivered_digest(str(root / sidecar_path)) != sidecar_digest:
        before = known.get(sidecar_path)
        side_status = "restored" if before is not None and before.digest == sidecar_digest else "written"
        write(root, job.folder, root / sidecar_path, sidecar)
    entries = (
        DeliveredFile(path, job.owner, job.source, job.draft, output.key, sha256, str(commit or "")),
        DeliveredFile(sidecar_path, job.owner, job.source, job.draft, "sidecar", sidecar_digest),
    )
    return Delivery(path, status, side_status, output.result["facts"], entries, output.notes)


def faults(job: Job, notes: Notes, root: Path, locate: Locate) -> list[str]:
    """What the files of an export, as they lie there, do not keep of what is demanded of them."""
    file_faults = []
    for path in job.paths() if job.checks else ():
        full = root / path
        facts = sidecars.read(root / f"{path}{sidecars.SUFFIX}")
        decoded = partial(_decoded, full, None, _guard_frames(facts))
        try:
            run_checks.run(
                job.checks, build_state.delivered_digest(str(full)) or "", decoded, notes, locate, _loop(facts)
            )
        except (NodeError, OSError) as error:
            file_faults.append(f"{path.rpartition('/')[2]}: {error}")
    return file_faults


def _loop(facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """Its first sample, and the one after its last, of what is delivered as a loop."""
    loop = facts.get("loop")
    return (loop["start"], loop["end"] + 1) if loop else None


def _guard_frames(facts: Mapping[str, Any]) -> int:
    frames = facts.get("guard_frames", 0)
    return frames if isinstance(frames, int) else 0


def _decoded(path: Path, data: bytes | None, guard_frames: int) -> Audio:
    """What a player hears of a file. data: its bytes, where it is not on the disk yet."""
    from soundgraph.audio.containers import decode

    heard = decode.from_bytes(path.read_bytes() if data is None else data)
    return replace(heard, samples=heard.samples[:, :-guard_frames].copy()) if guard_frames else heard


def _needs_guard(job: Job, format_: str) -> bool:
    """Whether the file is for an engine that needs a guard frame behind a loop which ends with it."""
    if job.export.settings.loop is False or not get_format(format_).holds_guard_frame:
        return False
    about = [manifest.engine for manifest in job.scene.manifests if job.export.name in manifest.exports]
    return any(engines.get(name).plays_loop_end for name in about)


def _commit(before: DeliveredFile | None, sidecar: Path, sha256: str, ask: Ask) -> Commit | None:
    """The commit at which a file became what it is.

    The one that is remembered of the same bytes, and be it none at all: nobody can tell later what it was. By the
    ledger; by the sidecar where the ledger was lost, or the file came with a checkout. Else the file is new, or another
    than it was, and it is the commit of now.
    """
    if before is not None and before.digest == sha256:
        return Commit.parse(before.commit)
    facts = sidecars.read(sidecar)
    return Commit.of(facts.get("commit")) if facts.get("sha256") == sha256 else ask()


def _result(text: str | None) -> dict[str, Any] | None:
    """What the cache knows of an export: the "sha256" of the file and its "facts". None for what it does not say."""
    try:
        result = json.loads(text or "null")
    except ValueError:
        return None
    whole = isinstance(result, dict) and isinstance(result.get("sha256"), str) and isinstance(result.get("facts"), dict)
    return result if whole else None


class Outdated(NamedTuple):
    """A file that a build would write, and why, in words."""

    path: str
    why: str


def outdated(job: Job, record: Record, known: Mapping[str, DeliveredFile], root: Path, notes: Notes) -> list[Outdated]:
    """The files of an export that are not as a build would leave them, told without reading the sound.

    Where another encoder, or other settings, would give the very bytes that are there, only a build finds that out.
    """
    from soundgraph.audio import encode

    outdated_files = []
    for format_, path in zip(job.export.settings.formats, job.paths(), strict=True):
        entry = known.get(path)
        there = build_state.delivered_digest(str(root / path))
        key = _export_key(job, record.digest, format_, encode.version(format_))
        if entry is not None and entry.key == key and there == entry.digest:
            continue
        if there and there == facts_and_digest(notes, key)[1]:  # whoever put it there
            continue
        if entry is None or not entry.digest:
            why = "not delivered yet"
        elif entry.key in (key, LEARNED) and there != entry.digest:
            why = "altered since it was delivered" if there else "gone"
        else:
            why = _what_changed(job, record, root / f"{path}{sidecars.SUFFIX}")
            if not why and entry.key == LEARNED:
                continue
            why = why or "another encoder, sample rate or engine"
        outdated_files.append(Outdated(path, why))
    return outdated_files


def outdated_sidecars(
    job: Job, record: Record, ancestry: Mapping[str, Any], known: Mapping[str, DeliveredFile], root: Path, notes: Notes
) -> list[Outdated]:
    """The sidecars that a build would write beside files which are right already."""
    from soundgraph.audio import encode

    outdated_files = []
    for format_, path in zip(job.export.settings.formats, job.paths(), strict=True):
        facts, digest_ = facts_and_digest(notes, _export_key(job, record.digest, format_, encode.version(format_)))
        # Else it is written, and its sidecar with it.
        if facts is None or digest_ != build_state.delivered_digest(str(root / path)):
            continue
        name = path + sidecars.SUFFIX
        there, before = build_state.delivered_digest(str(root / name)), known.get(name)
        commit = _commit(known.get(path), root / name, digest_, lambda: None)
        sidecar = _sidecar(job, format_, record, {"sha256": digest_, "facts": facts}, commit, ancestry)
        if there == digest_bytes(sidecar):
            continue
        if not there:
            why = "gone" if before is not None else "not delivered yet"
        elif before is not None and before.digest != there:
            why = "altered since it was delivered"
        else:
            why = "says something else now"
        outdated_files.append(Outdated(name, why))
    return outdated_files


def facts_and_digest(notes: Notes, key: str) -> tuple[dict[str, Any] | None, str]:
    """What the cache knows of the file that an export's key gives: its facts, and the digest of its bytes."""
    name = f"export {key}"
    result = _result(notes.get([name]).get(name))
    return (result["facts"], result["sha256"]) if result is not None else (None, "")


def _what_changed(job: Job, record: Record, sidecar: Path) -> str:
    """What is other than it was when a file was delivered, by its sidecar; "" if nothing is, as far as that says."""
    before = sidecars.read(sidecar)
    old, digest_before = before.get("settings"), before.get("digest")
    if not isinstance(old, dict) or digest_before is None:
        return "delivered with other settings or another sound"
    fields = type(job.export.settings).model_fields
    new = _settings(job)
    changes = []
    for name in [*old, *(name for name in new if name not in old)]:
        a, b = (values.get(name, fields[name].default if name in fields else None) for values in (old, new))
        if a != b:
            changes.append(f"{name}: {json.dumps(a)} -> {json.dumps(b)}")
    if digest_before != record.digest:
        changes.append("another sound")
    return "; ".join(changes)


def _settings(job: Job) -> dict[str, Any]:
    """The settings that make a difference to the file: those other than their defaults.

    Of a preset it is the levels that count, which stand in the settings' own fields.
    """
    return job.export.settings.model_dump(exclude_defaults=True, exclude={"node", "path", "format", "preset"})


def keys(job: Job, record: Record) -> dict[str, str]:
    """By path of each file of an export: the key that decides whether it is written again."""
    from soundgraph.audio import encode

    return {
        path: _export_key(job, record.digest, format_, encode.version(format_))
        for format_, path in zip(job.export.settings.formats, job.paths(), strict=True)
    }


def _export_key(job: Job, artifact: str, format_: str, encoder: str) -> str:
    """Decides whether a file is written again; the file's own bytes do not, and its path is no part of it."""
    rate = job.scene.settings.sample_rate
    guard = ["guard"] if _needs_guard(job, format_) else []
    made = [EXPORT_SCHEMA, MASTERING_VERSION, artifact, format_, _settings(job), rate, encoder, *guard]
    return digest.digest("export", made)


def _sidecar(
    job: Job,
    format_: str,
    record: Record,
    result: Mapping[str, Any],
    commit: Commit | None,
    ancestry: Mapping[str, Any],
) -> bytes:
    facts = {
        "soundgraph_sidecar": sidecars.VERSION,
        "file": f"{job.export.path.rpartition('/')[2]}.{format_}",
        "scene": job.scene.id,
        "export": job.export.base,
        **({"take": job.export.take} if job.export.take else {}),
        "node": job.export.settings.node,
        "format": format_,
        "settings": _settings(job),
        "sha256": result["sha256"],
        "digest": record.digest,
        **({"commit": commit.facts()} if commit is not None else {}),
        **result["facts"],
        **ancestry,
    }
    return (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()


def write(root: Path, folder: str, path: Path, data: bytes) -> None:
    """Puts a file into the folder where files are delivered, whole or not at all.

    folder: relative to the root. Raises NodeError if it cannot be written there, as where a link leads out of it.
    """
    try:
        if not real(path.parent).is_relative_to(real(root / folder)):  # before a folder is made there
            raise NodeError(f"cannot write {path.relative_to(root)}: a link leads out of {folder}")
        path.parent.mkdir(parents=True, exist_ok=True)
        # Synced: a stamp trusts the stat of a file, and there are filesystems on which a power cut takes what was in
        # it and leaves that.
        write_atomically(str(path), data, root=str(root), sync=True)
    except OSError as error:
        # Not error.filename: that is the temporary file.
        raise NodeError(f"cannot write {path.relative_to(root)}: {error.strerror}") from error
