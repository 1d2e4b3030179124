"""Sines, powers and decays that come out the same bit for bit on every machine.

numpy's and the C library's sin, exp and log differ in the last bit between CPUs. Here everything is built from what
IEEE 754 rounds in one way only (add, subtract, multiply, divide, floor, square root) and from integers, one numpy
call for each operation, so that no compiler can fuse two of them. An FFT would shape noise in fewer lines, but its
twiddle factors come from the C library.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float32]
"""Samples of one channel, shape (n,)."""
Turns = NDArray[np.floating[Any]]
"""Phases in periods, float64, shape (n,)."""


def _powers_over_factorials(x: float, n: int) -> list[float]:
    """1, x, x²/2!, … n of them. By multiplying: `**` would ask the C library."""
    terms = [1.0]
    for k in range(1, n):
        terms.append(terms[-1] * x / k)
    return terms


# sin(2πx) in odd powers of x, good to 6e-8 for |x| <= 1/4; 2**x, good to 1e-10 for 0 <= x < 1.
_SINE = [
    term * (1 - 2 * (index % 2)) for index, term in enumerate(_powers_over_factorials(6.283185307179586, 12)[1::2])
]
_EXP2 = _powers_over_factorials(0.6931471805599453, 12)
TABLE = 2048
_BLOCK = 1 << 14


def blocks(n: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of pieces that stay in a core's cache: twice as fast, and long takes need less memory."""
    return ((start, min(n, start + _BLOCK)) for start in range(0, n, _BLOCK))


def exp2(x: float) -> float:
    """2 to the power of x, to ten digits."""
    exponent = math.floor(x)
    part = x - exponent
    result = 0.0
    for coefficient in reversed(_EXP2):
        result = result * part + coefficient
    return math.ldexp(result, exponent)


def gain_of(db: float) -> float:
    """The amplitude ratio of a level in dB."""
    return exp2(db * 0.16609640474436813)  # log2(10) / 20


def octaves_of(ratio: float) -> float:
    """About log2(ratio), off by 0.09 at most: straight lines between powers of two, to read a curve by."""
    mantissa, exponent = math.frexp(ratio)
    return exponent - 2 + 2 * mantissa


def pitch_hz(midi: float) -> float:
    """The frequency of a MIDI note number in equal temperament, A4 = 69 = 440 Hz."""
    return 440.0 * exp2((midi - 69.0) / 12.0)


def sine(turns: Turns) -> Turns:
    """sin(2π·turns), to 1e-7."""
    x = turns - np.floor(turns + 0.5)
    folded = np.abs(x)
    folded = np.minimum(folded, 0.5 - folded)
    square = folded * folded
    result = np.full_like(folded, _SINE[-1])
    for coefficient in _SINE[-2::-1]:
        result *= square
        result += coefficient
    result *= folded
    return np.asarray(np.copysign(result, x))


@cache
def _period() -> Turns:
    """One period of a sine."""
    return sine(np.arange(TABLE) / TABLE)


# Voices have harmonics of their own at every pitch: thousands of tables would stay behind a long build.
@lru_cache(maxsize=64)
def _table(partials: tuple[float, ...]) -> tuple[Mono, Mono]:
    """One period of a sum of harmonics, and the step from each entry to the next."""
    places = np.arange(TABLE + 1)
    period = np.zeros(TABLE + 1)
    for index, gain in enumerate(partials):
        period += gain * _period()[(places * (index + 1)) % TABLE]
    return period[:-1].astype(np.float32), (period[1:] - period[:-1]).astype(np.float32)


def wave(turns: Turns, partials: tuple[float, ...] = (1.0,)) -> Mono:
    """A periodic wave read at `turns` periods (0 or more); partials[k] is the amplitude of harmonic k + 1.

    Read from a table with straight lines between entries: a sine is right to -118 dB, and any number of harmonics
    costs the same.
    """
    level, step = _table(partials)
    result = np.empty(len(turns), np.float32)
    for start, stop in blocks(len(turns)):
        place = turns[start:stop] * TABLE
        index = place.astype(np.int64)
        place -= index
        index &= TABLE - 1
        part = step[index]
        part *= place.astype(np.float32)
        part += level[index]
        result[start:stop] = part
    return result


def geometric(n: int, ratio: float) -> NDArray[np.float64]:
    """1, ratio, ratio², … (n,) by doubling."""
    result = np.ones(n)
    done, power = 1, ratio
    while done < n:
        more = min(done, n - done)
        np.multiply(result[:more], power, out=result[done : done + more])
        done += more
        power *= power
    return result


def fall(n: int, samples_to_60_db: float) -> Mono:
    """An exponential decay from 1, by 60 dB in so many samples; silent from 120 dB on, where floats would get slow."""
    result = np.zeros(n, np.float32)
    heard = min(n, int(2 * samples_to_60_db) + 1)
    result[:heard] = geometric(heard, exp2(-9.965784284662087 / max(samples_to_60_db, 1.0)))
    return result
