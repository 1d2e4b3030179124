"""Put a sound into a room: early echoes, then a tail that dies away."""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import Audio, check_length, make, n_samples
from soundgraph.audio.dsp.convolution import convolve
from soundgraph.audio.dsp.panning import pan
from soundgraph.audio.dsp.reverberation import response
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Reverb(Params):
    input: NodeRef = Field(description="the node to put into the room, mono or stereo")
    decay: float = Field(
        1.5, ge=0.05, le=30, description="seconds until the tail has fallen by 60 dB, at low frequencies"
    )
    size_m: float = Field(
        12.0, ge=1, le=200, description="metres from wall to wall: the larger, the later and sparser the first echoes"
    )
    damping_hz: float = Field(
        5000.0, ge=100, le=96000, description="Hz at which the decay is half as long; higher sounds die still sooner"
    )
    predelay_ms: float = Field(0.0, ge=0, le=1000, description="milliseconds by which the whole room is late")
    width: float = Field(
        1.0,
        ge=0,
        le=1,
        description="how unlike the sides of the room are: at 0 they are the same, at 1 they share nothing",
    )
    wet_db: float = Field(-12.0, ge=-120, le=60, description="level of the room in dB")
    dry_db: float = Field(0.0, ge=-120, le=60, description="level of the input itself in dB")
    channels: int = Field(2, ge=1, le=2, description="1 for mono, 2 for stereo")
    tail: bool = Field(
        True,
        description="keep what rings on after the end of the input; false cuts it off there, at the input's length",
    )
    seed: int = Field(0, ge=0, le=2**63 - 1, description="another seed is another room with the same properties")


def render(node: Reverb, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    if audio.channels > 2:
        raise NodeError(f"a reverb takes mono and stereo, but the input has {audio.channels} channels")
    samples, rate = audio.samples, audio.sample_rate
    late = n_samples(node.predelay_ms / 1000, rate)
    length = n = audio.n_samples
    if node.tail and n:
        length += late + max(n_samples(node.decay, rate), 1) - 1
    check_length("the result", length, node.channels, rate)
    with np.errstate(over="ignore", invalid="ignore"):  # make() refuses infinity, in words
        if node.channels == 1 and audio.channels == 2:
            samples = (np.add.reduce(samples, axis=0, dtype=np.float64, keepdims=True) / 2).astype(np.float32)
        shape = (node.channels, len(samples))
        room = response(node.decay, node.size_m, node.damping_hz, node.width, rate, node.seed, shape)
        # Power is shared out among the sides, as it is where a mix places a mono sound in the centre.
        room *= 10 ** (node.wet_db / 20) / math.sqrt(node.channels)
        wet = convolve(samples, room)[:, : max(length - late, 0)]
        result = np.zeros((node.channels, length), np.float32)
        result[:, late : late + wet.shape[1]] = wet
        dry = pan(samples, 0.0) if len(samples) < node.channels else samples
        result[:, :n] += dry * np.float32(10 ** (node.dry_db / 20))
        return make(result, rate)


KIND = Kind(version=1, params=Reverb, render=render)
