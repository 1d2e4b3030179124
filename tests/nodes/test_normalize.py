"""normalize: each of its four levels, measured by an independent meter."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.loudness import integrated_lufs
from soundgraph.core.errors import NodeError
from soundgraph.nodes.normalize import KIND, Normalize
from tests.audio.dsp.meters import scipy_true_peak_db

RATES = (8000, 11025, 44100, 48000, 192000)


def normalize(audio: Audio, **fields) -> Audio:
    return KIND.render(Normalize(input="x", **fields), [audio])


def programme(rate: int = 48000, channels: int = 2, seconds: float = 1.5) -> Audio:
    """Noise that is loud and soft by turns."""
    n = round(seconds * rate)
    swell = 0.02 + 0.2 * np.abs(np.sin(np.pi * np.arange(n) / rate))
    return make(np.random.default_rng(1).standard_normal((channels, n)) * swell, rate)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("field", ["lufs", "true_peak_dbtp", "rms_dbfs", "peak_dbfs"])
def test_it_is_one_gain_over_everything(rate, channels, field):
    audio = programme(rate, channels, 0.5)
    result = normalize(audio, **{field: -14.0})
    assert result.samples.shape == audio.samples.shape
    assert result.sample_rate == rate
    gain = result.samples[0, 100] / audio.samples[0, 100]
    assert gain != 1
    assert np.allclose(result.samples, audio.samples * gain, rtol=1e-6)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("target", [-23.0, -14.5])
def test_loudness_is_what_pyloudnorm_reads(rate, target):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    result = normalize(programme(rate), lufs=target)
    assert pyloudnorm.Meter(rate).integrated_loudness(result.samples.T) == pytest.approx(target, abs=0.05)


def test_loudness_is_reached_though_the_gain_lifts_quiet_parts_over_the_gate():
    quiet = make(np.concatenate([programme().samples * 0.002, programme().samples * 0.0008], axis=1), 48000)
    assert integrated_lufs(normalize(quiet, lufs=-20)) == pytest.approx(-20, abs=0.01)


def test_a_peak_is_reached_from_below():
    peak = np.abs(normalize(programme(), peak_dbfs=-3).samples).max()
    assert -3.002 <= 20 * np.log10(peak) <= -3


def test_a_true_peak_is_what_an_independent_meter_reads():
    pytest.importorskip("scipy")
    tone = make(0.1 * np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4) * np.hanning(4800), 48000)
    assert scipy_true_peak_db(normalize(tone, true_peak_dbtp=-1), 64) == pytest.approx(-1, abs=0.02)


def test_rms_is_that_of_all_samples_of_all_channels():
    sine = np.sin(2 * np.pi * 100 * np.arange(4800) / 48000)
    result = normalize(make(np.stack([sine, np.zeros(4800)]), 48000), rms_dbfs=-20)
    assert 10 * np.log10(np.mean(result.samples.astype(np.float64) ** 2)) == pytest.approx(-20, abs=0.001)
    # A sine of full scale has -3.01 dBFS, and half of the samples are silent.
    assert np.abs(result.samples).max() == pytest.approx(10 ** ((-20 + 6.0206) / 20), rel=1e-3)


@pytest.mark.skipif(shutil.which("sox") is None, reason="needs sox")
@pytest.mark.parametrize(("field", "line"), [("rms_dbfs", "RMS lev dB"), ("peak_dbfs", "Pk lev dB")])
def test_sox_reads_the_same_level(field, line, tmp_path):
    path = tmp_path / "result.wav"
    path.write_bytes(normalize(programme(), **{field: -18.0}).to_wav())
    printed = subprocess.run(["sox", str(path), "-n", "stats"], capture_output=True, text=True, check=True).stderr
    assert float(re.findall(rf"{line}\s+(\S+)", printed)[0]) == pytest.approx(-18, abs=0.01)


@pytest.mark.parametrize("field", ["lufs", "true_peak_dbtp", "rms_dbfs", "peak_dbfs"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_silence_and_what_is_quieter_than_any_sound_stay_as_they_are(field, channels):
    for samples in (np.zeros((channels, 0)), np.zeros((channels, 4800)), np.full((channels, 4800), 5e-7)):
        audio = make(samples, 48000)
        assert normalize(audio, **{field: -20.0}).digest == audio.digest


def test_what_is_under_the_loudness_gate_has_no_loudness_and_stays_as_it_is():
    quiet = make(programme().samples * 1e-4, 48000)
    assert integrated_lufs(quiet) is None
    assert normalize(quiet, lufs=-20).digest == quiet.digest
    assert normalize(quiet, rms_dbfs=-20).digest != quiet.digest


@pytest.mark.parametrize(("field", "tolerance"), [("true_peak_dbtp", 0.03), ("rms_dbfs", 2e-4), ("peak_dbfs", 2e-4)])
def test_one_sample_is_a_sound(field, tolerance):
    # libsoxr, which the true peak is measured with, may read a sound of one sample 0.2 dB high.
    result = normalize(make([[0.25]], 48000), **{field: -6.0})
    assert result.samples[0, 0] == pytest.approx(10 ** (-6 / 20), rel=tolerance)


def test_far_over_full_scale_is_brought_down_and_beyond_measure_is_refused():
    assert np.abs(normalize(make(programme().samples * 1e9, 48000), peak_dbfs=0).samples).max() <= 1
    with pytest.raises(NodeError) as caught:
        normalize(make([[1e13]], 48000), lufs=-20)
    assert str(caught.value) == "its peak is 260 dB over full scale, too loud to be measured"


@pytest.mark.parametrize("fields", [{}, {"lufs": -20, "peak_dbfs": -1}])
def test_exactly_one_level_is_asked_for(fields):
    with pytest.raises(ValidationError) as caught:
        Normalize(input="x", **fields)
    assert "give one of lufs, true_peak_dbtp, rms_dbfs and peak_dbfs, and no other" in str(caught.value)


@pytest.mark.parametrize("fields", [{"lufs": 1}, {"peak_dbfs": 21}, {"rms_dbfs": float("nan")}])
def test_values_out_of_range_are_mistakes(fields):
    with pytest.raises(ValidationError):
        Normalize(input="x", **fields)
