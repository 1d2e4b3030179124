"""Turn a sound down where it is quieter than a threshold, such as noise between words."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp import dynamics
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Gate(Params):
    input: NodeRef = Field(description="the node to gate")
    threshold_db: float = Field(ge=-120, le=20, description="peak level in dBFS that opens the gate")
    hysteresis_db: float = Field(
        6.0, ge=0, le=60, description="dB by which the sound has to fall under the threshold for the gate to close"
    )
    attack_ms: float = Field(1.0, ge=0, le=1000, description="time until the gate is 63 % open")
    hold_ms: float = Field(
        50.0,
        ge=0,
        le=10000,
        description="how long the gate stays open after the last peak; at least half a period of the lowest tone",
    )
    release_ms: float = Field(100.0, ge=0, le=10000, description="time until the gate is 63 % closed")
    range_db: float = Field(80.0, gt=0, le=120, description="dB that a closed gate takes away")


def render(node: Gate, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    is_open = dynamics.open_while(
        dynamics.linked_peak(audio.samples),
        opens_at=10 ** (node.threshold_db / 20),
        closes_under=10 ** ((node.threshold_db - node.hysteresis_db) / 20),
        hold=round(node.hold_ms * audio.sample_rate / 1000),
    )
    glide = dynamics.Glide(node.attack_ms, node.release_ms, audio.sample_rate)

    def factors(part: slice) -> dynamics.Floats:
        return dynamics.factors(node.range_db * (glide.run(is_open[part]) - 1.0))

    return dynamics.shaped(audio, factors)


KIND = Kind(version=2, params=Gate, render=render)
