"""Builds at once in one cache: each action is run by one of them, and nobody waits for what nobody makes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from soundgraph.cache.disk.coordination import DiskCoordination
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cli.terminal.json_lines import JsonLines
from soundgraph.core import range_locks
from soundgraph.core.events import Event, ModelLoading, NodeDone, NodeWaiting
from tests.helpers import CHAIN, Result, Space, changed, export, generate, node
from tests.probes import Probe


@pytest.fixture
def other(space: Space) -> Iterator[DiskStore]:
    """The cache, as another build has it."""
    store = DiskStore(space.cache)
    store.prepare()
    yield store
    store.close()


def keys(space: Space, *arguments: str) -> dict[str, str]:
    """The action keys of a scene's nodes, found out by building it into another cache."""
    space.write("soundgraph.toml", '[cache]\ndir = "elsewhere"')
    space.build(*arguments)
    store = DiskStore(space.root / "elsewhere")
    found = {record.made["node"].partition(":")[2]: record.key for record in store.records.all()}
    store.close()
    space.write("soundgraph.toml", "")
    for folder in ("build", ".soundgraph"):
        shutil.rmtree(space.root / folder)
    return found


@contextmanager
def overheard(act: Callable[[Event], None]) -> Iterator[None]:
    """Does something with each event, once it is printed."""
    real = JsonLines.__call__

    def heard(self: JsonLines, event: Event) -> None:
        real(self, event)
        act(event)

    with changed(JsonLines, "__call__", heard):
        yield


@contextmanager
def once_waiting(act: Callable[[str], Any]) -> Iterator[list[str]]:
    """Does something when the build says that it waits for a node; gives the nodes it waited for."""
    waited: list[str] = []

    def waiting(event: Event) -> None:
        if isinstance(event, NodeWaiting):
            waited.append(event.node)
            act(event.node)

    with overheard(waiting):
        yield waited


def publish(space: Space, other: DiskStore, key: str) -> None:
    """What the other build does when it has made the node."""
    made = DiskStore(space.root / "elsewhere")
    record = made.records.find(key)
    assert record is not None
    sound = made.blobs.read(record.digest)
    assert sound is not None
    other.publish([(record, sound)], takes=True)
    made.close()
    other.coordination.release([key])


def test_what_another_build_is_making_is_waited_for_and_not_made_again(space: Space, other: DiskStore) -> None:
    space.scene(CHAIN)
    key = keys(space)["rain"]
    assert other.coordination.claim(key)
    with once_waiting(lambda node: publish(space, other, key)) as waited:
        found = space.build()
    assert waited == ["a:rain"]
    assert (found.ran, found.hits, found.loads) == (["a:cut", "a:dark"], ["a:rain"], 0)
    assert found.of("waiting") == [{"event": "waiting", "node": "a:rain"}]
    assert found.exports == {"build/theme.wav": "written"}


def test_processing_is_waited_for_too(space: Space, other: DiskStore) -> None:
    space.scene(CHAIN)
    key = keys(space)["cut"]
    assert other.coordination.claim(key)
    with once_waiting(lambda node: publish(space, other, key)) as waited:
        found = space.build()
    assert waited == ["a:cut"]
    assert (found.ran, found.hits) == (["a:dark", "a:rain"], ["a:cut"])


@pytest.mark.parametrize("name", ["rain", "cut"])
def test_what_another_build_gives_up_is_made_here(space: Space, other: DiskStore, name: str) -> None:
    space.scene(CHAIN)
    key = keys(space)[name]
    assert other.coordination.claim(key)
    with once_waiting(lambda node: other.coordination.release([key])):
        found = space.build()
    assert found.ran == ["a:cut", "a:dark", "a:rain"]


def test_what_was_made_since_the_plan_is_found(space: Space, other: DiskStore) -> None:
    space.scene(CHAIN)
    key = keys(space)["rain"]

    def late(self: DiskCoordination, wanted: str) -> bool:
        if wanted == key:
            publish(space, other, key)
        return real(self, wanted)

    real = DiskCoordination.claim
    with changed(DiskCoordination, "claim", late):
        found = space.build()
    assert (found.ran, found.hits) == (["a:cut", "a:dark"], ["a:rain"])


def test_takes_of_one_model_wait_by_themselves_and_the_rest_are_made(space: Space, other: DiskStore) -> None:
    names = [f"n{index}" for index in range(4)]
    lines = [generate(name, f"rain {name}") for name in names]
    lines += [node("all", "mix", inputs=[{"node": name} for name in names]), export("all", "all")]
    space.scene("\n".join(lines))
    known = keys(space)
    assert other.coordination.claim(known["n1"])
    assert other.coordination.claim(known["n3"])
    held = {"a:n1": known["n1"], "a:n3": known["n3"]}
    made: list[str] = []

    def settled(event: Event) -> None:
        made.extend([event.node] if isinstance(event, NodeDone) else [])
        if set(made) == {"a:n0", "a:n2"}:  # not before all is made that could be
            for key in held.values():
                publish(space, other, key)

    with once_waiting(lambda node: None) as waited, overheard(settled):
        found = space.build()
    assert waited == ["a:n1", "a:n3"]
    assert (found.ran, found.hits) == (["a:all", "a:n0", "a:n2"], ["a:n1", "a:n3"])


def test_a_second_turn_of_a_model_that_waits_does_not_lose_its_nodes(space: Space, other: DiskStore) -> None:
    # b goes on from a; music in between, so that there are steps behind the one that waits.
    lines = [
        generate("a", "first"),
        generate("m", "music", "draft/music"),
        generate("b", "second", duration=0.1, continue_from="a"),
        node("all", "mix", inputs=[{"node": "b"}, {"node": "m"}]),
        export("all", "all"),
    ]
    space.scene("\n".join(lines))
    key = keys(space)["a"]
    assert other.coordination.claim(key)
    with once_waiting(lambda node: other.coordination.release([key])):
        found = space.build()
    assert found.ran == ["a:a", "a:all", "a:b", "a:m"]


def test_two_builds_that_wait_for_each_other_both_go_on(space: Space, other: DiskStore) -> None:
    # This build has made "cut" and not yet published it; the other wants that before it publishes "wind".
    lines = [CHAIN, generate("wind", "wind"), node("both", "mix", inputs=[{"node": "dark"}, {"node": "wind"}])]
    space.scene("\n".join([*lines, export("both", "both")]))
    known = keys(space)
    assert other.coordination.claim(known["wind"])
    deadline = time.monotonic() + 30
    got: list[bool] = []

    def wants() -> None:
        while time.monotonic() < deadline:
            if other.records.find(known["dark"]) is not None and other.coordination.claim(known["dark"]):
                got.append(True)
                break
            time.sleep(0.005)
        publish(space, other, known["wind"])

    thread = threading.Thread(target=wants)
    thread.start()
    found = space.build()
    thread.join()
    assert got == [True]
    assert "a:both" in found.ran
    assert found.hits == ["a:wind"]


def test_nothing_is_claimed_any_more_when_a_build_is_over(space: Space, other: DiskStore) -> None:
    space.scene(CHAIN.replace("soft rain", "hard rain"))
    known = keys(space)
    assert space.build().code == 0
    assert all(other.coordination.claim(key) for key in known.values())
    assert other.coordination.oldest_running() == float("inf")


def test_a_build_that_fails_lets_others_try(space: Space, other: DiskStore, probe: Probe) -> None:
    space.scene(CHAIN)
    known = keys(space)
    probe.broken = {"soft rain"}
    free: list[bool] = []

    def settled(event: Event) -> None:
        if isinstance(event, NodeDone) and event.status == "failed":
            free.append(other.coordination.claim(known["rain"]))

    with overheard(settled):
        assert space.build().code == 1
    assert free == [True]


def test_without_locks_both_build_and_the_results_are_right(space: Space, other: DiskStore) -> None:
    space.scene(CHAIN)
    key = keys(space)["rain"]
    assert other.coordination.claim(key)

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    with changed(range_locks, "lock_range", no_locks):
        found = space.build()
    assert found.ran == ["a:cut", "a:dark", "a:rain"]


def test_what_two_builds_lost_is_made_again_by_one_of_them(space: Space, other: DiskStore) -> None:
    space.scene(CHAIN)
    key = keys(space)["rain"]
    space.build()
    rain = other.records.lookup([key])[key]
    other.blobs.file(rain.digest).unlink()
    space.replace("duration = 0.04", "duration = 0.03")
    assert other.coordination.claim(key)
    with once_waiting(lambda node: publish(space, other, key)) as waited:
        found = space.build()
    assert waited == ["a:rain"]
    assert (found.ran, found.statuses["a:rain"], found.loads) == (["a:cut", "a:dark"], "hit", 0)


def test_a_build_asks_again_for_what_it_has_claimed_without_locking_it_twice(space: Space, other: DiskStore) -> None:
    # As on Windows, where a lock is refused to its own holder.
    space.scene(CHAIN)
    key = keys(space)["rain"]
    assert other.coordination.claim(key)
    mine: set[str] = set()
    real = DiskCoordination.claim

    def claim(self: DiskCoordination, wanted: str) -> bool:
        assert wanted not in mine
        given = real(self, wanted)
        mine.update([wanted] if given else [])
        return given

    with once_waiting(lambda node: other.coordination.release([key])), changed(DiskCoordination, "claim", claim):
        found = space.build()
    assert found.ran == ["a:cut", "a:dark", "a:rain"]


def test_a_build_says_that_it_goes_on(space: Space, other: DiskStore, probe: Probe) -> None:
    space.scene(CHAIN)
    seen: list[float] = []

    def load(event: Event) -> None:
        if isinstance(event, ModelLoading):
            seen.append(other.coordination.oldest_running())

    before = time.time()
    with overheard(load):
        result: Result = space.build()
    assert result.code == 0
    assert before - 1 <= seen[0] <= time.time()
