"""Places in a sound that a picture marks, in seconds: loops and cues, as a WAV file or a sidecar holds them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# Longer than any list of cues; the samples, which may be gigabytes, are never read.
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class TimedLoop:
    """A part that a player repeats. In seconds; `end` is where the last sample of it ends."""

    start: float
    end: float


@dataclass(frozen=True)
class TimedCue:
    """A place with a name, which may be empty. In seconds."""

    at: float
    label: str = ""


@dataclass(frozen=True)
class TimedMarks:
    loops: tuple[TimedLoop, ...] = ()
    cues: tuple[TimedCue, ...] = ()


def read(path: Path, sample_rate: int) -> TimedMarks:
    """The marks of a WAV file; none for any other file, and none of a chunk that is damaged.

    Source: "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft, 1991) for `cue ` and `LIST`,
    its supplement of 1994 for `smpl`, whose end is the last sample that is played, not the one after it.
    """
    loops: list[TimedLoop] = []
    places: dict[int, int] = {}
    labels: dict[int, str] = {}
    for name, body in _chunks(path):
        try:
            if name == b"smpl":
                count = struct.unpack_from("<I", body, 28)[0]
                for start, end in (struct.unpack_from("<II", body, 44 + 24 * i) for i in range(count)):
                    loops.append(TimedLoop(start / sample_rate, (end + 1) / sample_rate))
            elif name == b"cue ":
                for i in range(struct.unpack_from("<I", body)[0]):
                    number, *_, place = struct.unpack_from("<II4sIII", body, 4 + 24 * i)
                    places[number] = place
            elif name == b"LIST" and body[:4] == b"adtl":
                for kind, text in _parts(body[4:]):
                    if kind == b"labl":
                        label = text[4:].split(b"\0")[0].decode("utf-8", "replace")
                        labels[struct.unpack_from("<I", text)[0]] = label
        except struct.error:  # it ends before it should: what came before that is good
            continue
    cues = sorted((place / sample_rate, labels.get(number, "")) for number, place in places.items())
    return TimedMarks(tuple(loops), tuple(TimedCue(at, label) for at, label in cues))


def of_facts(facts: Mapping[str, object], sample_rate: int) -> TimedMarks:
    """The marks that a sidecar tells of, whose places are samples; what is none of its form is passed over.

    sample_rate: of the file that it lies beside.
    """
    loop, cues = facts.get("loop"), facts.get("cues")
    loops = []
    if isinstance(loop, dict) and _is_place(loop.get("start")) and _is_place(loop.get("end")):
        loops.append(TimedLoop(loop["start"] / sample_rate, (loop["end"] + 1) / sample_rate))
    items = [cue for cue in cues if isinstance(cue, dict)] if isinstance(cues, list) else []
    timed_cues = sorted(
        (cue["sample"] / sample_rate, str(cue.get("label", ""))) for cue in items if _is_place(cue.get("sample"))
    )
    return TimedMarks(tuple(loops), tuple(TimedCue(at, label) for at, label in timed_cues))


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The small chunks of a RIFF WAVE file, by name; nothing for what is none."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return
        while len(header := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", header)
            if name == b"data" or size > _MOST_BYTES:
                file.seek(size + size % 2, 1)
            else:
                yield name, file.read(size)
                file.seek(size % 2, 1)


def _parts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, place)
        yield name, body[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
