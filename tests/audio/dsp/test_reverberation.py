"""The made-up room: how it decays, how its echoes grow denser, and that it does not ring."""

import numpy as np
import pytest

from soundgraph.audio.dsp.reverberation import response

RATES = [8000, 48000, 192000]


def room(decay=1.0, size_m=12.0, damping_hz=1e6, width=1.0, rate=48000, seed=0, shape=(1, 1)) -> np.ndarray:
    return response(decay, size_m, damping_hz, width, rate, seed, shape)


def decay_s(heard: np.ndarray, rate: int) -> float:
    """Seconds to fall by 60 dB, from -5 to -35 dB of the energy that is still to come (Schroeder 1965; ISO 3382)."""
    to_come = np.cumsum(heard[::-1] ** 2)[::-1]
    level = 10 * np.log10(to_come / to_come[0] + 1e-30)
    first, last = np.argmax(level < -5), np.argmax(level < -35)
    return -60 / np.polyfit(np.arange(first, last) / rate, level[first:last], 1)[0]


def band(heard: np.ndarray, centre_hz: float, rate: int) -> np.ndarray:
    """What lies within a sixth of an octave of a frequency, without delay."""
    size = 2 * len(heard)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / rate), 1e-9) / centre_hz)
    return np.fft.irfft(np.fft.rfft(heard, size) * np.exp(-((octaves * 6) ** 2)), size)[: len(heard)]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size_m", [1.0, 12.0, 200.0])
@pytest.mark.parametrize("decay", [0.05, 0.3, 1.5, 6.0])
def test_it_falls_by_60_db_within_its_decay(decay, size_m, rate):
    heard = room(decay, size_m, rate=rate)[0, 0]
    assert len(heard) == round(decay * rate)
    assert decay_s(heard, rate) == pytest.approx(decay, rel=0.05)


@pytest.mark.parametrize("rate", [16000, 48000])
def test_high_sounds_die_sooner_by_the_documented_law(rate):
    heard = room(4.0, damping_hz=2000.0, rate=rate)[0, 0]
    assert decay_s(band(heard, 250.0, rate), rate) == pytest.approx(4.0, rel=0.1)
    assert decay_s(band(heard, 2000.0, rate), rate) == pytest.approx(2.0, rel=0.1)
    assert decay_s(band(heard, 4000.0, rate), rate) == pytest.approx(0.8, rel=0.1)


def test_damping_takes_away_and_adds_nothing():
    bright, dull = room(2.0), room(2.0, damping_hz=1000.0)
    assert np.sum(bright**2) == pytest.approx(1.0, rel=0.02)
    low = [np.sum(band(heard[0, 0], 100.0, 48000) ** 2) for heard in (bright, dull)]
    assert low[1] == pytest.approx(low[0], rel=0.05)
    high = [np.sum(band(heard[0, 0], 8000.0, 48000) ** 2) for heard in (bright, dull)]
    assert high[1] < 0.1 * high[0]


def test_the_first_echoes_of_a_room_are_as_many_as_its_volume_says():
    # Before 70 ms a room of 20³ m³ has sent 4π/3 · (343 · 0.07)³ / 8000 = 7.2 echoes back.
    clicks = np.flatnonzero(np.abs(room(size_m=20.0)[0, 0, : round(0.07 * 48000)]) > 0.02)
    assert 6 <= len(clicks) <= 9


def echo_density(heard: np.ndarray, at: float, rate: int = 48000) -> float:
    """The part of 20 ms that stands out of one deviation, against that of Gaussian noise (Abel and Huang 2006)."""
    part = heard[round(at * rate) :][: round(0.02 * rate)]
    return float(np.mean(np.abs(part) > part.std())) / 0.3173


def test_echoes_grow_dense_and_later_in_a_larger_room():
    small, large = (room(2.0, size_m=size, damping_hz=8000.0)[0, 0] for size in (6.0, 25.0))
    assert echo_density(large, 0.05) < 0.3 < 0.6 < echo_density(small, 0.05)
    assert echo_density(small, 0.3) > 0.9
    assert echo_density(large, 0.6) > 0.9


def late(heard: np.ndarray, decay: float) -> np.ndarray:
    """A second of the tail, its decay taken back."""
    part = heard[9600 : 9600 + 48000]
    return part * 10 ** (3 / decay * np.arange(48000) / 48000)


def test_the_tail_has_no_pitch():
    tail = late(room(3.0)[0, 0], 3.0)
    # In a diffuse field levels over frequency scatter by 5.57 dB (Schroeder); a comb or a ring would add to that.
    level = 10 * np.log10(np.abs(np.fft.rfft(tail * np.hanning(48000)))[200:20000] ** 2)
    assert level.std() == pytest.approx(5.57, abs=0.25)
    # And no delay comes back: a metallic room has an autocorrelation with peaks.
    correlation = np.fft.irfft(np.abs(np.fft.rfft(tail, 1 << 17)) ** 2)
    assert np.abs(correlation[48:24000]).max() < 0.03 * correlation[0]


@pytest.mark.parametrize(("width", "expected"), [(0.0, 1.0), (0.5, np.sqrt(0.5)), (1.0, 0.0)])
def test_width_is_how_unlike_the_sides_are_and_keeps_their_power(width, expected):
    left, right = room(2.0, width=width, size_m=3.0, shape=(2, 1))[:, 0]
    power = np.sqrt(np.sum(left**2) * np.sum(right**2))
    assert power == pytest.approx(1.0, abs=0.08)
    assert np.sum(left * right) / power == pytest.approx(expected, abs=0.05)


def test_every_way_through_the_room_is_another_one():
    rows = room(2.0, size_m=3.0, shape=(2, 2)).reshape(4, -1)
    likeness = np.array([[np.sum(a * b) for a in rows] for b in rows])
    assert np.abs(likeness - np.diag(np.diag(likeness))).max() < 0.05


def test_another_seed_is_another_room_and_the_same_seed_the_same():
    assert np.array_equal(room(seed=3), room(seed=3))
    assert abs(np.sum(room(seed=3) * room(seed=4))) < 0.05


def test_it_ends_in_silence_and_holds_no_direct_sound():
    heard = room(2.0)[0, 0]
    assert abs(heard[-1]) < 1e-5
    assert np.abs(heard[:100]).max() < 1e-8
