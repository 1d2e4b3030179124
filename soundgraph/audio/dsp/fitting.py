"""Bringing a given sound to the rate and channel count of a model that is to follow it, or to go on from it."""

from __future__ import annotations

import numpy as np

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp.resampling import resample


def fitted(sound: Audio, sample_rate: int, channels: int) -> Audio:
    """The same sound at a model's rate and channel count: channels are averaged, one is doubled.

    The same samples if it has both already.
    """
    samples = sound.samples
    if sound.channels != channels:
        mono = np.add.reduce(samples, axis=0, dtype=np.float64, keepdims=True) / sound.channels
        samples = np.repeat(mono, channels, axis=0)
    return resample(artifact.make(samples, sound.sample_rate), sample_rate)


def conversion(sound: Audio, sample_rate: int, channels: int) -> str:
    """What `fitted` does to a sound that a take goes on from, as a remark; "" if nothing."""
    if (sound.sample_rate, sound.channels) == (sample_rate, channels):
        return ""
    was, now = _form(sound.sample_rate, sound.channels), _form(sample_rate, channels)
    return f"the sound it goes on from was converted from {was} to the model's {now}"


def _form(sample_rate: int, channels: int) -> str:
    return f"{sample_rate / 1000:g} kHz {({1: 'mono', 2: 'stereo'}).get(channels, f'{channels} channels')}"
