"""Convolution by FFT: against the sum that defines it, at sizes around those of its blocks."""

import numpy as np
import pytest

from soundgraph.audio.dsp import convolution
from soundgraph.audio.dsp.convolution import convolve


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("n", [1, 2, 5000])
@pytest.mark.parametrize("m", [1, 2, 4095, 4096, 4097, 9000, 20000])
def test_it_is_the_sum_that_defines_it(n, m):
    sound, response = noise(1, n).astype(np.float32), noise(1, 1, m, seed=1)
    expected = np.convolve(sound[0].astype(np.float64), response[0, 0])
    result = convolve(sound, response)
    assert result.shape == (1, n + m - 1)
    assert np.abs(result[0] - expected).max() < 1e-6 * np.abs(expected).max()


def test_parts_and_blocks_do_not_show(monkeypatch):
    # Sixty parts of a response, and a sound of forty blocks.
    monkeypatch.setattr(convolution, "_MOST", 4096)
    sound, response = noise(1, 160_001).astype(np.float32), noise(1, 1, 245_003, seed=1)
    size = 2**19
    expected = np.fft.irfft(np.fft.rfft(sound[0], size) * np.fft.rfft(response[0, 0], size), size)[: 160_001 + 245_002]
    assert np.abs(convolve(sound, response)[0] - expected).max() < 1e-6 * np.abs(expected).max()


def test_every_input_reaches_every_output_through_its_own_response():
    sound, responses = noise(2, 3000).astype(np.float32), noise(3, 2, 700, seed=1)
    result = convolve(sound, responses)
    for out in range(3):
        expected = sum(np.convolve(sound[channel].astype(np.float64), responses[out, channel]) for channel in range(2))
        assert np.abs(result[out] - expected).max() < 1e-6 * np.abs(expected).max()


def test_a_single_one_gives_the_sound_back_in_its_place():
    sound = noise(1, 30_000).astype(np.float32)
    response = np.zeros((1, 1, 10_000))
    response[0, 0, 6000] = 1.0
    result = convolve(sound, response)
    assert np.allclose(result[0, 6000:36_000], sound[0], rtol=1e-7, atol=1e-12)


def test_a_pause_between_two_sounds_is_as_long_as_it_is_and_silent():
    # The blocks of the pause are skipped; what comes after must not.
    sound = np.zeros((1, 100_000), np.float32)
    sound[0, 0] = sound[0, 90_000] = 1.0
    result = convolve(sound, np.ones((1, 1, 5000)))
    assert np.allclose(result[0, :5000], 1.0)
    assert np.allclose(result[0, 90_000:95_000], 1.0)
    assert not result[0, 20_000:80_000].any()


def test_nothing_in_nothing_out():
    assert convolve(np.zeros((1, 0), np.float32), np.ones((2, 1, 5))).shape == (2, 0)


def test_the_inputs_are_left_alone():
    sound, response = noise(1, 5000).astype(np.float32), noise(1, 1, 5000)
    kept = sound.copy(), response.copy()
    convolve(sound, response)
    assert np.array_equal(sound, kept[0])
    assert np.array_equal(response, kept[1])


def test_what_is_too_large_for_float32_is_infinite_and_not_a_warning():
    assert np.isinf(convolve(np.full((1, 10), 1e38, np.float32), np.full((1, 1, 10), 10.0))).any()
