"""Sizes in bytes, as people write them."""

from __future__ import annotations

import re

from soundgraph.core.errors import quote

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(k|M|G|T|Ki|Mi|Gi|Ti)?B")
_UNITS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def parse_bytes(text: str) -> int:
    """ "12 GB" as a number of bytes; GB is 10⁹ and GiB 2³⁰. Raises ValueError for anything else."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise ValueError(f'{quote(text)} is not a size such as "12 GB"')
    return round(float(match[1]) * _UNITS.get(match[2], 1))


def size_words(n_bytes: int) -> str:
    """ "3.2 GB", "850.0 MB", "0.3 MB", "1.5 kB"."""
    if n_bytes >= 10**9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 10**5 else f"{n_bytes / 1e3:.1f} kB"
