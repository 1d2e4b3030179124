"""Add silence before and after a sound."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio, check_length, make, n_samples
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Pad(Params):
    input: NodeRef = Field(description="the node to add silence to")
    before: float = Field(0.0, ge=0, le=MAX_SECONDS, description="seconds of silence before the sound")
    after: float = Field(0.0, ge=0, le=MAX_SECONDS, description="seconds of silence after the sound")
    duration: float | None = Field(
        None,
        gt=0,
        le=MAX_SECONDS,
        description="length of the result in seconds, filled up after the sound; instead of after",
    )

    @model_validator(mode="after")
    def _one_end(self) -> Pad:
        if self.duration is not None and "after" in self.model_fields_set:
            raise ValueError("give duration or after, not both")
        if self.duration is not None and self.before > self.duration:
            raise ValueError(f"before ({self.before:g} s) is longer than duration ({self.duration:g} s)")
        if not self.model_fields_set & {"before", "after", "duration"}:
            raise ValueError("give before, after or duration")
        return self


def render(node: Pad, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    rate, before = audio.sample_rate, n_samples(node.before, audio.sample_rate)
    if node.duration is None:
        n = before + audio.n_samples + n_samples(node.after, rate)
    else:
        n = n_samples(node.duration, rate)
        if n < before + audio.n_samples:
            raise NodeError(
                f"the sound ends at {node.before + audio.duration:.6g} s, later than duration ({node.duration:.6g} s); "
                "a trim shortens it"
            )
    check_length("the result", n, audio.channels, rate)
    samples = np.zeros((audio.channels, n), np.float32)
    samples[:, before : before + audio.n_samples] = audio.samples
    return make(samples, rate)


KIND = Kind(version=1, params=Pad, render=render)
