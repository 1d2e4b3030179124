"""Make a sound longer or shorter without changing its pitch."""

from __future__ import annotations

from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio, make, n_samples
from soundgraph.audio.dsp.stretching import stretched
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind

_LEAST, _MOST = 0.25, 4.0


class Stretch(Params):
    input: NodeRef = Field(description="the node to stretch, mono or stereo")
    factor: float | None = Field(
        None, ge=_LEAST, le=_MOST, description="how many times as long the result is: 2 is twice as long, half as fast"
    )
    duration: float | None = Field(
        None, gt=0, le=MAX_SECONDS, description="instead of factor: how long the result is, in seconds"
    )

    @model_validator(mode="after")
    def _one_length(self) -> Stretch:
        if (self.factor is None) == (self.duration is None):
            raise ValueError("give factor or duration, and not both")
        return self


def render(node: Stretch, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    if node.duration is None:
        n = round(audio.n_samples * (node.factor or 1.0))
    else:
        n = n_samples(node.duration, audio.sample_rate)
        # A sample of grace, for durations that were rounded to be written down.
        if not _LEAST * audio.n_samples - 1 <= n <= _MOST * audio.n_samples + 1 and audio.n_samples:
            raise NodeError(
                f"the input lasts {audio.duration:.6g} s and can be made {_LEAST * audio.duration:.6g} to "
                f"{_MOST * audio.duration:.6g} s long, not {node.duration:.6g} s"
            )
    return make(stretched(audio.samples, audio.sample_rate, n), audio.sample_rate)


KIND = Kind(version=1, params=Stretch, render=render)
