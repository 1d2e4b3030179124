"""resample: another rate, the same sound."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.nodes.resample import KIND, Resample


def resample(audio: Audio, rate: int) -> Audio:
    return KIND.render(Resample(input="x", sample_rate=rate), [audio])


def tone(freq_hz: float, rate: int, channels: int = 1) -> Audio:
    return make(np.tile(0.5 * np.sin(2 * np.pi * freq_hz * np.arange(rate) / rate), (channels, 1)), rate)


def spectrum_db(audio: Audio) -> tuple[np.ndarray, np.ndarray]:
    window = np.kaiser(audio.n_samples, 28)
    level = np.abs(np.fft.rfft(audio.samples[0] * window)) / (window.sum() / 2) / 0.5
    return np.fft.rfftfreq(audio.n_samples, 1 / audio.sample_rate), 20 * np.log10(level + 1e-12)


@pytest.mark.parametrize(
    ("old", "new", "freq_hz"), [(16000, 48000, 7100), (44100, 48000, 19000), (8000, 192000, 3500), (48000, 11025, 4900)]
)
def test_a_tone_stays_and_images_lie_below_120_db(old, new, freq_hz):
    freqs, level = spectrum_db(resample(tone(freq_hz, old), new))
    beside = np.abs(freqs - freq_hz) > 60
    assert level[~beside].max() == pytest.approx(0.0, abs=0.01)
    assert level[beside].max() < -120


def test_what_the_lower_rate_cannot_hold_leaves_no_alias():
    middle = slice(2000, -2000)  # where the tone begins and ends, it is no tone
    assert np.abs(resample(tone(9000, 48000), 16000).samples[0, middle]).max() < 0.5e-6


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("new", [8000, 11025, 44100, 48000, 192000])
def test_length_and_place_stay(new, channels):
    hump = np.exp(-(((np.arange(44100) - 22050) / 400.0) ** 2))
    result = resample(make(np.tile(hump, (channels, 1)), 44100), new)
    assert (result.channels, result.n_samples, result.sample_rate) == (channels, new, new)
    expected = np.exp(-(((np.arange(new) / new - 0.5) * 44100 / 400.0) ** 2))
    assert np.abs(result.samples - expected).max() < 1e-5


def test_the_rate_it_has_already_changes_nothing():
    audio = tone(440, 44100)
    assert resample(audio, 44100).digest == audio.digest


@pytest.mark.parametrize("fields", [{}, {"sample_rate": 7999}, {"sample_rate": 192001}, {"sample_rate": 48000.5}])
def test_a_rate_that_makes_no_sense_is_a_mistake(fields):
    with pytest.raises(ValidationError):
        Resample(input="x", **fields)
