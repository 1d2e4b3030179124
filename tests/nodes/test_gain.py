"""gain, against the definition of a decibel."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.gain import KIND, Gain


def gain(audio: Audio, gain_db: float) -> Audio:
    return KIND.render(Gain(input="x", gain_db=gain_db), [audio])


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("gain_db", [-120.0, -6.0, 3.0, 60.0])
def test_each_sample_is_multiplied(rate, channels, gain_db):
    audio = make(np.random.default_rng(1).standard_normal((channels, 100)), rate)
    result = gain(audio, gain_db)
    assert result.sample_rate == rate
    assert np.array_equal(result.samples, (audio.samples.astype(np.float64) * 10 ** (gain_db / 20)).astype(np.float32))


def test_20_db_are_a_factor_of_ten_and_0_db_none():
    audio = make([[0.5, -0.25]], 8000)
    assert np.allclose(gain(audio, 20).samples, [[5, -2.5]])
    assert gain(audio, 0).digest == audio.digest


def test_up_and_down_again_is_the_sound():
    audio = make(np.random.default_rng(1).standard_normal((2, 100)), 8000)
    assert np.allclose(gain(gain(audio, 31.7), -31.7).samples, audio.samples, rtol=2e-7)


@pytest.mark.parametrize("n", [0, 1])
def test_the_shortest_sounds(n):
    assert gain(make(np.ones((2, n)), 8000), 6).samples.shape == (2, n)


def test_a_result_that_float32_cannot_hold_is_an_error_and_no_warning():
    with pytest.raises(NodeError, match="NaN or infinity"):
        gain(make([1e38], 8000), 60)


@pytest.mark.parametrize("fields", [{"gain_db": 61.0}, {"gain_db": -121.0}, {"gain_db": float("nan")}, {}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Gain(input="x", **fields)
