"""Crossfades: going over from one sound to another without a dip or a bump in level."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Samples
from soundgraph.audio.dsp.fades import ramp

CrossfadeCurve = Literal["measured", "equal_power", "linear"]

LEAST_CORRELATION = -0.5
"""Gains that made up for more cancellation than this would have to rise without bound; at it, they reach 1.155."""


def correlation(before: Samples, after: Samples) -> float:
    """How alike two sounds are, sample by sample: 1 the same, 0 unrelated or silent, -1 the opposite.

    before, after: the same shape (channels, n). All channels count together, so that a crossfade moves none of them
    to a side.
    """
    product, first, second = _power(before, after), _power(before, before), _power(after, after)
    if not first or not second:
        return 0.0
    return min(max(product / (math.sqrt(first) * math.sqrt(second)), -1.0), 1.0)


def gains(n: int, curve: CrossfadeCurve, r: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The gain of the sound that goes and of the one that comes, each n long: each other's mirror image.

    linear: they add up to 1. Right for equal sounds; unrelated ones dip by 3.01 dB in the middle.
    equal_power: their squares do. Right for unrelated sounds; equal ones rise by 3.01 dB in the middle.
    measured: ga² + gb² + 2·r·ga·gb = 1, which holds the level of sounds of equal level and correlation r, -1 to 1.
        It is equal_power at r = 0, and adds up to 1 at r = 1. Below `LEAST_CORRELATION`, r counts as that: sounds that
        cancel each other dip.
    Source of the condition: Fink, Holters, Zölzer, "Signal-matched power-complementary cross-fading and dry-wet
    mixing", DAFx 2016; here the sine and cosine of equal power are divided by the level that they would give.
    """
    coming = ramp(n, "linear" if curve == "linear" else "equal_power")
    going = coming[::-1]
    if curve == "measured":
        level = np.sqrt(1.0 + 2.0 * max(r, LEAST_CORRELATION) * going * coming)
        going, coming = going / level, coming / level
    return going, coming


def overlapped(before: Samples, after: Samples, curve: CrossfadeCurve) -> NDArray[np.float64]:
    """One sound becoming another: both the same shape (channels, n), and the result as well."""
    r = correlation(before, after) if curve == "measured" else 0.0
    going, coming = gains(before.shape[-1], curve, r)
    result: NDArray[np.float64] = before * going + after * coming
    return result


def joined(before: Samples, after: Samples, n: int, curve: CrossfadeCurve) -> Samples:
    """Two sounds, one after the other, the last n samples of the first becoming the first n of the second.

    before, after: float32, shaped (channels, length), with n from 0 to either's length.

    Returns float32, shape (channels, both lengths less n).
    """
    keep = before.shape[-1] - n
    result = np.empty((len(before), keep + after.shape[-1]), np.float32)
    result[:, :keep] = before[:, :keep]
    with np.errstate(over="ignore"):  # infinity is for the caller to refuse, in words
        result[:, keep : keep + n] = overlapped(before[:, keep:], after[:, :n], curve)
    result[:, keep + n :] = after[:, n:]
    return result


def _power(a: Samples, b: Samples) -> float:
    # No np.dot: how BLAS splits a sum may depend on the number of threads.
    return float(np.add.reduce(np.multiply(a, b, dtype=np.float64), axis=None))
