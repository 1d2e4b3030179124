"""mono: which level each method holds."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.panning import pan
from soundgraph.core.errors import NodeError
from soundgraph.nodes.mono import KIND, Mono


def mono(audio: Audio, method: str = "average") -> Audio:
    return KIND.render(Mono(input="x", method=method), [audio])


def noise(channels: int, rate: int = 8000, n: int = 20_000) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, n)), rate)


def power(audio: Audio) -> float:
    return float(np.mean(audio.samples.astype(np.float64) ** 2))


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("channels", [2, 6])
def test_average_holds_what_the_channels_share(channels, rate):
    one = noise(1, rate)
    result = mono(make(np.tile(one.samples, (channels, 1)), rate))
    assert (result.channels, result.sample_rate) == (1, rate)
    assert np.allclose(result.samples, one.samples, rtol=1e-6)


@pytest.mark.parametrize("channels", [2, 6])
def test_power_holds_what_the_channels_do_not_share(channels):
    apart = noise(channels)
    assert power(mono(apart, "power")) == pytest.approx(power(apart), rel=0.05)
    assert power(mono(apart)) == pytest.approx(power(apart) / channels, rel=0.05)


def test_power_takes_back_what_the_pan_law_does_in_the_centre():
    one = noise(1)
    assert np.allclose(mono(make(pan(one.samples, 0.0), 8000), "power").samples, one.samples, rtol=1e-6)


def test_a_side_is_taken_bit_for_bit():
    both = noise(2)
    assert np.array_equal(mono(both, "left").samples[0], both.samples[0])
    assert np.array_equal(mono(both, "right").samples[0], both.samples[1])


def test_sides_of_opposite_polarity_cancel():
    one = noise(1).samples
    assert not mono(make(np.concatenate([one, -one]), 8000)).samples.any()


@pytest.mark.parametrize("method", ["average", "power", "left", "right"])
def test_mono_stays_bit_for_bit(method):
    one = noise(1)
    assert mono(one, method).digest == one.digest


def test_surround_has_no_sides():
    with pytest.raises(NodeError, match=r'^"left" is a side of stereo, but the input has 6 channels$'):
        mono(noise(6), "left")


def test_a_method_that_does_not_exist_is_a_mistake():
    with pytest.raises(ValidationError):
        Mono(input="x", method="loudest")
