"""Random numbers by name: a counter-based stream for each purpose, the same in any process and numpy version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.dsp import random_bits
from soundgraph.backends.draft.exact import Mono, blocks
from soundgraph.core.digest import digest

T = TypeVar("T")


class Chance:
    """A stream of numbers that depends on its name only: what one sound draws never shifts what another gets.

    numpy's own generators would do, but their streams of floats may change between releases, and importing them costs
    more than a short take.
    """

    def __init__(self, *name: str | float):
        self._name = name
        self._key = int(digest("draft chance", list(name))[:16], 16)
        self._drawn = 0

    def child(self, *name: str | int) -> Chance:
        """The stream of that name below this one."""
        return Chance(*self._name, *name)

    def uniform(self, n: int) -> NDArray[np.float64]:
        """n numbers from 0 up to 1."""
        return (self._bits(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def white(self, n: int) -> Mono:
        """n samples of white noise, evenly spread from -1 to 1."""
        noise = np.empty(n, np.float32)
        for start, stop in blocks(n):
            halves = self._bits((stop - start + 1) // 2).astype("<u8", copy=False).view("<i4")
            noise[start:stop] = halves[: stop - start]
            noise[start:stop] *= np.float32(2.0**-31)
        return noise

    def number(self, low: float, high: float) -> float:
        return low + (high - low) * float(self.uniform(1)[0])

    def integer(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(float(self.uniform(1)[0]) * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.integer(0, len(choices) - 1)]

    def _bits(self, n: int) -> NDArray[np.uint64]:
        # Arrays, not scalars: numpy warns when a scalar wraps around, and wrapping around is the point here.
        x = np.arange(self._drawn + 1, self._drawn + n + 1, dtype=np.uint64)
        self._drawn += n
        x *= np.uint64(random_bits.STEP)
        x += np.uint64(self._key)
        random_bits.mix(x)
        return x
