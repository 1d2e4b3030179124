"""Changing the sample rate of a sound."""

from __future__ import annotations

import numpy as np

from soundgraph.audio.artifact import Audio, make


def resampled_length(audio: Audio, sample_rate: int) -> int:
    """How many samples a channel of `audio` has at another rate: round(n · new / old), half to even."""
    return round(audio.n_samples * sample_rate / audio.sample_rate)


def resample(audio: Audio, sample_rate: int) -> Audio:
    """The same sound at another rate; the same object if it has that rate already.

    sample_rate: in Hz, more than 0.

    Returns `resampled_length` samples a channel, aligned with the input. What the lower of the two rates cannot hold is
    filtered out: flat within 0.01 dB up to 90 % of half that rate, images and aliases below -140 dB. The sound counts
    as surrounded by silence, so an abrupt end rings by a few samples.
    Raises NodeError if the result cannot be an artifact.
    Source: libsoxr, quality VHQ: linear phase, and computed in float64, so that which vector instructions a processor
    has hardly ever shows in the float32 result. HQ computes in float32 and takes as long.
    """
    if audio.sample_rate == sample_rate:
        return audio
    import soxr

    n = resampled_length(audio, sample_rate)
    samples = np.zeros((audio.channels, n), np.float32)
    # One channel at a time: no channel can then depend on how many others there are.
    for source, target in zip(audio.samples, samples, strict=True):
        # libsoxr rounds the length half up, so that it may hold one sample more than asked for.
        converted = soxr.resample(source, audio.sample_rate, sample_rate, quality="VHQ")[:n]
        target[: len(converted)] = converted
    return make(samples, sample_rate)
