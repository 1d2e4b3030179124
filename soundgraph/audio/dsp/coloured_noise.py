"""Noise with a known spectrum: white, pink and brown, the same bit for bit on every machine.

Only what IEEE 754 rounds in one way goes into it (add, subtract, multiply, divide, square root) and integers. Shaping a
spectrum with an FFT would take fewer numbers than the filters below, but its factors come from the C library's sine.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.dsp import filters, random_bits

Color = Literal["white", "pink", "brown"]

BROWN_CORNER_HZ = 10.0
"""Below this brown noise is level. On without end, its power would lie at frequencies that nobody hears."""

# Zeros and poles on the real axis, fitted (least squares on the level in dB) to a straight line over log frequency from
# 1/20000 of the sample rate, about 2 Hz at 48 kHz, to 0.49 of it. Below that the line runs level.
# -3.01 dB an octave, within 0.03 dB. Two more of each would make it 0.007, and take a quarter longer.
_PINK_ZEROS = (
    *(-0.655003721113, -0.047755023261, 0.479150472313, 0.837342408140),
    *(0.957120583733, 0.989228998649, 0.997337802693, 0.999381083498),
)
_PINK_POLES = (
    *(-0.629285713363, 0.189489108583, 0.698689809727, 0.915604475334),
    *(0.978448513499, 0.994635066052, 0.998691987593, 0.999753894432),
)
# What a sum over the samples, 1 / (1 - 1/z), lacks to be -6.02 dB an octave close to half the rate; within 0.005 dB.
_BROWN_ZEROS = (-0.852781677608, -0.547488923914, -0.176901609159)
_BROWN_POLES = (-0.845362385105, -0.493253436179, -0.059715669917)

# The filters begin in silence; by then the slowest of them (8000 samples, or 10 Hz) hums along at its full level.
_WARM_UP = 1 << 16

# What fits into a processor's cache, and does not show in the result.
_CHUNK = 1 << 14


def noise(color: Color, n: int, channels: int, sample_rate: int, seed: int) -> NDArray[np.float64]:
    """Noise of an RMS of exactly 1 in each channel, shaped (channels, n).

    color: the power in each hertz is the same (white), falls by 3.01 dB an octave (pink) or by 6.02 dB an octave
        (brown, from 10 Hz on).
    seed: another seed is another noise. A channel depends on the seed and its own number, not on how many there are.

    White noise is spread evenly over ±√3. n of 0 gives no samples, and a single sample is 1 or -1.
    """
    warm_up = 0 if color == "white" else _WARM_UP
    result = np.empty((channels, n))
    for channel, target in enumerate(result):
        source = _uniform(_stream(seed, channel), warm_up + n)
        if color != "white":
            source = filters.apply(source, shape_of(color, sample_rate))
        target[:] = source[warm_up:]
        rms = _rms(target)
        if rms > 0.0:
            target /= rms
    return result


def shape_of(color: Color, sample_rate: int) -> filters.Sections:
    if color == "pink":
        return _sections(_PINK_ZEROS, _PINK_POLES)
    # 1 - w rather than exp(-w): the corner is a matter of taste, exp is the C library's. From 8 kHz up w is below 0.01.
    leak = 1.0 - 2.0 * math.pi * BROWN_CORNER_HZ / sample_rate
    return _sections((*_BROWN_ZEROS, 0.0), (*_BROWN_POLES, leak))


def _sections(zeros: tuple[float, ...], poles: tuple[float, ...]) -> filters.Sections:
    """Two zeros and two poles a section."""
    return np.array(
        [
            [1.0, -(z1 + z2), z1 * z2, 1.0, -(p1 + p2), p1 * p2]
            for z1, z2, p1, p2 in zip(zeros[::2], zeros[1::2], poles[::2], poles[1::2], strict=True)
        ]
    )


def _rms(samples: NDArray[np.float64]) -> float:
    """The root of the mean square, in one order of adding on every machine: by columns, then exactly."""
    width = 4096
    in_rows = samples.size // width * width
    squares = samples * samples
    columns = np.add.reduce(squares[:in_rows].reshape(-1, width), axis=0)
    total = math.fsum(columns.tolist()) + math.fsum(squares[in_rows:].tolist())
    return math.sqrt(total / samples.size) if samples.size else 0.0


def _stream(seed: int, channel: int) -> int:
    return int.from_bytes(hashlib.sha256(f"noise {seed} {channel}".encode()).digest()[:8], "little")


def _uniform(stream: int, n: int) -> NDArray[np.float64]:
    """n independent values evenly spread from -1 to 1."""
    values = np.empty(n)
    counter = np.arange(1, min(n, _CHUNK) + 1, dtype=np.uint64) * np.uint64(random_bits.STEP)
    for start in range(0, n, _CHUNK):
        part = values[start : start + _CHUNK]
        x: NDArray[Any] = counter[: part.size] + np.uint64((stream + start * random_bits.STEP) % 2**64)
        random_bits.mix(x)
        x >>= np.uint64(11)
        # The middle of each of 2⁵³ steps, so that the mean is 0. Exact: no value needs more than 53 bits.
        part[:] = x.view(np.int64)
        part -= 2.0**52 - 0.5
        part *= 2.0**-52
    return values
