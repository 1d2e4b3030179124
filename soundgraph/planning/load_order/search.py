"""The exact part: how many loads there have to be at least, and a search for as few.

A state is what is done and what is there, with all done that can be. A* (Hart, Nilsson and Raphael 1968) goes through
states by loads so far plus the least that are still to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count

from soundgraph.planning.load_order.items import Graph, Move, bits
from soundgraph.planning.load_order.room import Room

STATES = 40_000
"""How many states the search looks at before it gives up: about a second's worth."""
ITEMS = 256
"""How many items it takes on."""
_BEAM = 24

_State = tuple[int, int]
"""Masks: the items that are done, and the loads that are there and still wanted."""


def _chain_loads(graph: Graph, room: Room, load: int) -> tuple[list[int], list[int]]:
    """How often `load` has to be loaded, at least, for the chains that begin with each item.

    First where it is not there as the chain begins, then where it is. Along a chain it has to come for the first of its
    items, and anew for the first one after an item of a rival, since it is gone by then.
    """
    absent, present = [0] * len(graph), [0] * len(graph)
    rivals = room.rivals[load]
    for item in reversed(range(len(graph))):
        own = graph.load[item]
        if own == load:
            absent[item] = present[item] + 1
        elif rivals >> own & 1:
            present[item] = absent[item]
        for other in graph.before[item]:
            absent[other] = max(absent[other], absent[item])
            present[other] = max(present[other], present[item])
    return absent, present


def least_loads(graph: Graph, room: Room) -> int:
    """The fewest loads that any order could have, by the chains of each load."""
    return sum(max(_chain_loads(graph, room, load)[0], default=0) for load in range(graph.n_loads))


def improved(graph: Graph, room: Room, best: list[Move], bound: int, states: int) -> tuple[list[Move], int]:
    """Moves that are better than `best` if some can be found, and the least there have to be.

    graph: collapsed. bound: the least that is known so far. states: how many to look at.
    """
    if len(graph) > 4 * ITEMS or states <= 0:
        return best, bound
    small = _reduced(graph)
    if len(small) > ITEMS:
        return best, bound
    search = _Search(small, room)
    best = search.beam(best)
    return search.exact(best, bound, states) if len(best) > bound else (best, bound)


def _needs(graph: Graph) -> list[int]:
    """Of each item, the items of other loads that it needs, however far off."""
    needs: list[int] = []
    reach: list[int] = []  # what is done when the item is, itself included
    of_load: list[list[int]] = [[] for _ in range(graph.n_loads)]
    masks = [0] * graph.n_loads
    for item, (load, before) in enumerate(zip(graph.load, graph.before, strict=True)):
        mask = 0
        for other in before:
            mask |= reach[other]
        mask &= ~masks[load]
        needs.append(mask)
        reach.append(mask | 1 << item | sum(1 << other for other in of_load[load] if not needs[other] & ~mask))
        of_load[load].append(item)
        masks[load] |= 1 << item
    return needs


def _reduced(graph: Graph) -> Graph:
    """Without the items that take no thought.

    If one needs no more than another of the same load does, and nobody waits for it who does not wait for the other,
    too, then it is done when the other is, and that is soon enough.
    """
    needs = _needs(graph)
    users = [0] * len(graph)
    of_load: list[list[int]] = [[] for _ in range(graph.n_loads)]
    for item, mask in enumerate(needs):
        of_load[graph.load[item]].append(item)
        for other in bits(mask):
            users[other] |= 1 << item
    kept, before = (1 << len(graph)) - 1, -1
    while kept != before:
        before = kept
        for items in of_load:
            for item in items:
                own_needs, own_users = needs[item] & kept, users[item] & kept
                for other in items:
                    if (
                        other != item
                        and kept >> other & 1
                        and not (own_needs & ~needs[other] | own_users & ~users[other])
                    ):
                        kept &= ~(1 << item)
                        break
            items[:] = [item for item in items if kept >> item & 1]
    stays = list(bits(kept))
    place = {item: number for number, item in enumerate(stays)}
    return Graph(
        graph.n_loads,
        [graph.load[item] for item in stays],
        [tuple(place[other] for other in bits(needs[item] & kept)) for item in stays],
        [graph.weight[item] for item in stays],
    )


class _Search:
    """Loads, states and bounds as masks over the items of a reduced graph."""

    def __init__(self, graph: Graph, room: Room):
        self.room, self.n_loads = room, graph.n_loads
        self.all = (1 << len(graph)) - 1
        self.of_load: list[list[_State]] = [[] for _ in range(graph.n_loads)]  # (the item, all it needs) as masks
        for item, before in enumerate(graph.before):
            self.of_load[graph.load[item]].append((1 << item, sum(1 << other for other in before)))
        self.mask = [sum(item for item, _ in items) for items in self.of_load]
        # By load, and whether it is there: the items from which on it has to come at least once, twice, …
        self.levels = [
            tuple(_levels(lengths) for lengths in _chain_loads(graph, room, load)) for load in range(graph.n_loads)
        ]

    def least(self, state: _State) -> int:
        """The loads that are still to come, at least."""
        done, resident = state
        left, least = self.all & ~done, 0
        for load, levels in enumerate(self.levels):
            for mask in levels[resident >> load & 1]:
                if not mask & left:
                    break
                least += 1
        return least

    def following(self, state: _State) -> Iterator[tuple[Move, _State]]:
        """The loads that make sense now, and where each leads."""
        done, resident = state
        left = self.all & ~done
        able: list[int] = []
        for load in range(self.n_loads):
            if left & self.mask[load] and not resident >> load & 1:
                ready = sum(item for item, needs in self.of_load[load] if item & left and not needs & left)
                if ready == left & self.mask[load] and (
                    self.room.budget is None or self.room.fits(resident | 1 << load)
                ):
                    # It has to come once more at least, can be finished with now, and drives nothing out.
                    yield self._moved(done, load, resident)
                    return
                if ready:
                    able.append(load)
        for load in able:
            for keep in self.room.keeps(resident, load):
                yield self._moved(done, load, keep)

    def _moved(self, done: int, load: int, keep: int) -> tuple[Move, _State]:
        if self.room.budget is None:
            keep = 0
        there = [load, *bits(keep)]
        idle = 0
        while idle < len(there):  # until each has been asked in vain, or has just been
            for loaded in there:
                before = done
                for item, needs in self.of_load[loaded]:
                    if not done & item and needs & done == needs:
                        done |= item
                idle = idle + 1 if done == before else 1
                if idle == len(there):
                    break
        left = self.all & ~done
        return (load, keep), (done, sum(1 << other for other in there if self.mask[other] & left))

    def beam(self, best: list[Move]) -> list[Move]:
        """Looks at the most promising states after each load only. Returns `best` if it finds nothing better."""
        row: dict[_State, list[Move]] = {(0, 0): []}
        while row:
            reached: dict[_State, list[Move]] = {}
            for state, moves in row.items():
                for move, new in self.following(state):
                    if new not in reached:
                        reached[new] = [*moves, move]
                        if new[0] == self.all:
                            return reached[new]
            ranked = sorted(
                (len(moves) + self.least(new), -new[0].bit_count(), place, new)
                for place, (new, moves) in enumerate(reached.items())
            )
            row = {new: reached[new] for least, _, _, new in ranked[:_BEAM] if least < len(best)}
        return best

    def exact(self, best: list[Move], bound: int, states: int) -> tuple[list[Move], int]:
        """Something better than `best`, or the proof that it is best, or else the least that is known then."""
        start: _State = (0, 0)
        loads = {start: 0}
        came: dict[_State, tuple[_State, Move]] = {}
        serial = count()
        open_ = [(self.least(start), 0, 0, 0, start)]
        while open_:
            least, so_far, _, _, state = heappop(open_)
            if -so_far > loads[state]:
                continue
            if state[0] == self.all:
                return _way(came, state), least
            if states <= 0:
                return best, max(bound, least)
            for move, new in self.following(state):
                states -= 1
                now = loads[state] + 1
                if now < loads.get(new, len(best)):
                    least = now + self.least(new)
                    if least < len(best):
                        loads[new] = now
                        came[new] = state, move
                        heappush(open_, (least, -now, -new[0].bit_count(), next(serial), new))
        return best, len(best)


def _levels(lengths: Sequence[int]) -> list[int]:
    """The items whose value is at least 1, at least 2, …, as masks."""
    levels = [0] * max(lengths, default=0)
    for item, length in enumerate(lengths):
        for level in range(length):
            levels[level] |= 1 << item
    return levels


def _way(came: dict[_State, tuple[_State, Move]], state: _State) -> list[Move]:
    moves: list[Move] = []
    while state in came:
        state, move = came[state]
        moves.append(move)
    return moves[::-1]
