"""limiter: the ceiling as an independent meter sees it. How it limits is tested with dsp/limiting."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.nodes.limiter import KIND, Limiter
from tests.audio.dsp.meters import scipy_true_peak_db


def limit(audio: Audio, **fields) -> Audio:
    return KIND.render(Limiter(input="x", **fields), [audio])


def noise(channels: int, rate: int, level: float = 4.0) -> Audio:
    return make(level * np.random.default_rng(1).uniform(-1, 1, (channels, 6000)), rate)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_white_noise_at_plus_12_db_is_held_under_the_ceiling(rate, channels):
    pytest.importorskip("scipy")
    result = limit(noise(channels, rate), ceiling_dbtp=-3.0)
    assert (result.channels, result.sample_rate, result.n_samples) == (channels, rate, 6000)
    assert scipy_true_peak_db(result, 48) <= -2.9


def test_a_tone_at_a_quarter_of_the_rate_is_limited_by_its_true_peak():
    # Its samples are at ±0.707: nothing to limit, for a limiter that looks at those.
    tone = make(np.sin(np.pi / 2 * np.arange(9600) + np.pi / 4), 48000)
    assert np.abs(limit(tone).samples[0, 4800]) == pytest.approx(10 ** (-1 / 20) * np.sqrt(0.5), rel=0.01)


def test_under_the_ceiling_nothing_changes_and_over_full_scale_nothing_clips():
    loud = noise(2, 48000)
    assert limit(loud, ceiling_dbtp=20).digest == loud.digest
    assert np.abs(limit(loud, ceiling_dbtp=6).samples).max() > 1


def test_an_input_is_not_written_to():
    audio = noise(2, 48000)
    audio.samples.flags.writeable = False
    before = audio.samples.copy()
    limit(audio)
    assert np.array_equal(audio.samples, before)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_shortest_sounds_and_silence(n, channels):
    result = limit(make(np.full((channels, n), 2.0), 48000))
    assert result.samples.shape == (channels, n)
    assert (np.abs(result.samples) <= 10 ** (-1 / 20)).all()
    silence = make(np.zeros((channels, 100)), 48000)
    assert limit(silence).digest == silence.digest


@pytest.mark.parametrize("fields", [{"ceiling_dbtp": 21}, {"lookahead_ms": 0.1}, {"release_ms": -1.0}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Limiter(input="x", **fields)
