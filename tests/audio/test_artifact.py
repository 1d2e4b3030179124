"""The `Audio` value: its file is a WAV that others can read, and its digest is the digest of that file."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from soundgraph.audio.artifact import Audio, checked, from_wav, make, n_samples, silence
from soundgraph.audio.encode import encode
from soundgraph.core.errors import NodeError
from soundgraph.delivery.mastering import master
from soundgraph.scene.tables.export_settings import ExportSettings
from tests.helpers import noise

SHAPES = [(1, 0), (1, 1), (2, 3), (1, 1000), (5, 7)]


@pytest.mark.parametrize(("channels", "n"), SHAPES)
@pytest.mark.parametrize("rate", [1000, 44100, 192000])
def test_it_comes_back_from_its_file_bit_for_bit(channels: int, n: int, rate: int) -> None:
    samples = np.random.default_rng(1).normal(0, 2, (channels, n)).astype(np.float32)
    audio = make(samples, rate)
    back = from_wav(audio.to_wav())
    assert back.samples.tobytes() == samples.tobytes()
    assert (back.sample_rate, back.channels, back.n_samples) == (rate, channels, n)
    assert back.digest == audio.digest == hashlib.sha256(audio.to_wav()).hexdigest()


@pytest.mark.parametrize(("channels", "n"), [shape for shape in SHAPES if shape[1]])
def test_libsndfile_reads_the_same_samples(channels: int, n: int) -> None:
    audio = noise(n / 8000, 8000, channels)
    samples, rate = soundfile.read(io.BytesIO(audio.to_wav()), dtype="float32", always_2d=True)
    assert rate == 8000
    assert (audio.samples == samples.T).all()


def test_rate_channels_and_every_sample_are_part_of_the_digest() -> None:
    samples = np.zeros((2, 100), np.float32)
    other = samples.copy()
    other[1, 99] = 1e-30
    digests = {
        make(samples, 48000).digest,
        make(samples, 44100).digest,
        make(samples[:1], 48000).digest,
        make(samples.reshape(1, 200), 48000).digest,
        make(other, 48000).digest,
        make(samples[:, :99], 48000).digest,
    }
    assert len(digests) == 6


def test_how_the_samples_lie_in_memory_is_not() -> None:
    samples = np.random.default_rng(0).normal(size=(2, 50)).astype(np.float32)
    assert Audio(np.asfortranarray(samples), 8000).digest == make(samples, 8000).digest
    assert make(samples[:, ::-1][:, ::-1], 8000).digest == make(samples, 8000).digest


@given(st.binary(max_size=200))
def test_bytes_that_are_no_artifact_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        from_wav(data)


@given(st.integers(0, 57), st.integers(0, 255))
def test_a_header_with_any_other_byte_is_refused_or_says_something_else(place: int, value: int) -> None:
    audio = noise(0.01)
    data = bytearray(audio.to_wav())
    data[place] = value
    try:
        found = from_wav(bytes(data))
    except ValueError:
        return
    assert (found.digest == audio.digest) == (bytes(data) == audio.to_wav())


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e39])
def test_samples_that_are_not_numbers_are_no_result(wrong: float) -> None:
    with np.errstate(over="ignore"), pytest.raises(NodeError, match="not numbers"):
        make(np.array([0.0, wrong]), 8000)


@pytest.mark.parametrize("shape", [(0, 5), (1, 2, 3), ()])
def test_samples_of_another_shape_are_no_result(shape: tuple[int, ...]) -> None:
    with pytest.raises(NodeError, match="shaped"):
        make(np.zeros(shape), 8000)


def test_one_row_may_be_given_flat() -> None:
    assert make([0.0, 0.5], 8000).samples.shape == (1, 2)


@pytest.mark.parametrize(("seconds", "rate", "n"), [(1.0, 44100, 44100), (0.5, 3, 2), (1.5, 3, 4), (0.1, 44100, 4410)])
def test_a_length_in_samples_is_rounded_half_to_even(seconds: float, rate: int, n: int) -> None:
    assert n_samples(seconds, rate) == n
    assert silence(seconds, rate, 2).samples.shape == (2, n)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ("loud", "samples must be real numbers, not <U4"),
        (b"loud", "samples must be real numbers, not |S4"),
        (None, "samples must be real numbers, not object"),
        ({"a": 1}, "samples must be real numbers, not object"),
        ([[0.1, 0.2], [0.1]], "samples must be numbers shaped (channels, n), not a list"),
        (np.array([0.1 + 0.2j]), "samples must be real numbers, not complex128"),
        (np.array(["0.1"]), "samples must be real numbers, not <U3"),
        (np.zeros((2, 3), "datetime64[s]"), "samples must be real numbers, not datetime64[s]"),
        (np.zeros(4, np.int16), "samples must be floats with a full scale of 1, not int16: divide by 2 ** 15"),
        (np.zeros((2, 4), np.int32), "samples must be floats with a full scale of 1, not int32: divide by 2 ** 31"),
        (0.5, "samples must be shaped (channels, n), not ()"),
        (np.zeros((0, 4)), "samples must be shaped (channels, n), not (0, 4)"),
        (np.zeros((48000, 2)), "samples must be shaped (channels, n), and (48000, 2) looks like (n, channels): "),
        ([1e300], "the result holds samples that are not numbers (NaN or infinity)"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_what_are_no_samples_is_refused_in_words(samples: object, said: str) -> None:
    with pytest.raises(NodeError) as caught:
        make(samples, 48000)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("rate", [0, -48000, 1.5, "48000", None, True, 2**32, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused_in_words(rate: Any) -> None:
    with pytest.raises(NodeError, match="sample_rate must be a whole number of Hz"):
        make([0.5], rate)


def test_a_rate_of_numpy_and_floats_of_any_width_will_do() -> None:
    for kind, rate in [(np.float16, np.int64(48000)), (np.float32, 48000.0), (np.float64, 48000), (">f4", 48000)]:
        found = make(np.full((2, 4), 0.5, kind), rate)
        assert (found.samples.dtype, found.sample_rate, type(found.sample_rate)) == (np.float32, 48000, int)
        assert found.samples.flags.c_contiguous


def test_a_sound_that_is_right_is_not_copied_by_checking_it() -> None:
    fine = make(np.zeros((2, 4)), 48000)
    assert checked(fine) is fine
    turned = Audio(np.zeros((4, 2), np.float32).T, 48000)
    assert checked(turned).samples.flags.c_contiguous


@pytest.mark.parametrize(
    "wrong",
    [
        Audio(np.full((1, 100), np.nan, np.float32), 48000),
        Audio(np.full((1, 100), np.inf, np.float32), 48000),
        Audio([0.1, 0.2], "fast"),  # type: ignore[arg-type]
        Audio(np.zeros((48000, 2), np.float32), 48000),
        Audio(np.zeros(3, complex), 48000),  # type: ignore[arg-type]
        Audio(np.zeros((1, 100), np.float32), 0),
    ],
)
@pytest.mark.parametrize("form", ["wav", "flac", "ogg", "opus", "mp3"])
def test_nothing_is_written_of_a_sound_that_is_none(wrong: Audio, form: str) -> None:
    """Whoever put it together: not into any format, and by no other program's error."""
    with pytest.raises(NodeError):
        encode(wrong, form)
    with pytest.raises(NodeError):
        master(wrong, ExportSettings(node="n", format=form), 44100)
