"""Scenes to one graph of their nodes: its cycles, its layers, and what a target needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from soundgraph import kinds
from soundgraph.errors import Mistake, SceneError
from soundgraph.scene import Node, Origin, Scene, node_id

Locate = Callable[[Origin], int]
"""The line on which something was written; asked only when there is a mistake."""


@dataclass(slots=True)
class Vertex:
    """A node in the graph.

    inputs: (role, id), in the order its kind's `render` takes them, as often as they are used. users: the ids of those
    that it is an input of, each once. place: its number, in the order in which nodes were read.
    """

    scene: Scene
    node: Node
    inputs: list[tuple[str, str]]
    place: int
    users: list[str] = field(default_factory=list)


class Graph:
    """Nodes by id, such as "forest/rain:dark_rain", in the order they were read.

    No library's: a graph of some thousand nodes takes networkx as long as reading their scenes, and its import takes
    longer than most builds. It is asked for the cycles of a graph that has some.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Vertex] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def predecessors(self, name: str) -> dict[str, None]:
        """The ids of its inputs, each once."""
        return dict.fromkeys([other for _, other in self.nodes[name].inputs])

    def successors(self, name: str) -> list[str]:
        """The ids of its users, each once."""
        return self.nodes[name].users

    @property
    def edges(self) -> list[tuple[str, str]]:
        """(input, user)"""
        return [(name, user) for name, vertex in self.nodes.items() for user in vertex.users]


def build_graph(scenes: Iterable[Scene], locate: Locate = lambda origin: 0) -> Graph:
    """All nodes of all scenes.

    Raises SceneError that names each cycle, with the line of one of its nodes by `locate`.
    """
    graph = Graph()
    nodes = graph.nodes
    for scene in scenes:
        for node in scene.nodes.values():
            inputs = [(role, node_id(scene.id, other)) for role, other in kinds.references(node.params)]
            nodes[node_id(scene.id, node.name)] = Vertex(scene, node, inputs, len(nodes))
    for name in nodes:
        for other in graph.predecessors(name):
            nodes[other].users.append(name)
    try:
        _sorter(graph, nodes).prepare()
    except CycleError:
        raise SceneError(_cycles(graph, locate)) from None
    return graph


def node_of(graph: Graph, name: str) -> Node:
    return graph.nodes[name].node


def scene_of(graph: Graph, name: str) -> Scene:
    return graph.nodes[name].scene


def inputs_of(graph: Graph, name: str) -> list[tuple[str, str]]:
    """(role, id) of the node's inputs, in the order its kind's `render` takes them."""
    return graph.nodes[name].inputs


def needed(graph: Graph, targets: Iterable[str]) -> set[str]:
    """The targets and all they are made from."""
    found: set[str] = set()
    waiting = list(targets)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(other for _, other in graph.nodes[name].inputs)
    return found


def in_order(graph: Graph, names: Iterable[str]) -> list[list[str]]:
    """`names`, among which is all that they need, in layers: each layer needs only those before it; within one, the
    order they were read in."""
    nodes = graph.nodes
    sorter = _sorter(graph, names)
    sorter.prepare()
    layers = []
    while sorter.is_active():
        ready = sorter.get_ready()
        layers.append(sorted(ready, key=lambda name: nodes[name].place))
        sorter.done(*ready)
    return layers


def _sorter(graph: Graph, names: Iterable[str]) -> TopologicalSorter[str]:
    nodes = graph.nodes
    return TopologicalSorter({name: [other for _, other in nodes[name].inputs] for name in names})


def _cycles(graph: Graph, locate: Locate) -> list[Mistake]:
    """One for each strongly connected part that holds a cycle."""
    import networkx as nx

    drawn: nx.DiGraph[str] = nx.DiGraph(graph.edges)
    found = []
    for part in nx.strongly_connected_components(drawn):
        if len(part) > 1 or any(drawn.has_edge(name, name) for name in part):
            first = next(name for name in graph if name in part)
            ring = [name for name, _ in nx.find_cycle(drawn.subgraph(part), first)]
            found.append(_cycle(graph, ring, locate))
    return found


def _cycle(graph: Graph, ring: list[str], locate: Locate) -> Mistake:
    """ring: the ids of its nodes, each an input of the next."""
    names = [node_of(graph, name).name for name in ring]
    start = names.index(min(names))
    names = names[start:] + names[:start]
    # The edges of the graph run from input to user; a user reads his file the other way round.
    names = [names[0], *reversed(names[1:]), names[0]]
    node = node_of(graph, node_id(scene_of(graph, ring[0]).id, names[0]))
    what = f"needs itself: {' <- '.join(names)}"
    return Mistake(node.origin.file, locate(node.origin), f"nodes.{node.name}", what)
