"""The figures of a sound against what it was made to have."""

import io
import tracemalloc

import numpy as np
import pytest
import soundfile

from soundgraph.audio.artifact import Audio, make, silence
from soundgraph.audio.dsp import figures, loudness
from soundgraph.audio.dsp.bandwidth import bandwidth_hz
from soundgraph.audio.dsp.drift import drift_lu
from soundgraph.audio.dsp.figures import clipped_samples, dc_offset, measure
from soundgraph.audio.dsp.resampling import resample
from soundgraph.audio.encode import encode

RATES = (8000, 11025, 44100, 48000, 192000)


def noise(seconds, sample_rate=48000, channels=2, level=0.1, seed=0):
    return make(
        level * np.random.default_rng(seed).standard_normal((channels, round(seconds * sample_rate))), sample_rate
    )


def sine(freq_hz, seconds=1.0, sample_rate=48000, peak=1.0):
    return make(peak * np.sin(2 * np.pi * freq_hz * np.arange(round(seconds * sample_rate)) / sample_rate), sample_rate)


def in_16_bits(audio):
    samples, rate = soundfile.read(io.BytesIO(encode(audio, "wav", 16)), dtype="float32", always_2d=True)
    return make(samples.T, rate)


def test_each_figure_is_what_its_own_function_says():
    audio = noise(21.0, 44100)
    found = measure(audio)
    assert (found.duration_s, found.sample_rate, found.channels) == (21.0, 44100, 2)
    assert found.loudness_lufs == loudness.integrated_lufs(audio)
    assert found.true_peak_dbtp == loudness.true_peak_dbtp(audio)
    assert found.sample_peak_dbfs == loudness.sample_peak_dbfs(audio)
    assert found.short_term_max_lufs == pytest.approx(loudness.short_term_lufs(audio).max(), abs=0.01)
    assert found.drift_lu == drift_lu(audio)
    assert found.bandwidth_hz == 22050.0


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 1000])
def test_any_length_rate_and_channel_count_has_figures(n, channels, rate):
    found = measure(make(np.full((channels, n), 0.5), rate))
    assert found.dc_offset == pytest.approx(0.5 if n else 0.0)
    assert (found.sample_peak_dbfs is None) == (n == 0)
    assert found.loudness_padded
    assert found.loudness_range_lu is None
    assert found.drift_lu is None


@pytest.mark.parametrize("seconds", [0.0, 0.1, 5.0, 25.0])
def test_silence_has_no_levels(seconds):
    found = measure(silence(seconds, 48000, 2))
    assert (found.loudness_lufs, found.short_term_max_lufs, found.loudness_range_lu) == (None, None, None)
    assert (found.true_peak_dbtp, found.sample_peak_dbfs, found.bandwidth_hz, found.drift_lu) == (None,) * 4
    assert (found.dc_offset, found.clipped_samples) == (0.0, 0)


def test_dc_is_that_of_the_worst_channel_over_all_chunks():
    samples = np.zeros((3, 700_000), np.float32)
    samples[1] = -0.25
    samples[2, :350_000] = 0.2
    assert dc_offset(Audio(samples, 48000)) == pytest.approx(0.25, abs=1e-9)


# Clipping


def clipped(values):
    return clipped_samples(make(values, 48000))


def test_a_run_of_three_at_full_scale_is_clipped_and_two_are_not():
    assert clipped([0, 1, 1, 0]) == 0
    assert clipped([0, 1, 1, 1, 0]) == 3
    assert clipped([0, -1, -1, -1, -1, 0.5]) == 4
    assert clipped([1, -1, 1, -1, 1, -1]) == 0


def test_what_16_bits_hold_at_most_is_full_scale():
    assert clipped([32767 / 32768] * 3) == 3
    assert clipped([32766 / 32768] * 3) == 0


def test_every_sample_beyond_full_scale_counts():
    assert clipped([0, 1.001, 0, -3.0, 0]) == 2


def test_a_sine_of_full_scale_is_not_clipped_and_one_that_was_cut_off_is():
    assert clipped_samples(sine(100)) == 0
    cut = make(np.clip(sine(100, peak=1.2).samples, -1, 1), 48000)
    # Beyond asin(1 / 1.2) of each quarter turn.
    assert clipped_samples(cut) == pytest.approx(48000 * (1 - np.arcsin(1 / 1.2) / (np.pi / 2)), rel=0.01)


@pytest.mark.parametrize("first", [*range(figures.CHUNK - 4, figures.CHUNK + 2), 2 * figures.CHUNK - 1])
def test_the_edge_of_a_chunk_does_not_show(first):
    samples = np.zeros((2, 3 * figures.CHUNK), np.float32)
    samples[0, first : first + 3] = 1.0
    samples[1, first : first + 2] = 1.0
    assert clipped_samples(Audio(samples, 48000)) == 3


# Bandwidth


@pytest.mark.parametrize("source", [8000, 16000, 32000])
@pytest.mark.parametrize("rate", [44100, 48000, 192000])
def test_a_converted_sound_reads_half_the_rate_it_was_made_at(source, rate):
    assert bandwidth_hz(resample(noise(3.0, source), rate)) == pytest.approx(source / 2, rel=0.03)


@pytest.mark.parametrize("rate", RATES)
def test_white_noise_reads_half_its_rate(rate):
    assert bandwidth_hz(noise(1.0, rate)) == rate / 2


def test_a_dark_sound_reads_as_far_as_it_reaches():
    brown = make(0.001 * np.cumsum(np.random.default_rng(1).standard_normal(48000 * 5)), 48000)
    assert bandwidth_hz(brown) == 24000.0


@pytest.mark.parametrize("freq", [200, 1000, 10_000])
def test_a_tone_reads_its_own_frequency(freq):
    assert bandwidth_hz(sine(freq, peak=0.1)) == pytest.approx(freq, abs=60)


@pytest.mark.parametrize("freq", [5, 20, 30])
def test_a_low_tone_reads_as_low(freq):
    assert bandwidth_hz(sine(freq, peak=0.5)) < 60


def test_a_constant_offset_has_no_bandwidth():
    assert bandwidth_hz(make(np.full((2, 100_000), 0.3), 48000)) is None


def test_a_sound_that_begins_in_the_last_moment_is_heard():
    samples = np.zeros((1, 48_000))
    samples[0, -800:] = noise(1.0).samples[0, :800]
    assert bandwidth_hz(make(samples, 48000)) == 24000.0


def test_a_click_is_no_bandwidth_and_neither_is_an_offset_or_a_quiet_floor():
    dull = resample(noise(4.0, 16000), 48000)
    samples = dull.samples.copy()
    samples[:, 90_000:] *= -1  # a jump in the middle
    samples += 0.3
    assert bandwidth_hz(make(samples, 48000)) == pytest.approx(8000, rel=0.03)
    floor = noise(4.0, level=1e-5, seed=2).samples
    assert bandwidth_hz(make(np.concatenate([dull.samples, floor], axis=1), 48000)) == pytest.approx(8000, rel=0.03)


@pytest.mark.parametrize("level_db", [-6, -30, -50])
def test_the_noise_of_16_bits_is_no_content(level_db):
    dull = make(resample(noise(2.0, 16000), 48000).samples * np.float32(10 ** (level_db / 20)), 48000)
    assert bandwidth_hz(in_16_bits(dull)) == pytest.approx(8000, rel=0.05)


def test_what_16_bits_hold_over_their_noise_counts():
    tones = sine(500, peak=0.2).samples + sine(15_000, peak=4e-5).samples
    assert bandwidth_hz(in_16_bits(make(tones, 48000))) == pytest.approx(15_000, abs=60)
    nothing_else = np.random.default_rng(1).integers(-1, 2, (1, 48000)) * np.float32(2.0**-15)
    assert bandwidth_hz(make(nothing_else, 48000)) == 24000.0


def test_an_offset_hides_no_content():
    assert bandwidth_hz(make(noise(1.0, level=1e-4).samples + np.float32(0.5), 48000)) == 24000.0


def test_what_is_heard_now_and_then_counts():
    dull, bright = resample(noise(4.0, 16000), 48000).samples.copy(), noise(4.0).samples
    for start in range(0, dull.shape[1], 24_000):
        dull[:, start : start + 6000] += bright[:, start : start + 6000]
    assert bandwidth_hz(make(dull, 48000)) == 24000.0


def test_measuring_does_not_need_memory_that_grows_with_the_sound():
    def peak_bytes(seconds):
        audio = noise(seconds, 32000, 1)
        tracemalloc.start()
        measure(audio)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    # 35 s more are 4.5 MB of samples. What remains is some numbers for every 10 ms.
    assert peak_bytes(60) < peak_bytes(25) + 1_000_000
