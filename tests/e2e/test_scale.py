"""Large and deep projects: every verb comes to its end, and what it does grows no faster than the project.

Times are for `tests/bench/scale`; here calls are counted, which are the same each time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from soundgraph.project import git_revision
from tests.bench.scale import shapes
from tests.helpers import Space, export, generate, node
from tests.repositories import repository


def lanes(count: int) -> str:
    """A scene of four nodes for each of `count`: generate, trim and EQ, brought together by mixes."""
    return shapes.wide(3 * count)


def exports(count: int) -> str:
    """Nodes that nothing brings together, with an export each."""
    return "\n".join(
        node(f"n{place}", "tone", freq_hz=100 + place, duration=0.01) + export(f"e{place}", f"n{place}")
        for place in range(count)
    )


def calls(do: Callable[[], Any]) -> int:
    """How many functions are called in this thread, Python's and C's."""
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count


VERBS = [("plan",), ("build", "-j", "1"), ("plan", "--all"), ("check",), ("graph", "--format", "svg")]
DEEP = [("plan",), ("explain", "a:chain"), ("graph",), ("graph", "--format", "svg")]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("scene", [lanes, exports, shapes.chain], ids=["lanes", "exports", "chain"])
def test_twice_the_nodes_take_twice_the_calls(space: Space, verb: tuple[str, ...], scene: Callable[[int], str]) -> None:
    found = []
    for count in (4, 20, 40, 80):  # the first one imports
        other = Space(space.root.parent / f"of-{count}")
        other.scene(scene(count))
        if verb == ("plan", "--all"):
            other.build()
        found.append(calls(lambda other=other: other.run(*verb)))
    first, second = found[2] - found[1], found[3] - found[2]
    assert second <= 2.25 * first, found


@pytest.mark.parametrize("verb", DEEP, ids=" ".join)
def test_verbs_come_to_their_end_on_a_chain_two_thousand_deep(space: Space, verb: tuple[str, ...]) -> None:
    space.scene(shapes.chain(shapes.CHAIN_NODES))
    found = space.run(*verb)
    assert found.code == 0, found.err
    assert "n1999" in found.out


def test_a_scene_of_five_thousand_nodes_is_planned(space: Space) -> None:
    space.scene(shapes.wide(shapes.WIDE_NODES))
    found = space.run("plan", "--json")
    assert found.code == 0, found.err
    assert found.out.count('"status": "miss"') + found.out.count('"status": "maybe"') > 4990


def test_many_scenes_are_read_planned_and_remembered_in_proportion(space: Space) -> None:
    found = []
    for count in (2, 10, 20, 40):
        other = Space(space.root.parent / f"of-{count}")
        for place in range(count):
            text = generate("rain", f"rain {place}") + node("loud", "gain", input="rain", gain_db=1.0)
            other.scene(text + export(f"x{place}", "loud"), f"s{place}")
        found.append(calls(lambda other=other: other.build()))
    assert found[3] - found[2] <= 2.1 * (found[2] - found[1]), found


def test_scenes_are_read_out_of_a_revision_in_proportion(space: Space) -> None:
    found = []
    for count in (2, 40, 80, 160):
        other = Space(space.root.parent / f"of-{count}")
        names = [f"s{place}" for place in range(count)]
        for name in names:
            other.scene(export("x", "n"), name)
        repository(other.root)

        def read(
            root: Path = other.root, places: Sequence[str] = tuple(f"graphs/{name}.toml" for name in names)
        ) -> None:
            with git_revision.at(root, "HEAD", places):
                pass

        found.append(calls(read))
    assert found[3] - found[2] <= 2.1 * (found[2] - found[1]), found
