"""pad: where the silence goes, and how much of it."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.pad import KIND, Pad


def pad(audio: Audio, **fields: object) -> Audio:
    return KIND.render(Pad(input="x", **fields), [audio])


def noise(n: int = 1000, rate: int = 8000, channels: int = 2) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, n)), rate)


def refusal(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Pad(input="x", **fields)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_sound_lies_between_exact_silences(rate, channels):
    audio = noise(700, rate, channels)
    result = pad(audio, before=0.0333, after=0.0071)
    before, after = round(0.0333 * rate), round(0.0071 * rate)
    assert (result.sample_rate, result.samples.shape) == (rate, (channels, before + 700 + after))
    assert np.array_equal(result.samples[:, before : before + 700], audio.samples)
    assert not result.samples[:, :before].any()
    assert not result.samples[:, before + 700 :].any()


def test_duration_is_the_length_of_the_result():
    audio = noise()
    assert np.array_equal(pad(audio, duration=0.5).samples, np.pad(audio.samples, ((0, 0), (0, 3000))))
    both = pad(audio, before=0.1, duration=0.5).samples
    assert np.array_equal(both, np.pad(audio.samples, ((0, 0), (800, 2200))))
    assert pad(audio, duration=0.125).digest == audio.digest


def test_a_sound_longer_than_duration_is_refused_with_both_figures():
    with pytest.raises(NodeError) as caught:
        pad(noise(8000), before=0.5, duration=1.25)
    assert str(caught.value) == "the sound ends at 1.5 s, later than duration (1.25 s); a trim shortens it"


def test_silence_full_scale_and_the_shortest_sounds():
    empty, one = make(np.zeros((2, 0)), 8000), make([[-40.0]], 8000)
    assert pad(empty, before=0.001).samples.shape == (2, 8)
    assert pad(one, before=2 / 8000, after=1 / 8000).samples.tolist() == [[0, 0, -40.0, 0]]
    assert not pad(make(np.zeros((1, 5)), 8000), duration=1.0).samples.any()


def test_a_result_too_long_for_a_file_is_refused_before_it_takes_memory():
    with pytest.raises(NodeError, match=r"^the result would last 36000 s, more than"):
        pad(noise(8, 48000), duration=36000.0)


def test_times_that_contradict_each_other_are_mistakes():
    assert refusal() == "Value error, give before, after or duration"
    assert refusal(after=1.0, duration=2.0) == "Value error, give duration or after, not both"
    assert refusal(before=3.0, duration=2.0) == "Value error, before (3 s) is longer than duration (2 s)"


@pytest.mark.parametrize("fields", [{"before": -1.0}, {"after": -0.1}, {"duration": 0.0}, {"after": 36001.0}])
def test_values_out_of_range_are_mistakes(fields):
    refusal(**fields)
