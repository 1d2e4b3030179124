"""tone: lengths, levels, and against the tones that sox makes."""

import shutil
import subprocess

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, from_wav
from soundgraph.nodes.tone import KIND, Tone

RATES = [8000, 11025, 44100, 48000, 192000]


def tone(**fields: object) -> Audio:
    return KIND.render(Tone(**{"freq_hz": 440.0, "duration": 0.5, **fields}), [])


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_length_rate_and_channels_are_those_asked_for(rate, channels):
    audio = tone(sample_rate=rate, channels=channels, duration=0.1)
    assert (audio.sample_rate, audio.samples.shape) == (rate, (channels, round(0.1 * rate)))
    assert (audio.samples == audio.samples[0]).all()


@pytest.mark.parametrize("level", [0.0, -6.0, -60.0, -120.0])
@pytest.mark.parametrize("waveform", ["sine", "triangle", "square", "saw"])
def test_the_level_is_the_peak_of_the_ideal_waveform(waveform, level):
    samples = tone(waveform=waveform, freq_hz=50.0, level_dbfs=level).samples[0].astype(np.float64)
    ideal = {"sine": np.sqrt(1 / 2), "triangle": np.sqrt(1 / 3), "square": 1.0, "saw": np.sqrt(1 / 3)}[waveform]
    rms_db = 20 * np.log10(np.sqrt((samples**2).mean()) / ideal)
    assert rms_db == pytest.approx(level, abs=0.02)


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("sweep", [None, 3000.0])
def test_sox_makes_the_same_sine(rate, sweep):
    if shutil.which("sox") is None:
        pytest.skip("sox is not installed")
    audio = tone(freq_hz=300.0, end_freq_hz=sweep, sweep="linear", sample_rate=rate, level_dbfs=0.0)
    freqs = "300" if sweep is None else f"300:{sweep:g}"
    command = ["sox", "-R", "-r", str(rate), "-n", "-c", "1", "-b", "32", "-e", "float", "-t", "raw", "-"]
    made = subprocess.run([*command, "synth", "0.5", "sine", freqs], capture_output=True, check=True).stdout
    samples = np.frombuffer(made, "<f4")
    assert np.abs(samples - audio.samples[0]).max() < 2e-4


def test_a_tone_depends_on_nothing_but_its_fields():
    fields = {"waveform": "saw", "end_freq_hz": 2000.0}
    assert tone(**fields).digest == tone(**fields).digest != tone(**fields, sweep="linear").digest
    assert tone().digest == tone(end_freq_hz=440.0).digest == tone(sweep="linear").digest
    assert from_wav(tone().to_wav()).digest == tone().digest


@pytest.mark.parametrize("duration", [1e-9, 1 / 48000])
def test_the_shortest(duration):
    for fields in ({}, {"waveform": "saw"}, {"end_freq_hz": 2000.0, "waveform": "square"}):
        assert tone(duration=duration, **fields).n_samples == round(duration * 48000)


@pytest.mark.parametrize("field", ["freq_hz", "end_freq_hz"])
def test_a_tone_that_the_rate_has_no_room_for_is_a_mistake(field):
    with pytest.raises(ValidationError, match=f"{field} is 4000, but a tone at 8000 Hz has to be below 4000 Hz"):
        Tone(**{"freq_hz": 100.0, field: 4000.0, "sample_rate": 8000})


def test_more_than_a_file_holds_is_a_mistake():
    with pytest.raises(ValidationError, match=r"22\.1 GB of samples are more than the 4\.3 GB one WAV file can hold"):
        Tone(freq_hz=100.0, sample_rate=192000, channels=8, duration=3600.0)


@pytest.mark.parametrize(
    "change",
    [
        {"freq_hz": 0.5},
        {"freq_hz": 96000.0},
        {"level_dbfs": 1.0},
        {"duration": 0.0},
        {"channels": 0},
        {"sample_rate": 7999},
        {"waveform": "noise"},
    ],
)
def test_values_out_of_range_are_mistakes(change):
    with pytest.raises(ValidationError):
        Tone(**{"freq_hz": 440.0, **change})
