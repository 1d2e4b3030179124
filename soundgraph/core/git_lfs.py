"""Pointers of Git LFS: the small texts that git holds in the place of large files."""

from __future__ import annotations

import re
from pathlib import Path

from soundgraph.core.digest import DIGEST
from soundgraph.core.files import digest_if_readable

MOST_BYTES = 1024
"""Of a pointer."""

_POINTER = re.compile(rf"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:({DIGEST})\n".encode())


def oid(content: bytes) -> str | None:
    """The SHA-256 of what a pointer stands for; None if it is no pointer."""
    match = _POINTER.match(content) if len(content) <= MOST_BYTES else None
    return match[1].decode() if match else None


def stands_for(content: bytes, path: Path) -> bool:
    """Whether what git holds is a pointer to what lies at `path`."""
    expected = oid(content)
    if expected is None or path.is_symlink() or not path.is_file():
        return False
    return digest_if_readable(path) == expected
