"""Cut a piece out of a sound, to the sample, and fade its ends."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio, make, n_samples
from soundgraph.audio.dsp.fades import Curve, fade_ends
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Trim(Params):
    input: NodeRef = Field(description="the node to cut from")
    start: float = Field(
        0.0, ge=0, le=MAX_SECONDS, description="seconds from the beginning of the input, where the piece begins"
    )
    duration: float | None = Field(
        None,
        gt=0,
        le=MAX_SECONDS,
        description="length of the piece in seconds; to the input's end if neither this nor end is given",
    )
    end: float | None = Field(
        None,
        gt=0,
        le=MAX_SECONDS,
        description="seconds from the beginning of the input, where the piece ends; instead of duration",
    )
    fade_in: float = Field(0.0, ge=0, le=MAX_SECONDS, description="seconds over which the piece rises from silence")
    fade_out: float = Field(0.0, ge=0, le=MAX_SECONDS, description="seconds over which the piece falls to silence")
    curve: Curve = Field(
        "cosine", description='how the fades run: "cosine" (smooth at both ends), "equal_power" or "linear"'
    )
    pad: bool = Field(
        False, description="fill up with silence where the piece reaches past the end of the input, instead of failing"
    )

    @model_validator(mode="after")
    def _times_fit(self) -> Trim:
        if self.duration is not None and self.end is not None:
            raise ValueError("give duration or end, not both")
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end ({self.end:g} s) must come after start ({self.start:g} s)")
        length = self.duration if self.end is None else self.end - self.start
        # A nanosecond for the rounding of sums such as 0.1 + 0.2.
        if length is not None and self.fade_in + self.fade_out > length + 1e-9:
            raise ValueError(
                f"the fades take {self.fade_in + self.fade_out:g} s together, but the piece lasts {length:g} s"
            )
        return self


def render(node: Trim, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    rate, available = audio.sample_rate, audio.n_samples
    first = n_samples(node.start, rate)
    if node.duration is not None:
        count, stop_seconds = n_samples(node.duration, rate), node.start + node.duration
    elif node.end is not None:
        count, stop_seconds = n_samples(node.end, rate) - first, node.end
    else:
        count, stop_seconds = max(available - first, 0), max(node.start, audio.duration)
    if first + count > available >= n_samples(stop_seconds, rate):
        # start and duration, each rounded by itself, add up to a sample more than there is: begin that much sooner.
        first = available - count
    if first + count > available and not node.pad:
        raise NodeError(
            f"reads up to {stop_seconds:.6g} s of an input that lasts {audio.duration:.6g} s; "
            "pad = true fills up with silence"
        )
    # A copy: a view of a few samples would keep the whole input in memory.
    piece = audio.samples[:, first : first + count].copy()
    if piece.shape[1] < count:
        piece = np.pad(piece, ((0, 0), (0, count - piece.shape[1])))
    return fade_ends(make(piece, rate), node.fade_in, node.fade_out, node.curve)


KIND = Kind(version=1, params=Trim, render=render)
