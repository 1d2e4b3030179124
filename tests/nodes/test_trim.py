"""trim: which samples come out, and what is said when there are too few."""

from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.fades import ramp
from soundgraph.core.errors import NodeError
from soundgraph.nodes.trim import KIND, Trim

RATES = [8000, 11025, 44100, 48000]


def trim(audio: Audio, **fields: object) -> Audio:
    return KIND.render(Trim(input="x", **fields), [audio])


def noise(seconds: float, rate: int = 8000, channels: int = 2) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, round(seconds * rate))), rate)


def refusal(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Trim(input="x", **fields)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_piece_is_the_same_samples(rate, channels):
    audio = noise(2.0, rate, channels)
    first, count = round(0.3331 * rate), round(0.5003 * rate)
    piece = trim(audio, start=0.3331, duration=0.5003)
    assert piece.sample_rate == rate
    assert np.array_equal(piece.samples, audio.samples[:, first : first + count])


def test_without_any_time_it_is_the_whole_sound():
    audio = noise(1.0)
    assert trim(audio).digest == audio.digest


def test_without_a_length_it_goes_to_the_end():
    audio = noise(1.0)
    assert np.array_equal(trim(audio, start=0.25).samples, audio.samples[:, 2000:])


def test_end_is_a_time_of_the_input():
    audio = noise(1.0)
    assert trim(audio, start=0.25, end=0.75).digest == trim(audio, start=0.25, duration=0.5).digest


@pytest.mark.parametrize("rate", RATES)
def test_pieces_put_together_are_the_sound(rate):
    audio = noise(1.7, rate)
    cuts = [0.0, 0.1001, 0.77777, 1.23456]
    pieces = [trim(audio, start=a, end=b) for a, b in pairwise(cuts)] + [trim(audio, start=cuts[-1])]
    assert np.array_equal(np.concatenate([piece.samples for piece in pieces], axis=1), audio.samples)


def test_cutting_twice_is_cutting_once():
    audio = noise(2.0)
    assert trim(trim(audio, start=0.5, end=1.5), start=0.25).digest == trim(audio, start=0.75, end=1.5).digest


def test_the_length_is_exact_where_start_and_duration_round_up_to_a_sample_too_many():
    # At 10 Hz, 0.06 s and 0.16 s are 1 and 2 samples, but 0.22 s, where the piece ends, is sample 2.
    audio = make([[1.0, 2.0]], 10)
    assert trim(audio, start=0.06, duration=0.16).samples.tolist() == [[1.0, 2.0]]


def test_reading_past_the_end_is_an_error_that_gives_both_lengths():
    with pytest.raises(NodeError) as caught:
        trim(noise(4.0), start=0.5, duration=5.0)
    assert str(caught.value) == "reads up to 5.5 s of an input that lasts 4 s; pad = true fills up with silence"
    for fields in ({"end": 4.001}, {"start": 4.001}, {"start": 9.0, "end": 9.5}):
        with pytest.raises(NodeError, match="of an input that lasts 4 s"):
            trim(noise(4.0), **fields)


def test_pad_fills_up_with_silence():
    audio = noise(1.0)
    piece = trim(audio, start=0.75, duration=0.5, pad=True)
    assert piece.n_samples == 4000
    assert np.array_equal(piece.samples[:, :2000], audio.samples[:, 6000:])
    assert not piece.samples[:, 2000:].any()
    beyond = trim(audio, start=2.0, duration=0.5, pad=True)
    assert beyond.n_samples == 4000
    assert not beyond.samples.any()


def test_pad_changes_nothing_where_there_is_enough():
    audio = noise(1.0)
    assert trim(audio, start=0.5, pad=True).digest == trim(audio, start=0.5).digest


@pytest.mark.parametrize("curve", ["linear", "equal_power", "cosine"])
def test_fades_act_on_the_piece(curve):
    piece = trim(make(np.ones(8000), 8000), start=0.25, duration=0.5, fade_in=0.1, fade_out=0.2, curve=curve)
    wanted = np.concatenate([ramp(800, curve), np.ones(1600), ramp(1600, curve)[::-1]])
    assert np.allclose(piece.samples[0], wanted, atol=1e-7)


def test_the_curve_is_cosine_unless_said():
    audio = noise(1.0)
    assert trim(audio, fade_in=0.5).digest == trim(audio, fade_in=0.5, curve="cosine").digest


def test_the_shortest_sounds():
    empty, single = make(np.zeros((2, 0)), 8000), make([[1.0], [2.0]], 8000)
    assert trim(empty).samples.shape == (2, 0)
    assert trim(single, start=1 / 8000).samples.shape == (2, 0)
    assert trim(single, duration=1 / 8000).digest == single.digest
    assert trim(empty, duration=0.5, pad=True).samples.shape == (2, 4000)
    with pytest.raises(NodeError, match=r"the fades take 0\.1 s together, but the sound lasts 0\.000125 s"):
        trim(single, fade_out=0.1)


def test_fades_longer_than_what_is_left_of_the_input_are_refused():
    with pytest.raises(NodeError, match=r"the fades take 0\.8 s together, but the sound lasts 0\.5 s"):
        trim(noise(1.0), start=0.5, fade_out=0.8)


def test_times_that_contradict_each_other_are_mistakes():
    assert refusal(duration=1.0, end=2.0) == "Value error, give duration or end, not both"
    assert refusal(start=2.0, end=1.5) == "Value error, end (1.5 s) must come after start (2 s)"
    assert refusal(start=2.0, end=2.0) == "Value error, end (2 s) must come after start (2 s)"
    fades = "Value error, the fades take 1.5 s together, but the piece lasts 1 s"
    assert refusal(duration=1.0, fade_in=0.5, fade_out=1.0) == fades
    assert refusal(start=3.0, end=4.0, fade_in=1.5) == fades


def test_fades_that_fill_the_piece_are_fine():
    assert trim(noise(1.0), duration=0.3, fade_in=0.1, fade_out=0.2).n_samples == 2400


@pytest.mark.parametrize(
    "fields", [{"start": -1.0}, {"duration": 0.0}, {"end": -2.0}, {"fade_in": -0.1}, {"curve": "log"}]
)
def test_values_out_of_range_are_mistakes(fields):
    refusal(**fields)
