"""mix, against plain numpy."""

import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.resampling import resample
from soundgraph.core.errors import NodeError
from soundgraph.core.params import key_params, references
from soundgraph.nodes.mix import KIND, Layer, Mix

RATE = 8000


def mix(layers: list[tuple[Audio, dict[str, object]]], **fields: object) -> Audio:
    inputs = [Layer(node="x", **settings) for _, settings in layers]
    return KIND.render(Mix(**{"sample_rate": RATE, "inputs": inputs, **fields}), [audio for audio, _ in layers])


def noise(seed: int, n: int = 1000, channels: int = 2, rate: int = RATE) -> Audio:
    return make(np.random.default_rng(seed).standard_normal((channels, n)), rate)


def test_a_stereo_sound_alone_comes_out_bit_for_bit():
    audio = noise(1)
    assert mix([(audio, {})]).digest == audio.digest


def test_layers_are_weighted_moved_and_added():
    a, b, c = noise(1, 1000), noise(2, 400), noise(3, 300, channels=1)
    result = mix(
        [(a, {"weight": 0.6}), (b, {"gain_db": -8.0, "at": 0.1}), (c, {"weight": -0.5, "at": 0.05, "pan": -0.4})]
    )
    wanted = np.zeros((2, 1200))
    wanted[:, :1000] += 0.6 * a.samples
    wanted[:, 800:1200] += 10 ** (-8 / 20) * b.samples
    angle = 0.6 * np.pi / 4
    wanted[:, 400:700] += -0.5 * np.outer([np.cos(angle), np.sin(angle)], c.samples[0])
    assert result.sample_rate == RATE
    assert result.samples.shape == wanted.shape
    assert np.allclose(result.samples, wanted, atol=1e-6)


def test_it_is_added_up_in_float64_and_rounded_once():
    big, small = make([[1.0], [1.0]], RATE), make([[2.0**-25], [2.0**-25]], RATE)
    result = mix([(big, {}), *[(small, {})] * 4, (big, {"weight": -1.0})])
    assert result.samples.tolist() == [[2.0**-23], [2.0**-23]]


def test_the_order_of_layers_is_the_order_of_the_sum():
    # 2**60 swallows the 1 if it comes first.
    big, one = make([[2.0**60], [2.0**60]], RATE), make([[1.0], [1.0]], RATE)
    minus = {"weight": -1.0}
    assert mix([(big, {}), (one, {}), (big, minus)]).samples.tolist() == [[0], [0]]
    assert mix([(big, {}), (big, minus), (one, {})]).samples.tolist() == [[1], [1]]


def test_mixing_is_linear():
    a, b = noise(1), noise(2, 700, channels=1, rate=11025)
    together = mix([(a, {"weight": 0.3}), (b, {"gain_db": 4.0, "at": 0.02, "pan": 0.5})])
    apart = [
        mix([(a, {"weight": 0.3})], duration=0.125),
        mix([(b, {"gain_db": 4.0, "at": 0.02, "pan": 0.5})], duration=0.125),
    ]
    assert together.n_samples == 1000
    assert np.allclose(together.samples, apart[0].samples + apart[1].samples, atol=1e-6)


def test_a_sound_and_its_opposite_are_silence():
    audio = noise(1)
    assert not mix([(audio, {}), (audio, {"weight": -1.0})]).samples.any()


def test_nothing_is_rescaled_or_clipped():
    loud = make(np.full((2, 10), 0.9), RATE)
    assert np.allclose(mix([(loud, {})] * 5).samples, 4.5)


@pytest.mark.parametrize("rate", [RATE, 48000])
def test_other_rates_are_resampled(rate):
    layers = [noise(1, 500, 1, 16000), noise(2, 700, 2, 44100), noise(3, 600, 2, 8000)]
    wanted = np.zeros((2, max(round(audio.n_samples * rate / audio.sample_rate) for audio in layers)))
    for audio in layers:
        samples = resample(audio, rate).samples.astype(np.float64)
        wanted[:, : samples.shape[1]] += samples if audio.channels == 2 else np.sqrt(0.5) * samples
    result = mix([(audio, {}) for audio in layers], sample_rate=rate)
    assert result.sample_rate == rate
    assert result.samples.shape == wanted.shape
    assert np.allclose(result.samples, wanted, atol=1e-6)


def test_mono_is_in_the_centre_3_db_down_unless_said():
    mono = noise(1, channels=1)
    assert np.allclose(mix([(mono, {})]).samples, np.tile(mono.samples * np.sqrt(0.5), (2, 1)), atol=1e-6)


def test_stereo_is_balanced():
    stereo = noise(1)
    result = mix([(stereo, {"pan": 0.5})])
    assert np.array_equal(result.samples[1], stereo.samples[1])
    assert np.allclose(result.samples[0], stereo.samples[0] * np.cos(np.pi / 4), atol=1e-6)


def test_a_mono_mix_takes_mono_as_it_is_and_the_mean_of_stereo():
    mono, stereo = noise(1, channels=1), noise(2)
    assert mix([(mono, {})], channels=1).digest == mono.digest
    result = mix([(mono, {}), (stereo, {"weight": 0.5})], channels=1)
    assert result.channels == 1
    assert np.allclose(result.samples[0], mono.samples[0] + 0.5 * stereo.samples.mean(axis=0), atol=1e-6)


def test_duration_cuts_and_fills_up():
    audio = noise(1)
    short, long = mix([(audio, {})], duration=0.05), mix([(audio, {})], duration=0.2)
    assert np.array_equal(short.samples, audio.samples[:, :400])
    assert np.array_equal(long.samples[:, :1000], audio.samples)
    assert long.n_samples == 1600
    assert not long.samples[:, 1000:].any()


def test_a_layer_that_begins_after_the_end_is_not_heard():
    audio = noise(1)
    assert mix([(audio, {}), (audio, {"at": 0.125}), (audio, {"at": 7.0})], duration=0.125).digest == audio.digest


def test_the_shortest_sounds():
    empty, single = make(np.zeros((1, 0)), 44100), make([[1.0], [1.0]], RATE)
    assert mix([(empty, {})]).samples.shape == (2, 0)
    assert mix([(empty, {"at": 0.5})]).n_samples == 4000
    assert mix([(empty, {}), (single, {})]).digest == single.digest


def test_more_than_two_channels_are_refused_by_name():
    with pytest.raises(NodeError) as caught:
        mix([(noise(1), {}), (noise(1, channels=6), {})])
    assert str(caught.value) == 'a mix takes mono and stereo, but "x" has 6 channels'


def test_a_mix_too_long_for_a_file_is_refused_before_it_takes_memory():
    with pytest.raises(NodeError, match=r"^the mix would last 36000 s, more than"):
        mix([(noise(1), {})], duration=36000, sample_rate=48000)


def test_a_result_that_float32_cannot_hold_is_an_error_and_no_warning():
    with pytest.raises(NodeError, match="NaN or infinity"):
        mix([(make([[1e38], [1e38]], RATE), {"gain_db": 60.0})])


def test_weight_and_gain_together_are_a_mistake():
    with pytest.raises(ValidationError, match="give weight or gain_db, not both"):
        Layer(node="x", weight=0.5, gain_db=-3.0)


def test_a_pan_in_a_mono_mix_is_a_mistake_that_names_the_layer():
    with pytest.raises(ValidationError, match=r"inputs\[1\] has a pan, but a mix of 1 channel has no sides"):
        Mix(inputs=[Layer(node="x"), Layer(node="x", pan=0.5)], channels=1)


@pytest.mark.parametrize("fields", [{"weight": 1001.0}, {"gain_db": 61.0}, {"at": -0.1}, {"pan": 1.5}, {"gain": 1.0}])
def test_layer_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Layer(node="x", **fields)


@pytest.mark.parametrize(
    "fields",
    [{"inputs": []}, {"inputs": [Layer(node="x")] * 257}, {"channels": 3}, {"sample_rate": 7999}, {"duration": 0.0}],
)
def test_mix_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Mix(**{"inputs": [Layer(node="x")], **fields})


def test_inputs_are_references_in_the_order_written_and_the_rate_is_the_scenes():
    node = Mix(inputs=[Layer(node="rain", weight=0.5), Layer(node="wind")])
    assert references(node) == [("inputs[0].node", "rain"), ("inputs[1].node", "wind")]
    assert key_params(node) == {"inputs": [{"weight": 0.5}, {}]}
    assert KIND.from_scene == ("sample_rate",)


SCRIPT = """
import numpy as np
from soundgraph.audio.artifact import make
from soundgraph.nodes import eq, mix, trim
noise = np.random.default_rng(1).standard_normal((2, 200_000))
layers = [make(noise[:, :90_000], 32000), make(noise[:1], 44100)]
bands = [eq.Band(type="low_shelf", freq_hz=200, gain_db=6), eq.Band(type="highpass", freq_hz=30)]
layers = [eq.render(eq.Eq(input="x", bands=bands), [audio]) for audio in layers]
layers = [trim.render(trim.Trim(input="x", start=0.1, fade_out=0.5), [audio]) for audio in layers]
inputs = [mix.Layer(node="x", weight=0.3), mix.Layer(node="x", gain_db=-3, pan=0.2, at=0.1)]
print(mix.render(mix.Mix(inputs=inputs), layers).digest)
"""


def test_a_fresh_process_with_another_thread_count_gives_the_same_bytes():
    digests = set()
    for threads in ("1", "5"):
        limits = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=limits, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1
