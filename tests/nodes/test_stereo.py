"""stereo: the level of the pan law's centre."""

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.mix import KIND as MIX
from soundgraph.nodes.mix import Mix
from soundgraph.nodes.stereo import KIND, Stereo


def stereo(audio: Audio) -> Audio:
    return KIND.render(Stereo(input="x"), [audio])


def noise(channels: int, rate: int = 48000, n: int = 1000) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, n)), rate)


@pytest.mark.parametrize("rate", [8000, 48000])
def test_mono_goes_to_both_sides_at_minus_3_db(rate):
    one = noise(1, rate)
    result = stereo(one)
    assert (result.channels, result.n_samples, result.sample_rate) == (2, 1000, rate)
    assert np.allclose(result.samples, np.sqrt(0.5) * one.samples, rtol=1e-6)
    assert np.array_equal(result.samples[0], result.samples[1])


def test_it_is_what_a_mix_makes_of_mono():
    one = noise(1)
    layers = [{"node": "x"}]
    assert stereo(one).digest == MIX.render(Mix(inputs=layers), [one]).digest


def test_stereo_stays_bit_for_bit():
    both = noise(2)
    assert stereo(both).digest == both.digest


def test_surround_is_refused():
    with pytest.raises(NodeError, match=r"^the input has 6 channels; mono and stereo can be made stereo$"):
        stereo(noise(6))
