"""Make a test signal: a steady tone or a sweep, as a sine, square, triangle or saw without aliases."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_BYTES, Audio, make, n_samples
from soundgraph.audio.dsp import oscillators
from soundgraph.core.params import Params
from soundgraph.nodes import Kind


class Tone(Params):
    freq_hz: float = Field(ge=1, lt=96000, description="frequency in Hz, less than half the sample rate")
    end_freq_hz: float | None = Field(
        None, ge=1, lt=96000, description="frequency in Hz that a sweep arrives at; a steady tone if not given"
    )
    sweep: oscillators.Sweep = Field(
        "log", description='how a sweep moves: by so many octaves each second ("log") or so many hertz ("linear")'
    )
    waveform: oscillators.Waveform = Field("sine", description='"sine", "square", "triangle" or "saw"')
    level_dbfs: float = Field(-20.0, ge=-120, le=0, description="peak level of the ideal waveform in dBFS")
    duration: float = Field(10.0, gt=0, le=3600, description="seconds, exact to the sample; the scene's if not given")
    sample_rate: int = Field(48000, ge=8000, le=192000, description="Hz; the scene's if not given")
    channels: int = Field(1, ge=1, le=8, description="all have the same samples")

    @model_validator(mode="after")
    def _can_be_held(self) -> Tone:
        half = self.sample_rate / 2
        for name, freq_hz in (("freq_hz", self.freq_hz), ("end_freq_hz", self.end_freq_hz)):
            if freq_hz is not None and freq_hz >= half:
                raise ValueError(
                    f"{name} is {freq_hz:g}, but a tone at {self.sample_rate} Hz has to be below {half:g} Hz"
                )
        n_bytes = 4 * self.channels * n_samples(self.duration, self.sample_rate)
        if n_bytes > MAX_BYTES:
            raise ValueError(f"{n_bytes / 1e9:.1f} GB of samples are more than the 4.3 GB one WAV file can hold")
        return self


def render(node: Tone, inputs: list[Audio]) -> Audio:
    n = n_samples(node.duration, node.sample_rate)
    end_freq_hz = node.freq_hz if node.end_freq_hz is None else node.end_freq_hz
    wave = oscillators.tone(node.waveform, node.freq_hz, end_freq_hz, node.sweep, n, node.sample_rate)
    wave *= 10 ** (node.level_dbfs / 20)
    return make(np.broadcast_to(wave.astype(np.float32), (node.channels, n)), node.sample_rate)


KIND = Kind(version=1, params=Tone, render=render, from_scene=("duration", "sample_rate"))
