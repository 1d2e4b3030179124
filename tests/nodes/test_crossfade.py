"""crossfade: level, length, rates and channels."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.resampling import resample
from soundgraph.core.errors import NodeError
from soundgraph.nodes.crossfade import KIND, Crossfade

RATES = [8000, 11025, 44100, 48000, 192000]


def crossfade(first: Audio, second: Audio, duration: float, **fields: object) -> Audio:
    return KIND.render(Crossfade(input="rain", to="hail", duration=duration, **fields), [first, second])


def noise(seed: int, n: int = 8000, channels: int = 2, rate: int = 8000) -> Audio:
    return make(np.random.default_rng(seed).standard_normal((channels, n)), rate)


def level_db(samples: np.ndarray) -> float:
    return 10 * np.log10((samples.astype(np.float64) ** 2).mean())


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_length_is_both_less_the_crossfade(rate, channels):
    first, second = noise(1, rate, channels, rate), noise(2, rate // 2, channels, rate)
    result = crossfade(first, second, 0.1)
    n = round(0.1 * rate)
    assert (result.sample_rate, result.samples.shape) == (rate, (channels, rate + rate // 2 - n))
    assert np.array_equal(result.samples[:, : rate - n], first.samples[:, : rate - n])
    assert np.array_equal(result.samples[:, rate:], second.samples[:, n:])


@pytest.mark.parametrize(("curve", "unrelated_db", "equal_db"), [
    ("linear", -3.01, 0.0), ("equal_power", 0.0, 3.01), ("measured", 0.0, 0.0),
])  # fmt: skip
def test_what_the_curves_do_in_the_middle(curve, unrelated_db, equal_db):
    a, b = noise(1, 200_000), noise(2, 200_000)
    middle = slice(98_000, 102_000)
    unrelated = crossfade(a, b, 25.0, curve=curve).samples[:, middle]
    assert level_db(unrelated) == pytest.approx(unrelated_db, abs=0.3)
    equal = crossfade(a, a, 25.0, curve=curve).samples[:, middle]
    assert level_db(equal) - level_db(a.samples[:, middle]) == pytest.approx(equal_db, abs=0.02)


def test_the_curve_is_measured_unless_said():
    a, b = noise(1), noise(2)
    assert crossfade(a, b, 0.5).digest == crossfade(a, b, 0.5, curve="measured").digest


def test_of_two_rates_the_higher_one_is_kept():
    low, high = noise(1, 4000), noise(2, 22050, rate=44100)
    for first, second in ((low, high), (high, low)):
        result = crossfade(first, second, 0.1)
        parts = [resample(part, 44100) for part in (first, second)]
        assert result.sample_rate == 44100
        assert result.digest == crossfade(*parts, 0.1).digest  # type: ignore[call-arg]


def test_mono_beside_stereo_is_in_the_centre_3_db_down():
    mono, stereo = noise(1, channels=1), noise(2)
    result = crossfade(mono, stereo, 0.1).samples
    assert np.allclose(result[:, :7200], np.sqrt(0.5) * mono.samples[:, :7200], atol=1e-6)
    assert np.array_equal(result[:, 8000:], stereo.samples[:, 800:])


def test_a_crossfade_longer_than_a_sound_is_refused_with_both_lengths():
    with pytest.raises(NodeError) as caught:
        crossfade(noise(1), noise(2, 4000), 0.75)
    assert str(caught.value) == 'the crossfade takes 0.75 s, but "rain" lasts 1 s and "hail" lasts 0.5 s'


def test_a_crossfade_may_take_all_of_both():
    assert crossfade(noise(1), noise(2), 1.0).n_samples == 8000


def test_silence_full_scale_and_the_shortest_sounds():
    silence, loud = make(np.zeros((2, 800)), 8000), make(np.full((2, 800), 40.0), 8000)
    assert not crossfade(silence, silence, 0.05).samples.any()
    assert np.allclose(crossfade(loud, loud, 0.05).samples, 40.0, atol=1e-4)
    empty, one = make(np.zeros((1, 0)), 8000), make([[0.5]], 8000)
    assert crossfade(one, one, 1 / 8000).samples == pytest.approx(0.5)
    with pytest.raises(NodeError, match=r'"rain" lasts 0 s and "hail" lasts 0\.000125 s'):
        crossfade(empty, one, 0.1)
    assert crossfade(empty, empty, 1e-6).n_samples == 0


def test_a_result_that_float32_cannot_hold_is_an_error_and_no_warning():
    huge = make(np.full((1, 100), 3e38) * np.resize([1, -1], 100), 8000)
    with pytest.raises(NodeError, match="NaN or infinity"):
        crossfade(huge, huge, 0.005, curve="equal_power")


@pytest.mark.parametrize("fields", [{"duration": 0.0}, {"duration": -1.0}, {"duration": 1.0, "curve": "cosine"}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Crossfade(input="a", to="b", **fields)
