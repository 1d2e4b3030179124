"""The chunks of a WAV file that are not samples: tags, a loop, cues.

Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991 (RIFF, INFO, cue,
labl); Microsoft, "New Multimedia Data Types and Data Techniques", 1994 (smpl).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from soundgraph.audio.containers.metadata import Marks

MAX_BYTES = 2**32 - 1 + 8
"""The size of a RIFF file, whose first chunk leaves its own header of eight bytes out of the size it states."""

_INFO = {"title": b"INAM", "artist": b"IART", "comment": b"ICMT"}
_MIDDLE_C = 60
_FORWARD = 0
_FOR_EVER = 0


def marked(wav: bytes, marks: Marks, sample_rate: int) -> bytes:
    """A WAV file with the chunks of its marks at its end.

    wav: a whole RIFF file, of whose chunks none is of these kinds.
    Returns what may be larger than a RIFF file can state: see `MAX_BYTES`.
    """
    found = []
    if marks.tags:
        found.append(_info(marks.tags))
    if marks.loop is not None:
        found.append(_sampler(sample_rate, *marks.loop))
    if marks.cues:
        found.append(_cues([at for at, _ in marks.cues]))
        found.append(_labels(label for _, label in marks.cues))
    # At the end, where editors put them too: programs that expect the samples at byte 44 find them there.
    data = b"".join([wav, *found])
    return data[:4] + struct.pack("<I", min(len(data) - 8, 2**32 - 1)) + data[8:]


def _chunk(name: bytes, body: bytes) -> bytes:
    # A chunk begins at an even place; the byte that fills up to it does not count.
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _info(tags: Mapping[str, str]) -> bytes:
    # Which encoding the text has, RIFF leaves open. UTF-8 is what is read today.
    texts = [_chunk(name, tags[tag].encode() + b"\0") for tag, name in _INFO.items() if tag in tags]
    return _chunk(b"LIST", b"INFO" + b"".join(texts))


def _sampler(sample_rate: int, start: int, stop: int) -> bytes:
    period_ns = round(1e9 / sample_rate)
    head = struct.pack("<9I", 0, 0, period_ns, _MIDDLE_C, 0, 0, 0, 1, 0)
    # The last sample that is played, not the first one that is not.
    return _chunk(b"smpl", head + struct.pack("<6I", 0, _FORWARD, start, stop - 1, 0, _FOR_EVER))


def _cues(places: list[int]) -> bytes:
    points = [struct.pack("<II4sIII", n, at, b"data", 0, 0, at) for n, at in enumerate(places, 1)]
    return _chunk(b"cue ", struct.pack("<I", len(points)) + b"".join(points))


def _labels(labels: Iterable[str]) -> bytes:
    texts = [_chunk(b"labl", struct.pack("<I", n) + label.encode() + b"\0") for n, label in enumerate(labels, 1)]
    return _chunk(b"LIST", b"adtl" + b"".join(texts))
