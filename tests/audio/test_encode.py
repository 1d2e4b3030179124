"""Encoded files: stable to the byte, and read alike by programs that share no code with the writer."""

import hashlib
import io
import re
import shutil
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.containers.metadata import Marks
from soundgraph.audio.containers.ogg import checksum, page_bounds, renumbered
from soundgraph.audio.dsp.resampling import resample
from soundgraph.audio.encode import encode, fitted, version
from soundgraph.core.errors import NodeError

LOSSY = ["ogg", "opus", "mp3"]
KINDS = [("wav", 16), ("wav", 24), ("wav", 32), ("flac", 16), ("flac", 24), *((kind, 24) for kind in LOSSY)]
MARKS = Marks({"title": "t", "comment": "c"}, (100, 20_000), ((50, "x"),))


def sound(seconds=0.7, sample_rate=44100, channels=2):
    rng = np.random.default_rng(1)
    n = round(seconds * sample_rate)
    tones = np.sin(2 * np.pi * np.outer(220 * (1 + np.arange(channels)), np.arange(n) / sample_rate))
    return make(0.4 * tones + 0.02 * rng.standard_normal((channels, n)), sample_rate)


def decoded(data):
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return samples.T, rate


def tool(command, data, channels):
    """What another program decodes to, as float32 shaped (channels, n)."""
    name, *arguments = command.split()
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    out = subprocess.run([name, *arguments], input=data, capture_output=True, check=True).stdout
    return np.frombuffer(out, "<f4").reshape(-1, channels).T


def digests():
    return [
        hashlib.sha256(encode(sound(), *kind, marks=marks)).hexdigest() for kind in KINDS for marks in (MARKS, Marks())
    ]


# Time stamps and seeds are of whole seconds, as a rule: the other process encodes until another one has come.
DIGESTS = """
import sys, time
sys.path.insert(0, sys.argv[1])
from test_encode import digests
found = digests()
while time.time() < float(sys.argv[2]) + 1.1:
    assert digests() == found
print(found)
"""


def test_another_process_at_another_time_encodes_to_the_same_bytes(request):
    began = time.time()
    here = digests()
    command = [sys.executable, "-c", DIGESTS, str(request.path.parent), str(began)]
    there = subprocess.run(command, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == str(here)


@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_a_second_file_of_the_same_sound_is_the_same_file(kind, depth):
    assert encode(sound(), kind, depth) == encode(sound(), kind, depth)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_the_file_holds_the_sound(kind, depth, channels):
    audio = sound(sample_rate=48000, channels=channels)
    samples, rate = decoded(encode(audio, kind, depth))
    assert rate == audio.sample_rate
    assert samples.shape == audio.samples.shape
    error = np.abs(samples - audio.samples).max()
    # 1.5 LSB of 16 bits: half from rounding, one from dither.
    limit = 1.5 * 2.0**-15 if depth == 16 else 0.5 * 2.0**-23
    limit = 0.1 if kind in LOSSY else 0.0 if depth == 32 else limit
    assert error <= limit


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_other_programs_read_the_same_samples(kind, depth, channels):
    data = encode(sound(sample_rate=48000, channels=channels), kind, depth)
    ours = decoded(data)[0]
    # It finds the length of an MP3 in a file it can seek in only.
    ffmpeg = tool("ffmpeg -v error -i pipe:0 -f f32le pipe:1", data, channels)[:, : ours.shape[1]]
    # A lossy format leaves a decoder its rounding; everything else is exact.
    assert ffmpeg.shape == ours.shape
    assert np.abs(ffmpeg - ours).max() <= (2e-5 if kind in LOSSY else 0.0)
    if kind == "opus":
        theirs = tool("opusdec --quiet --float --rate 48000 - -", data, channels)
        assert np.abs(theirs - ours).max() <= 2e-5
    elif kind != "mp3":  # which sox is often built without
        sox = tool(f"sox -V1 -t {kind} - -t raw -e floating-point -b 32 -L -", data, channels)
        # It decodes Vorbis to 16 bits.
        assert np.abs(sox - ours).max() <= (2.0**-15 if kind == "ogg" else 2.0**-24)


@pytest.mark.parametrize("n", [1, 2, 100, 959, 1152, 1153, 30_000])
@pytest.mark.parametrize("kind", LOSSY)
def test_a_decoder_gives_back_as_many_samples_as_went_in(kind, n, tmp_path):
    data = encode(make(sound(1.0, 48000).samples[:, :n], 48000), kind)
    assert decoded(data)[0].shape == (2, n)
    (tmp_path / "x").write_bytes(data)
    # ffmpeg does not cut off what fills the last block of a Vorbis file of one page.
    command = "oggdec -Q -R -o - x" if kind == "ogg" else "ffmpeg -v error -i x -f s16le pipe:1"
    if shutil.which(command.split(maxsplit=1)[0]) is None:
        pytest.skip("no other decoder is installed")
    out = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True).stdout
    assert len(out) == n * 2 * 2


@pytest.mark.parametrize("kind", LOSSY)
def test_nothing_is_shifted_in_time(kind):
    audio = sound(1.0, 48000, 1)
    back = decoded(encode(audio, kind))[0]
    spectrum = np.fft.rfft(back[0], 2**17) * np.conj(np.fft.rfft(audio.samples[0], 2**17))
    assert np.argmax(np.fft.irfft(spectrum)) == 0


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_wav_of_odd_size_is_padded_to_an_even_one(n):
    data = encode(make(np.linspace(-0.5, 0.5, n), 48000), "wav", 24)
    assert len(data) % 2 == 0
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    assert struct.unpack_from("<I", data, 40)[0] == 3 * n
    assert decoded(data)[0].shape == (1, n)


def test_24_bit_saturates_instead_of_wrapping():
    for kind in ("wav", "flac"):
        samples, _ = decoded(encode(make([1.5, -1.5, 1.0, -1.0], 48000), kind, 24))
        assert samples[0].tolist() == [1 - 2.0**-23, -1.0, 1 - 2.0**-23, -1.0]


def test_float_wav_keeps_what_is_over_full_scale():
    assert decoded(encode(make([3.0, -2.5], 48000), "wav", 32))[0].tolist() == [[3.0, -2.5]]


def test_the_seed_decides_about_dither_and_serial_only():
    audio = sound()
    assert encode(audio, "wav", 16, seed=1) == encode(audio, "wav", 16, seed=1)
    assert encode(audio, "wav", 16, seed=1) != encode(audio, "wav", 16, seed=2)
    assert encode(audio, "wav", 24, seed=1) == encode(audio, "wav", 24, seed=2)
    one, two = encode(audio, "ogg", seed=1), encode(audio, "ogg", seed=2**40 + 2)
    assert (one[14:18], two[14:18]) == (b"\1\0\0\0", b"\2\0\0\0")
    assert np.array_equal(decoded(one)[0], decoded(two)[0])


def test_without_a_seed_the_serial_is_a_function_of_the_sound():
    serials = {encode(Audio(sound().samples * np.float32(gain), 44100), "ogg")[14:18] for gain in (1.0, 0.5, 0.25)}
    assert len(serials) == 3


def naive_crc(page):
    """Bit by bit, as RFC 3533 describes it."""
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = ((register << 1) ^ 0x04C11DB7 if register & 0x80000000 else register << 1) & 0xFFFFFFFF
    return register


@pytest.mark.parametrize("marks", [Marks(), MARKS])
@pytest.mark.parametrize("kind", ["ogg", "opus"])
def test_every_ogg_page_carries_the_serial_its_number_and_a_right_checksum(kind, marks):
    data = encode(sound(), kind, seed=0xDEADBEEF, marks=marks)
    bounds = list(page_bounds(data))
    assert len(bounds) >= 3
    for number, (start, stop) in enumerate(bounds):
        assert struct.unpack_from("<I", data, start + 18)[0] == number
        assert data[start + 14 : start + 18] == struct.pack("<I", 0xDEADBEEF)
        blank = data[start : start + 22] + bytes(4) + data[start + 26 : stop]
        assert struct.unpack_from("<I", data, start + 22)[0] == naive_crc(blank)


def test_the_checksum_is_the_one_libsndfile_writes():
    memory = io.BytesIO()
    soundfile.write(memory, sound().samples.T, 44100, format="OGG", subtype="VORBIS")
    data = memory.getvalue()
    assert renumbered(data, struct.unpack_from("<I", data, 14)[0]) == data
    assert checksum(b"") == 0


def test_bytes_that_are_no_ogg_pages_are_refused():
    data = encode(sound(0.1), "ogg")
    for broken in (data[:-1], b"x" + data, data + b"OggS"):
        with pytest.raises(ValueError, match="no whole Ogg page"):
            list(page_bounds(broken))


@pytest.mark.parametrize("kind", LOSSY)
def test_more_quality_is_more_bytes_and_less_error(kind):
    audio = sound(2.0, 48000)
    files = [encode(audio, kind, quality=quality) for quality in (0.0, 0.5, 1.0)]
    errors = [np.std(decoded(data)[0] - audio.samples) for data in files]
    assert len(files[0]) < len(files[1]) < len(files[2])
    assert errors[0] > errors[1] > errors[2]


def test_three_minutes_of_stereo_fit_into_one_ogg():
    minutes = np.tile(sound(1.0, 48000).samples, (1, 180))
    samples, _ = decoded(encode(make(minutes, 48000), "ogg", quality=0.2))
    assert samples.shape == minutes.shape


@pytest.mark.parametrize("rate", [8000, 192000])
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
def test_the_lowest_and_highest_rate_of_a_scene_can_be_delivered(kind, rate):
    audio = sound(0.1, rate)
    samples, got = decoded(encode(audio, kind))
    assert got == rate
    assert samples.shape == audio.samples.shape


@pytest.mark.parametrize("kind", ["opus", "mp3"])
@pytest.mark.parametrize("n", [1, 2])
def test_a_sound_too_short_for_the_rate_of_a_codec_is_refused_rather_than_written_empty(kind, n):
    with pytest.raises(NodeError, match="is written at 48000 Hz, and the sound is shorter than one sample of that"):
        encode(make(np.ones((1, n)), 192000), kind, marks=Marks(cues=((0, "x"),)))


@pytest.mark.parametrize(
    ("kind", "rate", "written"),
    [
        *(("opus", 8000, 8000), ("opus", 11025, 12000), ("opus", 22050, 24000), ("opus", 32000, 48000)),
        *(("opus", 44100, 48000), ("opus", 48000, 48000), ("opus", 192000, 48000)),
        *(("mp3", 8000, 8000), ("mp3", 11025, 11025), ("mp3", 44100, 44100), ("mp3", 37800, 44100)),
        *(("mp3", 48000, 48000), ("mp3", 96000, 48000), ("mp3", 192000, 48000)),
        *(("ogg", 200000, 200000), ("ogg", 200001, 48000), ("ogg", 384000, 48000)),
    ],
)
def test_a_rate_that_a_codec_does_not_take_is_converted_to_the_next(kind, rate, written):
    audio = sound(0.5, rate)
    samples, got = decoded(encode(audio, kind, quality=1.0))
    assert got == written
    wanted = resample(audio, written)
    assert samples.shape == wanted.samples.shape
    assert fitted(audio, kind)[0].samples.tobytes() == wanted.samples.tobytes()
    inner = slice(written // 20, -written // 20)
    assert np.abs(samples - wanted.samples)[:, inner].max() < 0.1


@pytest.mark.parametrize("kind", LOSSY)
def test_what_is_over_full_scale_stays_so_in_a_lossy_file(kind):
    audio = make(2.0 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000), 48000)
    assert np.abs(decoded(encode(audio, kind))[0]).max() == pytest.approx(2.0, rel=0.05)


def test_what_a_format_cannot_hold_is_refused_in_words():
    for kind in LOSSY:
        words = f"^{kind} is written with one or two channels, not 6; wav and flac hold more$"
        with pytest.raises(NodeError, match=words):
            encode(sound(0.01, channels=6), kind)
    with pytest.raises(NodeError, match=r"^flac is written with up to 8 channels, not 9; wav holds more$"):
        encode(sound(0.01, channels=9), "flac")
    for arguments in [("aiff",), ("wav", 20), ("flac", 32), ("ogg", 24, 1.5), ("mp3", 24, -0.1)]:
        with pytest.raises(ValueError):
            encode(sound(0.01), *arguments)


def test_the_version_names_libsndfile_where_it_matters():
    for name in ("flac", "ogg", "opus", "mp3"):
        assert soundfile.__libsndfile_version__ in version(name)
        assert version(name) != version("wav")
    assert soundfile.__libsndfile_version__ not in version("wav")


@pytest.mark.parametrize(
    ("name", "library"), [("flac", "libFLAC"), ("ogg", "libVorbis"), ("opus", "libopus"), ("mp3", "LAME")]
)
def test_the_version_names_the_library_of_the_codec(name, library):
    """libsndfile is often linked to those of the system, which change without it."""
    assert re.search(rf"{library}\D*\d", version(name))
    assert sum(library in version(other) for other in ("wav", "flac", "ogg", "opus", "mp3")) == 1


def test_asking_for_the_version_of_wav_imports_nothing_heavy():
    code = "import sys, soundgraph.audio.encode as e; e.version('wav');print({'numpy', 'soundfile'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"


@pytest.mark.parametrize("depth", [16, 24, 32])
@pytest.mark.parametrize(("channels", "layout"), [(3, "3.0"), (6, "5.1"), (8, "7.1")])
def test_more_than_two_channels_keep_their_speakers(channels, layout, depth, tmp_path):
    audio = sound(channels=channels)
    data = encode(audio, "wav", depth)
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == audio.sample_rate
    np.testing.assert_allclose(samples.T, audio.samples, atol=2e-4)
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    (tmp_path / "x.wav").write_bytes(data)
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=channel_layout", "-of", "csv=p=0"]
    found = subprocess.run([*command, tmp_path / "x.wav"], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == layout
