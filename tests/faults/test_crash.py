"""Builds that are killed, or fail, at any one of their steps: the next build puts everything right by itself.

All steps are tried under SOUNDGRAPH_TESTS=thorough; else, of each sort of step, the first.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import harness, trials
from tests.faults.harness import Fault, Faulty
from tests.faults.trials import THOROUGH, State, killed, points, told, wrong_after
from tests.helpers import Space, export, generate, node


@pytest.fixture(scope="module", params=["first", "edited"])
def state(request: pytest.FixtureRequest, place: Path, faulty: Faulty) -> Iterator[State]:
    folder = place / f"crash-{request.param}"
    yield {"first": trials.first, "edited": trials.edited}[request.param](folder, faulty)
    shutil.rmtree(folder)


def test_the_steps_of_the_index_are_counted_too(state: State) -> None:
    assert any(what == "write" and "index" in path for what, path, _ in state.steps)


def test_a_build_may_be_killed_before_any_step(faulty: Faulty, state: State) -> None:
    wrong = []
    for at in points(state.steps, one_in=2):
        wrong += wrong_after(faulty, state, Fault("kill", at), killed)
    assert wrong == []


@pytest.mark.usefixtures("sees_all")
def test_a_build_may_be_killed_in_the_middle_of_any_write(faulty: Faulty, state: State) -> None:
    wrong = []
    for at in points(state.steps, "write"):
        wrong += wrong_after(faulty, state, Fault("tear", at, which="write"), killed)
    assert wrong == []


def test_any_step_may_fail(faulty: Faulty, state: State) -> None:
    wrong = []
    errors = (errno.EIO, errno.ENOSPC, errno.EACCES)
    for at in points(state.steps, one_in=3):
        for error in errors if THOROUGH else errors[at % 3 :][:1]:
            wrong += wrong_after(faulty, state, Fault("fail", at, error), told)
    assert wrong == []


@pytest.mark.usefixtures("sees_all")
def test_a_power_cut_may_take_whatever_was_not_synced(faulty: Faulty, state: State) -> None:
    wrong = []
    for at in points(state.steps, one_in=4):
        wrong += wrong_after(faulty, state, Fault("kill", at), killed, lose=at % 2 == 0)
    assert wrong == []


@pytest.mark.usefixtures("sees_all")
def test_the_names_of_takes_are_synced_too(state: State) -> None:
    """A power cut may take a name back until its folder is synced. No trial takes one away, so it is asked here."""
    root = state.folder / "counted"
    assert state.takes
    assert harness.published(root, state.steps) == set(state.takes)
    finished, steps = harness.finished(root), [(what, path) for what, path, _ in state.steps]
    for take in state.takes:
        digest = finished[take]
        folder = f"cache/blobs/{digest[:2]}"
        named = steps.index(("rename", f"{folder}/{digest}.wav"))
        assert ("sync", folder) in steps[named:], f"the name of the sound of {take!r} was not synced"
        for above in ("cache/blobs", "cache/records", folder):
            if ("mkdir", above) in steps:
                made = steps.index(("mkdir", above))
                assert ("sync", str(Path(above).parent)) in steps[made:], f"the name of {above} was not synced"


# At random moments of a longer build


def long_project(root: Path, size: int = 30) -> Space:
    """size takes of two models, as many that go on from these, a few steps after each, an export each."""
    space = Space(root)
    for name in ("one", "two"):
        lines = []
        for index in range(size // 2):
            model = ("studio/near", "studio/far")[index % 2]
            lines += [
                generate(f"take{index}", f"{name} {index}", model),
                node(f"cut{index}", "trim", input=f"take{index}", duration=0.04),
                node(f"low{index}", "gain", input=f"cut{index}", gain_db=-3.0),
                node(f"all{index}", "mix", inputs=[{"node": f"low{index}"}, {"node": f"take{index // 2}"}]),
                export(f"{name}_{index}", f"all{index}"),
            ]
        space.scene("\n".join(lines), name)
    return space


@pytest.mark.parametrize("action", ["kill", "term"])
def test_a_long_build_may_be_stopped_at_any_moment_and_again(faulty: Faulty, place: Path, action: str) -> None:
    clean = long_project(place / f"long-{action}-clean")
    counted = faulty.build(clean.root, "-j", "4", fault=Fault("count", 0))
    assert counted.code == 0
    wanted = harness.delivered(clean.root)
    draw = random.Random(5)
    for turn in range(20 if THOROUGH else 3):
        space = long_project(place / f"long-{action}-{turn}")
        made: list[str] = []
        for _ in range(3):  # each goes on from where the one before it was stopped
            finished = harness.finished(space.root)
            stopped = faulty.build(
                space.root, "-j", "4", fault=Fault(action, draw.randrange(1, max(2, len(counted.steps) // 3)))
            )
            # Before the first node runs there is nothing to bring to an end: the system ends the process.
            codes = {"kill": (-9, 0), "term": (130, 0) if stopped.takes else (130, 0, -15)}
            assert stopped.code in codes[action], stopped.err
            assert not finished.keys() & set(stopped.takes), "a finished take was generated again"
            if action == "term":
                assert set(stopped.takes) <= harness.finished(space.root).keys(), "a take that was made was not kept"
            made += stopped.takes
        finished = harness.finished(space.root)
        left = sorted(take for take in counted.takes if take not in finished)
        assert trials.converges(faulty, space, wanted, left) == []
        shutil.rmtree(space.root)
    shutil.rmtree(clean.root)


def test_nothing_is_left_beside_what_is_delivered_and_elsewhere_not_for_long(faulty: Faulty, place: Path) -> None:
    state = trials.first(place / "crash-leftovers", faulty)
    space = state.new()
    fault = Fault("kill", 1, which="rename", folder="build")
    assert faulty.build(space.root, fault=fault).code == -9
    half = list((space.root / ".soundgraph").glob(".writing-*"))
    assert half  # as many as were written at once
    for path in half:
        os.utime(path, (0, 0))
    assert faulty.build(space.root).code == 0
    assert not any(path.exists() for path in half)
    assert not [name for name in harness.delivered(space.root) if "/." in name]
    shutil.rmtree(state.folder)
