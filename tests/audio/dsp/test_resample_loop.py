"""A loop at another rate is a loop still."""

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp.resample_loop import resample_loop
from soundgraph.audio.dsp.resampling import resample
from soundgraph.audio.dsp.seam import AUDIBLE, seam_ratio

RATES = [
    (44100, 48000),
    (48000, 44100),
    (32000, 48000),
    (16000, 48000),
    (96000, 48000),
    (48000, 11025),
    (11025, 192000),
]


def turns(n, cycles, channels=2):
    """A sum of sines that each go round a whole number of times in n samples: a loop without any seam."""
    phase = 2 * np.pi * np.arange(n) / n
    waves = [np.cos(count * phase + count) for count in cycles]
    return np.tile(0.2 * np.add.reduce(waves), (channels, 1))


def decibels(values):
    return 20 * np.log10(np.abs(values).max())


@pytest.mark.parametrize("n", [44100, 44111, 30_011, 997, 100])
@pytest.mark.parametrize(("old", "new"), RATES)
def test_a_loop_of_tones_is_the_same_tones_at_its_edges_too(n, old, new):
    highest = int(0.4 * n * min(1, new / old))
    cycles = (1, max(highest // 3, 1), highest)
    found, start, stop = resample_loop(make(turns(n, cycles), old), new, 0, n)
    assert (start, stop) == (0, found.n_samples)
    assert abs(stop - n * new / old) <= 0.5
    # The filter is flat within 0.001 dB up to 0.8 of half the rate, which is -79 dB of a tone of -14 dBFS.
    error = found.samples - turns(stop, cycles)
    assert decibels(error) < -90
    assert decibels(error[:, [0, 1, -2, -1]]) < -90
    low, _, _ = resample_loop(make(turns(n, (1,)), old), new, 0, n)
    assert decibels(low.samples - turns(stop, (1,))) < -145


@pytest.mark.parametrize(("old", "new"), RATES)
def test_a_seam_stays_inaudible_where_plain_conversion_would_break_it(old, new):
    n = 2 * old + 17
    audio = make(turns(n, (400, 403)), old)
    found, start, stop = resample_loop(audio, new, 0, n)
    assert seam_ratio(found, start, stop) < 1.5
    assert seam_ratio(resample(audio, new)) > AUDIBLE


@pytest.mark.parametrize(("old", "new"), RATES)
def test_a_loop_within_a_sound_keeps_its_seam_and_its_surroundings(old, new):
    period = old // 100
    whole = make(np.sin(2 * np.pi * np.arange(3 * old) / period), old)
    start, stop = old // 2 + 3, old // 2 + 3 + 77 * period
    found, new_start, new_stop = resample_loop(whole, new, start, stop)
    assert abs(new_start - start * new / old) <= 0.6
    assert seam_ratio(found, new_start, new_stop) < 1.5
    plain = resample(whole, new)
    assert abs(found.n_samples - plain.n_samples) <= 2
    inner = slice(new // 10, 2 * new)
    assert np.abs(found.samples[:, inner] - plain.samples[:, inner]).max() < 0.05  # up to half a sample apart


def test_the_same_rate_is_the_same_sound():
    audio = make(turns(1000, (3,)), 48000)
    assert resample_loop(audio, 48000, 10, 900) == (audio, 10, 900)


def test_the_input_is_not_written_to_and_channels_do_not_meet():
    audio = make(np.vstack([turns(5000, (50,), 1), np.zeros((1, 5000))]), 44100)
    before = audio.samples.copy()
    found, _, _ = resample_loop(audio, 48000, 0, 5000)
    assert np.array_equal(audio.samples, before)
    assert not found.samples[1].any()
