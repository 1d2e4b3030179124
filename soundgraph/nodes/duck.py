"""Turn a sound down while another one is heard, such as music under speech."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp import dynamics
from soundgraph.audio.dsp.resampling import resample
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Duck(Params):
    input: NodeRef = Field(description="the node to turn down")
    sidechain: NodeRef = Field(description="the node that it makes room for; not heard in the result")
    threshold_db: float = Field(-40.0, ge=-120, le=20, description="peak level in dBFS from which the sidechain counts")
    depth_db: float = Field(12.0, gt=0, le=120, description="dB by which the input is turned down")
    attack_ms: float = Field(20.0, ge=0, le=5000, description="time until 63 % of the depth is reached")
    hold_ms: float = Field(
        300.0, ge=0, le=10000, description="how long the input stays down after the last peak, as between two words"
    )
    release_ms: float = Field(500.0, ge=0, le=10000, description="time until 63 % of the depth has gone again")
    lookahead_ms: float = Field(
        50.0, ge=0, le=5000, description="how long before the sidechain the input begins to be turned down"
    )


def render(node: Duck, inputs: list[Audio]) -> Audio:
    audio, sidechain = inputs
    rate, n = audio.sample_rate, audio.n_samples
    ahead = round(node.lookahead_ms * rate / 1000)
    # The key runs from the look-ahead before the input's first sample, so that what is loud at once is ducked by then.
    key = np.zeros(n + ahead, np.float32)
    heard = dynamics.linked_peak(resample(sidechain, rate).samples[:, : n + ahead])
    key[: heard.size] = heard
    threshold = 10 ** (node.threshold_db / 20)
    # What begins early must not end early: with a long look-ahead, that would be before the sidechain does.
    down = dynamics.open_while(key, threshold, threshold, hold=round(node.hold_ms * rate / 1000) + ahead)
    glide = dynamics.Glide(node.attack_ms, node.release_ms, rate)
    glide.run(down[:ahead])

    def factors(part: slice) -> dynamics.Floats:
        return dynamics.factors(-node.depth_db * glide.run(down[part.start + ahead : part.stop + ahead]))

    return dynamics.shaped(audio, factors)


KIND = Kind(version=2, params=Duck, render=render)
