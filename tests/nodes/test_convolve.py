"""convolve: levels, channels, rates and what is kept of the tail."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.convolve import KIND, Convolve


def convolved(audio: Audio, impulse: Audio, **fields) -> Audio:
    return KIND.render(Convolve(input="x", impulse="room", **fields), [audio, impulse])


def noise(channels: int = 1, n: int = 30_000, rate: int = 48000, seed: int = 1) -> Audio:
    return make(np.random.default_rng(seed).standard_normal((channels, n)), rate)


def room(channels: int = 1, n: int = 4000, rate: int = 48000) -> Audio:
    return make(noise(channels, n, rate, seed=2).samples * np.exp(-np.arange(n) / (n / 7)), rate)


def power(samples: np.ndarray) -> float:
    return float(np.mean(samples.astype(np.float64) ** 2))


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_channel_goes_through_a_mono_response(channels, rate):
    audio, impulse = noise(channels, 3000, rate), room(1, 500, rate)
    result = convolved(audio, impulse, normalise=False)
    assert (result.channels, result.n_samples, result.sample_rate) == (channels, 3499, rate)
    for sound, heard in zip(audio.samples, result.samples, strict=True):
        expected = np.convolve(sound.astype(np.float64), impulse.samples[0].astype(np.float64))
        assert np.abs(heard - expected).max() < 1e-6 * np.abs(expected).max()


def test_left_goes_through_left_and_right_through_right():
    audio, impulse = noise(2, 3000), room(2, 500)
    result = convolved(audio, impulse, normalise=False)
    for channel in range(2):
        expected = np.convolve(audio.samples[channel].astype(float), impulse.samples[channel].astype(float))
        assert np.allclose(result.samples[channel], expected, atol=1e-5)


def test_mono_through_a_stereo_room_is_stereo_of_the_same_power():
    audio = noise()
    result = convolved(audio, room(2), tail=False)
    assert result.channels == 2
    assert 2 * power(result.samples) == pytest.approx(power(audio.samples), rel=0.1)


@pytest.mark.parametrize("gain", [0.001, 1.0, 100.0])
def test_noise_comes_out_as_loud_as_it_goes_in_however_loud_the_response(gain):
    audio, quiet = noise(), room()
    result = convolved(audio, make(quiet.samples * np.float32(gain), 48000), tail=False)
    assert power(result.samples) == pytest.approx(power(audio.samples), rel=0.15)


def test_the_balance_of_a_response_survives_its_normalising():
    sides = room(2).samples * np.array([[1.0], [0.1]], np.float32)
    result = convolved(noise(2), make(sides, 48000))
    assert power(result.samples[1]) / power(result.samples[0]) == pytest.approx(0.01, rel=0.1)


def test_wet_and_dry_are_levels_of_the_two():
    audio, click = noise(), make(np.eye(1, 100, 50), 48000)
    result = convolved(audio, click, wet_db=-6.0, dry_db=-20.0, tail=False).samples[0]
    expected = 0.1 * audio.samples[0]
    expected[50:] += 10 ** (-6 / 20) * audio.samples[0, :-50]
    assert np.allclose(result, expected, atol=1e-6)


def test_a_click_in_its_first_place_gives_the_sound_back():
    audio = noise(2)
    assert np.allclose(convolved(audio, make([1.0], 48000)).samples, audio.samples, rtol=1e-7, atol=1e-12)


def test_without_a_tail_it_is_the_beginning_of_what_it_is_with_one():
    audio = noise(n=5000)
    whole, cut = convolved(audio, room()), convolved(audio, room(), tail=False)
    assert (whole.n_samples, cut.n_samples) == (8999, 5000)
    assert np.array_equal(whole.samples[:, :5000], cut.samples)


@pytest.mark.parametrize("normalise", [True, False])
def test_a_response_at_another_rate_is_the_same_room(normalise):
    def ringing(rate: int) -> Audio:
        t = np.arange(rate // 4) / rate
        return make(np.sin(2 * np.pi * 700 * t) * np.exp(-t / 0.02) * 48000 / rate, rate)

    audio = make(np.eye(1, 1000, 500) * 0.9, 48000)
    same, other = (convolved(audio, ringing(rate), normalise=normalise) for rate in (48000, 44100))
    assert other.sample_rate == 48000
    n = min(same.n_samples, other.n_samples)
    assert np.abs(same.samples[:, :n] - other.samples[:, :n]).max() < 0.01 * np.abs(same.samples).max()


def test_an_empty_sound_stays_empty():
    assert convolved(noise(n=0), room(2)).samples.shape == (2, 0)


@pytest.mark.parametrize(("n", "said"), [(0, "empty"), (100, "silent")])
def test_a_response_that_holds_nothing_is_refused(n, said):
    with pytest.raises(NodeError) as caught:
        convolved(noise(), make(np.zeros((1, n)), 48000))
    assert str(caught.value) == f'the impulse response "room" is {said}, so nothing would be heard through it'


def test_channels_that_do_not_fit_are_refused_with_both_figures():
    with pytest.raises(NodeError) as caught:
        convolved(noise(6), room(2))
    assert str(caught.value) == "a sound of 6 channels takes a response of 1 or 6 channels, and this one has 2"


@pytest.mark.parametrize("fields", [{"wet_db": 61.0}, {"dry_db": -121.0}, {"tail": 2.0}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Convolve(input="x", impulse="y", **fields)
