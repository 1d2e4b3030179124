"""Collecting: what is needed stays, the least recently used goes first, and a collection may be stopped anywhere."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.cache import garbage_collection, gc_choice
from soundgraph.cache.action_key import action_key
from soundgraph.cache.disk.records import DiskRecords
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.gc_choice import NOTHING_RUNS, Blob, Choice, Entry, Limits, Reach, Survey
from soundgraph.cache.result_record import Record
from tests.helpers import changed, noise

ALL = Limits(max_bytes=0)
EVERYTHING = Limits(max_bytes=0, takes=True)


@pytest.fixture(autouse=True, scope="module")
def unsynced() -> Iterator[None]:
    """The disk's time is nothing that these tests are about."""
    with changed(os, "fsync", lambda handle: None):
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    found = DiskStore(tmp_path / "cache", backends.is_draft)
    yield found
    found.close()


def record(audio: Audio, *inputs: str, sort: str = "processed", salt: str = "") -> Record:
    """What an action gave that took those inputs. sort: "take", "draft" or "processed"."""
    manifest: dict[str, Any] = {"kind": "any", "salt": salt, "inputs": {str(n): one for n, one in enumerate(inputs)}}
    if sort != "processed":
        manifest["model"] = {"backend": "draft" if sort == "draft" else "any", "identity": "weights"}
    key = action_key(manifest)
    return Record(key, audio.digest, audio.sample_rate, audio.channels, audio.n_samples, manifest)


def put(store: DiskStore, seed: int, *inputs: str, sort: str = "processed", salt: str | None = None) -> Record:
    audio = noise(0.01, seed=seed)
    found = record(audio, *inputs, sort=sort, salt=str(seed) if salt is None else salt)
    store.publish([(found, audio)], takes=sort == "take")
    return found


def set_used(store: DiskStore, found: Record, at: float) -> None:
    """As if it had been used then last."""
    with closing(sqlite3.connect(store.folder / "index" / "cache.db")) as database, database:
        query = "UPDATE Cache SET store_time = ?, access_time = ? WHERE key = ?"
        database.execute(query, (at, at, f"action:{found.key}"))


def collect(store: DiskStore, limits: Limits, reach: Reach | None = None) -> garbage_collection.Removed:
    reach = reach or Reach()
    found = garbage_collection.survey(store, reach)
    return garbage_collection.remove(store, found, gc_choice.choose(found, reach, limits))


def left(store: DiskStore, *records: Record) -> list[bool]:
    """Whether each is there: its record where it is looked for, and its sound."""
    return [
        store.records.kept(one.key, one.digest) is not None and store.blobs.read(one.digest) is not None
        for one in records
    ]


def blobs(store: DiskStore) -> int:
    return len(list(store.folder.glob("blobs/??/*.wav")))


# What goes


def test_what_nobody_needs_goes_with_its_sound(store: DiskStore) -> None:
    one = put(store, 1)
    removed = collect(store, ALL)
    assert (removed.processed, removed.sounds) == (1, 1)
    assert store.records.find(one.key) is None
    assert blobs(store) == 0


def test_what_scenes_reach_stays(store: DiskStore) -> None:
    one, other = put(store, 1), put(store, 2)
    collect(store, EVERYTHING, Reach(keys={one.key}))
    assert left(store, one, other) == [True, False]


def test_takes_stay_unless_told(store: DiskStore) -> None:
    take, draft = put(store, 1, sort="take"), put(store, 2, sort="draft")
    collect(store, ALL)
    assert left(store, take, draft) == [True, False]
    assert collect(store, EVERYTHING).takes == 1
    assert left(store, take) == [False]


def test_a_pinned_take_stays_even_if_another_one_has_replaced_it(store: DiskStore) -> None:
    first = put(store, 1, sort="take", salt="same")
    second = put(store, 2, sort="take", salt="same")
    third = put(store, 3, sort="take", salt="same")
    assert first.key == second.key == third.key
    removed = collect(store, EVERYTHING, Reach(takes={(first.key, first.digest)}))
    assert removed.takes == 2
    assert left(store, first, second, third) == [True, False, False]


def test_the_least_recently_used_goes_first(store: DiskStore) -> None:
    some = [put(store, seed) for seed in range(4)]
    for found, at in zip(some, (300.0, 100.0, 400.0, 200.0), strict=True):
        set_used(store, found, at)
    whole = garbage_collection.survey(store, Reach()).n_bytes
    collect(store, Limits(max_bytes=whole // 2))
    assert left(store, *some) == [True, False, True, False]


def test_what_was_not_used_for_long_goes_and_nothing_else(store: DiskStore) -> None:
    some = [put(store, seed) for seed in range(3)]
    for found, at in zip(some, (100.0, 200.0, 300.0), strict=True):
        set_used(store, found, at)
    collect(store, Limits(before=200.0))
    assert left(store, *some) == [False, True, True]


def test_drafts_and_processed_results_go_before_takes(store: DiskStore) -> None:
    old, new = put(store, 1, sort="take"), put(store, 2)
    set_used(store, old, 100.0)
    set_used(store, new, 200.0)
    whole = garbage_collection.survey(store, Reach()).n_bytes
    collect(store, Limits(max_bytes=whole - 1, takes=True))
    assert left(store, old, new) == [True, False]


def test_what_a_kept_record_refers_to_stays_however_old(store: DiskStore) -> None:
    first = put(store, 1)
    second = put(store, 2, first.digest)
    third = put(store, 3, second.digest, sort="take")
    other = put(store, 4)
    for found in (first, second, other):
        set_used(store, found, 100.0)
    collect(store, Limits(max_bytes=0, before=200.0))
    assert left(store, first, second, third, other) == [True, True, True, False]


def test_a_circle_of_records_goes_once_nothing_else_needs_it(store: DiskStore) -> None:
    """A sound turned round twice is what it was."""
    sounds = [noise(0.01, seed=seed) for seed in (1, 2)]
    there = record(sounds[1], sounds[0].digest)
    back = record(sounds[0], sounds[1].digest)
    still = record(sounds[0], sounds[0].digest, salt="gain of 0 dB")
    store.publish([(there, sounds[1]), (back, sounds[0]), (still, sounds[0])], takes=False)
    collect(store, ALL, Reach(keys={there.key}))
    assert left(store, there, back, still) == [True, True, True]
    collect(store, ALL)
    assert left(store, there, back, still) == [False, False, False]
    assert blobs(store) == 0


def test_a_sound_that_another_record_names_stays(store: DiskStore) -> None:
    one, other = put(store, 1), put(store, 1, salt="other")
    assert one.digest == other.digest
    removed = collect(store, ALL, Reach(keys={other.key}))
    assert (removed.processed, removed.sounds) == (1, 0)
    assert left(store, other) == [True]


def test_sounds_without_a_record_go_unless_a_pin_names_them(store: DiskStore) -> None:
    one, other = put(store, 1), put(store, 2)
    for found in (one, other):
        store.records.drop([found.key])
        store.records.file(found.key).unlink()
    assert collect(store, ALL, Reach(takes={(one.key, one.digest)})).sounds == 1
    assert (store.blobs.has(one.digest), store.blobs.has(other.digest)) == (True, False)


def test_how_far_a_removal_is_rises_to_the_whole_of_what_was_chosen(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        put(store, seed)
    unnamed = [put(store, seed) for seed in (8, 9)]
    for one in unnamed:
        store.records.drop([one.key])
        store.records.file(one.key).unlink()
    monkeypatch.setattr(garbage_collection, "_BATCH", 2)
    found = garbage_collection.survey(store, Reach())
    seen: list[tuple[int, int]] = []
    garbage_collection.remove(store, found, gc_choice.choose(found, Reach(), ALL), lambda *told: seen.append(told))
    # Five records, two at a time; then seven sounds, of which only two count: those that no record named.
    assert seen == [(2, 7), (4, 7), (5, 7), (7, 7), (7, 7), (7, 7), (7, 7)]
    assert blobs(store) == 0


def test_beside_a_damaged_record_no_sound_counts_as_unnamed(store: DiskStore) -> None:
    one = put(store, 1, sort="take")
    store.records.drop([one.key])
    store.records.file(one.key).write_bytes(b"{")
    collect(store, EVERYTHING)
    assert store.blobs.has(one.digest)


def test_a_record_whose_file_is_lost_counts_by_its_row(store: DiskStore) -> None:
    one = put(store, 1)
    store.records.file(one.key).unlink()
    collect(store, ALL, Reach(keys={one.key}))
    assert left(store, one) == [True]
    collect(store, ALL)
    assert left(store, one) == [False]
    assert blobs(store) == 0


def test_a_take_whose_key_cannot_be_formed_now_stays_by_its_shape(store: DiskStore) -> None:
    one, other = put(store, 1, "0" * 64, sort="take"), put(store, 2, sort="take")
    shape = gc_choice.shape(dict(one.action))
    assert shape == gc_choice.shape({**one.action, "inputs": {"continue_from": "1" * 64}})
    collect(store, EVERYTHING, Reach(shapes={shape}))
    assert left(store, one, other) == [True, False]


def test_a_lost_index_is_no_reason_to_remove_what_is_needed(store: DiskStore) -> None:
    one, other, take = put(store, 1), put(store, 2), put(store, 3, sort="take")
    store.close()
    shutil.rmtree(store.folder / "index")
    collect(store, ALL, Reach(keys={one.key}))
    assert left(store, one, other, take) == [True, False, True]


def test_records_that_are_in_files_only_are_put_into_the_index(store: DiskStore) -> None:
    one = put(store, 1)
    store.records.drop([one.key])
    garbage_collection.fill_index(store)
    assert store.records.lookup([one.key]) == {one.key: one}


# Beside builds


def test_what_a_running_build_has_used_stays(store: DiskStore) -> None:
    used, made, idle = put(store, 1), record(noise(0.01, seed=2)), put(store, 3)
    for found in (used, idle):
        set_used(store, found, 100.0)
    build = DiskStore(store.folder, backends.is_draft)
    with build.coordination.running():
        build.coordination.use([used.key])
        build.publish([(made, noise(0.01, seed=2))], takes=False)
        collect(store, ALL)
        assert left(store, used, made, idle) == [True, True, False]
    collect(store, ALL)
    assert left(store, used, made) == [False, False]
    build.close()


def test_what_is_used_between_looking_and_removing_stays_with_what_it_refers_to(store: DiskStore) -> None:
    first = put(store, 1)
    second = put(store, 2, first.digest)
    idle = put(store, 3)
    found = garbage_collection.survey(store, Reach())
    choice = gc_choice.choose(found, Reach(), ALL)
    other = DiskStore(store.folder, backends.is_draft)
    other.coordination.use([second.key])
    removed = garbage_collection.remove(store, found, choice)
    other.close()
    assert removed.processed == 1
    assert left(store, first, second, idle) == [True, True, False]


def test_a_sound_that_comes_out_again_between_looking_and_removing_stays(store: DiskStore) -> None:
    one = put(store, 1)
    found = garbage_collection.survey(store, Reach())
    choice = gc_choice.choose(found, Reach(), ALL)
    again = put(store, 1, salt="of another action")
    garbage_collection.remove(store, found, choice)
    assert left(store, one, again) == [False, True]


def test_a_take_that_is_made_again_between_looking_and_removing_stays(store: DiskStore) -> None:
    put(store, 1, sort="take", salt="same")
    found = garbage_collection.survey(store, Reach())
    choice = gc_choice.choose(found, Reach(), EVERYTHING)
    again = put(store, 2, sort="take", salt="same")
    garbage_collection.remove(store, found, choice)
    assert left(store, again) == [True]


def test_a_record_whose_file_alone_is_another_now_stays(store: DiskStore) -> None:
    """Its build was killed before it came to the index."""
    one = put(store, 1, sort="take", salt="same")
    found = garbage_collection.survey(store, Reach())
    choice = gc_choice.choose(found, Reach(), EVERYTHING)
    audio = noise(0.01, seed=2)
    again = record(audio, sort="take", salt="same")
    store.blobs.file(again.digest).parent.mkdir(exist_ok=True)
    store.blobs.file(again.digest).write_bytes(audio.to_wav())
    store.records.file(one.key).write_text(again.to_json())
    garbage_collection.remove(store, found, choice)
    assert store.records.file(one.key).read_text() == again.to_json()
    assert store.blobs.has(again.digest)


def test_a_build_that_looks_up_what_it_needs_is_waited_for(store: DiskStore) -> None:
    """And what it has found then is not removed."""
    one = put(store, 1)
    set_used(store, one, 100.0)
    found = garbage_collection.survey(store, Reach())
    choice = gc_choice.choose(found, Reach(), ALL)
    build = DiskStore(store.folder, backends.is_draft)
    begun, over = threading.Event(), threading.Event()
    real = DiskRecords.usage_of

    def usage_of(self: DiskRecords, keys: Sequence[str]) -> dict[str, float]:
        over.set()
        return real(self, keys)

    def remove() -> None:
        begun.set()
        garbage_collection.remove(store, found, choice)

    with changed(DiskRecords, "usage_of", usage_of):
        with build.coordination.gate():
            thread = threading.Thread(target=remove)
            thread.start()
            begun.wait(10)
            assert build.records.lookup([one.key])
            build.coordination.use([one.key])
            assert not over.is_set()
        thread.join(10)
    assert over.is_set()
    assert left(store, one) == [True]
    build.close()


# Stopped anywhere


class Stopped(BaseException):
    """A kill."""


@contextmanager
def stopped_at(count: int) -> Iterator[list[int]]:
    """The process ends at a removal from disk or from the index."""
    calls = [0]
    unlink, drop = Path.unlink, DiskRecords.drop

    def step() -> None:
        calls[0] += 1
        if calls[0] == count:
            raise Stopped

    def unlinked(self: Path, missing_ok: bool = False) -> None:
        step()
        unlink(self, missing_ok)

    def dropped(self: DiskRecords, keys: Sequence[str]) -> None:
        step()
        drop(self, keys)
        step()

    with changed(Path, "unlink", unlinked), changed(DiskRecords, "drop", dropped):
        yield calls


def test_a_collection_that_is_killed_anywhere_leaves_a_whole_cache(tmp_path: Path) -> None:
    for count in range(1, 100):
        store = DiskStore(tmp_path / f"cache{count}", backends.is_draft)
        kept = put(store, 1, sort="take")
        needed = put(store, 2, kept.digest)
        put(store, 3, needed.digest)
        put(store, 4, sort="take", salt="same")
        put(store, 5, sort="take", salt="same")
        reach = Reach(keys={needed.key})
        found = garbage_collection.survey(store, reach)
        choice = gc_choice.choose(found, reach, EVERYTHING)
        with stopped_at(count) as calls:
            try:
                garbage_collection.remove(store, found, choice)
                ended = True
            except Stopped:
                ended = False
        assert ended == (calls[0] < count)
        store.close()
        store = DiskStore(store.folder, backends.is_draft)
        assert left(store, kept, needed) == [True, True]
        for one in store.records.all():
            assert store.blobs.read(one.digest) is not None
        collect(store, EVERYTHING, reach)
        assert blobs(store) == 2
        store.close()
        if ended:
            assert count > 8
            return


# Any history


def entry(number: int, sound: int, inputs: Sequence[int], sort: str, used: int, reached: bool, pinned: bool) -> Entry:
    name = number.to_bytes(32, "big")
    digests = tuple(one.to_bytes(32, "big") for one in inputs)
    take, draft = sort == "take", sort == "draft"
    digest = sound.to_bytes(32, "big")
    return Entry(name, digest, digests, False, take, draft, reached, pinned, float(used), float(used), 1, 1)


entries = st.lists(
    st.builds(
        lambda *fields: fields,
        st.integers(0, 7),
        st.lists(st.integers(0, 7), max_size=2),
        st.sampled_from(["take", "draft", "processed"]),
        st.integers(0, 9),
        st.integers(0, 5).map(lambda n: n == 0),
        st.integers(0, 7).map(lambda n: n == 0),
    ),
    max_size=14,
)


@given(
    entries,
    st.booleans(),
    st.none() | st.integers(0, 10),
    st.none() | st.integers(0, 60),
    st.just(NOTHING_RUNS) | st.integers(0, 9).map(float),
)
def test_of_any_records_nothing_needed_goes_and_the_limits_hold_as_far_as_they_can(
    drawn: list[Any], takes: bool, before: int | None, max_bytes: int | None, oldest: float
) -> None:
    some = [entry(number, *fields) for number, fields in enumerate(drawn)]
    givers: dict[bytes, list[int]] = {}
    for place, one in enumerate(some):
        givers.setdefault(one.digest, []).append(place)
    sounds = {sound.to_bytes(32, "big"): Blob(5, 1) for sound in range(8)}
    found = Survey(some, sounds, givers, 0, oldest)
    limits = Limits(max_bytes, None if before is None else float(before), takes)
    choice = gc_choice.choose(found, Reach(), limits)
    gone = set(choice.entries)
    assert len(gone) == len(choice.entries)
    stays = [one for one in some if one not in gone]

    must = [one for one in some if one.reached or one.pinned or one.used >= oldest or (one.take and not takes)]
    needed = closure(must, some)
    assert needed <= set(stays)
    assert closure(stays, some) == set(stays)

    young = closure([one for one in some if before is None or one.used >= before], some) | needed
    if max_bytes is None:
        assert set(stays) == (young if before is not None else set(some))
        assert gone or not choice.orphans or before is not None
    else:
        assert set(stays) <= young
        assert choice.left_bytes <= max_bytes or set(stays) == needed
    for place, one in enumerate(choice.entries):  # what refers to others goes before these, but in a circle
        for later in choice.entries[:place]:
            if later.digest in one.inputs:
                assert one.digest in {digest for giver in closure([later], some) for digest in giver.inputs}

    named = {one.digest for one in stays}
    spared = {digest for digest in sounds if digest not in givers} - set(choice.orphans)
    assert choice.left_bytes == len(stays) + 5 * len(named | spared)
    assert choice.n_bytes + choice.left_bytes == found.n_bytes


def closure(starts: Sequence[Entry], some: Sequence[Entry]) -> set[Entry]:
    """Those, and what they refer to, as far as it goes."""
    seen, waiting = set(starts), list(starts)
    while waiting:
        one = waiting.pop()
        for other in some:
            if other.digest in one.inputs and other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def test_nothing_is_chosen_without_a_limit() -> None:
    assert gc_choice.choose(Survey([], {}, {}, 0), Reach(), Limits()) == Choice()


def test_ten_thousand_records_of_one_silence_are_looked_at_once() -> None:
    digest = bytes(32)
    some = [entry(number, 0, [0], "draft", number, False, False) for number in range(10_000)]
    found = Survey(some, {digest: Blob(5, 1)}, {digest: list(range(10_000))}, 0)
    assert len(gc_choice.choose(found, Reach(), ALL).entries) == 10_000


def test_a_collection_takes_no_file_that_is_not_the_cache_s(store: DiskStore) -> None:
    put(store, 1)
    strange = [store.folder / name for name in ("blobs/notes.txt", "blobs/ab/notes.wav", "records/ab/notes.json")]
    for path in strange:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    outside = store.folder.parent / "outside.wav"
    outside.write_text("mine")
    (store.folder / "blobs" / "ab" / f"{'ab' * 32}.wav").symlink_to(outside)
    collect(store, EVERYTHING)
    assert [path.exists() for path in (*strange, outside)] == [True] * 4
    assert os.path.lexists(store.folder / "blobs" / "ab" / f"{'ab' * 32}.wav")
