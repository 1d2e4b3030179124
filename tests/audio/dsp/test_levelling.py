"""levelling: pieces whose drift is known, and what has to stay as it is."""

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.drift import drift_lu
from soundgraph.audio.dsp.fades import fade_ends
from soundgraph.audio.dsp.levelling import evened
from soundgraph.audio.dsp.loudness import integrated_lufs

RATE = 8000
T = np.arange(120 * RATE) / RATE


def piece(level_db: np.ndarray, channels: int = 1, seed: int = 1) -> Audio:
    noise = np.random.default_rng(seed).standard_normal((channels, level_db.size))
    return make(0.05 * noise * 10 ** (level_db / 20), RATE)


def level(audio: Audio, window: float = 10.0, max_gain_db: float = 12.0) -> Audio:
    return make(evened(audio, window, max_gain_db), audio.sample_rate)


def gain_db(before: Audio, after: Audio) -> np.ndarray:
    loud = np.abs(before.samples[0]) > 1e-4
    gains = np.ones(before.n_samples)
    gains[loud] = after.samples[0, loud] / before.samples[0, loud]
    return 20 * np.log10(gains)[loud]


DRIFTING = {
    "a rise of 12 dB": T / 120 * 12,
    "a swell a minute": 4 * np.sin(2 * np.pi * T / 60),
    "a swell every half minute": 4 * np.sin(2 * np.pi * T / 30),
    "parts of 20 s, 12 dB apart": np.where(T // 20 % 2 == 0, -6.0, 6.0),
    "parts of 45 s, 8 dB apart": np.where(T // 45 % 2 == 0, -4.0, 4.0),
    "windows of half a minute, each at its own level": np.repeat([0.0, 4.0, -3.0, 5.0], 30 * RATE),
}


@pytest.mark.parametrize("name", DRIFTING)
def test_a_piece_that_drifts_is_within_1_lu_afterwards_and_as_loud_as_before(name):
    before = piece(DRIFTING[name])
    after = level(before)
    drift_before, drift_after = drift_lu(before), drift_lu(after)
    assert drift_before is not None
    assert drift_after is not None
    assert drift_before > 5
    assert drift_after < 1.0
    assert integrated_lufs(after) == pytest.approx(integrated_lufs(before), abs=0.1)


def test_one_gain_serves_all_channels():
    audio = piece(T / 120 * 12, 2)
    after = level(audio)
    assert np.allclose(after.samples[0] * audio.samples[1], after.samples[1] * audio.samples[0], atol=1e-6)


@pytest.mark.parametrize(("seconds", "most_db"), [(0.5, 0.3), (2.0, 0.3), (4.0, 0.5)])
def test_fast_dynamics_stay(seconds, most_db):
    audio = piece(3 * np.sign(np.sin(2 * np.pi * T / seconds)))
    gains = gain_db(audio, level(audio))
    inner = gains[gains.size // 5 : -gains.size // 5]
    assert np.ptp(inner) < most_db


def test_the_gain_is_smooth():
    """No gain of this can be heard as a step: under 0.02 dB from sample to sample at 8 kHz is 1 dB in 6 ms."""
    audio = piece(np.repeat([0.0, 10.0, 0.0, 10.0], 30 * RATE))
    samples = evened(make(np.ones((1, T.size)) * audio.samples, RATE), 10, 12)
    loud = np.abs(audio.samples[0]) > 1e-3
    gains = np.interp(np.arange(T.size), np.nonzero(loud)[0], samples[0, loud] / audio.samples[0, loud])
    assert np.abs(np.diff(20 * np.log10(gains))).max() < 0.002


def test_fades_and_silence_at_the_ends_are_not_lifted():
    audio = fade_ends(piece(np.zeros(T.size)), 4, 6, "linear")
    padded = make(np.pad(audio.samples, ((0, 0), (8 * RATE, 12 * RATE))), RATE)
    after = level(padded)
    assert not after.samples[:, : 8 * RATE].any()
    assert not after.samples[:, -12 * RATE :].any()
    assert np.abs(gain_db(padded, after)).max() < 1.0


def test_a_pause_is_not_lifted_and_does_not_weigh():
    levels = 3 * np.sin(2 * np.pi * T / 60)
    levels[50 * RATE : 60 * RATE] = -60
    audio = piece(levels)
    after = level(audio)
    pause = slice(52 * RATE, 58 * RATE)
    raised = np.abs(after.samples[0, pause]).max() / np.abs(audio.samples[0, pause]).max()
    assert abs(20 * np.log10(raised)) < 4
    drift = drift_lu(after)
    assert drift is not None
    assert drift < 1


@pytest.mark.parametrize("most_db", [1.0, 3.0])
def test_no_part_is_raised_or_lowered_by_more_than_asked_for(most_db):
    audio = piece(T / 120 * 20)
    gains = gain_db(audio, level(audio, max_gain_db=most_db))
    assert np.abs(gains).max() == pytest.approx(most_db, abs=0.01)


def test_a_longer_window_leaves_more_as_it_is():
    audio = piece(4 * np.sin(2 * np.pi * T / 20))
    swings = [np.ptp(gain_db(audio, level(audio, window))) for window in (5.0, 20.0, 60.0)]
    assert swings[0] > swings[1] > swings[2]


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("n", [0, 1, 4000])
def test_what_is_shorter_than_the_window_stays(channels, n):
    audio = make(np.full((channels, n), 0.5), RATE)
    assert level(audio).digest == audio.digest


def test_silence_stays():
    audio = make(np.zeros((2, 30 * RATE)), RATE)
    assert level(audio).digest == audio.digest


def test_hot_material_is_evened_like_any_other():
    audio = piece(np.repeat([0.0, 6.0], 60 * RATE))
    hot = make(audio.samples * 100, RATE)
    assert np.allclose(level(hot).samples, 100 * level(audio).samples, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("rate", [11025, 44100, 48000])
def test_other_rates_are_evened_as_well(rate):
    n = 40 * rate
    noise = np.random.default_rng(0).standard_normal((1, n)) * 0.05
    audio = make(noise * 10 ** (np.linspace(0, 8, n) / 20), rate)
    drift = drift_lu(level(audio))
    assert drift is not None
    assert drift < 1
