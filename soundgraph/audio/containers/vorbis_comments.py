"""Vorbis comments, in which FLAC and Ogg files (Vorbis, Opus) carry tags, a loop and cues.

Sources: the Vorbis I specification, section 5; RFC 9639 (FLAC), section 8; RFC 7845 (Opus in Ogg), section 5.2.
"""

from __future__ import annotations

import struct

from soundgraph.audio.containers import ogg
from soundgraph.audio.containers.metadata import Marks

_VORBIS, _OPUS = b"\x03vorbis", b"OpusTags"
_FLAC_COMMENT = 4
_FLAC_LAST = 0x80


def comments(marks: Marks, sample_rate: int) -> list[str]:
    """`NAME=text` for each thing the marks say.

    A loop is LOOPSTART and LOOPLENGTH in samples: no standard, but what RPG Maker, and engines after it, read. A cue is
    a CHAPTERxxx of the Ogg chapter convention, which players and ffmpeg read as chapters.
    """
    texts = [f"{name.upper()}={text}" for name, text in marks.tags.items()]
    if marks.loop is not None:
        start, stop = marks.loop
        texts += [f"LOOPSTART={start}", f"LOOPLENGTH={stop - start}"]
    for number, (at, label) in enumerate(marks.cues, 1):
        ms = round(1000 * at / sample_rate)
        clock = f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
        texts += [f"CHAPTER{number:03}={clock}", f"CHAPTER{number:03}NAME={label}"]
    return texts


def in_flac(data: bytes, texts: list[str]) -> bytes:
    """A FLAC file with these comments instead of its own. What encoded it (the "vendor") stays named."""
    blocks, at = _blocks(data)
    own = next((_vendor(body) for kind, body in blocks if kind == _FLAC_COMMENT), b"")
    blocks = [block for block in blocks if block[0] != _FLAC_COMMENT]
    blocks.insert(1, (_FLAC_COMMENT, _packed(own, texts)))
    parts = [data[:4]]
    for index, (kind, body) in enumerate(blocks, 1):
        last = _FLAC_LAST if index == len(blocks) else 0
        parts.append(bytes([kind | last]) + len(body).to_bytes(3, "big") + body)
    return b"".join([*parts, data[at:]])


def in_ogg(data: bytes, texts: list[str]) -> bytes:
    """An Ogg file of one Vorbis or Opus stream with these comments instead of its own."""
    opus = data[28:36] == b"OpusHead"
    packets, rest = ogg.headers(data, 1 if opus else 2)
    lead = _OPUS if opus else _VORBIS
    body = lead + _packed(_vendor(packets[0][len(lead) :]), texts)
    packets[0] = body if opus else body + b"\x01"
    return ogg.rebuilt(data, packets, rest)


def vendor(data: bytes) -> str:
    """What encoded a FLAC or Ogg file, as it says itself: "reference libFLAC 1.4.3 20230623"."""
    if data[:4] == b"fLaC":
        return next((_vendor(body) for kind, body in _blocks(data)[0] if kind == _FLAC_COMMENT), b"").decode()
    opus = data[28:36] == b"OpusHead"
    packets, _ = ogg.headers(data, 1 if opus else 2)
    return _vendor(packets[0][len(_OPUS if opus else _VORBIS) :]).decode()


def _blocks(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """(kind, body) of each block of metadata of a FLAC file, and where its sound begins."""
    blocks: list[tuple[int, bytes]] = []
    at, kind = 4, 0
    while not kind & _FLAC_LAST:
        kind, size = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        blocks.append((kind & ~_FLAC_LAST, data[at + 4 : at + 4 + size]))
        at += 4 + size
    return blocks, at


def _vendor(body: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", body)
    return body[4 : 4 + size]


def _packed(vendor: bytes, texts: list[str]) -> bytes:
    fields = [vendor, *(text.encode() for text in texts)]
    sized = [struct.pack("<I", len(field)) + field for field in fields]
    sized.insert(1, struct.pack("<I", len(texts)))
    return b"".join(sized)
