"""Recordings: read exactly, and refused in one plain line when they are broken."""

import io
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundgraph.audio.containers import decode
from soundgraph.audio.containers.ogg import page_bounds
from soundgraph.core.errors import NodeError

FORMATS = [
    ("wav", "WAV", "PCM_16"),
    ("wav", "WAV", "PCM_U8"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "WAV", "IMA_ADPCM"),
    ("wav", "WAVEX", "PCM_24"),
    ("wav", "RF64", "PCM_16"),
    ("w64", "W64", "PCM_16"),
    ("aiff", "AIFF", "PCM_24"),
    ("aifc", "AIFF", "ULAW"),
    ("caf", "CAF", "PCM_16"),
    ("au", "AU", "PCM_16"),
    ("flac", "FLAC", "PCM_24"),
    ("ogg", "OGG", "VORBIS"),
    ("opus", "OGG", "OPUS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
]
ids = [f"{kind}-{subtype}" for _, kind, subtype in FORMATS]
every_format = pytest.mark.parametrize(("extension", "kind", "subtype"), FORMATS, ids=ids)
HEADER = "is not a recording that can be read, or its header is damaged"


def noise(channels=2, n=30_000):
    """Noise up to about 2 kHz, which every codec keeps, and which a shift by a few samples would change."""
    white = np.random.default_rng(2).standard_normal((n + 16, channels))
    return (0.15 * (np.cumsum(white, axis=0)[16:] - np.cumsum(white, axis=0)[:-16]) / 4).astype(np.float32)


def recorded(kind, subtype, samples=None, rate=48000, endian="FILE"):
    memory = io.BytesIO()
    samples = noise() if samples is None else samples
    soundfile.write(memory, samples, rate, format=kind, subtype=subtype, endian=endian)
    return memory.getvalue()


def put(tmp_path, data, name="take 1.wav"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def outcome(path):
    """The sound, or the reason why there is none."""
    try:
        return decode.read(path)
    except NodeError as error:
        return str(error)


def refusal(path, function=decode.read):
    with pytest.raises(NodeError) as caught:
        function(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f'"{path.name}" ')
    return text.removeprefix(f'"{path.name}" ')


@every_format
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read_whole(tmp_path, extension, kind, subtype, channels):
    samples = noise(channels)
    path = put(tmp_path, recorded(kind, subtype, samples), f"x.{extension}")
    audio = decode.read(path)
    assert decode.inspect(path) == (48000, channels, audio.n_samples)
    assert audio.sample_rate == 48000
    assert audio.samples.dtype == np.float32
    # ADPCM comes in blocks.
    assert len(samples) <= audio.n_samples < len(samples) + 4096
    limit = {"PCM_16": 2.0**-15, "PCM_24": 2.0**-23, "FLOAT": 0.0, "PCM_U8": 2.0**-7}.get(subtype)
    if limit is not None:
        assert np.abs(audio.samples.T - samples).max() <= limit
    else:
        assert np.corrcoef(audio.samples[0, : len(samples)], samples[:, 0])[0, 1] > 0.95


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("kind", ["WAV", "AIFF", "FLAC"])
def test_integers_come_through_exactly(tmp_path, kind, bits):
    values = np.random.default_rng(0).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), 5000)
    values[:2] = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    data = recorded(kind, f"PCM_{bits}", (values << (32 - bits)).astype(np.int32))
    assert np.array_equal(decode.read(put(tmp_path, data)).samples[0], values / 2 ** (bits - 1))


def test_float_recordings_keep_what_is_over_full_scale(tmp_path):
    data = recorded("WAV", "FLOAT", np.array([3.5, -2.0], np.float32))
    assert decode.read(put(tmp_path, data)).samples.tolist() == [[3.5, -2.0]]


@every_format
def test_a_recording_that_breaks_off_is_refused_wherever_it_does(tmp_path, extension, kind, subtype):
    data = recorded(kind, subtype)
    silent_cuts = []
    for cut in (*range(1, 40), 117, 1000, 5000, len(data) // 2, len(data) * 9 // 10):
        path = put(tmp_path, data[:-cut], f"x.{extension}")
        if not isinstance(outcome(path), str):
            silent_cuts.append(cut)
    assert silent_cuts == []


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "RF64", "W64", "MP3", "OGG", "FLAC"])
def test_what_follows_an_intact_header_is_looked_at_when_it_is_read(tmp_path, kind):
    data = recorded(kind, soundfile.default_subtype(kind))
    path = put(tmp_path, data[: len(data) * 3 // 4])
    assert decode.inspect(path)[0] == 48000
    assert refusal(path).startswith("breaks off")


def test_the_message_says_how_much_is_there(tmp_path):
    data = recorded("WAV", "PCM_16")
    assert refusal(put(tmp_path, data[:60_044])) == "breaks off: 60000 of its 120000 bytes of sound are there"


def test_big_endian_files_are_checked_too(tmp_path):
    data = recorded("WAV", "PCM_16", endian="BIG")
    assert data[:4] == b"RIFX"
    assert decode.read(put(tmp_path, data)).n_samples == 30_000
    assert "breaks off" in refusal(put(tmp_path, data[:-1]))


def test_chunks_around_the_sound_do_not_confuse_the_check(tmp_path):
    data = recorded("WAV", "PCM_24", noise(1, 1001))
    before, sound = data[:36], data[36:]
    note = b"note" + struct.pack("<I", 5) + b"datax\0"  # odd length, padded, and holding a tempting name
    path = put(tmp_path, before + note + sound + note)
    assert decode.read(path).n_samples == 1001
    # A cut in what follows the sound costs no sound.
    assert decode.read(put(tmp_path, (before + note + sound + note)[:-3])).n_samples == 1001
    assert "breaks off" in refusal(put(tmp_path, (before + note + sound)[:-2]))


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000])
def test_a_wav_written_to_a_pipe_is_read_to_its_end(tmp_path, size):
    data = bytearray(recorded("WAV", "PCM_16"))
    struct.pack_into("<I", data, 4, size)
    struct.pack_into("<I", data, 40, size)
    assert decode.read(put(tmp_path, data)).n_samples == 30_000


@pytest.mark.parametrize("extension", ["flac", "mp3"])
def test_a_recording_of_unknown_length_is_refused(tmp_path, extension):
    if extension == "flac":
        data = bytearray(recorded("FLAC", "PCM_16"))
        data[21] &= 0xF0  # the 36 bits of the number of samples
        data[22:26] = bytes(4)
        data[26:42] = bytes(16)  # and the checksum of the samples, by which they could be counted
    else:
        data = bytearray(recorded("MP3", "MPEG_LAYER_III"))
        at = max(data.find(b"Xing", 0, 100), data.find(b"Info", 0, 100))
        data[at : at + 4] = bytes(4)
    path = put(tmp_path, data, f"x.{extension}")
    words = "does not say in its header how long it is, as when it was written to a pipe; convert it anew"
    assert refusal(path, decode.inspect) == words


@pytest.mark.parametrize("kind", ["OGG", "FLAC"])
def test_a_damaged_byte_is_noticed_where_the_format_has_checksums(tmp_path, kind):
    data = bytearray(recorded(kind, soundfile.default_subtype(kind)))
    data[len(data) // 2] ^= 0x55
    assert "damaged" in refusal(put(tmp_path, data))


def test_an_ogg_that_lost_whole_pages_is_refused(tmp_path):
    data = recorded("OGG", "VORBIS", noise(2, 90_000))
    starts = [start for start, _ in page_bounds(data)]
    assert len(starts) > 5
    for start in starts[1:]:
        assert refusal(put(tmp_path, data[:start])) == "breaks off: its last page is missing"


def test_fewer_samples_than_the_header_promises_are_refused(tmp_path):
    data = bytearray(recorded("MP3", "MPEG_LAYER_III"))
    at = max(data.find(b"Xing", 0, 100), data.find(b"Info", 0, 100)) + 8
    frames = struct.unpack_from(">I", data, at)[0]
    struct.pack_into(">I", data, at, frames + 4)
    words = r"breaks off or is damaged: \d+ of its \d+ samples can be read"
    assert re.fullmatch(words, refusal(put(tmp_path, data)))


def test_an_mp3_with_a_title_before_it_is_read_and_checked(tmp_path):
    tag = b"ID3\4\0\0" + bytes((0, 0, 2, 0)) + bytes(256)
    data = tag + recorded("MP3", "MPEG_LAYER_III")
    assert decode.read(put(tmp_path, data, "x.mp3")).n_samples == 30_000
    assert "breaks off" in refusal(put(tmp_path, data[:-100], "x.mp3"))


def test_samples_that_are_not_numbers_are_refused_with_their_place(tmp_path):
    samples = noise(2, 48_000)
    samples[12_000, 1] = np.nan
    samples[20_000, 0] = np.inf
    path = put(tmp_path, recorded("WAV", "FLOAT", samples))
    assert refusal(path) == "holds samples that are not numbers, the first at 0.250 s"


def test_names_with_spaces_and_any_script_work(tmp_path):
    for name in ("door latch (close).wav", "дверь.wav", "扉 – ドア.wav", "no_extension", "wrong.raw.flac"):
        assert decode.read(put(tmp_path, recorded("WAV", "PCM_16"), name)).n_samples == 30_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"hello", HEADER),
        (b"RIFF", HEADER),
        (recorded("WAV", "PCM_16")[:20], HEADER),
        (b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + b"\0" * 50, HEADER),
        (recorded("WAV", "PCM_16", np.zeros((0, 1))), "holds no sound: its header says 0 samples"),
        (recorded("WAV", "PCM_16", rate=384000), "has a rate of 384000 Hz; 1000 to 192000 Hz can be read"),
        (recorded("WAV", "PCM_16", rate=999), "has a rate of 999 Hz; 1000 to 192000 Hz can be read"),
        (recorded("WAV", "PCM_16", noise(9, 100)), "has 9 channels; up to 8 can be read"),
        (
            recorded("OGG", "VORBIS", noise(6, 100)),
            "has 6 channels, and ogg is read with one or two; convert it to wav or flac",
        ),
        (recorded("WAV", "PCM_U8", np.zeros(3_700_000), 1000), "is 3700 s long; up to 3600 s can be read"),
        (
            recorded("VOC", "PCM_16", noise(1, 100)),
            "is of a format that is not read (VOC); wav, flac, ogg, aiff and mp3 are among those that are",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_header_that_cannot_be_used_is_refused(tmp_path, data, words):
    path = put(tmp_path, data)
    assert refusal(path, decode.inspect) == words
    assert refusal(path) == words


def test_a_header_that_promises_more_than_fits_is_refused_before_memory_is_asked_for(tmp_path):
    data = bytearray(recorded("FLAC", "PCM_16", noise(8, 4096)))
    data[21:26] = b"\xf0\x09\x00\x00\x00"  # 150 million samples
    assert refusal(put(tmp_path, data), decode.inspect) == "would be 4.8 GB of samples; up to 4.3 GB can be read"


def test_headerless_samples_are_refused(tmp_path):
    assert refusal(put(tmp_path, bytes(1000), "x.raw"), decode.inspect) == HEADER


def test_what_is_no_file_is_refused(tmp_path):
    assert refusal(tmp_path, decode.inspect) == "is a folder, not a recording"
    assert refusal(tmp_path / "gone.wav", decode.inspect) == "does not exist"
    assert refusal(put(tmp_path, b"x") / "below.wav", decode.inspect) == "does not exist"
    fifo = tmp_path / "pipe.wav"
    os.mkfifo(fifo)
    assert refusal(fifo, decode.inspect) == "is not a regular file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path):
    path = put(tmp_path, recorded("WAV", "PCM_16"))
    path.chmod(0)
    assert refusal(path, decode.inspect) == "cannot be opened: Permission denied"


@every_format
def test_broken_bytes_never_bring_down_more_than_the_read(tmp_path, extension, kind, subtype):
    data = recorded(kind, subtype, noise(2, 3000))
    rng = np.random.default_rng(len(data))
    for _ in range(12):
        broken = bytearray(data)
        for place in rng.integers(0, min(len(broken), 200), 4):
            broken[place] = rng.integers(256)
        result = outcome(put(tmp_path, broken, f"x.{extension}"))
        assert "\n" not in result if isinstance(result, str) else np.isfinite(result.samples).all()


def test_the_version_names_libsndfile(tmp_path):
    path = put(tmp_path, recorded("WAV", "PCM_16"))
    assert decode.version(path) == f"1, libsndfile {soundfile.__libsndfile_version__}"


def test_importing_it_imports_nothing_heavy():
    code = "import sys, soundgraph.audio.containers.decode; print({'numpy', 'soundfile'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "set()"


def test_a_file_that_fills_the_disk_is_refused_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.mp3"
    with path.open("wb") as file:
        try:
            file.truncate(2**36)  # without a byte in it
        except OSError:
            pytest.skip("no file of that size can be made here")
    with pytest.raises(decode.UnreadableError, match=r'"huge.mp3" has 68.7 GB; up to 4.3 GB'):
        decode.inspect(path)
