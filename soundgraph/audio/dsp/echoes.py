"""Echoes: a delay line that feeds back into itself, with filters in the loop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Samples
from soundgraph.audio.dsp import filters

# Echoes are counted until they have fallen by this much against the first.
_END_DB = 60.0

# A filter's state below this is taken for zero: see dsp/filters.py.
_TINY = 1e-100


def audible(feedback: float) -> int:
    """How many echoes there are until the next has fallen by more than 60 dB; feedback: 0 up to 1, not 1 itself."""
    if feedback == 0.0:
        return 1
    return 1 + math.floor(_END_DB / (-20.0 * math.log10(feedback)) + 1e-9)


def echoes(
    lines: NDArray[Any], step: int, length: int, feedback: float, sections: Sequence[filters.Sections], crossed: bool
) -> Samples:
    """What comes out of one delay line for each row of `lines`.

    lines: what goes in, shape (rows, n). step: the delay in samples, 1 or more. length: samples of the result.
    feedback: how much of what comes out goes in again. sections: first-order filters (see `low` and `high`) that
        everything passes on its way in. crossed: what comes out of the first of two lines goes into the second, and
        the other way round.

    Returns float32, shape (rows, length): echo k begins at k · step, scaled by feedback^(k - 1), filtered k times.

    The line is stepped through in blocks of one delay: what comes out of a block was all known when it began, so there
    is no going sample by sample.
    """
    rows, n = lines.shape
    result = np.zeros((rows, length), np.float32)
    loop = [_Carried(section, rows, step) for section in sections]
    out = np.zeros((rows, step))
    for start in range(0, length - step, step):
        block = (out[::-1] if crossed else out) * feedback
        fresh = lines[:, start : min(start + step, n)]
        block[:, : fresh.shape[1]] += fresh
        for stage in loop:
            block = stage.run(block)
        out = block
        heard = result[:, start + step : start + 2 * step]
        with np.errstate(over="ignore"):  # infinity is for the caller to refuse, in words
            heard[:] = out[:, : heard.shape[1]]
    return result


def low(freq_hz: float, sample_rate: float) -> filters.Sections:
    """Takes away what is above freq_hz at 6 dB an octave, -3 dB at freq_hz; shape (6,). See `high`."""
    k = math.tan(math.pi * freq_hz / sample_rate)
    return np.array([k / (1 + k), k / (1 + k), 0.0, 1.0, (k - 1) / (k + 1), 0.0])


def high(freq_hz: float, sample_rate: float) -> filters.Sections:
    """Takes away what is below freq_hz at 6 dB an octave, -3 dB at freq_hz; shape (6,).

    freq_hz: more than 0, below half of sample_rate. No gain exceeds 1, so a loop with it in ends if it does without.
    Source: bilinear transform of the first-order Butterworth filter, bent to be exact at freq_hz.
    """
    k = math.tan(math.pi * freq_hz / sample_rate)
    return np.array([1 / (1 + k), -1 / (1 + k), 0.0, 1.0, (k - 1) / (k + 1), 0.0])


class _Carried:
    """A first-order filter that goes on where it stopped, block after block of up to `longest` samples."""

    def __init__(self, section: filters.Sections, rows: int, longest: int):
        self.section = section
        self.b1, self.a1 = float(section[1]), float(section[4])
        self.state = np.zeros((rows, 1))
        # What a state of 1 rings on as. Powers by repeated products: numpy's own differ between processors.
        ring = np.full(longest, -self.a1)
        ring[0] = 1.0
        self.ring = np.multiply.accumulate(ring)
        self.ring[np.abs(self.ring) < _TINY] = 0.0

    def run(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        y: NDArray[np.float64] = filters.apply(x, self.section)
        y += self.state * self.ring[: x.shape[1]]
        self.state = self.b1 * x[:, -1:] - self.a1 * y[:, -1:]
        self.state[np.abs(self.state) < _TINY] = 0.0
        return y
