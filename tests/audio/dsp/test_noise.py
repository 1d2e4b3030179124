"""noise: its slope against the formula and on the samples, its independence, and its bits."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from soundgraph.audio.dsp import coloured_noise, filters

RATES = [8000, 11025, 44100, 48000, 192000]
SLOPES = {"white": 0.0, "pink": -10 * np.log10(2), "brown": -20 * np.log10(2)}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("color", "tolerance"), [("pink", 0.03), ("brown", 0.02)])
def test_the_filter_follows_the_line_to_a_thirtieth_of_a_db(color, tolerance, rate):
    # Brown bends at its corner of 10 Hz; from twenty times that it is within 0.02 dB of the line.
    freqs = np.geomspace(20 if color == "pink" else 200, 0.47 * rate, 500)
    level_db = 20 * np.log10(np.abs(filters.response(coloured_noise.shape_of(color, rate), freqs, rate)))
    off = level_db - SLOPES[color] * np.log2(freqs)
    assert np.ptp(off) / 2 < tolerance


@pytest.mark.parametrize("color", SLOPES)
def test_the_power_of_octaves_falls_by_the_color_s_slope(color):
    rate = 48000
    samples = coloured_noise.noise(color, 8 * rate, 1, rate, 5)[0]
    power = np.zeros(4097)
    for start in range(0, samples.size - 8192, 4096):
        power += np.abs(np.fft.rfft(samples[start : start + 8192] * np.hanning(8192))) ** 2
    freqs = np.fft.rfftfreq(8192, 1 / rate)
    edges = 150.0 * 2.0 ** np.arange(8)
    levels = [10 * np.log10(power[(freqs >= low) & (freqs < 2 * low)].mean()) for low in edges[:-1]]
    assert np.polyfit(np.arange(7), levels, 1)[0] == pytest.approx(SLOPES[color], abs=0.08)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("color", SLOPES)
@pytest.mark.parametrize("n", [1, 2, 1000, 5000])
def test_each_channel_has_an_rms_of_1(color, rate, n):
    samples = coloured_noise.noise(color, n, 3, rate, 0)
    assert samples.shape == (3, n)
    assert np.sqrt((samples**2).mean(axis=1)) == pytest.approx([1, 1, 1], abs=1e-12)


def test_no_samples_are_no_samples():
    assert coloured_noise.noise("pink", 0, 2, 48000, 0).shape == (2, 0)


def test_white_noise_is_evenly_spread_and_has_no_offset():
    samples = coloured_noise.noise("white", 200_000, 1, 48000, 0)[0]
    counts, _ = np.histogram(samples, bins=20, range=(-np.sqrt(3), np.sqrt(3)))
    assert counts.sum() >= 199_000
    assert np.abs(counts / 10_000 - 1).max() < 0.05
    assert abs(samples.mean()) < 0.01


@pytest.mark.parametrize("color", ["white", "pink"])
def test_channels_and_seeds_are_independent(color):
    first, second = coloured_noise.noise(color, 50_000, 2, 48000, 0)
    (other,) = coloured_noise.noise(color, 50_000, 1, 48000, 1)
    for x, y in ((first, second), (first, other)):
        spectrum = np.fft.rfft(x, 2**17) * np.conj(np.fft.rfft(y, 2**17))
        assert np.abs(np.fft.irfft(spectrum)).max() / 50_000 < (0.03 if color == "white" else 0.2)


def test_a_channel_does_not_depend_on_how_many_there_are():
    assert np.array_equal(
        coloured_noise.noise("pink", 1000, 1, 8000, 3)[0], coloured_noise.noise("pink", 1000, 4, 8000, 3)[0]
    )


@pytest.mark.parametrize("color", ["pink", "brown"])
def test_noise_begins_at_its_full_level(color):
    """Filters begin in silence; what is heard does not: the first 10 ms are as loud as any."""
    starts = [coloured_noise.noise(color, 480 * 40, 1, 48000, seed)[0][:480] for seed in range(60)]
    first, later = np.square(starts)[:, :100].mean(), np.square(starts)[:, 300:].mean()
    assert 0.6 < first / later < 1.6


def test_the_bits_are_these_in_any_process_whatever_the_processor_can_do():
    code = (
        "import hashlib; from soundgraph.audio.dsp.coloured_noise import noise;"
        "print(hashlib.sha256(b''.join(noise(c, 5000, 2, 48000, 7).tobytes() for c in ('white', 'pink', 'brown')))"
        ".hexdigest())"
    )
    here = b"".join(coloured_noise.noise(color, 5000, 2, 48000, 7).tobytes() for color in SLOPES)
    plain = {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX", "OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env={**os.environ, **plain}, capture_output=True, text=True
    )
    assert found.stdout.strip() == hashlib.sha256(here).hexdigest(), found.stderr
    assert hashlib.sha256(here).hexdigest()[:16] == "d3b3f4888aaf0eb7"
