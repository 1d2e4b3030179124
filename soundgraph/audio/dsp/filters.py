"""Second-order filters: cookbook coefficients, running a cascade of them, and their response.

A section is a row `b0 b1 b2 1 a1 a2`, float64, and a cascade is an array of rows, as in scipy's `sos` format. scipy
itself is not used: importing it takes longer than filtering most clips of a game.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundgraph.core.errors import NodeError

Sections = NDArray[np.float64]
"""Shape (6,) for one section, (sections, 6) for a cascade."""

BUTTERWORTH_Q = math.sqrt(0.5)

# A cascade goes through a long sound in chunks of this many samples over all channels. It bounds the memory needed, and
# lets the many passes over a chunk run in the processor's cache. The figure changes rounding in the last bit of a
# float64, so it is fixed, not fitted to the machine.
_CHUNK = 2**18

# So many chunks of a long sound are stepped through side by side, and about so many values are worked on at a time.
# Neither shows in the result: the fewer calls and the less memory in use, the faster.
_AT_ONCE = 4
_IN_HAND = 2**15

# A state below this is taken for zero. What rings on in digital silence would otherwise decay into subnormal numbers,
# which processors handle a hundred times slower, and can circle there for ever.
_TINY = 1e-100


def check_frequency(field: str, freq_hz: float, sample_rate: int) -> None:
    """Raises NodeError for a frequency that an input at that rate does not reach. field: its name, for the message."""
    half_hz = sample_rate / 2
    if freq_hz >= half_hz:
        raise NodeError(f"{field} is {freq_hz:g}, but an input at {sample_rate} Hz only reaches {half_hz:g} Hz")


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
    work, start = None, 0
    while start < n:
        count = min(max((n - start) // size, 1), _AT_ONCE)
        part = slice(start, min(start + count * size, n))
        if work is None or not work.fits(count, part.stop - start):
            work = _Work(count, channels, part.stop - start)
        work.load(rows[:, part])
        for section in sections:
            section.run(work)
        work.unload(result[:, part])
        start = part.stop
    return result.reshape(source.shape)


def _cascade(sos: ArrayLike) -> Sections:
    cascade = np.atleast_2d(np.asarray(sos, np.float64))
    if cascade.ndim != 2 or cascade.shape[1] != 6 or not (cascade[:, 3] == 1).all():
        raise ValueError("sections must be rows of b0 b1 b2 1 a1 a2")
    return cascade


class _Work:
    """Some chunks of a sound, cut into blocks, and room for what a section makes of them.

    x, y: shape (2 + steps, chunks, channels, blocks), what goes into a section and what comes out. Time comes first, so
    that a step works on neighbours in memory; the first two rows are for the two samples before each block.
    """

    def __init__(self, count: int, channels: int, length: int):
        self.count, self.length = count, length
        chunk = length // count
        self.steps = max(math.isqrt(chunk), 2)  # at least 2: a block hands its last two samples on
        self.blocks = -(-chunk // self.steps)
        shape = (2 + self.steps, count, channels, self.blocks)
        self.x, self.y = np.empty(shape), np.empty(shape)
        width = count * channels * self.blocks
        self.spare = np.empty((min(max(_IN_HAND // width, 1), self.steps), width))

    def fits(self, count: int, length: int) -> bool:
        return (self.count, self.length) == (count, length)

    def load(self, line: NDArray[Any]) -> None:
        """line: shape (channels, length); the last block is filled up with zeros."""
        self.x[2:] = self._blocks(self._filled(line))

    def unload(self, line: NDArray[Any]) -> None:
        """The inverse of `load`."""
        with np.errstate(over="ignore"):  # infinity is for the caller to refuse, in words
            filled = self._filled(line)
            self._blocks(filled)[:] = self.x[2:]
            if filled is not line:
                line[:] = filled[:, : self.length]

    def _filled(self, line: NDArray[Any]) -> NDArray[Any]:
        missing = self.count * self.blocks * self.steps - self.length
        return np.pad(line, ((0, 0), (0, missing))) if missing else line

    def _blocks(self, line: NDArray[Any]) -> NDArray[Any]:
        """A view of a line in the order of x."""
        return line.reshape(len(line), self.count, self.blocks, self.steps).transpose(3, 1, 0, 2)


class _Section:
    """One section on its way through a sound: its coefficients, and what it remembers from chunk to chunk.

    The state is the last output y and its step d = y - sign · (the output before), not the last two outputs. With poles
    close to z = 1 (a low corner at a high rate) these are nearly equal, and what matters is their difference: kept by
    itself it has all its digits. Close to z = -1 (a corner just below half the rate) the same holds of their sum.
    """

    def __init__(self, row: Sections, channels: int):
        # Arrays of no dimensions: numpy takes longer over a float of Python than over most rows here.
        self.b0, self.b1, self.b2 = (np.array(value) for value in row[:3])
        a1, a2 = float(row[4]), float(row[5])
        self.sign = -1.0 if a1 > 0 else 1.0
        # d[t] = v[t] - pull · y[t-1] + keep · d[t-1],  y[t] = sign · y[t-1] + d[t],  v the part without feedback.
        # Summed in this order pull is exact. 1 + a2 first would round, which is enough to retune a corner at 1 Hz.
        self.pull = np.array((self.sign + a1) + self.sign * a2)
        self.keep = np.array(self.sign * a2)
        self.past = np.zeros((2, channels))  # x[-2], x[-1]
        self.state = [(0.0, 0.0)] * channels  # y, d
        self.ringing = np.empty((2, 0, 2))

    def run(self, work: _Work) -> None:
        """Filters what is in work.x; the result takes its place."""
        if work.steps > self.ringing.shape[1]:
            self.ringing = np.array([self._ring(1.0, 0.0, work.steps), self._ring(0.0, 1.0, work.steps)])
        ringing = self.ringing[:, : work.steps]
        self._give_past(work.x)
        x, y = work.x.reshape(2 + work.steps, -1), work.y.reshape(2 + work.steps, -1)[2:]
        # Some rows at a time go through all that is to be done with them while they are in the processor's cache.
        some = len(work.spare)
        parts = [slice(first, min(first + some, work.steps)) for first in range(0, work.steps, some)]
        last, d = np.zeros(y.shape[1]), np.zeros(y.shape[1])
        with np.errstate(over="ignore", invalid="ignore"):
            for part in parts:
                rows, spare = y[part], work.spare[: part.stop - part.start]
                np.multiply(x[part.start + 2 : part.stop + 2], self.b0, rows)
                rows += np.multiply(x[part.start + 1 : part.stop + 1], self.b1, spare)
                rows += np.multiply(x[part], self.b2, spare)
                self._feed_back(rows, last, d)
                last = rows[-1]
            begins = self._inherit(np.stack([last, d]).reshape(2, *work.y.shape[1:]), ringing[:, -1])
            from_y, from_d = np.where(np.abs(ringing[:, :, :1]) < _TINY, 0.0, ringing[:, :, :1])
            for part in parts:
                rows, spare = y[part], work.spare[: part.stop - part.start]
                rows += np.multiply(from_y[part], begins[0], spare)
                rows += np.multiply(from_d[part], begins[1], spare)
        work.x, work.y = work.y, work.x

    def _give_past(self, x: NDArray[np.float64]) -> None:
        """The two samples before each block are the last two of the block before it."""
        x[:2, :, :, 1:] = x[-2:, :, :, :-1]
        x[:2, 1:, :, 0] = x[-2:, :-1, :, -1]
        x[:2, 0, :, 0] = self.past
        self.past = x[-2:, -1, :, -1].copy()

    def _feed_back(self, rows: NDArray[np.float64], y: NDArray[np.float64], d: NDArray[np.float64]) -> None:
        """Turn rows of v into rows of y, in place; y and d are of the row before, and d becomes that of the last."""
        pulled = np.empty_like(d)
        sum_up = np.add if self.sign > 0 else np.subtract
        pull, keep, multiply, add, subtract = self.pull, self.keep, np.multiply, np.add, np.subtract
        for row in rows:
            multiply(y, pull, pulled)
            multiply(d, keep, d)
            subtract(d, pulled, d)
            add(d, row, d)
            sum_up(d, y, row)
            y = row

    def _ring(self, y: float, d: float, steps: int) -> list[tuple[float, float]]:
        """y and d in each of some steps without input: what an inherited state turns into."""
        pull, keep, states = float(self.pull), float(self.keep), []
        for _ in range(steps):
            d = d * keep - y * pull + 0.0  # the input, which is no part of it but for turning -0 into 0
            y = d + self.sign * y
            states.append((y, d))
        return states

    def _inherit(self, ends: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
        """The y and d that each block begins with, shape (2, blocks of all).

        ends: how each block ends by itself, shape (2, chunks, channels, blocks). turn: what y = 1, and what d = 1 at
        the beginning of a block has become at its end, shape (2, 2).
        """
        begins = np.empty_like(ends)
        turned = np.where(np.abs(turn) < [_TINY, 0.0], 0.0, turn).T.ravel().tolist()
        for channel in range(ends.shape[2]):
            own = ends[:, :, channel].reshape(2, -1).T.tolist()
            states, self.state[channel] = _hand_on(self.state[channel], own, *turned)
            begins[:, :, channel] = np.array(states).T.reshape(2, ends.shape[1], -1)
        return begins.reshape(2, -1)


def _hand_on(
    state: tuple[float, float], ends: list[list[float]], y_to_y: float, d_to_y: float, y_to_d: float, d_to_d: float
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """The state that each block of a channel begins with, and the one after the last, from how each ends by itself."""
    begins = []
    y, d = state
    for own_y, own_d in ends:
        if -_TINY < y < _TINY and -_TINY < d < _TINY:
            y = d = 0.0
        begins.append((y, d))
        y, d = own_y + y_to_y * y + d_to_y * d, own_d + y_to_d * y + d_to_d * d
    return begins, (y, d)
