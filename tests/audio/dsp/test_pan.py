"""Panning, against the power identity."""

import numpy as np
import pytest

from soundgraph.audio.dsp.panning import balance_gains, pan, pan_gains
from soundgraph.core.errors import NodeError

POSITIONS = np.linspace(-1, 1, 41).tolist()


@pytest.mark.parametrize("position", POSITIONS)
def test_a_mono_sound_keeps_its_power_wherever_it_goes(position):
    left, right = pan_gains(position)
    assert left**2 + right**2 == pytest.approx(1, abs=1e-15)
    angle = (position + 1) * np.pi / 4
    assert (left, right) == (pytest.approx(np.cos(angle), abs=1e-15), pytest.approx(np.sin(angle), abs=1e-15))


def test_the_centre_is_3_db_down_and_the_same_on_both_sides():
    left, right = pan_gains(0.0)
    assert left == right
    assert 20 * np.log10(left) == pytest.approx(-3.0103, abs=1e-4)


def test_the_ends_are_exact():
    assert pan_gains(-1.0) == (1.0, 0.0)
    assert pan_gains(1.0) == (0.0, 1.0)
    assert balance_gains(-1.0) == (1.0, 0.0)
    assert balance_gains(1.0) == (0.0, 1.0)


@pytest.mark.parametrize("position", POSITIONS)
def test_left_and_right_mirror_each_other_in_every_bit(position):
    assert pan_gains(-position) == pan_gains(position)[::-1]
    assert balance_gains(-position) == balance_gains(position)[::-1]


@pytest.mark.parametrize("position", POSITIONS)
def test_balance_never_raises_a_side_and_lowers_only_the_far_one(position):
    left, right = balance_gains(position)
    assert max(left, right) == 1
    assert min(left, right) == pytest.approx(np.cos(abs(position) * np.pi / 2), abs=1e-15)


def test_a_stereo_sound_in_the_centre_stays_bit_for_bit():
    x = np.random.default_rng(2).standard_normal((2, 1000)).astype(np.float32)
    assert pan(x, 0.0).tobytes() == x.tobytes()


def test_panning_is_the_gains_times_the_samples():
    mono = np.random.default_rng(2).standard_normal((1, 100)).astype(np.float32)
    stereo = np.random.default_rng(3).standard_normal((2, 100)).astype(np.float32)
    assert np.allclose(pan(mono, 0.3), np.outer(pan_gains(0.3), mono[0]), atol=1e-7)
    assert np.allclose(pan(stereo, -0.3), stereo * np.array(balance_gains(-0.3))[:, None], atol=1e-7)
    assert pan(mono, 0.3).dtype == np.float32


@pytest.mark.parametrize("n", [0, 1])
def test_the_shortest_sounds_pan(n):
    assert pan(np.ones((1, n), np.float32), 0.5).shape == (2, n)
    assert pan(np.ones((2, n), np.float32), 0.5).shape == (2, n)


def test_more_than_two_channels_are_refused():
    with pytest.raises(NodeError, match="only mono and stereo can be panned, and the sound has 6 channels"):
        pan(np.ones((6, 4), np.float32), 0.0)
