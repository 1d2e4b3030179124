"""Noise with a spectrum, distance, resonances and slow curves: what the sounds are made of.

Noise is built an octave at a time from the lowest up (make the noise of one octave, double the rate, add the next), so
each octave can have its own level and its own course over time. That is how thunder loses its highs first, and how a
gust of wind gets brighter as it gets louder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from soundgraph.backends.draft.chance import Chance
from soundgraph.backends.draft.exact import Mono, blocks, fall, gain_of, octaves_of, wave

Spectrum = Sequence[tuple[float, float]]
"""(Hz, level in dB of the octave around it), rising; straight lines between, level held beyond both ends."""
Course = Callable[[float, int, float], "Mono | float"]
"""From (an octave's centre in Hz, a number of samples, their rate in Hz) to the octave's gain over time."""

# A half-band low pass: 15 taps of which every second one is 0 (Hamming-windowed sinc, normalised to 1 at DC).
_TAPS = ((1, 0.30823), (3, -0.07623), (5, 0.02325), (7, -0.00525))
LOWEST_HZ = 24.0


def _neighbours(x: Mono, spacing: int) -> Mono:
    """The half-band filter's odd taps: half of its low-passed output, with silence beyond both ends."""
    n, reach = len(x), 7 * spacing
    padded = np.zeros(n + 2 * reach, np.float32)
    padded[reach : reach + n] = x
    result = np.zeros(n, np.float32)
    for start, stop in blocks(n):
        middle, part = start + reach, result[start:stop]
        for offset, gain in _TAPS:
            at = offset * spacing
            pair = padded[middle - at : middle - at + len(part)] + padded[middle + at : middle + at + len(part)]
            pair *= np.float32(gain)
            part += pair
    return result


def _doubled(x: Mono, n: int) -> Mono:
    """n samples at twice the rate of x, where len(x) > n // 2."""
    m = len(x)
    padded = np.zeros(m + 8, np.float32)
    padded[3 : 3 + m] = x
    result = np.empty(2 * m, np.float32)
    result[0::2] = x
    for start, stop in blocks(m):
        between = np.zeros(stop - start, np.float32)
        for offset, gain in _TAPS:
            before, after = start + 3 - (offset - 1) // 2, start + 3 + (offset + 1) // 2
            pair = padded[before : before + len(between)] + padded[after : after + len(between)]
            pair *= np.float32(2 * gain)
            between += pair
        result[2 * start + 1 : 2 * stop : 2] = between
    return result[:n]


def level_db(spectrum: Spectrum, hz: float) -> float:
    """The spectrum's level at a frequency."""
    below = spectrum[0]
    for above in spectrum:
        if hz < above[0]:
            span = octaves_of(above[0] / below[0])
            share = octaves_of(hz / below[0]) / span if span > 0 and hz > below[0] else 0.0
            return below[1] + share * (above[1] - below[1])
        below = above
    return below[1]


def noise(chance: Chance, n: int, rate: float, spectrum: Spectrum, course: Course | None = None) -> Mono:
    """n samples of noise. An octave at 0 dB has an RMS of about 0.4; nothing below LOWEST_HZ, so there is no DC."""
    if rate * 0.35 < LOWEST_HZ or n == 0:
        return np.zeros(n, np.float32)
    lower = _doubled(noise(chance, n // 2 + 1, rate / 2, spectrum, course), n)
    hz = rate * 0.35
    level = level_db(spectrum, hz)
    if level <= -60.0:
        return lower
    octave = chance.white(n)
    octave *= np.float32(0.5)
    octave -= _neighbours(octave, 1) * np.float32(2.0)
    octave *= np.float32(gain_of(level))
    if course is not None:
        octave *= np.asarray(course(hz, n, rate), np.float32)
    octave += lower
    return octave


def dull(x: Mono, rate: float, cutoff_hz: float, keep: float = 0.0) -> Mono:
    """Octaves above the cutoff turned down to `keep` each, one after another: what distance and walls do."""
    spacing = 1
    while rate / (4 * spacing) > cutoff_hz and 7 * spacing < len(x):
        low = _neighbours(x, spacing)
        low += x * np.float32(0.5)
        x = low + (x - low) * np.float32(keep)
        spacing *= 2
    return x


def mode(n: int, rate: float, hz: float, t60_s: float, glide: float = 1.0) -> Mono:
    """A decaying sine, no longer than it is heard; `glide` is the ratio of its last frequency to its first.

    Silent above 0.45 of the rate. Shape (at most n,).
    """
    n = min(n, int(1.3 * t60_s * rate) + 1)
    if hz >= 0.45 * rate or hz * glide >= 0.45 * rate:
        return np.zeros(n, np.float32)
    time = np.arange(n) / rate
    turns = hz * time
    if glide != 1.0:
        turns += (0.5 * hz * (glide - 1.0) * rate / n) * time * time
    return wave(turns) * fall(n, t60_s * rate)


def modes(n: int, rate: float, partials: Sequence[tuple[float, float, float]]) -> Mono:
    """The sum of decaying sines, each (Hz, gain, seconds to fall by 60 dB)."""
    parts = [(gain, mode(n, rate, hz, t60_s)) for hz, gain, t60_s in partials]
    result = np.zeros(max(len(part) for _, part in parts), np.float32)
    for gain, part in parts:
        result[: len(part)] += part * np.float32(gain)
    return result


def bump(n: int, rise: float = 0.5) -> Mono:
    """From 0 up to 1 and down to 0 over n samples, smooth; the top is at the share `rise` of them."""
    place = (np.arange(n) + 0.5) / max(n, 1)
    x = np.minimum(place / rise, (1.0 - place) / (1.0 - rise))
    return np.asarray(x * x * (3.0 - 2.0 * x), np.float32)


def ends_ramped(x: NDArray[np.float32], n_in: int, n_out: int) -> NDArray[np.float32]:
    """The last axis faded in and out by straight lines of so many samples, at most half of it each; in place."""
    n = x.shape[-1]
    n_in, n_out = min(n_in, n // 2), min(n_out, n // 2)
    x[..., :n_in] *= ((np.arange(n_in) + 0.5) / max(n_in, 1)).astype(np.float32)
    x[..., n - n_out :] *= ((np.arange(n_out)[::-1] + 0.5) / max(n_out, 1)).astype(np.float32)
    return x


def ends_ramped_over(x: Mono, rate: int, rise_s: float, end_s: float) -> Mono:
    """`ends_ramped` over so many seconds at either end."""
    return ends_ramped(x, int(rise_s * rate), int(end_s * rate))


class Drift:
    """A slow random curve from 0 to 1 that can be read at any rate: random knots, joined smoothly."""

    def __init__(self, chance: Chance, seconds: float, period_s: float):
        self._period_s = period_s
        self._start = chance.number(0.0, 1.0)
        self._knots = chance.uniform(int(seconds / period_s) + 64).astype(np.float32)

    def over(self, n: int, rate: float) -> Mono:
        result = np.empty(n, np.float32)
        for start, stop in blocks(n):
            place = np.arange(start, stop) * (1.0 / (rate * self._period_s))
            place += self._start
            index = place.astype(np.int64)
            place -= index
            # An octave's noise is a few samples longer than the sound, and few of those are many seconds.
            index = np.minimum(index, len(self._knots) - 2)
            x = place.astype(np.float32)
            x *= x * (np.float32(3.0) - np.float32(2.0) * x)
            low = self._knots[index]
            result[start:stop] = low + (self._knots[index + 1] - low) * x
        return result
