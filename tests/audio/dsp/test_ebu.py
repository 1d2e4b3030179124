"""The signals by which the EBU tells whether a meter measures right, and two meters that others wrote.

EBU Tech 3341 (2016), "EBU Mode" metering, and EBU Tech 3342 (2016), loudness range: all minimum requirement signals
that are described by levels and times. Those that are recorded programmes (3341: 7, 8; 3342: 5, 6) are not.
"""

import math
import re
import shutil
import subprocess

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp.loudness import integrated_lufs, momentary_lufs, short_term_lufs, steps, true_peak_dbtp

RATES = [44100, 48000]


def tone(level_dbfs, seconds, sample_rate=48000):
    """A sine of 1 kHz; the level is that of its peak. None is silence."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (0.0 if level_dbfs is None else 10 ** (level_dbfs / 20)) * np.sin(2 * np.pi * 1000 * time)


def stereo(*parts, sample_rate=48000):
    """Tones of (level in dBFS, seconds) one after another, in both channels."""
    wave = np.concatenate([tone(level, seconds, sample_rate) for level, seconds in parts])
    return make(np.tile(wave, (2, 1)), sample_rate)


# Tech 3341, 1 to 6: integrated loudness


INTEGRATED = {
    "1": ([(-23, 20)], -23.0),
    "2": ([(-33, 20)], -33.0),
    "3": ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    "4": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    "5": ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}


@pytest.mark.parametrize("rate", [32000, *RATES])
@pytest.mark.parametrize("case", INTEGRATED)
def test_3341_integrated(case, rate):
    parts, wanted = INTEGRATED[case]
    assert integrated_lufs(stereo(*parts, sample_rate=rate)) == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize("case", ["1", "2"])
def test_3341_a_steady_tone_reads_the_same_on_all_scales(case):
    parts, wanted = INTEGRATED[case]
    audio = stereo(*parts)
    assert momentary_lufs(audio)[5:] == pytest.approx(wanted, abs=0.1)
    assert short_term_lufs(audio) == pytest.approx(wanted, abs=0.1)


def test_3341_6_surround():
    levels_dbfs = (-28, -28, -24, -30, -30)
    assert integrated_lufs(make([tone(level, 20) for level in levels_dbfs], 48000)) == pytest.approx(-23.0, abs=0.1)
    # The same with a low-frequency channel, which does not count however loud it is.
    six = [tone(level, 20) for level in (-28, -28, -24, 0, -30, -30)]
    assert integrated_lufs(make(six, 48000)) == pytest.approx(-23.0, abs=0.1)


# Tech 3341, 9 to 11: short-term loudness


def test_3341_9_short_term_is_steady():
    levels = short_term_lufs(stereo(*[(-20, 1.34), (-30, 1.66)] * 5))
    assert len(levels) == 121
    assert levels == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("place", range(20))
def test_3341_10_the_loudest_three_seconds_are_found_wherever_they_are(place, rate):
    audio = stereo((None, place * 0.15), (-23, 3), (None, 1), sample_rate=rate)
    assert steps(audio).short_term_max_lufs() == pytest.approx(-23.0, abs=0.1)


def test_3341_11_the_loudest_three_seconds_so_far():
    parts = []
    for place in range(20):
        parts += [(None, place * 0.15), (-38 + place, 3), (None, 3 - place * 0.15)]
        if place % 5 == 4:  # the rate matters little to a tone of 1 kHz
            found = steps(stereo(*parts, sample_rate=32000)).short_term_max_lufs()
            assert found == pytest.approx(-38 + place, abs=0.1)


# Tech 3341, 12 to 14: momentary loudness


def test_3341_12_momentary_is_steady():
    levels = momentary_lufs(stereo(*[(-20, 0.18), (-30, 0.22)] * 25))
    assert len(levels) == 97
    assert levels[6:] == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("place", range(20))
def test_3341_13_the_loudest_400_ms_are_found_wherever_they_are(place, rate):
    audio = stereo((None, place * 0.02), (-23, 0.4), (None, 1), sample_rate=rate)
    assert steps(audio).momentary_max_lufs() == pytest.approx(-23.0, abs=0.1)


def test_3341_14_the_loudest_400_ms_so_far():
    parts = []
    for place in range(20):
        parts += [(None, place * 0.02), (-38 + place, 0.4), (None, 0.4 - place * 0.02)]
        assert steps(stereo(*parts)).momentary_max_lufs() == pytest.approx(-38 + place, abs=0.1)


# Tech 3341, 15 to 23: true peak, to +0.2 and -0.4 dB


def within_ebu(found, wanted):
    return wanted - 0.4 <= found <= wanted + 0.2


TRUE_PEAK = {
    "15": (4, 0.5, 0.0, -6.0),
    "16": (4, 0.5, 45.0, -6.0),
    "17": (6, 0.5, 60.0, -6.0),
    "18": (8, 0.5, 67.5, -6.0),
    "19": (4, 1.41, 45.0, 3.0),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("case", TRUE_PEAK)
def test_3341_true_peak_of_a_sine_between_its_samples(case, rate):
    part, amplitude, degrees, wanted = TRUE_PEAK[case]
    n = rate
    wave = amplitude * np.sin(2 * np.pi * np.arange(n) / part + math.radians(degrees))
    # Faded over 10 ms: what a tone that starts at once overshoots by is no part of the case.
    wave *= np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / (rate / 100))
    assert within_ebu(true_peak_dbtp(make(wave, rate)), wanted)


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
@pytest.mark.parametrize("rate", RATES)
def test_3341_20_to_23_true_peak_of_a_burst_sampled_at_four_places(rate, offset):
    """A sine of a sixth of the rate at half of full scale, of which one period reaches full scale.

    It is made at four times the rate, limited to what the rate can hold, and every fourth sample is kept, beginning
    with each of the first four.
    """
    n = 4 * 4800
    wave = np.sin(2 * np.pi * np.arange(n) / 24)
    level = np.full(n, 0.5)
    level[n // 2 : n // 2 + 24] = 1.0
    spectrum = np.fft.rfft(wave * level * np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 2000))
    spectrum[n // 8 :] = 0
    fine = np.fft.irfft(spectrum)
    peak_dbtp = 20 * math.log10(np.abs(fine).max())
    assert peak_dbtp == pytest.approx(0.0, abs=0.4)  # what the limited band does to the burst itself
    assert within_ebu(true_peak_dbtp(make(fine[offset::4], rate)), peak_dbtp)


# Tech 3342: loudness range


RANGE = {
    "1": ([(-20, 20), (-30, 20)], 10),
    "2": ([(-20, 20), (-15, 20)], 5),
    "3": ([(-40, 20), (-20, 20)], 20),
    "4": ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
}


@pytest.mark.parametrize("case", RANGE)
@pytest.mark.parametrize("rate", [32000, *RATES])
def test_3342_loudness_range(case, rate):
    parts, wanted = RANGE[case]
    assert steps(stereo(*parts, sample_rate=rate)).range_lu() == pytest.approx(wanted, abs=1)


# Other meters


def programme(seed, rate, channels=2, seconds=24):
    """Noise of changing colour and level, over some 25 LU, with pauses."""
    rng = np.random.default_rng(seed)
    n = rate * seconds
    white = rng.standard_normal((channels, n + 40))
    # Sums of 4 and of 40 neighbours: little is left close to half the rate, where meters differ about true peak.
    total = np.cumsum(white, axis=1)
    noise = (total[:, 4 : n + 4] - total[:, :n]) + 0.2 * (total[:, 40:] - total[:, :n])
    levels = np.repeat(10 ** (rng.uniform(-30, 0, seconds // 2) / 20), 2 * rate)
    levels[4 * rate : 6 * rate] = 0
    return make(0.05 * noise * levels, rate)


@pytest.mark.parametrize(("seed", "channels"), [(1, 2), (2, 1), (3, 2)])
@pytest.mark.parametrize("rate", RATES)
def test_ffmpeg_reads_the_same_loudness_range_and_peak(rate, seed, channels, tmp_path):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    audio = programme(seed, rate, channels)
    (tmp_path / "x.wav").write_bytes(audio.to_wav())
    command = ["ffmpeg", "-nostats", "-hide_banner", "-i", "x.wav", "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    summary = said[said.rindex("Summary:") :]
    theirs = {name: float(value) for name, value in re.findall(r"(I|LRA|Peak): +(-?[\d.]+)", summary)}
    short_term = max(float(value) for value in re.findall(r" S: *(-?[\d.]+)", said))
    measured = steps(audio)
    assert measured.blocks().lufs() == pytest.approx(theirs["I"], abs=0.1)
    assert measured.range_lu() == pytest.approx(theirs["LRA"], abs=0.5)
    assert measured.short_term_max_lufs() == pytest.approx(short_term, abs=0.1)
    assert true_peak_dbtp(audio) == pytest.approx(theirs["Peak"], abs=0.2)


@pytest.mark.parametrize("seed", [1, 2])
def test_pyloudnorm_reads_the_same_loudness(seed):
    import pyloudnorm

    audio = programme(seed, 48000)
    meter = pyloudnorm.Meter(48000, filter_class="DeMan")
    theirs = meter.integrated_loudness(audio.samples.T.astype(np.float64))
    assert integrated_lufs(audio) == pytest.approx(theirs, abs=0.1)
