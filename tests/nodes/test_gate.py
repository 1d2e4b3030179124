"""gate: when it opens and closes, how fast, and how far."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.nodes.gate import KIND, Gate

RATES = (8000, 11025, 44100, 48000, 192000)


def gate(audio: Audio, **fields) -> Audio:
    return KIND.render(Gate(input="x", **fields), [audio])


def steps(levels_dbfs, rate: int, seconds: float = 0.5, channels: int = 1) -> Audio:
    """One level after another, each of constant magnitude."""
    wave = np.concatenate([np.full(round(seconds * rate), 10 ** (level / 20)) for level in levels_dbfs])
    return make(np.tile(wave, (channels, 1)), rate)


def gain_db(result: Audio, audio: Audio) -> np.ndarray:
    return 20 * np.log10(result.samples[0] / audio.samples[0].astype(np.float64))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_it_opens_at_the_threshold_and_closes_under_the_hysteresis(rate, channels):
    audio = steps((-60, -29, -34, -37, -34, -29), rate, channels=channels)
    fields = {"threshold_db": -30, "hysteresis_db": 6, "range_db": 40}
    result = gate(audio, **fields, attack_ms=1, hold_ms=10, release_ms=20)
    ends = gain_db(result, audio)[round(0.5 * rate) - 1 :: round(0.5 * rate)]
    # -34 dB keeps an open gate open, and does not open a closed one.
    assert np.allclose(ends, [-40, 0, 0, -40, -40, 0], atol=0.01)
    assert (result.samples == result.samples[0]).all()


@pytest.mark.parametrize("rate", RATES)
def test_attack_hold_and_release_take_the_time_they_are_given(rate):
    audio = steps((-60, -10, -60), rate)
    fields = {"threshold_db": -30, "range_db": 40}
    gain = gain_db(gate(audio, **fields, attack_ms=20, hold_ms=100, release_ms=50), audio)
    begins, ends = round(0.5 * rate), 2 * round(0.5 * rate)
    assert np.allclose(gain[:begins], -40, atol=1e-3)
    assert gain[begins + round(0.020 * rate)] == pytest.approx(-40 * np.exp(-1), abs=0.3)
    assert np.allclose(gain[ends : ends + round(0.1 * rate)], 0, atol=1e-3)
    gain = gain_db(gate(audio, **fields, attack_ms=0, hold_ms=100, release_ms=50), audio)
    assert gain[ends + round(0.1 * rate) - 1] == pytest.approx(0, abs=1e-3)
    assert gain[ends + round(0.150 * rate)] == pytest.approx(-40 * (1 - np.exp(-1)), abs=0.3)


@pytest.mark.parametrize("attack_ms", [0, 5, 100, 500])
def test_the_release_takes_the_same_time_behind_any_attack(attack_ms):
    audio = steps((-60, -10, -60), 8000, seconds=6)
    gain = gain_db(gate(audio, threshold_db=-30, range_db=40, attack_ms=attack_ms, hold_ms=0, release_ms=50), audio)
    (closed,) = np.flatnonzero(gain[2 * 48000 :] <= -40 * (1 - np.exp(-1)))[:1]
    assert closed / 8 == pytest.approx(50, abs=0.5)


def test_a_tone_with_a_half_period_under_the_hold_does_not_chatter():
    t = np.arange(48000) / 48000
    tone = make(0.5 * np.sin(2 * np.pi * 30 * t), 48000)
    result = gate(tone, threshold_db=-20, hold_ms=17, attack_ms=0)
    assert np.allclose(result.samples[0, 4800:], tone.samples[0, 4800:], atol=1e-7)


def test_an_open_gate_passes_every_bit_and_nothing_is_delayed():
    noise = make(np.random.default_rng(1).uniform(0.1, 1, (2, 9600)), 48000)
    assert gate(noise, threshold_db=-30, attack_ms=0).digest == noise.digest


def test_a_sound_that_never_reaches_the_threshold_is_lowered_by_the_range():
    quiet = make(np.random.default_rng(2).uniform(-0.001, 0.001, (2, 4800)), 48000)
    assert np.allclose(gate(quiet, threshold_db=-40, range_db=20).samples, quiet.samples * 0.1, rtol=1e-6)


def test_one_loud_channel_opens_it_for_all():
    audio = make(np.stack([np.full(4800, 0.5), np.full(4800, 0.001)]), 48000)
    assert np.array_equal(gate(audio, threshold_db=-20, attack_ms=0).samples, audio.samples)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_shortest_sounds_and_silence(n, channels):
    assert gate(make(np.ones((channels, n)), 48000), threshold_db=-20).samples.shape == (channels, n)
    silence = make(np.zeros((channels, 100)), 48000)
    assert gate(silence, threshold_db=-20).digest == silence.digest


def test_far_over_full_scale_nothing_clips():
    loud = steps((100,), 48000)
    assert gate(loud, threshold_db=-20, attack_ms=0).digest == loud.digest


@pytest.mark.parametrize("fields", [{}, {"threshold_db": 21}, {"threshold_db": -20, "range_db": 0}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Gate(input="x", **fields)
