"""Make two channels of one, at the level a mix gives it in the centre."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.panning import pan
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Stereo(Params):
    input: NodeRef = Field(description="the node to bring to two channels, mono or stereo")


def render(node: Stereo, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    if audio.channels > 2:
        raise NodeError(f"the input has {audio.channels} channels; mono and stereo can be made stereo")
    return make(pan(audio.samples, 0.0), audio.sample_rate)


KIND = Kind(version=1, params=Stereo, render=render)
