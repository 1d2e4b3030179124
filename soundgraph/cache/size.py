"""Whether a cache is bigger than it should be, without looking at all of it after each build."""

from __future__ import annotations

import time

from soundgraph.cache.disk import listing
from soundgraph.cache.disk.store import DiskStore

_NOTE = "size"

# A sum of what builds say they added: none of them knows what others add or remove at the same time.
_TRUSTED_S = 24 * 3600


def weigh(store: DiskStore) -> int:
    """Bytes of all sounds and records, measured now. Raises StoreError, OSError."""
    n_bytes = listing.size(store.folder)
    note(store, n_bytes, time.time())
    return n_bytes


def note(store: DiskStore, n_bytes: int, at: float) -> None:
    """Keeps what was measured, for `after_build`. at: seconds since 1970. Raises StoreError."""
    store.notes.put({_NOTE: f"{n_bytes} {int(at)}"})


def after_build(store: DiskStore, max_bytes: int) -> int | None:
    """The size of the cache, if what a build has added leaves it bigger than that. Raises StoreError, OSError.

    It is measured once a day, and before anybody is told that it is too big; else it is a running sum.
    """
    if not store.blobs.grown_bytes:
        return None
    size, _, at = store.notes.get([_NOTE]).get(_NOTE, "").partition(" ")
    if size.isdecimal() and at.isdecimal() and 0 <= time.time() - int(at) < _TRUSTED_S:
        total = int(size) + store.blobs.grown_bytes
        if total <= max_bytes:
            note(store, total, int(at))
            return None
    total = weigh(store)
    return total if total > max_bytes else None
