"""drift: against sounds whose loudness is known part by part, and another meter's figures for the parts."""

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make, silence
from soundgraph.audio.dsp.drift import drift_lu, part_levels_lufs
from soundgraph.audio.dsp.fades import fade_ends

RATE = 8000


def steps(*levels_db: float, seconds: float = 10.0, channels: int = 1, rate: int = RATE) -> Audio:
    """Noise that changes its level at each step."""
    n = round(seconds * rate)
    gains = np.repeat(10 ** (np.array(levels_db) / 20), n)
    return make(0.1 * np.random.default_rng(3).standard_normal((channels, gains.size)) * gains, rate)


@pytest.mark.parametrize("channels", [1, 2])
def test_drift_is_the_loudest_ten_seconds_over_the_quietest(channels):
    assert drift_lu(steps(0, -1.5, 2.5, 0, channels=channels)) == pytest.approx(4.0, abs=0.15)


@pytest.mark.parametrize("rate", [8000, 11025, 48000])
def test_an_even_sound_does_not_drift_at_any_rate(rate):
    drift = drift_lu(steps(0, 0, rate=rate))
    assert drift is not None
    assert 0 <= drift < 0.15


def test_a_gain_over_all_changes_nothing():
    sound = steps(0, 3, 1)
    assert drift_lu(make(sound.samples * 0.25, RATE)) == pytest.approx(drift_lu(sound), abs=1e-6)


def test_the_parts_are_as_loud_as_another_meter_says():
    pyloudnorm = pytest.importorskip("pyloudnorm")
    sound = steps(0, -6, -2.5, seconds=11.0, rate=48000)
    found = part_levels_lufs(sound)
    meter = pyloudnorm.Meter(48000)
    wanted = [meter.integrated_loudness(part.astype(np.float64)) for part in np.split(sound.samples[0], 3)]
    assert found == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize(("seconds", "count"), [(0.1, 1), (9, 1), (19.9, 1), (20, 2), (29.9, 2), (47, 4)])
def test_there_are_as_many_parts_as_there_is_room_for(seconds, count):
    assert len(part_levels_lufs(steps(0, seconds=seconds))) == count


def test_a_part_that_is_all_but_silent_is_a_pause_and_no_drift():
    assert drift_lu(steps(0, 0, -40, 0)) == pytest.approx(0, abs=0.15)
    assert part_levels_lufs(silence(30, RATE)) == [None] * 3


def test_a_rest_within_a_part_is_left_out():
    samples = steps(0, 0, 0).samples.copy()
    samples[:, 12 * RATE : 16 * RATE] = 0
    drift = drift_lu(make(samples, RATE))
    assert drift is not None
    assert drift < 0.3


def test_a_fade_of_the_whole_piece_is_drift():
    drift = drift_lu(fade_ends(steps(0, 0, 0, 0), 0, 40, "linear"))
    assert drift is not None
    assert drift > 6


@pytest.mark.parametrize("sound", [make(np.zeros((1, 0)), RATE), make(np.ones((1, 1)), RATE), steps(0, seconds=19.9)])
def test_less_than_twenty_seconds_have_no_drift(sound):
    assert drift_lu(sound) is None


def test_silence_has_no_drift_and_neither_has_one_sound_in_it():
    assert drift_lu(silence(60, RATE, 2)) is None
    assert drift_lu(steps(-200, 0, -200)) is None
