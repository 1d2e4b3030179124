"""Put a sound through an impulse response: a recorded room, a loudspeaker, a pipe."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from soundgraph.audio.artifact import Audio, Samples, check_length, make
from soundgraph.audio.dsp.convolution import convolve
from soundgraph.audio.dsp.resampling import resample
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Convolve(Params):
    input: NodeRef = Field(description="the node to put through the response")
    impulse: NodeRef = Field(description="the node whose sound is the impulse response, such as a file node")
    wet_db: float = Field(0.0, ge=-120, le=60, description="level of the sound that went through the response, in dB")
    dry_db: float | None = Field(
        None, ge=-120, le=60, description="level of the input itself in the result, in dB; not heard if not given"
    )
    tail: bool = Field(
        True,
        description="keep what rings on after the end of the input; false cuts it off there, at the input's length",
    )
    normalise: bool = Field(
        True,
        description="bring the response to an energy of 1 first, so that noise comes out as loud as it goes in; "
        "false takes its samples as they are",
    )


def render(node: Convolve, inputs: list[Audio]) -> Audio:
    audio, impulse = inputs
    response = _response(node, impulse, audio.sample_rate)
    channels = _channels(audio, impulse)
    length = audio.n_samples + response.shape[1] - 1
    check_length("the result", length, channels, audio.sample_rate)
    # As in a mix, mono goes to several channels with its power, not its amplitude.
    spread = 1.0 / math.sqrt(channels / audio.channels)
    kept = length if node.tail and audio.n_samples else audio.n_samples
    result = np.empty((channels, kept), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # make() refuses infinity, in words
        scaled = response * (spread * 10 ** (node.wet_db / 20))
        for channel in range(channels):
            source: Samples = audio.samples[channel % audio.channels, np.newaxis]
            own = scaled[channel % len(scaled), np.newaxis, np.newaxis]
            result[channel] = convolve(source, own)[0, :kept]
            if node.dry_db is not None:
                result[channel, : audio.n_samples] += source[0] * (spread * 10 ** (node.dry_db / 20))
        return make(result, audio.sample_rate)


def _response(node: Convolve, impulse: Audio, sample_rate: int) -> NDArray[np.float64]:
    """The response at the sound's rate, shape (channels, m), m of 1 or more."""
    if not impulse.samples.any():
        raise NodeError(
            f'the impulse response "{node.impulse}" is {"silent" if impulse.n_samples else "empty"}, '
            "so nothing would be heard through it"
        )
    response = resample(impulse, sample_rate).samples.astype(np.float64)
    if not response.any():
        raise NodeError(f'nothing of the impulse response "{node.impulse}" is left at {sample_rate} Hz')
    if not node.normalise:
        # Twice as many samples of the same height would be twice the gain.
        return response * (impulse.sample_rate / sample_rate)
    # One factor for all channels, so that the balance between them stays.
    energy = float(np.add.reduce(np.square(response), axis=None)) / len(response)
    return response / math.sqrt(energy)


def _channels(audio: Audio, impulse: Audio) -> int:
    """The channels of the result."""
    if 1 in (audio.channels, impulse.channels) or audio.channels == impulse.channels:
        return max(audio.channels, impulse.channels)
    raise NodeError(
        f"a sound of {audio.channels} channels takes a response of 1 or {audio.channels} channels, "
        f"and this one has {impulse.channels}"
    )


KIND = Kind(version=1, params=Convolve, render=render)
