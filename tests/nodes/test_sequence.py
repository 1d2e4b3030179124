"""sequence: where clips come to lie, and the level across their crossfades."""

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.crossfades import joined
from soundgraph.audio.dsp.resampling import resample
from soundgraph.core.errors import NodeError
from soundgraph.core.params import references
from soundgraph.nodes.sequence import KIND, Clip, Sequence

RATE = 8000


def sequence(*clips: tuple[Audio, dict[str, object]], sample_rate: int = RATE) -> Audio:
    names = "abcdefgh"
    inputs = [Clip(node=names[index], **fields) for index, (_, fields) in enumerate(clips)]
    return KIND.render(Sequence(inputs=inputs, sample_rate=sample_rate), [audio for audio, _ in clips])


def noise(seed: int, n: int = 1000, channels: int = 2, rate: int = RATE) -> Audio:
    return make(np.random.default_rng(seed).standard_normal((channels, n)), rate)


def refusal(*clips: dict[str, object]) -> str:
    with pytest.raises(ValidationError) as caught:
        Sequence.model_validate({"inputs": [{"node": "x", **clip} for clip in clips]})
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 192000])
def test_clips_follow_one_another_bit_for_bit(channels, rate):
    a, b, c = (noise(seed, 900 + seed, channels, rate) for seed in (1, 2, 3))
    result = sequence((a, {}), (b, {}), (c, {}), sample_rate=rate)
    assert result.sample_rate == rate
    assert np.array_equal(result.samples, np.concatenate([a.samples, b.samples, c.samples], axis=1))


def test_gaps_are_silence_to_the_sample():
    a, b = noise(1), noise(2)
    result = sequence((a, {"gap": 0.05}), (b, {"gap": 0.025})).samples
    assert result.shape == (2, 400 + 1000 + 200 + 1000)
    assert not result[:, :400].any()
    assert not result[:, 1400:1600].any()
    assert np.array_equal(result[:, 1600:], b.samples)


def test_a_clip_at_a_time_is_added_to_what_is_there():
    a, b, c = noise(1), noise(2), noise(3, 100)
    result = sequence((a, {}), (b, {"at": 0.1}), (c, {})).samples
    wanted = np.zeros((2, 1900))
    wanted[:, :1000] += a.samples
    wanted[:, 800:1800] += b.samples
    wanted[:, 1800:] += c.samples
    assert np.allclose(result, wanted, atol=1e-6)


def test_at_may_go_back_to_the_very_beginning():
    a, b = noise(1), noise(2, 400)
    result = sequence((a, {}), (b, {"at": 0.0})).samples
    assert result.shape == (2, 1000)
    assert np.allclose(result[:, :400], a.samples[:, :400] + b.samples, atol=1e-6)


def test_a_crossfade_is_one_with_the_clip_before():
    a, b, c = noise(1), noise(2), noise(3)
    result = sequence((a, {}), (b, {"crossfade": 0.025}), (c, {"crossfade": 0.05})).samples
    wanted = joined(joined(a.samples, b.samples, 200, "measured"), c.samples, 400, "measured")
    assert np.allclose(result, wanted, atol=1e-6)


@pytest.mark.parametrize("r", [0.0, 0.6, 1.0])
def test_the_level_holds_across_a_crossfade(r):
    first, other = np.random.default_rng(1).standard_normal((2, 80_000))
    a = make(first, RATE)
    b = make(np.concatenate([r * first[-40_000:] + np.sqrt(1 - r * r) * other[:40_000], other[40_000:]]), RATE)
    parts = sequence((a, {}), (b, {"crossfade": 5.0})).samples.reshape(12, -1).astype(np.float64)
    assert np.abs(10 * np.log10((parts**2).mean(axis=1))).max() < 0.25


def test_a_sound_cut_in_three_is_put_together_again_by_its_crossfades():
    whole = noise(1, 3000)
    parts = [make(whole.samples[:, first:last], RATE) for first, last in [(0, 1200), (800, 2100), (1700, 3000)]]
    result = sequence((parts[0], {}), (parts[1], {"crossfade": 0.05}), (parts[2], {"crossfade": 0.05}))
    assert np.allclose(result.samples, whole.samples, atol=1e-6)


def test_gain_is_in_db_and_does_not_enter_what_is_measured():
    a, b = noise(1), noise(2)
    quiet = make(b.samples * np.float32(0.5), RATE)
    by_gain = sequence((a, {}), (b, {"gain_db": 20 * np.log10(0.5), "crossfade": 0.05}))
    assert np.allclose(by_gain.samples, sequence((a, {}), (quiet, {"crossfade": 0.05})).samples, atol=1e-6)


def test_other_rates_are_resampled_to_the_sequences():
    a, b = noise(1, rate=16000), noise(2, rate=44100)
    result = sequence((a, {}), (b, {"crossfade": 0.01}), sample_rate=48000)
    converted = [resample(audio, 48000) for audio in (a, b)]
    assert result.digest == sequence((converted[0], {}), (converted[1], {"crossfade": 0.01}), sample_rate=48000).digest


def test_mono_among_stereo_is_in_the_centre_3_db_down_and_alone_stays_mono():
    mono, stereo = noise(1, channels=1), noise(2)
    result = sequence((stereo, {}), (mono, {})).samples
    assert np.allclose(result[:, 1000:], np.sqrt(0.5) * mono.samples, atol=1e-6)
    assert sequence((mono, {})).digest == mono.digest
    with pytest.raises(NodeError, match="inputs of 2 and 6 channels do not go together"):
        sequence((stereo, {}), (noise(3, channels=6), {}))


def test_a_crossfade_longer_than_a_clip_is_refused_with_both_lengths():
    with pytest.raises(NodeError) as caught:
        sequence((noise(1), {}), (noise(2, 400), {"crossfade": 0.1}))
    assert str(caught.value) == 'inputs[1].crossfade takes 0.1 s, but "a" lasts 0.125 s and "b" lasts 0.05 s'


def test_crossfades_that_meet_within_a_clip_are_refused():
    with pytest.raises(NodeError) as caught:
        sequence((noise(1), {}), (noise(2), {"crossfade": 0.07}), (noise(3), {"crossfade": 0.08}))
    assert str(caught.value) == '"b" lasts 0.125 s, but its crossfades take 0.07 s and 0.08 s'


def test_crossfades_may_fill_a_clip_even_where_each_rounds_up():
    ones = make(np.ones((1, 3)), RATE)  # two crossfades of a sample and a half round to two samples each
    assert sequence((ones, {}), (ones, {"crossfade": 1.5 / RATE}), (ones, {"crossfade": 1.5 / RATE})).n_samples == 5
    assert sequence((noise(1), {}), (noise(2), {"crossfade": 0.125}), (noise(3), {})).n_samples == 2000


def test_silence_full_scale_and_the_shortest_sounds():
    empty, one = make(np.zeros((1, 0)), RATE), make([[0.5]], RATE)
    assert sequence((empty, {})).samples.shape == (1, 0)
    assert sequence((one, {}), (empty, {"gap": 0.001}), (one, {})).samples.tolist() == [[0.5, *[0.0] * 8, 0.5]]
    loud, silence = make(np.full((1, 10), 40.0), RATE), make(np.zeros((1, 10)), RATE)
    assert sequence((loud, {}), (silence, {})).samples.tolist() == [[40.0] * 10 + [0.0] * 10]
    assert not sequence((silence, {}), (silence, {"crossfade": 0.001})).samples.any()


def test_a_result_that_float32_cannot_hold_is_an_error_and_no_warning():
    with pytest.raises(NodeError, match="NaN or infinity"):
        sequence((make([[1e38, 1.0]], RATE), {"gain_db": 60.0}), (noise(1, 9, 1), {"crossfade": 1 / RATE}))


def test_a_sequence_too_long_for_a_file_is_refused_before_it_takes_memory():
    with pytest.raises(NodeError, match=r"^the sequence would last 36000 s, more than"):
        sequence((noise(1, 8), {}), (noise(2, 0), {"at": 36000.0}), sample_rate=48000)


def test_its_inputs_are_not_written_to():
    a, b = noise(1), noise(2)
    copies = a.samples.copy(), b.samples.copy()
    sequence((a, {}), (b, {"crossfade": 0.05, "gain_db": -3.0}))
    assert np.array_equal(a.samples, copies[0])
    assert np.array_equal(b.samples, copies[1])


def test_a_clip_has_one_place():
    assert refusal({}, {"gap": 1.0, "crossfade": 0.5}) == "Value error, give gap or crossfade, not both"
    assert refusal({}, {"at": 0.0, "crossfade": 0.5}) == "Value error, give crossfade or at, not both"
    first = "Value error, inputs[0] has a crossfade, but there is no clip before it"
    assert refusal({"crossfade": 0.5}, {}) == first


@pytest.mark.parametrize("clip", [{"gap": -0.1}, {"crossfade": -1.0}, {"at": -0.1}, {"gain_db": 61.0}, {"pan": 0.5}])
def test_values_out_of_range_are_mistakes(clip):
    assert refusal({}, clip)


def test_inputs_are_references_in_the_order_written_and_the_rate_is_the_scenes():
    node = Sequence(inputs=[Clip(node="intro"), Clip(node="theme", crossfade=0.5)])
    assert references(node) == [("inputs[0].node", "intro"), ("inputs[1].node", "theme")]
    assert KIND.from_scene == ("sample_rate",)
