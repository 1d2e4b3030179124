"""Resampling: images, aliases, flatness, lengths, alignment, and the same bytes on any thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.resampling import resample

PAIRS = [
    (16000, 48000),
    (32000, 48000),
    (44100, 48000),
    (48000, 44100),
    (48000, 16000),
    (8000, 192000),
    (192000, 22050),
]


def tone(freq_hz: float, rate: int, seconds: float = 1.0) -> Audio:
    return make(0.5 * np.sin(2 * np.pi * freq_hz * np.arange(round(seconds * rate)) / rate), rate)


def spectrum_db(audio: Audio) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies, and level re a sine of 0.5. The window's own leakage lies below -200 dB."""
    window = np.kaiser(audio.n_samples, 28)
    level = np.abs(np.fft.rfft(audio.samples[0] * window)) / (window.sum() / 2) / 0.5
    return np.fft.rfftfreq(audio.n_samples, 1 / audio.sample_rate), 20 * np.log10(level + 1e-12)


def test_a_7500_hz_tone_from_16_to_48_khz_leaves_no_image():
    freqs, level = spectrum_db(resample(tone(7500, 16000), 48000))
    assert level[np.abs(freqs - 7500) < 20].max() > -1
    assert level[freqs > 7600].max() < -140
    assert level[freqs < 7400].max() < -140


def test_what_the_lower_rate_cannot_hold_is_taken_away():
    _, level = spectrum_db(resample(tone(9100, 48000), 16000))
    assert level.max() < -140


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_the_passband_is_flat_and_in_time(old, new):
    for share in (0.01, 0.3, 0.6, 0.9):
        freq = share * min(old, new) / 2
        result = resample(tone(freq, old), new).samples[0].astype(np.float64)
        t = np.arange(len(result)) / new
        middle = slice(len(result) // 4, 3 * len(result) // 4)
        window = np.hanning(len(t[middle]))
        heard = 2 * np.sum(window * result[middle] * np.exp(-2j * np.pi * freq * t[middle])) / window.sum()
        # A sine has phase -90°; any delay would turn it. 1e-3 is 0.009 dB.
        assert abs(heard - -0.5j) < 0.5 * 1e-3


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_constant_keeps_its_level(old, new):
    result = resample(make(np.full((2, old // 4), 0.25), old), new)
    middle = result.samples[:, result.n_samples // 3 : -result.n_samples // 3]
    assert np.abs(middle - 0.25).max() < 1e-6


def test_a_click_stays_where_it_was_and_is_symmetrical():
    samples = np.zeros(1000)
    samples[500] = 1
    result = resample(make(samples, 16000), 48000).samples[0]
    assert np.argmax(result) == 1500
    assert np.allclose(result[1400:1500], result[1501:1601][::-1], atol=1e-7)


@pytest.mark.parametrize(("old", "new"), [*PAIRS, (48000, 47999), (11025, 96000)])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 10, 101, 999, 1000, 4801])
def test_the_length_is_rounded_half_to_even(old, new, n):
    result = resample(make(np.ones((2, n)), old), new)
    assert result.samples.shape == (2, round(n * new / old))
    assert result.sample_rate == new
    assert result.samples.flags.c_contiguous


def test_the_same_rate_gives_the_same_object():
    audio = tone(440, 44100, 0.01)
    assert resample(audio, 44100) is audio


def test_channels_do_not_hear_each_other():
    both = np.random.default_rng(3).standard_normal((2, 3000)).astype(np.float32)
    together = resample(make(both, 32000), 48000).samples
    for channel, alone in zip(together, both, strict=True):
        assert np.array_equal(channel, resample(make(alone, 32000), 48000).samples[0])


def test_over_full_scale_is_not_clipped():
    assert np.abs(resample(make(8 * tone(440, 16000).samples, 16000), 48000).samples).max() > 3.9


def test_threads_change_no_byte():
    audio = make(np.random.default_rng(5).standard_normal((2, 20000)), 44100)
    with ThreadPoolExecutor(4) as pool:
        digests = set(pool.map(lambda _: resample(audio, 48000).digest, range(8)))
    assert digests == {resample(audio, 48000).digest}
