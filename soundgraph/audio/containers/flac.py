"""FLAC: how many samples its frames hold, whatever its header says, and FLAC in Ogg as FLAC alone.

libsndfile reads as many samples as the header states, and no file whose header states none. Programs that join or cut
files without decoding them leave the number of the first in the header.

Source: RFC 9639.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soundgraph.audio.containers import signatures

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Samples

_STREAMINFO = 0
_TOTAL_MASK = 2**36 - 1
# Two bytes of sync, a block size and a rate that are allowed, channels and depth that are, a zero.
_HEADER = re.compile(rb"\xff[\xf8\xf9][\x10-\xff][\x00-\xae]")
_BLOCK_SIZES = {1: 192, **{n: 576 << n - 2 for n in range(2, 6)}, **{n: 256 << n - 8 for n in range(8, 16)}}
BITS_LIBSNDFILE_READS = (8, 16, 24)


@dataclass(frozen=True)
class Flac:
    """What a FLAC says of itself, and what its frames hold."""

    start: int
    """Where `fLaC` stands, after tags."""
    sample_rate: int
    """In Hz, by the header."""
    channels: int
    """By the header."""
    bits: int
    """Of a sample, by the header."""
    total: int
    """Samples a channel by the header; 0 if it does not say."""
    md5: bytes
    """Of the samples, by the header; b"" if it does not say."""
    held: int
    """Samples a channel in frames that follow one another."""
    restarts: int
    """How often the numbers of the frames begin anew."""
    excess: str
    """Why what follows the sound ought not to be there; "" if nothing does that matters."""


def look(data: bytes) -> Flac | None:
    """What a FLAC holds; None if its header is damaged."""
    start = signatures.id3_bytes(data[:10])
    if data[start : start + 4] != b"fLaC" or len(data) < start + 42 or data[start + 4] & 0x7F != _STREAMINFO:
        return None
    numbers = int.from_bytes(data[start + 18 : start + 26], "big")
    sample_rate, channels, bits = numbers >> 44, (numbers >> 41 & 7) + 1, (numbers >> 36 & 31) + 1
    md5 = data[start + 26 : start + 42]
    first = _after_metadata(data, start)
    if first is None:
        return None
    held, restarts, last = _frames(data, first)
    another = signatures.find(data[first:])
    if another >= 0:
        excess = signatures.followed_by_another(first + another)
    else:
        most = int.from_bytes(data[start + 15 : start + 18], "big") or 2**20
        excess = _after(data, last, most) if last >= 0 else ""
    total = numbers & _TOTAL_MASK
    return Flac(start, sample_rate, channels, bits, total, md5.strip(b"\0") and md5, held, restarts, excess)


def with_total(data: bytes, stated: Flac) -> bytes:
    """The file with a header that states as many samples as its frames hold, and without what is before it."""
    file = bytearray(data[stated.start :])
    numbers = int.from_bytes(file[18:26], "big") & ~_TOTAL_MASK | stated.held
    file[18:26] = numbers.to_bytes(8, "big")
    return bytes(file)


def md5_of(samples: Samples, bits: int) -> bytes:
    """The checksum that a FLAC with these samples states. samples: shape (n, channels); bits: up to 24."""
    import numpy as np

    width = (bits + 7) // 8
    sums = hashlib.md5(usedforsecurity=False)
    for at in range(0, len(samples), 2**18):
        values = np.rint(samples[at : at + 2**18].astype(np.float64) * 2 ** (bits - 1)).astype("<i4")
        sums.update(values.reshape(-1, 1).view(np.uint8)[:, :width].tobytes())
    return sums.digest()


def from_ogg(packets: list[bytes], granule: int) -> bytes | None:
    """FLAC alone, from the packets of an Ogg stream of it; None if its first packet is not as it ought to be.

    granule: of the last page, which is the number of samples a channel, and stands in the header where that has none.
    """
    head = packets[0]
    if head[:5] != b"\x7fFLAC" or head[9:13] != b"fLaC" or len(head) < 51:
        return None
    info = bytearray(head[17:51])
    numbers = int.from_bytes(info[10:18], "big")
    if not numbers & _TOTAL_MASK and 0 < granule <= _TOTAL_MASK:
        info[10:18] = (numbers | granule).to_bytes(8, "big")
    # Comments and the rest of the metadata say nothing of the sound. A frame begins with ones, no block of them does.
    frames = [packet for packet in packets[1:] if packet[:1] == b"\xff"]
    return b"".join([b"fLaC\x80", len(info).to_bytes(3, "big"), bytes(info), *frames])


def _after_metadata(data: bytes, start: int) -> int | None:
    at = start + 4
    while at + 4 <= len(data):
        last = data[at] & 0x80
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        if last:
            return at
    return None


def _frames(data: bytes, first: int) -> tuple[int, int, int]:
    """(samples a channel, restarts of the numbers, where the last frame begins or -1) of all frames from `first` on."""
    held = restarts = 0
    last = -1
    expected: int | None = None
    for at, number, samples, by_sample in _headers(data, first):
        if last < 0 and at != first:
            break
        if expected is not None and number != expected:
            # Samples may look like a header. A frame ends with a checksum of itself, which tells.
            if _crc16(data[last:at]):
                continue
            restarts += 1
        held += samples
        last = at
        expected = number + (samples if by_sample else 1)
    return held, restarts, last


def _headers(data: bytes, first: int) -> Iterator[tuple[int, int, int, bool]]:
    """(where, number of the frame or of its first sample, samples a channel, which of the two) of what has the
    checksum of a frame's header."""
    for match in _HEADER.finditer(data, first):
        at = match.start()
        head = data[at : at + 16]
        if len(head) < 6 or head[3] & 1 or head[3] >> 1 & 7 == 3 or head[2] & 15 == 15:
            continue
        size = _utf8_size(head[4])
        if not size or at + 4 + size > len(data):
            continue
        number = _utf8(head[4 : 4 + size])
        place = 4 + size
        code = head[2] >> 4
        if code in (6, 7):
            extra = code - 5
            samples = int.from_bytes(head[place : place + extra], "big") + 1
            place += extra
        else:
            samples = _BLOCK_SIZES[code]
        place += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
        if place < len(head) and _crc8(head[:place]) == head[place]:
            yield at, number, samples, bool(head[1] & 1)


def _utf8_size(first: int) -> int:
    """How many bytes the number has whose first byte this is, in UTF-8 of up to seven bytes; 0 if none begins so."""
    if first < 0x80:
        return 1
    for size, mark in ((2, 0xC0), (3, 0xE0), (4, 0xF0), (5, 0xF8), (6, 0xFC), (7, 0xFE)):
        if mark <= first < mark | 1 << 7 - size or (size == 7 and first == mark):
            return size
    return 0


def _utf8(code: bytes) -> int:
    if len(code) == 1:
        return code[0]
    number = code[0] & (1 << 7 - len(code)) - 1 if len(code) < 7 else 0
    for byte in code[1:]:
        number = number << 6 | byte & 0x3F
    return number


def _after(data: bytes, last: int, most: int) -> str:
    """Why what follows the last frame ought not to be there; "" if it may, or if it cannot be told where that ends.

    last: where the frame begins. most: how many bytes a frame of this file has at most.
    """
    crc = 0
    ends = []
    for at in range(last, min(len(data), last + most)):
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ data[at]]
        if not crc:
            ends.append(at + 1)
    # A frame ends where its checksum fits, which by chance it does within, too: so the last of these places counts.
    return signatures.leftover(data[ends[-1] :], ends[-1]) if ends else ""


def _table(polynomial: int, bits: int) -> list[int]:
    table = []
    for value in range(256):
        value <<= bits - 8
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> bits - 1 & 1 else 0)
        table.append(value & (1 << bits) - 1)
    return table


_CRC8 = _table(0x07, 8)
_CRC16 = _table(0x8005, 16)


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
    return crc
