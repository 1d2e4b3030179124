"""Where boxes and lines of a layered graph go: columns, few crossings, short lines.

After Sugiyama, Tagawa and Toda (1981): lines that pass a column get a place of their own in it, the order within each
column follows the mean place of the neighbours, and heights are the least squares that keep that order.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ORDER_SWEEPS = 12
_PLACE_SWEEPS = 13  # odd: the last goes rightwards, and draws chains straight from where they begin
_GAP_PX = 14.0  # between boxes, one above the other
_LINE_GAP_PX = 9.0  # between a box and a line that passes it, or two such lines


@dataclass(frozen=True)
class LayoutBox:
    """A box to be placed. Sizes in px."""

    column: int
    """Greater than that of every box it has a line from."""
    width: float
    height: float
    group: str = ""
    """Boxes of one column that share a group stay together, framed; "" for none."""


@dataclass(frozen=True)
class Frame:
    """Around the items of a group in one column."""

    group: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where boxes, lines and frames go. All in px, from a top left corner at 0, 0."""

    places: list[tuple[float, float]]
    """The left and the top of each box."""
    lines: list[list[tuple[float, float]]]
    """The points of each edge, from the source's right side to the user's left side. Between the first and the second
    of each pair of points it crosses the gap between two columns; from there to the next pair it runs level."""
    frames: list[Frame]
    width: float
    height: float


@dataclass(frozen=True)
class Spacing:
    """Between columns; from a group's items to its frame; and for the label at the top of a frame. In px."""

    column: float = 52.0
    frame: float = 10.0
    label: float = 18.0


def lay_out(items: Sequence[LayoutBox], edges: Sequence[tuple[int, int]], spacing: Spacing) -> Layout:
    """edges: (source, user), indices of `items`, each pair once."""
    if not items:
        return Layout([], [], [], 0.0, 0.0)
    return _Layered(items, edges, spacing).layout()


class _Layered:
    """Vertices are the items, then the places where lines pass a column. A source's lines share those places."""

    def __init__(self, items: Sequence[LayoutBox], edges: Sequence[tuple[int, int]], spacing: Spacing):
        self.items, self.edges, self.spacing = items, edges, spacing
        self.column = [item.column for item in items]
        self.height = [item.height for item in items]
        self.group = [item.group for item in items]
        self.chains: list[list[int]] = []  # of each edge: source, passed places, user
        passing: dict[tuple[int, int], int] = {}
        links: dict[tuple[int, int], None] = {}
        for source, user in edges:
            chain = [source]
            for column in range(items[source].column + 1, items[user].column):
                if (source, column) not in passing:
                    passing[source, column] = len(self.column)
                    self.column.append(column)
                    self.height.append(0.0)
                    self.group.append("")
                chain.append(passing[source, column])
            chain.append(user)
            self.chains.append(chain)
            links.update(dict.fromkeys(itertools.pairwise(chain)))
        self.before: list[list[int]] = [[] for _ in self.column]
        self.after: list[list[int]] = [[] for _ in self.column]
        for left, right in links:
            self.after[left].append(right)
            self.before[right].append(left)
        self.columns: list[list[int]] = [[] for _ in range(max(self.column) + 1)]
        for vertex, column in enumerate(self.column):
            self.columns[column].append(vertex)

    def layout(self) -> Layout:
        self.columns = [self._sorted(column, {}) for column in self.columns]  # brings groups together
        self._order()
        middle = self._middles()
        return self._finish(middle)

    # The order within columns

    def _order(self) -> None:
        best, fewest = self.columns, self._crossings()
        for sweep in range(_ORDER_SWEEPS):
            if fewest == 0:
                break
            rightwards = sweep % 2 == 0
            self.columns = list(self.columns)
            walk = range(1, len(self.columns)) if rightwards else range(len(self.columns) - 2, -1, -1)
            for index in walk:
                neighbour = self.columns[index - 1 if rightwards else index + 1]
                rank = {vertex: place for place, vertex in enumerate(neighbour)}
                links = self.before if rightwards else self.after
                own = {vertex: place for place, vertex in enumerate(self.columns[index])}
                wanted = {
                    vertex: _mean([rank[other] for other in links[vertex]], float(own[vertex]))
                    for vertex in self.columns[index]
                }
                self.columns[index] = self._sorted(self.columns[index], wanted)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = self.columns, crossings
        self.columns = best

    def _sorted(self, column: Sequence[int], wanted: Mapping[int, float]) -> list[int]:
        """By where each vertex wants to be, groups as one; those that want the same stay in the order they were in."""
        blocks: dict[object, list[int]] = {}
        for vertex in column:
            blocks.setdefault(self.group[vertex] or vertex, []).append(vertex)
        place = {vertex: wanted.get(vertex, 0.0) for vertex in column}
        ordered = sorted(blocks.values(), key=lambda block: _mean([place[vertex] for vertex in block], 0.0))
        return [vertex for block in ordered for vertex in sorted(block, key=place.__getitem__)]

    def _crossings(self) -> int:
        total = 0
        for left, right in zip(self.columns, self.columns[1:], strict=False):
            rank = {vertex: place for place, vertex in enumerate(right)}
            seen: list[int] = []
            for vertex in left:
                ends = sorted(rank[other] for other in self.after[vertex])
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total

    # Heights

    def _middles(self) -> list[float]:
        middle = [0.0] * len(self.column)
        for column in self.columns:
            offset = self._offsets(column)
            for vertex, y in zip(column, offset, strict=True):
                middle[vertex] = y - offset[-1] / 2
        for sweep in range(_PLACE_SWEEPS):
            rightwards = sweep % 2 == 0
            links = self.before if rightwards else self.after
            for column in self.columns if rightwards else reversed(self.columns):
                wanted = [_mean([middle[other] for other in links[vertex]], middle[vertex]) for vertex in column]
                # What has no neighbour on this side gives way; a line that passes is worth keeping straight.
                weight = [(1.0 if self.height[v] else 4.0) if links[v] else 0.05 for v in column]
                for vertex, y in zip(column, spread(wanted, weight, self._offsets(column)), strict=True):
                    middle[vertex] = y
        return middle

    def _offsets(self, column: Sequence[int]) -> list[float]:
        """The middles of a column's vertices when they are as close as may be, the first at 0."""
        offsets = [0.0]
        for above, below in itertools.pairwise(column):
            gap = _GAP_PX if self.height[above] and self.height[below] else _LINE_GAP_PX
            if self.group[above] != self.group[below]:
                gap += self.spacing.frame if self.group[above] else 0.0
                gap += self.spacing.frame + self.spacing.label if self.group[below] else 0.0
            offsets.append(offsets[-1] + (self.height[above] + self.height[below]) / 2 + gap)
        return offsets

    # All together

    def _finish(self, middle: Sequence[float]) -> Layout:
        frame, label = self.spacing.frame, self.spacing.label
        top = min(
            middle[vertex] - self.height[vertex] / 2 - (frame + label if self.group[vertex] else 0.0)
            for vertex in range(len(self.column))
        )
        bottom = max(
            middle[vertex] + self.height[vertex] / 2 + (frame if self.group[vertex] else 0.0)
            for vertex in range(len(self.column))
        )
        lefts, rights, x = [], [], 0.0
        for column in self.columns:
            boxes = [vertex for vertex in column if vertex < len(self.items)]
            margin = frame if any(self.group[vertex] for vertex in boxes) else 0.0
            lefts.append(x + margin)
            rights.append(x + margin + max((self.items[vertex].width for vertex in boxes), default=0.0))
            x = rights[-1] + margin + self.spacing.column
        places = [(lefts[item.column], middle[v] - item.height / 2 - top) for v, item in enumerate(self.items)]
        frames = []
        for index, column in enumerate(self.columns):
            for group in dict.fromkeys(self.group[vertex] for vertex in column if self.group[vertex]):
                inside = [vertex for vertex in column if self.group[vertex] == group]
                high, low = inside[0], inside[-1]
                y = middle[high] - self.height[high] / 2 - top - frame - label
                end = middle[low] + self.height[low] / 2 - top + frame
                frames.append(Frame(group, lefts[index] - frame, y, rights[index] - lefts[index] + 2 * frame, end - y))
        ports = self._ports(middle)
        lines = []
        for chain in self.chains:
            points = []
            for left, right in itertools.pairwise(chain):
                points.append((rights[self.column[left]], middle[left] - top))
                points.append((lefts[self.column[right]], ports[left, right] - top))
            lines.append(points)
        return Layout(places, lines, frames, x - self.spacing.column, bottom - top)

    def _ports(self, middle: Sequence[float]) -> dict[tuple[int, int], float]:
        """How high each line enters a box: side by side, in the order in which they come, not all in one point."""
        ports = {}
        for vertex, before in enumerate(self.before):
            step = min(11.0, self.height[vertex] * 0.7 / max(1, len(before)))
            for index, other in enumerate(sorted(before, key=lambda other: middle[other])):
                ports[other, vertex] = middle[vertex] + (index - (len(before) - 1) / 2) * step
        return ports


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def spread(wanted: Sequence[float], weight: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The places nearest to `wanted`, by weighted least squares, that are no closer to one another than `offsets` are.

    With the offsets taken away it is a monotone regression, which pooling of adjacent violators solves exactly.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, weighs, offset in zip(wanted, weight, offsets, strict=True):
        mean, total, many = want - offset, weighs, 1
        while blocks and blocks[-1][0] >= mean:
            before, heavy, number = blocks.pop()
            mean = (before * heavy + mean * total) / (heavy + total)
            total, many = heavy + total, number + many
        blocks.append((mean, total, many))
    level = [mean for mean, _, many in blocks for _ in range(many)]
    return [y + offset for y, offset in zip(level, offsets, strict=True)]
