"""Make one channel of all, by mixing them or by taking a side."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Mono(Params):
    input: NodeRef = Field(description="the node to bring to one channel")
    method: Literal["average", "power", "left", "right"] = Field(
        "average",
        description='"average" holds the level of what all channels share, "power" (3 dB more for stereo) that of what '
        'they do not; "left" and "right" take that channel alone',
    )


def render(node: Mono, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    if audio.channels == 1:
        return make(audio.samples, audio.sample_rate)
    if node.method in ("left", "right"):
        if audio.channels > 2:
            raise NodeError(f'"{node.method}" is a side of stereo, but the input has {audio.channels} channels')
        return make(audio.samples[("left", "right").index(node.method)], audio.sample_rate)
    share = audio.channels if node.method == "average" else math.sqrt(audio.channels)
    with np.errstate(over="ignore"):  # make() refuses infinity, in words
        return make(np.add.reduce(audio.samples, axis=0, dtype=np.float64) / share, audio.sample_rate)


KIND = Kind(version=1, params=Mono, render=render)
