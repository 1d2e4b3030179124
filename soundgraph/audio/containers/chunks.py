"""Sound files made of chunks, and AU: where the sound lies, how long the headers say it is, and what follows it.

libsndfile plays what is left of a file that was cut short, stops where the header says although more may follow, and
counts the samples of a block-coded sound by its bytes. It says nothing of any of this, so the headers are read here.

Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991; EBU Tech 3306 (RF64)
and ITU-R BS.2088 (BW64); Apple, "Audio Interchange File Format" 1.3 and AIFF-C, "Apple Core Audio Format Specification
1.0"; Sony, "Wave64".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from soundgraph.audio.containers import signatures


@dataclass(frozen=True)
class _Layout:
    """How a file made of chunks is laid out."""

    first: int
    """Where the first chunk begins."""
    name_bytes: int
    """Length of a chunk's name."""
    size: str
    """The `struct` form of the number after the name."""
    counts_itself: bool = False
    """Whether that number counts the name and itself."""
    align: int = 2
    """What the start of a chunk is rounded up to."""
    data: bytes = b"data"
    """The name of the chunk that holds the sound."""
    total: tuple[int, int] | None = (4, 8)
    """Where the size of the whole file stands, and how many bytes it does not count."""


_LAYOUTS = {
    b"RIFF": _Layout(12, 4, "<I"),
    b"RF64": _Layout(12, 4, "<I"),
    b"BW64": _Layout(12, 4, "<I"),
    b"RIFX": _Layout(12, 4, ">I"),
    b"FORM": _Layout(12, 4, ">I", data=b"SSND"),
    b"caff": _Layout(8, 4, ">Q", align=1, total=None),
    b"riff": _Layout(40, 16, "<Q", counts_itself=True, align=8, total=(16, 0)),
}
_AU = {b".snd": ">", b"dns.": "<"}

_UNKNOWN_64 = 2**62
_NAME = re.compile(rb"[A-Za-z0-9 _.\-@]{4}")
_WAVE_EXTENSIBLE = 0xFFFE
_PIECE_BYTES = 2**22
_OVERLAP_BYTES = 64
_MOST_READ_AFTER = 2**28


@dataclass(frozen=True)
class ChunkedSound:
    """What a file says of its sound."""

    container: bytes
    """The first four bytes of the file."""
    start: int
    """Where the sound begins."""
    size: int | None
    """How many bytes it is said to have; None if the header does not know."""
    size_at: int
    """Where that number stands."""
    size_form: str
    """Its `struct` form."""
    size_more: int
    """How many bytes it counts beside the sound."""
    present: int
    """How many bytes of the sound the file holds."""
    channels: int = 0
    codec: int | bytes = b""
    """The tag of a WAV, the four letters of AIFF-C and CAF, b"" of PCM in AIFF."""
    bits: int = 0
    block_bytes: int = 0
    """Of a block-coded sound; 0 if not stated."""
    block_samples: int = 0
    """Of a block-coded sound; 0 if not stated."""
    samples: int | None = None
    """How many samples a channel has, by `fact` or COMM; None if they do not say."""
    excess: str = ""
    """Why what follows the sound ought not to be there; "" if nothing does that matters."""

    @property
    def damage(self) -> str:
        """What is wrong with the end of the sound, to be put after the file's name; "" if it is whole, or not told."""
        if self.size is None or self.present >= self.size:
            return ""
        return f"breaks off: {self.present} of its {self.size} bytes of sound are there"


def is_chunked(magic: bytes) -> bool:
    return magic in _LAYOUTS or magic in _AU


def is_placeholder(size: int) -> bool:
    """Whether a size of 32 bits stands for "not known yet", as in what is written to a pipe.

    Programs write all that is possible, with or without a sign, less a header or rounded to a block; sox and mplayer
    begin a little lower. A sound that is in truth as long cannot be told from one.
    """
    header = 2**16
    return (
        size == 0
        or 2**32 - header <= size
        or 2**31 - header <= size <= 2**31 + header
        or 0x7F000000 <= size <= 0x7F000000 + header
    )


def look(file: BinaryIO) -> ChunkedSound | None:
    """What the headers say, and what follows the sound; None if no sound is found. Raises OSError."""
    file.seek(0)
    magic = file.read(4)
    if magic in _AU:
        return _au(file, magic)
    return _chunked(file, magic) if magic in _LAYOUTS else None


def hidden(file: BinaryIO, sound: ChunkedSound) -> str:
    """Why the sound of a file is not all sound; "" if it is.

    Where a recording was cut short and another one put after it, the two fill up the size that the first states.
    """
    return "" if sound.size is None else _search(file, sound.start, sound.start + sound.present)


def with_size(data: bytes, sound: ChunkedSound) -> bytes:
    """The file with the number of bytes that are there as the size of its sound; BW64 as the RF64 that it is."""
    resized = bytearray(data)
    size = sound.present + sound.size_more
    limit = 2 ** (8 * struct.calcsize(sound.size_form)) - 1
    struct.pack_into(sound.size_form, resized, sound.size_at, min(size, limit))
    if sound.container == b"BW64":
        resized[:4] = b"RF64"
    return bytes(resized[: sound.start + sound.present])


def _au(file: BinaryIO, magic: bytes) -> ChunkedSound | None:
    numbers = file.read(20)
    if len(numbers) < 20:
        return None
    order = _AU[magic]
    start, size, codec, _, channels = struct.unpack(f"{order}5I", numbers)
    present = max(0, file.seek(0, 2) - start)
    stated = None if is_placeholder(size) else size
    sound = ChunkedSound(magic, start, stated, 8, f"{order}I", 0, present, channels, codec)
    if stated is None:
        return replace(sound, excess=_search(file, start))
    return replace(sound, present=min(present, stated), excess=_after(file, start + stated))


def _chunked(file: BinaryIO, magic: bytes) -> ChunkedSound | None:
    layout = _LAYOUTS[magic]
    end = file.seek(0, 2)
    stated_end = _stated_end(file, layout)
    sizes_64: tuple[int, int] | None = None
    sound: ChunkedSound | None = None
    facts: dict[str, int] = {}
    codec: dict[str, int | bytes] = {}
    stop = layout.first
    for name, at, start, size in _walk(file, layout):
        if sound is not None and _begins_another(file, at):
            return replace(sound, excess=signatures.followed_by_another(at))
        if sound is not None and (not _NAME.fullmatch(name) or (start + size > end and at >= stated_end > 0)):
            break  # no chunk, though four letters may begin it by chance
        if name == b"ds64":
            sizes_64 = _ds64(file, start)
            facts["64"] = sizes_64[1]
        elif name == b"fmt ":
            codec = _wave_format(file, start, layout.size[0])
        elif name == b"COMM":
            codec, facts["samples"] = _common(file, start, size)
        elif name == b"desc" and magic == b"caff":
            codec = _description(file, start)
        elif name == b"fact":
            facts["samples"] = _count(file, start, layout)
        elif name == layout.data and sound is None:
            sound = _data(file, magic, layout, start, size, sizes_64)
            if sound.size is None:
                sound = replace(sound, present=max(0, end - sound.start), excess=_search(file, sound.start))
                stop = end
                break
            sound = replace(sound, present=max(0, min(sound.size, end - sound.start)))
        elif name == layout.data and sound is not None and size > 0:
            return replace(sound, excess=f"holds its sound in several parts, the second from byte {at} on; convert it")
        stop = start + size if sound is None or name != layout.data else sound.start + (sound.size or 0)
    if sound is None:
        return None
    if sound.size is not None:
        # Not from where the walk stopped: a chunk that fills no even number of bytes may have no padding after it.
        stop = max(sound.start + sound.size, min(stop, end))
        sound = replace(sound, excess=sound.excess or _after(file, stop))
    samples = facts.get("samples")
    if samples == 0xFFFFFFFF:
        samples = facts.get("64")
    return replace(sound, samples=samples, **codec)  # type: ignore[arg-type]


def _stated_end(file: BinaryIO, layout: _Layout) -> int:
    """Where the file ends by its own header; 0 if it does not say."""
    if layout.total is None:
        return 0
    at, beside = layout.total
    width = struct.calcsize(layout.size)
    file.seek(at)
    raw = file.read(width)
    size: int = struct.unpack(layout.size, raw)[0] if len(raw) == width else 0
    if width == 4 and is_placeholder(size):
        return 0
    return size + beside if size < _UNKNOWN_64 else 0


def _walk(file: BinaryIO, layout: _Layout) -> Iterator[tuple[bytes, int, int, int]]:
    """(name, where its header begins, where its body does, length of the body) of each chunk."""
    width = struct.calcsize(layout.size)
    end_of_file = file.seek(0, 2)
    at = layout.first
    size_64 = 0
    while at < end_of_file:
        file.seek(at)
        header = file.read(layout.name_bytes + width)
        if len(header) < layout.name_bytes + width:
            return
        size = struct.unpack(layout.size, header[layout.name_bytes :])[0]
        start = at + len(header)
        if layout.counts_itself:
            size -= len(header)
        if size < 0:
            if header[:4] != layout.data:
                return
            size = 0
        yield header[:4], at, start, size
        if header[:4] == b"ds64":
            size_64 = _ds64(file, start)[0]
        elif header[:4] == layout.data and size == 0xFFFFFFFF and size_64:
            size = size_64
        end = start + size
        if end < end_of_file and end % layout.align and _begins_another(file, end):
            yield b"", end, end, 0
            return
        at = -(-end // layout.align) * layout.align


def _begins_another(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    return signatures.RECORDING.match(file.read(32)) is not None


def _ds64(file: BinaryIO, start: int) -> tuple[int, int]:
    file.seek(start)
    raw = file.read(24)
    size, samples = struct.unpack("<8xQQ", raw) if len(raw) == 24 else (0, 0)
    return size, samples


def _data(
    file: BinaryIO, magic: bytes, layout: _Layout, start: int, size: int, sizes_64: tuple[int, int] | None
) -> ChunkedSound:
    """The sound, from the header of the chunk that holds it. AIFF and CAF put numbers of their own before it."""
    width = struct.calcsize(layout.size)
    size_at, form = start - width, layout.size
    stated: int | None = size
    if size == 0xFFFFFFFF and sizes_64 is not None:
        # RF64 keeps the sizes that do not fit 32 bits in a chunk ahead of the sound, which begins the file.
        stated, size_at, form = sizes_64[0], layout.first + 8 + 8, "<Q"
        if not 0 < sizes_64[0] < _UNKNOWN_64:
            stated = None
    elif (width == 4 and size and is_placeholder(size)) or (width == 8 and size >= _UNKNOWN_64 - 2**16):
        stated = None
    elif size == 0:
        # Nothing at all, and nothing but chunks after it, is what it says; what is no chunk is the sound.
        file.seek(start)
        following = file.read(4)
        stated = 0 if len(following) < 4 or _NAME.fullmatch(following) else None
    before = {b"FORM": 8, b"caff": 4}.get(magic, 0)
    if magic == b"FORM":
        file.seek(start)
        raw = file.read(4)
        before += struct.unpack(">I", raw)[0] if len(raw) == 4 else 0
    beside = before + (struct.calcsize(layout.size) + layout.name_bytes if layout.counts_itself else 0)
    if stated is not None:
        stated = max(0, stated - before)
    return ChunkedSound(magic, start + before, stated, size_at, form, beside, 0)


def _wave_format(file: BinaryIO, start: int, order: str) -> dict[str, int | bytes]:
    file.seek(start)
    raw = file.read(26)
    if len(raw) < 16:
        return {}
    codec, channels, block_bytes, bits = struct.unpack(f"{order}HH8xHH", raw[:16])
    samples = struct.unpack(f"{order}H", raw[18:20])[0] if len(raw) >= 20 else 0
    if codec == _WAVE_EXTENSIBLE and len(raw) == 26:
        codec = struct.unpack(f"{order}H", raw[24:26])[0]
        samples = 0
    return {
        "codec": codec,
        "channels": channels,
        "bits": bits,
        "block_bytes": block_bytes,
        "block_samples": samples,
    }


def _common(file: BinaryIO, start: int, size: int) -> tuple[dict[str, int | bytes], int]:
    file.seek(start)
    raw = file.read(22)
    if len(raw) < 18:
        return {}, 0
    channels, samples, bits = struct.unpack(">HIH", raw[:8])
    codec = raw[18:22] if size >= 22 else b""
    return {"codec": codec, "channels": channels, "bits": bits}, samples


def _description(file: BinaryIO, start: int) -> dict[str, int | bytes]:
    file.seek(start)
    raw = file.read(32)
    if len(raw) < 32:
        return {}
    codec, _, block_bytes, block_samples, channels, bits = struct.unpack(">8x4sIIIII", raw)
    return {
        "codec": codec,
        "channels": channels,
        "bits": bits,
        "block_bytes": block_bytes,
        "block_samples": block_samples,
    }


def _count(file: BinaryIO, start: int, layout: _Layout) -> int:
    width = 8 if layout.counts_itself else 4
    file.seek(start)
    raw = file.read(width)
    form = f"{layout.size[0]}{'Q' if width == 8 else 'I'}"
    return int(struct.unpack(form, raw)[0]) if len(raw) == width else 0


def _search(file: BinaryIO, start: int, stop: int | None = None) -> str:
    """Whether another recording begins within a sound."""
    at = start
    before = b""
    while piece := _piece(file, at, stop):
        place = signatures.find(before + piece, tagged=True)
        if place >= 0:
            return signatures.followed_by_another(at - len(before) + place)
        at += len(piece)
        before = piece[-_OVERLAP_BYTES:]
    return ""


def _piece(file: BinaryIO, at: int, stop: int | None) -> bytes:
    file.seek(at)
    return file.read(_PIECE_BYTES if stop is None else max(0, min(_PIECE_BYTES, stop - at)))


def _after(file: BinaryIO, stop: int) -> str:
    """Why what follows the last chunk ought not to be there; "" if it may."""
    end = file.seek(0, 2)
    if end - stop > _MOST_READ_AFTER:
        return f"holds {end - stop} bytes after the sound that it states; what they are, it does not say"
    file.seek(min(stop, end))
    return signatures.leftover(file.read(), stop)
