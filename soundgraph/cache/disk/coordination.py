"""Coordination by locks and times of use: of builds that share a folder, and of collections beside them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from soundgraph.cache.disk.errors import disk_errors
from soundgraph.cache.disk.leases import Leases
from soundgraph.cache.disk.records import DiskRecords
from soundgraph.cache.disk.writing import Writing
from soundgraph.core.errors import StoreError


class DiskCoordination:
    """Of one build or collection. Safe to use from several threads."""

    def __init__(self, folder: Path, leases: Leases, records: DiskRecords, writing: Writing):
        self._folder, self._leases, self._records, self._writing = folder, leases, records, writing

    def claim(self, key: str) -> bool:
        with disk_errors(self._folder):
            return self._leases.claim(key)

    def release(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._leases.release(key)

    def gate(self, *, alone: bool = False) -> contextlib.AbstractContextManager[None]:
        """While a build looks up what it needs, or publishes, no collection deletes; alone: the other way round."""
        return self._leases.gate(alone=alone)

    def running(self) -> contextlib.AbstractContextManager[None]:
        return self._leases.running()

    def use(self, keys: Sequence[str]) -> None:
        with contextlib.suppress(StoreError):  # a cache that cannot be written is not collected either
            self._records.touch(keys)

    def publishing(self, put: Callable[[], None]) -> None:
        self._writing.publish(put)

    # For collections

    def oldest_running(self) -> float:
        """When the oldest of the builds began that go on here, in seconds since 1970; infinity if none does."""
        return self._leases.oldest_running()

    @property
    def has_locks(self) -> bool:
        """Whether builds are known of each other here. Where there are no locks, nobody can tell whether one runs."""
        with self.gate():
            return self._leases.work

    def listing(self) -> contextlib.AbstractContextManager[None]:
        """Nobody else writes down meanwhile what a project reaches. Raises OSError."""
        return self._leases.listing()
