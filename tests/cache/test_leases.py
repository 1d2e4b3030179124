"""The gate, and the builds that go on: a collection is alone, and knows of every build that is not over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soundgraph.cache.disk.cache_folder import Places
from soundgraph.cache.disk.leases import Leases
from soundgraph.core import range_locks
from tests.helpers import changed

NOBODY = float("inf")


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[], Leases]]:
    """Another party each time it is called."""
    made: list[Leases] = []

    def new() -> Leases:
        made.append(Leases(Places(tmp_path), lambda: True))
        return made[-1]

    yield new
    for one in made:
        one.close()


def within(leases: Leases, alone: bool) -> tuple[threading.Thread, threading.Event]:
    """A thread that goes through the gate, and what says that it was within."""
    was = threading.Event()

    def go() -> None:
        with leases.gate(alone=alone):
            was.set()

    thread = threading.Thread(target=go)
    thread.start()
    return thread, was


@pytest.mark.parametrize("same", [True, False], ids=["threads of one", "two parties"])
@pytest.mark.parametrize(("first", "second"), [(False, True), (True, False), (True, True)])
def test_who_is_alone_waits_for_all_others_and_they_for_it(
    make: Callable[[], Leases], same: bool, first: bool, second: bool
) -> None:
    one = make()
    other = one if same else make()
    with one.gate(alone=first):
        thread, was = within(other, second)
        assert not was.is_set()
    thread.join(60)
    assert was.is_set()


@pytest.mark.parametrize("same", [True, False], ids=["threads of one", "two parties"])
def test_all_others_are_within_at_once(make: Callable[[], Leases], same: bool) -> None:
    one = make()
    other = one if same else make()
    with one.gate():
        thread, was = within(other, False)
        thread.join(60)
        assert was.is_set()


def test_the_lock_stays_until_the_last_thread_has_left(make: Callable[[], Leases]) -> None:
    one, other = make(), make()
    with one.gate():
        thread, _ = within(one, False)
        thread.join(60)
        alone, was = within(other, True)
        assert not was.is_set()
    alone.join(60)
    assert was.is_set()


def test_the_gate_may_be_entered_again_by_who_is_within(make: Callable[[], Leases]) -> None:
    one = make()
    with one.gate(alone=True), one.gate(alone=True), one.gate():
        pass
    with one.gate():
        with one.gate():
            pass
        with pytest.raises(RuntimeError), one.gate(alone=True):
            pass
    with make().gate(alone=True):
        pass


def test_a_build_counts_as_going_on_until_it_is_over(make: Callable[[], Leases]) -> None:
    one, other = make(), make()
    assert other.oldest_running() == NOBODY
    with one.running():
        assert other.oldest_running() < NOBODY
        assert one.oldest_running() < NOBODY, "its own file is not taken for a killed one's"
        with make().running():
            began = other.oldest_running()
        assert other.oldest_running() == began
    assert other.oldest_running() == NOBODY


def test_what_a_killed_build_left_is_removed_by_the_next(make: Callable[[], Leases], tmp_path: Path) -> None:
    folder = tmp_path / "running"
    folder.mkdir()
    (folder / "18ea875dec9b3efe").write_bytes(b"")
    with make().running():
        assert "18ea875dec9b3efe" not in [path.name for path in folder.iterdir()]
        assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("name", ["x", "..", "18EA", "0" * 17, "-1", " 1", "1_0", "stray.txt"])
def test_stray_names_among_the_builds_say_nothing(make: Callable[[], Leases], tmp_path: Path, name: str) -> None:
    (tmp_path / "running").mkdir()
    if name != "..":
        (tmp_path / "running" / name).write_bytes(b"stray")
    assert make().oldest_running() == NOBODY


def test_a_folder_among_the_builds_says_nothing(make: Callable[[], Leases], tmp_path: Path) -> None:
    (tmp_path / "running" / "abc" / "deep").mkdir(parents=True)
    make().oldest_running()
    with make().running():
        pass


def test_builds_that_begin_in_one_tick_are_two(make: Callable[[], Leases], tmp_path: Path) -> None:
    import time

    with changed(time, "time_ns", lambda: 0x18EA875DEC9B3EFE), make().running(), make().running():
        assert len(list((tmp_path / "running").iterdir())) == 2


def test_without_locks_a_build_counts_as_going_on_for_ever(make: Callable[[], Leases], tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    (tmp_path / "running").mkdir()
    (tmp_path / "running" / "18ea875dec9b3efe").write_bytes(b"")
    with changed(range_locks, "lock_range", refuse):
        one = make()
        assert one.oldest_running() == 0x18EA875DEC9B3EFE / 1e9
        assert not one.work
        with one.gate(alone=True):
            pass


def test_in_a_folder_that_is_no_cache_yet_nothing_is_written(tmp_path: Path) -> None:
    none = Leases(Places(tmp_path / "cache"), lambda: False)
    with none.gate(), none.gate(alone=True), none.running(), none.index():
        assert none.claim("0" * 64)
    assert not (tmp_path / "cache").exists()
