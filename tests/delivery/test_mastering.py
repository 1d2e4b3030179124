"""Mastering: what is asked for is met, checked on the encoded file, or said not to be."""

import io
import json
import math
import struct
from dataclasses import asdict

import numpy as np
import pytest
import soundfile

from soundgraph.audio import encode
from soundgraph.audio.artifact import make, silence
from soundgraph.audio.containers import decode, ogg
from soundgraph.audio.dsp import figures, limiting, loudness
from soundgraph.audio.dsp.seam import AUDIBLE, seam_ratio
from soundgraph.core.errors import NodeError
from soundgraph.delivery.mastering import master
from soundgraph.scene.tables.export_settings import ExportSettings
from tests.audio.dsp import meters


def settings(**fields):
    return ExportSettings(node="n", **fields)


def speech(seconds=3.0, sample_rate=48000, channels=2, peak=0.3, seed=0):
    """Bursts of noise with gaps: a crest and gates worth measuring."""
    rng = np.random.default_rng(seed)
    n = round(seconds * sample_rate)
    bursts = np.clip(np.sin(2 * np.pi * 1.3 * np.arange(n) / sample_rate), 0, 1) ** 2
    samples = rng.standard_normal((channels, n)) * bursts
    return make(samples * (peak / np.abs(samples).max()), sample_rate)


def tone(level_dbfs, seconds=1.0, sample_rate=48000, channels=1):
    n = round(seconds * sample_rate)
    wave = 10 ** (level_dbfs / 20) * np.cos(2 * np.pi * 1000 * np.arange(n) / sample_rate)
    return make(np.tile(wave, (channels, 1)), sample_rate)


def read_back(mastered, file_format="wav"):
    samples, rate = soundfile.read(io.BytesIO(mastered.encode(file_format)), dtype="float32", always_2d=True)
    return make(samples.T, rate)


def test_asking_for_nothing_delivers_the_artifact_itself_with_its_measures():
    audio = speech()
    mastered = master(audio, settings(), 48000)
    assert mastered.audio is audio
    report = mastered.report
    assert (report.duration_s, report.sample_rate, report.channels) == (3.0, 48000, 2)
    assert report.sample_peak_dbfs == pytest.approx(20 * math.log10(0.3))
    assert report.loudness_lufs == loudness.integrated_lufs(audio)
    assert report.true_peak_dbtp == loudness.true_peak_dbtp(audio)
    assert (report.gain_db, report.remarks, report.loudness_padded) == (0.0, (), False)


@pytest.mark.parametrize("target", [-16.0, -23.0, -40.0])
@pytest.mark.parametrize(("rate", "channels"), [(48000, 2), (44100, 1), (16000, 2)])
def test_the_file_has_the_loudness_asked_for_by_an_independent_meter(rate, channels, target):
    import pyloudnorm

    mastered = master(speech(6.0, rate, channels, peak=0.05), settings(loudness_lufs=target, headroom="none"), 48000)
    delivered = read_back(mastered)
    meter = pyloudnorm.Meter(48000, filter_class="DeMan")
    assert meter.integrated_loudness(delivered.samples.T.astype(np.float64)) == pytest.approx(target, abs=0.1)
    assert mastered.report.loudness_lufs == pytest.approx(target, abs=0.01)
    assert mastered.report.loudness_lufs == pytest.approx(loudness.integrated_lufs(delivered), abs=0.01)


def test_a_gain_that_lifts_quiet_parts_over_the_gate_still_meets_the_target():
    loud, quiet = speech(4.0, peak=0.002, seed=1), speech(4.0, peak=0.0008, seed=2)
    audio = make(np.concatenate([loud.samples, quiet.samples], axis=1), 48000)
    naive = loudness.integrated_lufs(audio)
    mastered = master(audio, settings(loudness_lufs=-30), 48000)
    assert loudness.integrated_lufs(mastered.audio) == pytest.approx(-30, abs=0.01)
    assert abs(mastered.report.gain_db - (-30 - naive)) > 0.2


def test_the_ceiling_wins_over_the_loudness_and_the_report_says_by_how_much():
    audio = speech()
    mastered = master(audio, settings(loudness_lufs=-10, true_peak_dbtp=-1), 48000)
    delivered = read_back(mastered)
    assert loudness.true_peak_dbtp(delivered) == pytest.approx(-1.0, abs=0.01)
    assert loudness.true_peak_dbtp(delivered) <= -1.0
    reached = loudness.integrated_lufs(delivered)
    assert reached < -11
    assert mastered.report.loudness_lufs == pytest.approx(reached, abs=0.01)
    wanted_db = -10 - loudness.integrated_lufs(audio)
    over_db = loudness.true_peak_dbtp(audio) + wanted_db + 1
    assert mastered.report.remarks == (
        f"its loudness is {reached:.1f} LUFS, not the -10 LUFS asked for: "
        f"its true peak would have been {over_db:.1f} dB over the ceiling of -1 dBTP",
    )


@pytest.mark.parametrize("ceiling", [0.0, -1.0, -9.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_ceiling_holds_on_another_meter(ceiling, seed):
    # Sixteen times finer through the spectrum of the whole, which shares no code with the meter. Up to 20 kHz: what is
    # closer to half the rate counts in part only on meters whose filter is finite.
    rng = np.random.default_rng(seed)
    n = 8192
    spectrum = np.fft.rfft(np.sign(rng.standard_normal(n)) * np.hanning(n))
    if seed % 2:
        spectrum /= 1 + np.arange(len(spectrum)) / 100
    spectrum[np.fft.rfftfreq(n, 1 / 48000) > 20_000] = 0
    samples = np.fft.irfft(spectrum)
    mastered = master(make(samples / np.abs(samples).max(), 48000), settings(true_peak_dbtp=ceiling), 48000)
    finer = np.fft.irfft(np.fft.rfft(mastered.audio.samples[0].astype(np.float64)), 16 * n) * 16
    assert 20 * math.log10(np.abs(finer).max()) == pytest.approx(ceiling, abs=0.05)


def hot(seed, rate):
    """A second that is full of what lies close to half the rate, or goes on and off at once, over full scale."""
    rng = np.random.default_rng(seed)
    time = np.arange(rate) / rate
    sounds = [
        rng.standard_normal((1 + seed % 2, rate)),
        rng.uniform(-1, 1, (2, rate)),
        np.sign(np.sin(2 * np.pi * rng.uniform(100, 900) * time)),
        np.sign(rng.standard_normal(rate)),
        np.clip(3 * np.sin(2 * np.pi * rng.uniform(100, rate / 3) * time) + rng.standard_normal(rate), -1, 1),
    ]
    samples = np.atleast_2d(sounds[seed % len(sounds)])
    return make(1.4 * samples / np.abs(samples).max(), rate)


HOT = [(seed, rate) for seed, rate in enumerate([8000, 16000, 22050, 48000, 44100, 11025, 16000, 12000, 32000, 24000])]


def others_dbtp(audio):
    """What meters read that share nothing with the package: short and long, sharp and soft, libebur128's too."""
    return max(meters.scipy_true_peak_db(audio, *form) for form in [(64,), (28,), (128, 9.0), (94, 12.6, 0.9565)])


@pytest.mark.parametrize(("bit_depth", "ceiling"), [(16, -1), (24, -1), (32, -6), (16, -30), (16, -60)])
@pytest.mark.parametrize(("seed", "rate"), HOT)
def test_no_file_without_loss_is_over_its_ceiling_on_any_meter(seed, rate, bit_depth, ceiling):
    mastered = master(hot(seed, rate), settings(bit_depth=bit_depth, true_peak_dbtp=ceiling), rate)
    assert others_dbtp(read_back(mastered)) <= ceiling + 0.002


@pytest.mark.parametrize(("seed", "rate"), HOT[:5])
def test_ffmpeg_finds_none_over_its_ceiling_either(seed, rate, tmp_path):
    audio = hot(seed, rate)
    mastered = master(audio, settings(format=["flac", "ogg", "opus", "mp3"], true_peak_dbtp=-1, quality=0.4), rate)
    for form in mastered.settings.formats:
        path = tmp_path / f"x.{form}"
        data, facts = mastered.deliver(form)
        path.write_bytes(data)
        assert meters.ffmpeg_true_peak_db_of(path) <= -1.0 or "still" in facts["remarks"][-1], form


@pytest.mark.parametrize("form", ["ogg", "opus", "mp3"])
@pytest.mark.parametrize("quality", [0.2, 0.6])
def test_a_lossy_file_that_came_out_over_its_ceiling_is_turned_down_by_itself(form, quality):
    mastered = master(hot(2, 48000), settings(format=["wav", form], true_peak_dbtp=-1, quality=quality), 48000)
    plain = encode.encode(mastered.audio, form, quality=quality)
    before_db = 20 * math.log10(limiting.highest_peak(decode.from_bytes(plain)))
    assert before_db > -1
    data, facts = mastered.deliver(form)
    decoded = decode.from_bytes(data)
    assert others_dbtp(decoded) <= -1
    assert facts["decoded_true_peak_dbtp"] == pytest.approx(20 * math.log10(limiting.highest_peak(decoded)), abs=0.005)
    turned_db = mastered.report.gain_db - facts["gain_db"]
    assert turned_db >= before_db + 1 - 0.01
    assert facts["remarks"][-1] == (
        f"{form} raised its true peak over the ceiling of -1 dBTP; this file was brought down by {turned_db:.1f} dB"
    )
    # The figures are those of what was encoded, and the decoded file has them about.
    assert facts["loudness_lufs"] == pytest.approx(mastered.report.loudness_lufs - turned_db, abs=0.02)
    assert loudness.integrated_lufs(decoded) == pytest.approx(facts["loudness_lufs"], abs=1.0)
    assert mastered.as_file(form)[1].gain_db == pytest.approx(facts["gain_db"], abs=0.005)
    # The file beside it is as it was.
    _, wav_facts = mastered.deliver("wav")
    assert wav_facts["gain_db"] == pytest.approx(mastered.report.gain_db, abs=0.005)
    assert wav_facts["true_peak_dbtp"] > facts["true_peak_dbtp"]
    assert "decoded_true_peak_dbtp" not in wav_facts


def test_the_ceiling_of_an_opus_file_is_held_at_the_rate_of_players_too():
    """They decode it at 48 kHz whatever rate it states, and find peaks that there are none of at 16 kHz."""
    noise = np.clip(np.random.default_rng(1).normal(0, 0.5, (1, 8000)), -1, 1)
    mastered = master(make(noise, 16000), settings(format="opus", true_peak_dbtp=0, quality=1), 16000)
    data, facts = mastered.deliver("opus")
    as_players = decode.from_bytes(ogg.opus_at(data, 48000))
    assert (decode.from_bytes(data).sample_rate, as_players.sample_rate) == (16000, 48000)
    heard_db = max(others_dbtp(as_players), others_dbtp(decode.from_bytes(data)))
    assert heard_db <= facts["decoded_true_peak_dbtp"] + 0.01
    assert heard_db <= 0.002 or "still" in facts["remarks"][-1]


def test_what_three_encodings_do_not_bring_under_the_ceiling_is_said(monkeypatch):
    """With a codec that answers each gain by a higher peak: the best of the three is delivered, and by how much it
    fails."""
    peaks_db = iter([0.5, 0.2, 0.9])
    calls = []
    encode_one = encode.encode

    def counted(audio, *arguments, **rest):
        calls.append(audio)
        return encode_one(audio, *arguments, **rest)

    mastered = master(tone(0.0), settings(format="ogg", true_peak_dbtp=-1), 48000)
    monkeypatch.setattr(encode, "encode", counted)
    monkeypatch.setattr(limiting, "highest_peak", lambda audio: 10 ** (next(peaks_db) / 20))
    data, facts = mastered.deliver("ogg")
    assert len(calls) == 3
    assert data == encode_one(calls[1], "ogg", 24, 0.6)
    assert facts["decoded_true_peak_dbtp"] == 0.2
    assert facts["remarks"][-1] == (
        "ogg raised its true peak over the ceiling of -1 dBTP; this file was brought down by 1.6 dB; "
        "it is still 1.2 dB over it after 3 encodings"
    )


def test_a_lossy_file_under_its_ceiling_or_without_one_is_encoded_once(monkeypatch):
    calls = []
    encode_one = encode.encode
    monkeypatch.setattr(encode, "encode", lambda *a, **k: calls.append(a) or encode_one(*a, **k))
    _, facts = master(tone(-20.0), settings(format="ogg", true_peak_dbtp=-1), 48000).deliver("ogg")
    assert facts["decoded_true_peak_dbtp"] == pytest.approx(-20, abs=1.5)
    assert (len(calls), facts["remarks"], facts["gain_db"]) == (1, [], 0.0)
    _, facts = master(hot(2, 48000), settings(format="ogg"), 48000).deliver("ogg")
    assert len(calls) == 2
    assert "decoded_true_peak_dbtp" not in facts
    assert master(silence(1, 48000), settings(format="ogg", true_peak_dbtp=-1), 48000).deliver("ogg")


def test_a_ceiling_that_is_kept_changes_nothing():
    audio = speech()
    mastered = master(audio, settings(true_peak_dbtp=-1), 48000)
    assert mastered.audio is audio
    assert mastered.report.remarks == ()


def test_a_peak_over_the_ceiling_is_brought_down_and_said():
    mastered = master(tone(2.0), settings(true_peak_dbtp=-1), 48000)
    assert loudness.true_peak_dbtp(mastered.audio) <= -1.0
    # The tone begins at its crest, which overshoots between the samples by another 1 dB.
    (remark,) = mastered.report.remarks
    over_db = -mastered.report.gain_db
    assert remark == f"its true peak was {over_db:.1f} dB over the ceiling of -1 dBTP; it was brought down by as much"


def test_scale_brings_a_peak_over_full_scale_down_to_it():
    mastered = master(tone(3.2), settings(), 48000)
    assert mastered.report.remarks == ("its peak was 3.2 dB over full scale; it was brought down by as much",)
    assert mastered.report.gain_db == pytest.approx(-3.2, abs=0.002)
    assert mastered.report.sample_peak_dbfs == pytest.approx(0.0, abs=0.002)
    delivered = read_back(mastered)
    assert 0.9995 < np.abs(delivered.samples).max() <= 1.0
    # Nothing was clipped: it is the same wave.
    assert np.allclose(delivered.samples * 10 ** (3.2 / 20), tone(3.2).samples, atol=3e-4)


def test_scale_keeps_a_loudness_target_from_clipping():
    mastered = master(tone(-20), settings(loudness_lufs=0.0), 48000)
    # A mono sine of full scale reads -3.01 LUFS at 997 Hz, so that 0 LUFS is 3.0 dB too much.
    assert mastered.report.remarks == (
        "its loudness is -3.0 LUFS, not the 0 LUFS asked for: its peak would have been 3.0 dB over full scale",
    )


def test_error_refuses_a_peak_over_full_scale():
    with pytest.raises(NodeError) as caught:
        master(tone(3.2), settings(headroom="error"), 48000)
    assert str(caught.value) == 'its peak is 3.2 dB over full scale, and headroom = "error" asks for none that is'
    assert master(tone(0.0), settings(headroom="error"), 48000).report.remarks == ()
    # The ceiling has brought it down already.
    assert master(tone(3.2), settings(headroom="error", true_peak_dbtp=-1), 48000).report.gain_db < -4


def test_none_leaves_the_peak_and_says_which_files_clip():
    audio = tone(3.2)
    mastered = master(audio, settings(headroom="none", format=["wav", "ogg", "flac"]), 48000)
    assert mastered.audio is audio
    assert mastered.report.remarks == ("its peak is 3.2 dB over full scale, and clipped in wav and flac",)
    assert np.abs(read_back(mastered).samples).max() == 1.0
    floating = master(audio, settings(headroom="none", bit_depth=32), 48000)
    assert floating.report.remarks == ()
    assert np.array_equal(read_back(floating).samples, audio.samples)


def test_a_peak_barely_over_full_scale_is_not_called_0_db():
    mastered = master(make([1.001, 0.0] * 30_000, 48000), settings(), 48000)
    assert mastered.report.remarks == ("its peak was less than 0.1 dB over full scale; it was brought down by as much",)


def test_the_scenes_rate_is_what_is_delivered():
    mastered = master(speech(2.0, 32000), settings(), 48000)
    assert (mastered.report.sample_rate, mastered.report.duration_s) == (48000, 2.0)
    assert read_back(mastered).sample_rate == 48000
    assert master(tone(-20, 2.0, 32000), settings(), 48000).report.loudness_lufs == pytest.approx(
        loudness.integrated_lufs(tone(-20, 2.0)), abs=0.01
    )


def test_resampling_that_overshoots_full_scale_is_caught():
    square = make(np.tile(np.repeat([1.0, -1.0], 20), 400), 32000)
    mastered = master(square, settings(), 48000)
    assert mastered.report.sample_peak_dbfs <= 0.0
    assert mastered.report.gain_db < -0.5


@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_silence_is_delivered_as_it_is(seconds):
    mastered = master(silence(seconds, 44100, 2), settings(loudness_lufs=-23, true_peak_dbtp=-1), 48000)
    report = mastered.report
    assert (report.loudness_lufs, report.true_peak_dbtp, report.sample_peak_dbfs) == (None, None, None)
    assert report.remarks == (
        "it is silent, or nowhere louder than -70 LUFS: no loudness to measure, and its level is unchanged",
    )
    assert not read_back(mastered).samples.any()
    assert master(silence(1, 48000), settings(), 48000).report.remarks == ()


def test_what_is_too_quiet_to_measure_keeps_its_level():
    audio = tone(-90)
    mastered = master(audio, settings(loudness_lufs=-23), 48000)
    assert mastered.audio is audio
    assert "no loudness to measure" in mastered.report.remarks[0]
    assert mastered.report.sample_peak_dbfs == pytest.approx(-90, abs=0.01)


def test_a_clip_under_400_ms_says_how_it_was_measured():
    mastered = master(tone(-20, 0.2), settings(loudness_lufs=-23), 48000)
    assert mastered.report.loudness_padded
    assert mastered.report.remarks == ("it is shorter than 400 ms; its loudness was measured with silence after it",)
    assert mastered.report.loudness_lufs == pytest.approx(-23, abs=0.01)
    assert master(tone(-20, 0.2), settings(), 48000).report.remarks == ()


def test_a_target_at_the_gate_itself_can_be_missed_and_says_why():
    assert master(speech(seed=3), settings(loudness_lufs=-70), 48000).report.remarks == (
        "its loudness is under -70 LUFS, not the -70 LUFS asked for: "
        "its quiet parts lie at the gate of the measurement",
    )


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_is_not_delivered(n):
    with pytest.raises(NodeError, match="nothing to deliver"):
        master(make(np.ones((2, n)), 192000), settings(), 48000)


def test_an_absurd_level_is_refused_without_a_warning():
    with pytest.raises(NodeError, match=r"^its peak is 600 dB over full scale$"):
        master(make([1e30, -1e30] * 20_000, 48000), settings(loudness_lufs=-23), 48000)


def test_the_settings_reach_the_encoder():
    audio = speech(0.5)
    bits = [
        struct.unpack_from("<H", master(audio, settings(bit_depth=depth), 48000).encode("wav"), 34)[0]
        for depth in (16, 24, 32)
    ]
    assert bits == [16, 24, 32]
    small, large = (
        len(master(audio, settings(format="ogg", quality=quality), 48000).encode("ogg")) for quality in (0.1, 0.9)
    )
    assert small < large


def test_mastering_twice_gives_the_same_bytes():
    first, second = (
        master(speech(1.0, 44100), settings(loudness_lufs=-23, true_peak_dbtp=-3, bit_depth=16), 48000)
        for _ in range(2)
    )
    for file_format in ("wav", "flac", "ogg"):
        assert first.encode(file_format) == second.encode(file_format)


def test_facts_are_json_with_rounded_levels():
    facts = master(tone(3.2), settings(), 48000).deliver("wav")[1]
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert facts["sample_peak_dbfs"] == 0.0
    assert facts["gain_db"] == -3.2
    assert set(facts) == {
        *("duration_s", "sample_rate", "channels", "loudness_lufs", "loudness_padded"),
        *("short_term_max_lufs", "loudness_range_lu", "true_peak_dbtp", "sample_peak_dbfs"),
        *("dc_offset", "clipped_samples", "bandwidth_hz", "drift_lu", "gain_db", "remarks"),
    }
    assert master(silence(1, 48000), settings(), 48000).deliver("wav")[1]["loudness_lufs"] is None


# Loops, cues, tags


FORMATS = ["wav", "flac", "ogg", "opus", "mp3"]


def ring(seconds=2.0, sample_rate=44100, cycles=(880, 6002), extra=0):
    """Tones that go round a whole number of times: a loop of all of it but the last `extra` samples has no seam."""
    n = round(seconds * sample_rate)
    phase = 2 * np.pi * np.arange(n + extra) / n
    return make([0.2 * np.sin(cycles[0] * phase) + 0.1 * np.cos(cycles[1] * phase)] * 2, sample_rate)


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
@pytest.mark.parametrize("bit_depth", [16, 24])
@pytest.mark.parametrize("file_format", ["wav", "flac"])
def test_a_loop_without_a_seam_has_none_in_a_file_at_any_rate(file_format, bit_depth, rate):
    mastered = master(ring(), settings(loop=True, bit_depth=bit_depth, true_peak_dbtp=-3), rate)
    data, facts = mastered.deliver(file_format)
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    assert facts["loop"] == {"start": 0, "end": len(samples) - 1}
    assert facts["seam"] == pytest.approx(seam_ratio(make(samples.T, rate)), abs=0.01)
    assert facts["seam"] < 2
    assert facts["remarks"] == []


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("file_format", FORMATS)
def test_the_seam_is_measured_on_the_decoded_file(file_format, rate):
    data, facts = master(ring(), settings(format=FORMATS, loop=True), rate).deliver(file_format)
    samples, got = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    assert facts["sample_rate"] == got
    assert facts["loop"] == {"start": 0, "end": len(samples) - 1}
    assert facts["seam"] == pytest.approx(seam_ratio(make(samples.T, got)), rel=0.01)
    assert bool(facts["remarks"]) == (facts["seam"] > AUDIBLE)


def test_a_codec_that_breaks_a_loop_is_warned_about_or_refused_with_the_figure():
    _, facts = master(ring(), settings(format="opus", loop=True), 48000).deliver("opus")
    assert facts["seam"] > AUDIBLE
    said = f"its loop has an audible seam in opus: {facts['seam']:.1f}, where 5 is the most; before encoding it was "
    (remark,) = facts["remarks"]
    assert remark.startswith(said)
    assert remark.endswith(", which wav and flac keep")
    strict = master(ring(), settings(format="opus", loop=True, on_broken_loop="error"), 48000)
    with pytest.raises(NodeError) as caught:
        strict.deliver("opus")
    assert str(caught.value) == f'{remark}, and on_broken_loop = "error" asks for none'
    with pytest.raises(NodeError):
        strict.encode("opus")
    assert strict.encode("wav")


def test_a_loop_that_was_never_seamless_is_told_as_such():
    audio = make(ring().samples[:, :-40], 44100)
    _, facts = master(audio, settings(loop=True), 44100).deliver("wav")
    (remark,) = facts["remarks"]
    assert remark == (
        f"its loop has an audible seam in wav: {facts['seam']:.1f}, where 5 is the most; "
        f"the sound itself has one of {facts['seam']:.1f}"
    )


def test_a_part_is_looped_where_it_was_asked_for():
    mastered = master(ring(extra=30_000), settings(loop={"start": 0.5, "end": 2.5}), 48000)
    data, facts = mastered.deliver("wav")
    assert facts["loop"] == {"start": 24_000, "end": 119_999}
    assert facts["seam"] < 2
    at = data.index(b"smpl")
    assert struct.unpack_from("<II", data, at + 8 + 36 + 8) == (24_000, 119_999)
    open_end = master(ring(), settings(loop={"start": 0.5}), 44100).deliver("wav")[1]
    assert open_end["loop"] == {"start": 22_050, "end": 88_199}


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"loop": {"end": 2.5}}, "its loop ends at 2.5 s, but the sound lasts 2 s"),
        ({"loop": {"start": 2.0}}, "its loop has no length: it starts at 2 s, and the sound lasts 2 s"),
        ({"cues": [{"at": 1}, {"at": 2.0}]}, "its cue at 2 s lies beyond its end: the sound lasts 2 s"),
    ],
)
def test_what_lies_beyond_the_end_is_refused_with_the_length(fields, what):
    with pytest.raises(NodeError) as caught:
        master(ring(), settings(**fields), 48000)
    assert str(caught.value) == what


@pytest.mark.parametrize("file_format", FORMATS)
def test_cues_and_tags_are_facts_too(file_format):
    fields = {"cues": [{"at": 1.5, "label": "b"}, {"at": 0.25, "label": "a"}], "tags": {"title": "t", "comment": "c"}}
    _, facts = master(ring(), settings(format=FORMATS, **fields), 44100).deliver(file_format)
    rate = facts["sample_rate"]
    assert facts["cues"] == [{"sample": rate // 4, "label": "a"}, {"sample": rate * 3 // 2, "label": "b"}]
    assert (facts["title"], facts["comment"]) == ("t", "c")
    assert not {"artist", "loop", "seam"} & set(facts)


@pytest.mark.parametrize(("file_format", "rate"), [("opus", 48000), ("mp3", 44100), ("wav", 44100)])
def test_the_rate_and_length_reported_are_those_of_the_file(file_format, rate):
    data, facts = master(ring(1.2345), settings(format=FORMATS), 44100).deliver(file_format)
    info = soundfile.info(io.BytesIO(data))
    assert (facts["sample_rate"], info.samplerate) == (rate, rate)
    assert round(facts["duration_s"] * rate) == info.frames


def test_the_figures_are_those_of_the_sound_after_the_gain():
    audio = make(speech(8.0, peak=0.05).samples + np.float32(0.01), 48000)
    mastered = master(audio, settings(loudness_lufs=-20, headroom="none"), 48000)
    again = figures.measure(mastered.audio)
    for name, value in asdict(again).items():
        assert getattr(mastered.report, name) == pytest.approx(value, abs=1e-3, nan_ok=False), name
    assert mastered.report.dc_offset > 0.02
