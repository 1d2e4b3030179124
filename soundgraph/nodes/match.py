"""Line a sound up with another one: the same moment of attack, the same loudness."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.fades import fade_in
from soundgraph.audio.dsp.loudness import blocks, integrated_lufs, reads_anew
from soundgraph.audio.dsp.onsets import onset
from soundgraph.audio.dsp.placing import leveled
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Form, Kind

# Where the beginning was cut in the noise before an attack, that noise comes in over this time, or what there is.
_FADE_MS = 2


class Match(Params):
    input: NodeRef = Field(description="the node to move and to level")
    to: NodeRef = Field(description="the node to line up with, which stays as it is")
    align: Literal["onset", "none"] = Field(
        "onset", description='"onset" moves the sound so that its first attack falls where that of the other one does'
    )
    level: bool = Field(True, description="make the integrated loudness that of the other sound")


def render(node: Match, inputs: list[Audio]) -> Audio:
    audio, to = inputs
    if not audio.samples.any():
        return audio
    if not to.samples.any():
        raise NodeError(f'"{node.to}" is silence: there is nothing to line up with')
    if node.align == "onset":
        audio = _moved(audio, to)
    if node.level:
        audio = _leveled(audio, to, node)
    return audio


def _moved(audio: Audio, to: Audio) -> Audio:
    """The sound with its onset at the time of that of `to`, both not silent; whole from its onset on."""
    own, reference = onset(audio) or 0, onset(to) or 0
    wanted = round(reference * audio.sample_rate / to.sample_rate)
    if wanted >= own:
        return make(np.pad(audio.samples, ((0, 0), (wanted - own, 0))), audio.sample_rate)
    n_fade = min(_FADE_MS * audio.sample_rate // 1000, wanted)
    return make(fade_in(audio.samples[:, own - wanted :], n_fade, "cosine"), audio.sample_rate)


def _leveled(audio: Audio, to: Audio, node: Match) -> Audio:
    wanted, measured = integrated_lufs(to), blocks(audio)
    if wanted is None or measured.lufs() is None:
        name = node.to if wanted is None else node.input
        raise NodeError(
            f'"{name}" is too quiet to be measured (under -70 LUFS); level = false leaves the level as it is'
        )
    return make(leveled(audio.samples, measured.gain_to(wanted)), audio.sample_rate)


def revised(node: Match, inputs: Collection[Form]) -> bool:
    return node.level and any(reads_anew(*form) for form in inputs)


KIND = Kind(version=1, params=Match, render=render, revised=revised)
