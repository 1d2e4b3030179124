"""A store in memory: what the four parts of a cache have to do, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Store


class MemoryBlobs:
    def __init__(self) -> None:
        self.sounds: dict[str, Audio] = {}
        self.reads: list[str] = []
        """The digests that were asked for, in order."""

    def has(self, digest: str) -> bool:
        return digest in self.sounds

    def read(self, digest: str) -> Audio | None:
        self.reads.append(digest)
        return self.sounds.get(digest)

    def window(self, digest: str, start: int, n_samples: int) -> Audio | None:
        sound = self.sounds.get(digest)
        return None if sound is None else replace(sound, samples=sound.samples[:, start : start + n_samples].copy())

    def put(self, sounds: Mapping[str, Audio], *, takes: bool) -> None:
        self.sounds.update(sounds)


class MemoryRecords:
    def __init__(self) -> None:
        self.current: dict[str, Record] = {}
        self.beside: dict[tuple[str, str], Record] = {}

    def lookup(self, keys: Sequence[str]) -> dict[str, Record]:
        return {key: self.current[key] for key in keys if key in self.current}

    def find(self, key: str) -> Record | None:
        return self.current.get(key)

    def kept(self, key: str, digest: str) -> Record | None:
        record = self.current.get(key)
        return record if record is not None and record.digest == digest else self.beside.get((key, digest))

    def put(self, records: Sequence[Record], *, takes: bool) -> None:
        for record in records:
            before = self.current.get(record.key)
            if before is not None and before.digest != record.digest and self.is_take(before):
                self.beside[before.key, before.digest] = before
            self.current[record.key] = record

    def is_take(self, record: Record) -> bool:
        return record.backend is not None and not backends.is_draft(record.backend)

    def is_draft(self, record: Record) -> bool:
        return record.backend is not None and backends.is_draft(record.backend)


class MemoryCoordination:
    """Of one build, which has the cache for itself."""

    def claim(self, key: str) -> bool:
        return True

    def release(self, keys: Iterable[str]) -> None:
        pass

    def gate(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def running(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def use(self, keys: Sequence[str]) -> None:
        pass

    def publishing(self, put: Callable[[], None]) -> None:
        put()


class MemoryNotes:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def get(self, names: Sequence[str]) -> dict[str, str]:
        return {name: self.texts[name] for name in names if name in self.texts}

    def put(self, notes: Mapping[str, str]) -> None:
        self.texts.update(notes)


class MemoryStore(Store):
    blobs: MemoryBlobs
    records: MemoryRecords
    coordination: MemoryCoordination
    notes: MemoryNotes

    def __init__(self) -> None:
        super().__init__(MemoryBlobs(), MemoryRecords(), MemoryCoordination(), MemoryNotes())
