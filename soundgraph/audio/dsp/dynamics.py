"""What moves a level by the level itself: detection, static curves, hold, and the smoothing of gains over time.

Detectors look at sample magnitudes, linked over the channels, so that what is turned down keeps its place between left
and right. All of it runs on whole chunks: no step depends on a loop over samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio, Samples, make

Floats = NDArray[np.float64]

# Half a million bytes for each intermediate: small enough for a processor's cache, large enough for numpy. Chunks
# change the last bit of a float64, so the figure is fixed, not fitted to the machine.
CHUNK = 1 << 16

# Silence has no level in dB; this stands in for one, far below what anything here listens for.
_FLOOR = 1e-13

_DB_PER_NEPER = 20.0 / math.log(10.0)

# A chunk, even one of 50,000 samples, makes more than 500 of them: numpy lets other threads run beside a running sum or
# maximum over that many rows.
_BLOCK = 96
_RANGE = 250.0  # decades of a float64 that a block may span
_TINY = 1e-30


def linked_peak(samples: Samples) -> NDArray[np.float32]:
    """The largest magnitude over the channels, sample by sample: shape (n,) from (channels, n)."""
    peak: NDArray[np.float32] = np.maximum(samples.max(axis=0), -samples.min(axis=0))
    return peak


def decibels(magnitudes: NDArray[np.floating]) -> Floats:
    """20·log10, float64, of magnitudes of 0 or more; silence reads -260 dB."""
    levels: Floats = np.log(np.maximum(magnitudes, _FLOOR, dtype=np.float64))
    levels *= _DB_PER_NEPER
    return levels


def factors(gains_db: Floats) -> Floats:
    """Linear gains of gains in dB; 0 dB is exactly 1."""
    return np.exp(gains_db / _DB_PER_NEPER)


def shaped(audio: Audio, factors_of: Callable[[slice], Floats]) -> Audio:
    """A sound multiplied by a gain that changes over time, the same for all channels.

    factors_of: linear gains for the samples of a slice, float64. It is asked for one slice after another, from the
        first sample to the last, so it may remember where it was. Where it says exactly 1, samples stay bit for bit.
    """
    result = np.empty_like(audio.samples)
    for start in range(0, audio.n_samples, CHUNK):
        part = slice(start, min(start + CHUNK, audio.n_samples))
        with np.errstate(over="ignore"):  # make() refuses infinity, in words
            result[:, part] = audio.samples[:, part] * factors_of(part)
    return make(result, audio.sample_rate)


def reduction_db(levels_db: Floats, threshold_db: float, ratio: float, knee_db: float) -> Floats:
    """How many dB a compressor takes away from a steady level; 0 or more, same shape.

    ratio: 1 or more; above the threshold, a level that rises by `ratio` dB comes out 1 dB louder.
    knee_db: 0 or more; over so many dB around the threshold the curve bends as a parabola.

    Source: Giannoulis, Massberg, Reiss, "Digital Dynamic Range Compressor Design: A Tutorial and Analysis", JAES 60(6),
    2012: the gain computer, its three branches written as one.
    """
    slope = 1.0 - 1.0 / ratio
    over = levels_db - threshold_db
    reduction: Floats = np.maximum(over - knee_db / 2, 0.0)
    if knee_db > 0:
        bent = np.clip(over + knee_db / 2, 0.0, knee_db)
        bent *= bent
        bent /= 2 * knee_db
        reduction += bent
    reduction *= slope
    return reduction


def open_while(magnitudes: NDArray[np.float32], opens_at: float, closes_under: float, hold: int) -> NDArray[np.bool_]:
    """A switch with hysteresis and hold: sample by sample whether it is open, shape (n,) as `magnitudes`.

    It opens at a magnitude of `opens_at` or more, at that sample, and closes once the `hold` samples after the last
    magnitude of `closes_under` or more have passed. 0 < closes_under <= opens_at, hold of 0 or more.
    """
    n = magnitudes.size
    loud, loud_ends = _runs(magnitudes >= closes_under)
    # Runs with no more than `hold` samples between them belong together.
    apart = loud[1:] - loud_ends[:-1] > hold
    starts = loud[np.concatenate(([True], apart))[: loud.size]]
    ends = loud_ends[np.concatenate((apart, [True]))[: loud.size]]
    # What opens the switch is never the middle of a run that began before its group, so the first of such a run is it.
    openers = np.append(_runs(magnitudes >= opens_at)[0], n)
    opened = openers[np.searchsorted(openers, starts)]
    valid = opened < ends
    steps = np.zeros(n + 1, np.int8)
    steps[opened[valid]] += 1
    steps[np.minimum(ends[valid] + hold, n)] -= 1
    return np.add.accumulate(steps[:n], dtype=np.int8).view(np.bool_)


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the runs of True begin, and where they have ended."""
    padded = np.zeros(mask.size + 2, np.int8)
    padded[1:-1] = mask
    changes = np.diff(padded)
    return np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)


class Leak:
    """y[k] = op(x[k], keep · y[k-1]), from chunk to chunk, beginning with y = 0.

    op: np.add, which makes a one-pole low pass without its factor, or np.maximum, a peak follower: rises at once, falls
        exponentially.
    keep: 0 or more, less than 1.

    Divided by keep^k, the values of a block need nothing but a running sum or maximum, which numpy has. No digits are
    lost by it: every term carries the same relative error as if it had come down step by step.
    """

    def __init__(self, op: np.ufunc, keep: float):
        self.op = op
        self.state = 0.0
        # A float64 has to hold keep^-block.
        self.block = min(_BLOCK, int(_RANGE / -math.log10(keep))) if keep > 0 else 0
        # By the C library rather than numpy, which picks its power by processor.
        self.falling = np.array([keep**k for k in range(1, self.block + 1)])
        self.rising = np.array([keep**-k for k in range(1, self.block + 1)])

    def run(self, x: Floats) -> Floats:
        """x: shape (n,). Returns the same shape; the input is not changed."""
        if self.block < 2:  # forgets within a sample
            return np.maximum(x, 0.0) if self.op is np.maximum else x.copy()
        n_blocks = -(-x.size // self.block)
        work = np.zeros(n_blocks * self.block)
        work[: x.size] = x
        rows = work.reshape(n_blocks, self.block)
        rows *= self.rising
        self.op.accumulate(rows, axis=1, out=rows)
        rows *= self.falling
        inherited = []
        forget, state = float(self.falling[-1]), self.state
        add = self.op is np.add
        for own in rows[:, -1].tolist():
            inherited.append(state)
            left = forget * state
            if add:
                state = own + left
            elif left < own:
                state = own
            else:
                state = left
            if -_TINY < state < _TINY:  # before it becomes subnormal, and slow
                state = 0.0
        self.state = state
        self.op(rows, np.multiply.outer(inherited, self.falling), out=rows)
        y = work[: x.size]
        if x.size % self.block:
            self.state = float(y[-1])
        return y


class Smoothing:
    """Attack and release of a control signal of 0 or more, such as a reduction in dB: the smooth decoupled detector.

    attack_ms, release_ms: time constants, 0 or more. After a step up 63 % is reached in attack_ms, after a step down
        63 % of the way is gone in release_ms, and the attack's smoothing on top of it.

    The release comes first, y₁ = max(x, r·y₁ + (1 - r)·x), and an attack low pass of its result second, y = a·y +
    (1 - a)·y₁. What is above its own low pass z = r·z + (1 - r)·x is a peak follower: y₁ - z = max(x - z, r·(y₁ - z)),
    which is how it is computed here.
    Source: Giannoulis, Massberg, Reiss (2012), level detection.
    """

    def __init__(self, attack_ms: float, release_ms: float, sample_rate: int):
        self.attack, self.release = keep(attack_ms, sample_rate), keep(release_ms, sample_rate)
        self.low_pass = Leak(np.add, self.release)
        self.follower = Leak(np.maximum, self.release)
        self.last = Leak(np.add, self.attack)

    def run(self, x: Floats) -> Floats:
        """x: the next samples, shape (n,). Returns the same shape."""
        low = self.low_pass.run(x)
        low *= 1.0 - self.release
        y = self.follower.run(x - low)
        y += low
        if self.attack:
            y *= 1.0 - self.attack
            y = self.last.run(y)
        return y


class Glide:
    """A switch as a gain follows it: up to 1 while it is on, down to 0 while it is off.

    attack_ms, release_ms: time constants, 0 or more. 63 % of the way up is done after attack_ms. On the way down it is
        at 37 % release_ms after the switch went off, and lower where it had not been all the way up; the attack does
        not lie on top of it, as it does in `Smoothing`. A switch that is off for much less than release_ms, as between
        the crests of a wave, hardly counts as off.

    With a peak follower p = max(x, r·p) of the switch, y = min(p, a·y + (1 - a)·p): on its way up it is a low pass of
    p, and never over p. What that low pass l would be over y is a peak follower as well, l - y = max(l - p, a·(l - y)),
    which is how it is computed here. A one-pole filter that takes a where it rises and r where it falls would go
    down by the same curve, but a switch that flutters would hold it half way.
    """

    def __init__(self, attack_ms: float, release_ms: float, sample_rate: int):
        self.attack = keep(attack_ms, sample_rate)
        self.peak = Leak(np.maximum, keep(release_ms, sample_rate))
        self.low_pass = Leak(np.add, self.attack)
        self.excess = Leak(np.maximum, self.attack)

    def run(self, is_on: NDArray[np.bool_]) -> Floats:
        """is_on: of the next samples, shape (n,). Returns the same shape."""
        peak = self.peak.run(is_on.astype(np.float64))
        low = self.low_pass.run(peak * (1.0 - self.attack))
        return low - self.excess.run(low - peak)


def keep(time_ms: float, sample_rate: int) -> float:
    """What a one-pole filter keeps from sample to sample, so that 1 - 1/e of a step is done in time_ms; 0 for 0 ms."""
    return math.exp(-1000.0 / (time_ms * sample_rate)) if time_ms > 0 else 0.0
