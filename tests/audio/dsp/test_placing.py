"""Bringing sounds to one rate and channel count."""

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp.placing import alike, leveled
from soundgraph.audio.dsp.resampling import resample
from soundgraph.core.errors import NodeError


def noise(channels: int, rate: int = 8000):
    return make(np.random.default_rng(1).standard_normal((channels, 400)), rate)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_sounds_of_one_form_stay_bit_for_bit(channels):
    sound = noise(channels)
    assert all(samples is sound.samples for samples in alike([sound, sound], 8000))


def test_mono_among_stereo_goes_to_both_sides_3_db_down():
    mono, stereo = noise(1), noise(2)
    placed = alike([mono, stereo, mono], 8000)
    assert [len(samples) for samples in placed] == [2, 2, 2]
    assert np.allclose(placed[0], np.sqrt(0.5) * mono.samples, atol=1e-6)
    assert placed[1] is stereo.samples


def test_each_is_resampled():
    low, high = noise(2), noise(2, 48000)
    placed = alike([low, high], 48000)
    assert np.array_equal(placed[0], resample(low, 48000).samples)
    assert placed[1] is high.samples


def test_other_channel_counts_do_not_mix():
    with pytest.raises(NodeError) as caught:
        alike([noise(6), noise(1), noise(2)], 8000)
    assert str(caught.value) == "inputs of 1, 2 and 6 channels do not go together; only mono and stereo do"


def test_gain_is_in_db():
    samples = noise(2).samples
    assert leveled(samples, 0.0) is samples
    assert np.allclose(leveled(samples, -20.0), samples / 10, rtol=1e-6)
