"""Fade a sound in and out at its ends."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.fades import Curve, fade_ends
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Fade(Params):
    input: NodeRef = Field(description="the node to fade")
    fade_in: float = Field(0.0, ge=0, le=36000, description="seconds over which the sound rises from silence")
    fade_out: float = Field(0.0, ge=0, le=36000, description="seconds over which the sound falls to silence")
    curve: Curve = Field(
        "cosine", description='how the fades run: "cosine" (smooth at both ends), "equal_power" or "linear"'
    )


def render(node: Fade, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    faded = fade_ends(audio, node.fade_in, node.fade_out, node.curve)
    return make(faded.samples, faded.sample_rate)  # without fades it is the input, which nobody has looked at


KIND = Kind(version=1, params=Fade, render=render)
