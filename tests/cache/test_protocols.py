"""What every form of a store does alike, and that a build needs nothing else of one: a toy tier carries it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.cache.disk.sqlite_index import NOTE
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import NOTES_THAT_TRAVEL, Blobs, Records, Store
from soundgraph.cache.unkept import UnkeptStore
from soundgraph.core.errors import StoreError
from soundgraph.project import open_cache
from tests.cache.memory_store import MemoryRecords, MemoryStore
from tests.helpers import CHAIN, Space, changed, export, generate, node, noise

KEY = "1" * 64


def record(sound: Audio, key: str = KEY, backend: str | None = "any") -> Record:
    manifest = {"kind": "generate", "model": {"backend": backend}} if backend is not None else {"kind": "gain"}
    return Record(key, sound.digest, sound.sample_rate, sound.channels, sound.n_samples, manifest)


def disk_store(folder: Path) -> DiskStore:
    return DiskStore(folder, backends.is_draft)


FORMS = {
    "disk": lambda folder: disk_store(folder / "cache"),
    "memory": lambda folder: MemoryStore(),
    "unkept": lambda folder: UnkeptStore(disk_store(folder / "cache"), disk_store),
    "tiered": lambda folder: with_remote(disk_store(folder / "cache"), MemoryStore()),
}


@pytest.fixture(params=FORMS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with closing(FORMS[request.param](tmp_path)) as opened:
        yield opened


# A remote tier, made through the protocols


class TieredBlobs:
    """What is not here is fetched from there, and kept here."""

    def __init__(self, local: Blobs, remote: Blobs):
        self.local, self.remote = local, remote

    def has(self, digest: str) -> bool:
        return self.local.has(digest) or self.remote.has(digest)

    def read(self, digest: str) -> Audio | None:
        sound = self.local.read(digest)
        if sound is None and (sound := self.remote.read(digest)) is not None:
            if sound.digest != digest:  # whoever is over there
                return None
            self.local.put({digest: sound}, takes=True)
        return sound

    def window(self, digest: str, start: int, n_samples: int) -> Audio | None:
        home = self.local if self.local.has(digest) else self.remote
        return home.window(digest, start, n_samples)

    def put(self, sounds: Mapping[str, Audio], *, takes: bool) -> None:
        self.local.put(sounds, takes=takes)
        self.remote.put(sounds, takes=takes)


class TieredRecords:
    """What is not here is asked for there. Who asks has the sound over there, too: it was put first."""

    def __init__(self, local: Records, remote: Records):
        self.local, self.remote = local, remote
        self.is_take, self.is_draft = local.is_take, local.is_draft

    def lookup(self, keys: Sequence[str]) -> dict[str, Record]:
        records = self.local.lookup(keys)
        return {**records, **self.remote.lookup([key for key in keys if key not in records])}

    def find(self, key: str) -> Record | None:
        return self.local.find(key) or self.remote.find(key)

    def kept(self, key: str, digest: str) -> Record | None:
        return self.local.kept(key, digest) or self.remote.kept(key, digest)

    def put(self, records: Sequence[Record], *, takes: bool) -> None:
        self.local.put(records, takes=takes)
        self.remote.put(records, takes=takes)


def with_remote(local: Store, remote: Store) -> Store:
    blobs, records = TieredBlobs(local.blobs, remote.blobs), TieredRecords(local.records, remote.records)
    return Store(blobs, records, local.coordination, local.notes, local)


# What every form does alike


def test_what_was_published_is_there_and_what_was_not_is_not(store: Store) -> None:
    sound = noise(channels=2)
    store.publish([(record(sound), sound)], takes=True)
    assert store.records.lookup([KEY, "2" * 64]) == {KEY: record(sound)}
    assert store.records.find(KEY) == store.records.kept(KEY, sound.digest) == record(sound)
    assert store.blobs.has(sound.digest)
    read = store.blobs.read(sound.digest)
    assert read is not None
    assert read.digest == sound.digest
    assert store.records.find("2" * 64) is store.records.kept(KEY, "2" * 64) is store.blobs.read("2" * 64) is None
    assert not store.blobs.has("2" * 64)


def test_the_record_that_counts_is_the_last_and_a_take_that_it_replaced_is_kept(store: Store) -> None:
    first, second = noise(seed=1), noise(seed=2)
    store.publish([(record(first), first)], takes=True)
    store.publish([(record(second), second)], takes=True)
    assert store.records.lookup([KEY]) == {KEY: record(second)}
    assert store.records.kept(KEY, first.digest) == record(first)
    assert store.blobs.has(first.digest)


@pytest.mark.parametrize(("backend", "sorts"), [("any", (True, False)), ("draft", (False, True)), (None, (False,) * 2)])
def test_the_store_says_what_is_a_take_or_a_draft(store: Store, backend: str | None, sorts: tuple[bool, bool]) -> None:
    asked = record(noise(), backend=backend)
    assert (store.records.is_take(asked), store.records.is_draft(asked)) == sorts


@pytest.mark.parametrize(("start", "n_samples"), [(0, 5), (3, 7), (390, 50), (400, 5), (1000, 5), (0, 0), (0, 400)])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_window_is_that_part_of_the_sound(store: Store, channels: int, start: int, n_samples: int) -> None:
    sound = noise(0.05, channels=channels)
    assert sound.n_samples == 400
    store.publish([(record(sound), sound)], takes=False)
    window = store.blobs.window(sound.digest, start, n_samples)
    assert window is not None
    assert window.sample_rate == sound.sample_rate
    assert np.array_equal(window.samples, sound.samples[:, start : start + n_samples])
    assert store.blobs.window("2" * 64, start, n_samples) is None


def test_a_note_is_what_was_put_last(store: Store) -> None:
    store.notes.put({"measured a": "1", "measured b": "2"})
    store.notes.put({"measured b": "3"})
    assert store.notes.get(["measured a", "measured b", "measured c"]) == {"measured a": "1", "measured b": "3"}


def test_one_build_may_claim_gate_and_use_what_it_likes(store: Store) -> None:
    with store.coordination.running(), store.coordination.gate():
        assert store.coordination.claim(KEY)
        store.coordination.use([KEY])
    store.coordination.release([KEY])
    assert store.coordination.claim(KEY)


# The order that keeps the promise


@pytest.mark.parametrize("form", ["disk", "memory"])
def test_no_record_is_there_before_its_sound(form: str, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Full(TieredBlobs):
        def put(self, sounds: Mapping[str, Audio], *, takes: bool) -> None:
            raise StoreError(str(full)) from full

    inner = FORMS[form](tmp_path)
    store = Store(Full(inner.blobs, inner.blobs), inner.records, inner.coordination, inner.notes, inner)
    with pytest.raises(StoreError):
        store.publish([(record(noise()), noise())], takes=True)
    assert store.records.find(KEY) is None
    store.close()


# Windows of files


def test_a_window_reads_no_more_than_its_part(tmp_path: Path) -> None:
    """What was damaged behind it is not noticed: only the whole is checked, and only that may be published."""
    sound = noise(0.05)
    with closing(disk_store(tmp_path / "cache")) as store:
        store.publish([(record(sound), sound)], takes=False)
        data = bytearray(sound.to_wav())
        data[-1] ^= 1
        store.blobs.file(sound.digest).write_bytes(data)
        window = store.blobs.window(sound.digest, 10, 20)
        assert window is not None
        assert np.array_equal(window.samples, sound.samples[:, 10:30])
        assert store.blobs.window(sound.digest, 0, 400) is None, "the whole is checked"
        assert not store.blobs.has(sound.digest)


@pytest.mark.parametrize("data", [b"", b"RIFF", noise(0.05).to_wav()[:-3], b"x" * 1000])
def test_of_a_file_that_is_no_sound_there_is_no_window(tmp_path: Path, data: bytes) -> None:
    with closing(disk_store(tmp_path / "cache")) as store:
        store.publish([(record(noise()), noise())], takes=False)
        store.blobs.file(noise().digest).write_bytes(data)
        assert store.blobs.window(noise().digest, 0, 5) is None
        assert [line.endswith("was damaged and is set aside") for line in store.damage()] == [True]


# Builds


def test_a_build_takes_from_a_remote_tier_what_it_has(space: Space) -> None:
    space.scene(CHAIN)
    remote = MemoryStore()

    def tiered() -> Store:
        return with_remote(MemoryStore(), remote)

    with changed(open_cache, "open_store", lambda project, keeps: tiered()):
        assert space.build().ran == ["a:cut", "a:dark", "a:rain"]
    delivered = space.tree("build")
    assert len(remote.blobs.sounds) == len(remote.records.current) == 3
    for path in (space.root / "build").iterdir():
        path.unlink()
    remote.blobs.reads.clear()
    with changed(open_cache, "open_store", lambda project, keeps: tiered()):  # on a machine that has nothing
        built = space.build()
    assert (built.ran, built.hits) == ([], ["a:cut", "a:dark", "a:rain"])
    assert len(remote.blobs.reads) == 1, "what is delivered is fetched, and nothing before it"
    assert space.tree("build") == delivered
    assert not space.cache.exists()


def test_a_build_makes_what_the_remote_tier_does_not_have(space: Space) -> None:
    space.scene(CHAIN)
    remote = MemoryStore()
    with changed(open_cache, "open_store", lambda project, keeps: with_remote(disk_store(space.cache), remote)):
        space.build()
        space.replace("-3.0", "-4.0")
        assert space.build().ran == ["a:dark"]
        remote.blobs.sounds.clear()
        remote.records = MemoryRecords()
        assert space.build("--force").ran == ["a:cut", "a:dark", "a:rain"], "the local one goes on by itself"


def test_whether_a_note_travels_is_known_of_each_that_a_build_writes(space: Space) -> None:
    check = '\n[[checks]]\nnode = "rain"\nmax_true_peak_dbtp = 6.0\n'
    space.write("soundgraph.toml", '[cache]\nmax_size = "1 GB"\n')
    space.scene(
        generate("rain", "rain") + node("dark", "gain", input="rain", gain_db=-3.0) + export("dark", "dark") + check
    )
    assert space.build().code == 0
    with closing(disk_store(space.cache)) as store:
        names = {row.name.removeprefix(NOTE) for row in store.index.rows() if row.name.startswith(NOTE)}
    assert {name.split()[0] for name in names} == NOTES_THAT_TRAVEL.keys()
    here = str(space.root.resolve())
    assert not [name for name in names if here in name and NOTES_THAT_TRAVEL[name.split()[0]]]
