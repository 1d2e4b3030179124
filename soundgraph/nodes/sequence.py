"""Put sounds one after another, with gaps or crossfades between them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio, check_length, make, n_samples
from soundgraph.audio.dsp.crossfades import correlation, gains
from soundgraph.audio.dsp.placing import alike, leveled
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Clip(Params):
    """One sound of a sequence."""

    node: NodeRef = Field(description="the node to put next")
    gap: float = Field(0.0, ge=0, le=MAX_SECONDS, description="seconds of silence between the clip before and this one")
    crossfade: float = Field(
        0.0, ge=0, le=MAX_SECONDS, description="seconds over which the clip before becomes this one"
    )
    at: float | None = Field(
        None,
        ge=0,
        le=MAX_SECONDS,
        description="seconds from the beginning of the sequence, where the clip begins, whatever came before",
    )
    gain_db: float = Field(0.0, ge=-120, le=60, description="dB by which the clip is made louder or quieter")

    @model_validator(mode="after")
    def _one_place(self) -> Clip:
        places = {"gap": self.gap > 0, "crossfade": self.crossfade > 0, "at": self.at is not None}
        given = [name for name, is_given in places.items() if is_given]
        if len(given) > 1:
            raise ValueError(f"give {given[0]} or {given[1]}, not both")
        return self


class Sequence(Params):
    inputs: list[Clip] = Field(min_length=1, max_length=256, description="the sounds, in the order they are heard")
    sample_rate: int = Field(48000, ge=8000, le=192000, description="Hz of the result; the scene's if not given")

    @model_validator(mode="after")
    def _first_has_none_before(self) -> Sequence:
        if self.inputs[0].crossfade:
            raise ValueError("inputs[0] has a crossfade, but there is no clip before it")
        return self


def render(node: Sequence, inputs: list[Audio]) -> Audio:
    rate = node.sample_rate
    samples = [leveled(x, clip.gain_db) for clip, x in zip(node.inputs, alike(inputs, rate), strict=True)]
    lengths = [x.shape[1] for x in samples]
    # How many samples the crossfade at the beginning of each clip takes; the last clip has none at its end.
    fades = [n_samples(clip.crossfade, rate) for clip in node.inputs] + [0]
    _check(node, inputs, lengths, fades)
    starts, end = [], 0
    for clip, length, fade in zip(node.inputs, lengths, fades, strict=False):
        starts.append(end + n_samples(clip.gap, rate) - fade if clip.at is None else n_samples(clip.at, rate))
        end = starts[-1] + length
    n = max(start + length for start, length in zip(starts, lengths, strict=True))
    check_length("the sequence", n, len(samples[0]), rate)
    total = np.zeros((len(samples[0]), n))
    coming = np.ones(0)
    with np.errstate(over="ignore", invalid="ignore"):  # make() refuses infinity, in words
        for index, (x, start, (head, tail)) in enumerate(zip(samples, starts, pairwise(fades), strict=True)):
            piece = x.astype(np.float64)
            piece[:, :head] *= coming[:head]
            if tail:
                # How alike the two are is asked of the clips themselves, not of what a crossfade before has left.
                r = correlation(x[:, -tail:], samples[index + 1][:, :tail])
                going, coming = gains(tail, "measured", r)
                piece[:, -tail:] *= going
            total[:, start : start + piece.shape[1]] += piece
        return make(total, rate)


def _check(node: Sequence, inputs: list[Audio], lengths: list[int], fades: list[int]) -> None:
    lasting = [f'"{clip.node}" lasts {audio.duration:.6g} s' for clip, audio in zip(node.inputs, inputs, strict=True)]
    for index, (head, tail) in enumerate(pairwise(fades)):
        takes = f"{node.inputs[index].crossfade:.6g} s"
        if index and head > min(lengths[index - 1 : index + 1]):
            raise NodeError(f"inputs[{index}].crossfade takes {takes}, but {lasting[index - 1]} and {lasting[index]}")
        # One more for the rounding of each. A tail that is too long by itself is told of with the clip after.
        if tail <= lengths[index] < head + tail - 1:
            after = node.inputs[index + 1].crossfade
            raise NodeError(f"{lasting[index]}, but its crossfades take {takes} and {after:.6g} s")


KIND = Kind(version=1, params=Sequence, render=render, from_scene=("sample_rate",))
