"""Second-order filters: cookbook coefficients, running a cascade of them, and their response.

A section is a row `b0 b1 b2 1 a1 a2`, float64, and a cascade is an array of rows, as in scipy's `sos` format. scipy
itself is not used: importing it takes longer than filtering most clips of a game.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Sections = NDArray[np.float64]
"""Shape (6,) for one section, (sections, 6) for a cascade."""

BUTTERWORTH_Q = math.sqrt(0.5)

# A cascade goes through a long sound in chunks of this many samples over all channels. It bounds the memory needed, and
# lets the many passes over a chunk run in the processor's cache. The figure changes rounding in the last bit of a
# float64, so it is fixed, not fitted to the machine.
_CHUNK = 2**18

# A state below this is taken for zero. What rings on in digital silence would otherwise decay into subnormal numbers,
# which processors handle a hundred times slower, and can circle there for ever.
_TINY = 1e-100


def low_shelf(freq_hz: float, sample_rate: float, gain_db: float, q: float = BUTTERWORTH_Q) -> Sections:
    """Raises or lowers what is below freq_hz by gain_db; half of it (in dB) at freq_hz itself. See `_cookbook`."""
    return _shelf(freq_hz, sample_rate, gain_db, q, side=1.0)


def high_shelf(freq_hz: float, sample_rate: float, gain_db: float, q: float = BUTTERWORTH_Q) -> Sections:
    """Raises or lowers what is above freq_hz by gain_db; half of it (in dB) at freq_hz itself. See `_cookbook`."""
    return _shelf(freq_hz, sample_rate, gain_db, q, side=-1.0)


def _shelf(freq_hz: float, sample_rate: float, gain_db: float, q: float, side: float) -> Sections:
    # The high shelf is the low shelf with the frequency axis turned round: the cosine and the odd coefficients change
    # sign. One formula for both keeps them mirror images.
    cos, alpha = _cookbook(freq_hz, sample_rate, q)
    cos *= side
    amp = 10 ** (gain_db / 40)
    beta = 2 * math.sqrt(amp) * alpha
    return _section(
        amp * ((amp + 1) - (amp - 1) * cos + beta),
        side * 2 * amp * ((amp - 1) - (amp + 1) * cos),
        amp * ((amp + 1) - (amp - 1) * cos - beta),
        (amp + 1) + (amp - 1) * cos + beta,
        side * -2 * ((amp - 1) + (amp + 1) * cos),
        (amp + 1) + (amp - 1) * cos - beta,
    )


def peaking(freq_hz: float, sample_rate: float, gain_db: float, q: float = BUTTERWORTH_Q) -> Sections:
    """Raises or lowers a bell around freq_hz by gain_db. A higher q is a narrower bell. See `_cookbook`."""
    cos, alpha = _cookbook(freq_hz, sample_rate, q)
    amp = 10 ** (gain_db / 40)
    return _section(1 + alpha * amp, -2 * cos, 1 - alpha * amp, 1 + alpha / amp, -2 * cos, 1 - alpha / amp)


def lowpass(freq_hz: float, sample_rate: float, q: float = BUTTERWORTH_Q) -> Sections:
    """Takes away what is above freq_hz, 12 dB an octave; q is the gain at freq_hz (0.7071 = -3 dB). See `_cookbook`."""
    cos, alpha = _cookbook(freq_hz, sample_rate, q)
    # 1 - cos(w) as 2 sin²(w/2): the difference loses most of its digits at low frequencies.
    half = math.sin(math.pi * freq_hz / sample_rate) ** 2
    return _section(half, 2 * half, half, 1 + alpha, -2 * cos, 1 - alpha)


def highpass(freq_hz: float, sample_rate: float, q: float = BUTTERWORTH_Q) -> Sections:
    """Takes away what is below freq_hz, 12 dB an octave; q is the gain at freq_hz (0.7071 = -3 dB). See `_cookbook`."""
    cos, alpha = _cookbook(freq_hz, sample_rate, q)
    half = math.cos(math.pi * freq_hz / sample_rate) ** 2
    return _section(half, -2 * half, half, 1 + alpha, -2 * cos, 1 - alpha)


def notch(freq_hz: float, sample_rate: float, q: float = BUTTERWORTH_Q) -> Sections:
    """Takes away freq_hz itself; what lies between its -3 dB points is freq_hz / q wide. See `_cookbook`."""
    cos, alpha = _cookbook(freq_hz, sample_rate, q)
    return _section(1, -2 * cos, 1, 1 + alpha, -2 * cos, 1 - alpha)


def _cookbook(freq_hz: float, sample_rate: float, q: float) -> tuple[float, float]:
    """cos(w) and alpha of the cookbook, for a corner or centre at freq_hz.

    freq_hz, sample_rate: in Hz, with 0 < freq_hz < sample_rate / 2.
    q: more than 0. Shelves take it as the Q of their slope.

    Raises ValueError for values outside these ranges.
    Source: Robert Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients".
    """
    if not 0 < freq_hz < sample_rate / 2:
        raise ValueError(f"{freq_hz} Hz is not between 0 and half the sample rate of {sample_rate} Hz")
    if not q > 0:
        raise ValueError(f"a q of {q} is not more than 0")
    # math rather than numpy: these are scalars, and numpy picks its sine by processor.
    w = 2 * math.pi * freq_hz / sample_rate
    return math.cos(w), math.sin(w) / (2 * q)


def _section(b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> Sections:
    return np.array([b0 / a0, b1 / a0, b2 / a0, 1.0, a1 / a0, a2 / a0])


def response(sos: ArrayLike, freqs_hz: ArrayLike, sample_rate: float) -> NDArray[np.complex128]:
    """What a cascade does to sines: gain is the magnitude, phase in radians is the angle. Same shape as freqs_hz.

    sos: shape (6,) or (sections, 6). freqs_hz: in Hz, 0 to sample_rate / 2.
    """
    delay = np.exp(-2j * np.pi * np.asarray(freqs_hz, np.float64) / sample_rate)
    result = np.ones(delay.shape, np.complex128)
    for b0, b1, b2, a0, a1, a2 in _cascade(sos):
        result *= (b0 + delay * (b1 + delay * b2)) / (a0 + delay * (a1 + delay * a2))
    return result


def apply(samples: ArrayLike, sos: ArrayLike) -> NDArray[Any]:
    """Filter each channel by all sections in turn, from silence, in float64.

    samples: shape (..., n), n of 0 or more. sos: shape (6,) or (sections, 6), stable.

    Returns the same shape; float32 for float32, otherwise float64. What rings on after the last sample is cut off.

    A recursive filter goes sample by sample, which Python is slow at. Here a chunk is cut into about sqrt(n) blocks of
    sqrt(n) samples. All of them are stepped through side by side as if each began in silence. What a block in fact
    inherits is two numbers, known once the block before is done; a filter being linear, their ringing is added on top.
    """
    source = np.asarray(samples)
    if source.dtype != np.float32:
        source = source.astype(np.float64, copy=False)
    rows = source.reshape(math.prod(source.shape[:-1]), source.shape[-1])
    channels, n = rows.shape
    result = np.empty_like(rows)
    sections = [_Section(row, channels) for row in _cascade(sos)]
    # A square, so that only the last chunk is filled up with zeros, whose state nobody needs.
    size = max(math.isqrt(_CHUNK // max(channels, 1)), 2) ** 2
    for start in range(0, n, size):
        stop = min(start + size, n)
        # At least 2: a block hands its last two samples on.
        steps = max(math.isqrt(stop - start), 2)
        blocks = -(-(stop - start) // steps)
        chunk = np.zeros((channels, blocks * steps))
        chunk[:, : stop - start] = rows[:, start:stop]
        # Time first, so that a step works on neighbours in memory.
        chunk = np.ascontiguousarray(chunk.reshape(channels, blocks, steps).transpose(2, 0, 1))
        for section in sections:
            chunk = section.run(chunk)
        filtered = chunk.transpose(1, 2, 0).reshape(channels, blocks * steps)
        with np.errstate(over="ignore"):  # infinity is for the caller to refuse, in words
            result[:, start:stop] = filtered[:, : stop - start]
    return result.reshape(source.shape)


def _cascade(sos: ArrayLike) -> Sections:
    cascade = np.atleast_2d(np.asarray(sos, np.float64))
    if cascade.ndim != 2 or cascade.shape[1] != 6 or not (cascade[:, 3] == 1).all():
        raise ValueError("sections must be rows of b0 b1 b2 1 a1 a2")
    return cascade


class _Section:
    """One section on its way through a sound: its coefficients, and what it remembers from chunk to chunk.

    The state is the last output y and its step d = y - sign · (the output before), not the last two outputs. With poles
    close to z = 1 (a low corner at a high rate) these are nearly equal, and what matters is their difference: kept by
    itself it has all its digits. Close to z = -1 (a corner just below half the rate) the same holds of their sum.
    """

    def __init__(self, row: Sections, channels: int):
        self.b0, self.b1, self.b2, _, a1, a2 = (float(value) for value in row)
        self.sign = -1.0 if a1 > 0 else 1.0
        # d[t] = v[t] - pull · y[t-1] + keep · d[t-1],  y[t] = sign · y[t-1] + d[t],  v the part without feedback.
        # Summed in this order pull is exact. 1 + a2 first would round, which is enough to retune a corner at 1 Hz.
        self.pull = (self.sign + a1) + self.sign * a2
        self.keep = self.sign * a2
        self.past = np.zeros((2, channels))  # x[-2], x[-1]
        self.state = [(0.0, 0.0)] * channels  # y, d

    def run(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """x: a chunk shaped (steps, channels, blocks), steps of 2 or more. Returns the same shape."""
        steps, channels, blocks = x.shape
        with np.errstate(over="ignore", invalid="ignore"):
            v = self._feed_forward(x)
            # Two more columns hear nothing and begin with y = 1 and with d = 1: what inherited state turns into.
            work = np.zeros((steps, channels * blocks + 2))
            work[:, :-2] = v.reshape(steps, -1)
            last_d = self._feed_back(work)
            y = work[:, :-2].reshape(v.shape)
            from_y, from_d = work[:, -2].copy(), work[:, -1].copy()
            from_y[np.abs(from_y) < _TINY] = 0.0
            from_d[np.abs(from_d) < _TINY] = 0.0
            turn = (from_y[-1], last_d[-2], from_d[-1], last_d[-1])
            inherited = np.empty((2, channels, blocks))
            for channel in range(channels):
                ends = zip(
                    y[-1, channel].tolist(), last_d[:-2].reshape(channels, blocks)[channel].tolist(), strict=True
                )
                begins, self.state[channel] = _hand_on(self.state[channel], ends, *map(float, turn))
                inherited[:, channel] = np.array(begins).T
            np.multiply(from_y[:, None, None], inherited[0], out=v)
            y += v
            np.multiply(from_d[:, None, None], inherited[1], out=v)
            y += v
        return y

    def _feed_forward(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        # The two samples before each block are the last two of the block before it.
        before = np.empty((2, *x.shape[1:]))
        before[:, :, 0] = self.past
        before[:, :, 1:] = x[-2:, :, :-1]
        self.past = x[-2:, :, -1].copy()
        v = self.b0 * x
        scaled = self.b1 * x
        v[1:] += scaled[:-1]
        v[0] += self.b1 * before[1]
        np.multiply(x, self.b2, out=scaled)
        v[2:] += scaled[:-2]
        v[:2] += self.b2 * before
        return v

    def _feed_back(self, work: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn rows of v into rows of y, in place; returns d of the last row."""
        y, d = np.zeros(work.shape[1]), np.zeros(work.shape[1])
        y[-2] = d[-1] = 1.0
        pulled = np.empty_like(y)
        sum_up = np.add if self.sign > 0 else np.subtract
        pull, keep, multiply, add, subtract = self.pull, self.keep, np.multiply, np.add, np.subtract
        for row in work:
            multiply(y, pull, pulled)
            multiply(d, keep, d)
            subtract(d, pulled, d)
            add(d, row, d)
            sum_up(d, y, row)
            y = row
        return d


def _hand_on(
    state: tuple[float, float], ends: Any, y_to_y: float, y_to_d: float, d_to_y: float, d_to_d: float
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """The state that each block of a channel begins with, and the one after the last, from how each ends by itself."""
    begins = []
    y, d = state
    for own_y, own_d in ends:
        if abs(y) < _TINY and abs(d) < _TINY:
            y = d = 0.0
        begins.append((y, d))
        y, d = own_y + y_to_y * y + d_to_y * d, own_d + y_to_d * y + d_to_d * d
    return begins, (y, d)
