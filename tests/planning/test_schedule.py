"""Which models are loaded, in what order, for which nodes, and what is unloaded for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from soundgraph.backends import Model
from soundgraph.core.errors import UsageError
from soundgraph.nodes import get_kind
from soundgraph.planning import planner, scene_graph, schedule
from soundgraph.planning.planner import Plan
from soundgraph.planning.scene_graph import Graph
from soundgraph.planning.schedule import Schedule
from soundgraph.scene.tables.scene import CheckedScene, Node, Origin, SceneSettings
from tests.planning.test_planner import Known


def model(name: str, gigabytes: float = 0.0, backend: str = "audiocraft", **fields: Any) -> Model:
    """A model of that name; gigabytes: in float32."""
    whole = int(gigabytes * 1e9)
    memory = (("float32", whole), ("float16", whole // 2), ("int8", whole // 4)) if whole else ()
    return Model(f"test/{name}", backend, "music", 32_000, 1, 30.0, "", f"weights of {name}", memory=memory, **fields)


BIG, SMALL, OTHER = model("big", 8), model("small", 2), model("other", 3)
GB = 10**9


def take(of: Model, **fields: Any) -> tuple[str, dict[str, Any], Model]:
    return "generate", {"model": of.id, **fields}, of


def gain(of: str) -> tuple[str, dict[str, Any], None]:
    return "gain", {"input": of, "gain_db": -1.0}, None


def mix(*of: str) -> tuple[str, dict[str, Any], None]:
    return "mix", {"inputs": [{"node": name} for name in of]}, None


def scene_of(scene: str = "a", **nodes: tuple[str, Mapping[str, Any], Model | None]) -> CheckedScene:
    made = {}
    for name, (kind_name, table, of) in nodes.items():
        kind = get_kind(kind_name)
        table = table if kind_name != "generate" else {"prompt": name, **table}
        origin = Origin(f"graphs/{scene}.toml", ("nodes", name))
        made[name] = Node(name, kind_name, kind, kind.params.model_validate(table), origin, of)
    return CheckedScene(scene, None, SceneSettings.model_validate({}), made, {})


def graph_of(**nodes: tuple[str, Mapping[str, Any], Model | None]) -> Graph:
    return scene_graph.build_graph([scene_of(**nodes)])


def plan_of(known: Known | None = None, **nodes: tuple[str, Mapping[str, Any], Model | None]) -> Plan:
    graph = graph_of(**nodes)
    return planner.plan(graph, list(graph), (known or Known()).lookup)


def shown(found: Schedule) -> list[tuple[str, str]]:
    """(model, its nodes) of each step, a "+" before the model where it is still there."""
    return [
        (
            f"{'' if step.reload_needed else '+'}{step.model.id.removeprefix('test/')}",
            " ".join(node.removeprefix("a:") for node in step.nodes),
        )
        for step in found.steps
    ]


# Without one take that needs another


def test_each_model_is_loaded_once_the_one_with_most_to_make_first() -> None:
    found = schedule.loads(plan_of(x=take(SMALL), y=take(BIG), z=take(BIG), m=mix("x", "y", "z")))
    assert shown(found) == [("big", "y z"), ("small", "x")]
    assert (found.loads, found.lower_bound, found.proven) == (2, 2, True)


def test_models_are_loaded_once_for_all_scenes() -> None:
    graph = scene_graph.build_graph(
        [
            scene_of("a", x=take(SMALL), y=take(BIG), y2=take(BIG)),
            scene_of("b", x=take(SMALL), y=take(BIG), z=take(BIG)),
        ]
    )
    found = schedule.loads(planner.plan(graph, list(graph), Known().lookup))
    # What both ask for is made once, for the first of them.
    assert [step.nodes for step in found.steps] == [("a:y", "a:y2", "b:z"), ("a:x",)]


def test_two_names_of_one_model_are_one_load() -> None:
    alias = model("small", 2)
    assert shown(schedule.loads(plan_of(x=take(SMALL), y=take(alias)))) == [("small", "x y")]


def test_what_is_in_the_cache_needs_no_load() -> None:
    known = Known()
    nodes = {"x": take(SMALL), "y": take(BIG)}
    graph = graph_of(**nodes)
    known.build(graph, ["a:x"])
    assert shown(schedule.loads(plan_of(known, **nodes))) == [("big", "y")]
    known.build(graph, ["a:y"])
    assert schedule.loads(plan_of(known, **nodes)) == Schedule((), 0, 0, True, 0)


def test_nodes_of_other_kinds_are_not_scheduled() -> None:
    assert shown(schedule.loads(plan_of(x=take(SMALL), y=gain("x")))) == [("small", "x")]


# Takes that need others


def test_a_continuation_waits_through_whatever_lies_between() -> None:
    found = schedule.loads(
        plan_of(
            x=take(SMALL), quiet=gain("x"), both=mix("quiet", "x"), y=take(BIG, continue_from="both"),
            z=take(SMALL, melody="y"),
        )
    )  # fmt: skip
    assert shown(found) == [("small", "x"), ("big", "y"), ("small", "z")]
    assert (found.loads, found.proven) == (3, True)


def test_a_model_comes_back_for_all_at_once_rather_than_for_each() -> None:
    nodes: dict[str, Any] = {}
    for place in range(6):
        nodes[f"x{place}"] = take(SMALL)
        nodes[f"y{place}"] = take(BIG, continue_from=f"x{place}")
        nodes[f"z{place}"] = take(SMALL, continue_from=f"y{place}")
    found = schedule.loads(plan_of(**nodes))
    assert [(step.model.id, len(step.nodes)) for step in found.steps] == [
        ("test/small", 6),
        ("test/big", 6),
        ("test/small", 6),
    ]


def test_a_take_that_another_node_makes_is_waited_for() -> None:
    # x and twin are one take, made for x; a needs it by the name of the twin.
    found = schedule.loads(
        plan_of(x=take(SMALL, prompt="p"), twin=take(SMALL, prompt="p"), a=take(BIG, continue_from="twin"))
    )
    assert shown(found) == [("small", "x"), ("big", "a")]


def test_what_is_in_the_cache_is_not_waited_for() -> None:
    known = Known()
    nodes = {"x": take(SMALL), "y": take(BIG, continue_from="x"), "z": take(SMALL, seed=3)}
    known.build(graph_of(**nodes), ["a:x"])
    assert sorted(shown(schedule.loads(plan_of(known, **nodes)))) == [("big", "y"), ("small", "z")]


def test_what_needs_but_the_cache_is_made_before_or_after_others_as_loads_ask_for() -> None:
    known = Known()
    nodes = {
        "first": take(SMALL, seed=3),
        "x": take(OTHER),
        "y": take(BIG, continue_from="x"),
        "z": take(SMALL, continue_from="y"),
    }
    known.build(graph_of(**nodes), ["a:x"])
    found = schedule.loads(plan_of(known, **nodes))
    assert shown(found) == [("big", "y"), ("small", "first z")]
    assert found.loads == 2


def test_a_chain_of_one_model_is_one_load_in_the_order_of_need() -> None:
    nodes = {"c": take(SMALL, continue_from="b"), "b": take(SMALL, continue_from="a"), "a": take(SMALL)}
    assert shown(schedule.loads(plan_of(**nodes))) == [("small", "a b c")]


# Precision


def test_another_precision_is_another_load() -> None:
    found = schedule.loads(plan_of(x=take(SMALL), y=take(SMALL, precision="int8"), z=take(SMALL)))
    assert [(step.precision, len(step.nodes)) for step in found.steps] == [(None, 2), ("int8", 1)]


@pytest.mark.parametrize(("device", "own"), [("cpu", "float32"), ("cuda", "float16"), ("mps", "float16")])
def test_the_device_s_own_precision_is_no_other_load_where_the_device_is_named(device: Any, own: str) -> None:
    found = schedule.loads(plan_of(x=take(SMALL), y=take(SMALL, precision=own)), device=device)
    assert [(step.precision, len(step.nodes)) for step in found.steps] == [(own, 2)]


def test_a_draft_has_no_precision() -> None:
    draft = model("draft", backend="draft")
    found = schedule.loads(plan_of(x=take(draft), y=take(draft, precision="int8")), device="cpu")
    assert [(step.precision, len(step.nodes)) for step in found.steps] == [(None, 2)]


# Memory


def chain_of_three() -> Plan:
    return plan_of(
        a=take(SMALL), b=take(OTHER, continue_from="a"), c=take(BIG, continue_from="b"),
        d=take(SMALL, continue_from="c"), e=take(OTHER, continue_from="d"),
    )  # fmt: skip


def test_without_a_budget_one_model_is_there_at_a_time() -> None:
    found = schedule.loads(chain_of_three())
    assert found.loads == 5
    assert [len(step.evicts) for step in found.steps] == [0, 1, 1, 1, 1]
    assert all(step.beside == () for step in found.steps)
    assert found.peak_bytes == 8 * GB


def test_under_a_budget_models_stay_while_there_is_room() -> None:
    found = schedule.loads(chain_of_three(), budget=10 * GB)
    assert shown(found) == [("small", "a"), ("other", "b"), ("big", "c"), ("+small", "d"), ("other", "e")]
    assert [[key.weights[1] for key in step.beside] for step in found.steps] == [
        [],
        ["weights of small"],
        ["weights of small"],
        ["weights of big"],
        [],
    ]
    assert (found.loads, found.proven, found.peak_bytes) == (4, True, 10 * GB)
    everything = schedule.loads(chain_of_three(), budget=13 * GB)
    assert (everything.loads, everything.peak_bytes) == (3, 13 * GB)


def test_a_smaller_precision_leaves_room_for_more() -> None:
    nodes = {"a": take(BIG), "b": take(OTHER, continue_from="a"), "c": take(BIG, continue_from="b")}
    assert schedule.loads(plan_of(**nodes), budget=8 * GB, device="cpu").loads == 3
    small = schedule.loads(plan_of(**nodes), budget=8 * GB, device="cuda")
    assert (small.loads, small.peak_bytes) == (2, int(5.5 * GB))


def test_a_model_that_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(UsageError) as error:
        schedule.loads(plan_of(x=take(BIG, precision="float32"), y=take(SMALL)), budget=3 * GB)
    assert str(error.value) == (
        'the memory budget is 3.0 GB, but model "test/big" (float32) takes about 8.0 GB\n'
        "  a larger --memory-budget, a smaller model, or another precision"
    )


def test_a_model_that_would_fit_on_a_gpu_is_not_refused_before_the_device_is_known() -> None:
    nodes = {"x": take(BIG), "y": take(SMALL)}
    assert schedule.loads(plan_of(**nodes), budget=5 * GB).loads == 2
    with pytest.raises(UsageError, match=r"takes about 8\.0 GB"):
        schedule.loads(plan_of(**nodes), budget=5 * GB, device="cpu")


def test_a_model_of_unknown_size_has_the_budget_to_itself() -> None:
    unknown = model("unknown")
    found = schedule.loads(
        plan_of(a=take(SMALL), b=take(unknown, continue_from="a"), c=take(SMALL, continue_from="b")), budget=100 * GB
    )
    assert (found.loads, found.peak_bytes) == (3, None)


def test_drafts_take_no_memory_and_leave_all_models_where_they_are() -> None:
    drafts = [model(name, backend="draft") for name in "xyz"]
    found = schedule.loads(
        plan_of(a=take(drafts[0]), b=take(drafts[1], continue_from="a"), c=take(drafts[0], continue_from="b")),
        budget=1,
    )
    assert (found.loads, found.peak_bytes) == (2, 0)


def test_what_may_be_meant_for_a_gpu_has_to_fit_there_to_the_last_byte() -> None:
    whole = model("m", 4.0)
    half, least = whole.memory_bytes("float16"), whole.memory_bytes("float32")
    assert schedule.load_size(whole, None, least) == least
    assert schedule.load_size(whole, None, half) == half
    assert schedule.load_size(whole, None, half - 1) == least  # more than there is: it is refused
