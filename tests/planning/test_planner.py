"""Plans: a graph and what a store knows in, a decision about every node out; nothing else is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundgraph.cache.result_record import Record
from soundgraph.planning import scene_graph
from soundgraph.planning.pins import Pins
from soundgraph.planning.planner import Plan, Status, plan
from soundgraph.planning.scene_graph import Graph
from soundgraph.project.lockfile import Take
from tests.planning.test_keys import of
from tests.planning.test_scene_graph import scene


class Known:
    """A store that is a dict. Made by a build of a plan: each node gives a sound that is named after it."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.asked: list[list[str]] = []

    def lookup(self, keys: Sequence[str]) -> Mapping[str, Record]:
        self.asked.append(list(keys))
        return {key: self.records[key] for key in keys if key in self.records}

    def build(self, graph: Graph, targets: Sequence[str]) -> None:
        """Runs whatever a plan finds to run, until there is nothing."""
        while True:
            found = plan(graph, targets, self.lookup)
            runs = [name for name, decision in found.decisions.items() if decision.status is Status.MISS]
            if not runs:
                return
            for name in runs:
                decision = found.decisions[name]
                assert decision.key is not None
                assert decision.action is not None
                self.records[decision.key] = Record(decision.key, f"sound of {name}", 1, 1, 1, decision.action)


def chain() -> Graph:
    return with_models(x="", y="=x", z="=y", other="")


def with_models(**inputs: str) -> Graph:
    made = scene(**inputs)
    for name, others in inputs.items():
        if not others:
            made.nodes[name] = of("generate", {"model": "draft/audio", "prompt": name}, name)
    return scene_graph.build_graph([made])


def statuses(found: Plan) -> dict[str, str]:
    return {name.removeprefix("a:"): decision.status.value for name, decision in found.decisions.items()}


def test_from_nothing_what_has_no_inputs_runs_and_the_rest_may() -> None:
    assert statuses(plan(chain(), ["a:z"], Known().lookup)) == {"x": "miss", "y": "maybe", "z": "maybe"}


def test_what_is_known_is_a_hit_with_its_record() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    found = plan(chain(), ["a:z", "a:other"], known.lookup)
    assert statuses(found) == {"x": "hit", "y": "hit", "z": "hit", "other": "miss"}
    assert found.decisions["a:z"].record is not None
    assert found.to_run() == ["a:other"]
    assert found.count(Status.HIT) == 3


def test_the_store_is_asked_once_for_each_layer() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    known.asked.clear()
    plan(chain(), ["a:z", "a:other"], known.lookup)
    assert [len(keys) for keys in known.asked] == [2, 1, 1]


def test_below_a_hit_a_node_that_changed_is_a_miss_and_not_a_maybe() -> None:
    known = Known()
    known.build(chain(), ["a:y"])
    assert statuses(plan(chain(), ["a:z"], known.lookup)) == {"x": "hit", "y": "hit", "z": "miss"}


def test_twins_run_once() -> None:
    graph = with_models(x="", y="=x", z="=x")
    known = Known()
    known.build(graph, ["a:x"])
    found = plan(graph, ["a:y", "a:z"], known.lookup)
    assert statuses(found) == {"x": "hit", "y": "miss", "z": "hit"}
    assert found.decisions["a:z"].shares == "a:y"


def test_users_of_a_twin_wait_for_it() -> None:
    graph = with_models(x="", y="=x", z="=x", end="=z")
    known = Known()
    known.build(graph, ["a:x"])
    assert statuses(plan(graph, ["a:y", "a:end"], known.lookup))["end"] == "maybe"


def test_force_runs_everything_and_remembers_what_was_there() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    found = plan(chain(), ["a:z"], known.lookup, force=True)
    assert statuses(found) == {"x": "miss", "y": "maybe", "z": "maybe"}
    assert found.decisions["a:x"].forced is not None


def test_a_record_whose_artifact_is_lost_is_none() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    found = plan(chain(), ["a:z"], known.lookup, lost=["sound of a:y"])
    assert statuses(found) == {"x": "hit", "y": "miss", "z": "maybe"}
    assert found.lost == {"sound of a:y"}


def test_another_salt_is_another_key() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    assert statuses(plan(chain(), ["a:x"], known.lookup, salt="x")) == {"x": "miss"}


def pins(known: Known, *names: str, digest: str | None = None) -> Pins:
    """Pins of what a store knows of nodes, or of another artifact in its place."""
    records = {name: plan(chain(), [name], known.lookup).decisions[name].record for name in names}
    return Pins({name: Take(name, one.key, digest or one.digest) for name, one in records.items() if one is not None})


@pytest.mark.parametrize("current", ["another", "zero"])
def test_a_pinned_take_is_the_result_whatever_the_current_record_says(current: str) -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    held = pins(known, "a:x")
    approved = known.records[held.takes["a:x"].key]
    known.records[approved.key] = replace(approved, digest=current)
    found = plan(chain(), ["a:z"], known.lookup, pins=held, kept=lambda key, digest: approved)
    assert statuses(found) == {"x": "hit", "y": "hit", "z": "hit"}
    assert found.decisions["a:x"].record == approved
    assert statuses(plan(chain(), ["a:z"], known.lookup)) == {"x": "hit", "y": "miss", "z": "maybe"}


def test_without_its_record_a_pinned_node_is_absent_and_what_is_known_of_its_users_is_found() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    held = pins(known, "a:x")
    del known.records[held.takes["a:x"].key]
    found = plan(chain(), ["a:z", "a:other"], known.lookup, pins=held)
    assert statuses(found) == {"x": "absent", "y": "hit", "z": "hit", "other": "miss"}
    assert (found.absent(), found.to_run()) == (["a:x"], ["a:other"])


@pytest.mark.parametrize("force", [False, True])
def test_a_pinned_node_whose_artifact_is_lost_is_absent_and_never_a_miss(force: bool) -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    held = pins(known, "a:x")
    lost = [held.takes["a:x"].digest]
    found = plan(chain(), ["a:z"], known.lookup, pins=held, lost=lost, force=force)
    assert found.absent() == ["a:x"]
    assert "a:x" not in found.to_run()


def test_force_runs_everything_but_what_is_pinned() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    found = plan(chain(), ["a:z", "a:other"], known.lookup, pins=pins(known, "a:x"), force=True)
    assert statuses(found) == {"x": "hit", "y": "miss", "z": "maybe", "other": "miss"}


def test_a_pin_of_another_key_changes_nothing() -> None:
    known = Known()
    known.build(chain(), ["a:z"])
    other = Pins({"a:x": Take("a:x", "0" * 64, "1" * 64)})
    assert statuses(plan(chain(), ["a:z"], known.lookup, pins=other)) == {"x": "hit", "y": "hit", "z": "hit"}


def test_what_is_no_take_cannot_be_pinned() -> None:
    """Somebody wrote the line of a processed node by hand."""
    known = Known()
    known.build(chain(), ["a:z"])
    found = plan(chain(), ["a:z"], known.lookup, pins=pins(known, "a:y", digest="another"))
    assert statuses(found) == {"x": "hit", "y": "hit", "z": "hit"}


@pytest.mark.parametrize("targets", [[], ["a:x"], ["a:z", "a:x", "a:z"]])
def test_every_node_that_is_needed_is_decided_upon_after_its_inputs(targets: list[str]) -> None:
    graph = chain()
    found = plan(graph, targets, Known().lookup)
    assert set(found.decisions) == scene_graph.needed(graph, targets)
    order = list(found.decisions)
    assert all(order.index(a) < order.index(b) for a, b in graph.edges if b in order)


@given(st.data())
def test_a_plan_of_what_was_built_finds_nothing_to_run(data: st.DataObject) -> None:
    names = [f"n{index}" for index in range(data.draw(st.integers(1, 8)))]
    inputs = {
        name: " ".join(data.draw(st.lists(st.sampled_from(names[:index]), max_size=3))) if index else ""
        for index, name in enumerate(names)
    }
    graph = with_models(**inputs)
    targets = [f"a:{name}" for name in data.draw(st.lists(st.sampled_from(names)))]
    known = Known()
    known.build(graph, targets)
    assert plan(graph, targets, known.lookup).to_run() == []
