"""MPEG audio, which is what an MP3 holds: its frames counted, and a header that states their number.

libsndfile reads as many frames as the Xing or Info header of an MP3 states. Where there is none it estimates the length
from the bit rate of the beginning, and reads no further: about half of what was encoded with a variable rate and begins
quietly. Files put one after the other are one stream by the standard, with headers of the parts in it.

Sources: ISO/IEC 11172-3 and 13818-3; the Xing and LAME tag as LAME and mpg123 have it; Fraunhofer's VBRI.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

from soundgraph.audio.containers import signatures

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBPS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SEARCHED_BYTES = 2**17


@dataclass(frozen=True)
class FrameHeader:
    """What the first four bytes of a frame say."""

    layer: int
    """1 to 3."""
    version: int
    """As the header has it: 3 is MPEG-1, 2 is MPEG-2, 0 is MPEG-2.5."""
    sample_rate: int
    """In Hz."""
    channels: int
    length: int
    """Of the frame, in bytes."""
    samples: int
    """A channel has in the frame."""

    @property
    def side_bytes(self) -> int:
        """The bytes after the header, in which a Xing header stands after as many zeros."""
        if self.version == 3:
            return 17 if self.channels == 1 else 32
        return 9 if self.channels == 1 else 17


@dataclass(frozen=True)
class MpegPart:
    """Frames that follow one header of an encoder."""

    stated: int
    """How many frames the header states; 0 if it does not."""
    frames: int
    """How many there are."""
    delay: int = 0
    """Samples that the encoder put before the sound."""
    padding: int = 0
    """Samples that the encoder put after the sound."""


@dataclass(frozen=True)
class MpegStream:
    """The frames of a file."""

    first: FrameHeader
    """The header of the first frame."""
    plain: bool
    """Whether the encoder's header is as every decoder wants it: a frame count with a byte count, after at most one
    tag."""
    parts: tuple[MpegPart, ...]
    """One for each header of an encoder; at least one."""
    spans: tuple[tuple[int, int], ...]
    """(start, stop) of the frames in the file, without the first one if that is a header, and without tags between."""
    byte_count: int
    """Of the sound from `first` on, by the header; 0 if it does not say."""
    present: int
    """How many bytes of sound the file holds from `first` on."""
    changes: int
    """Where another rate or number of channels begins; -1 if nowhere."""
    damaged_at: int
    """Where something lies between frames that is no tag; -1 if nowhere."""
    excess: str
    """Why what follows the sound ought not to be there; "" if nothing does."""

    @property
    def stated(self) -> int:
        return self.parts[0].stated

    @property
    def frames(self) -> int:
        """All of them; of parts after the first their headers too, which are frames of silence to a decoder."""
        return sum(part.frames for part in self.parts) + len(self.parts) - 1

    @property
    def missing(self) -> int:
        """How many frames fewer there are than the headers state."""
        return sum(max(0, part.stated - part.frames) for part in self.parts)


@cache
def header(code: bytes) -> FrameHeader | None:
    """What four bytes say, if they begin a frame whose length they state."""
    word = int.from_bytes(code, "big")
    version, layer, bit_rate, rate = word >> 19 & 3, 4 - (word >> 17 & 3), word >> 12 & 15, word >> 10 & 3
    if len(code) < 4 or word >> 21 != 0x7FF or version == 1 or layer == 4 or rate == 3 or not 0 < bit_rate < 15:
        return None
    kbps, hz = _KBPS[version == 3, layer][bit_rate - 1], _RATES[version][rate]
    padding = word >> 9 & 1
    channels = 1 if word >> 6 & 3 == 3 else 2
    if layer == 1:
        return FrameHeader(layer, version, hz, channels, (12000 * kbps // hz + padding) * 4, 384)
    samples = 576 if layer == 3 and version != 3 else 1152
    return FrameHeader(layer, version, hz, channels, samples // 8 * 1000 * kbps // hz + padding, samples)


def look(data: bytes) -> MpegStream | None:
    """The frames of an MP3; None if none are found near its beginning."""
    at = 0
    while size := signatures.tag_bytes(data, at):
        at += size
    begin = _sync(data, at, at + _SEARCHED_BYTES, None)
    if begin is None:
        return None
    first = header(data[begin : begin + 4])
    assert first is not None
    parts: list[MpegPart] = []
    spans: list[tuple[int, int]] = []
    stated, byte_count, delay, padding = _info(data, begin, first)
    count, span = 0, begin
    at = begin
    if stated:
        at = span = begin + first.length
    plain = is_plain(data)
    changes = another = damaged_at = -1
    end = len(data)
    while at < end:
        head = header(data[at : at + 4])
        if head is not None and at + head.length <= end:
            if _kind(head) != _kind(first):
                # In rubbish four bytes may look like it; two in a row hardly.
                if _is_frame(data, at, head):
                    changes = at
                    break
            else:
                again = _info(data, at, head) if count else (0, 0, 0, 0)
                if again[0]:
                    parts.append(MpegPart(stated, count, delay, padding))
                    stated, _, delay, padding = again
                    count = 0
                else:
                    count += 1
                at += head.length
                continue
        if at > span:
            spans.append((span, at))
        size = signatures.tag_bytes(data, at)
        following = at + size if size else _sync(data, at + 1, end, first)
        if not size:
            junk = data[at:following]
            if (place := signatures.find(junk)) >= 0:
                another = at + place
                break
            if following is not None and damaged_at < 0 and junk.strip(b"\0"):
                damaged_at = at
        at = span = end if following is None else min(following, end)
    else:
        if at > span:
            spans.append((span, end))
    parts.append(MpegPart(stated, count, delay, padding))
    excess = signatures.followed_by_another(another) if another >= 0 else ""
    return MpegStream(first, plain, tuple(parts), tuple(spans), byte_count, end - begin, changes, damaged_at, excess)


def is_plain(data: bytes) -> bool:
    """Whether an MP3 states, after at most one tag, how many frames and how many bytes it has."""
    start = 10 + signatures.syncsafe(data[6:10]) if data[:3] == b"ID3" and len(data) >= 10 else 0
    frame = data[start : start + 64]
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if frame[:1] != b"\xff" or not 0 < at <= len(frame) - 16:
        return False
    flags, frames, size = struct.unpack_from(">III", frame, at + 4)
    return bool(flags & 3 == 3 and frames and size)


def restated(data: bytes, stream: MpegStream) -> bytes:
    """The frames alone, behind a header that states how many there are."""
    frames = b"".join(data[start:stop] for start, stop in stream.spans)
    head = stream.first
    # A bit rate at which the frame holds the header at any sample rate.
    word = (0x7FF << 21) | head.version << 19 | 1 << 17 | 1 << 16 | 9 << 12
    word |= _RATES[head.version].index(head.sample_rate) << 10 | (3 if head.channels == 1 else 1) << 6
    code = word.to_bytes(4, "big")
    own = header(code)
    assert own is not None
    delay, padding = stream.parts[0].delay, stream.parts[-1].padding
    lame = b"LAME3.100" + bytes(12) + (delay << 12 | padding).to_bytes(3, "big") + bytes(12)
    xing = b"Xing" + struct.pack(">III", 3, stream.frames, own.length + len(frames))
    body = code + bytes(own.side_bytes) + xing + (lame if delay or padding else b"")
    return body.ljust(own.length, b"\0") + frames


def _kind(head: FrameHeader) -> tuple[int, int, int, int]:
    return head.version, head.layer, head.sample_rate, head.channels


def _is_frame(data: bytes, at: int, head: FrameHeader) -> bool:
    following = header(data[at + head.length : at + head.length + 4])
    return following is not None and _kind(following) == _kind(head)


def _sync(data: bytes, at: int, stop: int, like: FrameHeader | None) -> int | None:
    """Where the next frame begins that another one follows, or the end of the file, or a tag."""
    stop = min(stop, len(data))
    while (at := data.find(b"\xff", at, stop)) >= 0:
        head = header(data[at : at + 4])
        if head is not None and (like is None or _kind(head) == _kind(like)):
            end = at + head.length
            if end == len(data) or (end < len(data) and (_is_frame(data, at, head) or signatures.tag_bytes(data, end))):
                return at
        at += 1
    return None


def _info(data: bytes, at: int, head: FrameHeader) -> tuple[int, int, int, int]:
    """(frames, bytes from this frame on, delay, padding) that the frame at `at` states; zeros where it does not."""
    frame = data[at : at + head.length]
    place = 4 + head.side_bytes
    for name_at in (place, place + 2):  # after a checksum, if there is one
        if frame[name_at : name_at + 4] in (b"Xing", b"Info"):
            return _xing(frame, name_at)
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        size, frames = struct.unpack_from(">II", frame, 46)
        return frames, size, 0, 0
    return 0, 0, 0, 0


def _xing(frame: bytes, at: int) -> tuple[int, int, int, int]:
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    at += 8
    numbers = []
    for flag in (1, 2):
        numbers.append(int.from_bytes(frame[at : at + 4], "big") if flags & flag else 0)
        at += 4 if flags & flag else 0
    at += 100 if flags & 4 else 0
    at += 4 if flags & 8 else 0
    ends = int.from_bytes(frame[at + 21 : at + 24], "big") if frame[at : at + 4].isalnum() else 0
    return numbers[0], numbers[1], ends >> 12, ends & 0xFFF
