"""Periodic waves without aliases, at one frequency or sweeping from one to another."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Waveform = Literal["sine", "square", "triangle", "saw"]
Sweep = Literal["log", "linear"]

# Entries of a table for each period of its highest harmonic. With cubics between them that harmonic, the worst, is
# right to -130 dB of its own level.
_FINENESS = 64

# While a frequency moves, two tables half an octave apart are mixed: see `wave`.
_TABLES_PER_OCTAVE = 2

_CHUNK = 1 << 14


def phase(
    samples: NDArray[np.int64], n: int, freq_hz: float, end_freq_hz: float, sweep: Sweep, sample_rate: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Phase in periods and frequency in Hz, at some samples (by number) of a wave that has n of them.

    The phase is 0 at the first sample. A linear sweep gains so many hertz each second, a log sweep so many octaves;
    either would reach end_freq_hz at the sample after the last. Both float64, of the shape of `samples`.
    """
    t = samples / sample_rate
    seconds = n / sample_rate
    ratio = end_freq_hz / freq_hz
    if ratio == 1.0:
        return freq_hz * t, np.full(t.shape, freq_hz)
    if sweep == "linear":
        slope = (end_freq_hz - freq_hz) / seconds
        return (freq_hz + slope / 2 * t) * t, freq_hz + slope * t
    octaves = math.log(ratio)
    risen = np.expm1(t * (octaves / seconds))
    return (freq_hz * seconds / octaves) * risen, freq_hz * (1.0 + risen)


def tone(
    waveform: Waveform, freq_hz: float, end_freq_hz: float, sweep: Sweep, n: int, sample_rate: int
) -> NDArray[np.float64]:
    """n samples of a wave whose ideal form swings between -1 and 1, float64, shaped (n,).

    freq_hz, end_freq_hz: more than 0, below half of sample_rate. Equal for a steady tone.

    It holds the harmonics below half the rate, at the levels of their Fourier series, and no others, so a corner rings
    a little: a square or saw peaks up to 1.5 dB over its ideal form; a square of two harmonics 1.6, and of one 2.1. In
    a sweep a harmonic fades over the last octave below half the rate. All forms begin at 0 and rise; a saw rises
    through its period and drops in the middle of it.
    """
    result = np.empty(n)
    tables = _Tables(waveform, sample_rate)
    for start in range(0, n, _CHUNK):
        stop = min(start + _CHUNK, n)
        turns, freqs = phase(np.arange(start, stop), n, freq_hz, end_freq_hz, sweep, sample_rate)
        turns -= np.floor(turns)
        if waveform == "sine":
            result[start:stop] = np.sin(turns * (2 * np.pi))
        elif freq_hz == end_freq_hz:
            # All that lie below half the rate, not on it: what a sine of just that is, is a matter of its phase.
            result[start:stop] = tables.read(math.ceil(sample_rate / 2 / freq_hz) - 1, turns)
        else:
            result[start:stop] = tables.blend(turns, freqs)
    return result


class _Tables:
    """One period of a waveform, for as many harmonics as are asked for."""

    def __init__(self, waveform: Waveform, sample_rate: int):
        self._waveform: Waveform = waveform
        self._rate = sample_rate
        self._known: dict[int, NDArray[np.float64]] = {}

    def read(self, harmonics: int, turns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The wave at phases from 0 up to 1."""
        table = self._known.get(harmonics)
        if table is None:
            # A sweep moves on: two are in use at a time, and those of low notes are large.
            while len(self._known) > 3:
                del self._known[next(iter(self._known))]
            table = self._known[harmonics] = _table(self._waveform, harmonics)
        place = turns * (table.shape[1])
        index = place.astype(np.int64)
        index[index == table.shape[1]] = 0  # a phase just below 1 times the length may round up to it
        x = place - np.floor(place)
        c0, c1, c2, c3 = table[:, index]
        return np.asarray(((c3 * x + c2) * x + c1) * x + c0)

    def blend(self, turns: NDArray[np.float64], freqs_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """The wave while its frequency moves.

        Table j holds the harmonics up to 2^(j/2). At a frequency that leaves room for 2^(x/2) harmonics, x = j + part,
        table j takes part in the mix by `part`, and the one below by the rest. Each has thus faded out when its top
        reaches half the rate, and nothing ever switches.
        """
        room = _TABLES_PER_OCTAVE * np.log2(self._rate / 2 / freqs_hz)
        upper = np.floor(room).astype(np.int64)
        result = np.zeros(len(turns))
        for level in range(int(upper.min()) - 1, int(upper.max()) + 1):
            share = np.clip(1.0 - np.abs(room - (level + 1)), 0.0, 1.0)
            (places,) = np.nonzero(share)
            if places.size:
                harmonics = max(int(2 ** (level / _TABLES_PER_OCTAVE)), 1)
                result[places] += share[places] * self.read(harmonics, turns[places])
        return result


def _table(waveform: Waveform, harmonics: int) -> NDArray[np.float64]:
    """Cubics through one period: coefficients c0 to c3, shape (4, entries), each for x from 0 to 1 within its entry.

    Hermite's, from the wave's values and slopes, which are both sums of harmonics and come out of one FFT each.
    """
    entries = 1 << (_FINENESS * harmonics - 1).bit_length()
    k = np.arange(1, harmonics + 1, dtype=np.float64)
    levels = {
        "saw": np.where(k % 2 == 1, 2.0, -2.0) / (np.pi * k),
        "square": np.where(k % 2 == 1, 4.0, 0.0) / (np.pi * k),
        "triangle": np.where(k % 2 == 1, 8.0, 0.0) * np.where(k % 4 == 1, 1.0, -1.0) / (np.pi * k) ** 2,
        "sine": np.where(k == 1, 1.0, 0.0),
    }[waveform]
    spectrum = np.zeros(entries // 2 + 1, np.complex128)
    spectrum[1 : harmonics + 1] = -0.5j * entries * levels
    y = np.fft.irfft(spectrum, entries)
    spectrum[1 : harmonics + 1] = 0.5 * 2 * np.pi * k * levels
    slope = np.fft.irfft(spectrum, entries)
    rise, next_slope = np.roll(y, -1) - y, np.roll(slope, -1)
    slope = slope.copy()
    return np.stack([y, slope, 3 * rise - 2 * slope - next_slope, slope + next_slope - 2 * rise])
