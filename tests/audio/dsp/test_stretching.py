"""stretching: lengths, places and frequencies, against what was put in."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from soundgraph.audio.dsp import stretching
from soundgraph.core.errors import NodeError

FACTORS = [0.25, 0.4, 0.5, 0.8, 1.3, 2.0, 2.9, 4.0]
SEMITONES = [-24.0, -12.0, -7.0, -0.5, 0.01, 4.0, 12.0, 24.0]


def tone(freq_hz: float, rate: int, seconds: float = 2.0) -> np.ndarray:
    t = np.arange(round(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * freq_hz * t))[np.newaxis].astype(np.float32)


def frequency(samples: np.ndarray, rate: int) -> float:
    """Of the strongest tone in the middle of a sound, by a parabola through the top of its spectrum."""
    quarter = samples.shape[1] // 4
    piece = samples[0, quarter:-quarter]
    size = 2**20
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(piece.size), size))
    top = int(spectrum.argmax())
    before, at, after = np.log(spectrum[top - 1 : top + 2])
    return (top + (before - after) / (2 * (before - 2 * at + after))) * rate / size


def cents(freq: float, wanted: float) -> float:
    return 1200 * np.log2(freq / wanted)


def bursts(places: list[float], seconds: float, rate: int) -> np.ndarray:
    """Clicks of noise, 10 ms long, centred on these times."""
    samples = np.zeros((1, round(seconds * rate)), np.float32)
    n = round(0.01 * rate)
    for index, place in enumerate(places):
        start = round(place * rate) - n // 2
        samples[0, start : start + n] = 0.3 * np.random.default_rng(index).standard_normal(n)
    return samples


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("factor", FACTORS)
def test_a_stretched_tone_keeps_its_frequency_to_a_tenth_of_a_cent(factor, rate):
    for freq in (110.0, 1000.0):
        samples = stretching.stretched(tone(freq, rate), rate, round(2 * rate * factor))
        assert cents(frequency(samples, rate), freq) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("semitones", SEMITONES)
def test_a_shifted_tone_is_in_tune_to_a_tenth_of_a_cent(semitones, rate):
    for freq in (220.0, 800.0):
        samples = stretching.shifted(tone(freq, rate), rate, semitones)
        assert cents(frequency(samples, rate), freq * 2 ** (semitones / 12)) == pytest.approx(0, abs=0.1)
        assert np.sqrt(2 * np.square(samples[0, rate // 2 : -rate // 2]).mean()) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("factor", FACTORS)
def test_what_happens_stays_in_its_place(factor):
    """No latency is left: the onsets, by cross-correlation of the levels with those that were put in."""
    rate, places = 16000, [0.3, 1.1, 1.9, 2.7]
    samples = stretching.stretched(bursts(places, 3.0, rate), rate, round(3 * rate * factor))
    goal = bursts([place * factor for place in places], 3.0 * factor, rate)
    assert abs(delay(samples, goal, rate)) < 0.003 * max(factor, 1)


@pytest.mark.parametrize("semitones", SEMITONES)
def test_what_happens_stays_in_its_place_when_the_pitch_is_shifted(semitones):
    rate, places = 16000, [0.3, 1.1, 1.9, 2.7]
    samples = bursts(places, 3.0, rate)
    shifted = stretching.shifted(samples, rate, semitones)
    assert shifted.shape == samples.shape
    assert abs(delay(shifted, samples, rate)) < 0.005


def delay(found: np.ndarray, wanted: np.ndarray, rate: int) -> float:
    """Seconds by which the level of one lags behind that of the other."""
    size = 1 << (2 * found.shape[1]).bit_length()
    smooth = np.hanning(round(0.02 * rate))
    levels = [np.fft.rfft(np.convolve(np.square(x[0]), smooth, "same"), size) for x in (found, wanted)]
    correlation = np.fft.irfft(levels[0] * np.conj(levels[1]), size)
    place = int(correlation.argmax())
    return (place if place < size // 2 else place - size) / rate


@pytest.mark.parametrize("n", [1, 2, 3, 100, 999, 5000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_length_is_reached_to_the_sample(n, channels):
    samples = np.full((channels, n), 0.5, np.float32)
    for goal in {max(round(n * factor), 1) for factor in (0.25, 0.9, 1.1, 4.0)}:
        found = stretching.stretched(samples, 8000, goal)
        assert found.shape == (channels, goal)
        assert np.isfinite(found).all()


def test_the_ends_are_at_full_level():
    rate = 48000
    for factor in (0.5, 1.5, 2.0):
        samples = stretching.stretched(tone(1000, rate), rate, round(2 * rate * factor))
        for end in (samples[0, : rate // 10], samples[0, -rate // 10 :]):
            assert np.sqrt(2 * np.square(end).mean()) == pytest.approx(0.5, rel=0.15)


def test_channels_keep_their_phases():
    rate = 48000
    left = tone(440, rate)
    stereo = np.concatenate([left, -0.5 * left])
    found = stretching.stretched(stereo, rate, round(3.0 * rate))
    assert np.abs(found[1] + 0.5 * found[0]).max() < 0.01


def test_nothing_to_do_gives_the_same_samples():
    samples = tone(440, 8000)
    assert stretching.stretched(samples, 8000, samples.shape[1]) is samples
    assert stretching.shifted(samples, 8000, 0.0) is samples


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_and_no_samples(channels):
    assert not stretching.stretched(np.zeros((channels, 9000), np.float32), 8000, 12000).any()
    assert not stretching.shifted(np.zeros((channels, 9000), np.float32), 8000, 3.0).any()
    assert stretching.stretched(np.zeros((channels, 0), np.float32), 8000, 0).shape == (channels, 0)
    assert stretching.stretched(np.zeros((channels, 0), np.float32), 8000, 40).shape == (channels, 40)
    assert stretching.shifted(np.zeros((channels, 0), np.float32), 8000, 3.0).shape == (channels, 0)


def test_far_over_full_scale_is_like_any_level():
    samples = tone(440, 8000)
    quiet = stretching.stretched(samples, 8000, 20000)
    loud = stretching.stretched(samples * np.float32(64), 8000, 20000)
    assert np.abs(loud / 64 - quiet).max() < 0.02 * np.abs(quiet).max()


def test_more_than_two_channels_are_refused():
    samples = np.zeros((6, 100), np.float32)
    with pytest.raises(NodeError, match=r"^only mono and stereo can be stretched, and the sound has 6 channels$"):
        stretching.stretched(samples, 8000, 200)
    with pytest.raises(NodeError, match=r"^only mono and stereo can be shifted in pitch, and the sound has 6"):
        stretching.shifted(samples, 8000, 1.0)


def test_the_bits_are_the_same_in_another_process():
    code = (
        "import hashlib, numpy as np; from soundgraph.audio.dsp.stretching import stretched, shifted;"
        "x = np.random.default_rng(0).uniform(-.5, .5, (2, 9000)).astype(np.float32);"
        "print(hashlib.sha256(stretched(x, 8000, 30000).tobytes() + shifted(x, 8000, 24.0).tobytes()).hexdigest())"
    )
    found = [
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": n}, capture_output=True)
        for n in ("1", "4")
    ]
    x = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 9000)).astype(np.float32)
    here = stretching.stretched(x, 8000, 30000).tobytes() + stretching.shifted(x, 8000, 24.0).tobytes()
    assert {done.stdout.strip().decode() for done in found} == {hashlib.sha256(here).hexdigest()}
