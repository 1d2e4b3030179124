"""WAV files as they are written: the header, and the chunks of tags, a loop and cues.

Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991 (RIFF, INFO, cue,
labl); Microsoft, "New Multimedia Data Types and Data Techniques", 1994 (smpl).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from soundgraph.audio.containers.metadata import Marks
from soundgraph.core.errors import NodeError

MAX_BYTES = 2**32 - 1 + 8
"""The size of a RIFF file, whose first chunk leaves its own header of eight bytes out of the size it states."""

_INFO = {"title": b"INAM", "artist": b"IART", "comment": b"ICMT"}
_MIDDLE_C = 60
_FORWARD = 0
_FOR_EVER = 0
_INTEGERS, _FLOATS, _EXTENSIBLE = 1, 3, 0xFFFE
_SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")


def wave(body: bytes, channels: int, sample_rate: int, bit_depth: int, speakers: int | None) -> bytes:
    """A WAV file of no chunks but those that it needs.

    body: the samples, interleaved; of 32 bits they are float.
    speakers: a bit for each speaker that a channel is for. None for what the number of channels says.
    Raises NodeError if that is more than a WAV file can hold.
    """
    padding = bytes(len(body) % 2)  # chunks begin at even places
    tag = _FLOATS if bit_depth == 32 else _INTEGERS
    more = b""
    if speakers is not None:
        # Which speaker a channel is for can only be told in the longer form of the header, WAVE_FORMAT_EXTENSIBLE.
        more = struct.pack("<HHIH", 22, bit_depth, speakers, tag) + _SUBFORMAT
        tag = _EXTENSIBLE
    n_bytes = 44 + len(more) + len(body) + len(padding)
    check_size(n_bytes)
    frame_bytes = channels * bit_depth // 8
    header = struct.pack(
        "<4sI4s 4sIHHIIHH",
        *(b"RIFF", n_bytes - 8, b"WAVE"),
        *(b"fmt ", 16 + len(more), tag, channels, sample_rate, sample_rate * frame_bytes),
        *(frame_bytes, bit_depth),
    )
    return header + more + struct.pack("<4sI", b"data", len(body)) + body + padding


def check_size(n_bytes: int) -> None:
    """Raises NodeError for a file of more bytes than a WAV file can state."""
    if n_bytes > MAX_BYTES:
        raise NodeError(f"the file would be {n_bytes / 1e9:.1f} GB, more than the 4.3 GB a WAV file can hold")


def marked(wav: bytes, marks: Marks, sample_rate: int) -> bytes:
    """A WAV file with the chunks of its marks at its end.

    wav: a whole RIFF file, of whose chunks none is of these kinds.
    Returns what may be larger than a RIFF file can state: see `MAX_BYTES`.
    """
    chunks = []
    if marks.tags:
        chunks.append(_info(marks.tags))
    if marks.loop is not None:
        chunks.append(_sampler(sample_rate, *marks.loop))
    if marks.cues:
        chunks.append(_cues([at for at, _ in marks.cues]))
        chunks.append(_labels(label for _, label in marks.cues))
    # At the end, where editors put them too: programs that expect the samples at byte 44 find them there.
    data = b"".join([wav, *chunks])
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
