"""Recordings that libsndfile does not read, through an `ffmpeg` program where there is one.

The program opens the one file that it is given and nothing else: no address, no playlist, no file that another names.
How the file is laid out is told to it, not left to its guess, and it runs without a shell in an empty folder.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from soundgraph.core import programs
from soundgraph.core.files import stat_text
from soundgraph.core.text import visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROGRAM = "ffmpeg"
_TIMEOUT_SECONDS = 600
_HEADER_BYTES = 2**16

# Decoders of sound alone, and of the two sorts of picture that covers are: a film's decoder is code for strangers'
# bytes, too, and nobody would hear of it.
_DECODERS = (
    "aac,aac_latm,alac,flac,opus,libopus,vorbis,libvorbis,mp3,mp3float,mp2,mp2float,mp1,mp1float,ac3,eac3,dca,speex,"
    "libspeex,wavpack,tta,ape,wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,"
    "gsm,gsm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,g722,g726,g726le,adpcm_yamaha,adpcm_swf,mace3,mace6,qdm2,qcelp,"
    "truespeech,atrac3,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,"
    "pcm_f64be,pcm_u8,pcm_s8,pcm_mulaw,pcm_alaw,pcm_s64le,pcm_s64be,mjpeg,png"
)


class FfmpegError(Exception):
    """The program is missing or refuses. str(): one line, to be put after "is read through ffmpeg, and"."""


def program() -> str:
    """Where it is. Raises FfmpegError."""
    path = programs.find(PROGRAM)
    if path is None:
        raise FfmpegError(
            "there is no such program here: install it, or convert the file elsewhere (ffmpeg -i IN OUT.wav)"
        )
    return path


def version() -> str:
    """What the program calls its version, such as "5.1.9". Raises FfmpegError."""
    path = program()
    return _version(path, stat_text(path))


@cache
def _version(path: str, stat: str) -> str:
    done = _run([path, "-hide_banner", "-version"])
    words = done.stdout.decode(errors="replace").split()
    if done.returncode or words[:2] != [PROGRAM, "version"] or len(words) < 3:
        raise FfmpegError(f"{path} does not say its version")
    return words[2]


def inspect(path: Path, demuxer: str) -> tuple[int, int]:
    """(rate in Hz, channels) of a recording. Raises FfmpegError if the program cannot begin to read it."""
    samples, sample_rate = _decode(path, demuxer, ["-frames:a", "1"], 2**24)
    return sample_rate, samples.shape[1]


def read(path: Path, demuxer: str, most_bytes: int) -> tuple[NDArray[np.float32], int]:
    """(samples, shaped (n, channels), rate in Hz) of the whole recording.

    demuxer: the program's name of how the file is laid out, such as "mov". most_bytes: of samples.
    Raises FfmpegError for whatever the program complains of: a recording that it decodes in part is not whole.
    """
    return _decode(path, demuxer, [], most_bytes)


def _decode(path: Path, demuxer: str, options: list[str], most_bytes: int) -> tuple[NDArray[np.float32], int]:
    import soundfile

    # No network, no concat, no data in the name; and no demuxer but this one, by whatever way.
    closed = ["-protocol_whitelist", "file,pipe", "-format_whitelist", demuxer, "-codec_whitelist", _DECODERS]
    name = f"file:{path.absolute()}"  # no name is an address, nor an option
    command = [program(), "-nostdin", "-hide_banner", "-loglevel", "error", *closed, "-f", demuxer]
    command += ["-i", name, "-map", "0:a", "-vn", "-sn", "-dn", "-map_metadata", "-1", *options]
    command += ["-c:a", "pcm_f32le", "-f", "wav", "pipe:1"]
    wav = _bounded(command, most_bytes + _HEADER_BYTES, name)
    try:
        samples, sample_rate = soundfile.read(io.BytesIO(wav), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, TypeError) as error:
        raise FfmpegError("that gave no sound") from error
    return samples, sample_rate


def _bounded(command: list[str], most_bytes: int, name: str) -> bytes:
    """What the program writes, up to so many bytes. Raises FfmpegError."""
    parts: list[bytes] = []
    left = most_bytes
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as complaints:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": complaints}
        try:
            with (
                programs.started(command, cwd=folder, env=_environment(), **pipes) as process,
                programs.watched(process, _TIMEOUT_SECONDS),
            ):
                assert process.stdout is not None
                while left > 0 and (part := process.stdout.read(min(left, 2**20))):
                    parts.append(part)
                    left -= len(part)
                if left > 0:
                    process.wait()
        except OSError as error:
            raise FfmpegError(f"that cannot be run: {error.strerror}") from error
        except subprocess.TimeoutExpired:
            raise FfmpegError(f"that was not done after {_TIMEOUT_SECONDS} s") from None
        if left <= 0:
            raise FfmpegError("that gave more than can be held")
        reason = _reason(complaints, name)
        if process.returncode or reason:
            raise FfmpegError(f"that cannot read it whole{f': {reason}' if reason else ''}")
    return b"".join(parts)


def _reason(complaints: IO[bytes], name: str) -> str:
    """The program's first complaint, as one short line."""
    complaints.seek(0)
    for line in complaints.read(2**16).decode(errors="replace").splitlines():
        # Of a cover whose decoder is not allowed.
        if line.strip() and "whitelist" not in line and "Last message repeated" not in line:
            # "[mov,mp4,m4a @ 0x55d0c8f0] " says nothing, and is another each time; the file is named already.
            line = line.rpartition("] ")[2].replace(f"{name}: ", "")
            return visible(line.strip().rstrip("."))[:200]
    return ""


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return programs.run(command, environment=_environment(), timeout_s=60)
    except subprocess.TimeoutExpired:
        raise FfmpegError("that does not answer") from None
    except OSError as error:
        raise FfmpegError(f"that cannot be run: {error.strerror}") from error


def _environment() -> dict[str, str]:
    """Without what makes the program write a report of its own, or go through a proxy."""
    return {
        name: value for name, value in programs.environment().items() if not name.startswith(("FFREPORT", "AV_LOG"))
    }
