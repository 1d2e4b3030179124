"""reverb: levels, sides, times, and what is kept of the tail."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.reverb import KIND, Reverb

WET = {"wet_db": 0.0, "dry_db": -120.0}


def reverberated(audio: Audio, **fields) -> Audio:
    return KIND.render(Reverb(input="x", **{"decay": 0.3, **fields}), [audio])


def noise(channels: int = 1, n: int = 48000, rate: int = 48000) -> Audio:
    return make(np.random.default_rng(1).standard_normal((channels, n)), rate)


def power(audio: Audio) -> float:
    """Over all channels."""
    return float(np.sum(audio.samples.astype(np.float64) ** 2)) / audio.n_samples


@pytest.mark.parametrize("rate", [8000, 11025, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_result_is_stereo_and_as_long_as_sound_predelay_and_decay(channels, rate):
    result = reverberated(noise(channels, 1000, rate), predelay_ms=40.0)
    assert (result.channels, result.sample_rate) == (2, rate)
    assert result.n_samples == 1000 + round(0.04 * rate) + round(0.3 * rate) - 1


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("decay", [0.2, 0.8, 2.0])
def test_a_click_falls_by_60_db_within_the_decay(decay, rate):
    click = make(np.eye(1, 10), rate)
    result = reverberated(click, decay=decay, damping_hz=96000.0, size_m=5.0, **WET)
    to_come = np.cumsum(result.samples[0, ::-1].astype(np.float64) ** 2)[::-1]
    level = 10 * np.log10(to_come / to_come[0] + 1e-30)
    first, last = np.argmax(level < -5), np.argmax(level < -35)
    slope = np.polyfit(np.arange(first, last) / rate, level[first:last], 1)[0]
    assert -60 / slope == pytest.approx(decay, rel=0.1)


@pytest.mark.parametrize("channels_in", [1, 2])
@pytest.mark.parametrize("channels", [1, 2])
def test_at_0_db_noise_fills_the_room_as_loud_as_it_is(channels, channels_in):
    audio = noise(channels_in)
    result = reverberated(audio, channels=channels, damping_hz=96000.0, size_m=3.0, tail=False, **WET)
    late = make(result.samples[:, 24000:], 48000)
    heard = audio if channels >= channels_in else make(audio.samples.mean(axis=0), 48000)
    assert power(late) == pytest.approx(power(heard), rel=0.2)


def test_wet_and_dry_are_levels_of_the_two():
    audio = noise(2)
    dry = reverberated(audio, wet_db=-120.0, dry_db=-6.0, tail=False)
    assert np.allclose(dry.samples, 10 ** (-6 / 20) * audio.samples, atol=1e-5)
    louder, wet = reverberated(audio, wet_db=-20.0, dry_db=-120.0), reverberated(audio, **WET)
    assert np.allclose(louder.samples, 0.1 * wet.samples, atol=2e-5)


def test_the_sound_itself_stays_in_its_place():
    audio = noise(2, 500)
    result = reverberated(audio, predelay_ms=100.0)
    assert np.allclose(result.samples[:, :500], audio.samples, rtol=1e-6, atol=1e-12)
    assert not result.samples[:, 500:4800].any()


def test_mono_itself_goes_to_the_centre_as_in_a_mix():
    audio = noise(1, 500)
    result = reverberated(audio, predelay_ms=100.0)
    assert np.allclose(result.samples[:, :500], np.sqrt(0.5) * audio.samples, rtol=1e-6, atol=1e-12)


def test_predelay_moves_the_room_and_nothing_else():
    audio = noise(1, 500)
    now, later = reverberated(audio, **WET), reverberated(audio, predelay_ms=25.0, **WET)
    assert np.allclose(later.samples[:, 1200:], now.samples, atol=1e-5)


def test_a_sound_on_one_side_fills_both_sides_of_the_room():
    one = noise(1).samples
    result = reverberated(make(np.concatenate([one, 0 * one]), 48000), **WET)
    left, right = (float(np.mean(side.astype(np.float64) ** 2)) for side in result.samples)
    assert left == pytest.approx(right, rel=0.2)


def test_the_sides_are_unrelated_and_the_same_with_no_width():
    click = make(np.eye(1, 10), 48000)
    left, right = reverberated(click, decay=1.5, size_m=3.0, **WET).samples.astype(np.float64)
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.1
    left, right = reverberated(click, width=0.0, **WET).samples
    assert np.array_equal(left, right)


def test_without_a_tail_it_is_the_beginning_of_what_it_is_with_one():
    audio = noise(2, 5000)
    whole, cut = reverberated(audio), reverberated(audio, tail=False)
    assert cut.n_samples == 5000
    assert np.array_equal(whole.samples[:, :5000], cut.samples)


@pytest.mark.parametrize(("channels", "kept"), [(1, 1), (2, 2)])
def test_an_empty_sound_stays_empty(channels, kept):
    assert reverberated(noise(n=0), channels=channels).samples.shape == (kept, 0)


def test_surround_is_refused():
    with pytest.raises(NodeError, match=r"^a reverb takes mono and stereo, but the input has 6 channels$"):
        reverberated(noise(6, 100))


@pytest.mark.parametrize(
    "fields", [{"decay": 0.0}, {"decay": 31.0}, {"size_m": 0.5}, {"width": 1.1}, {"channels": 3}, {"seed": -1}]
)
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Reverb(input="x", **fields)
