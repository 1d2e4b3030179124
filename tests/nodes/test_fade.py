"""fade, against the formulas of its curves."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.fades import ramp
from soundgraph.core.errors import NodeError
from soundgraph.nodes.fade import KIND, Fade


def fade(audio: Audio, **fields: object) -> Audio:
    return KIND.render(Fade(input="x", **fields), [audio])


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("curve", ["linear", "equal_power", "cosine"])
def test_both_ends_follow_the_curve_and_the_middle_stays(rate, channels, curve):
    result = fade(make(np.ones((channels, rate)), rate), fade_in=0.25, fade_out=0.5, curve=curve)
    n_in, n_out = round(0.25 * rate), round(0.5 * rate)
    wanted = np.concatenate([ramp(n_in, curve), np.ones(rate - n_in - n_out), ramp(n_out, curve)[::-1]])
    assert result.sample_rate == rate
    assert np.allclose(result.samples, np.tile(wanted, (channels, 1)), atol=1e-7)


def test_the_curve_is_cosine_unless_said():
    result = fade(make(np.ones(100), 100), fade_in=0.5)
    assert np.allclose(result.samples[0, :50], (1 - np.cos(np.pi * (np.arange(50) + 0.5) / 50)) / 2, atol=1e-7)


def test_without_lengths_nothing_changes():
    audio = make(np.ones((2, 10)), 8000)
    assert fade(audio).digest == audio.digest


def test_the_input_is_left_alone():
    audio = make(np.ones((2, 10)), 10)
    fade(audio, fade_in=0.5)
    assert audio.samples.all()


def test_the_shortest_sounds():
    empty, single = make(np.zeros((2, 0)), 8000), make([[1.0]], 8000)
    assert fade(empty).samples.shape == (2, 0)
    assert fade(single, fade_in=1 / 8000).samples.tolist() == [[0.5]]
    for audio in (empty, single):
        with pytest.raises(NodeError, match=r"the fades take 0\.1 s together"):
            fade(audio, fade_in=0.1)


def test_fades_longer_than_the_sound_are_refused_with_both_lengths():
    with pytest.raises(NodeError) as caught:
        fade(make(np.ones(12000), 8000), fade_in=1.0, fade_out=1.0)
    assert str(caught.value) == "the fades take 2 s together, but the sound lasts 1.5 s"


@pytest.mark.parametrize("fields", [{"fade_in": -1.0}, {"fade_out": float("inf")}, {"curve": "sine"}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Fade(input="x", **fields)
