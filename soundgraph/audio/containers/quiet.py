"""What a decoder in C prints does not reach the user's terminal: it names no file, and errors are told in words."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

_lock = threading.Lock()
_users = 0
_before: Any = None


@contextlib.contextmanager
def decoders() -> Iterator[None]:
    """While this is held, what C libraries print to `stderr` goes nowhere. Any number of threads may hold it.

    It is the variable of the C library that is set, not descriptor 2: what Python prints, in this thread or another,
    does not pass through it and is shown as ever, and a program that is started meanwhile inherits the terminal. Where
    that variable cannot be set (Windows, musl), nothing is changed.
    """
    global _users, _before  # noqa: PLW0603 - the variable of the C library is one, too
    streams = _stream()
    if streams is None:
        yield
        return
    variable, nowhere = streams
    with _lock:
        if _users == 0:
            _before, variable.value = variable.value, nowhere
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                variable.value = _before


@cache
def _stream() -> tuple[Any, int] | None:
    """The variable `stderr` of the C library, and a stream that goes nowhere to put in its place."""
    # musl keeps it in memory that cannot be written.
    name = "__stderrp" if sys.platform == "darwin" else "stderr" if platform.libc_ver()[0] == "glibc" else ""
    if not name:
        return None
    try:
        library = ctypes.CDLL(None)
        variable = ctypes.c_void_p.in_dll(library, name)
        library.fopen.restype = ctypes.c_void_p
        nowhere = library.fopen(os.fsencode(os.devnull), b"w")
    except (OSError, ValueError, AttributeError):
        return None
    return (variable, nowhere) if nowhere else None
