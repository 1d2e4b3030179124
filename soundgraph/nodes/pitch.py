"""Raise or lower the pitch of a sound without changing its length."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.stretching import shifted
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Pitch(Params):
    input: NodeRef = Field(description="the node to raise or lower, mono or stereo")
    semitones: float = Field(ge=-24, le=24, description="semitones up (over 0) or down; 12 is an octave, 0.01 a cent")


def render(node: Pitch, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    return make(shifted(audio.samples, audio.sample_rate, node.semitones), audio.sample_rate)


KIND = Kind(version=1, params=Pitch, render=render)
