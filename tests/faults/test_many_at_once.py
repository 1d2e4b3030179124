"""Several builds and collections in one cache: each action is run once, nobody waits for ever, nothing needed goes."""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import harness, trials
from tests.faults.harness import Ended, Fault, Faulty
from tests.faults.trials import THOROUGH
from tests.helpers import CHAIN, Space, export, generate, node

BUILDS = 4
COMMON = 12
GC = ("cache", "gc", "--max-size", "1 kB", "--takes")


def project(root: Path, cache: Path, own: int) -> Space:
    """A scene that all projects have, and one of its own that is made from the same takes and one more."""
    space = Space(root)
    space.write("soundgraph.toml", f'[cache]\ndir = "{cache}"\n')
    takes, steps, exports = [], [], []
    for index in range(COMMON):
        takes.append(generate(f"take{index}", f"take {index}", ("studio/near", "studio/far")[index % 2]))
        steps.append(node(f"cut{index}", "trim", input=f"take{index}", duration=0.04))
        exports.append(export(f"common_{index}", f"cut{index}"))
    mix = node("all", "mix", inputs=[{"node": f"cut{index}"} for index in range(COMMON)])
    space.scene("\n".join([*takes, *steps, *exports, mix, export("common", "all")]), "common")
    mine = [generate("mine", f"of {own} alone", "studio/near"), *takes, *steps, mix]
    mine += [node("both", "mix", inputs=[{"node": "all"}, {"node": "mine", "gain_db": -own - 1.0}])]
    space.scene("\n".join([*mine, export("own", "both")]), "own")
    return space


@contextmanager
def projects(place: Path, faulty: Faulty, name: str) -> Iterator[tuple[list[Space], list[dict[str, bytes]]]]:
    """As many as there are builds, over one new cache, and what each of them delivers."""
    folder = place / name
    found, wanted = [], []
    for index in range(BUILDS):
        clean = project(folder / f"clean-{index}", folder / "clean-cache", index)
        assert faulty.build(clean.root).code == 0
        wanted.append(harness.delivered(clean.root))
        found.append(project(folder / f"project-{index}", folder / "cache", index))
    yield found, wanted
    shutil.rmtree(folder)


def count(ended: list[Ended]) -> tuple[Counter[str], Counter[str]]:
    """How often each take was made, and each node of the common scene was run."""
    ran = (node for one in ended for node in one.result.ran if node.startswith("common:"))
    return Counter(take for one in ended for take in one.takes), Counter(ran)


@pytest.mark.parametrize("turn", range(10 if THOROUGH else 2))
def test_each_action_is_run_once_while_collections_go_on_beside(faulty: Faulty, place: Path, turn: int) -> None:
    with projects(place, faulty, f"once-{turn}") as (spaces, wanted):
        lines = [
            generate(f"n{index}", f"old {index}", "studio/far") + export(f"old{index}", f"n{index}")
            for index in range(5)
        ]
        rubbish = spaces[0].scene("\n".join(lines), "old")
        assert faulty.build(spaces[0].root, "old").code == 0
        rubbish.unlink()
        running = [faulty.start(space.root, "build", "--json", "-j", "2") for space in spaces]
        collections = [faulty.run(space.root, *GC) for space in spaces]
        ended = [one.wait() for one in running]
        assert [(one.code, one.err) for one in ended] == [(0, "")] * BUILDS
        assert [(one.code, one.err) for one in collections] == [(0, "")] * len(collections)
        takes, ran = count(ended)
        assert takes == dict.fromkeys([f"take {index}" for index in range(COMMON)], 1) | {
            f"of {index} alone": 1 for index in range(BUILDS)
        }
        assert set(ran.values()) <= {1}, "a result was made twice"
        assert [harness.delivered(space.root) for space in spaces] == wanted
        assert not [take for take in harness.finished(spaces[0].root.parent) if take.startswith("old")]
        for space in spaces:
            faulty.run(space.root, *GC)
            again = faulty.build(space.root)
            assert (again.code, again.takes, again.result.ran) == (0, [], [])
        assert trials.faults_that_verify_finds(faulty, spaces[0].root) == ""


def test_a_collection_takes_nothing_from_a_build_that_goes_on(faulty: Faulty, place: Path) -> None:
    """With -D it makes what no collection finds in the scenes: that the build goes on is all that keeps it."""
    with projects(place, faulty, "overridden") as (spaces, _):
        space = spaces[0]
        assert faulty.build(space.root).code == 0
        arguments = ("build", "--json", "-j", "2", "-D", "scene.seed=9", "common:common")
        # All takes are made when the only file is about to be delivered.
        halt = Fault("stop", 1, which="rename", folder="build")
        running = faulty.start(space.root, *arguments, fault=halt)
        assert running.is_stopped()
        collections = [faulty.run(one.root, *GC) for one in spaces[:2]]
        running.go_on()
        ended = running.wait()
        assert [(one.code, one.err) for one in [ended, *collections]] == [(0, "")] * 3
        assert len(ended.takes) == COMMON
        for folder in ("build", ".soundgraph"):  # so that it is all asked of the cache
            shutil.rmtree(space.root / folder)
        again = faulty.run(space.root, *arguments)
        assert (again.code, again.takes, again.result.ran) == (0, [], [])


@pytest.mark.parametrize("turn", range(20 if THOROUGH else 3))
def test_a_build_that_is_killed_holds_nobody_up(faulty: Faulty, place: Path, turn: int) -> None:
    draw = random.Random(turn)
    with projects(place, faulty, f"killed-{turn}") as (spaces, wanted):
        # It may be killed while it makes the cache, or a take that all others wait for.
        fault = Fault("kill", draw.randrange(1, 300), folder="../cache")
        victim = faulty.start(spaces[0].root, "build", "--json", "-j", "2", fault=fault)
        running = [faulty.start(space.root, "build", "--json", "-j", "2") for space in spaces[1:]]
        collected = [faulty.run(spaces[1].root, *GC) for _ in range(2)]
        killed = victim.wait()
        ended = [one.wait() for one in running]
        assert killed.code in (-signal.SIGKILL, 0)
        assert [(one.code, one.err) for one in [*ended, *collected]] == [(0, "")] * (BUILDS + 1)
        takes, _ = count(ended)
        assert set(takes.values()) <= {1}, "made twice by those that were not killed"
        assert [harness.delivered(space.root) for space in spaces[1:]] == wanted[1:]
        last = faulty.build(spaces[0].root)
        assert (last.code, last.err) == (0, "")
        # What all have is there; its own take is, if it came to be published.
        assert set(last.takes) <= {"of 0 alone"}
        assert harness.delivered(spaces[0].root) == wanted[0]
        assert trials.faults_that_verify_finds(faulty, spaces[0].root) == ""


def test_without_locks_work_may_double_and_results_are_right(faulty: Faulty, place: Path) -> None:
    with projects(place, faulty, "no-locks") as (spaces, wanted):
        no_locks = [("soundgraph.core.range_locks", "lock_range"), ("soundgraph.core.range_locks", "unlock_range")]
        running = [faulty.start(space.root, "build", "--json", "-j", "2", broken=no_locks) for space in spaces]
        ended = [one.wait() for one in running]
        assert [(one.code, one.err) for one in ended] == [(0, "")] * BUILDS
        assert [harness.delivered(space.root) for space in spaces] == wanted
        again = [faulty.build(space.root, broken=no_locks) for space in spaces]
        assert [(one.code, one.takes, one.result.ran) for one in again] == [(0, [], [])] * BUILDS
        # The record of one build may be in the file, and that of another, which made the same, in the index.
        assert trials.faults_that_verify_finds(faulty, spaces[0].root, ("leftovers", "unindexed")) == ""


@pytest.mark.parametrize("turn", range(30 if THOROUGH else 4))
def test_builds_in_one_tree_that_has_no_cache_yet_remember_all_they_delivered(
    faulty: Faulty, place: Path, turn: int
) -> None:
    space = Space(place / f"tree-{turn}")
    names = ["a", "b", "c", "d"]
    for name in names:
        space.scene(CHAIN.replace("theme", name).replace("soft", name), name)
    running = [faulty.start(space.root, "build", "--json", name) for name in names]
    ended = [one.wait() for one in running]
    assert [(one.code, one.err) for one in ended] == [(0, "")] * 4
    for name in names[1:]:
        (space.root / "graphs" / f"{name}.toml").unlink()
    assert faulty.build(space.root).code == 0
    assert sorted(harness.delivered(space.root)) == ["build/a.wav", "build/a.wav.json"]
    shutil.rmtree(space.root)
