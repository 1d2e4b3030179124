"""Encoded files: stable to the byte, and read alike by programs that share no code with the writer."""

import hashlib
import io
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from soundgraph.audio import Audio, make
from soundgraph.encode import encode, version
from soundgraph.errors import NodeError
from soundgraph.ogg import checksum, page_bounds, renumbered

KINDS = [("wav", 16), ("wav", 24), ("wav", 32), ("flac", 16), ("flac", 24), ("ogg", 24)]


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


DIGESTS = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from test_encode import KINDS, encode, sound
print([hashlib.sha256(encode(sound(), kind, depth)).hexdigest() for kind, depth in KINDS])
"""


def test_another_process_encodes_to_the_same_bytes(request):
    here = [hashlib.sha256(encode(sound(), kind, depth)).hexdigest() for kind, depth in KINDS]
    folder = str(request.path.parent)
    there = subprocess.run([sys.executable, "-c", DIGESTS, folder], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == str(here)


@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_a_second_file_of_the_same_sound_is_the_same_file(kind, depth):
    assert encode(sound(), kind, depth) == encode(sound(), kind, depth)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_the_file_holds_the_sound(kind, depth, channels):
    audio = sound(channels=channels)
    samples, rate = decoded(encode(audio, kind, depth))
    assert rate == audio.sample_rate
    assert samples.shape == audio.samples.shape
    error = np.abs(samples - audio.samples).max()
    # 1.5 LSB of 16 bits: half from rounding, one from dither.
    limit = {("ogg", 24): 0.1, ("wav", 32): 0.0}.get((kind, depth), 1.5 * 2.0**-15 if depth == 16 else 0.5 * 2.0**-23)
    assert error <= limit


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_other_programs_read_the_same_samples(kind, depth, channels):
    data = encode(sound(channels=channels), kind, depth)
    ours = decoded(data)[0]
    ffmpeg = tool("ffmpeg -v error -i pipe:0 -f f32le pipe:1", data, channels)
    sox = tool(f"sox -V1 -t {kind} - -t raw -e floating-point -b 32 -L -", data, channels)
    # Vorbis leaves a decoder its rounding, and sox decodes it to 16 bits; everything else is exact.
    assert np.abs(ffmpeg - ours).max() <= (1e-5 if kind == "ogg" else 0.0)
    assert np.abs(sox - ours).max() <= (2.0**-15 if kind == "ogg" else 2.0**-24)


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


def test_every_ogg_page_carries_the_serial_and_a_right_checksum():
    data = encode(sound(), "ogg", seed=0xDEADBEEF)
    bounds = list(page_bounds(data))
    assert len(bounds) > 3
    for start, stop in bounds:
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


def test_more_quality_is_more_bytes_and_less_error():
    audio = sound(2.0)
    files = [encode(audio, "ogg", quality=quality) for quality in (0.0, 0.5, 1.0)]
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


def test_what_a_format_cannot_hold_is_refused_in_words():
    with pytest.raises(NodeError, match=r"^ogg is written with one or two channels, not 6; wav and flac hold more$"):
        encode(sound(0.01, channels=6), "ogg")
    with pytest.raises(NodeError, match="flac holds up to 8 channels"):
        encode(sound(0.01, channels=9), "flac")
    for arguments in [("aiff",), ("wav", 20), ("flac", 32), ("ogg", 24, 1.5), ("mp3", 24, -0.1)]:
        with pytest.raises(ValueError):
            encode(sound(0.01), *arguments)


def test_the_version_names_libsndfile_where_it_matters():
    assert soundfile.__libsndfile_version__ in version()
    assert version(["wav"]) != version(["wav", "flac"]) == version(["ogg"])


def test_asking_for_the_version_of_wav_imports_nothing_heavy():
    code = "import sys, soundgraph.encode as e; e.version(['wav']); print({'numpy', 'soundfile'} & set(sys.modules))"
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
