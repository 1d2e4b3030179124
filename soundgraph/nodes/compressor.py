"""Even out a sound: what is louder than a threshold is turned down by a ratio."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp import dynamics
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Compressor(Params):
    input: NodeRef = Field(description="the node to compress")
    threshold_db: float = Field(ge=-100, le=20, description="peak level in dBFS from which on the sound is turned down")
    ratio: float = Field(
        4.0, ge=1, le=100, description="how many dB louder the input has to get for the result to get 1 dB louder"
    )
    knee_db: float = Field(
        6.0, ge=0, le=48, description="dB around the threshold over which the ratio sets in; 0 for a corner"
    )
    attack_ms: float = Field(10.0, ge=0, le=1000, description="time until 63 % of a reduction is there")
    release_ms: float = Field(100.0, ge=0, le=10000, description="time until 63 % of a reduction has gone again")
    makeup_db: float = Field(0.0, ge=-60, le=60, description="dB by which the result is made louder afterwards")


def render(node: Compressor, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    smoothing = dynamics.Smoothing(node.attack_ms, node.release_ms, audio.sample_rate)

    def factors(part: slice) -> dynamics.Floats:
        levels = dynamics.decibels(dynamics.linked_peak(audio.samples[:, part]))
        # Smoothed after the curve, in dB: then the time constants are those of what is heard, and a soft sound after a
        # loud one need not wait for the detector to come down to the threshold.
        reduction = smoothing.run(dynamics.reduction_db(levels, node.threshold_db, node.ratio, node.knee_db))
        return dynamics.factors(node.makeup_db - reduction)

    return dynamics.shaped(audio, factors)


KIND = Kind(version=1, params=Compressor, render=render)
