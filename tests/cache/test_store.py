"""The cache: what is named can be read, what is damaged is made again, and nothing that was planted is ever run."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import stat
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from soundgraph.audio.artifact import Audio
from soundgraph.cache import fsck
from soundgraph.cache.disk import files
from soundgraph.cache.disk.cache_folder import Places
from soundgraph.cache.disk.sqlite_index import Index
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.core.errors import StoreError
from tests.helpers import CHAIN, Space, changed, noise

THOROUGH = os.environ.get("SOUNDGRAPH_TESTS") == "thorough"

OTHER = CHAIN.replace("exports.theme", "exports.other")


def record(audio: Audio, key: str = "0" * 64, **made: Any) -> Record:
    return Record(key, audio.digest, audio.sample_rate, audio.channels, audio.n_samples, {"kind": "gain"}, made)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    found = DiskStore(tmp_path / "cache")
    yield found
    found.close()


def rows(folder: Path, statement: str, *values: object) -> list[Any]:
    """Runs a statement of SQL on the index."""
    with closing(sqlite3.connect(folder / "index" / "cache.db")) as database, database:
        return database.execute(statement, values).fetchall()


def lose_index(space: Space) -> None:
    shutil.rmtree(space.cache / "index")


# Keeping


def take(audio: Audio) -> Record:
    return replace(record(audio), action={"kind": "generate", "model": {"backend": "studio"}})


def test_a_take_that_was_replaced_is_the_same_by_the_index_and_by_the_files_whenever_a_build_is_killed(
    store: DiskStore,
) -> None:
    old, new = noise(seed=1), noise(seed=2)
    store.publish([(take(old), old)], takes=True)

    def killed(texts: object) -> None:
        raise KeyboardInterrupt

    with changed(store.index, "put", killed), pytest.raises(KeyboardInterrupt):
        store.publish([(take(new), new)], takes=True)
    key = take(new).key
    found = store.records.find(key)
    store.index.rebuild()
    assert found == store.records.find(key) == take(new)
    assert store.records.kept(key, old.digest) == take(old)


def test_a_take_of_a_later_version_keeps_its_record(store: DiskStore) -> None:
    """The file is as that version has it, for that version; whatever is unknown in it."""
    old, new = noise(seed=1), noise(seed=2)
    store.publish([(take(old), old)], takes=True)
    file = next(store.folder.glob("records/??/*.json"))
    body = file.read_text().replace('"record":2', '"record":3,"unknown":[]').rpartition(',"check"')[0]
    later = f'{body},"check":"{zlib.crc32(body.encode()):08x}"}}'
    file.write_text(later)
    rows(store.folder, "UPDATE Cache SET value = ?", later)
    store.publish([(take(new), new)], takes=True)
    assert store.records.find(take(new).key) == take(new)
    assert file.with_name(f"{file.stem}.{old.digest[:16]}.json").read_text() == later


def test_a_take_of_a_later_version_whose_sound_is_unknown_is_not_replaced(store: DiskStore) -> None:
    old, new = noise(seed=1), noise(seed=2)
    store.publish([(take(old), old)], takes=True)
    file = next(store.folder.glob("records/??/*.json"))
    body = '{"record":3,"other":1'
    later = f'{body},"check":"{zlib.crc32(body.encode()):08x}"}}'
    file.write_text(later)
    rows(store.folder, "DELETE FROM Cache")
    with pytest.raises(StoreError, match="a later version of soundgraph has written the record of action 000"):
        store.publish([(take(new), new)], takes=True)
    assert file.read_text() == later


def test_a_clock_that_is_put_back_makes_no_use_look_earlier_than_the_build(store: DiskStore) -> None:
    sounds = [noise(seed=seed) for seed in range(3)]
    made = [record(sound, f"{place:064x}") for place, sound in enumerate(sounds)]
    store.publish([(made[0], sounds[0])], takes=False)
    with store.coordination.running():
        began, now_ns = store.coordination.oldest_running(), time.time_ns()
        with changed(time, "time", lambda: began - 3600), changed(time, "time_ns", lambda: now_ns - 3600 * 10**9):
            store.coordination.use([made[0].key])
            store.publish([(made[1], sounds[1])], takes=False)
            store.publish([(made[2], sounds[2])], takes=True)
        assert [key for key, used in store.records.usage().items() if used < began] == []


def test_what_was_put_is_there_for_another_store_over_the_same_folder(store: DiskStore) -> None:
    audio = noise(channels=2)
    kept = record(audio, node="a:rain")
    store.publish([(kept, audio)], takes=True)
    other = DiskStore(store.folder)
    assert other.records.lookup([kept.key, "1" * 64]) == {kept.key: kept}
    found = other.blobs.read(audio.digest)
    assert found is not None
    assert (found.samples == audio.samples).all()
    other.close()


def test_thousands_of_keys_are_looked_up_in_one_go(store: DiskStore) -> None:
    audio = noise()
    some = [record(audio, f"{index:064x}") for index in range(2000)]
    store.publish([(one, audio) for one in some], takes=False)
    assert len(store.records.lookup([f"{index:064x}" for index in range(3000)])) == 2000


def test_an_empty_folder_holds_nothing_and_is_not_made_by_looking(store: DiskStore) -> None:
    assert store.records.lookup(["0" * 64]) == {}
    assert store.notes.get(["last"]) == {}
    assert store.blobs.read("0" * 64) is None
    assert not store.folder.exists()


def test_only_its_owner_may_enter_a_folder_that_soundgraph_made(store: DiskStore) -> None:
    audio = noise()
    store.publish([(record(audio), audio)], takes=True)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_blobs_are_named_by_their_plain_sha256(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    blobs = sorted(space.cache.glob("blobs/??/*.wav"))
    assert len(blobs) == 3
    lines = "".join(f"{path.stem}  {path}\n" for path in blobs)
    assert subprocess.run(["sha256sum", "--check", "--quiet"], input=lines, text=True, check=False).returncode == 0


# Damage


@pytest.mark.parametrize("place", [*range(58), 58, 400, -1])
def test_a_blob_with_any_byte_changed_is_set_aside(store: DiskStore, place: int) -> None:
    audio = noise()
    store.publish([(record(audio), audio)], takes=True)
    path = store.blobs.file(audio.digest)
    aside: list[bytes] = []
    for bit in (0x01, 0x80):
        data = bytearray(audio.to_wav())
        data[place] ^= bit
        path.write_bytes(data)
        assert store.blobs.read(audio.digest) is None
        assert not path.exists()
        aside = [found.read_bytes() for found in (store.folder / "set-aside").glob(f"{path.name}*")]
        assert bytes(data) in aside
    assert len(aside) == 2


@pytest.mark.parametrize("size", [0, 1, 57, 58, 59, 100])
def test_a_blob_that_was_cut_off_is_set_aside(store: DiskStore, size: int) -> None:
    audio = noise()
    store.publish([(record(audio), audio)], takes=True)
    path = store.blobs.file(audio.digest)
    path.write_bytes(audio.to_wav()[:size])
    assert store.blobs.read(audio.digest) is None
    assert not path.exists()


def test_a_damaged_blob_is_made_good_when_the_same_sound_is_made_again(store: DiskStore) -> None:
    audio = noise()
    store.publish([(record(audio), audio)], takes=True)
    store.blobs.file(audio.digest).write_bytes(b"damaged")
    store.publish([(record(audio, "1" * 64), audio)], takes=True)
    assert store.blobs.read(audio.digest) is not None


@pytest.mark.parametrize("how", ["deleted", "cut off", "altered"])
def test_a_build_that_wants_a_damaged_blob_makes_it_again_and_nothing_else(space: Space, how: str) -> None:
    space.scene(CHAIN)
    space.build()
    rain = json.loads(space.read("build/theme.wav.json"))["nodes"]["rain"]["digest"]
    path = space.cache / "blobs" / rain[:2] / f"{rain}.wav"
    good = path.read_bytes()
    if how == "deleted":
        path.unlink()
    else:
        path.write_bytes(good[:-4] + (b"" if how == "cut off" else b"\0\0\0\1"))
    space.replace("duration = 0.04", "duration = 0.03")
    found = space.build()
    assert (found.code, found.ran) == (0, ["a:cut", "a:dark", "a:rain"])
    assert path.read_bytes() == good


def test_a_lost_blob_that_nobody_reads_is_not_made_again(space: Space) -> None:
    """Not even below an input that runs again and comes out the same: that is a cutoff, like any other."""
    space.scene(CHAIN.replace("soft rain", "rain"))
    space.build()
    cut = json.loads(space.read("build/theme.wav.json"))["nodes"]["cut"]["digest"]
    (space.cache / "blobs" / cut[:2] / f"{cut}.wav").unlink()
    space.replace('prompt = "rain"', 'prompt = "rain"\nprecision = "int8"')
    found = space.build()
    assert (found.ran, found.cutoffs) == (["a:rain"], ["a:cut", "a:dark"])


def test_clear_leaves_an_empty_cache_that_can_be_built_into(space: Space) -> None:
    space.write("cache/.gitignore", "*\n")
    space.scene(CHAIN)
    space.build()
    refused = space.run("cache", "clear")
    # A draft is made again in no time: it is not told as a take that would be lost.
    assert (refused.code, refused.err.splitlines()[0]) == (2, f"this would remove 3 artifacts from {space.cache}")
    assert space.run("cache", "clear", "--yes").code == 0
    assert sorted(space.tree("cache")) == ["cache/.gitignore", "cache/CACHEDIR.TAG", "cache/locks"]
    space.replace("soft", "hard")
    assert space.build().code == 0


# The index


def _index_taken_out(space: Space) -> tuple[Path, bytearray]:
    """The index's file, which is there no more, and what it held."""
    path = space.cache / "index" / "cache.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    for (
        file
    ) in path.parent.iterdir():  # what is written now is another file: connections that are open have the old one
        file.unlink()
    return path, data


@pytest.mark.parametrize("how", ["deleted", "folder deleted", "emptied", "cut off", "garbage", "another database"])
def test_a_lost_index_is_made_again_from_the_records(space: Space, how: str) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft rain", "hard rain")
    space.build()
    expected = space.run("explain", "a:rain", "--json", "-D", "nodes.rain.prompt=wind").events
    path, data = _index_taken_out(space)
    if how == "folder deleted":
        shutil.rmtree(path.parent)
    elif how not in ("deleted", "another database"):
        path.write_bytes({"emptied": b"", "cut off": data[: len(data) // 2], "garbage": b"x" * len(data)}[how])
    if how == "another database":
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE Cache (something)")
    assert space.run("explain", "a:rain", "--json", "-D", "nodes.rain.prompt=wind").events == expected
    assert expected[0]["changes"] == [{"field": "prompt", "old": '"hard rain"', "new": '"wind"'}]
    space.replace("hard rain", "soft rain")
    found = space.build()
    assert (found.code, found.ran) == (0, [])


@pytest.mark.parametrize("place", range(0, 4096, 97))
def test_an_index_with_a_changed_byte_does_no_harm(space: Space, place: int) -> None:
    space.scene(CHAIN)
    space.build()
    good = space.delivered()
    path, data = _index_taken_out(space)
    data[place] ^= 0x55
    path.write_bytes(data)
    space.replace("soft rain", "soft rain ")
    space.replace("soft rain ", "soft rain")
    found = space.build()
    assert found.code == 0, found.err
    assert space.delivered() == good


def test_records_that_are_not_whole_are_no_records(store: DiskStore) -> None:
    audio = noise()
    store.publish([(record(audio), audio)], takes=True)
    text = record(audio).to_json()
    for end in range(len(text)):
        assert Record.from_json(text[:end]) is None
    for wrong in (
        "null",
        "[]",
        "1",
        '""',
        "{}",
        text.replace('"record":2', '"record":3'),
        text.replace('"n_samples":400', '"n_samples":401'),
        text.replace("0" * 64, "../x"),
    ):
        assert Record.from_json(wrong) is None
    # Under a key that is not its own it would answer for another action.
    rows(store.folder, "UPDATE Cache SET key = ?", "action:" + "1" * 64)
    assert store.records.lookup(["1" * 64]) == {}


# What was planted


class Planted:
    """Leaves a mark where its pickle is loaded."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.mark),)


def _plant_value(space: Space, data: bytes) -> None:
    rows(space.cache, "UPDATE Cache SET mode = 4, value = ?", data)


def _plant_key(space: Space, data: bytes) -> None:
    rows(space.cache, "UPDATE Cache SET raw = 0, key = CAST(key AS BLOB)")
    rows(space.cache, "UPDATE Cache SET key = ? WHERE rowid = 1", data)


def _plant_file(space: Space, data: bytes) -> None:
    (space.cache / "index" / "planted").write_bytes(data)
    rows(space.cache, "UPDATE Cache SET mode = 4, value = NULL, filename = 'planted'")


def _plant_text_file(space: Space, data: bytes) -> None:
    rows(space.cache, "UPDATE Cache SET mode = 3, value = NULL, filename = '../../secret'")


@pytest.mark.parametrize("plant", [_plant_value, _plant_key, _plant_file, _plant_text_file])
@pytest.mark.parametrize("verb", ["build", "plan", "explain", "graph", "cache verify", "cache stats", "build --force"])
def test_a_planted_pickle_is_never_run(space: Space, plant: Callable[[Space, bytes], None], verb: str) -> None:
    space.scene(CHAIN)
    space.build()
    secret = space.write("secret", "keep me")
    mark = space.root / "mark"
    plant(space, pickle.dumps(Planted(mark)))
    shutil.rmtree(space.root / ".soundgraph")
    found = space.run(*verb.split())
    assert found.code in (0, 1), found.err
    assert "Traceback" not in found.err
    assert space.run("build").code == 0
    assert not mark.exists()
    assert secret.read_text() == "keep me"


@pytest.mark.parametrize("texts", [{"a": {"b": 1}}, {("a", "b"): "c"}, {"a": b"bytes"}, {"a": None}])
def test_nothing_but_text_goes_into_the_index(tmp_path: Path, texts: Any) -> None:
    index = Index(Places(tmp_path), dict)
    with pytest.raises(TypeError):
        index.put(texts)
    index.close()


def test_a_folder_that_holds_something_else_is_no_cache(tmp_path: Path) -> None:
    thesis = tmp_path / "shared" / "tmp" / "thesis.txt"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("years of work")
    store = DiskStore(tmp_path / "shared")
    for act in (
        lambda: store.publish([(record(noise()), noise())], takes=False),
        lambda: store.notes.put({"a": "b"}),
        store.clear,
    ):
        with pytest.raises(StoreError, match="holds files that are not soundgraph's"):
            act()
    assert [path.name for path in (tmp_path / "shared").rglob("*")] == ["tmp", "thesis.txt"]


def test_the_mode_is_set_once(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "cache")
    store.notes.put({"a": "b"})
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    (tmp_path / "cache").chmod(0o770)
    store.notes.put({"a": "c"})
    store.close()
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o770


def test_a_file_in_place_of_the_index_is_set_aside(store: DiskStore) -> None:
    kept = record(noise())
    store.publish([(kept, noise())], takes=False)
    store.close()
    shutil.rmtree(store.folder / "index")
    (store.folder / "index").write_text("a file")
    assert store.records.lookup([kept.key]) == {kept.key: kept}


def test_what_killed_processes_left_is_swept_up_by_verify(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "cache")
    store.publish([(record(noise()), noise())], takes=False)
    old, new = (tmp_path / "cache" / "tmp" / name for name in ("old", "new"))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    assert fsck.verify(store, repair=True)["leftovers"] == ["tmp/old"]
    store.close()
    assert (old.exists(), new.exists()) == (False, True)


# Publishing


@contextmanager
def failing(function: str, at: int, error: BaseException) -> Iterator[list[int]]:
    """The `at`th call of a function of `os` fails; gives a list that holds how often it was called."""
    real = getattr(os, function)
    calls = [0]

    def call(*arguments: Any, **more: Any) -> Any:
        calls[0] += 1
        if calls[0] == at:
            raise error
        return real(*arguments, **more)

    with changed(os, function, call):
        yield calls


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize("takes", [True, False])
@pytest.mark.parametrize("function", ["fsync", "replace", "open"])
def test_whichever_step_of_publishing_fails_nothing_half_made_is_visible(
    tmp_path: Path, function: str, takes: bool
) -> None:
    sounds = [noise(seed=seed) for seed in range(3)]
    results = [(record(audio, f"{index:064x}"), audio) for index, audio in enumerate(sounds)]
    at = 0
    while True:
        at += 1
        store = DiskStore(tmp_path / f"cache-{at}")
        with failing(function, at, FULL) as calls:
            try:
                store.publish(results, takes=takes)
                failed = False
            except StoreError:
                failed = True
        assert failed or calls[0] < at
        for key, found in store.records.lookup([one.key for one, _ in results]).items():
            assert store.blobs.read(found.digest) is not None, key
        for found in store.records.all():
            assert store.blobs.read(found.digest) is not None
        assert not list((store.folder / "tmp").glob("*"))
        store.publish(results, takes=takes)
        assert len(store.records.lookup([one.key for one, _ in results])) == 3
        store.close()
        if not failed:
            return


def test_a_write_that_fails_half_way_leaves_nothing(store: DiskStore) -> None:
    audio = noise()

    def cut_off(path: Path, content: Any, **how: Any) -> None:
        path.write_bytes(content()[:20])
        raise FULL

    with changed(files, "write_file", cut_off), pytest.raises(StoreError, match="No space left on device"):
        store.publish([(record(audio), audio)], takes=True)
    assert not store.blobs.has(audio.digest)
    assert not list((store.folder / "tmp").glob("*"))
    assert store.records.lookup(["0" * 64]) == {}


def test_a_build_that_is_killed_at_any_rename_leaves_a_cache_that_the_next_one_goes_on_with(space: Space) -> None:
    space.scene(CHAIN)
    clean = Space(space.root.parent / "clean")
    clean.scene(CHAIN)
    clean.build()
    killer = """
import os, sys
at, real = int(os.environ["AT"]), os.rename
from pathlib import Path
real = Path.replace
def replace(self, target):
    global at
    at -= 1
    if not at:
        os._exit(77)
    return real(self, target)
Path.replace = replace
"""
    codes = []
    for at in range(1, 20, 3):
        shutil.rmtree(space.cache, ignore_errors=True)
        shutil.rmtree(space.root / "build", ignore_errors=True)
        codes.append(space.fresh("build", code=killer, env={"AT": str(at)}).code)
        assert space.build().code == 0
        assert space.delivered() == clean.delivered()
        if codes[-1] == 0:
            break
    assert codes[0] == 77
    assert codes[-1] == 0


def test_two_processes_may_build_into_one_cache_at_once(space: Space) -> None:
    space.scene(CHAIN)
    space.write("other/soundgraph.toml", f'[cache]\ndir = "{space.cache}"\n')
    other = Space(space.root / "other")
    other.scene(CHAIN)
    other.scene(OTHER.replace("soft", "hard"), "b")
    clean = Space(space.root / "clean")
    clean.scene(CHAIN)
    clean.scene(OTHER.replace("soft", "hard"), "b")
    for _ in range(2):
        shutil.rmtree(space.cache, ignore_errors=True)
        for one in (space, other):
            shutil.rmtree(one.root / ".soundgraph", ignore_errors=True)
        processes = [one.start("build") for one in (space, other)]
        for process in processes:
            out, err = process.communicate(timeout=60)
            assert (process.returncode, err) == (0, ""), out
    clean.build()
    assert other.delivered() == clean.delivered()
    assert space.read("build/theme.wav") == clean.read("build/theme.wav")
    assert space.run("cache", "verify").code == 0
    assert space.build().ran == []
