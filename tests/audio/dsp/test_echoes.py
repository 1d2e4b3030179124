"""Echoes: against the sums they are made of, and scipy's filters."""

import numpy as np
import pytest

from soundgraph.audio.dsp.echoes import audible, echoes, high, low
from soundgraph.audio.dsp.filters import response


def noise(rows: int, n: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((rows, n)).astype(np.float32)


@pytest.mark.parametrize("step", [1, 7, 100, 5000])
@pytest.mark.parametrize("rows", [1, 2, 6])
def test_echo_k_is_the_sound_k_delays_later_and_k_minus_1_times_weaker(rows, step):
    sound = noise(rows, 500)
    result = echoes(sound, step, 500 + 4 * step, 0.5, [], False)
    expected = np.zeros((rows, 500 + 4 * step))
    for k in range(1, 600):
        room = expected[:, k * step : k * step + 500]
        room += 0.5 ** (k - 1) * sound[:, : room.shape[1]]
    assert np.allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize("step", [1, 13, 400])
def test_filters_go_on_from_block_to_block(step):
    signal = pytest.importorskip("scipy.signal")
    sound, sections = noise(2, 300).astype(np.float64), [low(2000.0, 48000), high(300.0, 48000)]
    result = echoes(sound, step, 1000, 0.8, sections, False)
    expected, echo = np.zeros((2, 1000)), np.pad(sound, ((0, 0), (0, 700)))
    for _ in range(1000 // step):
        echo = signal.sosfilt(np.stack(sections), echo)
        echo = np.pad(echo, ((0, 0), (step, 0)))[:, :1000]
        expected += echo
        echo = 0.8 * echo
    assert np.allclose(result, expected, atol=1e-6)


def test_crossed_lines_take_turns():
    sound = np.zeros((2, 10))
    sound[0, 0] = 1.0
    result = echoes(sound, 10, 50, 0.5, [], True)
    assert result[0, [10, 20, 30, 40]].tolist() == [1.0, 0.0, 0.25, 0.0]
    assert result[1, [10, 20, 30, 40]].tolist() == [0.0, 0.5, 0.0, 0.125]


@pytest.mark.parametrize("freq_hz", [20.0, 1000.0, 20000.0])
def test_the_filters_are_at_minus_3_db_at_their_corner_and_never_over_0_db(freq_hz):
    freqs = np.linspace(0, 24000, 1000)
    for section in (low(freq_hz, 48000), high(freq_hz, 48000)):
        assert abs(response(section, [freq_hz], 48000)[0]) == pytest.approx(np.sqrt(0.5), rel=1e-6)
        assert np.abs(response(section, freqs, 48000)).max() <= 1 + 1e-12
    assert abs(response(low(freq_hz, 48000), [0.0], 48000)[0]) == pytest.approx(1.0)
    assert abs(response(high(freq_hz, 48000), [0.0], 48000)[0]) < 1e-12


@pytest.mark.parametrize(("feedback", "count"), [(0.0, 1), (0.1, 4), (0.5, 10), (0.95, 135)])
def test_echoes_are_counted_down_to_minus_60_db(feedback, count):
    assert audible(feedback) == count
    if feedback:
        assert feedback ** (count - 1) >= 0.000999
        assert feedback**count < 0.001
