"""Notes: small texts by name that tell when they were damaged. A figure with a flipped bit would go into a sidecar."""

from __future__ import annotations

import zlib

_DIGITS = 8


def seal(name: str, text: str) -> str:
    """The text behind a checksum (CRC-32) of it and its name: under another name it is no note either."""
    return f"{_check(name, text)} {text}"


def unseal(name: str, sealed: str) -> str | None:
    """None for what was damaged, or written by a version that had no seals."""
    text = sealed[_DIGITS + 1 :]
    return text if sealed == seal(name, text) else None


def _check(name: str, text: str) -> str:
    return f"{zlib.crc32(chr(0).join((name, text)).encode('utf-8', 'surrogatepass')):0{_DIGITS}x}"
