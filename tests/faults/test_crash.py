"""Builds that are killed, or fail, at any one of their steps: the next build puts everything right by itself.

All steps are tried under SOUNDGRAPH_TESTS=thorough; else, of each sort of step, the first and the last.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults import faulty as harness
from tests.faults import scenes
from tests.faults.faulty import Ended, Fault, Faulty
from tests.helpers import Space

THOROUGH = os.environ.get("SOUNDGRAPH_TESTS") == "thorough"


@dataclass
class State:
    """A project in which a build is to be stopped.

    folder: for projects. make: a new one in a folder. steps: (what, path) of a build in it that is left alone.
    delivered: what that one delivers, which is what a build from nothing delivers. takes: that it generates.
    """

    folder: Path
    make: Callable[[Path], Space]
    steps: list[tuple[str, str]]
    delivered: dict[str, bytes]
    takes: list[str]
    number: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))


@pytest.fixture(scope="module", params=["first", "edited"])
def state(request: pytest.FixtureRequest, place: Path, faulty: Faulty) -> Iterator[State]:
    """first: nothing was built yet. edited: a prompt and the name of an export are others than they were."""
    folder = place / request.param
    clean = scenes.project(folder / "clean")
    make = scenes.project
    if request.param == "edited":
        scenes.edit(clean)
        built = scenes.project(folder / "built")
        assert faulty.build(built.root).code == 0

        def make(root: Path) -> Space:
            shutil.copytree(built.root, root)
            space = Space(root)
            space.age()
            assert faulty.build(root).code == 0  # so that it has stamps that hold, of these very files
            scenes.edit(space)
            return space

    assert faulty.build(clean.root).code == 0
    other = make(folder / "counted")
    counted = faulty.build(other.root, fault=Fault("count", 0))
    assert (counted.code, counted.err) == (0, "")
    assert harness.delivered(other.root) == harness.delivered(clean.root)
    yield State(folder, make, counted.steps, harness.delivered(clean.root), counted.takes)
    shutil.rmtree(folder)


def points(steps: Sequence[tuple[str, str]], only: str = "") -> list[int]:
    """The steps to try, counted from 1."""
    found: dict[str, list[int]] = {}
    for number, (what, path) in enumerate(steps, 1):
        if not only or what in only.split():
            found.setdefault(f"{what} {re.sub('[0-9a-f-]{2,}|[0-9]', '*', path)}", []).append(number)
    if THOROUGH:
        return sorted(number for numbers in found.values() for number in numbers)
    return sorted({number for numbers in found.values() for number in (numbers[0], numbers[-1])})


def wrong_after(faulty: Faulty, state: State, fault: Fault, check: Callable[[Ended], list[str]]) -> list[str]:
    """What is not as it should be after a build that met a fault, and one that did not: nothing."""
    root = state.folder / f"at-{next(state.number)}"
    space = state.make(root)
    stopped = faulty.build(root, fault=fault)
    wrong = check(stopped)
    finished = harness.finished(root)
    wrong += harness.faults_of_cache(root)
    wrong += converges(faulty, space, state.delivered, sorted(take for take in state.takes if take not in finished))
    if wrong:
        step = stopped.steps[fault.at - 1] if fault.at <= len(stopped.steps) else "nowhere"
        return [f"{fault.action} at {fault.at}, {step}: {line}" for line in wrong]
    shutil.rmtree(root)
    return []


def converges(faulty: Faulty, space: Space, delivered: dict[str, bytes], takes: list[str]) -> list[str]:
    """takes: that are to be generated yet; no other may be."""
    wrong = []
    build = faulty.build(space.root)
    if build.code != 0 or build.err:
        wrong.append(f"the next build ends with {build.code}: {build.err}{build.result.out[-1000:]}")
    if sorted(build.takes) != takes:
        wrong.append(f"the next build generates {sorted(build.takes)}, not {takes}")
    found = harness.delivered(space.root)
    if found != delivered:
        names = {name for name in {*found, *delivered} if found.get(name) != delivered.get(name)}
        wrong.append(f"{sorted(names)} are not as a build from nothing delivers them")
    wrong += harness.faults_of_cache(space.root)
    again = faulty.build(space.root)
    if again.code != 0 or again.result.ran or set(again.result.exports.values()) != {"current"}:
        wrong.append(f"the build after it does something: {again.err}{again.result.out[-1000:]}")
    verified = faulty.run(space.root, "cache", "verify")
    if verified.code != 0:
        wrong.append(f"cache verify: {verified.result.out}{verified.err}")
    return wrong


def killed(ended: Ended) -> list[str]:
    return [] if ended.code in (-9, 0) else [f"it ends with {ended.code} rather than by the kill: {ended.err}"]


def told(ended: Ended) -> list[str]:
    """What is wrong with how a build ended in which something could not be written."""
    wrong = [] if ended.code in (0, 1) else [f"it ends with {ended.code}: {ended.err}"]
    if "Traceback" in ended.err or len(ended.err.splitlines()) > 3:
        wrong.append(f"it says {ended.err}")
    if ended.code == 1 and not ended.err and "failed" not in ended.result.out:
        wrong.append("it does not say why")
    return wrong


def test_a_build_may_be_killed_before_any_step(faulty: Faulty, state: State) -> None:
    wrong = []
    for at in points(state.steps):
        wrong += wrong_after(faulty, state, Fault("kill", at), killed)
    assert wrong == []


def test_a_build_may_be_killed_in_the_middle_of_any_write(faulty: Faulty, state: State) -> None:
    wrong = []
    for at in points(state.steps, "write"):
        wrong += wrong_after(faulty, state, Fault("tear", at), killed)
    assert wrong == []


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EACCES], ids=["EIO", "ENOSPC", "EACCES"])
def test_any_step_may_fail(faulty: Faulty, state: State, error: int) -> None:
    wrong = []
    for at in points(state.steps):
        wrong += wrong_after(faulty, state, Fault("fail", at, error), told)
    assert wrong == []
