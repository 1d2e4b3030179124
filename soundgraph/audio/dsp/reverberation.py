"""The impulse response of a room that does not exist: single echoes that grow denser, and noise that dies away.

White noise with a falling envelope is what the sound in a room comes to once its echoes are too many to tell apart
(Polack); used as a response it has no metallic ring, since no delay in it repeats, which is what networks of combs and
all-passes spend their effort on hiding. It costs an FFT convolution, which is no slower. Before that stage a room is
heard by its first echoes, so the noise begins as single clicks with the times that the echoes of a room of that volume
have on average.
Sources: Moorer, "About This Reverberation Business", CMJ 3(2), 1979; Polack, thesis, Le Mans, 1988; for the number of
echoes and the decay in air, Kuttruff, "Room Acoustics", 4.1 and 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from soundgraph.audio.dsp.coloured_noise import noise
from soundgraph.audio.dsp.fades import ramp
from soundgraph.audio.dsp.panning import pan_gains

_SOUND_M_PER_S = 343.0

# Echoes a second from which on clicks and noise sound the same: about 2000 do for wide-band clicks (Karjalainen and
# Järveläinen, "Reverberation Modeling Using Velvet Noise", AES 30, 2007), damped ones want more.
_DENSE_PER_S = 4000.0
# They get there within this part of the decay at the latest, or a short decay in a large room would be all clicks.
_DENSE_WITHIN = 1 / 3

# The decay of high frequencies changes in steps of half of this.
_FRAME_S = 0.02
# So many such steps are done at a time, which does not show in the result.
_AT_ONCE = 16
# A gain below this is taken for zero: numbers that are almost too small to be held are slow.
_TINY = 1e-30
# The end, at -60 dB, is faded over this part of the response, so that it is not a step.
_END = 0.05


def response(
    decay: float, size_m: float, damping_hz: float, width: float, sample_rate: int, seed: int, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """A response from each input to each output of a room.

    decay: seconds until low frequencies have fallen by 60 dB, and the length of the response; more than 0.
    size_m: metres from wall to wall, the third root of the volume; more than 0.
    damping_hz: where the decay is half as long. The decay rate grows with the square of the frequency, as it does in
        air: decay / (1 + (f / damping_hz)²). More than 0.
    width: 0 for two outputs that are the same, 1 for outputs that have nothing in common; the power stays.
    seed: another seed is another room with the same properties.
    shape: outputs (1 or 2) and inputs, 1 or more.

    Returns float64, shape (*shape, round(decay · sample_rate), at least 1). Each response has an energy of 1 before
    high frequencies are damped, so that damping takes away and adds nothing.
    """
    outputs, inputs = shape
    length = max(round(decay * sample_rate), 1)
    rows = _excitation(outputs * inputs, length, decay, size_m, sample_rate, seed)
    envelope = np.full(length, 10.0 ** (-3.0 / (decay * sample_rate)))
    envelope[0] = 1.0
    rows *= np.multiply.accumulate(envelope)
    fade = round(_END * length)
    rows[:, length - fade :] *= ramp(fade, "cosine")[::-1]
    rows /= np.sqrt(np.add.reduce(rows * rows, axis=1, keepdims=True))
    damped = _damped(rows, decay, damping_hz, sample_rate).reshape(outputs, inputs, length)
    if outputs == 2:
        # Unrelated sounds that are panned apart: the squares add up to 1.
        far, near = pan_gains(width)
        damped = near * damped + far * damped[::-1]
    # 150 dB below the room itself, and it hides what processors may differ by in the last bit of a float64.
    return damped.astype(np.float32).astype(np.float64)


def _excitation(
    rows: int, length: int, decay: float, size_m: float, sample_rate: int, seed: int
) -> NDArray[np.float64]:
    """What the envelope is laid over: clicks, then noise, with a mean power of 1 all along; shape (rows, length)."""
    # After t seconds (growth · t)³ echoes have come in, and 3 growth³ t² come in a second.
    growth = (4.0 * math.pi / 3.0) ** (1 / 3) * _SOUND_M_PER_S / size_m
    dense = min(math.sqrt(_DENSE_PER_S / (3.0 * growth**3)), _DENSE_WITHIN * decay)
    growth = (_DENSE_PER_S / (3.0 * dense**2)) ** (1 / 3)
    count = math.floor((growth * dense) ** 3)
    result = noise("white", length, rows, sample_rate, seed)
    # The k-th echo comes somewhere in the time in which the mean number goes from k to k + 1, and has the power that
    # noise would have had in all that time.
    edges = _each(math.cbrt, np.arange(count + 1.0)) / growth
    result[:, : min(round(float(edges[-1]) * sample_rate), length)] = 0.0
    chance = np.clip(noise("white", count, 2 * rows, sample_rate, seed + 2**64) / math.sqrt(3.0), -1.0, 1.0)
    for row, place, sign in zip(result, chance[:rows], chance[rows:], strict=True):
        times = _each(math.cbrt, np.arange(count) + 0.5 + 0.5 * place) / growth
        samples = np.minimum((times * sample_rate).astype(np.int64), length - 1)
        np.add.at(row, samples, np.copysign(np.sqrt(np.diff(edges) * sample_rate), sign))
    return result


def _damped(rows: NDArray[np.float64], decay: float, damping_hz: float, sample_rate: int) -> NDArray[np.float64]:
    """The rows, shape (rows, n), with high frequencies falling faster; the first instant is left as it is.

    Short frames that overlap by half, whose Hann windows add up to 1, each with the gain of its middle's time. The gain
    is a bell over frequency, so a click becomes a bell over time: it cannot ring.
    """
    half = 1 << max(round(math.log2(_FRAME_S / 2 * sample_rate)), 1)
    n_rows, length = rows.shape
    window = 0.5 - 0.5 * _each(math.cos, np.pi / half * np.arange(2 * half))
    frames = -(-length // half) + 1
    padded = np.zeros((n_rows, (frames + 1) * half))
    padded[:, half : half + length] = rows
    # Room on either side of a frame for what it is smeared to.
    result = np.zeros((n_rows, (frames + 3) * half))
    freqs = np.fft.rfftfreq(4 * half, 1 / sample_rate)
    fall = _each(math.exp, -3.0 * math.log(10.0) / decay * (half / sample_rate) * (freqs / damping_hz) ** 2)
    gain = np.ones(freqs.size)
    windows = sliding_window_view(padded, 2 * half, axis=1)[:, ::half]
    for first in range(0, frames, _AT_ONCE):
        gains = np.empty((min(_AT_ONCE, frames - first), freqs.size))
        for row in gains:
            row[:] = gain
            gain *= fall
            gain[gain < _TINY] = 0.0
        some = np.zeros((n_rows, len(gains), 4 * half))
        some[:, :, half : 3 * half] = windows[:, first : first + len(gains)] * window
        smeared = np.fft.irfft(np.fft.rfft(some) * gains, 4 * half)
        for index, start in enumerate(range(first * half, (first + len(gains)) * half, half)):
            result[:, start : start + 4 * half] += smeared[:, index]
    return result[:, 2 * half : 2 * half + length]


def _each(function: Callable[[float], float], values: NDArray[np.floating]) -> NDArray[np.float64]:
    """A function of the C library, for a few thousand values: numpy has its own, which differ between processors."""
    return np.array([function(value) for value in values.tolist()])
