"""Tags, loops and cues: what programs that share no code with the writer read back from a delivered file."""

import io
import json
import shutil
import struct
import subprocess

import numpy as np
import pytest
import soundfile

from soundgraph.audio.artifact import make
from soundgraph.audio.containers.metadata import Marks
from soundgraph.audio.containers.ogg import damage, page_bounds
from soundgraph.audio.containers.vorbis_comments import in_ogg
from soundgraph.audio.encode import converted, encode, fitted

FORMATS = ("wav", "flac", "ogg", "opus", "mp3")
TAGS = {"title": "Höhle, Nacht", "artist": "Somebody", "comment": "drips = few; echo > 2 s"}
MARKS = Marks(TAGS, (4800, 91_200), ((0, "begin"), (48_000, "drip"), (72_000, "")))


def sound(seconds=2.0, sample_rate=48000, channels=2):
    rng = np.random.default_rng(1)
    n = round(seconds * sample_rate)
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(n) / sample_rate)
    return make(tone + 0.02 * rng.standard_normal((channels, n)), sample_rate)


def program(*command, data=None):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()


@pytest.fixture(params=FORMATS)
def marked(request, tmp_path):
    """A file of each format, with marks."""
    path = tmp_path / f"sound.{request.param}"
    path.write_bytes(encode(sound(), request.param, marks=MARKS))
    return path


def ffprobe(path):
    entries = ("-show_format", "-show_streams", "-show_chapters")
    found = json.loads(program("ffprobe", "-v", "error", *entries, "-of", "json", str(path)))
    tags = {**found["streams"][0].get("tags", {}), **found["format"].get("tags", {})}
    chapters = [(float(part["start_time"]), part.get("tags", {}).get("title", "")) for part in found["chapters"]]
    return {name.lower(): value for name, value in tags.items()}, chapters


# The samples


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("depth", [16, 24, 32])
@pytest.mark.parametrize("kind", FORMATS)
def test_marks_change_no_sample(kind, depth, channels):
    depth = 24 if kind == "flac" and depth == 32 else depth
    audio = sound(0.5, channels=channels)
    marks = Marks(TAGS, (100, 20_001), ((5, "x"),))
    plain, marked = (soundfile.read(io.BytesIO(encode(audio, kind, depth, marks=m)))[0] for m in (Marks(), marks))
    assert np.array_equal(plain, marked)


def test_no_marks_are_no_bytes():
    for kind in FORMATS:
        assert encode(sound(0.2), kind) == encode(sound(0.2), kind, marks=Marks())


def test_files_with_marks_are_whole_by_the_tools_of_their_makers(marked):
    checks = {"flac": "flac -ts", "ogg": "ogginfo -q", "opus": "opusinfo -q"}
    if marked.suffix[1:] in checks:
        assert "WARN" not in program(*checks[marked.suffix[1:]].split(), str(marked))
    assert program("ffmpeg", "-v", "warning", "-i", str(marked), "-f", "null", "-") == ""


# Tags


def test_ffprobe_reads_the_tags(marked):
    assert TAGS.items() <= ffprobe(marked)[0].items()


def test_mediainfo_reads_the_tags(marked):
    general = json.loads(program("mediainfo", "--Output=JSON", str(marked)))["media"]["track"][0]
    artist = "Director" if marked.suffix == ".wav" else "Performer"  # what it calls IART
    found = {"title": general["Track"], "artist": general[artist], "comment": general["Comment"]}
    # RIFF does not say what encoding its text has; mediainfo takes it for Latin-1.
    wanted = {k: v.encode().decode("latin-1") for k, v in TAGS.items()} if marked.suffix == ".wav" else TAGS
    assert found == wanted


def test_libsndfile_reads_the_tags(marked):
    with soundfile.SoundFile(marked) as file:
        if marked.suffix == ".mp3":  # it looks for version 2 of a comment's language only
            assert (file.title, file.artist) == (TAGS["title"], TAGS["artist"])
        else:
            assert {"title": file.title, "artist": file.artist, "comment": file.comment} == TAGS


def test_a_tag_that_is_not_given_is_not_written():
    for kind in FORMATS:
        data = encode(sound(0.2), kind, marks=Marks({"comment": "only"}))
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            assert (file.title, file.artist) == ("", "")


def test_a_comment_that_needs_many_ogg_pages_is_read_whole(tmp_path):
    text = "0123456789abcdef" * 10_000
    for kind in ("ogg", "opus"):
        data = encode(sound(0.5), kind, marks=Marks({"comment": text}))
        assert damage(data) == ""
        pages = [start for start, _ in page_bounds(data)]
        # 160 kB are three pages: the first begins the packet, the others go on with it, and time stands still.
        assert [data[start + 5] & 1 for start in pages[1:4]] == [0, 1, 1]
        assert [struct.unpack_from("<q", data, start + 6)[0] for start in pages[1:4]] == [-1, -1, 0]
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            assert file.read().shape == (24_000, 2)
        (tmp_path / kind).write_bytes(data)
        assert ffprobe(tmp_path / kind)[0]["comment"] == text


@pytest.mark.parametrize("length", [*range(200, 262), *range(65_000, 65_400, 97)])
def test_a_header_of_any_length_ends_where_it_ends(length):
    """A packet of a multiple of 255 bytes needs one more segment, which is empty."""
    data = encode(sound(0.05), "opus")
    changed = in_ogg(data, ["C=" + "x" * length])
    assert damage(changed) == ""
    assert soundfile.read(io.BytesIO(changed))[0].shape == (2400, 2)
    assert in_ogg(changed, ["C=y"]) == in_ogg(data, ["C=y"])


# Loops


class _Sampler:
    """What libsndfile makes of a `smpl` chunk."""

    GET_INSTRUMENT, SIZE = 0x10D0, 4 + 8 + 4 + 16 * 16

    def __init__(self, path):
        with soundfile.SoundFile(path) as file:
            raw = soundfile._ffi.new(f"char[{self.SIZE}]")
            self.found = soundfile._snd.sf_command(file._file, self.GET_INSTRUMENT, raw, self.SIZE)
            data = bytes(soundfile._ffi.buffer(raw))
        self.note, self.loops = data[4], struct.unpack_from("<i", data, 12)[0]
        self.mode, self.start, self.end, self.count = struct.unpack_from("<iIII", data, 16)


@pytest.mark.parametrize("depth", [16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_libsndfile_reads_the_loop_of_a_wav(tmp_path, channels, depth):
    (tmp_path / "x.wav").write_bytes(encode(sound(channels=channels), "wav", depth, marks=MARKS))
    found = _Sampler(tmp_path / "x.wav")
    assert found.found
    assert (found.note, found.loops) == (60, 1)
    forward = 801
    # libsndfile hands out the end that is not part of the loop, where the chunk holds the one that is.
    assert (found.mode, found.start, found.end, found.count) == (forward, 4800, 91_200, 0)


@pytest.mark.parametrize("rate", [11025, 44100, 48000])
def test_wavinfo_reads_the_loop_of_a_wav(tmp_path, rate):
    wavinfo = pytest.importorskip("wavinfo", reason="wavinfo is not installed")
    (tmp_path / "x.wav").write_bytes(encode(sound(0.5, rate), "wav", marks=Marks(loop=(10, 5001))))
    found = wavinfo.WavInfoReader(str(tmp_path / "x.wav")).smpl.to_dict()
    assert (found["sample_period_ns"], found["midi_note"]) == (round(1e9 / rate), 60)
    (loop,) = found["loops"]
    assert (loop["start_samples"], loop["end_samples"]) == (10, 5000)
    assert (loop["loop_type_description"], loop["repetition_count"]) == ("FORWARD", 0)


def test_the_smpl_chunk_is_laid_out_as_the_specification_has_it():
    data = encode(sound(0.5, 44100), "wav", 16, marks=Marks(loop=(10, 5001)))
    at = data.index(b"smpl")
    assert at % 2 == 0
    assert struct.unpack_from("<I", data, at + 4)[0] == 60 == len(data) - at - 8
    assert struct.unpack_from("<9I", data, at + 8) == (0, 0, 22676, 60, 0, 0, 0, 1, 0)
    assert struct.unpack_from("<6I", data, at + 44) == (0, 0, 10, 5000, 0, 0)


def test_sox_and_the_size_of_the_file_agree_that_a_wav_is_whole(tmp_path):
    for n in (1, 2, 3):
        for labels in ("", "a", "ab"):
            audio = make(np.linspace(-0.5, 0.5, n), 48000)
            data = encode(audio, "wav", 24, marks=Marks({"title": labels or "x"}, (0, n), ((0, labels),)))
            assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
            assert len(data) % 2 == 0
            (tmp_path / "x.wav").write_bytes(data)
            assert program("soxi", "-s", str(tmp_path / "x.wav")).strip() == str(n)


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus", "mp3"])
def test_other_formats_say_the_loop_in_a_comment(kind, tmp_path):
    path = tmp_path / f"x.{kind}"
    path.write_bytes(encode(sound(), kind, marks=MARKS))
    tags = ffprobe(path)[0]
    assert (tags["loopstart"], tags["looplength"]) == ("4800", "86400")
    readers = {"flac": "metaflac --export-tags-to=-", "ogg": "vorbiscomment -l", "opus": "opusinfo"}
    if kind == "mp3":
        text = program("mediainfo", str(path))
        assert all(part in text.replace(" ", "") for part in ("LOOPSTART:4800", "LOOPLENGTH:86400"))
    else:
        lines = [line.strip() for line in program(*readers[kind].split(), str(path)).splitlines()]
        assert {"LOOPSTART=4800", "LOOPLENGTH=86400"} <= set(lines)


@pytest.mark.parametrize("rate", [8000, 16000, 22000, 44100])
def test_a_loop_in_opus_is_counted_at_48_khz(rate):
    audio, marks = fitted(sound(1.0, rate), "opus", Marks(loop=(rate // 10, rate // 2), cues=((rate // 4, "x"),)))
    assert audio.sample_rate == 48000
    assert marks == Marks(loop=(4800, 24_000), cues=((12_000, "x"),))


# Cues


@pytest.mark.parametrize("loop", [None, (440_000, 440_103), (440_000, 440_101)])
@pytest.mark.parametrize("rate", [8000, 48000])
def test_a_cue_stays_at_its_place_in_the_sound_when_that_is_converted(rate, loop):
    n = 441_000
    audio = make(np.zeros((1, n)), 44100)
    result, marks = converted(audio, Marks(loop=loop, cues=((n // 2, "middle"), (n - 1, "last"))), rate)
    (middle, _), (last, _) = marks.cues
    # The ratio of a loop of a hundred samples is off by up to a two-hundredth, and the whole sound with it.
    assert middle == pytest.approx(result.n_samples / 2, abs=2)
    assert last == result.n_samples - 1


def test_ffprobe_reads_the_cues_as_chapters(marked):
    # Of a chapter of an MP3 that has no title, it shows the id.
    assert ffprobe(marked)[1] == [(0.0, "begin"), (1.0, "drip"), (1.5, "cue3" if marked.suffix == ".mp3" else "")]


def test_mediainfo_reads_the_cues_of_ogg_and_flac_as_chapters(marked):
    if marked.suffix in (".wav", ".mp3"):
        pytest.skip("mediainfo shows no chapters of it")
    tracks = json.loads(program("mediainfo", "--Output=JSON", str(marked)))["media"]["track"]
    (menu,) = [track["extra"] for track in tracks if track["@type"] == "Menu"]
    assert menu["_00_00_00_000"] == "begin"
    assert menu["_00_00_01_000"] == "drip"


def test_libsndfile_reads_the_cues_of_a_wav(tmp_path):
    (tmp_path / "x.wav").write_bytes(encode(sound(), "wav", marks=MARKS))
    with soundfile.SoundFile(tmp_path / "x.wav") as file:
        raw = soundfile._ffi.new(f"char[{4 + 100 * 280}]")
        assert soundfile._snd.sf_command(file._file, 0x10CE, raw, 4 + 100 * 280)
        data = bytes(soundfile._ffi.buffer(raw))
    assert struct.unpack_from("<I", data)[0] == 3
    points = [struct.unpack_from("<iI4siiI256s", data, 4 + 280 * k) for k in range(3)]
    assert [(point[5], point[6].split(b"\0")[0]) for point in points] == [
        (0, b"begin"),
        (48_000, b"drip"),
        (72_000, b""),
    ]
    assert {point[2] for point in points} == {b"data"}


def test_wavinfo_reads_the_cues_of_a_wav(tmp_path):
    wavinfo = pytest.importorskip("wavinfo", reason="wavinfo is not installed")
    (tmp_path / "x.wav").write_bytes(encode(sound(), "wav", 16, marks=MARKS))
    found = wavinfo.WavInfoReader(str(tmp_path / "x.wav")).cues
    assert list(found.each_cue()) == [(1, 0), (2, 48_000), (3, 72_000)]
    assert [found.label_and_note(k)[0] for k in (1, 2)] == ["begin", "drip"]
