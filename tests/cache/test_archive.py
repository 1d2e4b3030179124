"""Archives: what comes out of one cache goes into another, and nothing that is not what it says it is."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundgraph import backends
from soundgraph.audio.artifact import Audio, make
from soundgraph.cache import archive
from soundgraph.cache.action_key import action_key
from soundgraph.cache.archive import HEADER, Item
from soundgraph.cache.disk import cache_folder, files
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.core.errors import SoundgraphError, StoreError, UsageError
from tests.helpers import changed, noise

THOROUGH = os.environ.get("SOUNDGRAPH_TESTS") == "thorough"


@pytest.fixture(autouse=True, scope="module")
def unsynced() -> Iterator[None]:
    """The disk's time is nothing that these tests are about."""
    with changed(os, "fsync", lambda handle: None):
        yield


def take(seed: int, name: str = "", sort: str = "any") -> tuple[Record, Audio]:
    """A take, and its sound. name: of its action; the seed's own if none is given. sort: its backend."""
    audio = noise(0.002, seed=seed)
    manifest = {"kind": "generate", "prompt": name or str(seed), "model": {"backend": sort}}
    made = {"node": "a:rain", "note": "last /home/somebody/project a:rain real", "seconds": 1.5}
    return record(audio, manifest, made), audio


def record(audio: Audio, manifest: Mapping[str, Any], made: Mapping[str, Any] | None = None) -> Record:
    key = action_key(dict(manifest))
    return Record(key, audio.digest, audio.sample_rate, audio.channels, audio.n_samples, manifest, made or {})


def filled(folder: Path, *results: tuple[Record, Audio]) -> DiskStore:
    store = DiskStore(folder, backends.is_draft)
    for one in results:
        store.publish([one], takes=True)
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    found = DiskStore(tmp_path / "other", backends.is_draft)
    yield found
    found.close()


def written(folder: Path, *results: tuple[Record, Audio], earlier: bool = False) -> Path:
    """An archive of those results."""
    cache = filled(folder / "cache", *results)
    archive.export(cache, [Item(one, earlier) for one, _ in results], folder / "takes.tar")
    cache.close()
    return folder / "takes.tar"


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        found = {}
        for info in tar:
            file = tar.extractfile(info)
            assert file is not None
            found[info.name] = file.read()
        return found


def packed(
    path: Path, parts: Mapping[str, bytes], change: Callable[[tarfile.TarInfo], object] = lambda info: None
) -> Path:
    """An archive of those members, as `export` lays it out. change: is given each header."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            change(info)
            tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return path


def header(blobs: int, records: int) -> bytes:
    facts = {"soundgraph": "archive", "version": 1, "blobs": blobs, "records": records}
    return f"{json.dumps(facts)}\n".encode()


def of(*results: tuple[Record, Audio]) -> dict[str, bytes]:
    """The members of an archive of those results."""
    sounds = {f"blobs/{audio.digest}.wav": audio.to_wav() for _, audio in results}
    records = {f"records/{one.key}.json": one.to_json().encode() for one, _ in results}
    return {HEADER: header(len(sounds), len(records)), **dict(sorted(sounds.items())), **dict(sorted(records.items()))}


def harm(store: DiskStore) -> list[str]:
    """What in a cache is not what it says it is."""
    found = [path.name for path in store.folder.glob("blobs/??/*") if store.blobs.read(path.stem) is None]
    for path in store.folder.glob("records/??/*.json"):
        one = Record.from_json(path.read_bytes())
        if one is None or one.key != path.name[:64] or action_key(dict(one.action)) != one.key:
            found.append(path.name)
        elif not store.blobs.has(one.digest):
            found.append(one.digest)
    return found + [path.name for path in store.folder.glob("tmp/*")]


# There and back


def test_what_goes_in_comes_out(tmp_path: Path, store: DiskStore) -> None:
    results = [take(1), take(2), take(3)]
    found = archive.take_in(store, written(tmp_path, *results))
    assert (found.records, found.new_records, found.sounds, found.new_sounds) == (3, 3, 3, 3)
    for one, audio in results:
        there = store.records.lookup([one.key])[one.key]
        assert (there.digest, there.action) == (one.digest, one.action)
        read = store.blobs.read(one.digest)
        assert read is not None
        assert read.to_wav() == audio.to_wav()
    assert harm(store) == []


def test_a_second_time_nothing_is_new(tmp_path: Path, store: DiskStore) -> None:
    path = written(tmp_path, take(1), take(2))
    archive.take_in(store, path)
    again = archive.take_in(store, path)
    assert (again.records, again.new_records, again.new_sounds) == (2, 0, 0)


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    one = written(tmp_path / "a", take(1), take(2)).read_bytes()
    assert written(tmp_path / "b", take(2), take(1)).read_bytes() == one


def test_an_archive_says_nothing_of_who_wrote_it(tmp_path: Path) -> None:
    path = written(tmp_path, take(1))
    assert b"somebody" not in path.read_bytes()
    with tarfile.open(path) as tar:
        for info in tar:
            assert (info.mtime, info.uid, info.gid, info.uname, info.gname) == (0, 0, 0, "", "")


def test_a_result_that_is_here_stays_and_the_other_take_is_found_by_a_pin(tmp_path: Path, store: DiskStore) -> None:
    here, there = take(1, "rain"), take(2, "rain")
    store.publish([here], takes=True)
    found = archive.take_in(store, written(tmp_path, there))
    assert found.new_records == 1
    key = here[0].key
    assert store.records.lookup([key])[key].digest == here[1].digest
    kept = store.records.kept(key, there[1].digest)
    assert kept is not None
    assert store.blobs.read(kept.digest) is not None
    assert archive.take_in(store, tmp_path / "takes.tar").new_records == 0


def test_a_processed_result_that_came_out_otherwise_elsewhere_is_left_out(tmp_path: Path, store: DiskStore) -> None:
    manifest = {"kind": "eq"}
    here, there = (noise(0.002, seed=seed) for seed in (1, 2))
    store.publish([(record(here, manifest), here)], takes=False)
    assert archive.take_in(store, written(tmp_path, (record(there, manifest), there))).new_records == 0
    assert len(list(store.folder.glob("records/??/*.json"))) == 1


def test_an_earlier_take_does_not_become_the_result_of_its_action(tmp_path: Path, store: DiskStore) -> None:
    one, audio = take(1)
    found = archive.take_in(store, written(tmp_path, (one, audio), earlier=True))
    assert found.new_records == 1
    assert store.records.find(one.key) is None
    assert store.records.kept(one.key, audio.digest) is not None


def test_a_damaged_sound_here_is_made_good(tmp_path: Path, store: DiskStore) -> None:
    one, audio = take(1)
    store.publish([(one, audio)], takes=True)
    store.blobs.file(audio.digest).write_bytes(b"damaged")
    assert archive.take_in(store, written(tmp_path, (one, audio))).new_sounds == 1
    assert store.blobs.read(audio.digest) is not None


# Writing


@pytest.mark.parametrize("how", ["missing", "altered", "cut off"])
def test_a_damaged_sound_is_not_exported_and_what_was_there_stays(tmp_path: Path, how: str) -> None:
    one, audio = take(1)
    cache = filled(tmp_path / "cache", (one, audio))
    path = cache.blobs.file(audio.digest)
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-4] + (b"" if how == "cut off" else b"\0\0\0\1"))
    target = tmp_path / "takes.tar"
    target.write_bytes(b"before")
    with pytest.raises(StoreError, match="missing from the cache, or damaged"):
        archive.export(cache, [Item(one)], target)
    cache.close()
    assert target.read_bytes() == b"before"
    assert [found.name for found in tmp_path.iterdir() if "tmp" in found.name] == []


def test_an_archive_is_known_by_its_beginning(tmp_path: Path) -> None:
    path = written(tmp_path, take(1))
    assert archive.is_one(path)
    assert not archive.is_one(packed(tmp_path / "other.tar", {"a": b""}))


# Hostile


def refused(store: DiskStore, path: Path, *words: str) -> None:
    with pytest.raises(SoundgraphError) as error:
        archive.take_in(store, path)
    for word in (str(path), *words):
        assert word in str(error.value)
    assert harm(store) == []
    assert list(store.records.all()) == []


def test_what_is_no_archive_is_told_plainly(tmp_path: Path, store: DiskStore) -> None:
    other = tmp_path / "takes.tar"
    for data in (b"", b"hello", bytes(5000), os.urandom(5000)):
        other.write_bytes(data)
        refused(store, other, "is no archive of soundgraph's")


def test_an_archive_of_a_later_version_is_told_plainly(tmp_path: Path, store: DiskStore) -> None:
    parts = of(take(1)) | {HEADER: b'{"soundgraph": "archive", "version": 2, "blobs": 1, "records": 1}\n'}
    refused(store, packed(tmp_path / "a.tar", parts), "later version")


BAD_HEADERS = [
    b"{}",
    b"[]",
    b"no json",
    b'{"soundgraph": "archive", "version": 1, "blobs": -1, "records": 2}\n',
    b'{"soundgraph": "archive", "version": 1, "blobs": true, "records": 1}\n',
    b'{"soundgraph": "archive", "version": 1, "blobs": 1, "records": 1, "more": 1}\n',
    b'{"soundgraph": "archive", "version": true, "blobs": 1, "records": 1}\n',
    b"[" * 3000,
]


@pytest.mark.parametrize("data", BAD_HEADERS)
def test_a_header_that_soundgraph_did_not_write_is_refused(tmp_path: Path, store: DiskStore, data: bytes) -> None:
    refused(store, packed(tmp_path / "a.tar", of(take(1)) | {HEADER: data}), "did not write")


def test_too_many_members_are_refused(tmp_path: Path, store: DiskStore) -> None:
    parts = {HEADER: header(1, archive.MAX_MEMBERS)}
    refused(store, packed(tmp_path / "a.tar", parts), "more than 2,000,000")


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.wav",
        "/etc/evil.wav",
        "blobs/../../evil.wav",
        f"blobs/{'A' * 64}.wav",
        f"blobs/{'a' * 63}.wav",
        f"blobs/ab/{'a' * 64}.wav",
        f"./blobs/{'a' * 64}.wav",
        "evil",
    ],
)
def test_no_member_has_a_name_of_its_own(tmp_path: Path, store: DiskStore, name: str) -> None:
    _, audio = take(1)
    path = packed(tmp_path / "a.tar", {HEADER: header(1, 0), name: audio.to_wav()})
    refused(store, path, "is no sound's name")
    path = packed(tmp_path / "a.tar", {HEADER: header(0, 1), name: b"{}"})
    refused(store, path, "is no record's name")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "../../evil"},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.AREGTYPE},
        {"type": tarfile.CONTTYPE},
        {"type": tarfile.GNUTYPE_SPARSE},
        {"type": tarfile.XHDTYPE},
        {"type": tarfile.GNUTYPE_LONGNAME},
        {"mode": 0o4755},
        {"mtime": 1},
        {"uname": "root"},
    ],
)
def test_a_member_is_a_plain_file_as_soundgraph_writes_it(
    tmp_path: Path, store: DiskStore, fields: dict[str, Any]
) -> None:
    def change(info: tarfile.TarInfo) -> None:
        if info.name != HEADER:
            for name, value in fields.items():
                setattr(info, name, value)

    path = packed(tmp_path / "a.tar", of(take(1)), change)
    refused(store, path)


def test_extensions_of_tar_are_refused(tmp_path: Path, store: DiskStore) -> None:
    for form, name in ((tarfile.PAX_FORMAT, "é" * 200), (tarfile.GNU_FORMAT, "a" * 200)):
        with tarfile.open(tmp_path / "a.tar", "w", format=form) as tar:
            for part, data in {HEADER: header(1, 0), name: b"x"}.items():
                info = tarfile.TarInfo(part)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        refused(store, tmp_path / "a.tar")


def test_a_claimed_size_allocates_nothing(tmp_path: Path, store: DiskStore) -> None:
    _, audio = take(1)
    for name, size in ((f"blobs/{audio.digest}.wav", 4 << 30), (f"blobs/{audio.digest}.wav", (8 << 30) - 1)):
        info = tarfile.TarInfo(name)
        info.size = size
        first = tarfile.TarInfo(HEADER)
        first.size = len(header(1, 0))
        data = first.tobuf(tarfile.USTAR_FORMAT) + header(1, 0).ljust(512, b"\0") + info.tobuf(tarfile.USTAR_FORMAT)
        (tmp_path / "a.tar").write_bytes(data + audio.to_wav())
        refused(store, tmp_path / "a.tar")


def test_a_record_over_the_limit_is_refused(tmp_path: Path, store: DiskStore) -> None:
    one, audio = take(1)
    big = replace(one, made={"note": "x" * archive.MAX_RECORD_BYTES})
    refused(store, packed(tmp_path / "a.tar", of((big, audio))), "is no record: it has")


def test_a_sound_that_does_not_fit_on_the_disk_is_not_begun(tmp_path: Path, store: DiskStore) -> None:
    path = written(tmp_path, take(1))
    with changed(archive.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10})):  # type: ignore[attr-defined]
        refused(store, path, "more than is free")


def test_a_member_twice_or_out_of_order_is_refused(tmp_path: Path, store: DiskStore) -> None:
    parts = of(take(1), take(2))
    first, second, *_ = [name for name in parts if name.startswith("blobs/")]
    for names in ([second, first], [first, first]):
        with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            for name in (HEADER, *names):
                info = tarfile.TarInfo(name)
                info.size = len(parts[name])
                tar.addfile(info, io.BytesIO(parts[name]))
        refused(store, tmp_path / "a.tar", "out of order")


def test_a_sound_that_is_not_what_its_name_says_is_refused(tmp_path: Path, store: DiskStore) -> None:
    parts = of(take(1))
    name = next(name for name in parts if name.startswith("blobs/"))
    parts[name] = parts[name][:-1] + bytes([parts[name][-1] ^ 1])
    refused(store, packed(tmp_path / "a.tar", parts), "is damaged")


def test_what_is_no_sound_is_refused_though_its_digest_is_right(tmp_path: Path, store: DiskStore) -> None:
    import hashlib

    _, audio = take(1)
    wav = audio.to_wav()
    nan = Audio(np.full((1, 4), np.nan, np.float32), 8000).to_wav()
    for data, why in ((b"x" * 100, "no sound"), (b"", "no sound"), (wav[:-2], "no sound"), (nan, "not numbers")):
        name = f"blobs/{hashlib.sha256(data).hexdigest()}.wav"
        refused(store, packed(tmp_path / "a.tar", {HEADER: header(1, 0), name: data}), why)


def test_a_sound_longer_than_any_is_refused(tmp_path: Path, store: DiskStore) -> None:
    audio = make(np.zeros(36001), 1)
    parts = of((record(audio, {"kind": "any"}), audio))
    refused(store, packed(tmp_path / "a.tar", parts), "longer than 10 hours")


def forged(one: Record, **fields: Any) -> bytes:
    return replace(one, **fields).to_json().encode()


def unchecked(one: Record) -> bytes:
    """As it was written before records had a checksum."""
    facts = json.loads(one.to_json())
    del facts["check"]
    return json.dumps({**facts, "record": 1}).encode()


def test_a_record_under_another_key_is_refused(tmp_path: Path, store: DiskStore) -> None:
    """Else an archive could put a sound in the place of any other."""
    (one, audio), (other, _) = take(1), take(2)
    parts = of((one, audio))
    name = f"records/{one.key}.json"
    fields = {"key": other.key}
    for data, new in (
        (forged(one, **fields), f"records/{other.key}.json"),
        (forged(one, **fields), name),
        (forged(other, digest=one.digest), name),
        (forged(one, action={}), name),
        (forged(one, action={"kind": float("nan")}), name),
        (forged(one, sample_rate=1), name),
        (forged(one, digest="0" * 64), name),
        (forged(one)[:-9] + b'00000000"}', name),
        (forged(one) + b"\n", name),
        (unchecked(one), name),
        (replace(one, remarks=("\ud800",)).to_json().encode("utf-8", "surrogatepass"), name),
        (b" " + forged(one), name),
        (forged(one).replace(b"1.5", b'"\\ud800"'), name),
        (b"[" * 100_000, name),
        (b"", name),
        (forged(one), f"records/{one.key}.{'0' * 16}.json"),
    ):
        forgery = {part: body for part, body in parts.items() if part != name} | {new: data}
        refused(store, packed(tmp_path / "a.tar", forgery))


def test_a_record_without_a_sound_is_refused(tmp_path: Path, store: DiskStore) -> None:
    one, audio = take(1)
    path = packed(tmp_path / "a.tar", {HEADER: header(0, 1), f"records/{one.key}.json": one.to_json().encode()})
    refused(store, path, "sound that is not there")
    store.publish([(take(2, "other")[0], take(2)[1])], takes=True)
    other = record(audio, {"kind": "else"})
    store.publish([(other, audio)], takes=True)  # here it is
    assert archive.take_in(store, path).new_records == 1


def test_nothing_hides_between_members(tmp_path: Path, store: DiskStore) -> None:
    path = written(tmp_path, take(1))
    data = bytearray(path.read_bytes())
    assert data[1023] == 0
    data[1023] = 1
    path.write_bytes(data)
    refused(store, path, "something between its members")


def test_anything_after_the_end_is_refused(tmp_path: Path, store: DiskStore) -> None:
    path = written(tmp_path, take(1))
    data = path.read_bytes()
    for more in (b"x", bytes(10240), data):
        path.write_bytes(data + more)
        with pytest.raises(UsageError, match="goes on after its end"):
            archive.take_in(store, path)


@pytest.mark.parametrize("count", range(1, 24))
def test_the_end_of_an_archive_is_where_tar_puts_it(tmp_path: Path, count: int) -> None:
    """At each place within a block of twenty that tar pads its files to."""
    audio = noise(0.002)
    results = [(record(audio, {"kind": "any", "n": number}), audio) for number in range(count)]
    path = written(tmp_path, *results)
    store = DiskStore(tmp_path / "other", backends.is_draft)
    assert archive.take_in(store, path).new_records == count
    store.close()


def test_an_archive_that_ends_anywhere_is_refused_and_does_no_harm(tmp_path: Path, store: DiskStore) -> None:
    path = written(tmp_path, take(1), take(2))
    data = path.read_bytes()
    edges = {place + off for place in range(0, len(data), 512) for off in (-1, 0, 1)} | {100, 600, 1100}
    for size in range(len(data)) if THOROUGH else sorted(edges & set(range(len(data)))):
        path.write_bytes(data[:size])
        with pytest.raises(UsageError) as error:
            archive.take_in(store, path)
        assert str(path) in str(error.value)
    assert harm(store) == []


SAMPLE = [take(1), take(2, sort="draft"), take(3)]


@settings(max_examples=2000 if THOROUGH else 150)
@given(st.data())
def test_a_mutated_archive_is_refused_or_gives_what_is_right(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = packed(Path(folder) / "a.tar", of(*SAMPLE))
        body = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(body)))
            stop = start + data.draw(st.sampled_from([0, 1, 2, 512, 1024, 5000]))
            new = data.draw(
                st.one_of(
                    st.binary(max_size=4),
                    st.sampled_from([512, 1024, 2048]).map(bytes),
                    st.integers(0, 40).map(lambda block: bytes(body[512 * block : 512 * block + 512])),
                )
            )
            body[start:stop] = new
        path.write_bytes(body)
        store = DiskStore(Path(folder) / "cache", backends.is_draft)
        with contextlib.suppress(SoundgraphError):
            archive.take_in(store, path)
        assert harm(store) == []
        store.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
@pytest.mark.parametrize("what", ["a pipe", "a device", "a folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(store: DiskStore, tmp_path: Path, what: str) -> None:
    path = tmp_path / "takes.tar"
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "a device":
        path = Path(os.devnull)
    else:
        path.mkdir()
    with pytest.raises(UsageError, match="and no file"):
        archive.take_in(store, path)
    assert not store.is_there, "nothing was begun"


def test_the_folders_of_an_imported_sound_are_synced_before_its_record_is_named(
    store: DiskStore, tmp_path: Path
) -> None:
    """After a power cut whoever finds the record has to find the sound: its name, and that of a new folder."""
    one = take(1)
    path = written(tmp_path, one)
    done: list[tuple[str, Path]] = []
    real_sync, real_move = files.sync_folder, cache_folder.Places.move

    def sync(folder: Path) -> None:
        done.append(("sync", folder))
        real_sync(folder)

    def move(self: cache_folder.Places, temporary: Path, to: Path) -> None:
        real_move(self, temporary, to)
        done.append(("move", to))

    store.prepare()
    with changed(files, "sync_folder", sync), changed(store.files, "move", partial(move, store.places)):
        archive.take_in(store, path)
    blob, file = store.blobs.file(one[1].digest), store.records.file(one[0].key)
    between = done[done.index(("move", blob)) : done.index(("move", file))]
    assert {("sync", folder) for folder in (blob.parent, blob.parent.parent, store.folder)} <= set(between)
    after = done[done.index(("move", file)) :]
    assert {("sync", folder) for folder in (file.parent, file.parent.parent)} <= set(after)
