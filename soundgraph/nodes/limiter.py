"""Keep the true peak of a sound under a ceiling, and leave alone what is under it."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.limiting import limited
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Limiter(Params):
    input: NodeRef = Field(description="the node to limit")
    ceiling_dbtp: float = Field(-1.0, ge=-60, le=20, description="dB true peak that the result does not pass")
    release_ms: float = Field(
        100.0, ge=0, le=10000, description="time until 63 % of a reduction has gone again; short ones distort low tones"
    )
    lookahead_ms: float = Field(
        5.0, ge=0.5, le=100, description="how long before a peak the gain begins to fall; short ones distort"
    )


def render(node: Limiter, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    # What is not a number is over no ceiling, and must not pass for that.
    audio = make(audio.samples, audio.sample_rate)
    return limited(audio, 10 ** (node.ceiling_dbtp / 20), node.release_ms, node.lookahead_ms)


KIND = Kind(version=1, params=Limiter, render=render)
