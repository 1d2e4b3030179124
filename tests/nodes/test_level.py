"""level: a node around `levelling`, which has tests of its own."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.drift import drift_lu
from soundgraph.nodes.level import KIND, Level


def level(audio: Audio, **fields: object) -> Audio:
    return KIND.render(Level(input="x", **fields), [audio])


def rising(channels: int, rate: int = 8000, seconds: int = 30) -> Audio:
    n = seconds * rate
    noise = np.random.default_rng(0).standard_normal((channels, n)) * 0.05
    return make(noise * 10 ** (np.linspace(0, 9, n) / 20), rate)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_drift_of_a_piece_is_within_1_lu_and_its_shape_stays(channels):
    audio = rising(channels)
    before = audio.samples.copy()
    found = level(audio)
    assert (found.sample_rate, found.samples.shape) == (8000, audio.samples.shape)
    drift_before, drift_after = drift_lu(audio), drift_lu(found)
    assert drift_before is not None
    assert drift_after is not None
    assert drift_before > 5
    assert drift_after < 1
    assert np.array_equal(audio.samples, before)
    assert level(audio).digest == found.digest


def test_window_and_limit_are_taken_from_the_fields():
    audio = rising(1)
    assert len({level(audio, **fields).digest for fields in ({}, {"window": 40.0}, {"max_gain_db": 2.0})}) == 3


@pytest.mark.parametrize("n", [0, 1, 8000])
def test_short_sounds_pass(n):
    audio = make(np.full((2, n), 0.5), 8000)
    assert level(audio).digest == audio.digest


@pytest.mark.parametrize(
    "fields", [{"window": 2.0}, {"window": 121.0}, {"max_gain_db": 0.0}, {"max_gain_db": 31.0}, {"input": 1}]
)
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Level(**{"input": "x", **fields})
