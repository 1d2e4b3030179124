"""delay: where each echo is, how loud, on which side, and when it ends."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.delay import KIND, Delay


def delayed(audio: Audio, **fields) -> Audio:
    return KIND.render(Delay(input="x", **fields), [audio])


def click(channels: int = 1, rate: int = 48000, n: int = 100) -> Audio:
    return make(np.tile(np.eye(1, n), (channels, 1)), rate)


def noise(channels: int = 1, rate: int = 48000, n: int = 2000) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, n)), rate)


@pytest.mark.parametrize("rate", [8000, 11025, 48000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_echoes_come_at_multiples_of_the_time_and_fall_by_the_feedback(channels, rate):
    result = delayed(click(channels, rate), time_ms=100.0, feedback=0.5, wet_db=-20.0, dry_db=-6.0)
    step = round(0.1 * rate)
    assert (result.channels, result.n_samples, result.sample_rate) == (channels, 100 + 10 * step, rate)
    expected = np.zeros(result.n_samples)
    expected[0] = 10 ** (-6 / 20)
    expected[step::step] = 0.1 * 0.5 ** np.arange(10)
    assert np.allclose(result.samples, expected, rtol=1e-6)


def test_without_feedback_there_is_one_echo():
    result = delayed(click(), time_ms=10.0, feedback=0.0, wet_db=0.0)
    assert np.flatnonzero(result.samples[0]).tolist() == [0, 480]


def test_kept_echoes_end_when_they_have_fallen_by_60_db():
    audio = noise()
    result = delayed(audio, time_ms=100.0, feedback=0.7, wet_db=0.0)
    last = result.samples[0, -2000:]
    assert 0.7 * np.std(last) < 0.001 * np.std(audio.samples) <= np.std(last)


def test_without_a_tail_it_is_the_beginning_of_what_it_is_with_one():
    audio = noise(n=30_000)
    whole, cut = delayed(audio, time_ms=50.0), delayed(audio, time_ms=50.0, tail=False)
    assert cut.n_samples == 30_000
    assert np.array_equal(whole.samples[:, :30_000], cut.samples)


@pytest.mark.parametrize("channels", [1, 2])
def test_ping_pong_begins_left_and_takes_turns(channels):
    result = delayed(click(channels), time_ms=10.0, feedback=0.5, wet_db=0.0, ping_pong=True).samples
    assert result.shape == (2, 100 + 10 * 480)
    assert result[:, 0] == pytest.approx([1.0 if channels == 2 else np.sqrt(0.5)] * 2)
    assert result[0, 480:2000:480].tolist() == [1.0, 0.0, 0.25, 0.0]
    assert result[1, 480:2000:480].tolist() == [0.0, 0.5, 0.0, 0.125]


def test_echoes_get_duller_and_thinner_one_by_one():
    def level_db(echo: int, freq_hz: float) -> float:
        """Of an echo of a click at a frequency, against the click after the feedback."""
        result = delayed(click(), time_ms=200.0, feedback=0.5, wet_db=0.0, lowpass_hz=4000.0, highpass_hz=200.0)
        part = result.samples[0, echo * 9600 : (echo + 1) * 9600].astype(np.float64)
        heard = np.abs(np.sum(part * np.exp(-2j * np.pi * freq_hz / 48000 * np.arange(9600))))
        return float(20 * np.log10(heard / 0.5 ** (echo - 1)))

    for echo in (1, 2, 3):
        assert level_db(echo, 4000.0) == pytest.approx(-3.01 * echo, abs=0.05)
        assert level_db(echo, 200.0) == pytest.approx(-3.01 * echo, abs=0.05)
        assert level_db(echo, 900.0) == pytest.approx(-0.42 * echo, abs=0.05)


def test_an_echo_can_be_taken_off_its_place_by_the_dry_sound_turned_round():
    # Latency: the echo of a sound is that sound, to the sample.
    audio = noise(n=5000)
    result = delayed(audio, time_ms=200.0, feedback=0.0, wet_db=0.0).samples
    assert np.array_equal(result[:, 9600:14_600], audio.samples)


@pytest.mark.parametrize("channels", [1, 2])
def test_an_empty_sound_stays_empty(channels):
    assert delayed(noise(channels, n=0)).samples.shape == (channels, 0)


def test_ping_pong_of_surround_is_refused():
    with pytest.raises(NodeError, match=r"^ping_pong takes mono and stereo, but the input has 6 channels$"):
        delayed(noise(6), ping_pong=True)


def test_a_filter_above_what_the_input_can_hold_fails_the_node():
    with pytest.raises(NodeError) as caught:
        delayed(noise(rate=8000), lowpass_hz=4000.0)
    assert str(caught.value) == "lowpass_hz is 4000, but an input at 8000 Hz only reaches 4000 Hz"


@pytest.mark.parametrize("fields", [{"feedback": 1.0}, {"time_ms": 0.0}, {"wet_db": 99.0}, {"lowpass_hz": 1.0}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Delay(input="x", **fields)
