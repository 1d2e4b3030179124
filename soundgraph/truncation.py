"""Truncation: whether a recording ends before its own header says it does.

libsndfile plays what is left of a file that was cut short, and says nothing. A recording copied from a full disk would
silently become a shorter sound, so what the headers say is compared here with what is there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from soundgraph import ogg


@dataclass(frozen=True)
class _Layout:
    """How a file made of chunks is laid out.

    first: where the first chunk begins. name_bytes: length of a chunk's name. size: of the number after it, which
    counts the name and itself if `whole`. align: what the start of a chunk is rounded up to. data: names of the chunk
    that holds the sound.
    """

    first: int
    name_bytes: int
    size: str
    whole: bool = False
    align: int = 2
    data: bytes = b"data"


_LAYOUTS = {
    b"RIFF": _Layout(12, 4, "<I"),
    b"RF64": _Layout(12, 4, "<I"),
    b"BW64": _Layout(12, 4, "<I"),
    b"RIFX": _Layout(12, 4, ">I"),
    b"FORM": _Layout(12, 4, ">I", data=b"SSND"),
    b"caff": _Layout(8, 4, ">Q", align=1),
    b"riff": _Layout(40, 16, "<Q", whole=True, align=8),
}

# What programs write for the size of a sound whose end they do not know yet, as when writing to a pipe. Nothing can be
# said of such a file.
_UNKNOWN = {0, 0x7F000000, 0x7F000008, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
_UNKNOWN_64 = 2**62


def damage(path: Path) -> str:
    """What is wrong with the end of a sound file, to be put after its name; "" if it is whole or cannot be told.

    Told: WAV, RF64, W64, AIFF, CAF, AU, Ogg, and MP3 that `mp3_states_length`. FLAC: decoding it tells.
    Raises OSError.
    """
    with path.open("rb") as file:
        magic = file.read(4)
        if magic == b"OggS":
            return ogg.damage(magic + file.read())
        if magic in _LAYOUTS:
            promised = _in_chunks(file, magic)
        elif magic in (b".snd", b"dns."):
            promised = _in_au(file, magic)
        else:
            promised = _in_mp3(file)
        if promised is None:
            return ""
        start, size = promised
        there = max(0, file.seek(0, 2) - start)
    return f"breaks off: {there} of its {size} bytes of sound are there" if there < size else ""


def mp3_states_length(path: Path) -> bool:
    """Whether an MP3 says, in a Xing or Info header, how many frames and bytes it has. Raises OSError.

    Without, libsndfile estimates the length from the bit rate of the beginning, and reads no further: about half of
    what was encoded with a variable rate and begins quietly.
    """
    with path.open("rb") as file:
        return _in_mp3(file) is not None


def _in_chunks(file: BinaryIO, magic: bytes) -> tuple[int, int] | None:
    """(start, length in bytes) of the sound, as the header has it; None if it does not say."""
    layout = _LAYOUTS[magic]
    width = struct.calcsize(layout.size)
    at = layout.first
    size_64: int | None = None
    while True:
        file.seek(at)
        header = file.read(layout.name_bytes + width)
        if len(header) < layout.name_bytes + width:
            return None
        name, size = header[:4], struct.unpack(layout.size, header[layout.name_bytes :])[0]
        start = at + len(header)
        if layout.whole:
            size -= len(header)
        if name == b"ds64":  # RF64 keeps the sizes that do not fit 32 bits in a chunk ahead of the sound
            sizes = file.read(16)
            size_64 = struct.unpack("<8xQ", sizes)[0] if len(sizes) == 16 else None
        if name == layout.data:
            if size == 0xFFFFFFFF and size_64 is not None:
                size = size_64
            return None if size in _UNKNOWN or not 0 < size < _UNKNOWN_64 else (start, size)
        if size < 0:
            return None
        at = -(-(start + size) // layout.align) * layout.align


def _in_au(file: BinaryIO, magic: bytes) -> tuple[int, int] | None:
    numbers = file.read(8)
    if len(numbers) < 8:
        return None
    start, size = struct.unpack(">II" if magic == b".snd" else "<II", numbers)
    return None if size in _UNKNOWN else (start, size)


def _in_mp3(file: BinaryIO) -> tuple[int, int] | None:
    # An encoder may fill the first frame with facts about the file; the size among them counts from that frame on.
    file.seek(0)
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3" and len(head) == 10:
        # Seven bits in each byte, so that no tag looks like the start of a frame.
        start = 10 + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    file.seek(start)
    frame = file.read(64)
    for name in (b"Xing", b"Info"):
        at = frame.find(name)
        if frame[:1] == b"\xff" and 0 < at <= len(frame) - 16:
            flags, frames, size = struct.unpack_from(">III", frame, at + 4)
            return (start, size) if flags & 3 == 3 and frames and size else None
    return None
