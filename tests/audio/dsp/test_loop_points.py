"""Loop points: where loops are cut out of sounds that have better and worse places."""

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.loop_points import fitting_length, starts

RATE = 8000


def noise(seconds: float, seed: int = 1, channels: int = 1) -> np.ndarray:
    return 0.2 * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))


def found(samples: np.ndarray, seconds: float, fade: float) -> list[int]:
    return list(starts(make(samples, RATE), round(seconds * RATE), round(fade * RATE)))


def test_a_passage_that_comes_again_is_found_to_the_hop():
    sound = noise(10.0)
    sound[:, 6 * RATE : 7 * RATE] = sound[:, 2 * RATE : 3 * RATE]
    assert found(sound, 4.0, 1.0)[0] == 2 * RATE


@pytest.mark.parametrize("start_s", [2.01, 2.03, 2.05, 2.08])
def test_places_are_looked_at_every_10_ms(start_s):
    """A passage that comes again, and is not on a coarser grid."""
    sound = noise(10.0)
    start = round(start_s * RATE)
    sound[:, start + 4 * RATE : start + 5 * RATE] = sound[:, start : start + RATE]
    assert found(sound, 4.0, 1.0)[0] == start


def test_under_a_short_crossfade_places_are_looked_at_every_eighth_of_it():
    sound = noise(6.0)
    start = 2 * RATE + 20
    sound[:, start + 2 * RATE : start + 2 * RATE + 240] = sound[:, start : start + 240]
    assert found(sound, 2.0, 240 / RATE)[0] == start  # every 30 samples, where 10 ms are 80


def test_in_a_periodic_sound_all_places_tie_and_the_first_is_taken():
    assert found(np.tile(noise(1.0), 8), 3.0, 0.5)[0] == 0


def test_the_level_of_both_ends_agrees_where_it_can():
    sound = noise(12.0)
    sound[:, : 3 * RATE] *= 0.25  # a loop of 6 s that begins before 3 s goes from loud to quiet
    assert found(sound, 6.0, 1.0)[0] >= 3 * RATE


def test_the_colour_of_both_ends_agrees_where_it_can():
    sound = noise(12.0)
    dull = np.cumsum(sound[:, : 4 * RATE], axis=1)
    dull -= np.linspace(dull[0, 0], dull[0, -1], 4 * RATE)
    sound[:, : 4 * RATE] = dull * np.sqrt((sound**2).mean() / (dull**2).mean())
    assert found(sound, 6.0, 1.0)[0] >= 4 * RATE


def test_silence_whose_ends_fit_perfectly_is_not_preferred_to_the_sound():
    sound = noise(12.0)
    sound[:, 7 * RATE :] = 0.0
    assert found(sound, 4.0, 0.5)[0] <= 2.5 * RATE


def test_places_have_room_for_loop_and_crossfade_and_lie_apart():
    places = found(noise(5.0, channels=2), 2.0, 0.4)
    assert 5 <= len(places) <= 16
    assert 0 <= min(places) <= max(places) <= 5 * RATE - 2.4 * RATE
    assert min(np.diff(sorted(places))) > 0.2 * RATE


@pytest.mark.parametrize("spare", [0, 1, 7])
def test_with_no_room_to_choose_there_is_one_place(spare):
    assert found(noise(2.0)[:, : RATE + 800 + spare], 1.0, 0.1) == [0]


@pytest.mark.parametrize("factor", [2.0**-20, 1.0, 2.0**10])
def test_gain_does_not_move_it(factor):
    sound = noise(6.0).astype(np.float32)
    assert found(sound * np.float32(factor), 2.0, 0.5) == found(sound, 2.0, 0.5)


@pytest.mark.parametrize("shift", [-300, -13, 0, 4, 220])
def test_the_length_that_fits_is_where_the_lead_comes_again(shift):
    sound = noise(6.0)
    again = 3 * RATE + 500 + shift
    sound[:, again : again + 1600] = sound[:, 500:2100]
    assert fitting_length(make(sound, RATE), 500, 3 * RATE, 1600) == 3 * RATE + shift


def test_of_several_lengths_that_fit_a_tone_the_nearest_is_told():
    tone = make(np.sin(2 * np.pi * 400 * np.arange(5 * RATE) / RATE), RATE)
    assert fitting_length(tone, 0, 3 * RATE + 9, 800) == 3 * RATE + 0
    assert fitting_length(tone, 0, 3 * RATE + 11, 800) == 3 * RATE + 20


@pytest.mark.parametrize("shift", [-120, -60, 60, 120])
def test_a_length_that_fits_less_well_is_not_taken_for_being_nearer(shift):
    """A passage of narrow noise is like itself, to some 90 and 60 %, a period and two of its tone away."""
    rng = np.random.default_rng(3)
    time = np.arange(6 * RATE) / RATE
    around = np.convolve(rng.standard_normal(time.size), np.hanning(160), "same")
    sound = around * np.sin(2 * np.pi * 400 * time)
    again = 3 * RATE + 500 + shift
    sound[again - 400 : again + 2000] = sound[100:2500]
    likeness = [np.corrcoef(sound[500:2100], sound[again + lag : again + lag + 1600])[0, 1] for lag in (20, 40)]
    assert 0.5 < likeness[1] < likeness[0] < 0.98
    assert fitting_length(make(sound, RATE), 500, 3 * RATE, 1600) == 3 * RATE + shift


def test_silence_and_the_shortest_sounds():
    assert found(np.zeros((2, RATE)), 0.5, 0.1)[0] == 0
    assert list(starts(Audio(np.ones((1, 2), np.float32), RATE), 1, 1)) == [0]
    # Three samples have no frequency as high as the last octave that there is at this rate.
    assert list(starts(Audio(np.array([[0.5, -0.5, 0.5]], np.float32), 8000), 2, 1)) == [0]
