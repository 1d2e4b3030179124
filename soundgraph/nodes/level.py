"""Even out slow changes of loudness over a long piece."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.levelling import evened
from soundgraph.audio.dsp.loudness import reads_anew
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Form, Kind


class Level(Params):
    input: NodeRef = Field(description="the piece to even out")
    window: float = Field(
        10.0, ge=3, le=120, description="seconds over which loudness is averaged: what changes faster stays"
    )
    max_gain_db: float = Field(
        12.0, gt=0, le=30, description="dB by which any part is raised or lowered at most, relative to the whole"
    )


def render(node: Level, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    return make(evened(audio, node.window, node.max_gain_db), audio.sample_rate)


def revised(node: Level, inputs: Collection[Form]) -> bool:
    return any(reads_anew(*form) for form in inputs)


KIND = Kind(version=1, params=Level, render=render, revised=revised)
