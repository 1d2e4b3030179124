"""noise: levels, lengths, and what a seed does."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio
from soundgraph.nodes.noise import KIND, Noise

RATES = [8000, 11025, 44100, 48000, 192000]
COLORS = ["white", "pink", "brown"]


def noise(**fields: object) -> Audio:
    return KIND.render(Noise(**{"duration": 0.2, **fields}), [])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_length_rate_and_channels_are_those_asked_for(rate, channels):
    audio = noise(sample_rate=rate, channels=channels)
    assert (audio.sample_rate, audio.samples.shape) == (rate, (channels, round(0.2 * rate)))


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("level", [0.0, -20.0, -120.0])
def test_the_level_is_the_rms_of_each_channel(color, level):
    samples = noise(color=color, level_dbfs=level, channels=2).samples.astype(np.float64)
    assert 20 * np.log10(np.sqrt((samples**2).mean(axis=1))) == pytest.approx([level, level], abs=1e-3)


@pytest.mark.parametrize("color", COLORS)
def test_channels_and_seeds_differ_and_the_same_fields_give_the_same_noise(color):
    audio = noise(color=color, channels=2)
    assert not np.array_equal(*audio.samples)
    assert noise(color=color, channels=2).digest == audio.digest
    assert noise(color=color, channels=2, seed=1).digest != audio.digest


def test_nothing_is_clipped():
    assert np.abs(noise(color="pink", level_dbfs=0.0, duration=1.0).samples).max() > 3


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("duration", [1e-9, 1 / 48000])
def test_the_shortest(color, duration):
    assert noise(color=color, duration=duration).n_samples == round(duration * 48000)


def test_more_than_a_file_holds_is_a_mistake():
    with pytest.raises(ValidationError, match=r"22\.1 GB of samples are more than the 4\.3 GB one WAV file can hold"):
        Noise(sample_rate=192000, channels=8, duration=3600.0)


@pytest.mark.parametrize(
    "change",
    [{"color": "blue"}, {"level_dbfs": 1.0}, {"seed": -1}, {"duration": 0.0}, {"channels": 9}, {"sample_rate": 7999}],
)
def test_values_out_of_range_are_mistakes(change):
    with pytest.raises(ValidationError):
        Noise(**change)
