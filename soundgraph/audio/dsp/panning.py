"""Placing a sound between left and right."""

from __future__ import annotations

import math

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.core.errors import NodeError


def pan_gains(position: float) -> tuple[float, float]:
    """Left and right gain of a mono sound at position, from -1 (left) over 0 (centre) to 1 (right).

    sin((1 - p)·π/4) and sin((1 + p)·π/4): their squares add up to 1, so the power stays the same all the way, and the
    centre is at -3.01 dB on both sides. Written as two sines, so that the sides mirror each other in every bit and an
    end is exactly silent.
    Source: the sine/cosine (constant power) pan law.
    """
    return math.sin((1 - position) * (math.pi / 4)), math.sin((1 + position) * (math.pi / 4))


def balance_gains(position: float) -> tuple[float, float]:
    """Left and right gain of a stereo sound at position, from -1 to 1: the side turned to stays as it is.

    The other side gets sin((1 - |p|)·π/2): all of it in the centre, nothing at the end. There is no gain above 1, and
    nothing moves from one side to the other.
    """
    far = math.sin((1 - abs(position)) * (math.pi / 2))
    return (far if position > 0 else 1.0, far if position < 0 else 1.0)


def pan(samples: Samples, position: float) -> Samples:
    """Stereo from mono by `pan_gains`, or from stereo by `balance_gains`; in the centre, stereo stays bit for bit.

    samples: float32, shape (1, n) or (2, n). position: -1 (left) to 1 (right).

    Returns float32, shape (2, n). Raises NodeError for more than two channels.
    """
    if samples.shape[0] > 2:
        raise NodeError(f"only mono and stereo can be panned, and the sound has {samples.shape[0]} channels")
    gains = pan_gains(position) if samples.shape[0] == 1 else balance_gains(position)
    result = np.empty((2, samples.shape[1]), np.float32)
    # By float64 gains, rounded to float32 as it goes: a float64 array in between would take twice as long.
    np.multiply(samples, np.array(gains)[:, np.newaxis], out=result, casting="same_kind")
    return result
