"""True-peak limiting on nasty material, measured by meters that share nothing with it."""

import shutil

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp import limiting
from soundgraph.audio.dsp.limiting import limited
from soundgraph.audio.dsp.loudness import true_peak_dbtp
from tests.audio.dsp.meters import ffmpeg_true_peak_db, scipy_true_peak_db

CEILING_DBTP = -1.0
CEILING = 10 ** (CEILING_DBTP / 20)
N = 12000


def nasty():
    t = np.arange(N)
    rng = np.random.default_rng(7)
    impulses, edges, flip = np.zeros(N), np.zeros(N), np.zeros(N)
    impulses[[0, 1000, 1001, 5000, 5003, N - 1]] = [4, 4, -4, 3, 4, -4]
    edges[:50] = edges[-50:] = 3
    flip[N // 2 - 40 : N // 2 + 40] = 3 * (-1.0) ** t[:80] * np.repeat([1, -1], 40)
    return {
        "fs/4 at 45 degrees": 1.4 * np.sin(np.pi / 2 * t + np.pi / 4),
        "a square wave": 2 * np.sign(np.sin(2 * np.pi * 997 / 48000 * t + 0.1)),
        "a high square wave": 2 * np.sign(np.sin(2 * np.pi * 7919 / 48000 * t + 0.1)),
        "impulses": impulses,
        "gaussian noise": 1.3 * rng.standard_normal(N),
        "uniform noise at +12 dB": rng.uniform(-4, 4, N),
        "random signs": 3 * np.sign(rng.standard_normal(N)),
        "clipped noise": np.clip(4 * rng.standard_normal(N), -2, 2),
        "bursts": np.where(t // 2400 % 2, 0.05, 3) * np.sin(2 * np.pi * 440 / 48000 * t),
        "a tone close to half the rate": 3 * np.sin(2 * np.pi * 0.47 * t),
        "a sweep up to half the rate": 3 * np.sin(np.pi * t**2 * 0.5 / N),
        "clicks at the ends": edges,
        "alternating samples that change side": flip,
    }


def stereo(wave):
    return make(np.stack([wave, 0.5 * wave]), 48000)


# The first is what scipy takes by itself, the last the sharpest that the limiter knows; the others are not its own.
METERS = [
    *((10, 5.0, 1.0), (14, 6.0, 1.0), (40, 8.0, 1.0), (80, 10.0, 1.0)),
    *((60, 8.0, 0.98), (90, 10.0, 0.97), (50, 8.0, 0.93), (128, 8.0, 1.0)),
]


@pytest.mark.parametrize("lookahead_ms", [5.0, 1.0])
@pytest.mark.parametrize("name", nasty())
def test_independent_meters_of_any_length_find_the_ceiling_held(name, lookahead_ms):
    pytest.importorskip("scipy")
    result = limited(stereo(nasty()[name]), CEILING, 100, lookahead_ms)
    readings = [scipy_true_peak_db(result, *meter) for meter in METERS]
    assert max(readings) <= CEILING_DBTP + 0.1
    # And not by making everything quiet: some meter reads nearly the ceiling.
    assert max(readings) >= CEILING_DBTP - 0.12


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
@pytest.mark.parametrize("name", nasty())
def test_ffmpeg_finds_the_ceiling_held(name, tmp_path):
    result = limited(stereo(nasty()[name]), CEILING, 100, 5)
    assert ffmpeg_true_peak_db(result, tmp_path) <= CEILING_DBTP + 0.1


@pytest.mark.parametrize("name", nasty())
def test_the_meter_of_this_package_agrees(name):
    # With silence in front: libsoxr reads up to 0.4 dB high where a sound begins abruptly.
    result = limited(stereo(nasty()[name]), CEILING, 100, 5)
    assert true_peak_dbtp(make(np.pad(result.samples, ((0, 0), (300, 300))), 48000)) <= CEILING_DBTP + 0.03


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_channel_count(rate, channels):
    pytest.importorskip("scipy")
    noise = make(np.random.default_rng(8).standard_normal((channels, 6000)), rate)
    result = limited(noise, 0.5, 50, 1)
    assert result.samples.shape == noise.samples.shape
    assert result.sample_rate == rate
    assert scipy_true_peak_db(result, 64) <= -6.02 + 0.1


def test_what_is_under_the_ceiling_passes_bit_for_bit():
    t = np.arange(N)
    # A wave that is cut off rings over its peak.
    faded = np.clip(10 * np.sin(np.pi * t / N), 0, 1)
    for wave in (np.sin(2 * np.pi * 997 / 48000 * t), np.sin(np.pi / 2 * t + np.pi / 4), np.ones(N)):
        audio = stereo(0.99 * faded * wave)
        assert limited(audio, 1.0, 100, 5).digest == audio.digest


def test_a_limited_sound_is_left_alone_by_the_same_limiter():
    for wave in nasty().values():
        once = limited(stereo(wave), CEILING, 100, 5)
        assert limited(once, CEILING, 100, 5).digest == once.digest


def test_one_peak_changes_nothing_before_the_look_ahead_nor_after_the_release():
    rng = np.random.default_rng(9)
    wave = 0.1 * rng.standard_normal(96000)
    wave[48000] = 2.0
    audio, result = stereo(wave), limited(stereo(wave), 1.0, 10, 5)
    same = (audio.samples == result.samples).all(axis=0)
    # The reduction begins a look-ahead (240 samples) before the peak, or before the interval in front of it.
    assert same[: 48000 - 242].all()
    assert not same[48000 - 200 : 48000].any()
    # 6 dB come down to half a thousandth in less than ten time constants.
    assert same[48000 + 4800 + 480 :].all()


def test_no_sample_is_ever_raised_and_the_channels_keep_their_balance():
    for wave in nasty().values():
        audio = stereo(wave)
        left, right = limited(audio, 0.5, 100, 5).samples
        assert (np.abs(left) <= np.abs(audio.samples[0])).all()
        assert np.allclose(right, left / 2, rtol=1e-6)


def test_the_release_has_the_time_constant_it_is_given():
    wave = np.full(48000, 0.4)
    wave[:4800] = 1.6
    # 1.6 to 0.5 is 10.1 dB; after the step down it decays with 50 ms in dB. The smoothing lags by half a look-ahead.
    gain_db = 20 * np.log10(limited(make(wave, 48000), 0.5, 50, 1).samples[0] / wave)
    start, later = gain_db[6000], gain_db[6000 + 2400]
    assert later / start == pytest.approx(np.exp(-1), rel=0.01)


def test_nothing_is_delayed():
    noise = np.random.default_rng(10).standard_normal(8192)
    result = limited(make(noise, 48000), 0.5, 100, 5).samples[0]
    correlation = np.fft.irfft(np.fft.rfft(result, 16384) * np.conj(np.fft.rfft(noise, 16384)))
    assert int(np.argmax(correlation)) == 0


def test_with_little_look_ahead_it_still_comes_to_an_end():
    # What adds up between the two samples in the middle lies far from them: lowering only those would never do.
    t = np.arange(2000)
    wave = np.where(t < 1000, 0.5, -0.5) * (-1.0) ** t
    wave[996:1004] = 0.0
    assert scipy_true_peak_db(limited(make(wave, 8000), 0.5, 50, 0), 128) <= -6.02 + 0.1


@pytest.mark.parametrize("n", [0, 1, 2, 255, 1791, 1792, 1793, 2049])
@pytest.mark.parametrize("level", [0.0, 0.1, 5.0, 1e20])
def test_short_silent_and_absurdly_loud_sounds(n, level):
    audio = make(np.full((2, n), level), 48000)
    result = limited(audio, 0.5, 100, 5)
    assert result.samples.shape == (2, n)
    assert np.abs(result.samples).max(initial=0) <= 0.5
    if level <= 0.1:
        assert result.digest == audio.digest


def test_the_largest_of_what_is_ahead():
    x = np.random.default_rng(11).integers(0, 100, 50)
    for width in (1, 2, 7, 50):
        expected = [x[start : start + width].max() for start in range(50 - width + 1)]
        assert limiting.forward_max(x, width).tolist() == expected
