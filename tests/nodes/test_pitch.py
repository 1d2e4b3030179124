"""pitch: its length stays and its frequency moves; `stretching` has more tests of its own."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.pitch import KIND, Pitch


def pitch(audio: Audio, semitones: float) -> Audio:
    return KIND.render(Pitch(input="x", semitones=semitones), [audio])


def noise(n: int, channels: int = 1, rate: int = 8000) -> Audio:
    return make(np.random.default_rng(1).uniform(-0.5, 0.5, (channels, n)), rate)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("semitones", [-24.0, -0.3, 0.0, 5.0, 24.0])
def test_length_rate_and_channels_stay(rate, channels, semitones):
    audio = noise(rate // 10 + 1, channels, rate)
    found = pitch(audio, semitones)
    assert (found.sample_rate, found.samples.shape) == (rate, audio.samples.shape)


def test_each_note_of_a_chord_is_raised():
    rate, notes = 48000, (261.63, 329.63, 392.0)
    t = np.arange(2 * rate) / rate
    chord = make(sum(0.2 * np.sin(2 * np.pi * freq * t) for freq in notes), rate)
    spectrum = np.abs(np.fft.rfft(pitch(chord, 3.0).samples[0, rate // 2 : -rate // 2] * np.hanning(rate)))
    for note in notes:
        wanted = note * 2 ** (3 / 12)
        low = round(wanted) - 20
        assert low + int(spectrum[low : low + 40].argmax()) == round(wanted)


def test_no_semitones_change_nothing():
    audio = noise(1000, 2)
    assert pitch(audio, 0.0).digest == audio.digest


def test_up_and_down_again_is_about_the_same_sound():
    rate = 16000
    t = np.arange(2 * rate) / rate
    audio = make(0.5 * np.sin(2 * np.pi * 300 * t), rate)
    back = pitch(pitch(audio, 7.0), -7.0).samples[0, rate // 2 : -rate // 2]
    spectrum = np.abs(np.fft.rfft(back * np.hanning(back.size)))
    assert spectrum.argmax() == 300


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_shortest_sounds(channels, n):
    for semitones in (-24.0, 1.0, 24.0):
        assert pitch(noise(n, channels), semitones).samples.shape == (channels, n)


def test_silence_stays_silence():
    assert not pitch(make(np.zeros((2, 9000)), 8000), 3.0).samples.any()


def test_more_than_two_channels_are_refused():
    with pytest.raises(NodeError, match="only mono and stereo can be shifted in pitch, and the sound has 6 channels"):
        pitch(noise(100, 6), 1.0)


@pytest.mark.parametrize("fields", [{}, {"semitones": 24.1}, {"semitones": -25.0}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Pitch(input="x", **fields)
