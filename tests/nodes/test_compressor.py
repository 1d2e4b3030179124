"""compressor: the static curve, the time constants, linking, and another compressor."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.nodes.compressor import KIND, Compressor

RATES = (8000, 11025, 44100, 48000, 192000)


def compress(audio: Audio, **fields) -> Audio:
    return KIND.render(Compressor(input="x", **fields), [audio])


def square(level_dbfs: float, seconds: float = 0.5, rate: int = 48000, channels: int = 1) -> Audio:
    """A tone whose magnitude is always the same, so that every detector sees one level."""
    wave = np.sign(np.sin(2 * np.pi * 400 * (np.arange(round(seconds * rate)) + 0.5) / rate))
    return make(np.tile(10 ** (level_dbfs / 20) * wave, (channels, 1)), rate)


def level_db(audio: Audio) -> float:
    """Of the last tenth."""
    return float(20 * np.log10(np.abs(audio.samples[0, -audio.n_samples // 10 :]).max()))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_steady_levels_come_out_on_the_static_curve(rate, channels):
    for level in (-40.0, -23.0, -20.0, -18.0, -10.0, 6.0):
        result = compress(square(level, 0.3, rate, channels), threshold_db=-20, ratio=4, knee_db=8)
        over = level + 20
        if over <= -4:
            expected = level
        elif over >= 4:
            expected = -20 + over / 4
        else:
            expected = level + (1 / 4 - 1) * (over + 4) ** 2 / 16
        assert level_db(result) == pytest.approx(expected, abs=0.01)
        assert (result.channels, result.sample_rate, result.n_samples) == (channels, rate, round(0.3 * rate))


def test_makeup_is_added_to_everything():
    assert level_db(compress(square(-40), threshold_db=-20, makeup_db=5)) == pytest.approx(-35, abs=0.01)
    assert level_db(compress(square(0), threshold_db=-20, ratio=2, makeup_db=5)) == pytest.approx(-5, abs=0.01)


@pytest.mark.parametrize("rate", RATES)
def test_attack_and_release_take_the_time_they_are_given(rate):
    wave = np.concatenate([square(level, 0.5, rate).samples[0] for level in (-40, 0, -40)])
    result = compress(make(wave, rate), threshold_db=-20, ratio=2, knee_db=0, attack_ms=20, release_ms=50)
    reduction = -20 * np.log10(result.samples[0] / wave)
    begins, ends = round(0.5 * rate), 2 * round(0.5 * rate)
    assert reduction[:begins].max() == pytest.approx(0, abs=1e-4)
    assert reduction[begins + round(0.020 * rate)] == pytest.approx(10 * (1 - np.exp(-1)), abs=0.1)
    assert reduction[ends - 1] == pytest.approx(10, abs=0.001)
    # Behind an attack of a the release follows r as (r·e^(-t/r) - a·e^(-t/a)) / (r - a).
    expected = 10 * (50 * np.exp(-1) - 20 * np.exp(-50 / 20)) / 30
    assert reduction[ends + round(0.050 * rate)] == pytest.approx(expected, abs=0.1)


def test_no_more_is_taken_away_than_the_curve_says_of_the_loudest_sample():
    noise = make(np.random.default_rng(1).standard_normal((2, 48000)) * 0.3, 48000)
    result = compress(noise, threshold_db=-20, ratio=4, knee_db=0)
    loudest_db = 20 * np.log10(np.abs(noise.samples).max())
    with np.errstate(divide="ignore", invalid="ignore"):
        reduction = -20 * np.log10(np.abs(result.samples / noise.samples))
    assert np.nanmax(reduction) <= (loudest_db + 20) * 0.75 + 1e-4
    assert np.nanmin(reduction) >= -1e-4


def test_a_sine_is_held_between_its_peaks():
    t = np.arange(48000) / 48000
    result = compress(make(0.5 * np.sin(2 * np.pi * 100 * t), 48000), threshold_db=-26.02, ratio=100, knee_db=0)
    # 100 ms of release let go of a twentieth between two peaks 5 ms apart; the attack's low pass averages that.
    assert 20 * np.log10(np.abs(result.samples[0, -4800:]).max()) == pytest.approx(-26.02, abs=0.8)


def test_channels_are_turned_down_alike():
    t = np.arange(24000) / 48000
    wave = np.stack([np.sin(2 * np.pi * 300 * t), 0.1 * np.sin(2 * np.pi * 300 * t)])
    left, right = compress(make(wave, 48000), threshold_db=-20).samples
    assert np.allclose(right, 0.1 * left, rtol=1e-5, atol=1e-7)


def test_what_is_under_the_knee_passes_bit_for_bit_and_nothing_is_delayed():
    quiet = make(np.random.default_rng(2).uniform(-0.05, 0.05, (2, 4800)), 48000)
    assert compress(quiet, threshold_db=-20).digest == quiet.digest
    loud = make(np.random.default_rng(3).standard_normal(8192), 48000)
    result = compress(loud, threshold_db=-30, ratio=10, attack_ms=1, release_ms=20).samples[0]
    correlation = np.fft.irfft(np.fft.rfft(result, 16384) * np.conj(np.fft.rfft(loud.samples[0], 16384)))
    assert int(np.argmax(correlation)) == 0


@pytest.mark.parametrize("level", [-30.0, -12.0, 0.0])
def test_pedalboard_s_compressor_settles_at_the_same_level(level):
    pedalboard = pytest.importorskip("pedalboard")
    tone = square(level, 1.0)
    other = pedalboard.Compressor(threshold_db=-20, ratio=4, attack_ms=5, release_ms=100)(tone.samples, 48000)
    ours = compress(tone, threshold_db=-20, ratio=4, knee_db=0, attack_ms=5, release_ms=100)
    assert level_db(ours) == pytest.approx(level_db(make(other, 48000)), abs=0.05)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_shortest_sounds_and_silence(n, channels):
    assert compress(make(np.ones((channels, n)), 48000), threshold_db=-20).samples.shape == (channels, n)
    silence = make(np.zeros((channels, 100)), 48000)
    assert compress(silence, threshold_db=-20, makeup_db=6).digest == silence.digest


def test_far_over_full_scale_nothing_clips():
    assert level_db(compress(square(100), threshold_db=-20, ratio=2)) == pytest.approx(40, abs=0.01)


@pytest.mark.parametrize("fields", [{}, {"threshold_db": -20, "ratio": 0.5}, {"threshold_db": -20, "attack_ms": -1}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Compressor(input="x", **fields)
