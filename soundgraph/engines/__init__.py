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
    """One delivered audio file.

    file: relative to the build folder, with "/" between its parts: "footsteps/gravel_01.wav".
    name: of the export: "gravel". All takes of an export share it.
    take: which take it is, from 1; None for an export without takes.
    format: "wav", "ogg" and so on.
    facts: what was measured and stated, as the file's sidecar has it: `duration_s`, `sample_rate` (Hz), `channels`,
        `loudness_lufs`, `true_peak_dbtp`; where there is one, `loop` with `start` and `end`, the first and the last
        sample of the loop (the last one is part of it); where they were given, `title`, `comment` and the like.
    id: a stable name of scene and export, equal for all takes. Ids in manifests are hashes of it, never random.
    """

    file: str
    name: str
    take: int | None
    format: str
    facts: Mapping[str, Any]
    id: str


@dataclass(frozen=True)
class Handout:
    """What an engine is given to write a manifest of.

    params: of the manifest's table, validated. path: of the manifest, under the build folder and without its extension,
        such as "footsteps/wwise". sounds: the files that it is about, the takes of an export in order.
    """

    params: Any
    path: str
    sounds: Sequence[Sound]


class Made(NamedTuple):
    """A thing in an engine's project. of: the sound that it is made of, so that the same twice is no clash."""

    name: str
    of: str


@dataclass(frozen=True)
class Engine:
    """A sort of manifest.

    params: the fields of a [manifests.<name>] table, without `engine`, `exports` and `path`.
    formats: the audio formats it can import, best first; none where it takes any.
    files: the contents of files by their path under the build folder. Pure: equal handouts give equal bytes on any day
        and machine. Raises NodeError.
    names: the paths that `files` gives contents to, from the same handout, of whose sounds it reads no facts: whatever
        else would be at such a path is found before anything runs. Raises NodeError for what is wrong by names alone.
    every_format: whether `files` wants a sound in all formats that it is delivered in, rather than in the best one.
    plays_loop_end: whether it plays the frame at which the loop of a WAV ends, in place of the one at which it begins.
        A loop that ends with its file is then followed by a copy of that one, a guard frame.
    plays_whole_files: whether it repeats a looping WAV from the first frame of the file to the last.
    makes: what importing the files makes in the engine's own project, as names with the sound that each is of; two
        manifests that make one thing of two sounds take it from each other. Reads no facts either.
    merge: from the path of a file, what stands there, and what `files` gives it, to what it should be. For files that
        the engine writes as well: what it has added there stays. None if what stands there is none of the engine's.
    """

    params: type[EngineParams]
    formats: tuple[str, ...]
    files: Callable[[Handout], dict[str, bytes]]
    names: Callable[[Handout], list[str]]
    every_format: bool = False
    plays_loop_end: bool = False
    plays_whole_files: bool = False
    makes: Callable[[Handout], list[Made]] = lambda handout: []
    merge: Callable[[str, bytes, bytes], bytes | None] = lambda path, there, ours: None


def _wrong_engine(found: Any) -> str:
    if not isinstance(found, Engine):
        return "is no soundgraph.engines.Engine"
    if not issubclass(found.params, EngineParams):
        return "takes fields that are no soundgraph.engines.EngineParams"
    found.params.model_rebuild()
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
        found = next((each for each in engine.formats if each in formats[key]), None)
        if found is None:
            raise NodeError(
                f"{name} imports {one_of(engine.formats)}, and {sound.name} is delivered as {one_of(formats[key])}; "
                f'add "{engine.formats[0]}" to its format'
            )
        best[key] = found
    return [sound for sound in sounds if sound.format == best[(sound.id, sound.take)]]
