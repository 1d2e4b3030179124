"""What a picture of a sound shows, as numbers: its envelope, its spectrogram, its loudness over time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp import loudness

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

SILENT_DB = -200.0
"""Stands for what has no level: under anything that 24 bits can hold."""

LOWEST_HZ = 30.0

# A window long enough to tell low notes apart, in seconds, and a part of a short sound that still shows its course.
_WINDOW_S = 0.085
_SHORT_PART = 24
_SHORTEST_S = 0.004
# Windows that are transformed at a time: a few MB, however long the sound is.
_BATCH = 256


@dataclass(frozen=True)
class WaveformOutline:
    """Each shaped (channels, columns): the least and the greatest sample of a stretch of time, and its RMS."""

    low: Singles
    high: Singles
    rms: Singles


def envelope(audio: Audio, columns: int) -> WaveformOutline:
    """The outline of a waveform in so many stretches of equal length; every sample is in one, none is left out.

    A sound with fewer samples than columns shows each of them in several; one without any is a line at zero.
    """
    samples, n = audio.samples, audio.n_samples
    if not n:
        nothing = np.zeros((audio.channels, columns), np.float32)
        return WaveformOutline(nothing, nothing, nothing)
    starts = np.arange(columns) * n // columns
    low = np.minimum.reduceat(samples, starts, axis=1)
    high = np.maximum.reduceat(samples, starts, axis=1)
    counts = np.maximum(np.diff(starts, append=n), 1)
    # One channel at a time, and in single precision before they are added up: an hour of sound is large enough.
    squares = [np.add.reduceat(np.square(channel), starts, dtype=np.float64) for channel in samples]
    return WaveformOutline(low, high, np.sqrt(np.stack(squares) / counts).astype(np.float32))


def row_edges_hz(rate: int, rows: int) -> Floats:
    """The frequencies that bound the rows of a spectrogram, from low to high: equal ratios up to half the rate."""
    return np.geomspace(LOWEST_HZ, rate / 2, rows + 1)


def row_of(frequency_hz: float, rate: int, rows: int) -> float:
    """Where a frequency lies in those rows: 0 is the lower edge of the first, `rows` the upper edge of the last."""
    return rows * math.log(frequency_hz / LOWEST_HZ) / math.log(rate / 2 / LOWEST_HZ)


def spectrogram(audio: Audio, columns: int, rows: int) -> Singles:
    """Levels in dB, shaped (rows, columns), low frequencies first; a sine at full scale reads 0 (within 1.5 dB).

    Windows (Hann, 85 ms, shorter for a sound under two seconds) lie so that every sample is in one; of several in a
    column, and of several frequencies in a row, the strongest shows, so that a click or a thin tone is not averaged
    away. Rows narrower than the transform can tell are interpolated. Channels are averaged in power: a difference
    between left and right does not cancel.
    """
    n, rate = audio.n_samples, audio.sample_rate
    levels = np.full((rows, columns), SILENT_DB, np.float32)
    if not n:
        return levels
    window = _window(n, rate)
    per_column = max(1, math.ceil(n / columns / (window / 2)))
    centres = ((np.arange(columns * per_column) + 0.5) * n / (columns * per_column)).astype(np.int64)
    shape = np.hanning(window + 1)[:window].astype(np.float32)
    scale = 2.0 / float(np.add.reduce(shape))
    to_rows = _Rows(rate, window, rows)
    step = max(1, _BATCH // per_column) * per_column
    for start in range(0, centres.size, step):
        middles = centres[start : start + step]
        power = np.zeros((middles.size, window // 2 + 1))
        first, last = int(middles[0]) - window // 2, int(middles[-1]) + window // 2
        part = np.pad(audio.samples[:, max(first, 0) : last], ((0, 0), (max(-first, 0), max(last - n, 0))))
        for channel in np.lib.stride_tricks.sliding_window_view(part, window, axis=1):
            spectra = np.fft.rfft(channel[middles - middles[0]] * shape, axis=1)
            power += np.square(np.abs(spectra) * scale) / audio.channels
        strongest = np.maximum.reduce(power.reshape(-1, per_column, power.shape[1]), axis=1)
        column = start // per_column
        levels[:, column : column + len(strongest)] = to_rows.levels(strongest).T
    return levels


class _Rows:
    """From the bins of a transform to rows of equal ratios."""

    def __init__(self, rate: int, window: int, rows: int):
        spacing = rate / window
        edges = row_edges_hz(rate, rows)
        first = np.ceil(edges / spacing).astype(np.int64)
        # A row without a bin of its own lies between two; rows that have one take all of theirs. Those follow one
        # another without a gap, so that the start of the next is the end of each.
        self._wide = np.flatnonzero(first[1:] > first[:-1])
        self._starts = first[:-1][self._wide]
        self._end = int(first[-1])
        centre = np.sqrt(edges[1:] * edges[:-1]) / spacing
        self._below = np.minimum(centre.astype(np.int64), window // 2 - 1)
        self._part = (centre - self._below).astype(np.float32)

    def levels(self, power: Floats) -> Singles:
        """power: shaped (columns, bins). Returns dB, shaped (columns, rows)."""
        level = (10.0 * np.log10(power + 10.0 ** (SILENT_DB / 10))).astype(np.float32)
        row_levels: Singles = level[:, self._below] * (1 - self._part) + level[:, self._below + 1] * self._part
        if self._wide.size:
            row_levels[:, self._wide] = np.maximum.reduceat(level[:, : self._end], self._starts, axis=1)
        return row_levels


def _window(n: int, rate: int) -> int:
    seconds = min(_WINDOW_S, max(_SHORTEST_S, n / rate / _SHORT_PART))
    return int(2 ** max(4, round(math.log2(seconds * rate))))


@dataclass(frozen=True)
class Loudness:
    """Loudness over time. Times are the middles of the windows, in s; levels in LUFS, SILENT_DB for silence.

    momentary: of 400 ms, every 100 ms. short_term: of 3 s, every 100 ms; empty for a shorter sound.
    """

    momentary_s: Floats
    momentary_lufs: Floats
    short_term_s: Floats
    short_term_lufs: Floats


def loudness_over_time(audio: Audio) -> Loudness:
    """Momentary and short-term loudness (ITU-R BS.1770-4, ungated), as EBU Tech 3341 has a meter show them.

    A meter shows a window when it is over; here it stands at the window's middle, below what it is about.
    """
    momentary = np.maximum(loudness.momentary_lufs(audio), SILENT_DB)
    short_term = np.maximum(loudness.short_term_lufs(audio), SILENT_DB)
    return Loudness(
        _middles_s(momentary.size, loudness.BLOCK_MS),
        momentary,
        _middles_s(short_term.size, loudness.SHORT_TERM_MS),
        short_term,
    )


def _middles_s(count: int, window_ms: int) -> Floats:
    return (np.arange(count) * loudness.STEP_MS + window_ms / 2) / 1000
