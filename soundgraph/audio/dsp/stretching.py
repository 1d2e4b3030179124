"""Changing how long a sound lasts without its pitch, and its pitch without its length.

Source: Signalsmith Stretch, a phase vocoder, through python-stretch.
"""

from __future__ import annotations

import math

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.core.errors import NodeError

# The library takes the phases of a sound that it makes more than twice as long from a random generator; and one that it
# makes less than half as long loses whatever falls between two of its windows. So a pass does neither, and several
# follow each other instead.
_MOST_PER_PASS = 2.0

# Phases are never drawn within that limit. Were they, it would still be from this.
_SEED = 1

MAX_CHANNELS = 2


def stretched(samples: Samples, sample_rate: int, n: int) -> Samples:
    """The same sound, over its whole length, in n samples. Tones keep their frequency, and channels their phases.

    samples: float32, shaped (1 or 2, length). n: of each channel, from a quarter to four times the length and over.

    Returns float32 shaped (channels, n), aligned: what happens at sample i happens at sample i · n / length. The same
    samples if n is the length.
    Raises NodeError for more than two channels: the library would take each for itself, and their phases would part.
    """
    channels, length = samples.shape
    if channels > MAX_CHANNELS:
        raise NodeError(f"only mono and stereo can be stretched, and the sound has {channels} channels")
    if n == length:
        return samples
    if not n or not length:
        return np.zeros((channels, n), np.float32)
    passes = max(math.ceil(abs(math.log2(n / length)) / math.log2(_MOST_PER_PASS) - 1e-9), 1)
    for done in range(1, passes + 1):
        goal = n if done == passes else round(length * (n / length) ** (done / passes))
        samples = _one_pass(samples, sample_rate, goal)
    return samples


def _one_pass(samples: Samples, sample_rate: int, n: int) -> Samples:
    from python_stretch.Signalsmith import Stretch

    channels, length = samples.shape
    stretch = Stretch(_SEED)
    stretch.preset(channels, float(sample_rate))
    # The library compensates its latency, but its first and last window are not at full level: let those be silence.
    before = stretch.blockSamples()
    padded = np.zeros((channels, before + length + before), np.float32)
    padded[:, before : before + length] = samples
    # It keeps the ratio in float32, and so may arrive at some samples more or less where there are millions.
    stretch.setTimeFactor(length / n)
    result: Samples = np.asarray(stretch.process(padded), np.float32)
    start = round(before * result.shape[1] / padded.shape[1])
    aligned = np.zeros((channels, n), np.float32)
    piece = result[:, start : start + n]
    aligned[:, : piece.shape[1]] = piece
    return aligned


def shifted(samples: Samples, sample_rate: int, semitones: float) -> Samples:
    """The same sound, as long as before, with every frequency raised by so many semitones.

    samples: float32, shaped (1 or 2, n). semitones: -24 to 24.

    Returns the same shape, aligned with the input; the same samples for 0.
    Raises NodeError for more than two channels.

    By stretching and then playing it faster (libsoxr, VHQ). The library shifts by itself too, but moves peaks of its
    spectrum, which leaves low tones out of tune by up to half a semitone; this way none is off by a hundredth of one.
    """
    channels, n = samples.shape
    if channels > MAX_CHANNELS:
        raise NodeError(f"only mono and stereo can be shifted in pitch, and the sound has {channels} channels")
    if semitones == 0.0 or not n:
        return samples
    import soxr

    ratio = 2.0 ** (semitones / 12.0)
    longer = stretched(samples, sample_rate, max(round(n * ratio), 1))
    result = np.zeros((channels, n), np.float32)
    for source, target in zip(longer, result, strict=True):
        played = soxr.resample(source, sample_rate * ratio, sample_rate, quality="VHQ")[:n]
        target[: len(played)] = played
    return result
