"""`cache verify`: it finds every fault that was planted, changes nothing, and with --repair leaves nothing to find."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from soundgraph.audio.artifact import Audio
from soundgraph.cache import fsck
from soundgraph.cache.disk import sealing
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from tests.helpers import CHAIN, Space, changed, noise

N = 6
OLD_S = 1e9


def record_of(audio: Audio, key: str, **manifest: object) -> Record:
    shape = audio.sample_rate, audio.channels, audio.n_samples
    return Record(key, audio.digest, *shape, {"kind": "gain", **manifest}, {"node": "a:b"})


def take_of(audio: Audio, key: str) -> Record:
    return record_of(audio, key, model={"backend": "studio"})


KEYS = [f"{number:02x}" * 32 for number in range(N)]
SOUNDS = [noise(seed=seed) for seed in range(N)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    """Takes, one of which replaced another one, and a note."""
    found = DiskStore(tmp_path / "cache")
    found.publish([(take_of(noise(seed=99), KEYS[0]), noise(seed=99))], takes=True)
    found.publish([(take_of(sound, key), sound) for key, sound in zip(KEYS, SOUNDS, strict=True)], takes=True)
    found.notes.put({"measured": "1.5"})
    yield found
    found.close()


def blob(store: DiskStore, number: int = 1) -> Path:
    return store.blobs.file(SOUNDS[number].digest)


def file(store: DiskStore, number: int = 1) -> Path:
    return store.records.file(KEYS[number])


def earlier(store: DiskStore) -> Path:
    (found,) = (store.folder / "records").glob(f"00/{KEYS[0]}.*.json")
    return found


def sql(store: DiskStore, statement: str, *values: object) -> None:
    store.close()
    with closing(sqlite3.connect(store.folder / "index" / "cache.db")) as database, database:
        assert database.execute(statement, values).rowcount > 0


def old(path: Path) -> Path:
    os.utime(path, (OLD_S, OLD_S))
    return path


def new(path: Path, content: bytes = b"stray") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def turned(path: Path, place: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def in_folder(path: Path) -> None:
    path.unlink()
    (path / "deep").mkdir(parents=True)


def linked(path: Path) -> None:
    path.rename(path.parent.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent.parent / "elsewhere")


def as_row(store: DiskStore, name: str, text: str) -> None:
    store.index.put({name: text})


def moved(store: DiskStore) -> None:
    place = store.folder / "blobs" / "ff"
    place.mkdir(exist_ok=True)
    blob(store).rename(place / blob(store).name)


def no_sound(store: DiskStore) -> None:
    import hashlib

    digest = hashlib.sha256(b"no sound").hexdigest()
    new(store.blobs.file(digest), b"no sound")


def alone(store: DiskStore) -> Path:
    """The index's file, which nobody has open."""
    store.close()
    return store.folder / "index" / "cache.db"


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder)
    return folder


Plant = Callable[[DiskStore], object]

FAULTS: dict[str, tuple[str, Plant]] = {
    "a bit of a sound": ("damaged", lambda store: turned(blob(store))),
    "a bit of a sound's header": ("damaged", lambda store: turned(blob(store), 5)),
    "a sound cut off": ("damaged", lambda store: os.truncate(blob(store), 100)),
    "a sound emptied": ("damaged", lambda store: os.truncate(blob(store), 0)),
    "a sound that goes on": ("damaged", lambda store: blob(store).write_bytes(blob(store).read_bytes() + b"\0\0\0\0")),
    "a sound of another name": ("damaged", lambda store: shutil.copy(blob(store, 2), blob(store))),
    "a sound in another folder": (
        "damaged",
        moved,
    ),
    "no sound, but named by its digest": ("damaged", no_sound),
    "a sound that is gone": ("missing", lambda store: blob(store).unlink()),
    "the sound of an earlier take that is gone": (
        "missing",
        lambda store: store.blobs.file(noise(seed=99).digest).unlink(),
    ),
    "a bit of a record": ("bad_records", lambda store: turned(file(store), 200)),
    "a bit of a record's end": ("bad_records", lambda store: turned(file(store))),
    "a record cut off": ("bad_records", lambda store: os.truncate(file(store), 100)),
    "a record emptied": ("bad_records", lambda store: os.truncate(file(store), 0)),
    "a record that is garbage": ("bad_records", lambda store: file(store).write_bytes(b"\xff\0" * 40)),
    "a record of another key": ("bad_records", lambda store: shutil.copy(file(store, 2), file(store))),
    "a bit of an earlier record": ("bad_records", lambda store: turned(earlier(store), 200)),
    "an earlier record of another digest": (
        "bad_records",
        lambda store: earlier(store).rename(file(store).with_name(f"{KEYS[1]}.{'0' * 16}.json")),
    ),
    "a record that is gone": ("unfiled", lambda store: file(store).unlink()),
    "all records that are gone": ("unfiled", lambda store: shutil.rmtree(store.folder / "records")),
    "a row that is gone": (
        "unindexed",
        lambda store: sql(store, "DELETE FROM Cache WHERE key = ?", f"action:{KEYS[1]}"),
    ),
    "a row of another take": (
        "unindexed",
        lambda store: as_row(store, f"action:{KEYS[1]}", take_of(SOUNDS[2], KEYS[1]).to_json()),
    ),
    "a row cut off": (
        "bad_rows",
        lambda store: sql(store, "UPDATE Cache SET value = substr(value, 1, 90) WHERE key = ?", f"action:{KEYS[1]}"),
    ),
    "a row of another name": (
        "bad_rows",
        lambda store: as_row(store, f"action:{'f' * 64}", take_of(SOUNDS[2], KEYS[2]).to_json()),
    ),
    "a row of nothing known": ("bad_rows", lambda store: as_row(store, "stray", "stray")),
    "a pickle": ("bad_rows", lambda store: sql(store, "UPDATE Cache SET mode = 4, value = x'8004' WHERE rowid = 2")),
    "a key that is a pickle": ("bad_rows", lambda store: sql(store, "UPDATE Cache SET raw = 0 WHERE rowid = 2")),
    "a row with a file": ("bad_rows", lambda store: sql(store, "UPDATE Cache SET filename = '../x' WHERE rowid = 2")),
    "text that is none": (
        "bad_rows",
        lambda store: sql(store, "UPDATE Cache SET value = CAST(x'ff00ff' AS TEXT) WHERE rowid = 2"),
    ),
    "a note that says something else": (
        "bad_rows",
        lambda store: sql(store, "UPDATE Cache SET value = replace(value, '1.5', '1.7') WHERE key = 'note:measured'"),
    ),
    "a note under another name": (
        "bad_rows",
        lambda store: as_row(store, "note:other", sealing.seal("measured", "1.5")),
    ),
    "an index that is garbage": (
        "index",
        lambda store: alone(store).write_bytes(b"x" * 9000),
    ),
    "an index cut off": (
        "index",
        lambda store: os.truncate(alone(store), 8192),
    ),
    "a file in place of the index": ("index", lambda store: new(emptied(alone(store).parent))),
    "a stray file among sounds": ("strays", lambda store: new(store.folder / "blobs/00/stray.wav")),
    "a stray file above them": ("strays", lambda store: new(store.folder / "blobs/stray")),
    "a folder of another name": ("strays", lambda store: new(store.folder / "blobs/zz/deep/stray")),
    "a file among records": ("strays", lambda store: new(store.folder / "records/00/stray.json")),
    "a folder in place of a sound": ("strays", lambda store: in_folder(blob(store))),
    "a folder in place of a record": ("strays", lambda store: in_folder(file(store))),
    "a link in place of a sound": ("strays", lambda store: linked(blob(store))),
    "a link in place of a record": ("strays", lambda store: linked(file(store))),
    "a link in place of a folder": ("strays", lambda store: linked(blob(store).parent)),
    "a file in place of a folder": (
        "strays",
        lambda store: new(emptied(blob(store).parent)),
    ),
    "a link that leads nowhere": ("strays", lambda store: (blob(store).parent / "x.wav").symlink_to("nowhere")),
    "what is half written, for days": ("leftovers", lambda store: old(new(store.folder / "tmp/1-2-3"))),
    "a folder among what is half written": ("leftovers", lambda store: old(new(store.folder / "tmp/x/y").parent)),
    "a build that was killed, days ago": ("leftovers", lambda store: old(new(store.folder / "running/18ea875dec9b"))),
    "a stray among the builds": ("leftovers", lambda store: old(new(store.folder / "running/stray"))),
}


def tree(folder: Path) -> dict[str, object]:
    """All of a cache but for its locks, and what SQLite keeps beside the index while somebody reads it."""
    skipped = ("locks", "running", "cache.db-shm", "cache.db-wal")
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else path.is_symlink()
        for path in folder.rglob("*")
        if path.name not in skipped
    }


@pytest.mark.parametrize(("sort", "plant"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found_left_alone_and_repaired_when_asked(store: DiskStore, sort: str, plant: Plant) -> None:
    plant(store)
    store.close()
    before = tree(store.folder)
    found = fsck.verify(store)
    store.close()
    assert found[sort], found
    assert tree(store.folder) == before, "without repair nothing is changed"
    assert any(fsck.verify(store, repair=True).values())
    store.close()
    assert not any(fsck.verify(store).values())
    sounds = {sound.digest: sound for sound in (*SOUNDS, noise(seed=99))}
    for record in store.records.lookup(KEYS).values():
        read = store.blobs.read(record.digest)
        assert read is None or (read.samples == sounds[record.digest].samples).all()


@pytest.mark.parametrize("name", FAULTS)
def test_no_take_is_lost_to_a_repair_that_was_not_lost_before(store: DiskStore, name: str) -> None:
    sort, plant = FAULTS[name]
    plant(store)
    store.close()
    fsck.verify(store, repair=True)
    store.close()
    found = store.records.lookup(KEYS)
    whole = [number for number in range(N) if number != 1 or sort not in ("damaged", "missing", "strays")]
    for number in whole:
        assert found[KEYS[number]].digest in (SOUNDS[number].digest, SOUNDS[2].digest)
        assert store.blobs.read(SOUNDS[number].digest) is not None


def test_of_a_whole_cache_nothing_is_told_and_nothing_changed(store: DiskStore) -> None:
    store.close()
    before = tree(store.folder)
    for repair in (False, True):
        assert not any(fsck.verify(store, repair=repair).values())
        store.close()
        assert tree(store.folder) == before


def test_a_whole_record_and_a_whole_sound_under_other_names_are_put_where_they_belong(store: DiskStore) -> None:
    sql(store, "DELETE FROM Cache WHERE key = ?", f"action:{KEYS[1]}")
    file(store).rename(file(store).with_name(f"{'e' * 64}.json"))
    blob(store).rename(blob(store, 2).with_name(f"{'d' * 64}.wav"))
    fsck.verify(store, repair=True)
    assert not any(fsck.verify(store).values())
    assert store.records.lookup([KEYS[1]])[KEYS[1]].digest == SOUNDS[1].digest
    assert store.blobs.read(SOUNDS[1].digest) is not None


def test_a_record_of_a_later_version_is_left_alone(store: DiskStore) -> None:
    import json
    import zlib

    data = json.loads(file(store).read_text())
    del data["check"]
    body = json.dumps({**data, "record": 3}, separators=(",", ":"))[:-1]
    later = f'{body},"check":"{zlib.crc32(body.encode()):08x}"}}'
    file(store).write_text(later)
    as_row(store, f"action:{KEYS[1]}", later)
    assert not any(fsck.verify(store, repair=True).values())
    assert store.records.find(KEYS[1]) is None
    assert file(store).read_text() == later
    assert store.damage() == []


def test_a_sound_that_is_gone_is_told_once_and_its_record_stays(store: DiskStore) -> None:
    data = blob(store).read_bytes()
    blob(store).unlink()
    assert fsck.verify(store, repair=True)["missing"] == [SOUNDS[1].digest]
    assert not any(fsck.verify(store).values())
    assert store.records.lookup([KEYS[1]])[KEYS[1]].digest == SOUNDS[1].digest
    blob(store).write_bytes(data)
    fsck.verify(store, repair=True)
    blob(store).unlink()
    assert fsck.verify(store)["missing"] == [SOUNDS[1].digest], "it came back, and was lost again"


def test_what_cannot_be_read_is_told(store: DiskStore) -> None:
    real = Path.open

    def refused(self: Path, *arguments: object, **more: object) -> object:
        if self.suffix == ".wav" and self.parent.name == SOUNDS[1].digest[:2] and "blobs" in self.parts:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *arguments, **more)  # type: ignore[call-overload]

    with changed(Path, "open", refused):
        assert fsck.verify(store)["unreadable"] == [blob(store).name]
        fsck.verify(store, repair=True)
        assert not any(fsck.verify(store).values())


def test_how_far_it_is_is_told(store: DiskStore) -> None:
    told: list[tuple[int, int]] = []
    fsck.verify(store, report=lambda done, whole: told.append((done, whole)))
    assert told == [(done, 2 * (N + 1)) for done in range(1, 2 * (N + 1) + 1)]


def test_a_folder_that_is_no_cache_is_not_made_one(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "none")
    assert not any(fsck.verify(store, repair=True).values())
    assert not store.folder.exists()


def test_the_verb_names_what_it_finds_and_says_what_it_did(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    found = min(space.cache.glob("blobs/??/*.wav"))
    turned(found)
    told = space.run("cache", "verify")
    assert told.code == 1
    assert told.out == (
        f"{found.name}: is not the sound that its name says\n"
        f"{found.stem}: is named by a record, and is not there\n"
        "2 faults found\n"
        "soundgraph cache verify --repair mends what can be mended\n"
    )
    told = space.run("cache", "verify", "--repair")
    assert told.code == 1
    assert "it is set aside; a build that needs it makes it again" in told.out
    assert space.run("cache", "verify").out == "everything is as it was written\n"
