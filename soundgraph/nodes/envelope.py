"""Change the level of a sound over time, from point to point."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio
from soundgraph.audio.dsp import dynamics
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind

_SILENT_DB = -120.0


class Point(Params):
    """A level at a moment."""

    at: float = Field(ge=0, le=MAX_SECONDS, description="seconds from the beginning of the sound")
    gain_db: float = Field(ge=-200, le=60, description="gain there in dB; -120 and less is silence")


class Envelope(Params):
    input: NodeRef = Field(description="the node whose level changes")
    points: list[Point] = Field(
        min_length=1,
        max_length=10000,
        description="the levels, in order of time; the first holds before it, the last after it",
    )
    interpolation: Literal["linear", "linear_gain"] = Field(
        "linear",
        description='how the level gets from point to point: evenly in dB ("linear") or in amplitude ("linear_gain")',
    )

    @model_validator(mode="after")
    def _in_order(self) -> Envelope:
        for index, (earlier, later) in enumerate(pairwise(self.points)):
            if later.at <= earlier.at:
                raise ValueError(
                    f"points[{index + 1}] is at {later.at:g} s, which is not after points[{index}] at {earlier.at:g} s"
                )
        return self


def render(node: Envelope, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    moments = np.array([point.at for point in node.points])
    levels_db = np.array([point.gain_db for point in node.points])
    gains = _gains(levels_db)

    def factors(part: slice) -> dynamics.Floats:
        seconds = np.arange(part.start, part.stop) / audio.sample_rate
        if node.interpolation == "linear_gain":
            return np.interp(seconds, moments, gains)
        return _gains(np.interp(seconds, moments, levels_db))

    return dynamics.shaped(audio, factors)


def _gains(levels_db: dynamics.Floats) -> dynamics.Floats:
    return np.where(levels_db > _SILENT_DB, dynamics.factors(levels_db), 0.0)


KIND = Kind(version=1, params=Envelope, render=render)
