"""Draft sound effects sound like what they say: checked by measuring them, over seeds and rates."""

from __future__ import annotations

import contextlib
import importlib

import numpy as np
import pytest
import scipy.signal  # noqa: TID253 - an oracle; the ban is on what the package imports

from soundgraph.backends import Request
from soundgraph.backends.draft import BACKEND, DraftParams
from soundgraph.backends.draft.effects import effect
from soundgraph.backends.draft.vocabulary import THEMES
from soundgraph.backends.draft.vocabulary.describing import SETTINGS
from soundgraph.backends.draft.vocabulary.lines import listed
from soundgraph.backends.draft.vocabulary.pairs import PAIRS
from soundgraph.backends.draft.vocabulary.senses import APPROACHES, BEDS, TOGETHER

SEEDS = (0, 1, 2)


def hear(prompt: str, seconds: float = 4.0, seed: int = 0, rate: int = 32000) -> np.ndarray:
    model = BACKEND.find(f"draft/audio@{rate}x1")
    assert model is not None
    request = Request(((0.0, prompt),), seconds, seed, DraftParams())
    (made,) = BACKEND.load(model).generate([request], lambda index, done: None)
    return made.audio.samples[0].astype(np.float64)


def power(x: np.ndarray, rate: int = 32000) -> tuple[np.ndarray, np.ndarray]:
    """(Hz, power density)."""
    return scipy.signal.welch(x, rate, nperseg=4096)


def centroid_hz(x: np.ndarray, rate: int = 32000) -> float:
    hz, density = power(x, rate)
    return float((hz * density).sum() / density.sum())


def band_db(x: np.ndarray, low_hz: float, high_hz: float, rate: int = 32000) -> float:
    hz, density = power(x, rate)
    return float(10 * np.log10(density[(hz >= low_hz) & (hz < high_hz)].mean() + 1e-20))


def levels(x: np.ndarray, frame_s: float = 0.01, rate: int = 32000) -> np.ndarray:
    """RMS of each frame."""
    n = int(frame_s * rate)
    return np.sqrt((x[: len(x) // n * n].reshape(-1, n) ** 2).mean(axis=1))


def onsets_s(x: np.ndarray, apart_s: float, rate: int = 32000, share: float = 0.2) -> np.ndarray:
    """Times at which the level jumps."""
    level = levels(x, 0.005, rate)
    rise = np.diff(level, prepend=0.0)
    peaks, _ = scipy.signal.find_peaks(
        np.append(0.0, rise), height=share * rise.max(), distance=max(1, int(apart_s / 0.005))
    )
    return (peaks - 1) * 0.005


def crest_db(x: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(x).max() / x.std()))


SOUNDS = [sound for sounds in THEMES.values() for sound in sounds]


def test_every_sound_of_the_word_table_has_a_renderer_and_says_what_it_is():
    assert len(set(SOUNDS)) == len(SOUNDS)
    for sound in SOUNDS:
        about = effect(sound).about
        assert about.endswith("."), sound
        assert about[0].isupper(), sound


def test_no_recipe_is_out_of_reach():
    for theme, sounds in THEMES.items():
        with contextlib.suppress(ModuleNotFoundError):
            module = importlib.import_module(f"soundgraph.backends.draft.recipes.{theme}")
            assert set(module.RECIPES) == set(sounds), theme


def test_the_other_tables_speak_of_sounds_that_there_are():
    meant = [*SETTINGS, *BEDS, *APPROACHES, *TOGETHER.values(), *(name for pair in TOGETHER for name in pair)]
    meant += [name for *_, sounds in PAIRS for name in listed(sounds)]
    assert set(meant) <= set(SOUNDS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [16000, 44100])
def test_rain_is_a_broad_hiss(seed, rate):
    x = hear("rain", seed=seed, rate=rate)
    hz, density = power(x, rate)
    heard = density[(hz > 700) & (hz < 7000)]
    assert np.exp(np.log(heard).mean()) / heard.mean() > 0.6
    assert 1500 < centroid_hz(x, rate) < 9000
    assert (levels(x, 0.1, rate) > 0.02).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_rain_has_drops_that_stand_out(seed):
    # Gaussian noise of this length peaks at about 13 dB over its RMS and has a kurtosis of 3.
    x = hear("rain", seed=seed)
    assert crest_db(x) > 15
    assert ((x / x.std()) ** 4).mean() > 3.5


def test_heavy_rain_is_louder_fuller_and_denser_than_soft_rain():
    for seed in SEEDS:
        heavy, soft = hear("heavy rain", seed=seed), hear("soft rain", seed=seed)
        assert heavy.std() > 1.5 * soft.std()
        assert (
            band_db(heavy, 100, 500) - band_db(heavy, 2000, 6000)
            > band_db(soft, 100, 500) - band_db(soft, 2000, 6000) + 6
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_wind_is_low_to_middle_noise_that_comes_and_goes(seed):
    x = hear("wind", 10.0, seed)
    assert 100 < centroid_hz(x) < 700
    slow = levels(x, 0.5)
    assert slow.max() > 1.5 * slow.min()


@pytest.mark.parametrize("seed", SEEDS)
def test_thunder_is_low_and_decays(seed):
    x = hear("thunder", 6.0, seed)
    assert centroid_hz(x) < 200
    energy = levels(x, 1.5) ** 2
    assert energy[0] > 10 * energy[2] > 10 * energy[3]
    # The highs go first.
    half = len(x) // 4
    assert band_db(x[:half], 300, 1200) - band_db(x[half : 2 * half], 300, 1200) > (
        band_db(x[:half], 30, 100) - band_db(x[half : 2 * half], 30, 100)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_waves_swell_every_few_seconds(seed):
    slow = levels(hear("ocean waves", 30.0, seed), 0.5)
    peaks, _ = scipy.signal.find_peaks(
        np.convolve(slow, np.ones(5) / 5, "same"), distance=6, prominence=0.2 * slow.max()
    )
    assert 3 <= len(peaks) <= 7
    assert slow.max() > 3 * slow.min()


@pytest.mark.parametrize("seed", SEEDS)
def test_fire_crackles_over_a_low_flutter(seed):
    x = hear("campfire", seed=seed)
    assert band_db(x, 60, 250) > band_db(x, 1000, 4000) + 10
    high = scipy.signal.sosfilt(scipy.signal.butter(4, 1500, "high", fs=32000, output="sos"), x)
    assert crest_db(high) > 20


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_birds_chirp_high(seed, rate):
    x = hear("birds", seed=seed, rate=rate)
    assert centroid_hz(x, rate) > (1800 if rate == 8000 else 2200)
    level = levels(x, rate=rate)
    assert (level < 0.001).any()
    assert 4 <= len(onsets_s(x, 0.06, rate, 0.1)) <= 60


@pytest.mark.parametrize("seed", SEEDS)
def test_crickets_are_a_narrow_high_band(seed):
    x = hear("crickets", seed=seed)
    assert 3500 < centroid_hz(x) < 5500
    assert band_db(x, 3800, 5200) > band_db(x, 100, 3000) + 30


@pytest.mark.parametrize("surface", ["", " on gravel", " on wood", " on snow", " on stone"])
def test_footsteps_come_at_a_walking_pace(surface):
    for seed in SEEDS:
        steps = onsets_s(hear(f"footsteps{surface}", 8.0, seed), 0.3)
        gaps = np.diff(steps)
        assert 0.49 < np.median(gaps) < 0.59
        assert gaps.std() < 0.09
        assert 13 <= len(steps) <= 16


@pytest.mark.parametrize("sound", ["footstep on wood", "heartbeat", "drip", "gunshot", "bark", "beep"])
def test_a_single_one_is_single(sound):
    level = levels(hear(f"a single {sound}", 6.0), 0.1)
    assert level[15:].max() < 0.02 * level.max()


def test_the_ground_colours_the_steps():
    brightness = {ground: centroid_hz(hear(f"footsteps on {ground}", 6.0)) for ground in ("wood", "snow", "gravel")}
    assert brightness["wood"] < brightness["snow"] < brightness["gravel"]


def test_slow_and_fast_change_the_pace():
    def gap_s(prompt: str) -> float:
        return float(np.median(np.diff(onsets_s(hear(prompt, 8.0), 0.2))))

    assert gap_s("fast footsteps") < 0.7 * gap_s("footsteps") < 0.7 * 0.7 * gap_s("slow footsteps")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_heart_beats_twice_66_times_a_minute(seed):
    x = hear("heartbeat", 8.0, seed)
    assert centroid_hz(x) < 120
    beats = onsets_s(x, 0.2, share=0.12)
    period_s = 60 / 66
    lub, dub = np.diff(beats)[::2], np.diff(beats)[1::2]
    assert np.allclose(np.median(lub), 0.31 * period_s, atol=0.05)
    assert np.allclose(np.median(dub), 0.69 * period_s, atol=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_engine_is_harmonic(seed):
    # A comb of harmonics: the spectrum repeats at the firing rate.
    x = hear("engine", 6.0, seed)
    hz, density = scipy.signal.welch(x, 32000, nperseg=32768)
    low = 10 * np.log10(density[(hz > 60) & (hz < 700)])
    low -= scipy.signal.medfilt(low, 61)
    repeats = np.correlate(low, low, "full")[len(low) - 1 :]
    repeats /= repeats[0]
    step_hz = hz[1]
    spacing = np.arange(len(repeats)) * step_hz
    best = spacing[20:60][np.argmax(repeats[20:60])]
    assert 30 < best < 50
    assert repeats[20:60].max() > 0.3


def test_a_deep_engine_is_lower_than_a_small_one():
    assert centroid_hz(hear("deep engine")) < centroid_hz(hear("small engine"))


@pytest.mark.parametrize("prompt", ["explosion", "gunshot", "sword clang", "bell", "impact", "glass shatters"])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_struck_is_loudest_at_once_and_dies_away(prompt, seed):
    level = levels(hear(f"a single {prompt}", 4.0, seed), 0.1)
    assert level[:3].max() == level.max()
    assert level[-5:].max() < 0.1 * level.max()


def test_several_happen_where_one_would_not():
    for sound, plural in (("gunshot", "gunshots"), ("explosion", "several explosions"), ("beep", "beeps")):
        one, many = onsets_s(hear(f"a {sound}", 8.0), 0.1, share=0.4), onsets_s(hear(plural, 8.0), 0.1, share=0.4)
        assert len(many) > 1.5 * len(one)


def test_weight_lies_low_or_high_as_it_should():
    order = ["thunder", "explosion", "crowd", "whoosh", "coin", "birds"]
    centres = [centroid_hz(hear(sound)) for sound in order]
    assert centres == sorted(centres)


def test_a_door_creaks_then_shuts():
    x = hear("wooden door", 3.0)
    early, late = x[: int(0.8 * 32000)], x[int(0.85 * 32000) : int(1.3 * 32000)]
    assert centroid_hz(early) > 2 * centroid_hz(late)
    assert np.abs(late).max() > 1.5 * np.abs(early).max()


def test_a_confirming_sound_goes_up_and_an_error_down():
    def pitches(prompt: str, seed: int) -> tuple[float, float]:
        x = hear(prompt, 0.6, seed)
        spans = x[int(0.02 * 32000) : int(0.09 * 32000)], x[int(0.2 * 32000) : int(0.32 * 32000)]
        first, second = (np.argmax(np.abs(np.fft.rfft(span, 1 << 17))) * 32000 / (1 << 17) for span in spans)
        return float(first), float(second)

    for seed in SEEDS:
        first, second = pitches("confirm", seed)
        assert second > 1.2 * first
        first, second = pitches("error", seed)
        assert second < 0.97 * first


def test_what_is_distant_is_duller_and_quieter():
    for sound in ("rain", "gunshot", "footsteps on gravel", "applause"):
        near, far = hear(sound), hear(f"distant {sound}")
        assert centroid_hz(far) < 0.8 * centroid_hz(near)
        assert np.abs(far).max() < np.abs(near).max()


def test_several_words_layer():
    both = hear("wind and birds", 6.0)
    assert band_db(both, 60, 300) > band_db(hear("birds", 6.0), 60, 300) + 20
    assert band_db(both, 3000, 6000) > band_db(hear("wind", 6.0), 3000, 6000) + 10


def test_only_what_is_called_distant_is_far():
    thunder_far = hear("rain and distant thunder", 6.0)
    rain_far = hear("distant rain and thunder", 6.0)
    tilt = [band_db(x, 3000, 8000) - band_db(x, 30, 120) for x in (thunder_far, rain_far)]
    assert tilt[0] > tilt[1] + 10


def test_the_same_sound_keeps_its_colour_at_any_rate():
    for sound in ("rain", "wind", "ocean", "fire", "engine", "footsteps on stone"):
        shares = []
        for rate in (16000, 32000, 96000):
            x = hear(sound, 6.0, rate=rate)
            shares.append(band_db(x, 250, 1000, rate) - band_db(x, 2000, 5000, rate))
        assert max(shares) - min(shares) < 7, sound
