"""Sounds to look at: a picture shows what is in the sound, and a page holds all it shows and nothing else."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import struct
import subprocess
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundgraph.audio import encode
from soundgraph.audio.artifact import Audio, make, silence
from soundgraph.audio.dsp import figures, loudness
from soundgraph.views.sound import curves, marks, media, page, pictures, report, scales, text
from soundgraph.views.sound.marks import TimedCue, TimedLoop, TimedMarks
from tests.helpers import noise

RATES = [8000, 11025, 44100, 48000, 192000]


def tone(frequency_hz: float, seconds: float = 1.0, rate: int = 48000, level: float = 0.5, channels: int = 1) -> Audio:
    wave = level * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate)
    return make(np.tile(wave, (channels, 1)), rate)


def pixels(data: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


# The numbers behind a picture


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency_hz", [100.0, 1000.0, 3000.0])
def test_a_tone_lights_the_row_of_its_frequency(rate: int, frequency_hz: float) -> None:
    levels = curves.spectrogram(tone(frequency_hz, rate=rate), 40, 120)
    edges = curves.row_edges_hz(rate, 120)
    loudest = int(np.argmax(levels[:, 20]))
    bin_hz = 1 / 0.042  # of the window for one second, half of what a bin of it may be off
    assert edges[loudest] - bin_hz <= frequency_hz <= edges[loudest + 1] + bin_hz
    assert abs(curves.row_of(frequency_hz, rate, 120) - loudest - 0.5) < 0.5 + 120 * bin_hz / frequency_hz / np.log(
        edges[-1] / edges[0]
    )
    assert np.argmax(levels[:, 5:35].mean(axis=1)) == loudest


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_full_scale_sine_reads_0_db(channels: int) -> None:
    levels = curves.spectrogram(tone(1000, level=1.0, channels=channels), 40, 120)
    assert -1.5 < levels[:, 20].max() < 0.1


def test_a_difference_between_the_channels_does_not_cancel() -> None:
    wave = tone(1000).samples[0]
    levels = curves.spectrogram(make(np.stack([wave, -wave]), 48000), 40, 120)
    assert -7.6 < levels[:, 20].max() < -5.9


def test_no_click_falls_between_two_columns() -> None:
    for place in range(0, 20 * 48000, 95117):
        samples = np.zeros(20 * 48000, np.float32)
        samples[place] = 1.0
        assert curves.spectrogram(make(samples, 48000), 60, 40).max() > -80, place


def test_silence_has_no_level_anywhere() -> None:
    for sound in (silence(1.0, 48000, 2), silence(0, 48000)):
        assert (curves.spectrogram(sound, 30, 30) <= curves.SILENT_DB).all()


@pytest.mark.parametrize("n", [1, 7, 40, 41, 999])
def test_the_envelope_holds_every_sample(n: int) -> None:
    samples = np.random.default_rng(n).uniform(-1, 1, (2, n)).astype(np.float32)
    shown = curves.envelope(make(samples, 8000), 40)
    assert (shown.low.min(axis=1) == samples.min(axis=1)).all()
    assert (shown.high.max(axis=1) == samples.max(axis=1)).all()
    assert (shown.rms <= np.maximum(np.abs(shown.low), np.abs(shown.high)) + 1e-6).all()


def test_the_envelope_has_a_sample_where_it_is_in_time() -> None:
    samples = np.zeros(1000, np.float32)
    samples[250] = -0.5
    shown = curves.envelope(make(samples, 8000), 100)
    assert np.flatnonzero(shown.low[0]).tolist() == [25]


def test_loudness_over_time_is_that_of_the_meter() -> None:
    quiet, loud = tone(997, 5, level=0.05, channels=2), tone(997, 5, level=0.5, channels=2)
    found = curves.loudness_over_time(make(np.concatenate([quiet.samples, loud.samples], axis=1), 48000))
    for at, level in ((found.momentary_s, found.momentary_lufs), (found.short_term_s, found.short_term_lufs)):
        assert level[at < 3] == pytest.approx(loudness.integrated_lufs(quiet), abs=0.05)
        assert level[at > 7] == pytest.approx(loudness.integrated_lufs(loud), abs=0.05)
    # The middle of the step is where the windows lie half over it: 3 dB under the louder part.
    at_step = found.short_term_lufs[np.argmin(np.abs(found.short_term_s - 5.0))]
    assert at_step == pytest.approx(float(loudness.integrated_lufs(loud) or 0) - 3.0, abs=0.2)


@pytest.mark.parametrize("seconds", [0.0004, 0.05, 0.4, 1.0, 7.3, 59.9, 61.0, 1000.0, 9000.0])
def test_ticks_are_even_few_and_distinct(seconds: float) -> None:
    ticks = scales.times(seconds, 10)
    assert 2 <= len(ticks) <= 11
    assert ticks[0][0] == 0
    assert ticks[-1][0] <= seconds * (1 + 1e-9)
    assert np.diff([at for at, _ in ticks]) == pytest.approx(ticks[1][0])
    assert len({label for _, label in ticks}) == len(ticks)


def test_a_tick_says_its_time() -> None:
    assert [label for _, label in scales.times(0.2, 5)] == ["0 ms", "50 ms", "100 ms", "150 ms", "200 ms"]
    assert [label for _, label in scales.times(1.0, 2)] == ["0.0 s", "0.5 s", "1.0 s"]
    assert [label for _, label in scales.times(150, 5)] == ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30"]


# Pictures


def plot(image: np.ndarray, size: pictures.Size, channels: int = 1, top: int = 8) -> dict[str, np.ndarray]:
    """The parts of a picture without a head."""
    wave = max(size.lane, size.waveform // channels) * channels
    left, right = 66, size.width - 92
    below = top + wave + 14
    return {
        "wave": image[top : top + wave, left:right],
        "spectrum": image[below : below + size.spectrogram, left:right],
    }


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_every_sound_has_a_picture_of_the_size_asked_for(rate: int, channels: int, n: int) -> None:
    data = pictures.png(make(np.full((channels, n), 3.0), rate), TimedMarks(), size=pictures.COMPACT)
    shown = pixels(data)
    lanes = max(20, 96 // channels) * channels
    assert shown.shape == (8 + lanes + 14 + 150 + 28, 760, 3)


def test_a_picture_is_a_png_to_another_reader(tmp_path: Path) -> None:
    if not shutil.which("ffprobe"):
        pytest.skip("ffprobe is not installed")
    path = tmp_path / "sound.png"
    path.write_bytes(pictures.png(noise(1.0, channels=2), TimedMarks(), "noise", ["one line"]))
    found = json.loads(
        subprocess.run(
            ["ffprobe", "-v", "error", "-show_streams", "-of", "json", path], check=True, capture_output=True
        ).stdout
    )["streams"][0]
    assert (found["codec_name"], found["width"]) == ("png", 1200)
    assert found["height"] == pixels(path.read_bytes()).shape[0]


def test_the_picture_of_a_tone_is_bright_at_its_frequency_only() -> None:
    size = pictures.COMPACT
    shown = plot(pixels(pictures.png(tone(1000, 2.0), TimedMarks(), size=size)), size)["spectrum"].sum(axis=2)
    row = size.spectrogram - curves.row_of(1000, 48000, size.spectrogram)
    brightest = int(np.argmax(shown[:, 300]))
    assert abs(brightest - row) <= 2
    far = np.abs(np.arange(size.spectrogram) - row) > 20
    assert shown[far, 300].max() < 100 < 500 < shown[brightest, 300]


def test_the_picture_of_silence_is_blank() -> None:
    size = pictures.COMPACT
    parts = plot(pixels(pictures.png(silence(1.0, 48000), TimedMarks(), size=size)), size)
    assert len(np.unique(parts["spectrum"].reshape(-1, 3), axis=0)) == 1
    middle = size.waveform // 2
    grid = parts["wave"][middle + 8, 200]
    assert (parts["wave"][middle + 8 : middle + 20, 200] == grid).all()


def test_what_is_over_full_scale_is_red_and_nothing_else_is() -> None:
    def red(sound: Audio) -> bool:
        wave = plot(pixels(pictures.png(sound, TimedMarks(), size=pictures.COMPACT)), pictures.COMPACT)["wave"]
        return bool(((wave[..., 0] > 200) & (wave[..., 2] < 110)).any())

    assert red(tone(100, level=1.2))
    assert not red(tone(100, level=1.0))
    assert not red(tone(100, level=0.01))


def test_a_loop_and_a_cue_are_marked_at_their_time() -> None:
    sound = silence(10.0, 8000)
    without = pixels(pictures.png(sound, TimedMarks(), "x"))
    marked = pixels(pictures.png(sound, TimedMarks((TimedLoop(2.0, 6.0),), (TimedCue(8.0, "end"),)), "x"))
    # Marks need a line above the waveform.
    changed = np.abs(marked[200:300] - without[188:288]).sum(axis=(0, 2))
    columns = np.flatnonzero(changed > 2000)
    expected = {round(66 + at / 10 * (1200 - 66 - 92 - 1)) for at in (2.0, 6.0, 8.0)}
    assert {min(expected, key=lambda x: abs(x - column)) for column in columns} == expected
    assert all(min(abs(x - column) for x in expected) <= 1 for column in columns)


def test_the_same_sound_gives_the_same_picture() -> None:
    sound = noise(0.5, 48000, 2)
    assert pictures.png(sound, TimedMarks(), "a") == pictures.png(sound, TimedMarks(), "a")
    assert pictures.png(sound, TimedMarks(), "a") != pictures.png(noise(0.5, 48000, 2, seed=1), TimedMarks(), "a")


def test_letters_that_the_font_lacks_are_replaced() -> None:
    assert pictures.plain("Žofie −6 dB 日") == "Zofie -6 dB ?"


# Marks


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def test_loops_and_cues_are_read_from_a_wav_file(tmp_path: Path) -> None:
    smpl = struct.pack("<9I", *(0, 0, 20833, 60, 0, 0, 0, 1, 0)) + struct.pack("<6I", 0, 0, 4800, 95999, 0, 0)
    cue = struct.pack("<I", 2) + b"".join(
        struct.pack("<II4sIII", number, place, b"data", 0, 0, place) for number, place in ((1, 48000), (2, 24000))
    )
    label = b"labl" + struct.pack("<I", 9) + struct.pack("<I", 1) + b"drop\0" + b"\0"
    path = tmp_path / "loop.wav"
    odd = (b"junk", b"abc")
    path.write_bytes(riff(odd, (b"data", bytes(100)), (b"smpl", smpl), (b"cue ", cue), (b"LIST", b"adtl" + label)))
    assert marks.read(path, 48000) == TimedMarks((TimedLoop(0.1, 2.0),), (TimedCue(0.5), TimedCue(1.0, "drop")))


def test_the_same_is_read_from_a_sidecar_and_what_is_none_is_passed_over() -> None:
    facts = {"loop": {"start": 4800, "end": 95999}, "cues": [{"sample": 48000, "label": "drop"}, {"sample": 24000}]}
    assert marks.of_facts(facts, 48000) == TimedMarks((TimedLoop(0.1, 2.0),), (TimedCue(0.5), TimedCue(1.0, "drop")))
    for loop, cues in ((True, 5), ({"start": "0", "end": 9}, [{"sample": -1}, {"label": "x"}, 3]), ({}, {})):
        assert marks.of_facts({"loop": loop, "cues": cues}, 48000) == TimedMarks()


def test_chunks_that_break_off_are_no_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    for content in (b"", b"RIFF", b"fLaC" + bytes(60), riff((b"smpl", bytes(4)), (b"cue ", b"\xff" * 20))):
        path.write_bytes(content)
        assert marks.read(path, 48000) == TimedMarks()


# Words


def test_figures_are_told_with_their_units() -> None:
    rows = dict(text.rows(asdict(figures.measure(tone(997, 4.0, channels=2)))))
    assert rows["length"] == "4.00 s"
    assert rows["format"] == "48,000 Hz, stereo"
    assert rows["loudness"] == "-6.0 LUFS"
    assert rows["true peak"] == "-6.0 dBTP"
    assert rows["content up to"].endswith("Hz")
    assert rows["clipped samples"] == "0"


def test_silence_and_a_short_sound_are_told_as_such() -> None:
    rows = dict(text.rows(asdict(figures.measure(silence(1.0, 48000)))))
    assert rows["level"] == "silent"
    assert "loudness" not in rows
    assert dict(text.rows(asdict(figures.measure(tone(997, 0.1)))))["loudness"].endswith("(with silence up to 400 ms)")


def test_what_is_no_figure_is_passed_over() -> None:
    assert text.rows({"loudness_lufs": "<b>", "duration_s": None, "clipped_samples": True}) == []


def test_lengths_and_frequencies_in_words() -> None:
    assert [text.length(s) for s in (0.5, 59.99, 125, 3725)] == ["0.50 s", "59.99 s", "2 min 05 s", "1 h 02 min"]
    assert [scales.hertz(hz) for hz in (50, 999, 999.7, 1000, 7840)] == ["50 Hz", "999 Hz", "1 kHz", "1 kHz", "7.8 kHz"]


def test_a_waveform_of_letters_is_as_high_as_the_sound_is_loud() -> None:
    samples = np.concatenate([np.ones(400), np.zeros(400)]) * np.where(np.arange(800) % 2, 0.1, -0.1)
    lines = text.waveform(make(samples, 8000), width=10, height=2)
    assert [len(line) for line in lines] == [10, 10]
    assert [line[:5] for line in lines] == ["⣿" * 5] * 2
    assert lines[0][6:] + lines[1][6:] in ("⠀⠀⠀⠀⠉⠉⠉⠉", "⣀⣀⣀⣀⠀⠀⠀⠀", "⣀⣀⣀⣀⠉⠉⠉⠉")
    assert text.waveform(silence(0, 8000), width=3)


# Sounds in a page


def test_a_small_file_is_put_into_a_page_as_it_is_and_the_exact_one_first(tmp_path: Path) -> None:
    sound = noise(0.1, 48000, 2)
    for suffix in ("ogg", "wav"):
        (tmp_path / f"a.{suffix}").write_bytes(encode.encode(sound, suffix))
    found = media.clip(sound, [tmp_path / "a.ogg", tmp_path / "a.wav"])
    assert found == media.PlayableClip("audio/wav", (tmp_path / "a.wav").read_bytes(), "a.wav")
    assert base64.b64decode(found.uri.partition(",")[2]) == found.data


def test_a_large_file_and_many_channels_become_a_preview_that_says_so(tmp_path: Path, monkeypatch: Any) -> None:
    import soundfile

    path = tmp_path / "a.wav"
    path.write_bytes(encode.encode(noise(0.1, 48000, 2), "wav"))
    monkeypatch.setattr(media, "SMALL_BYTES", 1000)
    found = media.clip(noise(0.1, 48000, 2), [path])
    assert found is not None
    assert (found.mime, found.words) == ("audio/mpeg", "preview: MP3")
    six = media.preview(make(tone(1000, 1.0, 192000, channels=6).samples * 4, 192000))
    assert six.words == "preview: MP3, mixed to mono, 48 kHz, brought down to full scale"
    samples, rate = soundfile.read(io.BytesIO(six.data))
    assert (samples.ndim, rate) == (1, 48000)
    assert len(samples) == pytest.approx(48000, abs=3000)
    assert np.abs(samples).max() == pytest.approx(1.0, abs=0.05)


def test_a_preview_is_the_same_every_time() -> None:
    assert media.preview(noise(0.3, 44100)) == media.preview(noise(0.3, 44100))


def test_a_sound_of_no_samples_has_no_player() -> None:
    assert media.clip(silence(0, 48000)) is None


# Pages

HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> \u202e\x1b[31m \ud800 </title></style>"

# What a reader of HTML might load from, or run.
_LOADING = {"src", "href", "data", "action", "srcset", "poster", "background", "formaction", "xlink:href"}


class Reader(HTMLParser):
    """Checks that what is opened is closed; gathers tags and attributes."""

    VOID = ("meta", "img", "br", "input", "link", "hr")

    def __init__(self, data: bytes):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(data.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def self_contained(data: bytes) -> Reader:
    """Reads a page, and finds nothing in it that comes from elsewhere or that others may have put into it."""
    found = Reader(data)
    for tag, attributes in found.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            assert name not in _LOADING or (value or "").startswith("data:"), (tag, name, value)
    assert not re.search(rb"https?:|//[a-z]|@import|url\(", re.sub(rb"base64,[^\"]*", b"", data))
    assert len(found.of("script")) <= 1
    policy = found.of("meta")[1]["content"] or ""
    assert "default-src 'none'" in policy
    for element in ("style", "script"):
        for inside in re.findall(rf"<{element}>(.*?)</{element}>", data.decode(), re.DOTALL):
            import hashlib

            digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
            assert f"{element}-src 'sha256-{digest}'" in policy
    return found


def entry(name: str = "a:theme", **fields: Any) -> report.ReportedExport:
    ancestry = {
        "draft": False,
        "licences": ["CC-BY-NC-4.0"],
        "models": [{"id": "facebook/x", "licence": "CC-BY-NC-4.0", "revision": "r1", "digest": "d" * 64}],
        "nodes": {"rain": {"kind": "generate", "model": "facebook/x", "params": {"prompt": "soft rain", "seed": 7}}},
    }
    given = {
        "files": [("build/theme.wav", 1_200_000)],
        "figures": {"duration_s": 2.0, "loudness_lufs": -23.0, "true_peak_dbtp": -1.0},
        "ancestry": ancestry,
        "clip": media.PlayableClip("audio/wav", b"RIFF", "theme.wav"),
        "picture": b"\x89PNG",
        "graph": "<svg/>",
        **fields,
    }
    return report.ReportedExport(name, **given)


def test_the_page_of_a_sound_holds_all_it_shows() -> None:
    rows = [("loudness", "-23.0 LUFS")]
    found = self_contained(
        page.of_sound("a:rain (draft)", rows, b"\x89PNG", media.PlayableClip("audio/wav", b"RIFF", "x.wav"))
    )
    assert len(found.of("img")) == len(found.of("audio")) == 1
    assert {"a:rain (draft)", "loudness", "-23.0 LUFS", "x.wav"} <= set(found.words)
    assert "media-src data:" in str(found.of("meta"))


def test_a_report_says_of_each_export_what_it_is_and_comes_from() -> None:
    found = self_contained(report.of_project("game", [entry(), entry("b:steps", commit="abc123")], 10**6))
    words = " ".join(found.words)
    for expected in (
        *("a:theme", "b:steps", "soft rain", "facebook/x", "CC-BY-NC-4.0", "-23.0 LUFS", "build/theme.wav"),
        *("1.2 MB", "abc123", "seed", "theme.wav", "2.4 MB", "r1"),
    ):
        assert expected in words, expected
    assert len(found.of("audio")) == 2
    assert all(image["alt"] for image in found.of("img"))


def test_a_report_names_no_weights_of_a_draft() -> None:
    model = {"id": "draft/audio@16000x1", "draft": True, "digest": "draft/audio@16000x1", "licence": ""}
    nodes = {"rain": {"kind": "generate", "model": model["id"], "params": {}}}
    made = entry("a:draft", ancestry={"draft": True, "licences": [], "models": [model], "nodes": nodes})
    html = report.of_project("p", [made], 1000).decode()
    assert "<code>draft/audio@16000x1</code>" in html
    assert "<code>draft/audio@1600</code>" not in html


def test_a_report_flags_drafts_remarks_loops_and_what_is_not_built() -> None:
    draft = entry("a:draft", ancestry={"draft": True, "licences": [], "models": [], "nodes": {}})
    loop = entry("a:loop", marks=TimedMarks((TimedLoop(0.0, 1.0),)), remarks=["its peak was 3.2 dB over full scale"])
    gone = report.ReportedExport("a:gone", missing="a:gone is not built\n  soundgraph build a:gone makes it")
    found = self_contained(report.of_project("game", [draft, loop, gone], 10**6))
    tags = [card["data-tags"] for card in found.of("article")]
    assert tags == ["draft", "remarks loop", "missing"]
    words = " ".join(found.words)
    assert "1 export rests on drafts: stand-ins, not to be shipped." in words
    assert "2 of 3 built" in words
    assert "its peak was 3.2 dB over full scale" in words
    assert "soundgraph build a:gone makes it" in words


def test_others_words_stay_words() -> None:
    ancestry = {
        "draft": False,
        "licences": [HOSTILE],
        "models": [{"id": HOSTILE, "licence": HOSTILE, "revision": HOSTILE, "digest": HOSTILE}],
        "nodes": {
            HOSTILE: {"kind": HOSTILE, "params": {"prompt": HOSTILE, HOSTILE: HOSTILE}, "inputs": {"a": HOSTILE}}
        },
    }
    hostile = entry(
        HOSTILE,
        files=[(HOSTILE, 5)],
        figures={"duration_s": HOSTILE, "loudness_lufs": HOSTILE, HOSTILE: HOSTILE},
        marks=TimedMarks((), (TimedCue(0.1, HOSTILE),)),
        remarks=[HOSTILE],
        ancestry=ancestry,
        commit=HOSTILE,
        clip=media.PlayableClip("audio/wav", b"RIFF", HOSTILE),
        graph=f"<svg>{HOSTILE}</svg>",
        missing=f"{HOSTILE}\n{HOSTILE}",
    )
    data = report.of_project(HOSTILE, [hostile], 10**6)
    found = self_contained(data)
    assert "\u202e".encode() not in data
    assert b"\x1b" not in data
    assert not [attributes for attributes in found.of("img") if attributes.get("src") == "x"]
    assert self_contained(page.of_sound(HOSTILE, [(HOSTILE, HOSTILE)], b"", None))


def test_a_report_holds_no_more_sound_than_it_may_and_says_what_is_left_out() -> None:
    clip = media.PlayableClip("audio/wav", bytes(600), "x.wav")
    found = self_contained(report.of_project("game", [entry(clip=clip), entry("a:b", clip=clip)], 1000))
    assert len(found.of("audio")) == 1
    assert "not in this page, which holds 1 kB of sound at most" in found.words


def test_the_same_exports_give_the_same_report() -> None:
    assert report.of_project("game", [entry()], 10**6) == report.of_project("game", [entry()], 10**6)


def test_the_script_filters_and_sorts(tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    page_ = """
    const card = (textContent, tags, seconds) => ({ textContent, dataset: { tags, seconds }, hidden: false });
    const cards = [card('a RAIN', 'draft', '2.5'), card('b wind', '', ''), card('c rain', 'draft loop', '10')];
    const control = value => ({ value, heard: {}, addEventListener(name, f) { this.heard = f; } });
    const found = { '.tools': {}, '#said': {}, '#search': control(''), '#only': control(''), '#order': control(''),
      '#sounds': { children: cards, order: [], append(card) { this.order.push(card.textContent[0]); } } };
    globalThis.document = { querySelector: name => found[name] };
    """
    use = """
    const shown = () => cards.filter(card => !card.hidden).map(card => card.textContent[0]).join('');
    const set = (name, value) => { found[name].value = value; found[name].heard(); return shown(); };
    const said = [shown(), set('#search', 'Rain'), set('#only', 'loop'), found['#said'].textContent];
    set('#order', 'seconds');
    console.log(JSON.stringify([...said, found['#sounds'].order.join(''), found['.tools'].hidden]));
    """
    done = subprocess.run(["node", "-e", page_ + report.SCRIPT + use], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == ["abc", "ac", "c", "1 of 3 shown", "cab", False]
