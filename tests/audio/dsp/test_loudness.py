"""Loudness and peaks against the standard's own figures, its test tones, and an independent meter."""

import math

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make, silence
from soundgraph.audio.dsp import filters, layouts
from soundgraph.audio.dsp.loudness import (
    Blocks,
    Steps,
    blocks,
    integrated_lufs,
    k_weighting,
    momentary_lufs,
    sample_peak_dbfs,
    short_term_lufs,
    steps,
    true_peak,
    true_peak_dbtp,
)
from tests.audio.dsp import meters

RATES = (8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000)
LOW_RATES = (8000, 11025, 12000, 16000, 22050, 24000)


def sine(freq_hz, level_dbfs, seconds, sample_rate=48000, channels=2, phase=0.0):
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    wave = 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * freq_hz * time + phase)
    return make(np.tile(wave, (channels, 1)), sample_rate)


def after_each_other(*parts):
    return make(np.concatenate([part.samples for part in parts], axis=1), parts[0].sample_rate)


def test_the_filters_at_48_khz_are_the_table_of_the_standard():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    assert np.allclose(k_weighting(48000), [shelf, high_pass], rtol=0, atol=1e-13)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate >= 32000])
def test_k_weighting_is_the_same_curve_at_every_rate(rate):
    # The bilinear transform bends the axis towards half the rate, so the comparison stays well below it.
    freqs = np.geomspace(20, min(rate / 20, 2000), 30)
    here = np.abs(filters.response(k_weighting(rate), freqs, rate))
    table = np.abs(filters.response(k_weighting(48000), freqs, 48000))
    assert np.abs(20 * np.log10(here / table)).max() < 0.03


@pytest.mark.parametrize("rate", LOW_RATES)
def test_below_32_khz_k_weighting_is_as_much_louder_as_its_numerator_is_kept(rate):
    assert np.array_equal(k_weighting(rate)[1][:3], [1.0, -2.0, 1.0])
    freqs = np.geomspace(20, rate / 20, 30)
    here = np.abs(filters.response(k_weighting(rate), freqs, rate))
    table = np.abs(filters.response(k_weighting(48000), freqs, 48000))
    assert (20 * np.log10(here / table)).min() > 0.0
    assert (20 * np.log10(here / table)).max() < 0.22


def low_rate_sounds(rate):
    """Sounds of three seconds that reach up to half the rate: white noise, a square wave, a tone near the edge."""
    rng = np.random.default_rng(rate)
    n = 3 * rate
    time = np.arange(n) / rate
    yield make(0.1 * rng.standard_normal((2, n)), rate)
    yield make(0.2 * np.sign(np.sin(2 * np.pi * 219.7 * time)), rate)
    yield make(0.2 * np.sin(2 * np.pi * 0.47 * rate * time), rate)
    yield sine(1000, -20.0, 3, rate, 1)


@pytest.mark.parametrize("rate", LOW_RATES)
def test_below_32_khz_it_agrees_with_libebur128(rate):
    for audio in low_rate_sounds(rate):
        assert integrated_lufs(audio) == pytest.approx(meters.libebur128_lufs(audio), abs=0.02)


@pytest.mark.parametrize("rate", LOW_RATES)
def test_below_32_khz_it_agrees_with_ffmpeg(rate, tmp_path):
    for audio in low_rate_sounds(rate):
        assert integrated_lufs(audio) == pytest.approx(meters.ffmpeg_lufs(audio, tmp_path), abs=0.02)


@pytest.mark.parametrize("rate", LOW_RATES)
def test_below_32_khz_nothing_is_lost_at_the_edge_of_the_band(rate):
    """By Parseval: the power of a sound whose spectrum is flat up to half its rate, under the filters' response."""
    bins = np.arange(rate // 2 + 1)
    spectrum = np.where((bins > 0) & (bins < rate / 2), 1.0, 0.0)
    phases = np.exp(2j * np.pi * np.random.default_rng(1).uniform(size=bins.size))
    second = np.fft.irfft(spectrum * phases, rate)
    scale = 0.1 / second.std()
    weighted = spectrum * np.abs(filters.response(k_weighting(rate), bins, rate))
    audio = make(np.tile(scale * second, 6), rate)
    # Blocks of 400 ms over a second that repeats: ten of them see all of it four times.
    power = steps(audio).blocks().powers[10:20].mean()
    assert power == pytest.approx(2 * np.sum(weighted**2) / rate**2 * scale**2, rel=2e-3)


def test_under_8_khz_a_sound_is_measured_at_48():
    assert integrated_lufs(sine(500, -20.0, 3, 4000)) == pytest.approx(integrated_lufs(sine(500, -20.0, 3)), abs=0.05)


# What `enum channel` of ebur128.h calls them; what is for low frequencies is "unused" there, and surrounds at 110 and
# at 90 degrees weigh alike.
_EBUR128 = {"L": 1, "R": 2, "C": 3, "LFE": 0, "Ls": 4, "Rs": 5, "Lb": 13, "Rb": 14, "Cb": 15}


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8])
def test_each_channel_counts_by_its_speaker_as_libebur128_has_it(channels):
    rng = np.random.default_rng(channels)
    audio = make(rng.uniform(0.01, 0.2, (channels, 1)) * rng.standard_normal((channels, 48000)), 48000)
    places = [_EBUR128[speaker.name] for speaker in layouts.speakers(channels)]
    assert integrated_lufs(audio) == pytest.approx(meters.libebur128_lufs(audio, places), abs=0.01)


@pytest.mark.parametrize("channels", [6, 7, 8])
def test_what_is_for_low_frequencies_only_does_not_count(channels):
    quiet, loud = np.zeros((2, channels, 48000))
    quiet[0] = loud[0] = sine(1000, -26.0, 1).samples[0]
    loud[3] = sine(60, -6.0, 1).samples[0]
    assert integrated_lufs(make(loud, 48000)) == integrated_lufs(make(quiet, 48000))


def test_sides_weigh_alike_in_every_layout_and_what_is_behind_as_the_front_does():
    tone = sine(1000, -20.0, 1).samples[0]

    def alone(channels, *places):
        samples = np.zeros((channels, tone.size), np.float32)
        samples[list(places)] = tone
        return integrated_lufs(make(samples, 48000))

    front = alone(8, 0, 1)
    sides = [alone(4, 2, 3), alone(5, 3, 4), alone(6, 4, 5), alone(7, 5, 6), alone(8, 6, 7)]
    assert sides == pytest.approx([front + 10 * math.log10(1.41)] * 5, abs=1e-6)
    assert alone(8, 4, 5) == pytest.approx(front, abs=1e-6)
    assert alone(7, 4) == pytest.approx(alone(7, 2), abs=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_a_997_hz_sine_at_minus_23_dbfs_on_both_channels_reads_minus_23_lufs(rate):
    assert integrated_lufs(sine(997, -23.0, 5, rate)) == pytest.approx(-23.0, abs=0.1)


def test_one_channel_reads_3_db_less_than_two():
    assert integrated_lufs(sine(997, 0.0, 2, channels=1)) == pytest.approx(-3.01, abs=0.02)
    assert integrated_lufs(sine(997, 0.0, 2, channels=2)) == pytest.approx(0.0, abs=0.02)


def test_an_8_khz_sine_at_0_9_is_boosted_by_the_head_shelf_and_not_clipped():
    # A filter that clamps its output to full scale reads -2.46.
    boost_db = 20 * np.log10(np.abs(filters.response(k_weighting(48000), [8000], 48000)[0]))
    level_db = 20 * math.log10(0.9) - 3.0103
    assert level_db - 0.691 + boost_db == pytest.approx(-0.58, abs=0.01)
    assert integrated_lufs(sine(8000, 20 * math.log10(0.9), 5, channels=1)) == pytest.approx(-0.58, abs=0.01)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_agrees_with_an_independent_meter(rate, channels):
    import pyloudnorm

    rng = np.random.default_rng(rate + channels)
    n = rate * 4
    bursts = np.repeat(rng.uniform(0.0, 1.0, 16) ** 3, n // 16)
    noise = np.cumsum(rng.standard_normal((channels, n)), axis=1)
    noise = noise - np.roll(noise, 40, axis=1) + rng.standard_normal((channels, n))
    audio = make(0.05 * noise * bursts, rate)
    meter = pyloudnorm.Meter(rate, filter_class="DeMan")
    theirs = meter.integrated_loudness(audio.samples.T.astype(np.float64))
    assert integrated_lufs(audio) == pytest.approx(theirs, abs=0.1)


def test_a_clip_shorter_than_a_block_is_padded_to_one():
    short = sine(1000, -20, 0.1)
    measured = blocks(short)
    assert measured.padded
    assert len(measured.powers) == 1
    # A quarter of the block sounds: a quarter of the power.
    whole = integrated_lufs(sine(1000, -20, 0.4))
    assert measured.lufs() == pytest.approx(whole - 10 * math.log10(4), abs=0.1)
    assert not blocks(sine(1000, -20, 0.4)).padded


def test_blocks_overlap_by_three_quarters_and_a_last_part_is_left_out():
    assert len(blocks(sine(1000, -20, 1.0)).powers) == 7
    assert len(blocks(sine(1000, -20, 1.09, 11025)).powers) == 7


def power_of(lufs):
    """The weighted mean square of a block of that loudness: BS.1770-4 takes 0.691 away from its level."""
    return 10 ** ((lufs + 0.691) / 10)


def test_the_absolute_gate_stands_at_minus_70_lufs_to_the_hundredth():
    assert Blocks(np.full(10, power_of(-70.01)), False).lufs() is None
    assert Blocks(np.full(10, power_of(-69.99)), False).lufs() == pytest.approx(-69.99, abs=1e-9)
    mixed = Blocks(np.repeat([power_of(-69.9), power_of(-70.1)], 10), False)
    assert mixed.lufs() == pytest.approx(-69.9, abs=1e-9)


def test_the_relative_gate_stands_10_lu_under_what_passed_the_first():
    loud = np.full(1000, power_of(-20.0))
    for under, counts in [(-9.9, True), (-10.1, False)]:
        together = Blocks(np.append(loud, power_of(-20.0 + under)), False).lufs()
        assert (together < -20.0 - 1e-6) is counts


def steps_of(*parts):
    """Steps of a sound that has one loudness after another, each for so many seconds."""
    energies = np.concatenate([np.full(round(seconds * 100), power_of(lufs) * 480) for lufs, seconds in parts])
    return Steps(energies, np.arange(energies.size + 1) * 480, 48000, energies.size * 480, False)


def test_the_range_leaves_out_what_is_under_minus_70_lufs_to_the_tenth():
    assert steps_of((-70.05, 30)).range_lu() is None
    assert steps_of((-69.95, 30)).range_lu() == pytest.approx(0.0, abs=1e-9)
    # Half of it is under the gate. The windows that reach over the edge are few, and above it.
    assert steps_of((-69.5, 60), (-70.6, 60)).range_lu() < 0.1
    assert steps_of((-69.5, 60), (-69.9, 60)).range_lu() == pytest.approx(0.4, abs=0.01)


def test_the_range_leaves_out_what_is_20_lu_under_the_mean_of_the_rest():
    assert steps_of((-20.0, 600), (-39.9, 120)).range_lu() > 19
    assert steps_of((-20.0, 600), (-41.0, 120)).range_lu() < 1


def test_gain_moves_loudness_and_lifts_quiet_blocks_over_the_gate():
    measured = blocks(after_each_other(sine(1000, -66, 10, 16000), sine(1000, -72, 10, 16000)))
    assert measured.lufs() == pytest.approx(-66.0, abs=0.2)
    # At +20 dB both halves pass: the mean of two powers 6 dB apart is 2 dB under the louder.
    assert measured.lufs(20.0) == pytest.approx(-48.04, abs=0.1)
    assert measured.lufs(-10.0) is None


@pytest.mark.parametrize("seconds", [10.0, 9.999, 10.255, 23.4])
@pytest.mark.parametrize("rate", [32000, 37800, 44100, 48000])
def test_measuring_in_parts_does_not_show(rate, seconds, monkeypatch):
    rng = np.random.default_rng(5)
    audio = make(0.1 * rng.standard_normal((2, round(seconds * rate))) + 0.3, rate)
    in_parts = steps(audio)
    monkeypatch.setattr("soundgraph.audio.dsp.loudness._PART_STEPS", 10**9)
    whole = steps(audio)
    assert np.array_equal(in_parts.edges, whole.edges)
    assert np.allclose(in_parts.energies, whole.energies, rtol=1e-6, atol=0)


def test_loudness_over_time_has_a_value_every_100_ms():
    audio = after_each_other(sine(1000, -20, 4.0), silence(5, 48000, 2), sine(1000, -30, 4.05))
    momentary, short_term = momentary_lufs(audio), short_term_lufs(audio)
    assert (len(momentary), len(short_term)) == (127, 101)
    assert (momentary[20], momentary[60], momentary[-1]) == (
        pytest.approx(-20, abs=0.1),
        -np.inf,
        pytest.approx(-30, abs=0.1),
    )
    # Half of the 3 s that begin at 2.5 s sound.
    assert short_term[25] == pytest.approx(-23.01, abs=0.1)
    assert len(short_term_lufs(sine(1000, -20, 2.9))) == 0


@pytest.mark.parametrize("seconds", [0.001, 0.3, 1.0, 2.999])
def test_what_is_under_3_seconds_has_the_short_term_loudness_of_3_with_silence(seconds):
    short = sine(1000, -20, seconds)
    filled = after_each_other(short, silence(3, 48000, 2))
    assert steps(short).short_term_max_lufs() == pytest.approx(steps(filled).short_term_max_lufs(), abs=0.02)
    assert steps(short).range_lu() is None


def test_steps_after_a_gain_are_those_of_the_sound_after_it():
    audio = after_each_other(sine(1000, -66, 8, 16000), sine(1000, -72, 8, 16000))
    louder = steps(make(audio.samples * np.float32(10), 16000))
    scaled = steps(audio).scaled(20.0)
    assert scaled.blocks().lufs() == pytest.approx(louder.blocks().lufs(), abs=1e-4)
    assert scaled.range_lu() == pytest.approx(louder.range_lu(), abs=1e-4)
    assert scaled.short_term_max_lufs() == pytest.approx(louder.short_term_max_lufs(), abs=1e-4)


@pytest.mark.parametrize("seconds", [0.0, 0.1, 2.0])
def test_silence_has_no_level(seconds):
    quiet = silence(seconds, 48000, 2)
    assert integrated_lufs(quiet) is None
    assert true_peak_dbtp(quiet) is None
    assert sample_peak_dbfs(quiet) is None


@pytest.mark.parametrize("rate", [8000, 48000, 192000])
def test_true_peak_finds_what_lies_between_the_samples(rate):
    # Samples at 45, 135, … degrees: each is 3.01 dB under the crest. Faded in and out, since the corner of a tone that
    # starts at once overshoots by itself.
    tone = sine(rate / 4, 0.0, 0.5, rate, 1, phase=np.pi / 4)
    shape = np.minimum(1, np.minimum(np.arange(tone.n_samples), np.arange(tone.n_samples)[::-1]) / 200)
    tone = make(tone.samples * shape, rate)
    assert sample_peak_dbfs(tone) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbtp(tone) == pytest.approx(0.0, abs=0.05)


def test_true_peak_equals_an_exact_interpolation():
    # A periodic sound can be interpolated exactly through its spectrum, 64 times finer.
    rng = np.random.default_rng(3)
    spectrum = np.zeros(513, complex)
    spectrum[1:440] = rng.standard_normal(439) + 1j * rng.standard_normal(439)
    period = np.fft.irfft(spectrum)
    exact = np.abs(np.fft.irfft(spectrum, 64 * 1024)).max() * 64
    audio = make(np.tile(period, 60), 48000)
    inner = np.hanning(audio.n_samples) ** 0.05
    assert 20 * math.log10(true_peak(make(audio.samples * inner, 48000)) / exact) == pytest.approx(0, abs=0.1)


def test_true_peak_is_never_under_the_sample_peak_and_covers_every_channel_and_chunk():
    samples = np.zeros((2, 100_000), np.float32)
    samples[1, 99_990] = -0.75
    spike = Audio(samples, 48000)
    assert sample_peak_dbfs(spike) == pytest.approx(20 * math.log10(0.75), abs=1e-6)
    assert true_peak(spike) >= 0.75
    assert true_peak(make([0.5], 48000)) >= 0.5


@pytest.mark.parametrize("after", [0, 100])
@pytest.mark.parametrize("before", [0, 100])
def test_a_true_peak_does_not_depend_on_silence_around_the_sound(before, after):
    from scipy.signal import resample_poly

    abrupt = np.concatenate([np.zeros(before), np.ones(50), np.zeros(after)])
    wanted = np.abs(resample_poly(np.concatenate([np.zeros(400), np.ones(50), np.zeros(400)]), 16, 1)).max()
    assert true_peak(make(abrupt, 48000)) == pytest.approx(wanted, rel=0.01)
