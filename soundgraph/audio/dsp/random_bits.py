"""Random numbers of which the n-th can be had by itself, the same on every machine.

numpy's generators may give other floats in another release, and a sound that was made once has to stay what it is.
Source: SplitMix64; Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STEP = 0x9E3779B97F4A7C15
"""From one number of a stream to the next, before they are mixed."""


def mix(places: NDArray[Any]) -> None:
    """Turns places in a stream, uint64 and STEP apart, into 64 random bits each, in place."""
    places ^= places >> np.uint64(30)
    places *= np.uint64(0xBF58476D1CE4E5B9)
    places ^= places >> np.uint64(27)
    places *= np.uint64(0x94D049BB133111EB)
    places ^= places >> np.uint64(31)
