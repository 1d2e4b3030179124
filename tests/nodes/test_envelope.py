"""envelope: the gain at the points, between them and outside them."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.nodes.envelope import KIND, Envelope

RATES = (8000, 11025, 44100, 48000, 192000)


def envelope(audio: Audio, points, **fields) -> Audio:
    table = [{"at": at, "gain_db": gain_db} for at, gain_db in points]
    return KIND.render(Envelope(input="x", points=table, **fields), [audio])


def ones(seconds: float, rate: int, channels: int = 1) -> Audio:
    return make(np.ones((channels, round(seconds * rate))), rate)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_level_runs_evenly_in_db_from_point_to_point(rate, channels):
    result = envelope(ones(1, rate, channels), [(0.25, -60), (0.5, 0), (0.75, -12)])
    t = np.arange(rate) / rate
    expected = np.where(t < 0.5, -60 + 240 * (t - 0.25), -48 * (t - 0.5))
    expected = np.where(t < 0.25, -60, np.where(t > 0.75, -12, expected))
    assert np.allclose(20 * np.log10(result.samples), expected, atol=1e-4)
    assert (result.channels, result.sample_rate, result.n_samples) == (channels, rate, rate)


@pytest.mark.parametrize("rate", RATES)
def test_linear_gain_runs_evenly_in_amplitude(rate):
    result = envelope(ones(1, rate), [(0, -120), (1, 6.0206)], interpolation="linear_gain")
    assert np.allclose(result.samples[0], 2 * np.arange(rate) / rate, atol=1e-5)


def test_from_minus_120_db_on_there_is_silence():
    result = envelope(ones(1, 8000), [(0, -200), (1, 0)]).samples[0]
    # -200 + 200·t reaches -120 at 0.4 s.
    assert not result[:3201].any()
    assert (result[3201:] > 0).all()
    held = envelope(ones(1, 8000), [(0.5, -120), (0.6, 0)], interpolation="linear_gain").samples[0]
    assert not held[:4001].any()


@pytest.mark.parametrize("interpolation", ["linear", "linear_gain"])
def test_where_the_gain_is_0_db_every_bit_stays(interpolation):
    noise = make(np.random.default_rng(1).standard_normal((2, 100_000)), 48000)
    assert envelope(noise, [(0.3, 0)], interpolation=interpolation).digest == noise.digest
    part = envelope(noise, [(0.5, 0), (1.5, 0), (1.6, -20)], interpolation=interpolation)
    assert np.array_equal(part.samples[:, :72000], noise.samples[:, :72000])


def test_an_envelope_and_its_opposite_cancel():
    noise = make(np.random.default_rng(2).standard_normal((2, 8000)), 8000)
    points = [(0.1, -20), (0.4, 12), (0.9, 3)]
    there = envelope(noise, points)
    back = envelope(there, [(at, -gain) for at, gain in points])
    assert np.allclose(back.samples, noise.samples, rtol=1e-6)


def test_points_past_the_end_still_give_the_slope():
    result = envelope(ones(1, 8000), [(0, 0), (10, -100)]).samples[0]
    assert 20 * np.log10(result[-1]) == pytest.approx(-10, abs=0.01)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_shortest_sounds_and_silence(n, channels):
    result = envelope(make(np.ones((channels, n)), 48000), [(0, 20)])
    assert result.samples.shape == (channels, n)
    assert np.allclose(result.samples, 10)
    silence = make(np.zeros((channels, 100)), 48000)
    assert envelope(silence, [(0, 20)]).digest == silence.digest


def test_points_out_of_order_are_a_mistake_that_names_them():
    with pytest.raises(ValidationError) as caught:
        envelope(ones(1, 8000), [(0, 0), (2, -6), (2, -3)])
    assert "points[2] is at 2 s, which is not after points[1] at 2 s" in str(caught.value)


@pytest.mark.parametrize("points", [[], [(-1, 0)], [(0, 61)], [(0, -201)], [(0, float("-inf"))]])
def test_values_out_of_range_are_mistakes(points):
    with pytest.raises(ValidationError):
        envelope(ones(1, 8000), points)
