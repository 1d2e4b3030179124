"""Looping: what a loop is made of, and what holds across its end."""

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.looping import leveled_out, seamless
from soundgraph.audio.dsp.seam import AUDIBLE, seam_ratio
from soundgraph.core.errors import NodeError

RATE = 8000


def noise(seconds: float, seed: int = 1, channels: int = 2) -> np.ndarray:
    return 0.2 * np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE)))


def levels_db(loop: Audio, parts: int) -> np.ndarray:
    """RMS of equal parts of two rounds of a loop, against that of the whole."""
    twice = np.tile(loop.samples.astype(np.float64), 2)[:, loop.n_samples // 2 : -(loop.n_samples // 2)]
    power = (twice**2).reshape(len(twice), parts, -1).mean(axis=(0, 2))
    return 10 * np.log10(power / power.mean())


def test_it_is_body_then_rest_becoming_lead():
    sound = noise(3.0)[:, : RATE + 2000]  # room for one place only
    loop = seamless(make(sound, RATE), RATE, 2000, steady=False).samples
    assert loop.shape == (2, RATE)
    assert np.array_equal(loop[:, : RATE - 2000], sound[:, 2000:RATE].astype(np.float32))
    assert np.allclose(loop[:, RATE - 2000], sound[:, RATE], atol=1e-3)
    assert np.allclose(loop[:, -1], sound[:, 1999], atol=1e-3)


def test_the_loop_of_a_periodic_sound_is_that_sound():
    period = noise(1.0)
    loop = seamless(make(np.tile(period, 5), RATE), 2 * RATE, 4000, steady=False).samples
    assert np.allclose(loop, np.roll(np.tile(period, 2), -4000, axis=1), atol=1e-6)


def test_the_level_holds_across_the_end():
    loop = seamless(make(noise(20.0), RATE), 10 * RATE, 2 * RATE, steady=False)
    assert seam_ratio(loop) < AUDIBLE
    assert np.abs(levels_db(loop, 10)).max() < 0.25


def test_steady_takes_out_a_drift_of_level():
    drifting = noise(20.0) * 10 ** (-np.linspace(0, 12, 20 * RATE) / 20)
    assert np.ptp(levels_db(seamless(make(drifting, RATE), 10 * RATE, RATE, steady=False), 10)) > 4.0
    assert np.ptp(levels_db(seamless(make(drifting, RATE), 10 * RATE, RATE, steady=True), 10)) < 0.5


def test_leveling_takes_out_a_straight_line_in_db_and_keeps_the_first_sample():
    even = noise(3.0).astype(np.float32)
    slope = (10 ** (np.arange(3 * RATE) * 9 / (2 * RATE) / 20)).astype(np.float32)
    out = leveled_out(even * slope, 2 * RATE)
    assert np.allclose(out[:, 0], even[:, 0])
    assert 20 * np.log10(np.abs(out).sum() / np.abs(even).sum()) == pytest.approx(0.0, abs=0.3)
    for piece in (np.zeros((1, 90), np.float32), np.ones((1, 2), np.float32)):
        assert np.array_equal(leveled_out(piece, piece.shape[1]), piece)


def test_a_place_whose_seam_is_audible_is_passed_over(monkeypatch):
    sound = make(noise(6.0), RATE)
    first, second = (seamless(sound, 2 * RATE, 800, steady=False) for _ in range(2))
    assert first.digest == second.digest
    judged = []

    def ratio(loop: Audio) -> float:
        judged.append(loop)
        return AUDIBLE + 1.0 if len(judged) < 5 else 1.0  # each place is judged at both ends of its crossfade

    monkeypatch.setattr("soundgraph.audio.dsp.looping.seam_ratio", ratio)
    third = seamless(sound, 2 * RATE, 800, steady=False)
    assert [loop.digest for loop in judged[::2]] == [first.digest, judged[2].digest, third.digest]
    assert len({loop.digest for loop in judged}) == 6


def test_where_every_seam_is_audible_the_best_one_is_told():
    # Room for one place, where a slow wave at its height becomes one half as high within 1 ms.
    wave = make(np.cos(2 * np.pi * 30 * np.arange(2 * RATE + 8) / RATE) * np.linspace(0.5, 1.0, 2 * RATE + 8), RATE)
    with pytest.raises(NodeError) as caught:
        seamless(wave, 2 * RATE, 8, steady=False)
    assert str(caught.value) == (
        "no seamless loop of 2 s: the best seam found is 92.5 times as rough as the sound, and over 5 is audible; "
        "a longer crossfade or a longer input may help"
    )
    assert seamless(make(np.tile(wave.samples, 2), RATE), 2 * RATE, 800, steady=False).n_samples == 2 * RATE


def test_a_bend_where_the_crossfade_begins_counts_like_one_where_it_ends():
    # A wave that slows down: under 5 ms, lead and rest end at the same height, 1.0, but begin at 0.6 and 0.95.
    sweep = np.cumsum(np.linspace(30, 10, 2 * RATE + 40))
    wave = make(np.sin(0.2 * np.pi + sweep * (80.3 * np.pi) / sweep[-1]), RATE)
    with pytest.raises(NodeError, match="the best seam found is 21 times as rough as the sound"):
        seamless(wave, 2 * RATE, 40, steady=False)


def test_a_tone_that_would_cancel_itself_is_told_with_a_length_that_fits():
    tone = make(np.sin(2 * np.pi * 200 * np.arange(3 * RATE) / RATE), RATE)
    with pytest.raises(NodeError) as caught:
        seamless(tone, RATE + 20, 800, steady=False)
    assert str(caught.value) == (
        "no seamless loop of 1.0025 s: the sound cancels itself across the crossfade (correlation -1.00); "
        "a duration of 1 s fits better"
    )
    assert seam_ratio(seamless(tone, RATE, 800, steady=False)) < 1.5


def test_a_sound_that_has_ended_is_no_loop():
    sound = np.zeros((1, 4 * RATE))
    sound[:, :300] = noise(1.0, channels=1)[:, :300]
    with pytest.raises(
        NodeError, match=r"a loop of 2 s would be silence: the sound has ended by then; pad makes a loop"
    ):
        seamless(make(sound, RATE), 2 * RATE, RATE, steady=False)
    silence = make(np.zeros((2, 4 * RATE)), RATE)
    assert not seamless(silence, RATE, 800, steady=True).samples.any()
