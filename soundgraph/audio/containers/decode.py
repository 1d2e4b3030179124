"""Decoding: from a recording on disk to samples, and what can be said of it from its header alone."""

from __future__ import annotations

import contextlib
import io
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from soundgraph.audio.containers import ffmpeg, flac, quiet, recording
from soundgraph.core.errors import NodeError, quote
from soundgraph.core.text import counted

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

_T = TypeVar("_T")

DECODER_VERSION = 1
"""Raised whenever any file would be read as other samples, libsndfile being the same."""

MENDED_VERSION = 2
"""Takes the place of `DECODER_VERSION` for files that version 1 read wrongly, or not at all. Raised whenever they would
be read as other samples."""

MAX_CHANNELS = 8
MIN_RATE_HZ, MAX_RATE_HZ = 1000, 192000
MAX_SECONDS = 3600

# Those whose end can be checked. libsndfile knows a dozen more, of samplers and workstations of the past, and reads
# what is left of a broken one as if it were all.
_FORMATS = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "AU", "FLAC", "OGG", "MP3"}
_LENGTH_UNKNOWN = 2**62
_UNREADABLE = "is not a recording that can be read, or its header is damaged"


class UnreadableError(NodeError):
    """A recording that cannot be used. reason: one line, to be put after the file's name in whatever form."""

    def __init__(self, path: Path, reason: str):
        self.reason = reason
        super().__init__(f"{quote(path.name)} {reason}")


def version(path: Path) -> str:
    """All that decides about a recording's samples, beside its bytes: part of the key of nodes that read one.

    A file that is read as it always was keeps its version; so does its key, and what was made from it. Raises OSError.
    """
    import soundfile

    try:
        way = recording.way(path)
        if _needs_ffmpeg(path, way):
            return f"{MENDED_VERSION}, ffmpeg {ffmpeg.version()}"
        anew = bool(way.refusal) or way.anew or (way.limit is not None and _is_limited(path, way))
        anew = anew or bool(recording.hidden(path))
    except (UnreadableError, ffmpeg.FfmpegError):
        anew = True
    return f"{MENDED_VERSION if anew else DECODER_VERSION}, libsndfile {soundfile.__libsndfile_version__}"


def inspect(path: Path) -> tuple[int, int, int | None]:
    """(sample rate in Hz, channels, samples a channel) of a recording, as far as that can be said without decoding it.

    The last is None where a program decodes it. Raises UnreadableError, in one line that names the file, for what
    `read` would refuse whatever the sound itself is.
    """
    _look(path)
    way = _way(path)
    if _needs_ffmpeg(path, way):
        if way.damage:
            raise UnreadableError(path, way.damage)
        sample_rate, channels = _asked(path, way, lambda: ffmpeg.inspect(path, way.demuxer))
        _check(path, sample_rate, channels, 1)
        return sample_rate, channels, None
    with contextlib.ExitStack() as stack, quiet.decoders():
        files = [stack.enter_context(file) for file in _opened(path, way)]
        return files[0].samplerate, files[0].channels, sum(_frames(file, way) for file in files)


def programs(path: Path) -> list[str]:
    """The names of the programs that decide about a recording's samples: when one changes, it is to be read again."""
    with contextlib.suppress(OSError, UnreadableError):
        if _needs_ffmpeg(path, recording.way(path)):
            return [ffmpeg.PROGRAM]
    return []


def read(path: Path) -> Audio:
    """The whole recording, as float32 with full scale at ±1; integers of up to 24 bits come through exactly.

    WAV, AIFF, CAF, AU, W64, FLAC, Ogg (Vorbis, Opus, FLAC) and MP3, at 1 to 192 kHz, of up to 8 channels (Vorbis and
    Opus: 2) and an hour; others where there is an ffmpeg program. Raises UnreadableError for a file that cannot be
    read, breaks off, goes on after its end, is damaged, or holds NaN or infinity.
    """
    import numpy as np

    from soundgraph.audio.artifact import MAX_BYTES, make

    _look(path)
    way = _way(path)
    if _needs_ffmpeg(path, way):
        if way.damage:
            raise UnreadableError(path, way.damage)
        samples, sample_rate = _asked(path, way, lambda: ffmpeg.read(path, way.demuxer, MAX_BYTES))
        _check(path, sample_rate, samples.shape[1], len(samples))
        if way.samples is not None and len(samples) != way.samples:
            raise UnreadableError(path, f"is damaged: {len(samples)} of its {way.samples} samples can be read")
    else:
        samples, sample_rate = _by_libsndfile(path, way)
    if way.md5 and flac.md5_of(samples, way.bits) != way.md5:
        reason = f"holds {len(samples)} samples where its header states another number, and its checksum is not of them"
        raise UnreadableError(path, f"{reason}; decode it, and encode it anew")
    finite = np.isfinite(samples).all(axis=1)
    if not finite.all():
        seconds = int(np.argmin(finite)) / sample_rate
        raise UnreadableError(path, f"holds samples that are not numbers, the first at {seconds:.3f} s")
    return make(samples.T, sample_rate)


def _by_libsndfile(path: Path, way: recording.Way) -> tuple[Any, int]:
    """(samples, shaped (n, channels), rate in Hz)."""
    import numpy as np
    import soundfile

    with contextlib.ExitStack() as stack, quiet.decoders():
        files = [stack.enter_context(file) for file in _opened(path, way)]
        # Before decoding: it gives the better reason.
        if reason := way.damage or _hidden(path):
            raise UnreadableError(path, reason)
        pieces = []
        for file in files:
            frames = _frames(file, way)
            try:
                # In one go: soundfile seeks after each read, which a lossy decoder answers with slightly other samples.
                samples = file.read(frames, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise UnreadableError(path, "breaks off or is damaged") from error
            if len(samples) < frames:
                short = f"{len(samples)} of its {frames} samples can be read"
                raise UnreadableError(path, f"breaks off or is damaged: {short}")
            pieces.append(samples)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces), files[0].samplerate


def from_bytes(data: bytes) -> Audio:
    """The sound in a file that was encoded here: of any length and rate, and not looked at with suspicion.

    Raises NodeError for what libsndfile cannot decode.
    """
    import soundfile

    from soundgraph.audio.artifact import make

    try:
        samples, sample_rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise NodeError(f"the file that was encoded cannot be decoded: {error.error_string}") from error
    return make(samples.T, sample_rate)


def _look(path: Path) -> None:
    """Raises UnreadableError for what is no file that can be opened."""
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


def _way(path: Path) -> recording.Way:
    try:
        way = recording.way(path)
    except OSError as error:
        raise UnreadableError(path, f"cannot be read: {error.strerror}") from error
    if way.refusal:
        raise UnreadableError(path, way.refusal)
    return way


def _hidden(path: Path) -> str:
    try:
        return recording.hidden(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _needs_ffmpeg(path: Path, way: recording.Way) -> bool:
    if way.only_ffmpeg or not way.demuxer:
        return way.only_ffmpeg
    try:
        with contextlib.ExitStack() as stack, quiet.decoders():
            for file in _sources(path, way):
                stack.enter_context(file)
    except UnreadableError:
        return True
    return False


def _asked(path: Path, way: recording.Way, ask: Callable[[], _T]) -> _T:
    """What ffmpeg answers. Raises UnreadableError."""
    try:
        return ask()
    except ffmpeg.FfmpegError as error:
        # No name is an option or an address to the program, and none is to be written over.
        new = path.with_suffix(".converted.wav" if path.suffix.lower() == ".wav" else ".wav")
        names = [shlex.quote(f"./{name}" if name[0] == "-" or ":" in name else name) for name in (path.name, new.name)]
        reason = str(error).replace("IN OUT.wav", " ".join(names))
        raise UnreadableError(path, f"holds {way.sort}, which is read through ffmpeg, and {reason}") from error


def _sources(path: Path, way: recording.Way) -> list[Any]:
    """A soundfile.SoundFile for each piece of the sound. Raises UnreadableError."""
    import soundfile

    opened: list[Any] = []
    try:
        parts = [path] if way.parts is None else [io.BytesIO(part) for part in way.parts(path.read_bytes())]
        for part in parts:
            opened.append(soundfile.SoundFile(part))
        if not opened:
            raise UnreadableError(path, _UNREADABLE)
    except (soundfile.LibsndfileError, TypeError) as error:
        # TypeError: soundfile takes a name that ends in .raw for samples without a header, and asks for their rate.
        for file in opened:
            file.close()
        if way.damage:
            raise UnreadableError(path, way.damage) from error
        if way.sort:
            raise UnreadableError(path, f"holds {way.sort}, which is not read; convert it to wav or flac") from error
        raise UnreadableError(path, _UNREADABLE) from error
    return opened


def _opened(path: Path, way: recording.Way) -> list[Any]:
    """A soundfile.SoundFile for each piece of the sound, all alike, whose headers are within the limits."""
    files = _sources(path, way)
    try:
        for file in files:
            if (file.samplerate, file.channels) != (files[0].samplerate, files[0].channels):
                raise UnreadableError(
                    path,
                    f"holds recordings of different sorts, one after the other: {_spelled(files[0])}, then "
                    f"{_spelled(file)}; take them apart",
                )
            _check_header(file, path, way)
        frames = sum(_frames(file, way) for file in files)
        if not frames and way.damage:  # what is damaged may well seem to be empty
            raise UnreadableError(path, way.damage)
        _check(path, files[0].samplerate, files[0].channels, frames)
    except UnreadableError:
        for file in files:
            file.close()
        raise
    return files


def _spelled(file: Any) -> str:
    return f"{file.samplerate} Hz with {counted(file.channels, 'channel')}"


def _frames(file: Any, way: recording.Way) -> int:
    frames: int = file.frames
    return frames if way.limit is None else way.limit.of(frames)


def _is_limited(path: Path, way: recording.Way) -> bool:
    with contextlib.ExitStack() as stack, quiet.decoders():
        return any(_frames(stack.enter_context(file), way) != file.frames for file in _sources(path, way))


def _check_header(file: Any, path: Path, way: recording.Way) -> None:
    """Raises UnreadableError if a file with this header is not read."""
    if file.format not in _FORMATS:
        kinds = "wav, flac, ogg, aiff and mp3 are among those that are"
        raise UnreadableError(path, f"is of a format that is not read ({file.format}); {kinds}")
    if file.format == "OGG" and 2 < file.channels <= MAX_CHANNELS:
        # Vorbis and Opus order five or six speakers in a way of their own, and libsndfile leaves them in it.
        channels = f"has {file.channels} channels, and ogg is read with one or two"
        raise UnreadableError(path, f"{channels}; convert it to wav or flac")
    if file.frames >= _LENGTH_UNKNOWN or (file.format == "MP3" and not way.length_stated):
        raise UnreadableError(path, recording.UNKNOWN_LENGTH)


def _check(path: Path, sample_rate: int, channels: int, frames: int) -> None:
    """Raises UnreadableError for a sound beyond the limits."""
    from soundgraph.audio.artifact import MAX_BYTES

    reason = ""
    if not MIN_RATE_HZ <= sample_rate <= MAX_RATE_HZ:
        reason = f"has a rate of {sample_rate} Hz; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be read"
    elif channels > MAX_CHANNELS:
        reason = f"has {channels} channels; up to {MAX_CHANNELS} can be read"
    elif frames == 0:
        reason = "holds no sound: its header says 0 samples"
    elif frames > MAX_SECONDS * sample_rate:
        reason = f"is {frames / sample_rate:.0f} s long; up to {MAX_SECONDS} s can be read"
    elif 4 * channels * frames > MAX_BYTES:
        # Before memory is asked for: a damaged header may promise any length.
        size = 4 * channels * frames
        reason = f"would be {size / 1e9:.1f} GB of samples; up to {MAX_BYTES / 1e9:.1f} GB can be read"
    if reason:
        raise UnreadableError(path, reason)
