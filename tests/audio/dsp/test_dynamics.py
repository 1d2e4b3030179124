"""Level detection, static curves, switches and smoothing, against the same things written as loops over samples."""

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp import dynamics
from soundgraph.audio.dsp.dynamics import (
    Glide,
    Leak,
    Smoothing,
    decibels,
    factors,
    keep,
    linked_peak,
    open_while,
    reduction_db,
    shaped,
)


def in_chunks(run, x, size):
    return np.concatenate([run(x[start : start + size]) for start in range(0, x.size, size)])


@pytest.mark.parametrize("kept", [0.0, 1e-200, 0.01, 0.3, 0.9, 0.9999, 1 - 1e-9])
@pytest.mark.parametrize("size", [1, 255, 256, 1000, 5000])
@pytest.mark.parametrize("op", [np.add, np.maximum])
def test_a_leak_is_the_recursion_it_stands_for_however_it_is_cut_into_chunks(op, kept, size):
    x = np.random.default_rng(1).exponential(size=5000)
    x[1000:4000] = 0.0
    expected, y = [], 0.0
    for value in x:
        y = op(value, kept * y)
        expected.append(y)
    assert np.allclose(in_chunks(Leak(op, kept).run, x, size), expected, rtol=1e-11, atol=1e-29)


@pytest.mark.parametrize("op", [np.add, np.maximum])
def test_a_leak_comes_to_rest_in_silence(op):
    leak = Leak(op, 0.9)
    leak.run(np.ones(10))
    leak.run(np.zeros(2000))
    assert leak.state == 0.0
    assert not leak.run(np.zeros(10)).any()


@pytest.mark.parametrize(("attack_ms", "release_ms"), [(5, 50), (50, 5), (0, 30), (20, 0), (0, 0), (0.05, 0.02)])
def test_smoothing_is_the_decoupled_detector_of_the_paper(attack_ms, release_ms):
    rng = np.random.default_rng(2)
    x = rng.exponential(6.0, 6000) * (rng.random(6000) < 0.05)
    x[2000:3000] = 7.0
    a, r = keep(attack_ms, 8000), keep(release_ms, 8000)
    expected, first, second = [], 0.0, 0.0
    for value in x:
        first = max(value, r * first + (1 - r) * value)
        second = a * second + (1 - a) * first
        expected.append(second)
    assert np.allclose(in_chunks(Smoothing(attack_ms, release_ms, 8000).run, x, 777), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_time_constants_are_the_time_to_63_percent(rate):
    n = rate // 5
    step = np.concatenate((np.ones(n), np.zeros(n)))
    up = Smoothing(10, 0, rate).run(step)
    assert up[round(0.010 * rate) - 1] == pytest.approx(1 - np.exp(-1), abs=0.005)
    assert np.allclose(Smoothing(0, 10, rate).run(step)[:n], 1.0, rtol=0, atol=1e-12)
    down = Smoothing(0, 10, rate).run(step)[n:]
    assert down[round(0.010 * rate) - 1] == pytest.approx(np.exp(-1), abs=0.005)


@pytest.mark.parametrize(("attack_ms", "release_ms"), [(0, 0), (0, 5), (5, 0), (3, 3), (1, 20), (20, 1), (300, 2000)])
def test_a_glide_is_the_recursion_it_stands_for_however_it_is_cut_into_chunks(attack_ms, release_ms):
    rng = np.random.default_rng(5)
    switch = np.repeat(rng.random(60) < 0.5, rng.integers(1, 400, 60))
    a, r = keep(attack_ms, 8000), keep(release_ms, 8000)
    expected, peak, y = [], 0.0, 0.0
    for value in switch.astype(float):
        peak = max(value, r * peak)
        y = min(peak, a * y + (1 - a) * peak)
        expected.append(y)
    glide = Glide(attack_ms, release_ms, 8000)
    assert np.allclose(in_chunks(glide.run, switch, 777), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize(("attack_ms", "release_ms"), [(5, 20), (20, 5), (20, 20)])
def test_a_glide_is_63_percent_up_after_the_attack_and_down_after_the_release(rate, attack_ms, release_ms):
    n = rate // 2
    y = Glide(attack_ms, release_ms, rate).run(np.repeat([True, False], n))
    assert y[round(attack_ms * rate / 1000) - 1] == pytest.approx(1 - np.exp(-1), abs=0.01)
    assert y[n + round(release_ms * rate / 1000) - 1] == pytest.approx(np.exp(-1), abs=0.01)


def test_a_switch_that_flutters_holds_a_glide_up():
    flutter = np.tile([True, True, True, False], 8000)
    assert Glide(10, 200, 8000).run(flutter)[-8000:].min() > 0.998


def test_smoothing_never_passes_what_it_follows_on_the_way_up_nor_falls_under_it_without_attack():
    x = np.random.default_rng(3).exponential(5.0, 4000)
    assert (Smoothing(0, 40, 8000).run(x) >= x - 1e-12).all()
    assert Smoothing(3, 40, 8000).run(x).max() <= x.max()


def switch(magnitudes, opens_at, closes_under, hold):
    state, quiet, states = False, 0, []
    for value in magnitudes:
        quiet = 0 if value >= closes_under else quiet + 1
        state = value >= opens_at or (state and quiet <= hold)
        states.append(state)
    return states


def test_a_switch_with_hysteresis_and_hold_is_the_loop_it_stands_for():
    rng = np.random.default_rng(4)
    for _ in range(1500):
        x = rng.random(rng.integers(0, 40)).astype(np.float32)
        opens_at = rng.random()
        closes_under = opens_at * rng.choice([1.0, rng.random() + 1e-6])
        hold = int(rng.integers(0, 6))
        assert open_while(x, opens_at, closes_under, hold).tolist() == switch(x, opens_at, closes_under, hold)


def test_the_static_curve_has_the_slopes_it_is_named_for_and_a_knee_between():
    levels = np.linspace(-80, 20, 2001)
    hard = levels - reduction_db(levels, -20, 4, 0)
    assert np.allclose(hard, np.where(levels > -20, -20 + (levels + 20) / 4, levels), atol=1e-12)
    soft = reduction_db(levels, -20, 4, 10)
    outside = np.abs(levels + 20) > 5
    assert np.allclose(soft[outside], (levels - hard)[outside], atol=1e-12)
    # The paper's branch inside the knee.
    inside = levels[~outside]
    assert np.allclose(soft[~outside], -(1 / 4 - 1) * (inside + 20 + 5) ** 2 / (2 * 10), atol=1e-12)
    slopes = np.diff(soft) / np.diff(levels)
    assert (np.diff(slopes) > -1e-9).all()
    assert slopes.max() == pytest.approx(0.75)


def test_levels_are_of_the_loudest_channel_and_silence_has_a_very_low_one():
    samples = np.array([[0.5, -0.1, 0.0], [0.25, 0.2, 0.0]], np.float32)
    assert np.array_equal(linked_peak(samples), np.array([0.5, 0.2, 0.0], np.float32))
    assert np.allclose(decibels(linked_peak(samples)), [-6.0206, -13.9794, -260.0], atol=1e-4)


def test_a_gain_of_0_db_leaves_every_bit_and_gains_go_to_all_channels_alike():
    audio = make(np.random.default_rng(5).standard_normal((3, dynamics.CHUNK + 10)), 8000)
    assert shaped(audio, lambda part: factors(np.zeros(part.stop - part.start))).digest == audio.digest
    asked = []
    halved = shaped(audio, lambda part: (asked.append(part), np.full(part.stop - part.start, 0.5))[1])
    assert np.array_equal(halved.samples, audio.samples * np.float32(0.5))
    assert asked == [slice(0, dynamics.CHUNK), slice(dynamics.CHUNK, dynamics.CHUNK + 10)]
