"""A build that keeps nothing: what is in the cache is used, and what is made lies in a folder of its own until the
build is over. For a cache that cannot be written, where somebody wants the files all the same."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from soundgraph.audio.artifact import Audio
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Blobs, Coordination, Notes, Records, Store
from soundgraph.core.errors import StoreError


class _Temporary:
    """The store of what is made. It is there once something was made."""

    def __init__(self, open_in: Callable[[Path], Store]):
        self._open_in = open_in
        self._folder: Path | None = None
        self.made: Store | None = None

    def store(self) -> Store:
        """Raises StoreError if there is no room for a temporary folder."""
        if self.made is None:
            try:
                self._folder = Path(tempfile.mkdtemp(prefix="soundgraph-"))
            except OSError as error:
                raise StoreError(f"there is no place for temporary files: {error.strerror or error}") from error
            self.made = self._open_in(self._folder / "cache")
        return self.made

    def remove(self) -> None:
        if self.made is not None and self._folder is not None:
            self.made.close()
            with contextlib.suppress(OSError):
                shutil.rmtree(self._folder)
            self.made = self._folder = None


class UnkeptBlobs:
    def __init__(self, kept: Blobs, temporary: _Temporary):
        self._kept, self._temporary = kept, temporary

    def _home(self, digest: str) -> Blobs:
        """Where to read a sound. What was made comes before what is kept."""
        made = self._temporary.made
        return made.blobs if made is not None and made.blobs.has(digest) else self._kept

    def has(self, digest: str) -> bool:
        return self._home(digest).has(digest)

    def read(self, digest: str) -> Audio | None:
        return self._home(digest).read(digest)

    def window(self, digest: str, start: int, n_samples: int) -> Audio | None:
        return self._home(digest).window(digest, start, n_samples)

    def put(self, sounds: Mapping[str, Audio], *, takes: bool) -> None:
        self._temporary.store().blobs.put(sounds, takes=False)


class UnkeptRecords:
    def __init__(self, kept: Records, temporary: _Temporary):
        self._kept, self._temporary = kept, temporary

    def lookup(self, keys: Sequence[str]) -> dict[str, Record]:
        made = self._temporary.made
        return {**self._kept.lookup(keys), **(made.records.lookup(keys) if made else {})}

    def find(self, key: str) -> Record | None:
        made = self._temporary.made
        return (made.records.find(key) if made else None) or self._kept.find(key)

    def kept(self, key: str, digest: str) -> Record | None:
        made = self._temporary.made
        return (made.records.kept(key, digest) if made else None) or self._kept.kept(key, digest)

    def put(self, records: Sequence[Record], *, takes: bool) -> None:
        self._temporary.store().records.put(records, takes=False)

    def is_take(self, record: Record) -> bool:
        return self._kept.is_take(record)

    def is_draft(self, record: Record) -> bool:
        return self._kept.is_draft(record)


class UnkeptCoordination:
    """Builds say of each other that they go on, where that can be written; but others could not take over what comes of
    this one, so that it claims nothing."""

    def __init__(self, kept: Coordination, temporary: _Temporary):
        self._temporary = temporary
        self.gate, self.running = kept.gate, kept.running

    def claim(self, key: str) -> bool:
        return True

    def release(self, keys: Iterable[str]) -> None:
        pass

    def use(self, keys: Sequence[str]) -> None:
        pass

    def publishing(self, put: Callable[[], None]) -> None:
        self._temporary.store().coordination.publishing(put)


class UnkeptNotes:
    def __init__(self, kept: Notes, temporary: _Temporary):
        self._kept, self._temporary = kept, temporary

    def get(self, names: Sequence[str]) -> dict[str, str]:
        made = self._temporary.made
        return {**self._kept.get(names), **(made.notes.get(names) if made else {})}

    def put(self, notes: Mapping[str, str]) -> None:
        if notes:
            self._temporary.store().notes.put(notes)


class UnkeptStore(Store):
    """Results of `kept`, to which nothing is written, before those that are made."""

    def __init__(self, kept: Store, open_in: Callable[[Path], Store]):
        """open_in: makes the store of what is made, in a folder that is not there yet."""
        self._temporary = _Temporary(open_in)
        super().__init__(
            UnkeptBlobs(kept.blobs, self._temporary),
            UnkeptRecords(kept.records, self._temporary),
            UnkeptCoordination(kept.coordination, self._temporary),
            UnkeptNotes(kept.notes, self._temporary),
            local=kept,
        )

    def prepare(self) -> None:
        """Nothing of the cache is needed, and so nothing is asked of it. Raises StoreError."""
        self._temporary.store()

    @property
    def disk(self) -> None:
        """Nothing is written down of a build that keeps nothing."""
        return None

    def close(self) -> None:
        super().close()
        self._temporary.remove()
