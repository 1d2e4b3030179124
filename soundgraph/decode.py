"""Decoding: from a recording on disk to samples, and what can be said of it from its header alone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundgraph import truncation
from soundgraph.errors import NodeError, quote

if TYPE_CHECKING:
    from soundgraph.audio import Audio

DECODER_VERSION = 1
"""Raised whenever the same file would be read as other samples, libsndfile being the same."""

MAX_CHANNELS = 8
MIN_RATE_HZ, MAX_RATE_HZ = 1000, 192000
MAX_SECONDS = 3600

# Those whose end can be checked. libsndfile knows a dozen more, of samplers and workstations of the past, and reads
# what is left of a broken one as if it were all.
_FORMATS = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "AU", "FLAC", "OGG", "MP3"}
_LENGTH_UNKNOWN = 2**62


class UnreadableError(NodeError):
    """A recording that cannot be used. reason: one line, to be put after the file's name in whatever form."""

    def __init__(self, path: Path, reason: str):
        self.reason = reason
        super().__init__(f"{quote(path.name)} {reason}")


def version() -> str:
    """What decides, beside a recording's bytes, about its samples: part of the key of nodes that read one."""
    import soundfile

    return f"{DECODER_VERSION}, libsndfile {soundfile.__libsndfile_version__}"


def inspect(path: Path) -> tuple[int, int, int]:
    """(sample rate in Hz, channels, samples a channel) of a recording, from its header.

    Raises UnreadableError, in one line that names the file, for what `read` would refuse whatever follows the header.
    """
    with _opened(path) as file:
        return file.samplerate, file.channels, file.frames


def read(path: Path) -> Audio:
    """The whole recording, as float32 with full scale at ±1; integers of up to 24 bits come through exactly.

    WAV, AIFF, CAF, AU, W64, FLAC, Ogg (Vorbis, Opus, FLAC) and MP3, at 1 to 192 kHz, of up to 8 channels (Ogg: 2) and
    an hour. Raises UnreadableError for a file that cannot be read, breaks off, is damaged, or holds NaN or infinity.
    """
    import numpy as np
    import soundfile

    from soundgraph.audio import make

    with _opened(path) as file:
        # Before decoding: it gives the better reason, and keeps libmpg123 from printing its own.
        damage = _damage(path)
        if damage:
            raise UnreadableError(path, damage)
        try:
            # In one go: soundfile seeks after each read, which a lossy decoder answers with slightly other samples.
            samples = file.read(file.frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise UnreadableError(path, "breaks off or is damaged") from error
        if len(samples) < file.frames:
            read = f"{len(samples)} of its {file.frames} samples can be read"
            raise UnreadableError(path, f"breaks off or is damaged: {read}")
        sample_rate = file.samplerate
    finite = np.isfinite(samples).all(axis=1)
    if not finite.all():
        seconds = int(np.argmin(finite)) / sample_rate
        raise UnreadableError(path, f"holds samples that are not numbers, the first at {seconds:.3f} s")
    return make(samples.T, sample_rate)


def from_bytes(data: bytes) -> Audio:
    """The sound in a file that was encoded here: of any length and rate, and not looked at with suspicion.

    Raises NodeError for what libsndfile cannot decode.
    """
    import soundfile

    from soundgraph.audio import make

    try:
        samples, sample_rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise NodeError(f"the file that was encoded cannot be decoded: {error.error_string}") from error
    return make(samples.T, sample_rate)


def _opened(path: Path) -> Any:
    """A soundfile.SoundFile whose header is within the limits."""
    import soundfile

    try:
        if path.is_dir():
            raise UnreadableError(path, "is a folder, not a recording")
        if not path.exists():
            raise UnreadableError(path, "does not exist")
        if not path.is_file():
            raise UnreadableError(path, "is not a regular file")
        if not path.stat().st_size:
            raise UnreadableError(path, "is empty")
        # libsndfile says "System error" for what the system would explain.
        with path.open("rb"):
            pass
    except OSError as error:
        raise UnreadableError(path, f"cannot be opened: {error.strerror}") from error
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, TypeError) as error:
        # TypeError: soundfile takes a name that ends in .raw for samples without a header, and asks for their rate.
        raise UnreadableError(path, "is not a recording that can be read, or its header is damaged") from error
    refusal = _refusal(file, path)
    if refusal:
        file.close()
        raise UnreadableError(path, refusal)
    return file


def _refusal(file: Any, path: Path) -> str:
    """Why a file with this header is not read, to be put after its name; "" if it is."""
    from soundgraph.audio import MAX_BYTES

    if file.format not in _FORMATS:
        return f"is of a format that is not read ({file.format}); wav, flac, ogg, aiff and mp3 are among those that are"
    if not MIN_RATE_HZ <= file.samplerate <= MAX_RATE_HZ:
        return f"has a rate of {file.samplerate} Hz; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be read"
    if file.channels > MAX_CHANNELS:
        return f"has {file.channels} channels; up to {MAX_CHANNELS} can be read"
    if file.format == "OGG" and file.channels > 2:
        # Vorbis and Opus order five or six speakers in a way of their own, and libsndfile leaves them in it.
        return f"has {file.channels} channels, and ogg is read with one or two; convert it to wav or flac"
    if file.frames >= _LENGTH_UNKNOWN or (file.format == "MP3" and not truncation.mp3_states_length(path)):
        return "does not say in its header how long it is, as when it was written to a pipe; convert it anew"
    if file.frames == 0:
        return "holds no sound: its header says 0 samples"
    if file.frames > MAX_SECONDS * file.samplerate:
        return f"is {file.frames / file.samplerate:.0f} s long; up to {MAX_SECONDS} s can be read"
    size = 4 * file.channels * file.frames
    if size > MAX_BYTES:
        # Before memory is asked for: a damaged header may promise any length.
        return f"would be {size / 1e9:.1f} GB of samples; up to {MAX_BYTES / 1e9:.1f} GB can be read"
    return ""


def _damage(path: Path) -> str:
    try:
        return truncation.damage(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
