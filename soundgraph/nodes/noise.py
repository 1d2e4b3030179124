"""Make a test signal: white, pink or brown noise."""

from __future__ import annotations

from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_BYTES, Audio, make, n_samples
from soundgraph.audio.dsp import coloured_noise
from soundgraph.core.params import Params
from soundgraph.nodes import Kind


class Noise(Params):
    color: coloured_noise.Color = Field(
        "pink",
        description='"white" (the same power in each hertz), "pink" (falls by 3.01 dB an octave) or "brown" (falls by '
        "6.02 dB an octave)",
    )
    level_dbfs: float = Field(
        -20.0, ge=-120, le=0, description="RMS level of each channel in dBFS; a full-scale square wave has 0"
    )
    seed: int = Field(0, ge=0, le=2**63 - 1, description="another seed is another noise; the scene's if not given")
    duration: float = Field(10.0, gt=0, le=3600, description="seconds, exact to the sample; the scene's if not given")
    sample_rate: int = Field(48000, ge=8000, le=192000, description="Hz; the scene's if not given")
    channels: int = Field(1, ge=1, le=8, description="each has a noise of its own, independent of the others")

    @model_validator(mode="after")
    def _fits_a_file(self) -> Noise:
        n_bytes = 4 * self.channels * n_samples(self.duration, self.sample_rate)
        if n_bytes > MAX_BYTES:
            raise ValueError(f"{n_bytes / 1e9:.1f} GB of samples are more than the 4.3 GB one WAV file can hold")
        return self


def render(node: Noise, inputs: list[Audio]) -> Audio:
    n = n_samples(node.duration, node.sample_rate)
    samples = coloured_noise.noise(node.color, n, node.channels, node.sample_rate, node.seed)
    samples *= 10 ** (node.level_dbfs / 20)
    return make(samples, node.sample_rate)


KIND = Kind(version=1, params=Noise, render=render, from_scene=("duration", "sample_rate", "seed"))
