"""How recordings and tags begin: what may stand after the sound of a file, and what may not."""

from __future__ import annotations

import re

RECORDING = re.compile(
    rb"(?:RIFF|RIFX|RF64|BW64)....WAVE"
    rb"|FORM....AIF[FC]"
    rb"|fLaC[\x00\x80]\x00\x00\x22"
    rb"|OggS\x00\x02\x00{8}"
    rb"|caff\x00[\x01\x02]\x00\x00desc"
    rb"|riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb"
    # A size, a sort, a rate and a few channels: four letters alone stand in samples by chance.
    rb"|\.snd\x00\x00......\x00\x00\x00[\x01-\x1b]\x00...\x00\x00\x00[\x01-\x08]"
    rb"|dns\....\x00....[\x01-\x1b]\x00\x00\x00...\x00[\x01-\x08]\x00\x00\x00"
    rb"|wvpk....[\x02-\x10]\x04"
    rb"|\x00\x00\x00.ftyp(?:M4A |M4B |mp4|isom|qt  |dash|iso[2-9])",
    re.DOTALL,
)
"""The first bytes of a recording. Nothing shorter than eight given bytes, so that samples do not hold it by chance."""

# The regular expression looks at each byte; these are found ten times as fast. With how far into the match each stands.
_LITERALS = [(word, 0) for word in (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"fLaC", b"OggS", b"caff", b"riff")]
_LITERALS += [(b".snd", 0), (b"dns.", 0), (b"wvpk", 0), (b"ftyp", 4)]
# A tag at the beginning of an MP3, with the name of its first entry.
_ID3 = re.compile(rb"ID3[\x03\x04]\x00.[\x00-\x7f]{4}[A-Z][A-Z0-9]{3}", re.DOTALL)

_NOT_ZERO = re.compile(rb"[^\x00]")

MOST_JUNK_BYTES = 1024
"""This much may follow the sound without saying what it is: rubbish that programs of the past left behind."""


def syncsafe(four: bytes) -> int:
    """The number in four bytes of seven bits each, as ID3 writes it, so that no tag looks like the start of a frame."""
    return sum((byte & 0x7F) << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=True))


def id3_bytes(head: bytes) -> int:
    """The length of the ID3v2 tag that begins with these ten bytes; 0 if none does."""
    if head[:3] != b"ID3" or len(head) < 10 or head[3] == 0xFF or max(head[6:10]) > 0x7F:
        return 0
    footer = 10 if head[5] & 0x10 else 0
    return 10 + syncsafe(head[6:10]) + footer


def tag_bytes(data: bytes, at: int) -> int:
    """The length of the tag (ID3, APE, Lyrics3) at `at`; 0 if there is none."""
    head = data[at : at + 32]
    if head[:3] == b"ID3":
        return id3_bytes(head[:10])
    if head[:3] == b"TAG":
        return 227 if head[3:4] == b"+" else 128
    if head[:8] == b"APETAGEX" and len(head) == 32:
        header = int.from_bytes(head[20:24], "little") & 0xA0000000
        # Its size counts the footer, not the header; a footer that stands alone says how much was before it.
        return 32 + (int.from_bytes(head[12:16], "little") if header == 0xA0000000 else 0)
    if head[:11] == b"LYRICSBEGIN":
        end = max(data.find(b"LYRICS200", at), data.find(b"LYRICSEND", at))
        return end + 9 - at if end >= 0 else 0
    return 0


def find(data: bytes, tagged: bool = False) -> int:
    """Where the first recording begins in samples, or in whatever else; -1 if none does. tagged: an MP3 behind a tag,
    too, which in a file of frames or chunks may stand by right."""
    places = []
    for word, into in _LITERALS:
        at = -1
        while (at := data.find(word, at + 1)) >= 0:
            if at >= into and RECORDING.match(data, at - into):
                places.append(at - into)
                break
    if tagged:
        at = -1
        while (at := data.find(b"ID3", at + 1)) >= 0:
            if _ID3.match(data, at):
                places.append(at)
                break
    return min(places, default=-1)


def leftover(data: bytes, start: int = 0) -> str:
    """What follows the sound of a file and ought not to, to be put after the file's name; "" if it may be there.

    data: the end of the file. start: where in the file it begins, for the message.
    """
    another = find(data)
    if another >= 0:
        return followed_by_another(start + another)
    at = _after_zeros(data, 0)
    while at < len(data) and (size := tag_bytes(data, at)):
        at = _after_zeros(data, at + size)
    junk = data[at:]
    # A block of a disk is filled up with one value, whichever it is.
    if len(junk) > MOST_JUNK_BYTES and junk.count(junk[:1]) < len(junk):
        return f"holds {len(junk)} bytes after the sound that it states; what they are, it does not say"
    return ""


def _after_zeros(data: bytes, at: int) -> int:
    first = _NOT_ZERO.search(data, at)
    return len(data) if first is None else first.start()


def followed_by_another(byte: int) -> str:
    """The reason for a file in which a second recording begins, to be put after its name."""
    return f"holds more than one recording, one after the other: another begins at byte {byte}; take them apart"
