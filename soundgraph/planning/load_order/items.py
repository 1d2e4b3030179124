"""Tasks as numbers: their graph, those that are always done together, and what can be done next.

Sets of loads and of items are masks: bit i stands for number i.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

L = TypeVar("L", bound=Hashable)

Move = tuple[int, int]
"""A load that is loaded, and the mask of those that stay there beside it."""


def bits(mask: int) -> Iterator[int]:
    """The numbers in a set, rising."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass
class Graph:
    """Items, each numbered after those it needs."""

    n_loads: int
    """How many loads there are."""
    load: list[int]
    """Of each item."""
    before: list[tuple[int, ...]]
    """The items that each needs, at least the nearest of them."""
    weight: list[int]
    """How many tasks each stands for."""

    def __len__(self) -> int:
        return len(self.load)

    def users(self) -> list[list[int]]:
        """The inverse of `before`."""
        users: list[list[int]] = [[] for _ in self.load]
        for item, needed in enumerate(self.before):
            for other in needed:
                users[other].append(item)
        return users

    def collapsed(self) -> Graph:
        """One item for all that are always done together; an item needs items of other loads only.

        A task is done as soon as its load is there and all that it needs of other loads is done: what it needs of its
        own load is done by then, too. So its load and the set of those are all there is to know of it.
        """
        result = Graph(self.n_loads, [], [], [])
        item_of: dict[tuple[int, int], int] = {}
        of_load = [0] * self.n_loads
        needs: list[int] = []
        place: list[int] = []
        for load, needed, weight in zip(self.load, self.before, self.weight, strict=True):
            direct = {place[other] for other in needed}
            mask = 0
            for other in direct:
                mask |= needs[other] | 1 << other
            mask &= ~of_load[load]
            item = item_of.get((load, mask))
            if item is None:
                item = item_of[load, mask] = len(result)
                nearest: set[int] = set()
                for other in direct:
                    nearest.update((other,) if result.load[other] != load else result.before[other])
                result.load.append(load)
                result.before.append(tuple(sorted(nearest)))
                result.weight.append(0)
                needs.append(mask)
                of_load[load] |= 1 << item
            result.weight[item] += weight
            place.append(item)
        return result


def numbered(tasks: Sequence[tuple[str, L, frozenset[str]]]) -> tuple[list[str], list[L], Graph]:
    """(name, load, names of tasks it needs) to names by number, loads by number, and the graph.

    Tasks are numbered layer by layer and by name within one, loads by how many tasks need them and then by the first of
    the tasks' names. Raises ValueError for tasks that cannot be put in order.
    """
    load_of: dict[str, L] = {}
    for name, load, _ in tasks:
        if name in load_of:
            raise ValueError(f"{name!r} is there twice")
        load_of[name] = load
    users: dict[str, list[str]] = {}
    waits: dict[str, int] = {}
    for name, _, after in tasks:
        waits[name] = len(after)
        for other in after:
            if other not in load_of:
                raise ValueError(f"{name!r} waits for {other!r}, which is none of the tasks")
            users.setdefault(other, []).append(name)
    names: list[str] = []
    layer = sorted(name for name, count in waits.items() if count == 0)
    while layer:
        names += layer
        following = []
        for name in layer:
            for user in users.get(name, ()):
                waits[user] -= 1
                if waits[user] == 0:
                    following.append(user)
        layer = sorted(following)
    if len(names) < len(load_of):
        raise ValueError(f"{min(name for name, count in waits.items() if count)!r} waits for itself")
    counts: dict[L, int] = {}
    first: dict[L, str] = {}
    for name, load in load_of.items():
        counts[load] = counts.get(load, 0) + 1
        first[load] = min(first.get(load, name), name)
    loads = sorted(counts, key=lambda load: (-counts[load], first[load]))
    load_number = {load: number for number, load in enumerate(loads)}
    place = {name: number for number, name in enumerate(names)}
    before: list[tuple[int, ...]] = [()] * len(names)
    for name, _, after in tasks:
        if after:
            before[place[name]] = tuple(sorted(place[other] for other in after))
    return names, loads, Graph(len(loads), [load_number[load_of[name]] for name in names], before, [1] * len(names))


class Front:
    """What of a graph is done and what can be done next, moved on load by load."""

    def __init__(self, graph: Graph):
        self.graph, self._users = graph, graph.users()
        self._waits = [len(needed) for needed in graph.before]
        self._done = bytearray(len(graph))
        self._of_load: list[list[int]] = [[] for _ in range(graph.n_loads)]
        self._next = [0] * graph.n_loads
        self.ready: list[list[int]] = [[] for _ in range(graph.n_loads)]
        for item, load in enumerate(graph.load):
            self._of_load[load].append(item)
            if not self._waits[item]:
                self.ready[load].append(item)
        self.left = [len(items) for items in self._of_load]

    def do(self, load: int) -> list[int]:
        """Does all that this load can do now; the items in their order."""
        done = self.ready[load]
        for item in done:  # which grows meanwhile
            self._done[item] = 1
            for user in self._users[item]:
                self._waits[user] -= 1
                if not self._waits[user]:
                    self.ready[self.graph.load[user]].append(user)
        self.ready[load] = []
        self.left[load] -= len(done)
        return sorted(done)

    def weight(self, load: int) -> int:
        """How many tasks the load could do at once."""
        return sum(self.graph.weight[item] for item in self.ready[load])

    def first(self, load: int) -> int:
        """The number of the load's first item that is not done; the number of items where there is none."""
        items, place = self._of_load[load], self._next[load]
        while place < len(items) and self._done[items[place]]:
            place += 1
        self._next[load] = place
        return items[place] if place < len(items) else len(self.graph)

    def wanted(self, resident: int) -> int:
        """Those of what is there that have something left to do."""
        return sum(1 << load for load in bits(resident) if self.left[load])

    def busiest(self, resident: int) -> int | None:
        """Of what is there, the load that can do most now; None if none can do anything."""
        able = [load for load in bits(resident) if self.ready[load]]
        return max(able, key=lambda load: (self.weight(load), -load)) if able else None
