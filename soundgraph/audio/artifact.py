"""The `Audio` value: float32 samples, a rate, and the digest that stands for both.

An artifact is kept as a canonical float32 WAV file: a fixed 58-byte header, then interleaved little-endian samples.
Its digest is the plain SHA-256 of that file, so `sha256sum` checks a blob of the cache, and any editor plays it.
The header is written here rather than by libsndfile, whose float WAV carries a time stamp (the PEAK chunk).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundgraph.core.errors import NodeError

Samples = NDArray[np.float32]

_HEADER = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
# RIFF sizes are 32 bits wide: 3.1 hours of stereo at 48 kHz.
MAX_BYTES = 2**32 - 1 - _HEADER.size
HEADER_BYTES = _HEADER.size

# More channels than any layout has. An array of more channels, and of fewer samples, has its axes the wrong way round.
_MANY = 8

# The latest time, in seconds, that a node may name: ten hours.
MAX_SECONDS = 36000


@dataclass(frozen=True, eq=False)
class Audio:
    """A sound."""

    samples: Samples
    """float32, C-contiguous, shape (channels, n) with channels of 1 or more and n of 0 or more; full scale is ±1, and
    going over it is allowed. Read-only by convention: a node never writes to its inputs."""
    sample_rate: int
    """In Hz."""

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def n_samples(self) -> int:
        """Length in samples of one channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sample_rate

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of `to_wav()`: covers samples, rate and channel count, and nothing else."""
        # Not functools.cached_property: up to Python 3.11 one lock guards it for all sounds, so that two threads would
        # hash one after the other. Should two of them hash the same sound at once, they find the same.
        digest: str | None = self.__dict__.get("_digest")
        if digest is None:
            state = hashlib.sha256(self._header())
            state.update(self._interleaved().data)
            digest = self.__dict__["_digest"] = state.hexdigest()
        return digest

    def to_wav(self) -> bytes:
        """The canonical float32 WAV file of this sound: equal sounds give equal bytes, on any day and machine."""
        return self._header() + self._interleaved().tobytes()

    def _interleaved(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.samples.T, dtype="<f4")

    def _header(self) -> bytes:
        return _header(Shape(self.sample_rate, self.channels, self.n_samples))


class Shape(NamedTuple):
    """What a sound is beside its samples."""

    sample_rate: int
    """In Hz."""
    channels: int
    n_samples: int
    """Length in samples of one channel."""


def _header(shape: Shape) -> bytes:
    frame_bytes = 4 * shape.channels
    n_bytes = shape.n_samples * frame_bytes
    return _HEADER.pack(
        *(b"RIFF", _HEADER.size - 8 + n_bytes, b"WAVE"),
        *(b"fmt ", 18, 3, shape.channels, shape.sample_rate, shape.sample_rate * frame_bytes, frame_bytes, 32, 0),
        *(b"fact", 4, shape.n_samples),
        *(b"data", n_bytes),
    )


def make(samples: object, sample_rate: int) -> Audio:
    """An `Audio` from anything shaped (channels, n) or (n,); converts to float32 and checks that it can be an artifact.

    Raises NodeError for what is no array of real numbers in that shape, or no rate; for integers of a fixed width,
    whose full scale is another; for samples that are not finite (NaN spreads through every mix below) or do not fit
    one WAV file.
    """
    array = _floats(samples)
    if array.ndim == 1:
        array = array[np.newaxis, :]
    if array.ndim != 2 or array.shape[0] < 1:
        raise NodeError(f"samples must be shaped (channels, n), not {array.shape}")
    channels, n = array.shape
    if channels > _MANY >= n > 0:
        raise NodeError(
            f"samples must be shaped (channels, n), and {array.shape} looks like (n, channels): turn it by .T"
        )
    array = np.ascontiguousarray(array)
    if array.nbytes > MAX_BYTES:
        raise NodeError(f"the result is {array.nbytes / 1e9:.1f} GB, more than the 4.3 GB one WAV file can hold")
    if not np.isfinite(array).all():
        raise NodeError("the result holds samples that are not numbers (NaN or infinity)")
    return Audio(array, _rate(sample_rate, channels))


def checked(sound: Audio) -> Audio:
    """A sound that somebody else put together, as `make` would have: the same object if nothing had to be converted.

    Raises NodeError as `make` does.
    """
    made = make(sound.samples, sound.sample_rate)
    return sound if made.samples is sound.samples and made.sample_rate is sound.sample_rate else made


def _floats(samples: object) -> Samples:
    """Numbers as float32; the same array if they are."""
    try:
        array = np.asarray(samples)
    except (TypeError, ValueError) as error:  # rows of different lengths, or what numpy cannot make anything of
        raise NodeError(f"samples must be numbers shaped (channels, n), not {_named(samples)}") from error
    if array.dtype.kind not in "fiub":
        raise NodeError(f"samples must be real numbers, not {array.dtype}")
    if isinstance(samples, np.ndarray) and array.dtype.kind in "iu":
        bits = 8 * array.dtype.itemsize
        raise NodeError(f"samples must be floats with a full scale of 1, not {array.dtype}: divide by 2 ** {bits - 1}")
    with np.errstate(over="ignore"):  # infinity is refused, in words
        return np.asarray(array, dtype=np.float32)


def _rate(sample_rate: Any, channels: int) -> int:
    is_number = isinstance(sample_rate, int | float | np.integer) and not isinstance(sample_rate, bool)
    if not is_number or sample_rate % 1 != 0 or not 0 < int(sample_rate) * 4 * channels <= 0xFFFFFFFF:
        raise NodeError(f"sample_rate must be a whole number of Hz that a WAV file can hold, not {sample_rate!r}")
    return int(sample_rate)


def _named(value: object) -> str:
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def check_length(subject: str, n_samples: int, channels: int, sample_rate: int) -> None:
    """Raises NodeError for a sound that one WAV file could not hold. To be asked before its memory is.

    subject: what the sound is called in the message, such as "the mix".
    """
    if 4 * channels * n_samples > MAX_BYTES:
        seconds = f"{n_samples / sample_rate:.6g} s"
        raise NodeError(f"{subject} would last {seconds}, more than the 4.3 GB one WAV file can hold")


def silence(seconds: float, sample_rate: int, channels: int = 1) -> Audio:
    return Audio(np.zeros((channels, n_samples(seconds, sample_rate)), np.float32), sample_rate)


def n_samples(seconds: float, sample_rate: int) -> int:
    """The number of samples that `seconds` stands for, everywhere here: seconds × rate, rounded half to even."""
    return round(seconds * sample_rate)


def from_wav(data: bytes) -> Audio:
    """The inverse of `Audio.to_wav`. Raises ValueError for bytes that are not in that exact form."""
    shape = shape_of_wav(data[:HEADER_BYTES], len(data))
    interleaved = np.frombuffer(data, dtype="<f4", offset=HEADER_BYTES).reshape(-1, shape.channels)
    return Audio(np.ascontiguousarray(interleaved.T, dtype=np.float32), shape.sample_rate)


def shape_of_wav(header: bytes, n_bytes: int) -> Shape:
    """The shape of the sound in a file of `Audio.to_wav`.

    header: the first `HEADER_BYTES` of the file. n_bytes: of the whole file.
    Raises ValueError for a file that is not in that exact form.
    """
    if len(header) < HEADER_BYTES:
        raise ValueError("too short for an artifact")
    fields = _HEADER.unpack(header)
    channels, sample_rate = fields[6], fields[7]
    body = n_bytes - HEADER_BYTES
    if not channels or channels * 4 > 0xFFFF or sample_rate * channels * 4 > 0xFFFFFFFF or body > MAX_BYTES:
        raise ValueError("not a rate and channel count that a WAV file can hold")
    if body % (4 * channels):
        raise ValueError("not a whole number of samples")
    shape = Shape(int(sample_rate), int(channels), body // (4 * channels))
    if _header(shape) != header:
        raise ValueError("not the canonical header of an artifact")
    return shape
