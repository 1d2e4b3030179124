"""Onsets: where attacks of known place are found, in silence and in noise."""

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp.onsets import onset

RATES = [8000, 11025, 44100, 48000, 192000]


def hit(kind: str, rate: int, seed: int = 1) -> np.ndarray:
    """Half a second that begins abruptly, or over the given rise, and dies away."""
    t = np.arange(rate // 2) / rate
    noise = 0.3 * np.random.default_rng(seed).standard_normal(len(t))
    body = {
        "noise": noise,
        "tone": np.cos(2 * np.pi * 1000 * t),
        "kick": np.sin(2 * np.pi * 80 * (t + 1 / rate)),
        "soft": noise * np.minimum((t + 1 / rate) / 0.002, 1),
        "click": np.exp(-t / 0.001),
    }[kind]
    return body * np.exp(-t / 0.08)


def found_ms(body: np.ndarray, at: float, rate: int, floor_db: float | None = None, channels: int = 1) -> float:
    """How many ms after the true place, `at` seconds into a sound, the onset is found."""
    place = round(at * rate)
    samples = np.zeros((channels, place + len(body)))
    samples[:, place:] = body
    if floor_db is not None:
        noise = np.random.default_rng(7).standard_normal(samples.shape)
        samples += 10 ** (floor_db / 20) * np.abs(body).max() * noise
    return (onset(make(samples, rate)) - place) / rate * 1000


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", ["noise", "tone", "kick", "soft", "click"])
@pytest.mark.parametrize("at", [0.0, 0.0035, 0.1, 0.7])
def test_in_silence_an_attack_is_found_to_the_sample(rate, kind, at):
    assert found_ms(hit(kind, rate), at, rate) == 0.0


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("kind", ["noise", "tone", "kick", "click"])
@pytest.mark.parametrize("at", [0.0035, 0.1, 0.7])
@pytest.mark.parametrize("floor_db", [-100.0, -60.0, -46.0])
def test_in_noise_a_clean_attack_is_found_to_a_fraction_of_a_millisecond(rate, kind, at, floor_db):
    assert abs(found_ms(hit(kind, rate), at, rate, floor_db)) < 0.3


@pytest.mark.parametrize("at", [0.0, 0.0035, 0.3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_soft_attack_is_found_where_it_leaves_the_noise(at, seed):
    assert abs(found_ms(hit("soft", 48000, seed), at, 48000, -46.0)) < 0.5


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_are_heard_together(channels):
    assert found_ms(hit("tone", 44100), 0.05, 44100, channels=channels) == 0.0
    apart = np.zeros((channels, 44100))
    apart[-1, 3000:4000] = 0.2
    assert onset(make(apart, 44100)) == 3000


def test_gain_and_polarity_change_nothing():
    body = hit("kick", 48000)
    places = {found_ms(factor * body, 0.1, 48000, -60.0) for factor in (1.0, -1.0, 2.0**-14, 40.0)}
    assert len(places) == 1


def test_a_scuff_30_db_under_the_step_is_not_the_attack():
    samples = np.zeros(48000)
    samples[5000:29000] += 10 ** (-30 / 20) * hit("noise", 48000)
    samples[20000:44000] += hit("noise", 48000, seed=2)
    assert onset(make(samples, 48000)) == pytest.approx(20000, abs=24)


def test_the_first_of_several_steps_counts_even_if_a_later_one_is_louder():
    samples = np.zeros(96000)
    samples[9000:33000] += 0.3 * hit("noise", 48000)
    samples[60000:84000] += hit("noise", 48000, seed=2)
    assert onset(make(samples, 48000)) == 9000


def test_a_slow_rise_from_the_first_sample_on_is_not_cut_into():
    t = np.arange(48000) / 48000
    rise = np.random.default_rng(1).standard_normal(48000) * np.minimum(t / 0.01, 1)
    assert onset(make(rise, 48000)) < 48


def test_silence_has_none_and_the_shortest_sounds_do():
    assert onset(make(np.zeros((2, 0)), 48000)) is None
    assert onset(make(np.zeros((2, 4800)), 48000)) is None
    assert onset(make([[1.0]], 48000)) == 0
    assert onset(make([[0.0, 1.0]], 48000)) == 1
    assert onset(make(np.eye(1, 5000, 4999), 48000)) == 4999
