"""Change the sample rate of a sound; pitch, length and place stay."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp import resampling
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Resample(Params):
    input: NodeRef = Field(description="the node to convert")
    # Not the scene's where it is not given: mixes and exports convert to that by themselves.
    sample_rate: int = Field(ge=8000, le=192000, description="Hz of the result")


def render(node: Resample, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    return make(resampling.resample(audio, node.sample_rate).samples, node.sample_rate)


KIND = Kind(version=1, params=Resample, render=render)
