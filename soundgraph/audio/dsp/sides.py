"""What lies between left and right: taking the bass out of the difference of a stereo sound's sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.dsp.convolution import convolve

# How many periods of the corner the filter spans. A Blackman window of T seconds goes from passing to stopping within
# 5.5 / T Hz, so with 5.5 periods from half the corner to one and a half times it.
_PERIODS = 5.5


def cut_low_side(side: NDArray[np.float64], sample_rate: int, freq_hz: float) -> NDArray[np.float64]:
    """The difference signal without what is below freq_hz, neither delayed nor bent in phase.

    side: shape (n,). freq_hz: more than 0, below half of sample_rate.

    Returns the same shape. The gain is 0 at 0 Hz, -6 dB at freq_hz, under -50 dB below half of it and within 0.05 dB of
    1 over one and a half times it. A recursive filter would be shorter, but turns the phase of the difference against
    that of the sum, which moves what is heard in one place to another.
    Source: windowed sinc (Blackman), taken from the sound itself: Oppenheim & Schafer, "Discrete-Time Signal
    Processing", 7.5; linear phase, with the delay of half its length taken back.
    """
    half = max(round(_PERIODS / 2 * sample_rate / freq_hz), 1)
    places = np.arange(-half, half + 1)
    window = 0.42 + 0.5 * np.cos(np.pi * places / (half + 1)) + 0.08 * np.cos(2 * np.pi * places / (half + 1))
    low = np.sinc(2 * freq_hz / sample_rate * places) * window
    low /= np.add.reduce(low)
    heard = convolve(side.astype(np.float32)[np.newaxis], low[np.newaxis, np.newaxis])
    return side - heard[0, half : half + side.size]
