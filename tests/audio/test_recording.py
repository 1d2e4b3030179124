"""Recordings are read to their end and not a sample further, or refused in a line that says why."""

import os
import re
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from soundgraph.audio.containers import decode, ffmpeg
from soundgraph.core.errors import NodeError
from tests.recordings import (
    RATE,
    chunk,
    encoded,
    flac_parts,
    mp3_frames,
    ogg_flac,
    ogg_page,
    tone,
    wav,
    with_total,
)

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
LIBSNDFILE = f"libsndfile {soundfile.__libsndfile_version__}"


@pytest.fixture
def put(tmp_path):
    def write(data, name="take.wav"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def refusal(path, function=decode.read):
    with pytest.raises(NodeError) as caught:
        function(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f'"{path.name}" ')
    return text.removeprefix(f'"{path.name}" ')


def level(samples):
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


# Files put one after the other

EACH = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_U8"),
    ("WAV", "IMA_ADPCM"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("AIFF", "PCM_S8"),
    ("CAF", "PCM_16"),
    ("CAF", "ALAC_16"),
    ("AU", "PCM_16"),
    ("FLAC", "PCM_16"),
]


@pytest.mark.parametrize("length", [4410, 4411])
@pytest.mark.parametrize(("kind", "subtype"), EACH)
def test_two_files_one_after_the_other_are_refused_with_the_place(put, kind, subtype, length):
    data = encoded(kind, subtype, tone(length))
    reason = f"holds more than one recording, one after the other: another begins at byte {len(data)}; take them apart"
    for path in (put(data + data), put(data + data + data), put(data + encoded("AU")), put(data + encoded("FLAC"))):
        assert refusal(path, decode.inspect) == reason
        assert refusal(path) == reason
    assert decode.read(put(data)).n_samples >= length


@pytest.mark.parametrize(("kind", "subtype"), EACH)
def test_what_follows_the_sound_and_is_nothing_known_is_refused_only_where_it_may_be_sound(put, kind, subtype):
    data = encoded(kind, subtype, tone(4410))
    n = decode.read(put(data)).n_samples
    rubbish = np.random.default_rng(0).bytes(20_000)
    assert refusal(put(data + rubbish)).startswith("holds ")
    assert "bytes after the sound that it states" in refusal(put(data + rubbish))
    if kind != "CAF":  # whose chunks have 64 bits of size, so that a tag is half of one
        for tail in (bytes(4096), b"TAG" + b"x" * 125, b"ID3\3\0\0\0\0\0\12" + b"x" * 10, rubbish[:100]):
            assert decode.read(put(data + tail)).n_samples == n


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFFF - 44, 0x7FFFFFFF - 36, 0])
def test_files_joined_behind_a_length_that_is_not_known_are_refused_too(put, size):
    data = bytearray(encoded("WAV", "PCM_16", tone(4410)))
    struct.pack_into("<I", data, 4, 0xFFFFFFFF)
    struct.pack_into("<I", data, 40, size)
    assert decode.read(put(data)).n_samples == 4410
    assert "another begins at byte 8864" in refusal(put(data + data))


def test_a_file_that_was_cut_and_another_put_after_it_are_not_taken_for_one(put):
    data = encoded("WAV", "PCM_16", tone(4410))
    small = encoded("WAV", "PCM_16", tone(100))
    path = put(data[: -len(small)] + small)
    assert f"another begins at byte {len(data) - len(small)}" in refusal(path)
    assert decode.version(path) == f"2, {LIBSNDFILE}"


def test_a_wav_with_two_chunks_of_sound_is_refused(put):
    data = encoded("WAV", "PCM_16", tone(441))
    assert refusal(put(data + chunk(b"data", bytes(200)))).startswith("holds its sound in several parts")


# Ogg


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("subtype", "rate"), [("VORBIS", 44100), ("VORBIS", 22050), ("OPUS", 48000), ("OPUS", 16000)])
def test_a_chain_of_ogg_streams_is_read_whole(put, subtype, rate, channels):
    parts = [tone(n, channels, freq, rate) for n, freq in ((rate, 440), (rate // 2 + 1, 880), (7000, 660))]
    links = [encoded("OGG", subtype, part, rate) for part in parts]
    path = put(b"".join(links), "chain.ogg")
    alone = [decode.read(put(link, "link.ogg")).samples for link in links]
    audio = decode.read(path)
    assert decode.inspect(path) == (rate, channels, sum(map(len, parts)))
    assert np.array_equal(audio.samples, np.concatenate(alone, axis=1))
    assert decode.version(path) == f"2, {LIBSNDFILE}"


def test_a_chain_of_different_codecs_is_read_whole_where_rate_and_channels_are_the_same(put):
    flac = encoded("FLAC", "PCM_16", tone(4000, rate=48000), 48000)
    links = [encoded("OGG", "VORBIS", tone(9000), 48000), encoded("OGG", "OPUS", tone(8000), 48000)]
    audio = decode.read(put(links[0] + ogg_flac(flac, 4000) + links[1], "chain.ogg"))
    assert audio.n_samples == 9000 + 4000 + 8000


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [((44100, 1), (22050, 1), "44100 Hz with 1 channel, then 22050 Hz with 1 channel"),
     ((44100, 1), (44100, 2), "44100 Hz with 1 channel, then 44100 Hz with 2 channels")],
)  # fmt: skip
def test_a_chain_of_different_rates_or_channels_is_refused(put, first, second, words):
    links = [encoded("OGG", "VORBIS", tone(9000, channels, rate=rate), rate) for rate, channels in (first, second)]
    path = put(b"".join(links), "chain.ogg")
    expected = f"holds recordings of different sorts, one after the other: {words}; take them apart"
    assert refusal(path, decode.inspect) == expected
    assert decode.version(path).startswith("2, ")


def test_a_link_of_a_chain_that_breaks_off_is_refused(put):
    data = encoded("OGG", "VORBIS", tone(90_000))
    for cut in (data[:-1], data[: data.rfind(b"OggS")]):
        assert "breaks off" in refusal(put(cut + data, "x.ogg")) or "damaged" in refusal(put(cut + data, "x.ogg"))


def test_a_stream_put_after_another_without_its_beginning_is_refused(put):
    data = encoded("OGG", "VORBIS", tone(90_000))
    pages = data[data.find(b"OggS", data.find(b"OggS", 1) + 1) :]
    assert "without a beginning" in refusal(put(data + pages, "x.ogg"))


@pytest.mark.parametrize("tail", [bytes(3000), b"TAG" + bytes(125), b"left behind"])
def test_what_programs_leave_behind_an_ogg_is_no_damage(put, tail):
    data = encoded("OGG", "VORBIS", tone(4000))
    assert np.array_equal(decode.read(put(data + tail, "x.ogg")).samples, decode.read(put(data, "y.ogg")).samples)
    assert re.search("breaks off|is damaged", refusal(put(data[:-40] + tail, "z.ogg")))


def test_another_recording_behind_an_ogg_is_told_of(put):
    data = encoded("OGG", "VORBIS", tone(4000))
    path = put(data + encoded("WAV", "PCM_16", tone(4000)), "x.ogg")
    assert f"another begins at byte {len(data)}" in refusal(path)
    assert "holds 2000 bytes after the sound" in refusal(put(data + bytes(range(1, 201)) * 10, "y.ogg"))


def test_two_sounds_side_by_side_in_ogg_are_refused(put):
    flac = encoded("FLAC", "PCM_16", tone(4000))
    pages = [ogg_flac(flac, 4000, serial).split(b"OggS")[1:] for serial in (1, 2)]
    data = b"".join(b"OggS" + page for pair in zip(*pages, strict=True) for page in pair)
    assert refusal(put(data, "x.ogg")) == "holds several sounds side by side; take out the one that is meant"


@pytest.mark.parametrize("total", [4000, 0])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_flac_in_ogg_is_read_exactly(put, channels, total):
    samples = (tone(4000, channels) * 32767).astype(np.int16)
    flac = with_total(encoded("FLAC", "PCM_16", samples), total)
    path = put(ogg_flac(flac, 4000), "x.oga")
    assert decode.inspect(path) == (RATE, channels, 4000)
    assert np.array_equal(decode.read(path).samples, samples.T / 32768)


def test_flac_in_ogg_that_breaks_off_is_refused(put):
    data = ogg_flac(encoded("FLAC", "PCM_16", tone(4000)), 4000)
    last = data.rfind(b"OggS")
    for cut in (data[:-1], data[:-500], data[:last], data[:last] + ogg_page(4, 4000, 2, b"")):
        assert re.search("breaks off|damaged", refusal(put(cut, "x.oga")))


# FLAC


@pytest.mark.parametrize("stated", [1, 4096, 30_000, 43_999, 0])
def test_a_flac_that_states_too_few_samples_is_read_whole_where_its_checksum_says_so(put, stated):
    samples = (tone(44_000, 2) * 32767).astype(np.int16)
    path = put(with_total(encoded("FLAC", "PCM_16", samples), stated), "x.flac")
    assert np.array_equal(decode.read(path).samples, samples.T / 32768)
    assert decode.inspect(path) == (RATE, 2, 44_000)
    assert decode.version(path) == f"2, {LIBSNDFILE}"


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_the_checksum_of_a_flac_is_that_of_its_samples_at_every_depth(put, bits):
    values = np.random.default_rng(0).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (9000, 2))
    subtype = "PCM_S8" if bits == 8 else f"PCM_{bits}"
    data = encoded("FLAC", subtype, (values << (32 - bits)).astype(np.int32))
    assert decode.read(put(with_total(data, 100), "x.flac")).n_samples == 9000


def test_a_flac_whose_frames_fit_neither_the_number_nor_the_checksum_is_refused(put):
    data = with_total(encoded("FLAC", "PCM_16", tone()), 30_000, md5=b"\1" * 16)
    reason = refusal(put(data, "x.flac"))
    assert reason.startswith("holds 44100 samples where its header states another number, and its checksum is not of")
    assert decode.version(put(data, "x.flac")).startswith("2, ")


def test_a_flac_that_states_too_few_samples_and_no_checksum_is_read_whole(put):
    data = with_total(encoded("FLAC", "PCM_16", tone()), 30_000, md5=bytes(16))
    assert decode.read(put(data, "x.flac")).n_samples == 44_100


@pytest.mark.parametrize("lengths", [(44_100, 44_100), (44_100, 20_000)])
@pytest.mark.parametrize("md5", [None, bytes(16)])
def test_frames_of_two_flacs_behind_the_header_of_the_first_are_refused(put, md5, lengths):
    one, other = (encoded("FLAC", "PCM_16", tone(n, freq_hz=440 + n / 100)) for n in lengths)
    joined = with_total(one, lengths[0], md5) + flac_parts(other)[1]
    assert re.search("one after the other|its checksum is not of them", refusal(put(joined, "x.flac")))


def test_an_ordinary_flac_keeps_its_key_whatever_its_checksum(put):
    data = encoded("FLAC", "PCM_16", tone())
    for md5 in (None, bytes(16), b"\1" * 16):
        path = put(with_total(data, 44_100, md5), "x.flac")
        assert decode.version(path) == f"1, {LIBSNDFILE}"
        assert decode.read(path).n_samples == 44_100


# WAV and its like


@pytest.mark.parametrize("blocks", [1, 2, 31, 32])
@pytest.mark.parametrize("kind", ["WAV", "W64"])
def test_gsm_ends_with_its_last_block(put, kind, blocks):
    samples = tone(320 * blocks, rate=8000)
    audio = decode.read(put(encoded(kind, "GSM610", samples, 8000)))
    assert audio.n_samples == 320 * blocks
    assert level(audio.samples[0, -200:]) < 0.3


@pytest.mark.parametrize("stated", [9601, 9700, 9920])
def test_fact_says_how_many_samples_of_the_last_block_are_sound(put, stated):
    data = bytearray(encoded("WAV", "GSM610", tone(9920, rate=8000), 8000))
    struct.pack_into("<I", data, data.find(b"fact") + 8, stated)
    path = put(data)
    assert decode.inspect(path) == (8000, 1, stated)
    assert decode.read(path).n_samples == stated


@pytest.mark.parametrize("stated", [0, 1, 9600, 9921, 2 * 9920, 0xFFFFFFFF])
def test_a_fact_that_cannot_be_is_not_believed(put, stated):
    data = bytearray(encoded("WAV", "GSM610", tone(9920, rate=8000), 8000))
    struct.pack_into("<I", data, data.find(b"fact") + 8, stated)
    assert decode.read(put(data)).n_samples == 9920


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM"])
def test_adpcm_is_never_shorter_than_what_went_in_and_heeds_fact(put, subtype, channels):
    for n in (1, 100, 505, 506, 2036 // 2, 2041, 10_001):
        data = bytearray(encoded("WAV", subtype, tone(n, channels)))
        blocks = soundfile.info(put(data)).frames
        assert n <= decode.read(put(data)).n_samples <= blocks
        struct.pack_into("<I", data, data.find(b"fact") + 8, n)
        path = put(data)
        # One block of IMA of two channels, with a count that was divided by them, as libsndfile does, says nothing.
        if n * channels != blocks or channels == 1 or subtype == "MS_ADPCM":
            assert decode.read(path).n_samples == n
            assert decode.version(path) == f"{1 if n == blocks else 2}, {LIBSNDFILE}"


def test_adpcm_with_a_shorter_last_block_ends_with_it(put):
    block, channels = 256, 1
    inside = np.random.default_rng(0).bytes(block * 3 + 4 + 16)
    sound = b"".join(b"\0\0\0\0" + inside[at + 4 : at + block] for at in range(0, len(inside), block))
    data = wav(0x11, RATE, channels, block, 4, struct.pack("<HH", 2, 505), sound)
    assert decode.read(put(data)).n_samples == 3 * 505 + 33


@pytest.mark.parametrize("n", [1, 2, 1001])
@pytest.mark.parametrize("counts_padding", [False, True])
@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_U8", "ULAW", "ALAW"])
def test_the_padding_of_an_aiff_is_no_sample(put, subtype, counts_padding, n):
    data = bytearray(encoded("AIFF", subtype, tone(n + n % 2)))  # libsndfile itself counts it everywhere
    data[-1] = 0x55 if n % 2 else data[-1]
    struct.pack_into(">I", data, data.find(b"COMM") + 10, n)
    if not counts_padding:
        struct.pack_into(">I", data, data.find(b"SSND") + 4, n + 8)
    path = put(data)
    assert decode.inspect(path) == (RATE, 1, n)
    assert decode.read(path).n_samples == n
    assert decode.version(path) == f"{2 if n % 2 and counts_padding else 1}, {LIBSNDFILE}"


SIZES = [0xFFFFFFFF - n for n in (0, 8, 36, 44, 80, 255, 4096)] + [
    0x80000000,
    0x7FFFFFFF - 36,
    0x7FFFF000 - 36,
    0x7F000024,
]


@pytest.mark.parametrize("size", [*SIZES, 0])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "AIFF", "AU"])
def test_a_length_that_stands_for_not_known_means_up_to_the_end(put, kind, size):
    data = bytearray(encoded(kind, "PCM_16", tone(4410)))
    order, at = (">", 8) if kind == "AU" else ("<", data.find(b"data") + 4)
    if kind == "AIFF":
        order, at = ">", data.find(b"SSND") + 4
    if kind != "AU":
        struct.pack_into(f"{order}I", data, 4, size)
    struct.pack_into(f"{order}I", data, at, size)
    path = put(data)
    assert decode.inspect(path) == (RATE, 1, 4410)
    assert decode.read(path).n_samples == 4410


@pytest.mark.parametrize("size", [88_200, 0x7E000000, 0x10000000, 0xFFFE0000, 0x90000000])
def test_a_length_that_is_one_is_missed(put, size):
    data = bytearray(encoded("WAV", "PCM_16", tone(4410)))
    struct.pack_into("<I", data, 40, size)
    assert refusal(put(data)) == f"breaks off: 8820 of its {size} bytes of sound are there"


def test_a_caf_of_unknown_length_and_a_bw64_are_read(put):
    samples = (tone(4411) * 32767).astype(np.int16)
    caf = bytearray(encoded("CAF", "PCM_16", samples))
    struct.pack_into(">q", caf, caf.find(b"data") + 4, -1)
    bw64 = b"BW64" + encoded("RF64", "PCM_16", samples)[4:]
    for data in (caf, bw64):
        path = put(data)
        assert decode.inspect(path) == (RATE, 1, 4411)
        assert np.array_equal(decode.read(path).samples[0], samples[:, 0] / 32768)
    assert refusal(put(bw64[:-10])) == "breaks off: 8812 of its 8822 bytes of sound are there"


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_mpeg_in_wav_is_whole_although_its_length_is_not_stated(put, mode):
    mp3 = encoded("MP3", "MPEG_LAYER_III", tone(RATE * 2), bitrate_mode=mode, compression_level=0.5)
    frames = mp3_frames(mp3)
    extra = struct.pack("<HHIHHH", 12, 1, 2, 417, 1, 1393)
    fact = chunk(b"fact", struct.pack("<I", RATE * 2))
    data = wav(0x55, RATE, 1, 1, 0, extra, b"".join(frames), fact)
    audio = decode.read(put(data))
    assert RATE * 2 + 576 <= audio.n_samples <= 1152 * len(frames)
    assert 0.19 < level(audio.samples[0, 4000:-4000]) < 0.23
    assert "breaks off" in refusal(put(data[:-2]))


def test_a_codec_that_is_not_read_is_not_called_damage(put):
    data = wav(0x1234, RATE, 1, 32, 4, b"", bytes(3200))
    assert refusal(put(data)) == "holds a codec (0x1234) in WAV, which is not read; convert it to wav or flac"
    data = wav(1, 8000, 1, 8, 64, b"", bytes(800))
    assert refusal(put(data)) == "holds samples of 64 bits in WAV, which is not read; convert it to wav or flac"
    for magic, words in ((b"MThd", "MIDI"), (b"#EXTM3U\n", "a playlist"), (b"MAC \x96\x0f", "Monkey's Audio")):
        assert words in refusal(put(magic + bytes(100)), decode.inspect)


# MP3


def mp3(n=RATE, **options):
    return encoded("MP3", "MPEG_LAYER_III", tone(n), bitrate_mode="VARIABLE", compression_level=0.5, **options)


def tag(text=b"hi"):
    body = b"TIT2" + struct.pack(">IH", len(text) + 1, 0) + b"\0" + text
    return b"ID3\3\0\0" + bytes([0, 0, 0, len(body)]) + body


@pytest.mark.parametrize("rate", [44100, 22050, 11025, 48000, 8000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("copies", [2, 3])
def test_mp3s_one_after_the_other_are_one_stream(put, copies, channels, rate):
    data = encoded("MP3", "MPEG_LAYER_III", tone(rate, channels, rate=rate), rate)
    alone = decode.read(put(data, "x.mp3"))
    path = put(data * copies, "x.mp3")
    audio = decode.read(path)
    # Each but the first has a header, which is a silent frame, and what its encoder put before and after it.
    assert copies * alone.n_samples <= audio.n_samples <= copies * (alone.n_samples + 4 * 1152)
    assert np.allclose(audio.samples[:, : rate - 1200], alone.samples[:, : rate - 1200], atol=1e-4)
    assert level(audio.samples[:, -rate // 2 :]) == pytest.approx(level(alone.samples[:, -rate // 2 :]), rel=0.02)
    assert decode.version(path) == f"2, {LIBSNDFILE}"
    assert decode.read(put((data + b"TAG" + b"x" * 125 + tag()) * copies, "x.mp3")).n_samples == audio.n_samples


def test_joined_mp3s_that_are_not_alike_or_not_whole_are_refused(put):
    data = mp3()
    other = encoded("MP3", "MPEG_LAYER_III", tone(RATE, 2))
    slower = encoded("MP3", "MPEG_LAYER_III", tone(RATE, rate=48000), 48000)
    for joined in (data + other, data + slower, other + data):
        assert refusal(put(joined, "x.mp3"), decode.inspect).startswith("changes its sample rate or its channels at")
    assert refusal(put(data + data[:-200], "x.mp3")).startswith("breaks off")
    assert re.search("breaks off|damaged", refusal(put(data[: len(data) // 2] + data, "x.mp3")))
    assert "another begins" in refusal(put(data + encoded("WAV"), "x.mp3"))


@pytest.mark.parametrize("tags", [2, 3])
def test_tags_before_an_mp3_do_not_hide_its_length(put, tags):
    assert decode.read(put(tag() * tags + mp3(), "x.mp3")).n_samples == RATE
    assert "breaks off" in refusal(put(tag() * tags + mp3()[:-300], "x.mp3"))


def test_an_mp3_that_states_its_frames_and_not_its_bytes_is_read_and_checked(put):
    data = bytearray(mp3())
    at = re.search(rb"Xing|Info", data).start()
    frames = data[at + 8 : at + 12]
    data[at + 4 : at + 120] = struct.pack(">I", 1) + frames + bytes(108)
    path = put(data, "x.mp3")
    audio = decode.read(path)
    assert RATE <= audio.n_samples <= 1152 * int.from_bytes(frames, "big")
    assert refusal(put(data[:-300], "x.mp3")).startswith("breaks off")


def test_an_mp3_with_fraunhofers_header_is_read_and_checked(put):
    frames = mp3_frames(encoded("MP3", "MPEG_LAYER_III", tone(), bitrate_mode="CONSTANT", compression_level=0.5))
    head = frames[0][:4] + bytes(32)
    vbri = head + b"VBRI" + struct.pack(">HHHII", 1, 0, 50, sum(map(len, frames)), len(frames))
    data = vbri.ljust(len(frames[0]) - (frames[0][2] >> 1 & 1), b"\0")
    data = data[:2] + bytes([data[2] & ~2]) + data[3:]
    audio = decode.read(put(data + b"".join(frames), "x.mp3"))
    assert RATE <= audio.n_samples <= 1152 * len(frames)
    assert refusal(put(data + b"".join(frames)[:-900], "x.mp3")).startswith("breaks off")


def test_an_ordinary_mp3_is_read_as_ever_without_its_encoders_silence(put):
    path = put(tag() + mp3() + b"TAG" + b"x" * 125, "x.mp3")
    assert decode.inspect(path) == (RATE, 1, RATE)
    assert decode.version(path) == f"1, {LIBSNDFILE}"
    expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
    assert np.array_equal(decode.read(path).samples, expected.T)


@pytest.mark.skipif(sys.platform != "linux", reason="the C library's stream is set on Linux")
def test_what_a_decoder_prints_is_not_shown_and_what_python_prints_is(put):
    data = mp3()
    at = re.search(rb"Xing|Info", data).start() + 12
    path = put(data[:at] + struct.pack(">I", len(data) // 2) + data[at + 4 :], "x.mp3")
    loud = f"import soundfile; soundfile.read({str(path)!r})"
    heard = subprocess.run([sys.executable, "-c", loud], capture_output=True, text=True, check=True).stderr
    assert "Xing" in heard
    quiet = "import sys; from pathlib import Path; from soundgraph.audio.containers import decode; "
    quiet += f"print('before', file=sys.stderr); decode.read(Path({str(path)!r})); print('after', file=sys.stderr)"
    heard = subprocess.run([sys.executable, "-c", quiet], capture_output=True, text=True, check=True).stderr
    assert heard.split() == ["before", "after"]


# Through ffmpeg


def made(path, *options, n=10_001, channels=2, rate=RATE):
    """A recording by ffmpeg, of a sine; its samples."""
    source = path.with_name("source.wav")
    samples = (tone(n, channels, rate=rate) * 32767).astype(np.int16)
    soundfile.write(source, samples, rate, subtype="PCM_16")
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", source, *options, path]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this ffmpeg does not write it: {done.stderr.decode()[:100]}")
    return samples


@needs_ffmpeg
@pytest.mark.parametrize("n", [1152, 10_001])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("name", ["x.m4a", "x.caf", "x.mov"])
def test_lossless_sound_that_libsndfile_does_not_read_comes_through_exactly(tmp_path, name, channels, n):
    path = tmp_path / name
    samples = made(path, "-c:a", "alac", n=n, channels=channels)
    assert decode.inspect(path) == (RATE, channels, None)
    assert np.array_equal(decode.read(path).samples, samples.T / 32768)
    assert decode.version(path) == f"2, ffmpeg {ffmpeg.version()}"
    assert decode.programs(path) == ["ffmpeg"]


@needs_ffmpeg
@pytest.mark.parametrize("name", ["x.m4a", "x.aac", "x.webm", "x.mka", "x.wma", "x.wv", "x.mp4"])
def test_lossy_sound_is_read_and_refused_where_it_breaks_off_or_goes_on(tmp_path, name):
    path = tmp_path / name
    made(path, n=RATE)
    data = path.read_bytes()
    audio = decode.read(path)
    assert audio.duration > (0.97 if name == "x.wma" else 0.999)  # ffmpeg's encoder leaves out a last part of a block
    for cut in (1, 20, len(data) // 3):
        path.write_bytes(data[:-cut])
        assert re.search("breaks off|damaged|cannot read it whole", refusal(path))
    if name != "x.aac":  # a stream of frames, like MP3
        path.write_bytes(data + data)
        assert re.search("one after the other|after the sound that it states", refusal(path, decode.inspect))


@needs_ffmpeg
@pytest.mark.parametrize("bits", [12, 20])
@pytest.mark.parametrize("name", ["x.flac", "x.oga"])
def test_flac_of_12_and_20_bits_is_read_exactly(tmp_path, name, bits):
    if shutil.which("flac") is None:
        pytest.skip("flac is not installed")
    values = np.random.default_rng(0).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), 5000)
    width = 16 if bits == 12 else 24
    sound = b"".join(int(v << width - bits).to_bytes(width // 8, "little", signed=True) for v in values)
    extra = struct.pack("<HHIH14s", 22, bits, 4, 1, bytes.fromhex("000000001000800000aa00389b71"))
    source = tmp_path / "source.wav"
    source.write_bytes(wav(0xFFFE, RATE, 1, width // 8, width, extra, sound))
    path = tmp_path / name
    subprocess.run(["flac", "-s", *(["--ogg"] if name == "x.oga" else []), source, "-o", path], check=True)
    assert np.array_equal(decode.read(path).samples[0], values / 2 ** (bits - 1))
    data = path.read_bytes()
    path.write_bytes(data[:-2000])
    assert re.search("breaks off|damaged|cannot read it whole", refusal(path))


def test_without_the_program_the_message_says_what_it_is_and_how_to_convert_it(put, monkeypatch):
    monkeypatch.setenv("PATH", "")
    moov = struct.pack(">I4s", 8, b"moov")
    path = put(struct.pack(">I4s8s", 16, b"ftyp", b"M4A \0\0\0\0") + moov, "my take.m4a")
    expected = (
        "holds MPEG-4 (AAC, ALAC), which is read through ffmpeg, and there is no such program here: install it, or "
        "convert the file elsewhere (ffmpeg -i 'my take.m4a' 'my take.wav')"
    )
    assert refusal(path, decode.inspect) == expected
    assert refusal(path) == expected


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("-i.m4a", "ffmpeg -i ./-i.m4a ./-i.wav"),
        ("take.wav", "ffmpeg -i take.wav take.converted.wav"),
        ("Take.WAV", "ffmpeg -i Take.WAV Take.converted.wav"),
    ],
)
def test_the_command_that_converts_can_be_run_as_it_is(put, monkeypatch, name, command):
    monkeypatch.setenv("PATH", "")
    path = put(struct.pack(">I4s8sI4s", 16, b"ftyp", b"M4A \0\0\0\0", 8, b"moov"), name)
    assert f"({command})" in refusal(path, decode.inspect)


def test_a_program_of_that_name_in_the_working_folder_is_not_run(put, tmp_path, monkeypatch):
    trap = put(b"#!/bin/sh\ntouch owned\n", "ffmpeg")
    trap.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}")
    moov = struct.pack(">I4s", 8, b"moov")
    path = put(struct.pack(">I4s8s", 16, b"ftyp", b"M4A \0\0\0\0") + moov, "x.m4a")
    assert "no such program" in refusal(path, decode.inspect)
    assert not (tmp_path / "owned").exists()


@needs_ffmpeg
def test_no_name_of_a_recording_is_an_address_or_an_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a|b.m4a", "-y.m4a", "http:x.m4a", "data:,x.m4a", "a b%03d.m4a"):
        made(tmp_path / "plain.m4a")
        path = (tmp_path / "plain.m4a").rename(tmp_path / name)
        assert decode.read(type(path)(name)).n_samples >= 10_001


@needs_ffmpeg
def test_a_playlist_in_the_place_of_a_recording_opens_nothing(tmp_path):
    made(tmp_path / "secret.m4a")
    for text in (
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.m4a\n",
        "ffconcat version 1.0\nfile secret.m4a\n",
    ):
        path = tmp_path / "x.m4a"
        path.write_text(text)
        assert refusal(path)


@needs_ffmpeg
def test_a_report_is_not_written_where_the_environment_asks_for_one(tmp_path, monkeypatch):
    monkeypatch.setenv("FFREPORT", f"file={tmp_path}/report.log")
    source = tmp_path / "x.m4a"
    made(source)
    (tmp_path / "report.log").unlink(missing_ok=True)
    decode.read(source)
    assert not (tmp_path / "report.log").exists()


def test_a_program_that_complains_or_hangs_fails_the_read(put, tmp_path, monkeypatch):
    moov = struct.pack(">I4s", 8, b"moov")
    path = put(struct.pack(">I4s8s", 16, b"ftyp", b"M4A \0\0\0\0") + moov, "x.m4a")
    stand_in = tmp_path / "bin" / "ffmpeg"
    stand_in.parent.mkdir()
    monkeypatch.setenv("PATH", f"{stand_in.parent}:/usr/bin:/bin")
    whole = encoded("WAV", "FLOAT", tone(100))
    (tmp_path / "sound").write_bytes(whole)
    for script, words in (
        (f"cat {tmp_path}/sound; echo '[mov @ 0x1] a packet is missing.' >&2", "whole: a packet is missing"),
        (f"cat {tmp_path}/sound; exit 3", "cannot read it whole"),
        ("echo rubbish", "gave no sound"),
        ("exec sleep 60", "was not done after 0.2 s"),
    ):
        stand_in.write_text(f"#!/bin/sh\n{script}\n")
        stand_in.chmod(0o755)
        monkeypatch.setattr(ffmpeg, "_TIMEOUT_SECONDS", 0.2 if "sleep" in script else 60)
        assert words in refusal(path)
    stand_in.write_text(f"#!/bin/sh\ncat {tmp_path}/sound\n")
    assert decode.read(path).n_samples == 100
