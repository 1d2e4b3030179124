"""How manifests see sounds: takes put together, paths from the manifest, loops, and text that is safe to quote."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from soundgraph.core.errors import NodeError
from soundgraph.core.text import one_line
from soundgraph.engines import Sound


class LoopSpan(NamedTuple):
    """Which samples of a sound repeat."""

    start: int
    """The first one."""
    stop: int
    """The first one that no longer does."""


class Group(NamedTuple):
    """An export, as a manifest sees it."""

    name: str
    id: str
    sounds: tuple[Sound, ...]
    has_takes: bool
    """Whether it is made of takes, of which there may be one."""


def groups(sounds: Iterable[Sound]) -> list[Group]:
    """The exports in the order in which they first come, each with its takes in order.

    An export of one take is still one with takes: engines make a container of it, and a second take joins it there
    without a game having to refer to something else.
    """
    by_id: dict[str, list[Sound]] = {}
    for sound in sounds:
        by_id.setdefault(sound.id, []).append(sound)
    return [
        Group(
            takes[0].name,
            key,
            tuple(sorted(takes, key=lambda sound: sound.take or 0)),
            takes[0].take is not None,
        )
        for key, takes in by_id.items()
    ]


def seen_from(path: str, file: str) -> str:
    """`file` as a manifest at `path` has to name it, both under the build folder: "../music/theme.wav"."""
    return posixpath.relpath(file, posixpath.dirname(path) or ".")


def under(root: str, file: str) -> str:
    """`file` below a root that may be empty, or end in "/" as "res://" does."""
    return f"{root}{file}" if not root or root.endswith("/") else f"{root}/{file}"


def stem(file: str) -> str:
    """The name of a file without folders and extension."""
    return posixpath.splitext(posixpath.basename(file))[0]


def n_samples(sound: Sound) -> int:
    """Length in samples of one channel. The duration is kept to a microsecond, which is less than half a sample."""
    return round(float(sound.facts["duration_s"]) * int(sound.facts["sample_rate"]))


def loop(sound: Sound) -> LoopSpan | None:
    """The loop of a sound, None if it has none."""
    facts = sound.facts.get("loop")
    return None if facts is None else LoopSpan(int(facts["start"]), int(facts["end"]) + 1)


def loops_whole(sound: Sound) -> bool:
    """Whether a sound has a loop, and it is the sound from beginning to end."""
    return loop(sound) == (0, n_samples(sound))


def no_more_channels_than(engine: str, most: int, sounds: Sequence[Sound]) -> None:
    """Raises NodeError for a sound of more channels than the engine takes."""
    for sound in sounds:
        channels = int(sound.facts["channels"])
        if channels > most:
            raise NodeError(f"{sound.name} has {channels} channels, and {engine} imports at most {most}")


def identifier(text: str) -> str:
    """Text as a name of letters, digits, "_" and "-" of ASCII, as asset and class names may have to be."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)


def figures(sound: Sound) -> str:
    """ "0.82 s, -23.0 LUFS, -1.0 dBTP": what a person wants to know of a sound at a glance."""
    parts = [f"{float(sound.facts['duration_s']):.2f} s"]
    for key, unit in (("loudness_lufs", "LUFS"), ("true_peak_dbtp", "dBTP")):
        value = sound.facts.get(key)
        if value is not None:
            parts.append(f"{float(value) + 0.0:.1f} {unit}")
    return ", ".join(parts)


def notes(sound: Sound) -> str:
    """In one line: "draft" if it is one, a sound's title and comment if it has any, and its figures."""
    stated = [one_line(str(sound.facts[key])) for key in ("title", "comment") if sound.facts.get(key)]
    draft = ["draft"] if sound.facts.get("draft") else []
    return "; ".join([*draft, *stated, figures(sound)])


def as_json(data: object) -> str:
    """JSON in ASCII, indented, without a newline at the end.

    It is a literal of JavaScript as it stands, since U+2028 and U+2029 are escaped. Its strings are literals of C#. And
    it can stand in a raw string of Python between three quotation marks, of which it never has three in a row. So
    whatever a name holds, it does not get out of its string.
    """
    return json.dumps(data, indent=2, ensure_ascii=True, allow_nan=False)
