"""Ogg pages: where each begins and ends, its checksum, the number of the stream it belongs to; chains of streams.

Source: RFC 3533, section 6.
"""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

_CONTINUED = 1
_FIRST_PAGE = 2
_LAST_PAGE = 4
_MOST_SEGMENTS = 255
_OPUS_RATE_AT = 12  # in its first packet: RFC 7845, section 5.1


def page_bounds(data: bytes) -> Iterator[tuple[int, int]]:
    """(start, stop) of each page. Raises ValueError where the bytes are no page, or end inside one."""
    start = 0
    while start < len(data):
        n_segments = data[start + 26] if start + 27 <= len(data) else 0
        body = start + 27 + n_segments
        stop = body + sum(data[start + 27 : body])
        if data[start : start + 4] != b"OggS" or start + 27 > len(data) or stop > len(data):
            raise ValueError(f"no whole Ogg page at byte {start}")
        yield start, stop
        start = stop


def end_of_pages(data: bytes) -> int:
    """Where the first byte lies that is of no whole page; the length of the file if none is."""
    stop = 0
    with contextlib.suppress(ValueError):
        for _, end in page_bounds(data):
            stop = end
    return stop


def renumbered(data: bytes, serial: int) -> bytes:
    """An Ogg file of one stream with `serial`, 0 to 2³²-1, as the number of its stream.

    libsndfile draws that number anew for each file, and with it every page's checksum changes; nothing else does.
    """
    pages = bytearray(data)
    for start, stop in page_bounds(data):
        struct.pack_into("<I", pages, start + 14, serial)
        _seal(pages, start, stop)
    return bytes(pages)


def opus_at(data: bytes, sample_rate: int) -> bytes:
    """An Opus file that says of itself that it was made from sound of `sample_rate`: libsndfile decodes it at that
    rate, others always at 48000 Hz."""
    pages = bytearray(data)
    start, stop = next(page_bounds(data))
    struct.pack_into("<I", pages, start + 27 + data[start + 26] + _OPUS_RATE_AT, sample_rate)
    _seal(pages, start, stop)
    return bytes(pages)


def headers(data: bytes, count: int) -> tuple[list[bytes], int]:
    """The `count` packets that begin on the second page, and where the page after them begins.

    Of Vorbis these are two (comments, and what the decoder needs), of Opus one; the last ends with its page. Raises
    ValueError if it does not.
    """
    packets = [b""]
    for start, stop in list(page_bounds(data))[1:]:
        lacing = data[start + 27 : start + 27 + data[start + 26]]
        at = start + 27 + len(lacing)
        for size in lacing:
            packets[-1] += data[at : at + size]
            at += size
            if size < 255:
                packets.append(b"")
        if len(packets) > count:
            if len(packets) != count + 1 or packets.pop():
                break
            return packets, stop
    raise ValueError("no whole headers")


def rebuilt(data: bytes, packets: list[bytes], rest: int) -> bytes:
    """An Ogg file of one stream with other headers: its first page, `packets`, and what `data` holds from `rest` on."""
    bounds = list(page_bounds(data))
    serial = data[14:18]
    lacing, body, ends = bytearray(), b"".join(packets), []
    for packet in packets:
        lacing += b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
        ends.append(len(lacing))
    pages = [data[: bounds[0][1]]]
    at = 0
    for first in range(0, len(lacing), _MOST_SEGMENTS):
        part = bytes(lacing[first : first + _MOST_SEGMENTS])
        continued = _CONTINUED if first and first not in ends else 0
        # Headers end at time 0; a page on which no packet ends has no time.
        time = 0 if any(first < end <= first + len(part) for end in ends) else -1
        head = struct.pack("<4sBBq4sIIB", b"OggS", 0, continued, time, serial, 0, 0, len(part))
        pages.append(head + part + body[at : at + sum(part)])
        at += sum(part)
    result = bytearray(b"".join([*pages, data[rest:]]))
    for number, (start, stop) in enumerate(list(page_bounds(bytes(result)))):
        struct.pack_into("<I", result, start + 18, number)
        _seal(result, start, stop)
    return bytes(result)


def _seal(pages: bytearray, start: int, stop: int) -> None:
    """Makes the checksum of a page match what it holds."""
    struct.pack_into("<I", pages, start + 22, 0)
    struct.pack_into("<I", pages, start + 22, checksum(pages[start:stop]))


def damage(data: bytes) -> str:
    """What is wrong with the pages of an Ogg file, to be put after its name; "" if all are whole and there."""
    start = stop = 0
    try:
        for start, stop in page_bounds(data):
            blank = data[start : start + 22] + bytes(4) + data[start + 26 : stop]
            if struct.unpack_from("<I", data, start + 22)[0] != checksum(blank):
                return f"is damaged near byte {start}"
    except ValueError:
        return f"breaks off or is damaged after byte {stop}"
    return "" if data and data[start + 5] & _LAST_PAGE else "breaks off: its last page is missing"


@dataclass(frozen=True)
class OggStream:
    """One stream of a link."""

    codec: bytes
    """How its first packet begins."""
    serial: bytes
    """Its number."""
    granule: int
    """The time of its last page on which a packet ends; -1 if it has none."""
    ends: bool = False
    """Whether its last page says that it is the last."""
    backwards: bool = False
    """Whether it goes on after that page, or its time goes back: another stream was put after it without its
    beginning."""


@dataclass(frozen=True)
class Link:
    """A part of an Ogg file that could stand alone: files put one after the other are a chain of such links."""

    start: int
    """Where it begins in the file."""
    stop: int
    """Where it ends in the file."""
    streams: tuple[OggStream, ...]
    """Those that lie side by side in it, such as sound and picture."""


def links(data: bytes) -> list[Link]:
    """The links of an Ogg file. Raises ValueError where the bytes are no page, or end inside one."""
    complete: list[Link] = []
    streams: dict[bytes, OggStream] = {}
    begin = stop = 0
    heading = True  # all first pages of a link come before any other page of it
    for start, stop in page_bounds(data):
        serial, granule = data[start + 14 : start + 18], struct.unpack_from("<q", data, start + 6)[0]
        if data[start + 5] & _FIRST_PAGE:
            if not heading:
                complete.append(Link(begin, start, tuple(streams.values())))
                begin, streams, heading = start, {}, True
            body = start + 27 + data[start + 26]
            streams[serial] = OggStream(data[body : min(body + 8, stop)], serial, granule)
        else:
            heading = False
        if serial in streams:
            last = streams[serial]
            ends = bool(data[start + 5] & _LAST_PAGE)
            time = last.granule if granule == -1 else granule
            backwards = last.backwards or last.ends or time < last.granule
            streams[serial] = replace(last, granule=time, ends=ends, backwards=backwards)
    if streams:
        complete.append(Link(begin, stop, tuple(streams.values())))
    return complete


def packets(data: bytes, serial: bytes) -> list[bytes]:
    """The packets of one stream of a link. Raises ValueError as `page_bounds` does."""
    packets: list[bytes] = []
    segments: list[bytes] = []
    for start, _ in page_bounds(data):
        if data[start + 14 : start + 18] != serial:
            continue
        at = start + 27 + data[start + 26]
        for size in data[start + 27 : at]:
            segments.append(data[at : at + size])
            at += size
            if size < 255:
                packets.append(b"".join(segments))
                segments = []
    return packets


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(page: bytes | bytearray) -> int:
    """The CRC of an Ogg page whose own checksum field is zero.

    Its polynomial is zlib's; but the bits go in from the other end, and neither start nor result is inverted. Turning
    the bits of each byte lets zlib do the work, a hundred times faster than a loop here could.
    """
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
