"""Make two channels of one, at the level a mix gives it in the centre."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio import Audio, make
from soundgraph.dsp.pan import pan
from soundgraph.errors import NodeError
from soundgraph.kinds import Kind, NodeRef, Params


class Stereo(Params):
    input: NodeRef = Field(description="the node to bring to two channels, mono or stereo")


def render(node: Stereo, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    if audio.channels > 2:
        raise NodeError(f"the input has {audio.channels} channels; mono and stereo can be made stereo")
    return make(pan(audio.samples, 0.0), audio.sample_rate)


KIND = Kind(version=1, params=Stereo, render=render)
