"""Crossfades: what each curve does to the level of sounds that have little, much or everything in common."""

import numpy as np
import pytest

from soundgraph.audio.dsp.crossfades import LEAST_CORRELATION, correlation, gains, joined, overlapped

N = 96000


def pair(r: float, channels: int = 1, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two noises of equal power and correlation r."""
    first, other = np.random.default_rng(seed).standard_normal((2, channels, N))
    return first.astype(np.float32), (r * first + np.sqrt(1 - r * r) * other).astype(np.float32)


def levels_db(samples: np.ndarray, parts: int = 12) -> np.ndarray:
    """RMS of equal parts of a sound, in dB."""
    return 10 * np.log10((samples.astype(np.float64) ** 2).reshape(len(samples), parts, -1).mean(axis=(0, 2)))


@pytest.mark.parametrize("r", [-1.0, -0.5, 0.0, 0.3, 1.0])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_correlation_is_that_of_the_material(r, channels):
    before, after = pair(r, channels)
    assert correlation(before, after) == pytest.approx(r, abs=0.01)
    assert correlation(before * 8, after * 0.001) == pytest.approx(correlation(before, after), abs=1e-6)


def test_correlation_of_silence_and_of_nothing_is_zero():
    silence, empty = np.zeros((2, 10), np.float32), np.zeros((2, 0), np.float32)
    assert correlation(silence, np.ones((2, 10), np.float32)) == correlation(empty, empty) == 0.0


@pytest.mark.parametrize("r", [-0.5, -0.2, 0.0, 0.4, 1.0])
def test_measured_gains_fulfil_their_condition(r):
    going, coming = gains(1000, "measured", r)
    assert np.allclose(going**2 + coming**2 + 2 * r * going * coming, 1.0, atol=1e-12)
    assert np.allclose(going, coming[::-1], atol=1e-15)


def test_measured_is_equal_power_for_strangers_and_adds_up_to_one_for_twins():
    assert np.allclose(gains(100, "measured", 0.0), gains(100, "equal_power"), atol=1e-15)
    assert np.allclose(np.sum(gains(100, "measured", 1.0), axis=0), 1.0, atol=1e-12)


def test_gains_stay_bounded_for_sounds_that_cancel_each_other():
    assert np.max(gains(1000, "measured", -1.0)) == pytest.approx(1.1547, abs=1e-3)
    assert np.array_equal(gains(10, "measured", -1.0), gains(10, "measured", LEAST_CORRELATION))


def test_linear_dips_by_3_db_on_noise():
    assert levels_db(overlapped(*pair(0.0), "linear"), 97 - 1)[47:49].mean() == pytest.approx(-3.01, abs=0.25)


def test_equal_power_rises_by_3_db_on_equal_material():
    noise, _ = pair(0.0)
    rise = levels_db(overlapped(noise, noise, "equal_power"), 96) - levels_db(noise, 96)
    assert rise[47:49] == pytest.approx(3.01, abs=0.02)


@pytest.mark.parametrize("r", [-0.4, 0.0, 0.5, 0.9, 1.0])
def test_measured_holds_the_level_whatever_the_correlation(r):
    assert np.abs(levels_db(overlapped(*pair(r), "measured"))).max() < 0.25


def test_a_sound_that_becomes_itself_is_unchanged():
    noise, _ = pair(0.0, channels=2)
    assert np.allclose(overlapped(noise, noise, "measured"), noise, atol=1e-6)
    assert np.allclose(joined(noise, noise[:, 100:], N - 100, "measured"), noise, atol=1e-6)


def test_joining_keeps_what_lies_outside_bit_for_bit():
    before, after = pair(0.0, channels=2)
    result = joined(before, after, 500, "measured")
    assert result.shape == (2, 2 * N - 500)
    assert np.array_equal(result[:, : N - 500], before[:, : N - 500])
    assert np.array_equal(result[:, N:], after[:, 500:])
    assert np.array_equal(joined(before, after, 0, "linear"), np.concatenate([before, after], axis=1))


def test_joining_writes_to_neither_sound():
    before, after = pair(0.3)
    copies = before.copy(), after.copy()
    joined(before, after, N, "measured")
    assert np.array_equal(before, copies[0])
    assert np.array_equal(after, copies[1])
