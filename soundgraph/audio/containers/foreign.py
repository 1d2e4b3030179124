"""Recordings in containers that libsndfile does not know: what they are, and whether they are whole.

`ffmpeg` decodes what is left of a file that was cut short, as libsndfile does, and says nothing or little; so the
container is walked through here, as far as it tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from soundgraph.audio.containers import signatures

_MOV_FIRST = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_MOV_BOXES = {*_MOV_FIRST, *b"moof mfra styp sidx ssix prft emsg udta meta meco uuid pdin bloc mpod imda".split()}
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_INITIAL_BLOCK = 1 << 11
_NAMED = {
    b"MAC ": "Monkey's Audio",
    b"TTA1": "True Audio",
    b"#!AM": "AMR",
    b"MP+": "Musepack",
    b"MPCK": "Musepack",
    b"DSD ": "DSD",
    b"FRM8": "DSD",
    b"MThd": "MIDI, which holds notes and no sound",
    b"<?xm": "text",
    b"#EXT": "a playlist",
}


@dataclass(frozen=True)
class ForeignRecording:
    """A recording in a container that libsndfile does not know."""

    sort: str
    """What it is, in words."""
    demuxer: str = ""
    """ffmpeg's name of it; "" where it is not read."""
    damage: str = ""
    """What is wrong with its end, to be put after the file's name; "" if nothing is."""
    excess: str = ""
    """What follows it and ought not to, to be put after the file's name; "" if nothing does."""


def look(file: BinaryIO, head: bytes, size: int) -> ForeignRecording | None:
    """What a file is that begins with `head`; None if it is none of these. Raises OSError."""
    if head[4:8] in _MOV_FIRST:
        return _mov(file, size)
    if head[:4] == _EBML:
        return _matroska(file, size)
    if head[:16] == _ASF:
        return _asf(file, size)
    if head[:4] == b"wvpk":
        return _wavpack(file, size)
    sort = next((sort for magic, sort in _NAMED.items() if head.startswith(magic)), "")
    return ForeignRecording(sort) if sort else None


def adts(data: bytes, start: int) -> ForeignRecording | None:
    """AAC in frames with a header each, from `start` on; None if there are no two of them."""
    sort = "AAC"
    at, frames, kind = start, 0, b""
    while at < len(data):
        head = data[at : at + 7]
        if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
            break
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        own = bytes((head[1] & 0xFE, head[2] & 0xFD, head[3] & 0xC0))
        if length < len(head):
            break
        if frames and own != kind:
            excess = f"changes its sample rate or its channels at byte {at}, where another recording begins"
            return ForeignRecording(sort, "aac", excess=excess)
        if at + length > len(data):
            return ForeignRecording(sort, "aac", "breaks off within its last frame") if frames else None
        at, frames, kind = at + length, frames + 1, own
    if frames < 2:
        return None
    return ForeignRecording(sort, "aac", excess=signatures.leftover(data[at:], at))


def _mov(file: BinaryIO, size: int) -> ForeignRecording:
    sort, demuxer = "MPEG-4 (AAC, ALAC)", "mov"
    at = 0
    seen: set[bytes] = set()
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        name, length = head[4:8], int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:
            length = size - at
        if name in (b"ftyp", b"moov") and name in seen:
            return ForeignRecording(sort, demuxer, excess=signatures.followed_by_another(at))
        if length < 8 or name not in _MOV_BOXES:
            break
        if at + length > size:
            return ForeignRecording(
                sort, demuxer, f"breaks off: {size - at} of {length} bytes of a part of it are there"
            )
        seen.add(name)
        at += length
    if b"moov" not in seen:
        return ForeignRecording(
            sort, demuxer, "breaks off: the list of what it holds, which may stand at its end, is missing"
        )
    file.seek(at)
    return ForeignRecording(sort, demuxer, excess=signatures.leftover(file.read(2**28), at))


def _matroska(file: BinaryIO, size: int) -> ForeignRecording:
    sort, demuxer = "Matroska or WebM", "matroska"
    file.seek(0)
    head = file.read(2**12)
    first = _vint(head, 4)
    at = 4 + first[1] + (first[0] or 0)
    if head[at : at + 4] != _SEGMENT:
        return ForeignRecording(sort, demuxer, "is damaged after its first part")
    length, width = _vint(head, at + 4)
    start = at + 4 + width
    if length is not None and start + length > size:
        return ForeignRecording(sort, demuxer, f"breaks off: {size - start} of its {length} bytes are there")
    file.seek(start if length is None else start + length)
    following = file.read(2**28)
    after = file.tell() - len(following)
    place = following.find(_EBML)
    if place >= 0 and (b"webm" in following[place : place + 64] or b"matroska" in following[place : place + 64]):
        return ForeignRecording(sort, demuxer, excess=signatures.followed_by_another(after + place))
    return ForeignRecording(sort, demuxer, excess=signatures.leftover(following, after) if length is not None else "")


def _vint(data: bytes, at: int) -> tuple[int | None, int]:
    """(number, bytes that it takes) of a number of Matroska; None for a size that is not known."""
    if at >= len(data) or not data[at]:
        return 0, 1
    width = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + width], "big") & (1 << 7 * width) - 1
    return (None if value == (1 << 7 * width) - 1 else value), width


def _asf(file: BinaryIO, size: int) -> ForeignRecording:
    sort, demuxer = "ASF (WMA)", "asf"
    file.seek(0)
    head = file.read(2**16)
    at = head.find(_ASF_FILE)
    stated = int.from_bytes(head[at + 40 : at + 48], "little") if at >= 0 else 0
    if stated > size:
        return ForeignRecording(sort, demuxer, f"breaks off: {size} of its {stated} bytes are there")
    file.seek(stated or size)
    following = file.read(2**28)
    if (place := following.find(_ASF)) >= 0:
        return ForeignRecording(sort, demuxer, excess=signatures.followed_by_another(stated + place))
    return ForeignRecording(sort, demuxer, excess=signatures.leftover(following, stated))


def _wavpack(file: BinaryIO, size: int) -> ForeignRecording:
    sort, demuxer = "WavPack", "wv"
    at = held = total = 0
    while at + 32 <= size:
        file.seek(at)
        head = file.read(32)
        length = int.from_bytes(head[4:8], "little") + 8
        if head[:4] != b"wvpk":
            break
        if at + length > size:
            return ForeignRecording(sort, demuxer, "breaks off within a block")
        stated, index, samples, flags = (int.from_bytes(head[n : n + 4], "little") for n in (12, 16, 20, 24))
        if samples and flags & _INITIAL_BLOCK:
            if held and index == 0:
                return ForeignRecording(sort, demuxer, excess=signatures.followed_by_another(at))
            total = total or stated
            held = index + samples
        at += length
    if total != 2**32 - 1 and held < total:
        return ForeignRecording(sort, demuxer, f"breaks off: {held} of its {total} samples are there")
    file.seek(at)
    return ForeignRecording(sort, demuxer, excess=signatures.leftover(file.read(2**28), at))
