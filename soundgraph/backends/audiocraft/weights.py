"""Where a model's weights are, what they are, and what of them is not on this machine.

A model is more than its checkpoint: its codec file may point at a repository with the codec, its text encoder is a
repository of its own, and melody models need demucs. All of them make the sound, so all of them are its identity.
Everything here looks at files with the standard library: a plan asks it, and a plan waits for no network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from soundgraph.backends import Model, Pin, Sources
from soundgraph.backends.audiocraft import catalogue, digests
from soundgraph.backends.audiocraft.catalogue import CatalogueEntry
from soundgraph.backends.audiocraft.peek import Peeked, peek
from soundgraph.backends.audiocraft.repositories import (
    CODEC_FILE,
    LM_FILE,
    Place,
    checkpoint_files,
    codec_files,
    file_names,
    names_of,
    other_revision,
    passed_over,
    places,
    stems_folder,
    storage_of,
    text_files,
)
from soundgraph.core.digest import digest
from soundgraph.core.errors import NodeError, quote
from soundgraph.core.files import stat_text
from soundgraph.core.path_names import is_spelled_as_path

STEMS_FILE = "955717e8-8726e21a.th"
STEMS_SHA256 = "8726e21a993978c7ba086d3872e7608d7d5bfca646ca4aca459ffda844faa8b4"
"""Of demucs' model "htdemucs", the one that audiocraft takes melodies with; its name has the digest's beginning."""

OWN_STEMS = ("demucs.safetensors", "demucs.th", STEMS_FILE)
"""The demucs that the folder of a checkpoint may hold, whatever its content."""

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")

Role = Literal["checkpoint", "codec", "text", "stems"]


@dataclass(frozen=True)
class WeightFiles:
    """The files of one model, all on this machine."""

    lm: Path
    """Of its checkpoint."""
    codec: Path
    """Of its checkpoint."""
    codec_folder: Path | None = None
    """An EnCodec in the form of transformers (config and weights) that the codec file points at, else None."""
    text_encoder: Path | None = None
    """The folder of its T5 (config, weights, tokenizer); None for a model without one."""
    stems: Path | None = None
    """The file of demucs, for melody models; None where it is not there."""


@dataclass(frozen=True)
class WeightPart:
    """A part of a model that is not on this machine."""

    role: Role
    repository: str
    """Where it is published."""


@dataclass(frozen=True)
class FoundWeights:
    """What there is of a model on this machine."""

    files: WeightFiles | None = None
    """None unless everything is here."""
    absent: tuple[WeightPart, ...] = ()
    """What is not here."""
    identity: str = ""
    """Of the weights; "" unless everything is here."""
    revision: str = ""
    """Of the checkpoint's repository."""
    others: tuple[str, ...] = ()
    """"repository@revision" of the parts out of other repositories."""
    lm: Peeked = field(default_factory=Peeked)
    """What the file says."""
    codec: Peeked = field(default_factory=Peeked)
    """What the file says."""
    read: tuple[Path, ...] = ()
    """The files that were looked at."""
    passed: tuple[Path, ...] = ()
    """The places before those."""


def find(model_id: str, sources: Sources) -> Model | None:
    """The model of that id, None if there is none.

    Raises ValueError for a folder that cannot be used, with words that go after `model "./weights/mine" `.
    """
    if is_spelled_as_path(model_id):
        return _from_folder(model_id, sources)
    entry = catalogue.entry(model_id)
    return None if entry is None else _published(entry, sources)


def locate(model: Model, sources: Sources) -> WeightFiles:
    """Where everything that makes the model is, each file being what its digest says.

    Raises NodeError saying what is missing, damaged, or not what it was.
    """
    try:
        weights = look(model.id, sources)
    except (ValueError, OSError) as error:
        raise NodeError(f"model {quote(model.id)} {_words(error)}") from error
    if weights.files is None:
        absent = f"{quote(model.id)} is not on this machine ({absent_words(weights.absent)})"
        raise NodeError(f"model {absent}: soundgraph models pull {model.id}")
    if model.identity and weights.identity != model.identity:
        raise NodeError(f"model {quote(model.id)} has other weights than planned for: {_unlike(model, weights)}")
    if damage := damage_of(model.id, weights.read):
        raise NodeError(f"model {quote(model.id)} {damage}")
    return weights.files


def stats(files: WeightFiles) -> dict[Path, str]:
    """By file of a model: what tells that it has not changed since."""
    paths = [files.lm, files.codec, *([files.stems] if files.stems is not None else [])]
    for folder, choose in ((files.codec_folder, codec_files), (files.text_encoder, text_files)):
        paths += [folder / name for name in choose(file_names(folder))] if folder is not None else []
    return {path: stat_text(str(path)) for path in paths}


def damage_of(model_id: str, read: Iterable[Path]) -> str:
    """What is wrong with the content of a model's files, in words that go after its name; "" for nothing.

    read: the files. Those of the hub's cache are read now, once: their names were believed until here.
    """
    for path in read:
        kept = storage_of(path)
        try:
            damage = digests.damage(path, kept) if kept is not None and path.is_file() else ""
        except OSError as error:
            return _words(error)
        if damage:
            return f"{damage}; soundgraph models pull {model_id}"
    return ""


def look(model_id: str, sources: Sources, *, thorough: bool = False) -> FoundWeights:
    """What there is of a model. Raises ValueError for files that are not what they should be, OSError.

    thorough: whether to read what the hub's cache names by its digest, and to take for absent what is damaged there.
    """
    pin = sources.pins.get(model_id)
    if is_spelled_as_path(model_id):
        return _assemble(Place(_folder(model_id, sources)), sources, pin, None, thorough)
    entry = catalogue.entry(model_id)
    for place in places(model_id, sources, pin.revision if pin else "", checkpoint_files):
        if thorough and _is_damaged(place, checkpoint_files):
            return FoundWeights(absent=(WeightPart("checkpoint", model_id),))
        weights = _assemble(place, sources, pin, entry, thorough)
        # Another version than the pinned one is of use only if it has the same weights; else the pinned one is fetched.
        if pin is None or place.revision in ("", pin.revision) or weights.identity == pin.digest:
            passed = passed_over(place, model_id, sources, pin.revision if pin else "")
            return replace(weights, passed=(*passed, *weights.passed))
    absent = [WeightPart("checkpoint", model_id)]
    if entry is not None:
        absent += _companions_absent(entry, sources, pin)
    return FoundWeights(absent=tuple(absent))


def absent_words(parts: Iterable[WeightPart]) -> str:
    """What is not here, for a person."""
    return ", ".join(part.repository for part in parts)


# Models


def _published(entry: CatalogueEntry, sources: Sources) -> Model:
    model, pin = catalogue.model(entry), sources.pins.get(entry.id)
    if pin is not None:
        model = replace(model, identity=pin.digest, revision=pin.revision)
    try:
        weights = look(entry.id, sources)
    except (ValueError, OSError) as error:
        # The takes that were made with it are still its takes: it is told when one is to be made.
        return replace(model, here=True, trouble=_words(error))
    model = replace(model, here=weights.files is not None, revision=weights.revision or model.revision)
    model = replace(model, read=weights.read, passed=weights.passed)
    if not model.here:
        return replace(model, trouble=absent_words(weights.absent))
    if pin is not None and weights.identity != pin.digest:
        trouble = f"has other weights here than soundgraph.lock says ({_unlike(model, weights)})"
        return replace(model, trouble=f"{trouble}: soundgraph models pull {entry.id}, or remove the line")
    return replace(model, identity=weights.identity)


def _from_folder(model_id: str, sources: Sources) -> Model:
    try:
        weights = look(model_id, sources)
    except OSError as error:
        raise ValueError(_words(error)) from error
    lm, codec = weights.lm, weights.codec
    rate = codec.get("sample_rate") or lm.get("sample_rate")
    seconds = lm.get("dataset.segment_duration")
    stereo = bool(lm.get("interleave_stereo_codebooks.use", False))
    channels = 2 if stereo else codec.get("channels") or lm.get("channels", 1)
    if not isinstance(rate, int) or not 1_000 <= rate <= 384_000:
        raise ValueError(f"cannot be used: its {LM_FILE} does not say at which sample rate it works")
    if not isinstance(seconds, (int, float)) or not 0 < seconds <= 3600:
        raise ValueError(f"cannot be used: its {LM_FILE} does not say how long a piece it makes")
    if channels not in (1, 2):
        raise ValueError(f"cannot be used: it has {channels!r} channels")
    solver = str(lm.get("solver", ""))
    magnet = lm.get("lm_model") == "transformer_lm_magnet"
    melody = bool(_conditioners(lm, "chroma_stem"))
    return Model(
        id=model_id,
        backend="audiocraft",
        family="audio" if solver.startswith("audio") or rate == 16_000 else "music",
        sample_rate=rate,
        channels=channels,
        max_duration_s=float(seconds),
        licence="",
        identity=weights.identity,
        conditioning=catalogue.conditioning(melody, magnet),
        longer=not magnet,
        batches=not magnet,
        defaults=catalogue.MAGNET_DEFAULTS if magnet else (),
        memory=_memory(weights),
        here=weights.files is not None,
        read=weights.read,
        passed=weights.passed,
        trouble=absent_words(weights.absent),
    )


def _memory(weights: FoundWeights) -> tuple[tuple[Literal["float32", "float16", "bfloat16", "int8"], int], ...]:
    """From the tensors of its two files, and the files of its codec and text encoder where they are apart."""
    files = weights.files
    codec_bytes = weights.codec.parameters * 4
    if files is None:
        text_bytes = 0
    else:
        codec_bytes += _size(files.codec_folder, codec_files)
        text_bytes = _size(files.text_encoder, text_files)
    return catalogue.memory(weights.lm.parameters, codec_bytes, text_bytes)


def _size(folder: Path | None, choose: Callable[[Iterable[str]], list[str]]) -> int:
    return sum((folder / name).stat().st_size for name in choose(file_names(folder))) if folder is not None else 0


def _unlike(model: Model, weights: FoundWeights) -> str:
    return f"{weights.identity[:12]}, not {model.identity[:12]}"


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.filename or ''}: {error.strerror or error}"
    return str(error)


# Looking


def _folder(model_id: str, sources: Sources) -> Path:
    folder = (sources.root or Path.cwd()) / model_id
    if not folder.exists():
        # A scene writes it from its own folder on, and an id is from the root on: the message has the latter.
        raise ValueError(f"does not exist: there is no folder {os.path.normpath(model_id)}")
    if not folder.is_dir():
        raise ValueError("is a file; name the folder that it is in")
    for name in (LM_FILE, CODEC_FILE):
        if not (folder / name).is_file():
            raise ValueError(f"is no checkpoint: it has no {name}")
    return folder


def _assemble(
    place: Place, sources: Sources, pin: Pin | None, entry: CatalogueEntry | None, thorough: bool
) -> FoundWeights:
    """Everything that belongs to the checkpoint in a folder."""
    lm_file, codec_file = place.folder / LM_FILE, place.folder / CODEC_FILE
    # Of a folder that the user named, the file's name says enough.
    shown, mended = (str, f"; soundgraph models pull {entry.id}") if entry is not None else (_its, "")
    mended = mended if place.repository else ""  # what lies elsewhere is the user's to mend
    lm, codec = (_peek(file, shown(file), mended) for file in (lm_file, codec_file))
    if lm.pretrained:
        raise ValueError(f"cannot be used: its {LM_FILE} points at {quote(lm.pretrained)}, and has no weights itself")
    parts: list[tuple[str, Path]] = [("lm", lm_file), ("codec", codec_file)]
    chosen, absent = [place], []
    passed: list[Path] = []
    folders: dict[str, Path] = {}
    companions = _companions(lm, codec)
    for part in companions:
        choose = codec_files if part.role == "codec" else text_files
        pinned = other_revision(part.repository, pin)
        at = next(places(part.repository, sources, pinned, choose, place.folder), None)
        if at is None or (thorough and _is_damaged(at, choose)):
            absent.append(part)
            continue
        chosen.append(at)
        passed += passed_over(at, part.repository, sources, pinned, place.folder)
        folders[part.role] = at.folder
        parts += [(f"{part.role}/{name}", at.folder / name) for name in choose(file_names(at.folder))]
    melody = bool(_conditioners(lm, "chroma_stem"))
    stems, stems_digest = _stems(place.folder, sources, thorough) if melody else (None, "")
    passed += [place.folder / name for name in OWN_STEMS if melody and stems != place.folder / name]
    if melody and stems is None and entry is not None:
        absent.append(WeightPart("stems", "demucs"))
    read = tuple(dict.fromkeys([*(path for _, path in parts), *(file for at in chosen for file in at.read)]))
    weights = FoundWeights(
        absent=tuple(absent), revision=place.revision, lm=lm, codec=codec, read=read, passed=tuple(passed)
    )
    if absent:
        return weights
    contents = [(role, _digest(path)) for role, path in parts]
    if melody:
        contents.append(("stems", stems_digest))
    identity = digest("audiocraft weights", sorted(contents))
    if pin is not None and identity != pin.digest:
        # A part that is here at another revision than the pinned one is to be fetched, and not to be blamed.
        moved = [at for at in chosen[1:] if other_revision(at.repository, pin) not in ("", at.revision)]
        if absent := [part for part in companions if {at.repository for at in moved} & set(names_of(part.repository))]:
            return replace(weights, absent=tuple(absent))
    return replace(
        weights,
        files=WeightFiles(lm_file, codec_file, folders.get("codec"), folders.get("text"), stems),
        identity=identity,
        others=tuple(f"{at.repository}@{at.revision}" for at in chosen[1:] if at.revision),
    )


def _its(file: Path) -> str:
    return f"its {file.name}"


def _digest(path: Path) -> str:
    """What a file is, by the hub's word for it where it is in the hub's own cache."""
    kept = storage_of(path)
    return (digests.stated(path, kept) if kept is not None else "") or digests.of(path)


def _is_damaged(place: Place, choose: Callable[[Iterable[str]], list[str]]) -> bool:
    """Whether a file of the hub's cache is not what it is called by there. Elsewhere files are the user's to mend."""
    if not place.repository:
        return False
    paths = [place.folder / name for name in choose(file_names(place.folder))]
    return any(digests.damage(path, storage_of(path)) for path in paths)


def _companions(lm: Peeked, codec: Peeked) -> list[WeightPart]:
    """The repositories that a checkpoint needs beside itself."""
    parts = []
    if codec.pretrained:
        if not _REPOSITORY.fullmatch(codec.pretrained) or "/" not in codec.pretrained:
            raise ValueError(f"cannot be used: its codec is {quote(codec.pretrained)}, which is no EnCodec of the hub")
        parts.append(WeightPart("codec", codec.pretrained))
    names = {str(settings.get("name", "")) for settings in _conditioners(lm, "t5")}
    for name in sorted(names):
        if not _REPOSITORY.fullmatch(name):
            raise ValueError(f"cannot be used: its text encoder is called {quote(name)}")
        parts.append(WeightPart("text", name))
    if len(names) > 1:
        raise ValueError(f"cannot be used: it has {len(names)} text encoders")
    return parts


def _companions_absent(entry: CatalogueEntry, sources: Sources, pin: Pin | None) -> Iterator[WeightPart]:
    """What a published model that is not here will most likely need, and is not here either."""
    likely = [(WeightPart("codec", entry.codec), codec_files), (WeightPart("text", entry.text_encoder), text_files)]
    for part, choose in likely:
        revision = other_revision(part.repository, pin)
        if part.repository and next(places(part.repository, sources, revision, choose), None) is None:
            yield part
    if entry.melody and _stems(None, sources)[0] is None:
        yield WeightPart("stems", "demucs")


def _conditioners(lm: Peeked, model: str) -> list[dict[str, object]]:
    """The settings of all its conditioners of one sort."""
    conditioners = lm.get("conditioners", {})
    tables = (
        [table for table in conditioners.values() if isinstance(table, dict)] if isinstance(conditioners, dict) else []
    )
    return [table.get(model) or {} for table in tables if table.get("model") == model]


def _stems(folder: Path | None, sources: Sources, thorough: bool = False) -> tuple[Path | None, str]:
    """Where the demucs of a melody model is, if it is here, and its digest.

    The digest of the published one is known whether or not it is here: a model may be used without a melody.
    """
    for name in OWN_STEMS if folder is not None else ():
        if (own := folder / name).is_file():  # type: ignore[operator]
            return own, digests.of(own)
    shared = [sources.weights_dir / "demucs"] if sources.weights_dir is not None else []
    for path in (parent / STEMS_FILE for parent in (*shared, stems_folder())):
        if path.is_file():
            if digests.of(path) != STEMS_SHA256:
                fetched = path.parent == stems_folder()
                if thorough and fetched:
                    continue  # it is fetched again, and takes this one's place
                hint = "soundgraph models pull mends it" if fetched else "remove it"
                raise ValueError(f"cannot be used: {path} is damaged; {hint}")
            return path, STEMS_SHA256
    return None, STEMS_SHA256


_peeked: dict[str, tuple[str, Peeked]] = {}


def _peek(path: Path, shown: str, mended: str) -> Peeked:
    """What a checkpoint says, read once in a process. shown, mended: what messages call it, and say at their end."""
    stat, moment = stat_text(str(path)), digests.recent_ns()
    known = _peeked.get(str(path))
    if known is not None and known[0] == stat:
        return known[1]
    try:
        peeked = peek(path)
    except ValueError as error:
        raise ValueError(f"cannot be used: {shown} {error}{mended}") from error
    if digests.is_settled(stat, moment):
        _peeked[str(path)] = stat, peeked
    return peeked
