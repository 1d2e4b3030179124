"""Orders that simple rules make, each good for some graphs and in a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from soundgraph.planning.load_order.items import Front, Graph, Move
from soundgraph.planning.load_order.room import Room


def candidates(whole: Graph, small: Graph, room: Room) -> Iterator[list[Move]]:
    """The moves of one rule after another, for whoever stops when he has seen enough. small: `whole` collapsed."""
    lengths = _chain_lengths(small)
    # First what can do most: it leaves the most work for the processors while later loads come.
    yield _play(small, room, lambda front, load: (front.weight(load), 0))
    yield _play(small, room, lambda front, load: (max(lengths[item] for item in front.ready[load]), front.weight(load)))
    yield _play(small, room, lambda front, load: (len(front.ready[load]) == front.left[load], front.weight(load)))
    yield _play(small, room, lambda front, load: (-front.first(load), 0))
    yield _plain(whole, room)


def _chain_lengths(graph: Graph) -> list[int]:
    """How many items there are on the longest way on from each, itself included."""
    lengths = [1] * len(graph)
    for item in reversed(range(len(graph))):
        for other in graph.before[item]:
            lengths[other] = max(lengths[other], lengths[item] + 1)
    return lengths


def _play(graph: Graph, room: Room, value: Callable[[Front, int], tuple[int, int]]) -> list[Move]:
    """Loads, again and again, what is worth most; unloads what is needed last by the items' order."""
    front, resident = Front(graph), 0
    moves: list[Move] = []
    while any(front.left):
        resident = front.wanted(resident)
        able = [load for load in range(graph.n_loads) if front.ready[load]]
        load = max(able, key=lambda load: (*value(front, load), -load))
        keep = room.keep_by(resident, load, front.first)
        moves.append((load, keep))
        resident = keep | 1 << load
        while (other := front.busiest(resident)) is not None:
            front.do(other)
    return moves


def _plain(graph: Graph, room: Room) -> list[Move]:
    """Does the items in the order of their numbers; unloads what is used last.

    Played out, each load does all it can, so that some may find nothing left to do: those are left out.
    """
    uses: list[list[int]] = [[] for _ in range(graph.n_loads)]
    for item in reversed(range(len(graph))):
        uses[graph.load[item]].append(item)
    front, resident = Front(graph), 0
    moves: list[Move] = []
    for load in graph.load:
        uses[load].pop()
        if resident >> load & 1:
            continue
        keep = room.keep_by(resident, load, lambda other: uses[other][-1] if uses[other] else len(graph))
        resident = keep | 1 << load
        if front.left[load]:
            moves.append((load, keep))
            while (other := front.busiest(resident)) is not None:
                front.do(other)
    return moves
