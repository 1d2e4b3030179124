"""Repeat a sound as echoes that die away."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import Audio, check_length, make, n_samples
from soundgraph.audio.dsp import filters
from soundgraph.audio.dsp.echoes import audible, echoes, high, low
from soundgraph.audio.dsp.panning import pan
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Delay(Params):
    input: NodeRef = Field(description="the node to repeat")
    time_ms: float = Field(350.0, ge=1, le=10000, description="milliseconds from one echo to the next")
    feedback: float = Field(
        0.4, ge=0, le=0.95, description="how much of an echo the next one has: 0.5 is half, 0 leaves a single echo"
    )
    wet_db: float = Field(-6.0, ge=-120, le=60, description="level of the first echo in dB")
    dry_db: float = Field(0.0, ge=-120, le=60, description="level of the input itself in dB")
    ping_pong: bool = Field(
        False, description="echoes come from the left, the right, the left and so on; the result is stereo"
    )
    lowpass_hz: float | None = Field(
        None, ge=20, le=96000, description="each echo loses what is above this frequency in Hz, 6 dB an octave more"
    )
    highpass_hz: float | None = Field(
        None, ge=20, le=96000, description="each echo loses what is below this frequency in Hz, 6 dB an octave more"
    )
    tail: bool = Field(
        True, description="keep the echoes after the end of the input until they have fallen by 60 dB; false cuts there"
    )


def render(node: Delay, inputs: list[Audio]) -> Audio:
    (audio,) = inputs
    samples, rate = audio.samples, audio.sample_rate
    sections = _sections(node, rate)
    step = max(n_samples(node.time_ms / 1000, rate), 1)
    length = n = audio.n_samples
    if node.tail and n:
        length += audible(node.feedback) * step
    lines: np.ndarray[tuple[int, ...], np.dtype[np.floating]] = samples
    if node.ping_pong:
        if audio.channels > 2:
            raise NodeError(f"ping_pong takes mono and stereo, but the input has {audio.channels} channels")
        # Only the left line hears the input, the right one lives on what the left gives it.
        lines = np.zeros((2, n))
        lines[0] = np.add.reduce(samples, axis=0, dtype=np.float64) / audio.channels
        samples = pan(samples, 0.0)
    check_length("the echoes", length, len(lines), rate)
    with np.errstate(over="ignore", invalid="ignore"):  # make() refuses infinity, in words
        result = echoes(lines, step, length, node.feedback, sections, node.ping_pong)
        result *= np.float32(10 ** (node.wet_db / 20))
        result[:, :n] += samples * np.float32(10 ** (node.dry_db / 20))
        return make(result, rate)


def _sections(node: Delay, sample_rate: int) -> list[filters.Sections]:
    sections = []
    for name, freq_hz, design in (("lowpass_hz", node.lowpass_hz, low), ("highpass_hz", node.highpass_hz, high)):
        if freq_hz is None:
            continue
        filters.check_frequency(name, freq_hz, sample_rate)
        sections.append(design(freq_hz, sample_rate))
    return sections


KIND = Kind(version=1, params=Delay, render=render)
