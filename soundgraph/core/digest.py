"""Canonical bytes of a value, and tagged SHA-256 digests over them.

Each value is written with its type and length in front, so that two different values never share bytes:
`["ab", "c"]` and `["a", "bc"]` differ, and so do `1`, `1.0`, `True` and `"1"`.
"""

from __future__ import annotations

import hashlib
import math
import struct

KEY_SCHEMA = 1
"""Raised when the form of an action changes, which keys are digests of; every key then changes with it.

It stands here and not beside the action, so that `soundgraph version` need not import all that an action is made from.
"""

DIGEST = "[0-9a-f]{64}"
"""A SHA-256 in hexadecimal, as a part of a regular expression."""

_FLOAT = struct.Struct(">d")
_HEX = frozenset("0123456789abcdef")


def is_digest(text: object) -> bool:
    """Whether something is a SHA-256 in hexadecimal."""
    return isinstance(text, str) and len(text) == 64 and _HEX.issuperset(text)


def canonical(value: object) -> bytes:
    """The one spelling of a value made of None, bool, int, float, str, bytes, list, tuple and dict with string keys.

    A tuple is written like a list; a dict in the order of its keys' UTF-8; -0.0 like 0.0.
    Raises ValueError for NaN and infinity, TypeError for any other type.
    """
    parts: list[bytes] = []
    _write(value, parts.append)
    return b"".join(parts)


def digest(tag: str, value: object) -> str:
    """SHA-256, in hexadecimal, of the canonical bytes of `value`, told apart by `tag` from other uses of them."""
    return hashlib.sha256(canonical(["soundgraph", tag, value])).hexdigest()


def _write(value: object, put) -> None:  # type: ignore[no-untyped-def]
    # str first: nearly everything in an action is one.
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        put(b"s%d:" % len(data))
        put(data)
    elif value is None:
        put(b"n")
    elif value is True:
        put(b"T")
    elif value is False:
        put(b"F")
    elif isinstance(value, int):
        text = b"%d" % value
        put(b"i%d:" % len(text))
        put(text)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no canonical form")
        put(b"f")
        put(_FLOAT.pack(value + 0.0))  # -0.0 + 0.0 is 0.0
    elif isinstance(value, dict):
        put(b"d%d:" % len(value))
        for key in sorted(value):
            if not isinstance(key, str):
                raise TypeError(f"{key!r} cannot be a key in a canonical form")
            _write(key, put)
            _write(value[key], put)
    elif isinstance(value, (list, tuple)):
        put(b"l%d:" % len(value))
        for item in value:
            _write(item, put)
    elif isinstance(value, bytes):
        put(b"b%d:" % len(value))
        put(value)
    else:
        raise TypeError(f"{type(value).__name__} has no canonical form")
