"""stretch: exact lengths, and how each may be asked for."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.stretch import KIND, Stretch


def stretch(audio: Audio, **fields: object) -> Audio:
    return KIND.render(Stretch(input="x", **fields), [audio])


def noise(n: int, channels: int = 1, rate: int = 8000) -> Audio:
    return make(np.random.default_rng(1).uniform(-0.5, 0.5, (channels, n)), rate)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("factor", [0.25, 0.77, 1.0, 1.333, 4.0])
def test_the_length_is_exact_and_rate_and_channels_stay(rate, channels, factor):
    n = rate // 10 + 1
    audio = noise(n, channels, rate)
    found = stretch(audio, factor=factor)
    assert (found.sample_rate, found.samples.shape) == (rate, (channels, round(n * factor)))
    assert stretch(audio, duration=0.15).n_samples == round(0.15 * rate)


def test_a_factor_of_1_changes_nothing():
    audio = noise(1000, 2)
    assert stretch(audio, factor=1.0).digest == audio.digest == stretch(audio, duration=0.125).digest


def test_a_duration_is_the_factor_that_reaches_it():
    audio = noise(8000)
    assert stretch(audio, duration=1.5).digest == stretch(audio, factor=1.5).digest


@pytest.mark.parametrize("seconds", [0.2, 4.1])
def test_a_duration_too_far_from_the_input_s_is_an_error_with_the_figures(seconds):
    with pytest.raises(NodeError) as caught:
        stretch(noise(8000), duration=seconds)
    assert str(caught.value) == f"the input lasts 1 s and can be made 0.25 to 4 s long, not {seconds} s"


@pytest.mark.parametrize("n", [0, 1])
def test_the_shortest_sounds(n):
    for channels in (1, 2):
        assert stretch(noise(n, channels), factor=2.0).samples.shape == (channels, 2 * n)
    assert stretch(noise(0), duration=0.5).n_samples == 4000


def test_the_input_is_left_alone_and_nothing_clips():
    audio = make(noise(4000).samples * 100, 8000)
    before = audio.samples.copy()
    assert np.abs(stretch(audio, factor=1.5).samples).max() > 10
    assert np.array_equal(audio.samples, before)


@pytest.mark.parametrize("fields", [{}, {"factor": 1.5, "duration": 2.0}])
def test_there_is_one_way_to_say_how_long(fields):
    with pytest.raises(ValidationError, match="give factor or duration, and not both"):
        Stretch(input="x", **fields)


@pytest.mark.parametrize("fields", [{"factor": 0.2}, {"factor": 4.1}, {"duration": 0.0}, {"duration": 36001.0}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Stretch(input="x", **fields)


def test_more_than_two_channels_are_refused():
    with pytest.raises(NodeError, match="only mono and stereo can be stretched, and the sound has 6 channels"):
        stretch(noise(100, 6), factor=2.0)
