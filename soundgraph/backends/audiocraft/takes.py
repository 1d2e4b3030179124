"""A take that is being made: how far it is, what its next window is told, and which windows run together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soundgraph.backends.audiocraft.pieces import Piece, Window

if TYPE_CHECKING:
    from torch import Tensor

    from soundgraph.audio.artifact import Samples
    from soundgraph.backends import Request


@dataclass(eq=False)
class OpenTake:
    """One request, between being read and being a sound."""

    index: int
    """Of the request."""
    request: Request
    piece: Piece
    codes: Tensor
    """int64 [K, steps] of the whole piece, known up to `done`."""
    given: Samples | None = None
    """What it goes on from, at the model's rate and channel count, or None."""
    melody: Samples | None = None
    """What it is to follow, at the model's rate and channel count, or None."""
    remarks: list[str] = field(default_factory=list)
    row: Any = None
    """The next window, ready to run."""
    kind: Hashable = None
    """What rows have in common that may run together."""
    done: int = 0
    n_made: int = 0
    widths: list[int] = field(default_factory=list)
    """Of the batch each window was made in."""
    told_s: float = -1.0
    """The seconds that were reported."""
    alone: bool = False
    """Whether its next window runs without others, since a batch that it was in ended with an error of one of them."""
    trouble: str = ""
    """Why there will be no sound of it; "" for nothing."""

    def __post_init__(self) -> None:
        self.width = self.request.width
        """Of the batch that its request asks for, or as much of it as there is memory for; None for any."""

    @property
    def window(self) -> Window | None:
        """The next one; None when all are made, or no more will be."""
        if self.trouble:
            return None
        windows = self.piece.windows
        return windows[self.n_made] if self.n_made < len(windows) else None

    def context(self) -> Tensor | None:
        """The codes that the next window begins with, [K, context]; None for none."""
        window = self.piece.windows[self.n_made]
        return self.codes[:, window.start : window.start + window.context].clone() if window.context else None

    def add(self, codes: Tensor, width: int) -> None:
        """The next window is made. codes: [K, steps of the window], its context included."""
        window = self.piece.windows[self.n_made]
        self.codes[:, self.done : window.end] = codes[:, window.context :]
        self.done = window.end
        self.n_made += 1
        self.row = None
        self.alone = False
        self.widths.append(width)


def next_batch(ready: Iterable[OpenTake], width: int) -> tuple[list[OpenTake], int]:
    """Which windows to run next, together, and the width of the batch.

    ready: takes with a row to run, at least one. width: of a batch whose takes name none.

    Rows of unlike kinds cannot run together, so the kind with the fullest batch goes first: others may still grow, as
    windows of long pieces come up. Among rows of a kind those with the most windows still to come go first, since those
    wait for one another, and then the longest: a batch lasts as long as its longest row, so rows of like length belong
    together.
    """
    groups: defaultdict[tuple[int, Hashable, int], list[OpenTake]] = defaultdict(list)
    for take in ready:
        groups[take.width or width, take.kind, take.index if take.alone else -1].append(take)
    (chosen, *_), takes = max(groups.items(), key=lambda item: (min(len(item[1]), item[0][0]), -_first(item[1])))
    takes.sort(key=lambda take: (take.n_made - len(take.piece.windows), -take.piece.windows[take.n_made].n_steps))
    return takes[:chosen], chosen


def _first(takes: Sequence[OpenTake]) -> int:
    return min(take.index for take in takes)
