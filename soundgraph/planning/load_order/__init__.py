"""The fewest loads: an order for tasks that each need one thing to be loaded, such that little is loaded twice.

Knows nothing of scenes or models. Four ideas carry it. Once a load is there, all that it and its neighbours can do is
done: that never costs a load. Tasks that are always done together count as one. What each load has to cost, in
whatever order, is read off the chains of tasks. And where the best of some rules costs more than that, a search looks
for something better, or for proof that there is nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from soundgraph.planning.load_order import rules, search
from soundgraph.planning.load_order.items import Front, Graph, Move, bits, numbered
from soundgraph.planning.load_order.room import Room

L = TypeVar("L", bound=Hashable)


@dataclass(frozen=True)
class Task(Generic[L]):
    """Something to do."""

    name: str
    load: L
    """What has to be there for it."""
    after: frozenset[str] = frozenset()
    """The names of the tasks whose results it needs."""


@dataclass(frozen=True)
class OrderStep(Generic[L]):
    """Tasks that are done while a load is there."""

    load: L
    evicts: tuple[L, ...]
    """What is unloaded before it."""
    tasks: tuple[str, ...]
    """Each after those of them that it needs."""
    reload_needed: bool
    """Whether `load` has to be loaded first; False where it is still there."""


@dataclass(frozen=True)
class Order(Generic[L]):
    """An order of all tasks, and how good it is."""

    steps: tuple[OrderStep[L], ...]
    loads: int
    """How many loads there are in it."""
    lower_bound: int
    """How many loads there have to be in any order."""
    proven: bool
    """Whether the two are equal."""
    peak_bytes: int
    """The largest sum of the sizes of what is there at a time."""


def order(
    tasks: Iterable[Task[L]], sizes: Mapping[L, int], budget: int | None, *, states: int = search.STATES
) -> Order[L]:
    """An order of all the tasks with as few loads as possible, or as could be found.

    sizes: of each load, 0 or more. budget: the most that the sizes of what is there at a time may add up to; None to
    have one load there at a time, whatever its size. states: bound of the exact search.

    The same tasks give the same order, however they are sorted: what is equal otherwise is decided by how many tasks
    there are, then by their names. Never more loads than doing them layer by layer, by name, unloading what is used
    last.
    Raises ValueError for a load that is larger than the budget, for tasks that wait for one another or for none of
    those there are, and for a name that is there twice.
    """
    names, loads, graph = numbered([(task.name, task.load, task.after) for task in tasks])
    room = Room([sizes[load] for load in loads], budget)
    for load, size in zip(loads, room.sizes, strict=True):
        if budget is not None and size > budget:
            raise ValueError(f"{load!r} takes {size}, more than the budget of {budget}")
    moves, bound = _best(graph, room, states)
    steps, peak_bytes = _steps(graph, room, moves, names, loads)
    return Order(tuple(steps), len(moves), bound, len(moves) == bound, peak_bytes)


def _best(graph: Graph, room: Room, states: int) -> tuple[list[Move], int]:
    """The best moves that could be found, and how many there have to be at least."""
    small = graph.collapsed()
    bound = search.least_loads(small, room)
    best: list[Move] | None = None
    for moves in rules.candidates(graph, small, room):
        if best is None or len(moves) < len(best):
            best = moves
        if len(best) == bound:
            return best, bound
    assert best is not None
    return search.improved(small, room, best, bound, states)


def _steps(
    graph: Graph, room: Room, moves: list[Move], names: list[str], loads: list[L]
) -> tuple[list[OrderStep[L]], int]:
    """The moves played out, and the most bytes that were there at a time."""
    front, resident, peak_bytes = Front(graph), 0, 0
    steps: list[OrderStep[L]] = []
    for load, keep in moves:
        # What has nothing left to do goes, too: the next load may need its memory.
        stays = front.wanted(resident & keep)
        gone = tuple(loads[other] for other in bits(resident & ~stays))
        steps.append(OrderStep(loads[load], gone, tuple(names[item] for item in front.do(load)), True))
        resident = stays | 1 << load
        peak_bytes = max(peak_bytes, room.bytes(resident))
        while (other := front.busiest(resident)) is not None:
            steps.append(OrderStep(loads[other], (), tuple(names[item] for item in front.do(other)), False))
    return steps, peak_bytes
