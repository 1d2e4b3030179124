"""Make a seamless loop of a given length from a longer sound."""

from __future__ import annotations

from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio, make, n_samples
from soundgraph.audio.dsp.looping import seamless
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Loop(Params):
    input: NodeRef = Field(description="the node to take the loop from, longer than the loop by the crossfade or more")
    duration: float = Field(ge=0.01, le=MAX_SECONDS, description="length of the loop in seconds, exact to the sample")
    crossfade: float | None = Field(
        None,
        ge=0.001,
        le=MAX_SECONDS,
        description="seconds over which the end goes over into the beginning, no longer than duration; "
        "a quarter of it, but at most 1, if not given",
    )
    start: float = Field(
        0.0, ge=0, le=MAX_SECONDS, description="seconds from the beginning of the input, before which nothing is used"
    )
    end: float | None = Field(
        None,
        gt=0,
        le=MAX_SECONDS,
        description="seconds from the beginning of the input, after which nothing is used; its end if not given",
    )
    steady: bool = Field(False, description="even out a rise or fall of level over the loop")

    @property
    def fade(self) -> float:
        """The length of the crossfade in seconds."""
        return min(self.duration / 4, 1.0) if self.crossfade is None else self.crossfade

    @model_validator(mode="after")
    def _times_fit(self) -> Loop:
        if self.fade > self.duration:
            raise ValueError(f"crossfade ({self.fade:g} s) is longer than duration ({self.duration:g} s)")
        # A nanosecond for the rounding of sums such as 0.1 + 0.2.
        if self.end is not None and self.end - self.start < self.duration + self.fade - 1e-9:
            raise ValueError(
                f"duration and crossfade take {self.duration + self.fade:g} s, but there are only "
                f"{self.end - self.start:g} s from start to end"
            )
        return self


def render(node: Loop, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    rate = audio.sample_rate
    n_loop = max(n_samples(node.duration, rate), 1)
    n_fade = min(max(n_samples(node.fade, rate), 1), n_loop)
    first = n_samples(node.start, rate)
    last = audio.n_samples if node.end is None else n_samples(node.end, rate)
    if last > audio.n_samples:
        raise NodeError(f"end is {node.end:.6g} s, but the input lasts {audio.duration:.6g} s")
    # One less for the rounding of each.
    if last - first < n_loop + max(n_fade - 1, 1):
        have = max(audio.duration if node.end is None else node.end, node.start) - node.start
        raise NodeError(
            f"a loop of {node.duration:.6g} s and its crossfade of {node.fade:.6g} s take "
            f"{node.duration + node.fade:.6g} s, but the input has {have:.6g} s"
            + (f" after start ({node.start:.6g} s)" if node.start else "")
        )
    n_fade = min(n_fade, last - first - n_loop)
    return seamless(make(audio.samples[:, first:last], rate), n_loop, n_fade, node.steady)


KIND = Kind(version=1, params=Loop, render=render)
