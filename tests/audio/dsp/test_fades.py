"""Fades, against their formulas."""

import numpy as np
import pytest

from soundgraph.audio.artifact import make
from soundgraph.audio.dsp.fades import fade_ends, fade_in, fade_out, ramp
from soundgraph.core.errors import NodeError

CURVES = ["linear", "equal_power", "cosine"]


def test_ramps_are_their_formulas():
    t = (np.arange(100) + 0.5) / 100
    assert np.allclose(ramp(100, "linear"), t, atol=1e-15)
    assert np.allclose(ramp(100, "equal_power"), np.sin(np.pi * t / 2), atol=1e-15)
    assert np.allclose(ramp(100, "cosine"), (1 - np.cos(np.pi * t)) / 2, atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 100, 101])
def test_crossfaded_gains_hold_amplitude_or_power(n):
    for curve in ("linear", "cosine"):
        assert np.allclose(ramp(n, curve) + ramp(n, curve)[::-1], 1, atol=1e-15)
    assert np.allclose(ramp(n, "equal_power") ** 2 + ramp(n, "equal_power")[::-1] ** 2, 1, atol=1e-15)


@pytest.mark.parametrize("curve", CURVES)
def test_a_ramp_only_rises_and_stays_between_silence_and_full_level(curve):
    gains = ramp(1000, curve)
    assert (np.diff(gains) > 0).all()
    assert 0 < gains[0] < 1e-3 < 1 - 1e-3 < gains[-1] < 1
    assert len(ramp(0, curve)) == 0


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_only_the_faded_end_is_touched(curve, channels):
    x = np.random.default_rng(1).standard_normal((channels, 50)).astype(np.float32)
    before = x.copy()
    opened, closed = fade_in(x, 20, curve), fade_out(x, 20, curve)
    assert np.array_equal(opened[:, 20:], x[:, 20:])
    assert np.array_equal(closed[:, :30], x[:, :30])
    assert np.array_equal(opened[:, :20], (x[:, :20] * ramp(20, curve)).astype(np.float32))
    assert np.array_equal(closed[:, ::-1], fade_in(np.ascontiguousarray(x[:, ::-1]), 20, curve))
    assert np.array_equal(x, before)


def test_a_fade_of_no_length_changes_nothing():
    x = np.ones((1, 5), np.float32)
    assert np.array_equal(fade_in(x, 0, "cosine"), x)
    assert np.array_equal(fade_out(x, 0, "cosine"), x)
    audio = make(x, 8000)
    assert fade_ends(audio, 0, 0, "cosine") is audio


def test_fades_that_fill_the_sound_are_fine_even_where_rounding_makes_them_overlap():
    # At 10 Hz, 0.16 s is 2 samples, and 0.32 s is 3.
    result = fade_ends(make(np.ones(3), 10), 0.16, 0.16, "linear")
    assert np.allclose(result.samples, [[0.25, 0.75 * 0.75, 0.25]])


def test_fades_longer_than_the_sound_are_refused_with_both_lengths():
    with pytest.raises(NodeError, match=r"^the fades take 1\.6 s together, but the sound lasts 1\.5 s$"):
        fade_ends(make(np.ones(12000), 8000), 1.0, 0.6, "linear")
