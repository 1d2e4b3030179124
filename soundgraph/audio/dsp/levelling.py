"""Evening out slow changes of loudness over a long piece."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio, Samples
from soundgraph.audio.dsp.loudness import ABSOLUTE_GATE_LUFS, BLOCK_MS, STEP_MS, Blocks, blocks

QUIET_LU = -20.0
"""What lies so far under the whole piece is a pause: it says nothing of the level, and is not lifted for its own."""

FADE_LU = -1.0
"""A fade at an end of a piece lasts until its blocks come so close to the loudness of the first, or last, window."""

# One pass flattens what is much slower than the window. Each further one applies the same to what is left of the drift,
# so that the changes of some windows' length go, too; more than a few would begin to take away phrases.
_PASSES = 4

# From LUFS to decibels of K-weighted power, as ITU-R BS.1770-4 has it.
_OFFSET_DB = 0.691

_CHUNK = 1 << 16


def evened(audio: Audio, window_seconds: float, max_gain_db: float) -> Samples:
    """The sound under a smooth gain that holds its loudness, averaged over a window, at that of the whole.

    audio: any rate, length and channel count.
    window_seconds: more than 0; length of the sliding average (a raised cosine). What changes faster stays.
    max_gain_db: 0 or more; the gain stays within ±max_gain_db.

    Returns float32 of the same shape, the same samples where there is nothing to even out: silence, less than a window.
    A pause takes the gain of what surrounds it, a fade at an end that of what is next to it; the loudness of the whole
    stays, unless the limits of the gain stand in the way.
    """
    gains_db = gain_curve_db(blocks(audio), window_seconds, max_gain_db)
    if audio.duration < window_seconds or not gains_db.any():
        return audio.samples
    result = np.empty_like(audio.samples)
    # A block is known by its middle.
    times = (np.arange(gains_db.size) * STEP_MS + BLOCK_MS / 2) / 1000 * audio.sample_rate
    for start in range(0, audio.n_samples, _CHUNK):
        stop = min(start + _CHUNK, audio.n_samples)
        part_db = np.interp(np.arange(start, stop) + 0.5, times, gains_db)
        with np.errstate(over="ignore"):  # infinity is for the caller to refuse, in words
            result[:, start:stop] = audio.samples[:, start:stop] * np.exp(part_db * (math.log(10) / 20))
    return result


def gain_curve_db(measured: Blocks, window_seconds: float, max_gain_db: float) -> NDArray[np.float64]:
    """The gain in dB for each gating block (400 ms long, 100 ms apart); all 0 where nothing can be heard."""
    gains_db = np.zeros(measured.powers.size)
    lufs = measured.lufs()
    if lufs is None:
        return gains_db
    window = _window(window_seconds)
    counts = _counting(measured, lufs, window.size)
    weight = _sliding(counts, window)
    # Within reach of something that counts; the rest is filled in from there.
    (near,) = np.nonzero(weight > 1e-9 * window.size)
    (counting,) = np.nonzero(counts)
    places = np.arange(gains_db.size)

    def average(values: NDArray[np.float64]) -> NDArray[np.float64]:
        means = _sliding(counts * values, window)[near] / weight[near]
        # Outside of what counts at all, the value at its edge: a fade is not lifted.
        return np.interp(np.clip(places, counting[0], counting[-1]), near, means)

    for _ in range(_PASSES):
        local_db = 10 * np.log10(np.maximum(average(measured.powers * 10 ** (gains_db / 10)), 1e-30))
        # Averaged again: the correction of a correction would otherwise grow sharper with each pass.
        gains_db = np.clip(
            gains_db + average(_level_db(measured, gains_db, lufs) - local_db), -max_gain_db, max_gain_db
        )
    made_db = _level_db(measured, gains_db, lufs) - _level_db(measured, np.zeros_like(gains_db), lufs)
    return np.clip(gains_db - made_db, -max_gain_db, max_gain_db)


def _level_db(measured: Blocks, gains_db: NDArray[np.float64], default: float) -> float:
    """Loudness under such gains, as a level of K-weighted power; the standard's offset does not matter here."""
    level = Blocks(measured.powers * 10 ** (gains_db / 10), measured.padded).lufs()
    return (default if level is None else level) + _OFFSET_DB


def _window(window_seconds: float) -> NDArray[np.float64]:
    steps = max(round(window_seconds * 1000 / STEP_MS), 1)
    return np.asarray(np.sin(np.pi * (np.arange(steps) + 0.5) / steps) ** 2)


def _counting(measured: Blocks, lufs: float, steps: int) -> NDArray[np.float64]:
    """1 for blocks that tell the level of the piece; 0 for pauses, and for fades at its ends."""
    powers = measured.powers
    floor = _power(max(lufs + QUIET_LU, ABSOLUTE_GATE_LUFS))
    counts = (powers > floor).astype(np.float64)
    (loud,) = np.nonzero(counts)
    first, last = int(loud[0]), int(loud[-1])
    for part, span in ((slice(first, first + steps), 1), (slice(max(last + 1 - steps, first), last + 1), -1)):
        edge = powers[part][::span]
        level = Blocks(edge, measured.padded).lufs()
        if level is not None:
            counts[part][::span][: int(np.argmax(edge > _power(level + FADE_LU)))] = 0.0
    return counts


def _sliding(values: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums under the window as it slides, its middle over each value in turn."""
    size = 1 << (values.size + window.size - 1).bit_length()
    sums = np.fft.irfft(np.fft.rfft(values, size) * np.fft.rfft(window, size), size)
    start = window.size // 2
    return np.asarray(sums[start : start + values.size])


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + _OFFSET_DB) / 10))
