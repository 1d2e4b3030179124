"""Sounds made of blocks are what they stand for: each is told from others by what can be measured of it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal  # noqa: TID253 - an oracle; the ban is on what the package imports

from soundgraph.backends.draft.arranging import arranged
from soundgraph.backends.draft.chance import Chance
from soundgraph.backends.draft.effects import effect
from soundgraph.backends.draft.stage import Stage
from soundgraph.backends.draft.vocabulary import THEMES
from soundgraph.backends.draft.words import Character, NamedSound
from tests.backends.test_draft_effects import band_db, centroid_hz, crest_db, hear, levels, onsets_s

RATE = 32000
SEEDS = (0, 1, 2)


def pitch_hz(x: np.ndarray, low_hz: float = 40.0, high_hz: float = 4000.0) -> float:
    """The strongest frequency."""
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)), 1 << 16))
    hz = np.fft.rfftfreq(1 << 16, 1 / RATE)
    heard = (hz >= low_hz) & (hz < high_hz)
    return float(hz[heard][np.argmax(spectrum[heard])])


def strongest_modulation_hz(x: np.ndarray, low_hz: float = 2.0, high_hz: float = 60.0) -> float:
    """The rate at which the loudness comes and goes most."""
    level = levels(x, 0.004)
    spectrum = np.abs(np.fft.rfft((level - level.mean()) * np.hanning(len(level)), 1 << 14))
    hz = np.fft.rfftfreq(1 << 14, 0.004)
    heard = (hz >= low_hz) & (hz < high_hz)
    return float(hz[heard][np.argmax(spectrum[heard])])


def centroids_hz(x: np.ndarray, parts: int) -> list[float]:
    return [centroid_hz(part) for part in np.array_split(x, parts)]


def rise_s(x: np.ndarray) -> float:
    """From the start to the loudest frame."""
    return float(np.argmax(levels(x, 0.01))) * 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_a_jump_goes_up_and_a_landing_is_a_low_blow(seed):
    jump, land = hear("jump", 0.5, seed), hear("land", 0.8, seed)
    n = int(0.08 * RATE)
    assert pitch_hz(jump[2 * n : 3 * n], 100) > 1.3 * pitch_hz(jump[:n], 100)
    assert rise_s(land) < 0.08
    assert centroid_hz(land) < 300 < centroid_hz(jump)


def test_a_menu_opens_upward_and_closes_downward():
    n = int(0.07 * RATE)
    up, down = hear("open menu", 0.4), hear("close menu", 0.4)
    assert pitch_hz(up[int(0.13 * RATE) :][:n], 200) > 1.2 * pitch_hz(up[n // 2 :][:n], 200)
    assert pitch_hz(down[int(0.13 * RATE) :][:n], 200) < 0.85 * pitch_hz(down[n // 2 :][:n], 200)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_teleport_is_drawn_up_before_it_thumps(seed):
    x = hear("teleport", 1.5, seed)
    first, second = centroid_hz(x[: int(0.25 * RATE)]), centroid_hz(x[int(0.35 * RATE) : int(0.55 * RATE)])
    assert second > 1.4 * first
    thump = x[int(0.57 * RATE) : int(0.8 * RATE)]
    assert band_db(thump, 30, 120) > band_db(x[: int(0.5 * RATE)], 30, 120) + 10


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fireball_flies_before_it_bursts(seed):
    x = hear("fireball", 1.6, seed)
    burst = x[int(0.68 * RATE) : int(0.9 * RATE)]
    assert band_db(burst, 30, 100) > band_db(x[: int(0.6 * RATE)], 30, 100) + 10


@pytest.mark.parametrize("seed", SEEDS)
def test_a_galloping_horse_beats_in_threes(seed):
    gaps = np.diff(onsets_s(hear("horse gallop", 4.0, seed), 0.07, share=0.15))
    short, long = np.sort(gaps)[: len(gaps) // 2], np.sort(gaps)[-len(gaps) // 4 :]
    assert 0.09 < np.median(short) < 0.17
    assert np.median(long) > 0.17


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("prompt", "low_hz", "high_hz"),
    [("cat meow", 350, 900), ("cow moo", 80, 220), ("goblin", 200, 600)],
)
def test_each_creature_has_the_pitch_of_its_size(prompt, low_hz, high_hz, seed):
    x = hear(prompt, 1.5, seed)
    start = int(np.argmax(levels(x, 0.05))) * int(0.05 * RATE)
    part = x[start : start + int(0.1 * RATE)]
    part = part - part.mean()
    # Repeats at the pitch: the harmonics may be louder than the tone that they belong to.
    repeats = np.correlate(part, part, "full")[len(part) - 1 :]
    lags = slice(int(RATE / high_hz), int(RATE / low_hz) + 1)
    assert repeats[lags].max() > 0.3 * repeats[0]


def test_larger_throats_are_darker():
    order = ["lion roar", "goblin", "mouse"]
    centres = [centroid_hz(hear(prompt, 2.0)) for prompt in order]
    assert centres == sorted(centres)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cat_purrs_25_times_a_second(seed):
    assert strongest_modulation_hz(hear("cat purrs", 3.0, seed), 8) == pytest.approx(25, rel=0.15)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_laugh_is_a_row_of_voiced_bursts(seed):
    x = hear("laugh", 1.6, seed)
    assert strongest_modulation_hz(x) == pytest.approx(5, abs=1.2)
    assert len(onsets_s(x, 0.12, share=0.1)) >= 5


def test_a_whisper_has_no_tone_and_a_scream_has():
    def peaky(prompt: str) -> float:
        """How far the spectrum's peaks stand out of it."""
        x = hear(prompt, 1.2)
        density = scipy.signal.welch(x, RATE, nperseg=2048)[1][20:300]
        ratio = density / scipy.signal.medfilt(density, 31)
        return float(np.median(ratio) + ratio.max())

    assert peaky("scream") > 2 * peaky("whisper")
    assert centroid_hz(hear("scream", 1.2)) > 900


def test_a_cough_bursts_and_a_cry_trembles():
    assert len(onsets_s(hear("cough", 1.2), 0.2)) == 2
    level = levels(hear("cough", 1.2), 0.05)
    assert level[:3].max() > 0.2 * level.max()
    assert strongest_modulation_hz(hear("cry", 0.9)[: int(0.8 * RATE)], 3, 20) == pytest.approx(7, abs=2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ricochet_whines_down(seed):
    x = hear("bullet ricochet", 0.9, seed)
    early, late = pitch_hz(x[int(0.05 * RATE) :][: RATE // 10], 500), pitch_hz(x[int(0.5 * RATE) :][: RATE // 10], 500)
    assert late < 0.75 * early


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bow_creaks_twangs_and_lets_the_arrow_go(seed):
    x = hear("bow shot", 1.4, seed)
    loudest = int(np.argmax(np.abs(x))) / RATE
    assert 0.45 < loudest < 0.9
    drawn = x[: int((loudest - 0.05) * RATE)]
    assert len(onsets_s(drawn, 0.015, share=0.15)) >= 5


def test_a_weapon_is_loaded_in_several_clacks():
    assert len(onsets_s(hear("gun reload", 1.6), 0.08, share=0.1)) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_a_servo_whirrs_at_pitches_and_a_robot_chirps(seed):
    servo = hear("servo", 0.5, seed)
    assert pitch_hz(servo[int(0.12 * RATE) : int(0.2 * RATE)], 200) > 1.3 * pitch_hz(servo[: int(0.06 * RATE)], 200)
    robot = hear("robot", 1.2, seed)
    found = [pitch_hz(part, 200) for part in np.array_split(robot[: int(0.6 * RATE)], 6)]
    assert max(found) > 1.6 * min(found)


def test_a_page_is_high_and_a_body_that_falls_is_low():
    assert centroid_hz(hear("page turn", 0.8)) > 2500
    assert centroid_hz(hear("body fall", 1.0)) < 250


@pytest.mark.parametrize("seed", SEEDS)
def test_a_train_clacks_over_joints(seed):
    assert strongest_modulation_hz(hear("train", 8.0, seed), 1.0, 3.0) == pytest.approx(1 / 0.62, rel=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_countdown_is_three_low_tones_and_a_high_one(seed):
    x = hear("countdown", 2.6, seed)
    tones = [pitch_hz(x[int(at * RATE) :][: RATE // 10], 200) for at in (0.02, 0.62, 1.22, 1.85)]
    assert tones[:3] == pytest.approx([tones[0]] * 3, rel=0.02)
    assert tones[3] == pytest.approx(2 * tones[0], rel=0.03)


def test_game_over_goes_down_and_victory_up():
    over, won = hear("game over", 1.8), hear("victory", 1.6)
    assert centroid_hz(over[int(0.8 * RATE) :]) < 0.9 * centroid_hz(over[: int(0.2 * RATE)])
    assert pitch_hz(won[int(0.5 * RATE) :], 200, 1200) >= 0.99 * pitch_hz(won[: int(0.14 * RATE)], 200, 1200)


def test_ice_is_bright_and_an_earthquake_is_a_rumble_that_goes_on():
    assert centroid_hz(hear("ice cracks", 1.5)) > 800
    quake = hear("earthquake", 4.0)
    assert centroid_hz(quake) < 150
    assert levels(quake, 0.5).min() > 0.1 * levels(quake, 0.5).max()


def test_lava_bubbles_low_and_soda_fizzes_high():
    lava, soda = hear("lava", 3.0), hear("soda fizzing", 3.0)
    assert centroid_hz(lava) < 500 < 3000 < centroid_hz(soda)
    assert crest_db(lava) > 12


@pytest.mark.parametrize("seed", SEEDS)
def test_a_siren_climbs_and_sinks(seed):
    x = hear("air raid siren", 4.0, seed)
    found = [pitch_hz(part, 200) for part in np.array_split(x, 20)]
    assert max(found) > 1.8 * min(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ball_bounces_ever_faster(seed):
    gaps = np.diff(onsets_s(hear("ball bounces once", 1.6, seed), 0.08, share=0.08))
    assert len(gaps) >= 3
    assert (np.diff(gaps) < 0.01).all()


def test_a_riser_rises_and_a_downlifter_falls():
    up, down = centroids_hz(hear("riser", 2.4), 4), centroids_hz(hear("downlifter", 2.0), 4)
    assert up == sorted(up)
    assert down == sorted(down, reverse=True)


def test_a_firework_whistles_waits_and_bursts():
    x = hear("firework", 2.5)
    rocket, burst = x[int(0.3 * RATE) : int(0.8 * RATE)], x[int(1.06 * RATE) : int(1.3 * RATE)]
    assert centroid_hz(rocket) > 3 * centroid_hz(burst)
    assert x[int(0.97 * RATE) : int(1.03 * RATE)].std() < 0.2 * burst.std()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("rate", [8000, 11025])
def test_every_sound_is_heard_at_low_rates_and_in_a_twentieth_of_a_second(theme, rate):
    for sound in THEMES[theme]:
        for seconds in (0.05, 0.7):
            stage = Stage(round(seconds * rate), rate, 2, Chance("audio", sound, 3), Character(), 1.0)
            for layer in arranged(stage, [NamedSound(sound, Character())]):
                assert layer.samples.shape == (2, stage.n), sound
                assert np.isfinite(layer.samples).all(), sound
                assert np.abs(layer.samples).max() > 1e-6, sound


def test_no_two_sounds_are_alike():
    # Levels of octaves over time, of one rendering each: what a designer sees in a spectrogram.
    prints = {}
    for theme in THEMES.values():
        for sound in theme:
            stage = Stage(RATE, RATE, 1, Chance("audio", sound, 0), Character(), 1.0)
            x = effect(sound).render(stage)[0].astype(np.float64)
            power = np.abs(scipy.signal.stft(x, RATE, nperseg=512)[2]) ** 2
            bands = [power[low : 2 * low].sum(axis=0) for low in (1, 2, 4, 8, 16, 32, 64, 128)]
            frames = np.array([[part.mean() for part in np.array_split(band, 12)] for band in bands])
            log = np.log10(frames + 1e-6 * frames.max())
            prints[sound] = (log - log.mean()).ravel()
    names = list(prints)
    matrix = np.array([prints[name] / np.linalg.norm(prints[name]) for name in names])
    likeness = matrix @ matrix.T - 2 * np.eye(len(names))
    alike = [(names[a], names[b]) for a, b in np.argwhere(likeness > 0.995) if a < b]
    assert alike == []


def test_an_hour_of_what_comes_again_is_made_of_few_renderings():
    n = 60 * 8000
    stage = Stage(n, 8000, 1, Chance("audio", "gallop", 0), Character(), 1.0)
    x = effect("gallop").render(stage)
    assert x.shape == (1, n)
    assert np.abs(x[0, -8000:]).max() > 0
