"""Go over from one sound to another."""

from __future__ import annotations

from pydantic import Field

from soundgraph.audio.artifact import MAX_SECONDS, Audio, make, n_samples
from soundgraph.audio.dsp.crossfades import CrossfadeCurve, joined
from soundgraph.audio.dsp.placing import alike
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Crossfade(Params):
    input: NodeRef = Field(description="the node that is heard first")
    to: NodeRef = Field(description="the node that it goes over to")
    duration: float = Field(gt=0, le=MAX_SECONDS, description="seconds for which both are heard")
    curve: CrossfadeCurve = Field(
        "measured",
        description='how they go over: "measured" holds the level whatever the sounds have in common, "equal_power" '
        'is for unrelated sounds, "linear" for ones that are alike',
    )


def render(node: Crossfade, inputs: list[Audio]) -> Audio:
    rate = max(audio.sample_rate for audio in inputs)
    first, second = alike(inputs, rate)
    n = n_samples(node.duration, rate)
    if n > min(first.shape[1], second.shape[1]):
        lengths = " and ".join(
            f'"{name}" lasts {audio.duration:.6g} s' for name, audio in zip((node.input, node.to), inputs, strict=True)
        )
        raise NodeError(f"the crossfade takes {node.duration:.6g} s, but {lengths}")
    return make(joined(first, second, n, node.curve), rate)


KIND = Kind(version=1, params=Crossfade, render=render)
