"""match: attacks that fall together, levels that agree, and nothing cut but what lies before the attack."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.loudness import integrated_lufs
from soundgraph.audio.dsp.onsets import onset
from soundgraph.core.errors import NodeError
from soundgraph.core.params import references
from soundgraph.nodes.match import KIND, Match

RATES = [8000, 11025, 44100, 48000, 192000]


def matched(audio: Audio, to: Audio, **fields: object) -> Audio:
    return KIND.render(Match(input="take", to="first", **fields), [audio, to])


def step(at: int, seed: int, rate: int = 48000, channels: int = 2, seconds: float = 0.25, level: float = 0.3) -> Audio:
    """A burst of noise that dies away, after `at` samples of silence."""
    n = round(seconds * rate)
    body = level * np.random.default_rng(seed).standard_normal((channels, n)) * np.exp(-np.arange(n) / n * 6)
    return make(np.pad(body, ((0, 0), (at, 0))), rate)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("own_ms", [0, 5, 80])
@pytest.mark.parametrize("other_ms", [0, 5, 80])
def test_attacks_fall_together_and_the_step_is_whole(rate, channels, own_ms, other_ms):
    own, other = own_ms * rate // 1000, other_ms * rate // 1000
    audio = step(own, 1, rate, channels)
    result = matched(audio, step(other, 2, rate, channels), level=False)
    assert (result.sample_rate, result.channels) == (rate, channels)
    assert np.array_equal(result.samples[:, other:], audio.samples[:, own:])
    assert not result.samples[:, :other].any()


@pytest.mark.parametrize("seconds", [0.05, 0.25, 0.45, 2.0])
@pytest.mark.parametrize("level", [0.003, 0.3, 8.0])
def test_loudness_agrees_to_half_a_unit(seconds, level):
    first = step(100, 1, seconds=0.3)
    result = matched(step(4000, 2, seconds=seconds, level=level), first)
    assert integrated_lufs(result) == pytest.approx(integrated_lufs(first), abs=0.02)


def test_loudness_agrees_with_an_independent_meter():
    pyloudnorm = pytest.importorskip("pyloudnorm", reason="the independent meter is not installed")
    first, result = step(0, 1, seconds=2.0), matched(step(9000, 2, seconds=3.0, level=0.01), step(0, 1, seconds=2.0))
    meter = pyloudnorm.Meter(48000)
    a, b = (meter.integrated_loudness(audio.samples.T.astype(np.float64)) for audio in (first, result))
    assert a == pytest.approx(b, abs=0.1)


def test_a_take_of_another_rate_and_width_is_matched_as_it_is():
    first = step(4410, 1, rate=44100)
    result = matched(step(100, 2, rate=32000, channels=1), first)
    assert (result.sample_rate, result.channels) == (32000, 1)
    assert onset(result) / 32000 == pytest.approx(0.1, abs=0.5 / 32000)
    assert integrated_lufs(result) == pytest.approx(integrated_lufs(first), abs=0.1)


def test_matching_twice_is_matching_once():
    first = step(700, 1)
    once = matched(step(3000, 2, level=0.01), first, level=False)
    assert matched(once, first, level=False).digest == once.digest


def test_a_sound_matches_itself_bit_for_bit():
    audio = step(700, 1)
    assert matched(audio, audio).digest == audio.digest


def test_noise_before_the_attack_is_cut_without_a_click_and_the_attack_is_not():
    rng = np.random.default_rng(3)
    audio = step(9600, 1)
    noisy = make(audio.samples + 0.003 * rng.standard_normal(audio.samples.shape), 48000)
    result = matched(noisy, step(480, 2), level=False).samples
    start = noisy.n_samples - result.shape[1]
    assert start == pytest.approx(9600 - 480, abs=12)
    assert np.array_equal(result[:, 96:], noisy.samples[:, start + 96 :])
    assert np.abs(result[:, :4]).max() < 0.0003


def test_align_none_leaves_time_and_level_false_leaves_gain():
    audio, first = step(3000, 1), step(100, 2, level=0.1)
    assert matched(audio, first, align="none", level=False).digest == audio.digest
    leveled = matched(audio, first, align="none").samples
    factor = leveled[0, 3000] / audio.samples[0, 3000]
    assert np.allclose(leveled, audio.samples * factor, atol=1e-6)
    assert factor < 0.5


def test_silence_comes_out_as_it_is_and_cannot_be_matched_to():
    silence, empty = make(np.zeros((2, 4800)), 48000), make(np.zeros((1, 0)), 48000)
    assert matched(silence, step(0, 1)).digest == silence.digest
    assert matched(empty, silence).digest == empty.digest
    for nothing in (silence, empty):
        with pytest.raises(NodeError, match=r'^"first" is silence: there is nothing to line up with$'):
            matched(step(0, 1), nothing)


def test_what_is_too_quiet_to_be_measured_is_named():
    quiet, loud = step(0, 1, level=1e-5), step(0, 2)
    says = "is too quiet to be measured (under -70 LUFS); level = false leaves the level as it is"
    for pair, name in (((quiet, loud), "take"), ((loud, quiet), "first")):
        with pytest.raises(NodeError) as caught:
            matched(*pair)
        assert str(caught.value) == f'"{name}" {says}'
        matched(*pair, level=False)


def test_one_sample_is_a_sound():
    one, first = make([[1.0]], 48000), step(10, 1)
    assert matched(one, first, level=False).samples.tolist() == [[*[0.0] * 10, 1.0]]
    assert integrated_lufs(matched(one, first)) == pytest.approx(integrated_lufs(first), abs=0.02)


def test_its_inputs_are_not_written_to():
    audio, first = step(3000, 1), step(100, 2)
    copies = audio.samples.copy(), first.samples.copy()
    matched(audio, first)
    assert np.array_equal(audio.samples, copies[0])
    assert np.array_equal(first.samples, copies[1])


def test_both_are_references():
    assert references(Match(input="a", to="b")) == [("input", "a"), ("to", "b")]


@pytest.mark.parametrize("fields", [{"align": "peak"}, {"level": 1}, {"offset": 0.1}])
def test_other_values_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Match(input="a", to="b", **fields)
