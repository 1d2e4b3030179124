"""Lay sounds over one another, each with its own level, time and place."""

from __future__ import annotations

import numpy as np
from pydantic import Field, model_validator

from soundgraph.audio.artifact import MAX_SECONDS, Audio, check_length, make, n_samples
from soundgraph.audio.dsp.panning import balance_gains, pan_gains
from soundgraph.audio.dsp.resampling import resample, resampled_length
from soundgraph.core.errors import NodeError
from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


class Layer(Params):
    """One sound of a mix."""

    node: NodeRef = Field(description="the node to lay into the mix")
    weight: float = Field(
        1.0, ge=-1000, le=1000, description="linear gain; a negative one also turns the polarity round"
    )
    gain_db: float | None = Field(None, ge=-120, le=60, description="gain in dB, instead of weight")
    at: float = Field(
        0.0, ge=0, le=MAX_SECONDS, description="seconds from the beginning of the mix, where the sound begins"
    )
    pan: float = Field(0.0, ge=-1, le=1, description="from -1 (left) over 0 (centre) to 1 (right)")

    @model_validator(mode="after")
    def _one_level(self) -> Layer:
        if self.gain_db is not None and "weight" in self.model_fields_set:
            raise ValueError("give weight or gain_db, not both")
        return self

    @property
    def factor(self) -> float:
        """The linear gain."""
        return self.weight if self.gain_db is None else float(10 ** (self.gain_db / 20))


class Mix(Params):
    # The order of layers stays part of the key: float64 sums of three and more layers can differ by it in the last bit.
    inputs: list[Layer] = Field(min_length=1, max_length=256, description="the sounds, added up in this order")
    sample_rate: int = Field(48000, ge=8000, le=192000, description="Hz of the result; the scene's if not given")
    channels: int = Field(2, ge=1, le=2, description="1 for mono, 2 for stereo")
    duration: float | None = Field(
        None,
        gt=0,
        le=MAX_SECONDS,
        description="exact length in seconds, cut or filled up with silence; to the end of the last sound if not given",
    )

    @model_validator(mode="after")
    def _pan_has_room(self) -> Mix:
        for index, layer in enumerate(self.inputs):
            if self.channels == 1 and layer.pan:
                raise ValueError(f"inputs[{index}] has a pan, but a mix of 1 channel has no sides")
        return self


def render(node: Mix, inputs: list[Audio]) -> Audio:
    rate = node.sample_rate
    for layer, audio in zip(node.inputs, inputs, strict=True):
        if audio.channels > 2:
            raise NodeError(f'a mix takes mono and stereo, but "{layer.node}" has {audio.channels} channels')
    starts = [n_samples(layer.at, rate) for layer in node.inputs]
    if node.duration is not None:
        n = n_samples(node.duration, rate)
    else:
        n = max(start + resampled_length(audio, rate) for start, audio in zip(starts, inputs, strict=True))
    check_length("the mix", n, node.channels, rate)
    total = np.zeros((node.channels, n))
    with np.errstate(over="ignore", invalid="ignore"):  # make() refuses infinity, in words
        for layer, start, audio in zip(node.inputs, starts, inputs, strict=True):
            _add(total[:, start:], layer, resample(audio, rate))
        return make(total, rate)


def _add(total: np.ndarray[tuple[int, int], np.dtype[np.float64]], layer: Layer, audio: Audio) -> None:
    """Add a layer to `total`, shaped (1 or 2, n), as far as it reaches; `audio` has the mix's rate."""
    samples = audio.samples[:, : total.shape[1]]
    target = total[:, : samples.shape[1]]
    if len(total) == 1:
        for channel in samples:
            target[0] += np.multiply(channel, layer.factor / audio.channels, dtype=np.float64)
        return
    gains = pan_gains(layer.pan) if audio.channels == 1 else balance_gains(layer.pan)
    for side, gain in enumerate(gains):
        target[side] += np.multiply(samples[side % audio.channels], layer.factor * gain, dtype=np.float64)


KIND = Kind(version=1, params=Mix, render=render, from_scene=("sample_rate",))
