"""Filters, against the cookbook's analog prototypes, scipy, and long arithmetic."""

import math

import numpy as np
import pytest

from soundgraph.audio.dsp import filters

RATES = [16000, 44100, 48000, 192000]
SHAPES = {
    "low_shelf": lambda f, rate, q: filters.low_shelf(f, rate, 9.0, q),
    "high_shelf": lambda f, rate, q: filters.high_shelf(f, rate, -7.0, q),
    "peaking": lambda f, rate, q: filters.peaking(f, rate, 11.0, q),
    "lowpass": filters.lowpass,
    "highpass": filters.highpass,
    "notch": filters.notch,
}


def analog(shape: str, freqs_hz: np.ndarray, corner_hz: float, rate: float, q: float) -> np.ndarray:
    """The cookbook's H(s) at the frequencies that the bilinear transform puts there: no biquad is involved."""
    s = 1j * np.tan(np.pi * freqs_hz / rate) / np.tan(np.pi * corner_hz / rate)
    amp = 10 ** ({"low_shelf": 9.0, "high_shelf": -7.0, "peaking": 11.0}.get(shape, 0.0) / 40)
    root = math.sqrt(amp)
    return {
        "lowpass": 1 / (s * s + s / q + 1),
        "highpass": s * s / (s * s + s / q + 1),
        "notch": (s * s + 1) / (s * s + s / q + 1),
        "peaking": (s * s + s * amp / q + 1) / (s * s + s / (amp * q) + 1),
        "low_shelf": amp * (s * s + root / q * s + amp) / (amp * s * s + root / q * s + 1),
        "high_shelf": amp * (amp * s * s + root / q * s + 1) / (s * s + root / q * s + amp),
    }[shape]


def db(gains: np.ndarray) -> np.ndarray:
    return 20 * np.log10(np.maximum(np.abs(gains), 1e-5))


def sosfilt(sos: np.ndarray, x: np.ndarray) -> np.ndarray:
    from scipy import signal

    return signal.sosfilt(sos, x)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("corner", "q"), [(60, filters.BUTTERWORTH_Q), (1000, 4.0), (7000, 0.5)])
def test_an_impulse_comes_out_with_the_response_of_the_formula_to_a_hundredth_db(shape, rate, corner, q):
    n = 2**16
    impulse = np.zeros(n, np.float32)
    impulse[0] = 1
    heard = np.fft.rfft(filters.apply(impulse, SHAPES[shape](corner, rate, q)).astype(np.float64))
    freqs = np.fft.rfftfreq(n, 1 / rate)[1:-1]
    wanted = db(analog(shape, freqs, corner, rate, q))
    loud = wanted > -80
    assert np.abs(db(heard[1:-1]) - wanted)[loud].max() < 0.01


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("shape", SHAPES)
def test_response_is_the_formula(shape, rate):
    freqs = np.geomspace(1, 0.499 * rate, 200)
    sos = SHAPES[shape](440, rate, 2.0)
    assert np.allclose(filters.response(sos, freqs, rate), analog(shape, freqs, 440, rate, 2.0), rtol=1e-7, atol=1e-9)


def test_response_of_a_cascade_is_the_product_and_agrees_with_scipy():
    cascade = np.stack([make(700, 48000, 1.1) for make in SHAPES.values()])
    freqs = np.linspace(0, 24000, 50)
    product = np.prod([filters.response(row, freqs, 48000) for row in cascade], axis=0)
    assert np.allclose(filters.response(cascade, freqs, 48000), product, atol=1e-12)
    from scipy import signal

    assert np.allclose(product, signal.sosfreqz(cascade, freqs, fs=48000)[1], atol=1e-12)


def test_a_shelf_has_half_its_gain_at_its_corner_and_all_of_it_at_its_end():
    for gain in (-12.0, 6.0):
        low = db(filters.response(filters.low_shelf(300, 48000, gain), [0, 300, 24000], 48000))
        high = db(filters.response(filters.high_shelf(300, 48000, gain), [24000, 300, 0], 48000))
        assert np.allclose(low, [gain, gain / 2, 0], atol=1e-9)
        assert np.allclose(high, [gain, gain / 2, 0], atol=1e-9)


def test_a_cut_falls_by_12_db_an_octave_from_3_db_at_its_corner():
    low = db(filters.response(filters.lowpass(100, 192000), [100, 800, 1600], 192000))
    high = db(filters.response(filters.highpass(1000, 192000), [1000, 125, 62.5], 192000))
    for heard in (low, high):
        assert heard[0] == pytest.approx(-3.0103, abs=1e-3)
        assert heard[1] - heard[2] == pytest.approx(12.04, abs=0.05)


@pytest.mark.parametrize("make", [filters.low_shelf, filters.high_shelf, filters.peaking])
def test_the_opposite_gain_gives_the_sound_back(make):
    x = noise(2, 5000).astype(np.float32)
    there_and_back = np.stack([make(500, 44100, 6.0), make(500, 44100, -6.0)])
    assert np.abs(filters.apply(x, there_and_back) - x).max() < 1e-6


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 8, 9, 10, 99, 100, 101, 1000, 4800])
def test_any_length_comes_out_as_scipy_filters_it(n):
    cascade = np.stack([make(3000, 48000, 0.9) for make in SHAPES.values()])
    for x in (noise(n), noise(1, n), noise(3, n), noise(2, 2, n)):
        y = filters.apply(x, cascade)
        assert y.shape == x.shape
        assert np.allclose(y, sosfilt(cascade, x) if n else x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("chunk", [4, 9, 50, 400])
def test_chunks_leave_no_seam(monkeypatch, chunk):
    monkeypatch.setattr(filters, "_CHUNK", chunk)
    cascade = np.stack([make(90, 48000, 0.7) for make in SHAPES.values()])
    for channels in (1, 2, 5):
        x = noise(channels, 333)
        assert np.allclose(filters.apply(x, cascade), sosfilt(cascade, x), rtol=0, atol=1e-11)


@pytest.mark.parametrize(("at_once", "in_hand"), [(1, 1), (2, 5000), (4, 100), (7, 10**6)])
def test_how_much_is_worked_on_at_a_time_shows_in_no_bit(monkeypatch, at_once, in_hand):
    monkeypatch.setattr(filters, "_CHUNK", 2 * 40**2)
    x = np.random.default_rng(5).uniform(-1, 1, (2, 9 * 40**2 + 123))
    sections = np.stack([filters.low_shelf(300, 48000, 6), filters.notch(20000, 48000, 3), filters.lowpass(900, 48000)])
    expected = filters.apply(x, sections)
    monkeypatch.setattr(filters, "_AT_ONCE", at_once)
    monkeypatch.setattr(filters, "_IN_HAND", in_hand)
    assert filters.apply(x, sections).tobytes() == expected.tobytes()


def test_a_sound_longer_than_a_chunk_comes_out_as_scipy_filters_it():
    x = noise(2, 300_000)
    cascade = np.stack([filters.low_shelf(80, 48000, 6), filters.highpass(30, 48000), filters.peaking(9000, 48000, -9)])
    wanted = sosfilt(cascade, x)
    assert np.abs(filters.apply(x, cascade) - wanted).max() < 1e-10 * np.abs(wanted).max()


@pytest.mark.parametrize("seed", range(40))
def test_any_coefficients_give_what_scipy_gives(seed):
    draw = np.random.default_rng(seed)
    rate = int(draw.choice([8000, 11025, 16000, 48000, 192000]))
    shape = str(draw.choice(list(SHAPES)))
    # From 20 Hz up to just below half the rate.
    sos = SHAPES[shape](20 * (0.499 * rate / 20) ** draw.random(), rate, 10 ** draw.uniform(-1, 1))
    x = draw.standard_normal((int(draw.integers(1, 4)), int(draw.integers(1, 20000))))
    wanted = sosfilt(sos[None], x)
    assert np.abs(filters.apply(x, sos) - wanted).max() < 1e-10 * np.abs(wanted).max()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("corner", [1.0, 5.0, 95_000.0])
def test_poles_on_the_brink_still_leave_more_digits_than_float32_holds(shape, corner):
    rate, x = 192_000, noise(12_000) + 0.5
    row = SHAPES[shape](corner, rate, filters.BUTTERWORTH_Q)
    b0, b1, b2, _, a1, a2 = row.astype(np.longdouble)
    exact, x1, x2, y1, y2 = np.zeros(len(x), np.longdouble), *np.zeros(4, np.longdouble)
    for t, value in enumerate(x.astype(np.longdouble)):
        exact[t] = b0 * value + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
        x1, x2, y1, y2 = value, x1, exact[t], y1
    assert np.abs(filters.apply(x, row) - exact).max() < 1e-9 * np.abs(exact).max()


@pytest.mark.parametrize("shape", SHAPES)
def test_what_rings_on_in_silence_ends_in_zero_and_never_in_subnormal_numbers(shape):
    x = np.zeros(60_000)
    x[0] = 1
    y = filters.apply(x, SHAPES[shape](2000, 48000, 1.0))
    assert not y[-1000:].any()
    assert np.abs(y[y != 0]).min() > np.finfo(np.float64).tiny


def test_what_a_block_inherits_never_turns_into_subnormal_numbers():
    # Blocks of 512 samples. The poles, at a radius of 0.2, turn the end of the first into 1e-358 over the second.
    x = np.zeros(2**18)
    x[511] = 1
    y = filters.apply(x, [1, 0, 0, 1, -0.1, 0.04])
    assert np.count_nonzero(y) > 100
    assert np.abs(y[y != 0]).min() > np.finfo(np.float64).tiny


def test_float32_stays_float32_and_all_else_is_float64():
    sos = filters.lowpass(1000, 48000)
    assert filters.apply(np.ones(10, np.float32), sos).dtype == np.float32
    assert filters.apply(np.ones(10), sos).dtype == np.float64
    assert filters.apply([1, 0, 0], sos).dtype == np.float64


def test_the_input_is_left_alone():
    x = noise(2, 100)
    before = x.copy()
    filters.apply(x, filters.highpass(1000, 48000))
    assert np.array_equal(x, before)


@pytest.mark.parametrize("freq", [0, -5, 24000, 30000, math.nan])
def test_a_corner_outside_the_band_is_refused(freq):
    for make in SHAPES.values():
        with pytest.raises(ValueError, match="is not between 0 and half the sample rate of 48000 Hz"):
            make(freq, 48000, 1.0)


def test_a_q_of_zero_is_refused():
    with pytest.raises(ValueError, match="a q of 0 is not more than 0"):
        filters.notch(100, 48000, 0)


def test_sections_in_another_form_are_refused():
    for sos in ([1.0, 0.0], [[1, 0, 0, 2, 0, 0]], np.ones((1, 1, 6))):
        with pytest.raises(ValueError, match="rows of b0 b1 b2 1 a1 a2"):
            filters.apply(np.zeros(4), sos)
