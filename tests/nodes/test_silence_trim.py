"""silence_trim: what counts as silence, what is kept of it, and what is said when there is nothing else."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.fades import ramp
from soundgraph.core.errors import NodeError
from soundgraph.nodes.silence_trim import KIND, SilenceTrim

RATES = [8000, 11025, 44100, 48000, 192000]


def trimmed(audio: Audio, **fields: object) -> Audio:
    return KIND.render(SilenceTrim(input="x", **fields), [audio])


def between(before: int, after: int, rate: int = 8000, channels: int = 2, floor_db: float | None = None) -> Audio:
    """1000 samples of ±0.5 between silence, or between a hum of a given peak."""
    samples = np.zeros((channels, before + 1000 + after))
    if floor_db is not None:
        samples += 10 ** (floor_db / 20) * np.resize([1.0, -1.0], samples.shape[1])
    samples[:, before : before + 1000] = np.resize([0.5, -0.5], 1000)
    return make(samples, rate)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_what_is_left_is_the_sound_and_its_margins(rate, channels):
    audio = between(rate, rate // 2, rate, channels)
    result = trimmed(audio, margin_ms=20.0)
    margin = -(-rate // 50)
    assert (result.sample_rate, result.samples.shape) == (rate, (channels, 1000 + 2 * margin))
    assert np.array_equal(result.samples, audio.samples[:, rate - margin : rate + 1000 + margin])


def test_without_a_margin_it_begins_and_ends_with_the_sound():
    audio = between(300, 200)
    result = trimmed(audio, margin_ms=0.0, fade_ms=0.0)
    assert np.array_equal(result.samples, audio.samples[:, 300:1300])


def test_the_threshold_is_a_peak_in_dbfs():
    audio = between(3000, 3000, floor_db=-50.0)
    assert trimmed(audio, threshold_db=-49.9, margin_ms=0.0, fade_ms=0.0).n_samples == 1000
    assert trimmed(audio, threshold_db=-50.1).n_samples == 7000


def test_one_channel_over_the_threshold_is_enough():
    samples = np.zeros((2, 1000))
    samples[0, 500], samples[1, 700] = 0.1, 0.1
    assert trimmed(make(samples, 8000), margin_ms=0.0, fade_ms=0.0).n_samples == 201


def test_ends_can_be_cut_one_by_one():
    audio = between(3000, 2000)
    assert trimmed(audio, ends="start", margin_ms=5.0).n_samples == 40 + 1000 + 2000
    assert trimmed(audio, ends="end", margin_ms=5.0).n_samples == 3000 + 1000 + 40


def test_a_cut_end_is_faded_within_its_margin_and_the_sound_is_not():
    audio = between(3000, 3000, floor_db=-66.0)
    result = trimmed(audio, margin_ms=50.0, fade_ms=30.0).samples
    kept = audio.samples[:, 2600:4400]
    assert np.array_equal(result[:, 240:-240], kept[:, 240:-240])
    assert np.allclose(result[:, :240], kept[:, :240] * ramp(240, "cosine"), atol=1e-9)
    assert np.allclose(result[:, -240:], kept[:, -240:] * ramp(240, "cosine")[::-1], atol=1e-9)


def test_an_end_that_is_not_cut_is_not_faded():
    audio = between(30, 3000, floor_db=-66.0)
    result = trimmed(audio, margin_ms=50.0, fade_ms=50.0).samples
    assert np.array_equal(result[:, :1030], audio.samples[:, :1030])
    assert trimmed(between(0, 0)).digest == between(0, 0).digest


def test_trimming_twice_is_trimming_once():
    once = trimmed(between(3000, 3000, floor_db=-66.0))
    assert trimmed(once).digest == once.digest


def test_a_sound_with_nothing_over_the_threshold_is_refused_with_its_peak():
    with pytest.raises(NodeError) as caught:
        trimmed(make([[0.001, -0.002, 0.001]], 8000), threshold_db=-40.0)
    assert str(caught.value) == (
        "the sound peaks at -54.0 dBFS, under threshold_db = -40, so nothing would be left of it; lower threshold_db"
    )


def test_silence_is_refused():
    with pytest.raises(NodeError, match="the sound is silence from beginning to end, and nothing would be left of it"):
        trimmed(make(np.zeros((2, 100)), 8000))


def test_full_scale_and_the_shortest_sounds():
    empty, one = make(np.zeros((2, 0)), 8000), make([[1.0], [0.0]], 8000)
    assert trimmed(empty).digest == empty.digest
    assert trimmed(one).digest == one.digest
    loud = make(np.pad(np.full((1, 100), -40.0), ((0, 0), (500, 0))), 8000)
    assert trimmed(loud, margin_ms=0.0, fade_ms=0.0).samples.tolist() == [[-40.0] * 100]


def test_a_fade_that_would_reach_into_the_sound_is_a_mistake():
    with pytest.raises(
        ValidationError, match=r"fade_ms \(5\) is more than margin_ms \(2\): the sound itself would fade"
    ):
        SilenceTrim(input="x", margin_ms=2.0)


@pytest.mark.parametrize("fields", [{"threshold_db": 1.0}, {"margin_ms": -1.0}, {"fade_ms": -1.0}, {"ends": "middle"}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        SilenceTrim(input="x", **fields)
