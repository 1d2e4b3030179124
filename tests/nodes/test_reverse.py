"""reverse: the samples in opposite order."""

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make
from soundgraph.nodes.reverse import KIND, Reverse


def reverse(audio: Audio) -> Audio:
    return KIND.render(Reverse(input="x"), [audio])


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("n", [0, 1, 500])
def test_the_last_sample_comes_first_in_each_channel(rate, channels, n):
    audio = make(40 * np.random.default_rng(1).standard_normal((channels, n)), rate)
    result = reverse(audio)
    assert result.sample_rate == rate
    assert result.samples.tolist() == [channel[::-1] for channel in audio.samples.tolist()]


def test_twice_is_the_sound_itself():
    audio = make(np.random.default_rng(1).standard_normal((2, 999)), 8000)
    assert reverse(reverse(audio)).digest == audio.digest


def test_silence_stays_silence():
    silence = make(np.zeros((2, 100)), 8000)
    assert reverse(silence).digest == silence.digest
