"""Narrow or widen a stereo sound, and bring its bass to the middle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from soundgraph.audio.artifact import Audio, Samples, make
from soundgraph.audio.dsp import filters
from soundgraph.audio.dsp.sides import cut_low_side
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind

# What fits into a processor's cache, and does not show in the result.
_CHUNK = 1 << 14


class Width(Params):
    input: NodeRef = Field(description="the node to narrow or widen, stereo")
    width: float = Field(
        1.0, ge=0, le=4, description="how much of the difference between the sides is kept: 0 is mono, 1 as it was"
    )
    bass_mono_hz: float | None = Field(
        None, ge=20, le=500, description="below this frequency in Hz both sides become the same"
    )


def render(node: Width, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    if audio.channels != 2:
        form = "is mono" if audio.channels == 1 else f"has {audio.channels} channels"
        raise NodeError(f"only stereo has a width, and the input {form}")
    if node.bass_mono_hz is not None:
        filters.check_frequency("bass_mono_hz", node.bass_mono_hz, audio.sample_rate)
    if node.width == 1.0 and node.bass_mono_hz is None:
        return make(audio.samples, audio.sample_rate)  # (L + R) / 2 + (L - R) / 2 would round
    left, right = audio.samples
    if node.bass_mono_hz is not None:
        whole_side = cut_low_side(_side(left, right), audio.sample_rate, node.bass_mono_hz)
    result = np.empty_like(audio.samples)
    for start in range(0, audio.n_samples, _CHUNK):
        part = slice(start, start + _CHUNK)
        middle = np.add(left[part], right[part], dtype=np.float64) / 2
        side = _side(left[part], right[part]) if node.bass_mono_hz is None else whole_side[part]
        side *= node.width
        with np.errstate(over="ignore"):  # make() refuses infinity, in words
            result[0, part] = middle + side
            result[1, part] = middle - side
    return make(result, audio.sample_rate)


def _side(left: Samples, right: Samples) -> NDArray[np.float64]:
    side: NDArray[np.float64] = np.subtract(left, right, dtype=np.float64)
    side /= 2
    return side


KIND = Kind(version=1, params=Width, render=render)
