"""In which way a recording is read, found from its bytes before any of it is decoded.

Most go to libsndfile as they are. Where it would stop before the end, or go on behind it, or refuse what is whole, it
is given other bytes, or fewer of its samples are taken; what it does not know at all goes to an `ffmpeg` program.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from soundgraph.audio.containers import chunks, flac, foreign, mpeg, ogg, signatures

UNKNOWN_LENGTH = "does not say in its header how long it is, as when it was written to a pipe; convert it anew"

MOST_BYTES = 2**32
"""Of a file that is not a table of chunks: no sound is bigger, and none is compressed to more than it was."""

_IMA_ADPCM, _MS_ADPCM, _GSM, _MPEG_LAYER_II, _MPEG_LAYER_III = 0x11, 0x02, 0x31, 0x50, 0x55
_COUNTED_BY_BYTES = {1, 3, 6, 7}  # integers, floats, A-law and µ-law in WAV
_INTEGER_OR_FLOAT: dict[int | bytes, tuple[int, ...]] = {1: (8, 16, 24, 32), 3: (32, 64)}
_GSM_BLOCK = 65, 320
_WAVE64_ALIGNED = 8
_OTHER_BLOCK_SAMPLES = 160  # the most that the rest of libsndfile's codecs have in one
_AIFF_BLOCKS = {b"ima4": (34, 64), b"GSM ": (33, 160), b"agsm": (33, 160)}
_AIFF_ONE_BYTE = {b"ulaw", b"ULAW", b"alaw", b"ALAW"}

# Codecs that libsndfile does not know, in containers that it knows; by the tag of a WAV, or four letters.
_SORTS: dict[int | bytes, str] = {
    0x20: "Yamaha ADPCM",
    0x22: "TrueSpeech",
    0x45: "G.726",
    0x64: "G.726",
    0x65: "G.722",
    0x28F: "G.722",
    0x50: "MPEG layer II",
    0xFF: "AAC",
    0x160: "WMA",
    0x161: "WMA",
    0x162: "WMA",
    0x163: "WMA",
    0x270: "ATRAC3",
    0x2000: "AC-3",
    0x2001: "DTS",
    b"alac": "ALAC",
    b"aac ": "AAC",
    b"aach": "AAC",
    b"ima4": "IMA ADPCM",
    b".mp1": "MPEG layer I",
    b".mp2": "MPEG layer II",
    b".mp3": "MP3",
    b"ac-3": "AC-3",
    b"flac": "FLAC",
    b"opus": "Opus",
    b"MAC3": "MACE",
    b"MAC6": "MACE",
    b"QDM2": "QDesign",
    b"Qclp": "QCELP",
    b"samr": "AMR",
}
_CONTAINERS = {
    b"RIFF": ("wav", "WAV"),
    b"RIFX": ("wav", "WAV"),
    b"RF64": ("wav", "RF64"),
    b"BW64": ("wav", "BW64"),
    b"riff": ("w64", "W64"),
    b"FORM": ("aiff", "AIFF"),
    b"caff": ("caf", "CAF"),
}
_OGG_FLAC, _SPEEX = b"\x7fFLAC", b"Speex   "
# With one of these as its size, libsndfile reads a file to its end as it is.
_OLD_PLACEHOLDERS = {0x7F000000, 0x7F000008, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}
_OGG_SOUNDS = (b"\x01vorbis", b"OpusHead", _OGG_FLAC, _SPEEX)

_AIFF_PLAIN = {b"", b"NONE", b"raw ", b"twos", b"sowt"}
_LIBSNDFILE_READS: set[int | bytes] = {
    *_COUNTED_BY_BYTES,
    *(_IMA_ADPCM, _MS_ADPCM, _GSM, 0x38, 0x40),
    *(*_AIFF_PLAIN, *_AIFF_ONE_BYTE, b"in24", b"in32", b"fl32", b"FL32", b"fl64", b"FL64", b"lpcm"),
}

Parts = Callable[[bytes], list[bytes]]


@dataclass(frozen=True)
class Limit:
    """How many samples of a recording are sound, where libsndfile may give padding as well."""

    samples: int
    """A channel, that are sound."""
    within: int
    """How many more libsndfile may give that are padding. Where it gives more than that, the number is not believed."""

    def of(self, frames: int) -> int:
        """How many of so many samples are sound."""
        return self.samples if 0 < frames - self.samples <= self.within else frames


@dataclass(frozen=True)
class Way:
    """How a recording is read."""

    refusal: str = ""
    """Why it is not read, to be put after its name; "" if it is."""
    damage: str = ""
    """The same, told only to somebody who reads it: its header is in order, and the rest does not fit."""
    parts: Parts | None = None
    """From the file's bytes to what libsndfile is given, which gives the sound piece by piece. None where that is the
    file itself."""
    limit: Limit | None = None
    """Where libsndfile may take padding for sound."""
    md5: bytes = b""
    """Of the samples of a FLAC, to be checked; b"" if they are not."""
    bits: int = 0
    """Of a sample of that FLAC."""
    samples: int | None = None
    """A channel, that have to come out where libsndfile is not asked; None if that is not known."""
    length_stated: bool = True
    """Whether an MP3 says how long it is."""
    anew: bool = False
    """Whether it is read otherwise than it once was."""
    sort: str = ""
    """What it is in words, where it may be for ffmpeg."""
    demuxer: str = ""
    """ffmpeg's name of the container; "" if it is not for ffmpeg."""
    only_ffmpeg: bool = False
    """Whether libsndfile is not asked before."""


def way(path: Path) -> Way:
    """How the recording at `path` is read. Raises OSError."""
    stat = path.stat()
    return _way(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev)


# A recording is looked at when the scene is checked, for its key, and when it is read.
@lru_cache(maxsize=4096)
def _way(path: str, size: int, *_stat: int) -> Way:
    with Path(path).open("rb") as file:
        head = file.read(64)
        if chunks.is_chunked(head[:4]):
            sound = chunks.look(file)
            return Way() if sound is None else _chunked(sound, file)
        container = foreign.look(file, head, size)
        if container is not None:
            only = bool(container.demuxer)
            refusal = container.excess or (
                "" if only else f"is {container.sort}, which is not read; convert it to wav or flac"
            )
            return Way(refusal, container.damage, sort=container.sort, demuxer=container.demuxer, only_ffmpeg=only)
        if size > MOST_BYTES:  # these are read as a whole
            return Way(f"has {size / 1e9:.1f} GB; up to {MOST_BYTES / 1e9:.1f} GB of a file of its sort can be read")
        file.seek(0)
        data = file.read()
    if head[:4] == b"OggS":
        return _ogg(data)
    start = signatures.id3_bytes(data[:10])
    if data[start : start + 4] == b"fLaC":
        return _flac(data)
    adts = foreign.adts(data, start)
    if adts is not None:
        return Way(adts.excess, adts.damage, sort=adts.sort, demuxer=adts.demuxer, only_ffmpeg=True)
    return _mpeg(data)


def hidden(path: Path) -> str:
    """Why a recording is not all sound where it says so, to be put after the file's name; "" if nothing tells of that.

    It reads the whole file, which `way` does not. Raises OSError.
    """
    with path.open("rb") as file:
        if not chunks.is_chunked(file.read(4)):
            return ""
        sound = chunks.look(file)
        return "" if sound is None else chunks.hidden(file, sound)


def _chunked(sound: chunks.ChunkedSound, file: BinaryIO) -> Way:
    if sound.excess:
        return Way(sound.excess)
    if sound.codec in (_MPEG_LAYER_II, _MPEG_LAYER_III) and sound.container in _CONTAINERS:
        return _mpeg_in_wav(sound, file)
    parts: Parts | None = None
    file.seek(sound.size_at)
    raw = file.read(struct.calcsize(sound.size_form))
    written = struct.unpack(sound.size_form, raw)[0]
    old = _OLD_PLACEHOLDERS if sound.container in _CONTAINERS else {0xFFFFFFFF}
    unknown = sound.size is None and sound.present and written not in old
    # What follows the sound of a Wave64, libsndfile takes for more of it.
    longer = sound.container == b"riff" and file.seek(0, 2) - sound.start - sound.present >= _WAVE64_ALIGNED
    if unknown or longer or sound.container == b"BW64":
        parts = lambda data: [chunks.with_size(data, sound)]  # noqa: E731 - a value, like the others
    demuxer, container = _CONTAINERS.get(sound.container, ("", ""))
    sort = ""
    if container and sound.codec not in _LIBSNDFILE_READS:
        known = _SORTS.get(sound.codec)
        demuxer = demuxer if known else ""
        sort = f"{known or f'a codec ({_spelled(sound.codec)})'} in {container}"
    elif sound.codec in _INTEGER_OR_FLOAT and sound.bits and sound.bits not in _INTEGER_OR_FLOAT[sound.codec]:
        demuxer, sort = "", f"samples of {sound.bits} bits in {container}"
    demuxer = demuxer if sort else ""
    return Way(damage=sound.damage, parts=parts, limit=_limit(sound), anew=longer, sort=sort, demuxer=demuxer)


def _spelled(codec: int | bytes) -> str:
    return f"{codec:#06x}" if isinstance(codec, int) else repr(codec.decode("latin-1").strip())


def _limit(sound: chunks.ChunkedSound) -> Limit | None:
    """How many samples a channel there are, where libsndfile may take the padding of a block or a chunk for sound."""
    channels, stated = max(sound.channels, 1), sound.samples or 0
    if sound.container == b"FORM":
        plain = sound.codec in _AIFF_PLAIN and 0 < sound.bits <= 8
        if plain or sound.codec in _AIFF_ONE_BYTE:
            # The size of the chunk may count the padding; COMM does not.
            most = sound.present // channels
            return Limit(stated if most - stated == 1 else most, 2)
        if sound.codec not in _AIFF_BLOCKS:
            return None
        size, samples = _AIFF_BLOCKS[sound.codec]
        blocks = -(-sound.present // (size * channels))
        most = blocks * samples
        # Most count blocks in the place of samples, which of a single one cannot be told apart.
        counted = most - samples < stated <= most and stated != blocks
        return Limit(stated if counted else most, 2 * samples)
    if not isinstance(sound.codec, int) or sound.codec in _COUNTED_BY_BYTES or sound.container not in _CONTAINERS:
        return None
    size, samples = sound.block_bytes, _OTHER_BLOCK_SAMPLES
    if sound.codec == _GSM:
        size, samples = _GSM_BLOCK
        if sound.present % size > 1:
            return None
        # Chunks have an even length, and a 65-byte block may leave one byte over.
        most = sound.present // size * samples
    elif sound.codec in (_IMA_ADPCM, _MS_ADPCM) and size > 7 * channels:
        head, first = (4 * channels, 1) if sound.codec == _IMA_ADPCM else (7 * channels, 2)
        samples = (size - head) * 2 // channels + first
        most = sound.present // size * samples
        partial = sound.present % size
        if partial > head:
            # IMA keeps eight samples of a channel together.
            unit = 8 if sound.codec == _IMA_ADPCM else 1
            most += (partial - head) * 2 // channels // unit * unit + first
    else:
        return Limit(stated, 2 * samples) if stated else None
    # Of IMA, libsndfile writes the number divided by the channels, for which a sound is not cut in half.
    divided = sound.codec == _IMA_ADPCM and channels > 1 and stated == most // channels
    return Limit(stated if most - samples < stated <= most and not divided else most, 2 * samples)


def _mpeg_in_wav(sound: chunks.ChunkedSound, file: BinaryIO) -> Way:
    start, stop = sound.start, sound.start + sound.present
    file.seek(start)
    stream = mpeg.look(file.read(sound.present))
    if stream is None or stream.first.layer != 3:
        return Way(damage=sound.damage, sort="MPEG layer II in WAV", demuxer="wav", only_ffmpeg=True)
    if stream.changes >= 0:
        return Way(_changes(start + stream.changes))
    # `fact` is no help here: some count the encoder's delay, some do not, and some stop before the sound does.

    def parts(data: bytes) -> list[bytes]:
        inner = data[start:stop]
        stream = mpeg.look(inner)
        return [mpeg.restated(inner, stream)] if stream is not None else []

    return Way(damage=sound.damage, parts=parts, anew=True)


def _changes(byte: int) -> str:
    return f"changes its sample rate or its channels at byte {byte}, where another recording begins; take them apart"


def _flac(data: bytes) -> Way:
    header = flac.look(data)
    if header is None:
        return Way()
    if header.excess:
        return Way(header.excess)
    if header.total == 0 and not header.md5:
        return Way(UNKNOWN_LENGTH)
    if header.held > header.total and not header.md5 and header.restarts:
        return Way(
            f"states {header.total} samples, and holds {header.held} in streams put one after the other; decode it, "
            "and encode it anew"
        )
    holds_more = header.held > header.total
    md5 = header.md5 if holds_more else b""
    if header.bits not in flac.BITS_LIBSNDFILE_READS:
        short = f"breaks off or is damaged: {header.held} of its {header.total} samples can be read"
        return Way(
            damage=short if header.held < header.total else "",
            sort=f"FLAC of {header.bits} bits", demuxer="flac", only_ffmpeg=True, samples=header.held,
            md5=md5 if header.bits <= 24 else b"", bits=header.bits,
        )  # fmt: skip
    if not holds_more:
        return Way()
    return Way(parts=_flac_parts, md5=md5, bits=header.bits, anew=True)


def _flac_parts(data: bytes) -> list[bytes]:
    header = flac.look(data)
    return [flac.with_total(data, header)] if header is not None else []


def _ogg(data: bytes) -> Way:
    end = ogg.end_of_pages(data)
    if b"OggS" not in data[end:]:  # what is left of a page, or comes before another one, is damage
        if excess := signatures.leftover(data[end:], end):
            return Way(excess)
        data = data[:end]
    damage = ogg.damage(data)
    try:
        links = ogg.links(data)
    except ValueError:
        return Way(damage=damage)
    sounds = [[stream for stream in link.streams if stream.codec.startswith(_OGG_SOUNDS)] for link in links]
    if not links or not all(sounds):
        return Way(damage=damage)
    if any(len(side_by_side) > 1 for side_by_side in sounds):
        return Way("holds several sounds side by side; take out the one that is meant")
    first = sounds[0][0]
    backwards = next((stream for (stream,) in sounds if stream.backwards), None)
    if backwards is not None:
        return Way("holds streams put one after the other without a beginning of their own; decode and encode it anew")
    if len(links) == 1:
        if first.codec == _SPEEX:
            return Way(damage=damage, sort="Speex in Ogg", demuxer="ogg", only_ffmpeg=True)
        return _ogg_flac(data, links[0], first, damage) if first.codec.startswith(_OGG_FLAC) else Way(damage=damage)
    if any(stream.codec == _SPEEX for (stream,) in sounds):
        return Way("holds several recordings, Speex among them; take them apart")
    if not damage and not all(stream.ends for (stream,) in sounds):
        damage = "breaks off: the last page of one of its recordings is missing"
    pieces = [(link.start, link.stop, stream) for link, (stream,) in zip(links, sounds, strict=True)]

    def parts(data: bytes) -> list[bytes]:
        return [_alone(data[start:stop], stream) for start, stop, stream in pieces]

    return Way(damage=damage, parts=parts, anew=True)


def _alone(link: bytes, stream: ogg.OggStream) -> bytes:
    """A link as libsndfile reads it."""
    if not stream.codec.startswith(_OGG_FLAC):
        return link
    native = flac.from_ogg(ogg.packets(link, stream.serial), stream.granule) or b""
    header = flac.look(native)
    return flac.with_total(native, header) if header is not None and header.held > header.total else native


def _ogg_flac(data: bytes, link: ogg.Link, stream: ogg.OggStream, damage: str) -> Way:
    native = flac.from_ogg(ogg.packets(data[link.start : link.stop], stream.serial), stream.granule)
    if native is None:
        return Way(damage=damage)
    native_way = _flac(native)
    if native_way.only_ffmpeg:
        return replace(native_way, damage=damage or native_way.damage, sort=f"{native_way.sort} in Ogg", demuxer="ogg")

    def parts(data: bytes) -> list[bytes]:
        return [_alone(data[link.start : link.stop], stream)]

    return replace(native_way, damage=damage, parts=parts)


def _mpeg(data: bytes) -> Way:
    stream = mpeg.look(data)
    if stream is None or not stream.stated:
        return Way(length_stated=stream is None and mpeg.is_plain(data))
    if stream.excess or stream.changes >= 0:
        return Way(stream.excess or _changes(stream.changes))
    alone = len(stream.parts) == 1
    if alone and stream.plain and stream.frames <= stream.stated:
        # Some count the header too; libsndfile then misses a frame that there never was.
        counted_itself = stream.frames == stream.stated - 1 and stream.present >= stream.byte_count
        if not counted_itself:
            short = f"breaks off: {stream.present} of its {stream.byte_count} bytes of sound are there"
            return Way(damage=short if stream.present < stream.byte_count else "")
    if stream.damaged_at >= 0:
        return Way(
            damage=f"is damaged near byte {stream.damaged_at}, or files were cut and joined there", parts=_mpeg_parts
        )
    missing = (
        stream.missing if stream.byte_count == 0 or stream.present < stream.byte_count else max(0, stream.missing - 1)
    )
    stated = sum(part.stated for part in stream.parts)
    damage = f"breaks off: {stated - stream.missing} of its {stated} frames are there" if missing else ""
    return Way(damage=damage, parts=_mpeg_parts, anew=True)


def _mpeg_parts(data: bytes) -> list[bytes]:
    stream = mpeg.look(data)
    return [mpeg.restated(data, stream)] if stream is not None else []
