"""A build that keeps nothing: what is in the cache is used, and what is made lies in a folder of its own until the
build is over. For a cache that cannot be written, where somebody wants the files all the same."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from soundgraph.audio.artifact import Audio
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import DiskStore
from soundgraph.core.errors import StoreError


class Unkept(DiskStore):
    """A cache in which nothing is written, but for what builds say of each other where that can be written.

    Raises StoreError, when it is first written to, if there is no room for a temporary folder.
    """

    def __init__(self, folder: Path):
        super().__init__(folder)
        self._place: Path | None = None
        self._made: DiskStore | None = None

    def prepare(self) -> None:
        """Nothing of the cache is needed, and so nothing is asked of it."""
        self._new()

    def _new(self) -> DiskStore:
        if self._made is None:
            try:
                self._place = Path(tempfile.mkdtemp(prefix="soundgraph-"))
            except OSError as error:
                raise StoreError(f"there is no place for temporary files: {error.strerror or error}") from error
            self._made = DiskStore(self._place / "cache")
        return self._made

    # What was made comes before what is kept

    def records(self, keys: Sequence[str]) -> dict[str, Record]:
        return {**super().records(keys), **(self._made.records(keys) if self._made else {})}

    def find(self, key: str) -> Record | None:
        return (self._made.find(key) if self._made else None) or super().find(key)

    def kept(self, key: str, digest: str) -> Record | None:
        return (self._made.kept(key, digest) if self._made else None) or super().kept(key, digest)

    def notes(self, names: Sequence[str]) -> dict[str, str]:
        return {**super().notes(names), **(self._made.notes(names) if self._made else {})}

    def has(self, digest: str) -> bool:
        return (self._made is not None and self._made.has(digest)) or super().has(digest)

    def read(self, digest: str) -> Audio | None:
        if self._made is not None and self._made.has(digest):
            return self._made.read(digest)
        return super().read(digest)

    # Nothing is written

    def put(self, results: Sequence[tuple[Record, Audio]], *, takes: bool) -> None:
        self._new().put(results, takes=False)

    def put_notes(self, notes: Mapping[str, str]) -> None:
        if notes:
            self._new().put_notes(notes)

    def claim(self, key: str) -> bool:
        """Others could not take over what comes of it."""
        return True

    def release(self, keys: Iterable[str]) -> None:
        pass

    def use(self, keys: Sequence[str]) -> None:
        pass

    def close(self) -> None:
        super().close()
        if self._made is not None and self._place is not None:
            self._made.close()
            with contextlib.suppress(OSError):
                shutil.rmtree(self._place)
            self._made = self._place = None
