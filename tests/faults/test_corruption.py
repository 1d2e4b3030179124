"""Corrupt anything: every file of a cache is cut off and has bits flipped, and then it is built, and built right.

What a store gives is tried at every length and every byte; whole builds at some, and at many more under
SOUNDGRAPH_TESTS=thorough.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from soundgraph.audio.artifact import Audio
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from tests.faults import harness, scenes
from tests.faults.harness import Faulty
from tests.faults.trials import THOROUGH
from tests.helpers import Space, changed, noise

# What a store gives


def record_of(sound: Audio, key: str) -> Record:
    manifest = {"kind": "generate", "params": {"prompt": "räin"}, "model": {"backend": "studio"}, "inputs": {}}
    made = {"node": "a:rain", "at": "2026", "note": f"last {key[:4]}"}
    return Record(key, sound.digest, sound.sample_rate, sound.channels, sound.n_samples, manifest, made)


SOUNDS = {f"{number:02x}" * 32: noise(0.01, seed=number) for number in range(3)}
RECORDS = {key: record_of(sound, key) for key, sound in SOUNDS.items()}
KEY = next(iter(SOUNDS))


@pytest.fixture
def filled(tmp_path: Path) -> DiskStore:
    """Takes and a note, in a cache that nobody has open."""
    store = DiskStore(tmp_path / "cache")
    store.publish([(RECORDS[key], sound) for key, sound in SOUNDS.items()], takes=True)
    store.notes.put({"measured": '{"peak_db": -1.5}'})
    store.close()
    return store


def harmed(data: bytes, every: int = 1) -> Iterator[bytes]:
    """Cut off at every length, and with a low and a high bit flipped in each byte. every: only so many of them."""
    for length in range(0, len(data), every):
        yield data[:length]
    for place in range(0, len(data), every):
        for bit in (0x01, 0x20, 0x80):
            yield data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


def test_a_damaged_sound_is_never_given(filled: DiskStore) -> None:
    digest = RECORDS[KEY].digest
    path = filled.blobs.file(digest)
    good = path.read_bytes()
    for data in harmed(good, 1 if THOROUGH else 3):
        path.write_bytes(data)
        path.chmod(0o444)
        assert filled.blobs.read(digest) is None
        assert not filled.blobs.has(digest)
        assert filled.damage() == [f"blobs/{digest[:2]}/{digest}.wav was damaged and is set aside"]
        shutil.rmtree(filled.folder / "set-aside")
    filled.publish([(RECORDS[KEY], SOUNDS[KEY])], takes=True)
    assert path.read_bytes() == good


def test_a_damaged_record_file_is_read_from_its_row_and_never_as_it_is(filled: DiskStore) -> None:
    path = filled.records.file(KEY)
    for data in harmed(path.read_bytes()):
        path.write_bytes(data)
        assert filled.records.kept(KEY, "0" * 64) is None  # of another take: it has to look
        assert filled.damage() == [f"records/{KEY[:2]}/{KEY}.json was damaged and is set aside"]
        shutil.rmtree(filled.folder / "set-aside")
    assert filled.records.lookup([KEY]) == {KEY: RECORDS[KEY]}
    assert filled.records.find(KEY) == RECORDS[KEY]
    assert filled.records.kept(KEY, RECORDS[KEY].digest) == RECORDS[KEY]
    filled.close()


def set_row(store: DiskStore, name: str, data: bytes) -> None:
    store.close()
    with closing(sqlite3.connect(store.folder / "index" / "cache.db")) as database, database:
        database.execute("UPDATE Cache SET value = CAST(? AS TEXT) WHERE key = ?", [data, name])


def test_a_damaged_row_is_read_from_the_record_s_file_and_never_as_it_is(filled: DiskStore) -> None:
    text = RECORDS[KEY].to_json().encode()
    for data in harmed(text, 3 if THOROUGH else 31):
        set_row(filled, f"action:{KEY}", data)
        assert filled.records.lookup(list(RECORDS)) == RECORDS
        assert len(filled.damage()) == 1
        assert filled.records.lookup(list(RECORDS)) == RECORDS
        assert filled.damage() == [], "it was put right"
    filled.close()


def test_with_row_and_file_damaged_there_is_no_record(filled: DiskStore) -> None:
    text = RECORDS[KEY].to_json().encode()
    filled.records.file(KEY).write_bytes(text[:-1])
    set_row(filled, f"action:{KEY}", text[:99])
    assert filled.records.lookup(list(RECORDS)).keys() == RECORDS.keys() - {KEY}
    assert filled.records.find(KEY) is None
    assert len(filled.damage()) == 2
    filled.publish([(RECORDS[KEY], SOUNDS[KEY])], takes=True)
    assert filled.records.lookup(list(RECORDS)) == RECORDS
    filled.close()


def test_a_damaged_note_is_no_note(filled: DiskStore) -> None:
    with closing(sqlite3.connect(filled.folder / "index" / "cache.db")) as database:
        (text,) = database.execute("SELECT value FROM Cache WHERE key = 'note:measured'").fetchone()
    for data in harmed(text.encode()):
        set_row(filled, "note:measured", data)
        assert filled.notes.get(["measured"]) == {}
        assert filled.damage() == ['index/cache.db: the note "measured" was damaged, and is dropped']
        filled.notes.put({"measured": '{"peak_db": -1.5}'})
    filled.close()


def test_whatever_befalls_the_index_every_record_is_found(filled: DiskStore) -> None:
    path = filled.folder / "index" / "cache.db"
    data = path.read_bytes()
    draw = random.Random(3)
    pages = [edge + by for edge in range(0, len(data), 4096) for by in (-1, 0, 1)]
    wrong = [data[:length] for length in {*range(0, len(data), 101 if THOROUGH else 4001), *pages} if length >= 0]
    for _ in range(2000 if THOROUGH else 60):
        place = draw.randrange(len(data))
        wrong.append(data[:place] + bytes([data[place] ^ 1 << draw.randrange(8)]) + data[place + 1 :])
    for one in wrong:
        shutil.rmtree(path.parent)
        path.parent.mkdir()
        path.write_bytes(one)
        found = filled.records.lookup(list(RECORDS))
        assert found.items() <= RECORDS.items()
        assert {key: filled.records.find(key) for key in RECORDS} == RECORDS
        assert filled.notes.get(["measured"]).get("measured") in (None, '{"peak_db": -1.5}')
        filled.publish([(RECORDS[KEY], SOUNDS[KEY])], takes=True)
        filled.close()
        assert filled.records.lookup([KEY]) == {KEY: RECORDS[KEY]}
        filled.close()
    assert not list((filled.folder / "set-aside").glob("*.json")), "no record is given up for the index"


def test_what_is_damaged_in_a_cache_that_may_not_be_written_is_told_and_not_given(filled: DiskStore) -> None:
    digest = RECORDS[KEY].digest
    filled.blobs.file(digest).write_bytes(b"damaged")
    filled.records.file(KEY).write_bytes(b"damaged")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with changed(Path, "replace", refuse):
        assert filled.blobs.read(digest) is None
        assert not filled.blobs.has(digest), "else a build would plan with it again and again"
        assert filled.records.find(KEY) == RECORDS[KEY]
        assert filled.damage() == [f"blobs/{digest[:2]}/{digest}.wav is damaged, and cannot be set aside"]
    filled.publish([(RECORDS[KEY], SOUNDS[KEY])], takes=True)
    assert filled.blobs.has(digest)
    filled.close()


def test_a_pipe_in_place_of_a_file_holds_nobody_up(filled: DiskStore) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no pipes with names here")
    digest = RECORDS[KEY].digest
    for path in (filled.blobs.file(digest), filled.records.file(KEY)):
        path.unlink()
        os.mkfifo(path)
    assert filled.blobs.read(digest) is None
    assert filled.records.kept(KEY, "0" * 64) is None
    assert len(filled.damage()) == 2
    filled.close()


@pytest.mark.parametrize("content", [b"", b"Signature: 8a47", b"\xff\xfe", b"x" * 100])
def test_a_damaged_tag_is_written_again(filled: DiskStore, content: bytes) -> None:
    tag = filled.folder / "CACHEDIR.TAG"
    good = tag.read_bytes()
    tag.write_bytes(content)
    filled.notes.put({"a": "b"})
    assert tag.read_bytes() == good
    tag.unlink()
    filled.notes.put({"a": "c"})
    assert tag.read_bytes() == good
    filled.close()


# Whole builds


@dataclass
class Built:
    """A project that was built, and then edited so that every take is read once more.

    wanted: what a clean build of it delivers. takes: the prompts by the digest of their sound.
    """

    space: Space
    pristine: Path
    wanted: dict[str, bytes]
    takes: dict[str, str]

    def restore(self) -> None:
        for name in ("cache", "build", ".soundgraph"):
            shutil.rmtree(self.space.root / name, ignore_errors=True)
        shutil.copytree(self.pristine, self.space.cache)

    def files(self) -> list[str]:
        return [str(path.relative_to(self.pristine)) for path in sorted(self.pristine.rglob("*")) if path.is_file()]


@pytest.fixture(scope="module")
def built(place: Path, faulty: Faulty) -> Built:
    space = scenes.project(place / "corruption")
    assert faulty.build(space.root).code == 0
    edit(space)
    clean = scenes.project(place / "corruption-clean")
    edit(clean)
    assert faulty.build(clean.root).code == 0
    pristine = place / "corruption-cache"
    shutil.rmtree(space.cache / "running")
    shutil.copytree(space.cache, pristine)
    takes = {digest: prompt for prompt, digest in harness.finished(space.root).items()}
    assert len(takes) == 3
    return Built(space, pristine, harness.delivered(clean.root), takes)


def edit(space: Space) -> None:
    space.replace("duration = 0.04", "duration = 0.03")
    space.replace("gain_db = -3.0 }]", "gain_db = -4.0 }]")
    space.replace("at = 0.02", "at = 0.01", "b")


def builds_right(built: Built, faulty: Faulty, takes: Sequence[str], named: str = "") -> list[str]:
    """What is wrong with a build in a damaged cache, and with the cache after it.

    takes: that may be generated again. named: what has to be told of.
    """
    root, wrong = built.space.root, []
    ended = faulty.build(root)
    if ended.code != 0 or ended.err:
        wrong.append(f"it ends with {ended.code}: {ended.err}{ended.result.out[-800:]}")
    if sorted(ended.takes) != sorted(takes):
        wrong.append(f"it generates {ended.takes}, not {takes}")
    if harness.delivered(root) != built.wanted:
        wrong.append("what it delivers is not what a clean build delivers")
    if named and not any(named in remark for remark in ended.result.remarks):
        wrong.append(f"{named} is not named in {ended.result.remarks}")
    faulty.run(root, "cache", "verify", "--repair")
    told = json.loads(faulty.run(root, "cache", "verify", "--json").result.out)
    if any(told.values()):
        wrong.append(f"after a repair there is {told}")
    again = faulty.build(root)
    if again.takes or again.result.ran or harness.delivered(root) != built.wanted:
        wrong.append(f"the build after it does something: {again.result.out[-800:]}")
    return wrong


def few(data: bytes) -> list[bytes]:
    """Some of what may become of a file: cut off, with a bit flipped, or all of it something else."""
    n = len(data)
    step = max(1, n // 25) if THOROUGH else max(1, n)
    lengths = {n // 2, *range(0, n, step)} if THOROUGH else {n // 2}
    places = {n // 3, *range(0, n, step)} if THOROUGH else {n // 3}
    found = [data[:length] for length in sorted(lengths - {n})]
    for place in sorted(places - {n}):
        found += [data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :] for bit in (0x01, 0x80)]
    return [*found, b"garbage" * 3] if THOROUGH else [*found[:2], b"garbage" * 3]


def test_a_build_in_a_cache_with_any_file_damaged_is_right(built: Built, faulty: Faulty) -> None:
    wrong = []
    for name in built.files():
        for number, data in enumerate(few((built.pristine / name).read_bytes())):
            built.restore()
            path = built.space.cache / name
            path.write_bytes(data)
            path.chmod(0o444)
            digest = path.stem if path.suffix == ".wav" else ""
            lost = [built.takes[digest]] if digest in built.takes else []
            wrong += [f"{name} ({number}): {one}" for one in builds_right(built, faulty, lost, digest if lost else "")]
    assert wrong == []


def test_without_an_index_no_take_is_made_again_even_beside_a_damaged_record(built: Built, faulty: Faulty) -> None:
    for prompt, digest in {prompt: digest for digest, prompt in built.takes.items()}.items():
        built.restore()
        shutil.rmtree(built.space.cache / "index")
        for path in (built.space.cache / "records").glob("??/*.json"):
            if (record := Record.from_json(path.read_bytes())) is not None and record.digest == digest:
                path.write_bytes(path.read_bytes()[:-9])
                named = path.name
        # Both places in which the record stood are gone: that take is made again, and no other.
        assert builds_right(built, faulty, [prompt], named) == []


@pytest.mark.parametrize("what", ["sounds", "records", "index"])
def test_whole_folders_may_be_damaged(built: Built, faulty: Faulty, what: str) -> None:
    built.restore()
    pattern = {"sounds": "blobs/??/*", "records": "records/??/*", "index": "index/*"}[what]
    for path in built.space.cache.glob(pattern):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        path.chmod(0o444)
    lost = list(built.takes.values()) if what == "sounds" else []
    assert builds_right(built, faulty, lost) == []


def test_what_is_found_damaged_is_told_to_a_person(built: Built, faulty: Faulty) -> None:
    built.restore()
    digest = next(iter(built.takes))
    path = built.space.cache / "blobs" / digest[:2] / f"{digest}.wav"
    path.write_bytes(b"damaged")
    ended = faulty.run(built.space.root, "build")
    assert ended.code == 0
    assert f"cache  note  blobs/{digest[:2]}/{digest}.wav was damaged and is set aside" in ended.result.out + ended.err
    assert (built.space.cache / "set-aside" / path.name).read_bytes() == b"damaged"
