"""Integers from floats: unbiased, free of harmonics, the same for the same seed."""

import hashlib

import numpy as np
import pytest

from soundgraph.audio.dsp.dither import to_pcm16, to_pcm24

LSB = 2.0**-15


def floats(values):
    return np.atleast_2d(np.asarray(values, np.float32))


@pytest.mark.parametrize("offset_lsb", [0.0001, 0.25, 0.5, 0.75, 100.3, -7.9])
def test_16_bit_is_unbiased(offset_lsb):
    constant = floats(np.full(2_000_000, offset_lsb * LSB))
    error = to_pcm16(constant, 1).mean() - constant[0, 0] / LSB
    assert abs(error) < 0.002  # three standard errors are 0.001


@pytest.mark.parametrize("offset_lsb", [0.1, 0.25, 0.5])
def test_the_power_of_the_error_does_not_depend_on_the_sound(offset_lsb):
    constant = np.full(1_000_000, offset_lsb * LSB)
    error = to_pcm16(floats(constant), 2)[0] - constant / LSB
    assert np.mean(error**2) == pytest.approx(0.25, rel=0.01)  # 1/12 from rounding, twice 1/12 from the dither


def test_a_tone_at_minus_80_dbfs_has_no_harmonic_above_the_floor():
    n, bin_ = 2**18, 5461
    tone = 1e-4 * np.sin(2 * np.pi * bin_ * np.arange(n) / n)

    def harmonics_over_floor_db(quantised):
        power = np.abs(np.fft.rfft(quantised / LSB)) ** 2
        floor = 0.25 * n  # what white noise of a quarter of an LSB² has in each bin
        return 10 * np.log10(max(power[bin_ * k] for k in range(2, 12)) / floor)

    # Ten bins of noise come to 12 dB over their mean by chance about once in a hundred thousand draws.
    assert harmonics_over_floor_db(to_pcm16(floats(tone), 3)[0] * LSB) < 12
    # The measure is sharp: without dither the harmonics stand out.
    assert harmonics_over_floor_db(np.rint(tone / LSB) * LSB) > 30


def test_the_noise_is_white_and_differs_between_channels():
    quiet = floats(np.full((2, 2**17), 0.3 * LSB))
    left, right = to_pcm16(quiet, 4) - 0.3
    assert abs(np.mean(left * right)) < 0.005
    for lag in (1, 2, 7):
        assert abs(np.mean(left[lag:] * left[:-lag])) < 0.005
    power = np.abs(np.fft.rfft(left)) ** 2
    bands = [part.mean() for part in np.array_split(power[1:], 16)]
    assert max(bands) / min(bands) < 1.1


def test_the_same_seed_gives_the_same_samples_and_another_seed_others():
    sound = floats(np.random.default_rng(0).uniform(-1, 1, 150_000))
    assert np.array_equal(to_pcm16(sound, 5), to_pcm16(sound, 5))
    assert np.mean(to_pcm16(sound, 5) != to_pcm16(sound, 6)) > 0.3
    # Seeds next to each other must not give one stream, shifted.
    first, second = (to_pcm16(np.full((1, 1000), 0.3 * LSB, np.float32), seed)[0] for seed in (5, 6))
    assert np.mean(first[1:] == second[:-1]) < 0.8
    assert np.mean(first[:-1] == second[1:]) < 0.8


def test_the_noise_of_a_seed_is_pinned():
    pinned = to_pcm16(floats(np.linspace(-0.9, 0.9, 100_001)), 2**70 + 1)
    assert hashlib.sha256(pinned.astype("<i2").tobytes()).hexdigest().startswith("8af18145723b6cdf")


def test_16_bit_saturates():
    loud = to_pcm16(floats([0.99999, -0.99999, 1.0, 1.7, -1.7, 1e30, -1e30, 0.1]), 7)[0]
    assert loud[3:7].tolist() == [32767, -32768, 32767, -32768]
    assert abs(loud[:3] - [32767, -32768, 32767]).max() <= 1


def test_sixteen_bit_material_and_silence_pass_unchanged():
    whole = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(to_pcm16(floats(whole * LSB), 8)[0], whole)
    assert not to_pcm16(np.zeros((2, 1000), np.float32), 9).any()
    assert to_pcm16(np.zeros((2, 0), np.float32), 9).shape == (2, 0)


def test_24_bit_rounds_to_nearest_and_saturates():
    lsb = 2.0**-23
    values = [0.49 * lsb, 0.51 * lsb, -0.51 * lsb, 1.0 - lsb, 1.0, -1.0, 2.0, -2.0]
    assert to_pcm24(floats(values))[0].tolist() == [0, 1, -1, 2**23 - 1, 2**23 - 1, -(2**23), 2**23 - 1, -(2**23)]
    whole = np.random.default_rng(1).integers(-(2**23), 2**23, 10_000)
    assert np.array_equal(to_pcm24(floats(whole * lsb))[0], whole)
