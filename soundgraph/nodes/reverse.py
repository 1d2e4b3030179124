"""Play a sound backwards."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Reverse(Params):
    input: NodeRef = Field(description="the node to turn round")


def render(node: Reverse, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    return make(audio.samples[:, ::-1], audio.sample_rate)


KIND = Kind(version=1, params=Reverse, render=render)
