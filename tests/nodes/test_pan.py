"""pan: mono and stereo, against the power identity."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.pan import KIND, Pan


def pan(audio: Audio, position: float) -> Audio:
    return KIND.render(Pan(input="x", pan=position), [audio])


def noise(channels: int, rate: int = 8000) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, 1000)), rate)


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("position", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_mono_becomes_stereo_of_the_same_power(rate, position):
    mono = noise(1, rate)
    result = pan(mono, position)
    assert (result.channels, result.n_samples, result.sample_rate) == (2, 1000, rate)
    power = (result.samples.astype(np.float64) ** 2).sum()
    assert power == pytest.approx((mono.samples.astype(np.float64) ** 2).sum(), rel=1e-6)
    left, right = np.cos((position + 1) * np.pi / 4), np.sin((position + 1) * np.pi / 4)
    assert np.allclose(result.samples, np.outer([left, right], mono.samples[0]), atol=1e-6)


def test_stereo_is_balanced():
    stereo = noise(2)
    assert pan(stereo, 0.0).digest == stereo.digest
    right = pan(stereo, 0.5).samples
    assert np.array_equal(right[1], stereo.samples[1])
    assert np.allclose(right[0], stereo.samples[0] * np.cos(np.pi / 4), atol=1e-6)
    assert not pan(stereo, -1.0).samples[1].any()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("n", [0, 1])
def test_the_shortest_sounds(channels, n):
    assert pan(make(np.ones((channels, n)), 8000), 0.3).samples.shape == (2, n)


def test_more_than_two_channels_are_refused():
    with pytest.raises(NodeError) as caught:
        pan(noise(6), 0.0)
    assert str(caught.value) == "only mono and stereo can be panned, and the sound has 6 channels"


@pytest.mark.parametrize("fields", [{"pan": -1.1}, {"pan": 2.0}, {}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Pan(input="x", **fields)
