"""What fits into memory together, and what may stay when something else comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from soundgraph.planning.load_order.items import bits


class Room:
    """sizes: of each load. budget: for all that is there at a time; None for one load at a time. Sets are masks.

    rivals: for each load, those that cannot be there while it is.
    """

    def __init__(self, sizes: Sequence[int], budget: int | None):
        self.sizes, self.budget = sizes, budget
        everything = range(len(sizes))
        self.rivals = [
            sum(1 << other for other in everything if other != load and not self.fits(1 << load | 1 << other))
            for load in everything
        ]

    def bytes(self, resident: int) -> int:
        return sum(self.sizes[load] for load in bits(resident))

    def fits(self, resident: int) -> bool:
        if self.budget is None:
            return resident.bit_count() <= 1
        return self.bytes(resident) <= self.budget

    def keeps(self, resident: int, load: int) -> Iterator[int]:
        """Each largest set of what is there that can stay when `load` comes. Keeping less never saves a load."""
        if self.budget is None:
            yield 0
            return
        members, free = list(bits(resident)), self.budget - self.sizes[load]

        def choose(place: int, kept: int, free: int, smallest_gone: int | None) -> Iterator[int]:
            if place == len(members):
                if smallest_gone is None or smallest_gone > free:
                    yield kept
                return
            size = self.sizes[members[place]]
            if size <= free:
                yield from choose(place + 1, kept | 1 << members[place], free - size, smallest_gone)
            smallest = size if smallest_gone is None else min(size, smallest_gone)
            yield from choose(place + 1, kept, free, smallest)

        if sum(self.sizes[member] for member in members) <= free:
            yield resident
        else:
            yield from choose(0, 0, free, None)

    def keep_by(self, resident: int, load: int, next_use: Callable[[int], int]) -> int:
        """What stays when what is used last goes first."""
        for other in sorted(bits(resident), key=lambda other: (next_use(other), other), reverse=True):
            if self.fits(resident | 1 << load):
                break
            resident &= ~(1 << other)
        return resident
