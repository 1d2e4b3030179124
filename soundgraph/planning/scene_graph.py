"""Scenes to one networkx `DiGraph`: its cycles, and what a target needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import networkx as nx

from soundgraph.core.errors import Mistake, SceneError
from soundgraph.core.params import references
from soundgraph.scene.tables.scene import CheckedScene, Node, Origin, node_id

Graph: TypeAlias = "nx.DiGraph[str]"
Locate = Callable[[Origin], int]
"""The line on which something was written; asked only when there is a mistake."""


def build_graph(scenes: Iterable[CheckedScene], locate: Locate = lambda origin: 0) -> Graph:
    """All nodes of all scenes, an edge from each input to its user.

    Nodes are ids such as "forest/rain:dark_rain", in the order they were read; each holds `scene`, `node`, and
    `inputs`: (role, id) of its inputs in the order its kind's `render` takes them.
    Raises SceneError that names each cycle, with the line of one of its nodes by `locate`.
    """
    graph: Graph = nx.DiGraph()
    edges: list[tuple[str, str]] = []
    for scene in scenes:
        for node in scene.nodes.values():
            name = node_id(scene.id, node.name)
            inputs = [(role, node_id(scene.id, other)) for role, other in references(node.params)]
            graph.add_node(name, scene=scene, node=node, inputs=inputs, place=len(graph))
            edges.extend((other, name) for _, other in inputs)
    graph.add_edges_from(edges)
    if not nx.is_directed_acyclic_graph(graph):
        raise SceneError(_cycle(graph, component, locate) for component in _knots(graph))
    return graph


def node_of(graph: Graph, name: str) -> Node:
    node: Node = graph.nodes[name]["node"]
    return node


def scene_of(graph: Graph, name: str) -> CheckedScene:
    scene: CheckedScene = graph.nodes[name]["scene"]
    return scene


def inputs_of(graph: Graph, name: str) -> list[tuple[str, str]]:
    """(role, id) of the node's inputs, in the order its kind's `render` takes them."""
    inputs: list[tuple[str, str]] = graph.nodes[name]["inputs"]
    return inputs


def needed(graph: Graph, targets: Iterable[str]) -> set[str]:
    """The targets and all they are made from."""
    names: set[str] = set()
    waiting = list(targets)
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting.extend(graph.predecessors(name))
    return names


def in_order(graph: Graph, names: set[str]) -> list[list[str]]:
    """`names` in layers: each layer needs only those before it; within one, the order they were read in."""
    # A subgraph of a few nodes lists them as a set does: in another order in each process. Of all nodes it would take
    # several times as long as the graph itself.
    places = graph.nodes
    layers = nx.topological_generations(graph.subgraph(names) if len(names) < len(graph) else graph)
    return [sorted(layer, key=lambda name: places[name]["place"]) for layer in layers]


def _knots(graph: Graph) -> list[set[str]]:
    """The strongly connected parts that hold a cycle."""
    return [
        part
        for part in nx.strongly_connected_components(graph)
        if len(part) > 1 or any(graph.has_edge(name, name) for name in part)
    ]


def _cycle(graph: Graph, part: set[str], locate: Locate) -> Mistake:
    first = next(name for name in graph if name in part)
    ring: Sequence[tuple[str, str]] = nx.find_cycle(graph.subgraph(part), first)
    names = [node_of(graph, name).name for name, _ in ring]
    start = names.index(min(names))
    names = names[start:] + names[:start]
    # The edges of the graph run from input to user; a user reads his file the other way round.
    names = [names[0], *reversed(names[1:]), names[0]]
    node = node_of(graph, node_id(scene_of(graph, first).id, names[0]))
    what = f"needs itself: {' <- '.join(names)}"
    return Mistake(node.origin.file, locate(node.origin), f"nodes.{node.name}", what, keys=node.origin.keys)
