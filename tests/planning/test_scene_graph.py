"""The graph: edges from inputs to users, cycles by name, what a target needs."""

from __future__ import annotations

import pytest

from soundgraph.core.errors import SceneError
from soundgraph.nodes import get_kind
from soundgraph.planning import scene_graph
from soundgraph.scene.tables.scene import CheckedScene, Node, Origin, SceneSettings


def scene(id: str = "a", **inputs: str) -> CheckedScene:  # noqa: A002
    """Nodes by name, each a mix of those named, or a pan of one: "b c" or "=b"."""
    nodes = {}
    for name, others in inputs.items():
        if others.startswith("="):
            kind_name, table = "gain", {"input": others[1:], "gain_db": 1.0}
        elif others:
            kind_name, table = "mix", {"inputs": [{"node": other} for other in others.split()]}
        else:
            kind_name, table = "generate", {"model": "draft/audio", "prompt": name}
        kind = get_kind(kind_name)
        params = kind.params.model_validate(table)
        nodes[name] = Node(name, kind_name, kind, params, Origin(f"graphs/{id}.toml", ("nodes", name)))
    return CheckedScene(id, None, SceneSettings.model_validate({}), nodes, {})


def cycles(*scenes: CheckedScene) -> list[str]:
    with pytest.raises(SceneError) as error:
        scene_graph.build_graph(scenes, lambda origin: 7)
    return [str(mistake) for mistake in error.value.mistakes]


def test_inputs_are_listed_in_order_and_as_often_as_they_are_used() -> None:
    graph = scene_graph.build_graph([scene(x="", y="", z="y x y")])
    assert scene_graph.inputs_of(graph, "a:z") == [
        ("inputs[0].node", "a:y"),
        ("inputs[1].node", "a:x"),
        ("inputs[2].node", "a:y"),
    ]
    assert sorted(graph.edges) == [("a:x", "a:z"), ("a:y", "a:z")]


def test_scenes_do_not_touch() -> None:
    graph = scene_graph.build_graph([scene("a", x="", y="=x"), scene("b", x="", y="=x")])
    assert scene_graph.needed(graph, ["b:y"]) == {"b:x", "b:y"}


def test_a_target_needs_what_it_is_made_from_and_nothing_else() -> None:
    graph = scene_graph.build_graph([scene(x="", y="=x", z="=y", other="=x")])
    assert scene_graph.needed(graph, ["a:y"]) == {"a:x", "a:y"}
    assert scene_graph.needed(graph, []) == set()


def test_layers_come_in_the_order_in_which_nodes_were_written() -> None:
    graph = scene_graph.build_graph([scene(d="=b", b="", a="", c="a b")])
    assert scene_graph.in_order(graph, set(graph)) == [["a:b", "a:a"], ["a:d", "a:c"]]


def test_a_cycle_is_told_by_its_path_as_a_user_reads_it() -> None:
    assert cycles(scene(x="=y", y="=z", z="=x")) == ["graphs/a.toml:7: nodes.x: needs itself: x <- y <- z <- x"]


def test_so_is_a_node_that_names_itself() -> None:
    assert cycles(scene(x="=x")) == ["graphs/a.toml:7: nodes.x: needs itself: x <- x"]


def test_every_knot_is_told_once() -> None:
    found = cycles(scene(x="=y", y="=x", p="=q", q="=p", end="x p"), scene("b", x="=x"))
    assert found == [
        "graphs/a.toml:7: nodes.p: needs itself: p <- q <- p",
        "graphs/a.toml:7: nodes.x: needs itself: x <- y <- x",
        "graphs/b.toml:7: nodes.x: needs itself: x <- x",
    ]


def test_a_very_long_chain_is_no_trouble() -> None:
    chain = {f"n{index}": f"=n{index - 1}" if index else "" for index in range(3000)}
    graph = scene_graph.build_graph([scene(**chain)])
    assert len(scene_graph.needed(graph, ["a:n2999"])) == 3000
    assert len(scene_graph.in_order(graph, set(graph))) == 3000
