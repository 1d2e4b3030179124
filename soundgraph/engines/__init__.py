"""What an engine manifest is, and how the one for an engine is found by name: here, or else in an installed package.

An engine is a file `engines/<name>.py` with a docstring whose first line says what it writes, and an `ENGINE`. A
package offers one by an entry point of the group `soundgraph.engines`.
Nothing imports one by name, and none imports another; what they share is in files that begin with "_".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from soundgraph.core.errors import NodeError, one_of
from soundgraph.core.registry import Registry
from soundgraph.engines._fields import EngineParams


@dataclass(frozen=True)
class Sound:
    """One delivered audio file."""

    file: str
    """Relative to the build folder, with "/" between its parts: "footsteps/gravel_01.wav"."""
    name: str
    """Of the export: "gravel". All takes of an export share it."""
    take: int | None
    """Which take it is, from 1; None for an export without takes."""
    format: str
    """"wav", "ogg" and so on."""
    facts: Mapping[str, Any]
    """What was measured and stated, as the file's sidecar has it: `duration_s`, `sample_rate` (Hz), `channels`,
    `loudness_lufs`, `true_peak_dbtp`; where there is one, `loop` with `start` and `end`, the first and the last sample
    of the loop (the last one is part of it); where they were given, `title`, `comment` and the like."""
    id: str
    """A stable name of scene and export, equal for all takes. Ids in manifests are hashes of it, never random."""


@dataclass(frozen=True)
class Handout:
    """What an engine is given to write a manifest of."""

    params: Any
    """Of the manifest's table, validated."""
    path: str
    """Of the manifest, under the build folder and without its extension, such as "footsteps/wwise"."""
    sounds: Sequence[Sound]
    """The files that it is about, the takes of an export in order."""


class EngineAsset(NamedTuple):
    """A thing that importing a manifest makes in the engine's own project."""

    name: str
    """As the engine calls it."""
    of: str
    """The sound that it is made of, so that the same twice is no clash."""


@dataclass(frozen=True)
class Engine:
    """A sort of manifest."""

    params: type[EngineParams]
    """The fields of a [manifests.<name>] table, without `engine`, `exports` and `path`."""
    formats: tuple[str, ...]
    """The audio formats it can import, best first; none where it takes any."""
    files: Callable[[Handout], dict[str, bytes]]
    """The contents of files by their path under the build folder. Pure: equal handouts give equal bytes on any day and
    machine. Raises NodeError."""
    names: Callable[[Handout], list[str]]
    """The paths that `files` gives contents to, from the same handout. It reads no facts of the sounds: whatever else
    would be at such a path is found before anything runs. Raises NodeError for what is wrong by names alone."""
    every_format: bool = False
    """Whether `files` wants a sound in all formats that it is delivered in, rather than in the best one."""
    plays_loop_end: bool = False
    """Whether it plays the frame at which the loop of a WAV ends, in place of the one at which it begins. A loop that
    ends with its file is then followed by a copy of that one, a guard frame."""
    plays_whole_files: bool = False
    """Whether it repeats a looping WAV from the first frame of the file to the last."""
    makes: Callable[[Handout], list[EngineAsset]] = lambda handout: []
    """What importing the files makes in the engine's own project. Two manifests that make one thing of two sounds take
    it from each other. Reads no facts either."""
    merge: Callable[[str, bytes, bytes], bytes | None] = lambda path, theirs, ours: None
    """From the path of a file, what stands there, and what `files` gives it, to what it should be. For files that the
    engine writes as well: what it has added there stays. None if what stands there is none of the engine's."""


def _wrong_engine(offered: Any) -> str:
    if not isinstance(offered, Engine):
        return "is no soundgraph.engines.Engine"
    if not issubclass(offered.params, EngineParams):
        return "takes fields that are no soundgraph.engines.EngineParams"
    offered.params.model_rebuild()
    return ""


ENGINES: Registry[Engine] = Registry("engine", __name__, "ENGINE", "soundgraph.engines", _wrong_engine)


def names() -> tuple[str, ...]:
    """The engines that are soundgraph's own, sorted: the files of this folder."""
    return ENGINES.own


def get(name: str) -> Engine:
    """The engine called `name`, of soundgraph or of an installed package.

    Raises KeyError if there is none, PluginError for one of a package that cannot be used.
    """
    return ENGINES.get(name)


def summary(name: str) -> str:
    """The first line of the engine's file: what it writes. Raises as `get` does."""
    return ENGINES.summary(name)


def choose(name: str, sounds: Sequence[Sound]) -> list[Sound]:
    """The files that the engine called `name` is to import: one of each export and take, in the best format.

    Raises NodeError for a sound that is delivered in no format that the engine imports.
    """
    engine = get(name)
    if engine.every_format:
        return list(sounds)
    formats: dict[tuple[str, int | None], list[str]] = {}
    for sound in sounds:
        formats.setdefault((sound.id, sound.take), []).append(sound.format)
    best: dict[tuple[str, int | None], str] = {}
    for sound in sounds:
        key = (sound.id, sound.take)
        best_format = next((known for known in engine.formats if known in formats[key]), None)
        if best_format is None:
            raise NodeError(
                f"{name} imports {one_of(engine.formats)}, and {sound.name} is delivered as {one_of(formats[key])}; "
                f'add "{engine.formats[0]}" to its format'
            )
        best[key] = best_format
    return [sound for sound in sounds if sound.format == best[(sound.id, sound.take)]]
