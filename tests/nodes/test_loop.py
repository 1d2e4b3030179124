"""loop: exact length, a seam nobody hears, and what is said where there is not enough sound."""

import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.seam import AUDIBLE, seam_ratio
from soundgraph.core.errors import NodeError
from soundgraph.nodes.loop import KIND, Loop

RATES = [8000, 11025, 44100, 48000, 192000]


def loop(audio: Audio, **fields: object) -> Audio:
    return KIND.render(Loop(input="x", **fields), [audio])


def noise(seconds: float, rate: int = 8000, channels: int = 2) -> Audio:
    return make(0.2 * np.random.default_rng(1).standard_normal((channels, round(seconds * rate))), rate)


def wind(seconds: float, rate: int = 8000) -> Audio:
    """Slow, deep noise, in which any jump is heard."""
    spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal(round(seconds * rate)))
    freqs_hz = np.fft.rfftfreq(round(seconds * rate), 1 / rate)
    spectrum *= (freqs_hz > 20) * np.maximum(freqs_hz, 20.0) ** -2.5
    sound = np.fft.irfft(spectrum)
    return make(0.3 * sound / np.abs(sound).max(), rate)


def refusal(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Loop(input="x", **fields)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_length_is_exact_and_the_seam_is_not_audible(rate, channels):
    result = loop(noise(2.0, rate, channels), duration=0.7771, crossfade=0.2)
    assert (result.sample_rate, result.samples.shape) == (rate, (channels, round(0.7771 * rate)))
    assert seam_ratio(result) < AUDIBLE


@pytest.mark.parametrize("crossfade", [0.01, 0.1, 1.0])
def test_deep_wind_that_any_cut_would_break_is_looped(crossfade):
    sound = wind(20.0)
    assert min(seam_ratio(sound, start, start + 32000) for start in range(0, 100_000, 10_000)) > AUDIBLE
    assert seam_ratio(loop(sound, duration=4.0, crossfade=crossfade)) < AUDIBLE


def test_a_crossfade_too_short_for_deep_wind_is_an_error_with_the_figure():
    with pytest.raises(NodeError, match=r"the best seam found is \d+\.\d times as rough as the sound, and over 5 is"):
        loop(wind(20.0), duration=4.0, crossfade=0.001)


def test_an_endless_ambience_becomes_a_loop_of_a_minute():
    result = loop(wind(75.0), duration=60.0)
    assert result.n_samples == 480_000
    assert seam_ratio(result) < AUDIBLE


def test_nothing_outside_start_and_end_is_used():
    sound = noise(6.0)
    marked = sound.samples.copy()
    marked[:, :8000] = 9.0
    marked[:, 32000:] = -9.0
    fields = {"duration": 1.5, "crossfade": 0.25, "start": 1.0, "end": 4.0}
    assert loop(make(marked, 8000), **fields).digest == loop(sound, **fields).digest


def test_the_beginning_of_the_loop_is_the_sound_itself():
    sound = noise(1.25)  # room for one place only
    result = loop(sound, duration=1.0, crossfade=0.25)
    assert np.array_equal(result.samples[:, :6000], sound.samples[:, 2000:8000])


def test_the_crossfade_is_a_quarter_of_the_loop_but_a_second_at_most_unless_said():
    assert [Loop(input="x", duration=seconds).fade for seconds in (0.4, 4.0, 60.0)] == [0.1, 1.0, 1.0]
    sound = noise(3.0)
    assert loop(sound, duration=2.0).digest == loop(sound, duration=2.0, crossfade=0.5).digest


def test_steady_evens_out_the_level():
    fading = make(noise(12.0).samples * 10 ** (-np.linspace(0, 10, 96000) / 20), 8000)

    def drift_db(result: Audio) -> float:
        halves = (result.samples.astype(np.float64) ** 2).mean(axis=0).reshape(2, -1).mean(axis=1)
        return 10 * np.log10(halves[0] / halves[1])

    assert drift_db(loop(fading, duration=8.0)) > 2.0
    assert abs(drift_db(loop(fading, duration=8.0, steady=True))) < 0.3


def test_an_input_that_is_too_short_is_refused_with_figures():
    with pytest.raises(NodeError) as caught:
        loop(noise(5.0), duration=5.0)
    assert str(caught.value) == "a loop of 5 s and its crossfade of 1 s take 6 s, but the input has 5 s"
    with pytest.raises(NodeError) as caught:
        loop(noise(5.0), duration=3.0, start=1.5)
    assert str(caught.value) == (
        "a loop of 3 s and its crossfade of 0.75 s take 3.75 s, but the input has 3.5 s after start (1.5 s)"
    )
    with pytest.raises(NodeError, match=r"^end is 6 s, but the input lasts 5 s$"):
        loop(noise(5.0), duration=3.0, end=6.0)


@pytest.mark.parametrize("rate", RATES)
def test_an_input_of_just_the_length_that_it_takes_is_enough_where_times_round(rate):
    n = round((0.33335 + 0.11115) * rate)
    assert loop(noise(n / rate, rate), duration=0.33335, crossfade=0.11115).n_samples == round(0.33335 * rate)


def test_a_loop_that_cannot_be_made_is_an_error_with_the_figure():
    tone = make(np.sin(2 * np.pi * 200 * np.arange(24000) / 8000), 8000)
    with pytest.raises(
        NodeError, match=r"cancels itself across the crossfade \(correlation -1\.00\); a duration of 1 s"
    ):
        loop(tone, duration=1.0025)
    assert seam_ratio(loop(tone, duration=1.0)) < 1.5


def test_silence_full_scale_and_the_shortest_sounds():
    silence = make(np.zeros((2, 8000)), 8000)
    assert not loop(silence, duration=0.5).samples.any()
    loud = make(noise(2.0).samples * np.float32(1000), 8000)
    assert np.abs(loop(loud, duration=1.0).samples).max() > 400
    for n in (0, 1):
        with pytest.raises(NodeError, match=r"take 0\.011 s, but the input has"):
            loop(make(np.ones((1, n)), 8000), duration=0.01, crossfade=0.001)
    assert loop(noise(0.011), duration=0.01, crossfade=0.001).n_samples == 80


def test_its_input_is_not_written_to():
    sound = noise(3.0)
    copy = sound.samples.copy()
    loop(sound, duration=2.0, steady=True)
    assert np.array_equal(sound.samples, copy)


def test_times_that_contradict_each_other_are_mistakes():
    assert refusal(duration=1.0, crossfade=1.5) == "Value error, crossfade (1.5 s) is longer than duration (1 s)"
    assert refusal(duration=2.0, crossfade=0.5, start=1.0, end=3.0) == (
        "Value error, duration and crossfade take 2.5 s, but there are only 2 s from start to end"
    )


@pytest.mark.parametrize(
    "fields", [{}, {"duration": 0.0}, {"duration": 1.0, "crossfade": 0.0}, {"duration": 1.0, "start": -1.0}]
)
def test_values_out_of_range_are_mistakes(fields):
    refusal(**fields)


SCRIPT = """
import numpy as np
from soundgraph.audio.artifact import make
from soundgraph.nodes import crossfade, loop, match, sequence
rng = np.random.default_rng(1)
a, b = (make(rng.standard_normal((2, 200_000)), rate) for rate in (32000, 44100))
looped = loop.render(loop.Loop(input="x", duration=2.5, steady=True), [a])
clips = [sequence.Clip(node="x"), sequence.Clip(node="y", crossfade=0.7)]
joined = sequence.render(sequence.Sequence(inputs=clips), [looped, b])
faded = crossfade.render(crossfade.Crossfade(input="x", to="y", duration=1.0), [joined, a])
print(match.render(match.Match(input="x", to="y"), [faded, b]).digest)
"""


def test_a_fresh_process_with_another_thread_count_gives_the_same_bytes():
    digests = set()
    for threads in ("1", "5"):
        limits = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        done = subprocess.run([sys.executable, "-c", SCRIPT], env=limits, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1
