"""duck: how far, when and how fast a sound makes room for another one, whatever the other one's form."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.params import references
from soundgraph.nodes.duck import KIND, Duck

RATES = (8000, 11025, 44100, 48000, 192000)


def duck(audio: Audio, sidechain: Audio, **fields) -> Audio:
    return KIND.render(Duck(input="x", sidechain="y", **fields), [audio, sidechain])


def level(seconds: float, rate: int, channels: int = 1, value: float = 0.5) -> Audio:
    return make(np.full((channels, round(seconds * rate)), value), rate)


def burst(start: float, end: float, seconds: float, rate: int, channels: int = 1) -> Audio:
    """A tone of 500 Hz from one moment to another, and silence around it."""
    t = np.arange(round(seconds * rate)) / rate
    wave = np.where((t >= start) & (t < end), np.sin(2 * np.pi * 500 * t), 0.0)
    return make(np.tile(wave, (channels, 1)), rate)


def gain_db(result: Audio) -> np.ndarray:
    return 20 * np.log10(result.samples[0] / 0.5)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("sidechain_rate", [8000, 48000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_it_goes_down_by_the_depth_and_comes_back_at_the_times_it_is_given(rate, sidechain_rate, channels):
    sidechain = burst(0.5, 1.0, 1.2, sidechain_rate, 3 - min(channels, 2))
    audio = level(2, rate, channels)
    times = {"attack_ms": 20, "hold_ms": 100, "release_ms": 50, "lookahead_ms": 0}
    result = duck(audio, sidechain, depth_db=20, **times)
    assert (result.channels, result.sample_rate, result.n_samples) == (channels, rate, 2 * rate)
    gain = gain_db(result)
    assert np.allclose(gain[: round(0.49 * rate)], 0, atol=1e-4)
    assert gain[round(0.520 * rate)] == pytest.approx(-20 * (1 - np.exp(-1)), abs=0.5)
    assert np.allclose(gain[round(0.8 * rate) : round(1.098 * rate)], -20, atol=0.01)
    assert gain[round(1.150 * rate)] == pytest.approx(-20 * np.exp(-1), abs=0.5)
    assert gain[-1] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("attack_ms", [0, 20, 200, 1000])
@pytest.mark.parametrize("release_ms", [10, 200])
def test_the_release_takes_the_same_time_behind_any_attack(attack_ms, release_ms):
    """Also with a sidechain that goes through zero on its samples, and no hold."""
    rate = 8000
    times = {"attack_ms": attack_ms, "hold_ms": 0, "release_ms": release_ms, "lookahead_ms": 0}
    t = np.arange(14 * rate) / rate
    sidechain = make(np.where(t < 12, 0.5 * np.sin(2 * np.pi * 1000 * t), 0.0), rate)
    gain = gain_db(duck(level(14, rate), sidechain, depth_db=12, **times))
    (back,) = np.flatnonzero(gain[12 * rate :] >= -12 * np.exp(-1))[:1]
    assert back / rate * 1000 == pytest.approx(release_ms, rel=0.02, abs=1)


@pytest.mark.parametrize("rate", [8000, 48000])
def test_look_ahead_moves_the_beginning_to_an_earlier_time_and_not_the_end(rate):
    audio, sidechain = level(2, rate), burst(0.5, 1.0, 2, rate)
    late, early = duck(audio, sidechain, lookahead_ms=0), duck(audio, sidechain, lookahead_ms=400)
    shift, middle = round(0.4 * rate), round(0.9 * rate)
    assert np.allclose(early.samples[:, : middle - shift], late.samples[:, shift:middle], atol=1e-6)
    # Not even with a look-ahead that is longer than the hold.
    assert np.allclose(early.samples[:, middle:], late.samples[:, middle:], atol=1e-6)


def test_what_is_loud_from_the_first_sample_is_ducked_by_then():
    gain = gain_db(duck(level(1, 48000), burst(0, 1, 1, 48000), depth_db=12, attack_ms=10, lookahead_ms=100))
    assert gain[0] == pytest.approx(-12, abs=0.01)


def test_past_its_end_the_sidechain_is_silent_and_past_the_input_s_it_does_not_matter():
    audio, short, long = level(2, 8000), burst(0.2, 0.5, 0.5, 8000), burst(0.2, 0.5, 0.5, 8000).samples
    padded = make(np.pad(long, ((0, 0), (0, 80000))), 8000)
    assert duck(audio, short).digest == duck(audio, padded).digest


def test_the_loudest_channel_of_the_sidechain_counts():
    one_sided = make(np.stack([np.zeros(8000), burst(0.2, 0.5, 1, 8000).samples[0]]), 8000)
    assert duck(level(1, 8000), one_sided).digest == duck(level(1, 8000), burst(0.2, 0.5, 1, 8000)).digest


def test_a_sidechain_under_the_threshold_changes_no_bit():
    audio = make(np.random.default_rng(1).standard_normal((2, 4800)), 48000)
    assert duck(audio, level(0.1, 48000, value=0.009)).digest == audio.digest
    assert duck(audio, level(0.1, 48000, value=0.011)).digest != audio.digest
    assert duck(audio, make(np.zeros((1, 0)), 8000)).digest == audio.digest


def test_the_input_comes_before_the_sidechain():
    assert references(Duck(input="x", sidechain="y")) == [("input", "x"), ("sidechain", "y")]


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_shortest_sounds_and_silence(n, channels):
    audio = make(np.ones((channels, n)), 48000)
    for sidechain in (make(np.ones((2, 0)), 44100), make(np.ones((1, 1)), 44100), level(1, 44100)):
        assert duck(audio, sidechain).samples.shape == (channels, n)
    silence = make(np.zeros((channels, 100)), 48000)
    assert duck(silence, level(1, 48000)).digest == silence.digest


def test_far_over_full_scale_nothing_clips():
    assert duck(level(0.1, 48000, value=1e5), level(0.1, 48000), depth_db=20, attack_ms=0).samples.max() == (
        pytest.approx(1e4, rel=1e-6)
    )


@pytest.mark.parametrize("fields", [{"depth_db": 0}, {"depth_db": -6}, {"threshold_db": 21}, {"hold_ms": -1}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Duck(input="x", sidechain="y", **fields)
