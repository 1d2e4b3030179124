"""ID3 tags, in which an MP3 file carries tags, a loop and cues.

Sources: ID3 tag version 2.3.0, 1999; ID3v2 chapter frame addendum, 2005.
"""

from __future__ import annotations

from soundgraph.audio.containers.metadata import Marks

_FRAMES = {"title": b"TIT2", "artist": b"TPE1"}
_UTF16 = b"\x01"
_NOWHERE = b"\xff" * 4


def marked(mp3: bytes, marks: Marks, sample_rate: int, seconds: float) -> bytes:
    """An MP3 file with an ID3 tag before it.

    A loop is LOOPSTART and LOOPLENGTH, in samples after the encoder's delay, as user text: the names that the comments
    of FLAC and Ogg use. A cue is a chapter up to the next one; the last is up to the end, `seconds` from the beginning.
    """
    frames = [_frame(name, _UTF16 + _text(marks.tags[tag])) for tag, name in _FRAMES.items() if tag in marks.tags]
    if "comment" in marks.tags:
        frames.append(_frame(b"COMM", _UTF16 + b"eng" + _text("") + b"\0\0" + _text(marks.tags["comment"])))
    if marks.loop is not None:
        start, stop = marks.loop
        for name, count in (("LOOPSTART", start), ("LOOPLENGTH", stop - start)):
            frames.append(_frame(b"TXXX", _UTF16 + _text(name) + b"\0\0" + _text(str(count))))
    times_ms = [round(1000 * at / sample_rate) for at, _ in marks.cues]
    ends_ms = [*times_ms[1:], round(1000 * seconds)]
    for number, (begin, end, (_, label)) in enumerate(zip(times_ms, ends_ms, marks.cues, strict=False), 1):
        times = begin.to_bytes(4, "big") + max(begin, end).to_bytes(4, "big")
        title = _frame(b"TIT2", _UTF16 + _text(label))
        frames.append(_frame(b"CHAP", b"cue%d\0" % number + times + 2 * _NOWHERE + title))
    body = b"".join(frames)
    # Seven bits a byte, so that no part of the size looks like the beginning of a frame of sound.
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body + mp3


def _frame(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "big") + b"\0\0" + body


def _text(text: str) -> bytes:
    # Version 2.3 knows UTF-16 and Latin-1, and is read more widely than 2.4, which knows UTF-8.
    return b"\xff\xfe" + text.encode("utf-16-le")
