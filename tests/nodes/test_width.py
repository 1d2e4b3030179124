"""width: energies of middle and side, and a bass without sides."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.width import KIND, Width


def widened(audio: Audio, **fields) -> Audio:
    return KIND.render(Width(input="x", **fields), [audio])


def noise(channels: int = 2, rate: int = 48000, n: int = 20_000) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, n)), rate)


def middle_and_side(audio: Audio) -> tuple[np.ndarray, np.ndarray]:
    left, right = audio.samples.astype(np.float64)
    return (left + right) / 2, (left - right) / 2


def tone(freq_hz: float, rate: int = 48000) -> Audio:
    """Half a second of a tone whose sides are of opposite polarity."""
    sine = 0.5 * np.sin(2 * np.pi * freq_hz * np.arange(rate // 2) / rate)
    return make(np.stack([sine, -sine]), rate)


@pytest.mark.parametrize("rate", [8000, 192000])
@pytest.mark.parametrize("width", [0.0, 0.5, 2.0])
def test_the_middle_stays_and_the_side_is_scaled(width, rate):
    audio = noise(rate=rate)
    result = widened(audio, width=width)
    assert (result.channels, result.n_samples, result.sample_rate) == (2, audio.n_samples, rate)
    (middle, side), (new_middle, new_side) = middle_and_side(audio), middle_and_side(result)
    assert np.allclose(new_middle, middle, atol=1e-6)
    assert np.allclose(new_side, width * side, atol=1e-6)
    # L² + R² is 2 (M² + S²)
    energy = np.sum(result.samples.astype(np.float64) ** 2)
    assert energy == pytest.approx(2 * np.sum(middle**2 + (width * side) ** 2), rel=1e-6)


def test_no_width_is_mono_on_both_sides():
    result = widened(noise(), width=0.0)
    assert np.array_equal(result.samples[0], result.samples[1])


def test_a_width_of_one_changes_no_bit():
    audio = noise()
    assert widened(audio, width=1.0).digest == audio.digest


def test_half_and_then_double_gives_the_sound_back():
    audio = noise()
    assert np.allclose(widened(widened(audio, width=0.5), width=2.0).samples, audio.samples, atol=1e-6)


def test_the_bass_loses_its_sides_and_the_rest_keeps_them():
    inner = slice(4800, -4800)
    low, high = widened(tone(50), bass_mono_hz=120.0), widened(tone(400), bass_mono_hz=120.0)
    assert np.abs(low.samples[:, inner]).max() < 0.5 * 10 ** (-50 / 20)
    assert np.allclose(high.samples[:, inner], tone(400).samples[:, inner], atol=0.005)


def test_what_both_sides_share_passes_a_mono_bass_untouched():
    one = noise(1).samples
    both = make(np.concatenate([one, one]), 48000)
    assert widened(both, bass_mono_hz=120.0).digest == both.digest


def test_a_mono_bass_leaves_the_sum_of_the_sides_alone():
    audio = noise()
    assert np.allclose(middle_and_side(widened(audio, bass_mono_hz=200.0))[0], middle_and_side(audio)[0], atol=1e-6)


@pytest.mark.parametrize(("channels", "said"), [(1, "is mono"), (6, "has 6 channels")])
def test_only_stereo_is_taken(channels, said):
    with pytest.raises(NodeError, match=rf"^only stereo has a width, and the input {said}$"):
        widened(noise(channels), width=0.5)


def test_a_corner_above_what_the_input_can_hold_fails_the_node():
    with pytest.raises(NodeError) as caught:
        widened(noise(rate=1000), bass_mono_hz=500.0)
    assert str(caught.value) == "bass_mono_hz is 500, but an input at 1000 Hz only reaches 500 Hz"


@pytest.mark.parametrize("fields", [{"width": -0.1}, {"width": 5.0}, {"bass_mono_hz": 10.0}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Width(input="x", **fields)
