"""One trial: a build that meets a fault, and what the builds after it come to."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import harness, scenes
from tests.faults.harness import Ended, Fault, Faulty, Step
from tests.helpers import Space

THOROUGH = os.environ.get("SOUNDGRAPH_TESTS") == "thorough"


@dataclass
class State:
    """A project in which a build is to be stopped.

    folder: for projects. make: a new one in a folder. steps: of a build in it that is left alone.
    delivered: what that one delivers, which is what a build from nothing delivers. takes: that it generates.
    """

    folder: Path
    make: Callable[[Path], Space]
    steps: list[Step]
    delivered: dict[str, bytes]
    takes: list[str]
    number: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    def new(self) -> Space:
        return self.make(self.folder / f"at-{next(self.number)}")


def first(folder: Path, faulty: Faulty) -> State:
    """Nothing was built yet."""
    return _state(folder, faulty, scenes.project(folder / "clean"), scenes.project)


def edited(folder: Path, faulty: Faulty) -> State:
    """A prompt and the name of an export are others than they were when it was built."""
    clean = scenes.project(folder / "clean")
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

    return _state(folder, faulty, clean, make)


def _state(folder: Path, faulty: Faulty, clean: Space, make: Callable[[Path], Space]) -> State:
    assert faulty.build(clean.root).code == 0
    other = make(folder / "counted")
    counted = faulty.build(other.root, fault=Fault("count", 0))
    assert (counted.code, counted.err) == (0, "")
    assert harness.delivered(other.root) == harness.delivered(clean.root)
    return State(folder, make, counted.steps, harness.delivered(clean.root), counted.takes)


def points(steps: Sequence[Step], only: str = "", *, one_in: int = 1) -> list[int]:
    """The steps to try, counted from 1 among those of the sorts in `only`.

    All of them under SOUNDGRAPH_TESTS=thorough; else of each sort the first. one_in: of these, only so many.
    """
    counted = [(what, path) for what, path, _ in steps if not only or what in only.split()]
    if THOROUGH:
        return list(range(1, len(counted) + 1))
    found: dict[str, int] = {}
    for number, (what, path) in enumerate(counted, 1):
        found.setdefault(f"{what} {re.sub('[0-9a-f-]{2,}|[0-9]', '*', path)}", number)
    return list(found.values())[::one_in]


def wrong_after(
    faulty: Faulty, state: State, fault: Fault, check: Callable[[Ended], list[str]], lose: bool | None = None
) -> list[str]:
    """What is not as it should be after a build that met a fault, and one that did not: nothing.

    lose: whether what was not synced is lost, too: True for zeros in its place, False for nothing at all.
    """
    space = state.new()
    before = harness.delivered(space.root)
    stopped = faulty.build(space.root, fault=fault)
    wrong = check(stopped)
    # Whoever reads the output folder at this moment finds whole files.
    found = harness.delivered(space.root).items()
    wrong += [
        f"{path} is half there" for path, data in found if data not in (before.get(path), state.delivered.get(path))
    ]
    kept = harness.published(space.root, stopped.steps)
    lost = []
    if lose is not None:
        lost = harness.lose_unsynced(space.root, stopped.steps, lose)
        wrong += [f"{path} had been delivered, and is lost" for path in lost if path.startswith("build/")]
    else:
        wrong += harness.faults_of_cache(space.root)
    finished = harness.finished(space.root)
    wrong += [f"the take {take!r} had been published, and is lost" for take in sorted(kept - finished.keys())]
    takes = sorted(take for take in state.takes if take not in finished)
    wrong += converges(faulty, space, state.delivered, takes, verified=lose is None)
    if wrong:
        # By the process's own log: in another run the order may have been another.
        step = stopped.steps[-1] if stopped.steps else "nowhere"
        return [f"{fault} ({step}{', then lost ' if lost else ''}{lost or ''}): {line}" for line in wrong]
    shutil.rmtree(space.root)
    return []


def converges(
    faulty: Faulty, space: Space, delivered: dict[str, bytes], takes: list[str], *, verified: bool = True
) -> list[str]:
    """What is wrong with the next build, the one after it and the cache.

    takes: that are to be generated yet; no other may be. verified: whether `cache verify` may find leftovers only.
    """
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
    again = faulty.build(space.root)
    if again.code != 0 or again.result.ran or set(again.result.exports.values()) != {"current"}:
        wrong.append(f"the build after it does something: {again.err}{again.result.out[-1000:]}")
    if verified:
        wrong += harness.faults_of_cache(space.root)
        wrong += [found for found in [faults_that_verify_finds(faulty, space.root)] if found]
    return wrong


def faults_that_verify_finds(faulty: Faulty, root: Path, harmless: Sequence[str] = ("leftovers",)) -> str:
    """But for leftovers: what a kill left half written, and the sign that a build goes on, are in nobody's way."""
    told = faulty.run(root, "cache", "verify", "--json").result.out
    harmful = any(names for sort, names in json.loads(told).items() if sort not in harmless)
    return f"cache verify: {told}" if harmful else ""


def killed(ended: Ended) -> list[str]:
    return [] if ended.code in (-9, 0) else [f"it ends with {ended.code} rather than by the kill: {ended.err}"]


def told(ended: Ended) -> list[str]:
    """What is wrong with how a build ended in which something could not be written."""
    wrong = [] if ended.code in (0, 1) else [f"it ends with {ended.code}: {ended.err}"]
    if "Traceback" in ended.err or len(ended.err.splitlines()) > 3:
        wrong.append(f"it says {ended.err}")
    why = [one for one in ended.result.events if one.get("status") == "failed" or one["event"] in ("error", "remark")]
    if ended.code == 1 and not ended.err and not why:
        wrong.append("it does not say why")
    return wrong
