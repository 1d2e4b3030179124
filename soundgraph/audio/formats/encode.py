"""Encoding: from samples to the bytes of an audio file; equal samples give equal bytes, always."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from soundgraph.audio.containers import id3, riff, vorbis_comments
from soundgraph.audio.containers.metadata import Marks
from soundgraph.audio.containers.ogg import renumbered
from soundgraph.audio.dsp import layouts
from soundgraph.core.errors import NodeError

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

ENCODER_VERSION = 1
"""Raised whenever the same arguments to `encode` would give other bytes."""

_NO_MARKS = Marks()

LOSSLESS = ("wav", "flac")
LOSSY = ("ogg", "opus", "mp3")

_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# libsndfile refuses LAME's 10, and 1.0 is that.
_WORST_MP3 = 0.9999
_MAX_FLAC_RATE_HZ = 655350
# Over which libvorbis has no settings, and ends the process.
_MAX_VORBIS_RATE_HZ = 200000
# libvorbis keeps what one write hands over on the stack: some minutes in one go end the process.
_CHUNK = 1 << 14


_SUBFORMAT = bytes.fromhex("000000001000800000aa00389b71")


def version(formats: Iterable[str] = (*LOSSLESS, *LOSSY)) -> str:
    """What decides, beside the samples and the settings, about the bytes of these formats: part of an export's key.

    WAV is written here, and needs nothing to be imported to answer; the others come from libsndfile, and from the
    library of each codec behind it.
    """
    found = [str(ENCODER_VERSION), *(_library(name) for name in sorted(set(formats) - {"wav"}))]
    return ", ".join(found)


@cache
def _library(file_format: str) -> str:
    """The libraries that write a format, as they name themselves in the files they write: nothing else tells them."""
    import numpy as np
    import soundfile

    made = f"libsndfile {soundfile.__libsndfile_version__}"
    if file_format == "mp3":
        data = _libsndfile(np.zeros((1152, 1), np.float32), 48000, file_format, **_kind_of(file_format, 0.5))
        # "LAME3.100", in the tag of the first frame.
        at = data.find(b"LAME")
        return f"{made}, {data[at : at + 9].decode('latin-1')}"
    data = _libsndfile(np.zeros((16, 1), np.float32), 48000, file_format, **_kind_of(file_format, 0.5))
    return f"{made}, {vorbis_comments.vendor(data)}"


def encode(
    audio: Audio,
    file_format: str,
    bit_depth: int = 24,
    quality: float = 0.6,
    seed: int | None = None,
    marks: Marks = _NO_MARKS,
) -> bytes:
    """The whole file, as bytes that depend on the arguments alone: not on the day, the process or an earlier call.

    file_format: "wav", "flac", "ogg" (Vorbis), "opus" or "mp3".
    bit_depth: of wav and flac; 16 (dithered), 24 (rounded) or, wav only, 32 (float, unchanged). Integers saturate.
    quality: of the others, 0 to 1.
    seed: of the dither, and of the number each Ogg stream carries; a function of the sound if not given.
    marks: what the file says beside its samples.

    A rate that the format does not know is converted as `fitted` says.
    Raises NodeError for a sound the format cannot hold, ValueError for arguments outside what is said here.
    """
    from soundgraph.audio.artifact import checked

    audio = checked(audio)
    if file_format == "wav" and bit_depth in (16, 24, 32):
        return _wav(audio, bit_depth, seed, marks)
    if file_format == "flac" and bit_depth in (16, 24):
        return _flac(audio, bit_depth, seed, marks)
    if file_format in LOSSY and 0.0 <= quality <= 1.0:
        return _lossy(*fitted(audio, file_format, marks), file_format, quality, seed)
    raise ValueError(f"cannot encode {file_format} with {bit_depth} bits at quality {quality}")


def fitted(audio: Audio, file_format: str, marks: Marks = _NO_MARKS) -> tuple[Audio, Marks]:
    """A sound and its marks at the rate that a file of it has: its own where the format knows it.

    Otherwise the next higher one, or 48 kHz where there is none. Opus with a loop is always written at 48 kHz: whatever
    rate it was made from, that is what its positions are counted at, and most programs decode it to.
    Raises NodeError for a sound of which nothing is left at that rate.
    """
    if file_format not in LOSSY or (file_format == "ogg" and audio.sample_rate <= _MAX_VORBIS_RATE_HZ):
        return audio, marks
    rates = _MP3_RATES_HZ if file_format == "mp3" else _OPUS_RATES_HZ
    rate = next((known for known in rates if known >= audio.sample_rate), rates[-1])
    if file_format == "opus" and marks.loop is not None:
        rate = rates[-1]
    result, marks = converted(audio, marks, rate)
    if audio.n_samples and not result.n_samples:
        raise NodeError(f"{file_format} is written at {rate} Hz, and the sound is shorter than one sample of that")
    return result, marks


def converted(audio: Audio, marks: Marks, sample_rate: int) -> tuple[Audio, Marks]:
    """A sound and its marks at another rate; one with a loop so that its seam survives."""
    if sample_rate == audio.sample_rate:
        return audio, marks
    from soundgraph.audio.dsp.resample_loop import resample_loop
    from soundgraph.audio.dsp.resampling import resample

    if marks.loop is None:
        result = resample(audio, sample_rate)
        return result, marks.moved(sample_rate / audio.sample_rate, None, result.n_samples)
    result, start, stop = resample_loop(audio, sample_rate, *marks.loop)
    # Not quite the ratio of the rates: that of a short loop is fitted by as much as moves a cue.
    ratio = (stop - start) / (marks.loop[1] - marks.loop[0])
    return result, marks.moved(ratio, (start, stop), result.n_samples)


def _wav(audio: Audio, bit_depth: int, seed: int | None, marks: Marks) -> bytes:
    data = _plain_wav(audio, bit_depth, seed, marks.loop[0] if marks.guard and marks.loop else None)
    if marks:
        data = riff.marked(data, marks, audio.sample_rate)
    if len(data) > riff.MAX_BYTES:
        raise NodeError(f"the file would be {len(data) / 1e9:.1f} GB, more than the 4.3 GB a WAV file can hold")
    return data


def _plain_wav(audio: Audio, bit_depth: int, seed: int | None, again: int | None = None) -> bytes:
    """again: the frame that is written once more at the end, as it was quantised; None for none."""
    if bit_depth == 32 and audio.channels <= 2:
        return (audio if again is None else _with_again(audio, again)).to_wav()
    import numpy as np

    from soundgraph.audio.dsp.dither import to_pcm16, to_pcm24

    # Written here rather than by libsndfile: a build that delivers WAV only is spared its import.
    if bit_depth == 32:
        body = np.ascontiguousarray(audio.samples.T, dtype="<f4").tobytes()
    elif bit_depth == 16:
        body = np.ascontiguousarray(to_pcm16(audio.samples, _seed(audio, seed)).T, dtype="<i2").tobytes()
    else:
        words = np.ascontiguousarray(to_pcm24(audio.samples).T, dtype="<i4")
        body = words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    frame_bytes = audio.channels * bit_depth // 8
    if again is not None:
        body += body[again * frame_bytes : (again + 1) * frame_bytes]
    padding = bytes(len(body) % 2)  # chunks begin at even places
    tag = 3 if bit_depth == 32 else 1
    more = b""
    if audio.channels > 2:
        # Which speaker a channel is for can only be told in the longer form of the header, WAVE_FORMAT_EXTENSIBLE.
        more = struct.pack("<HHIH", 22, bit_depth, layouts.mask(audio.channels), tag) + _SUBFORMAT
        tag = 0xFFFE
    if 36 + len(more) + len(body) + len(padding) > 2**32 - 1:
        raise NodeError(f"the file would be {len(body) / 1e9:.1f} GB, more than the 4.3 GB a WAV file can hold")
    header = struct.pack(
        "<4sI4s 4sIHHIIHH",
        *(b"RIFF", 36 + len(more) + len(body) + len(padding), b"WAVE"),
        *(b"fmt ", 16 + len(more), tag, audio.channels, audio.sample_rate, audio.sample_rate * frame_bytes),
        *(frame_bytes, bit_depth),
    )
    return header + more + struct.pack("<4sI", b"data", len(body)) + body + padding


def _with_again(audio: Audio, frame: int) -> Audio:
    import numpy as np

    from soundgraph.audio.artifact import make

    return make(np.concatenate((audio.samples, audio.samples[:, frame : frame + 1]), axis=1), audio.sample_rate)


def _flac(audio: Audio, bit_depth: int, seed: int | None, marks: Marks) -> bytes:
    import numpy as np

    from soundgraph.audio.dsp.dither import to_pcm16, to_pcm24

    if audio.channels > 8 or audio.sample_rate > _MAX_FLAC_RATE_HZ:
        raise NodeError(
            f"flac holds up to 8 channels and {_MAX_FLAC_RATE_HZ} Hz, not {audio.channels} and {audio.sample_rate} Hz"
        )
    # libsndfile takes the upper 24 bits of 32. Handed integers, it neither scales nor rounds.
    pcm = to_pcm16(audio.samples, _seed(audio, seed)) if bit_depth == 16 else to_pcm24(audio.samples) << 8
    pcm = np.ascontiguousarray(pcm.T)
    data = _libsndfile(pcm, audio.sample_rate, "flac", **_kind_of("flac", 0.0) | {"subtype": f"PCM_{bit_depth}"})
    return vorbis_comments.in_flac(data, vorbis_comments.comments(marks, audio.sample_rate)) if marks else data


def _lossy(audio: Audio, marks: Marks, file_format: str, quality: float, seed: int | None) -> bytes:
    import numpy as np

    # Vorbis orders five or six speakers in its own way. libsndfile does not reorder them, so that others would play
    # the centre on the right.
    if audio.channels > 2:
        what = f"{file_format} is written with one or two channels, not {audio.channels}"
        raise NodeError(f"{what}; wav and flac hold more")
    samples, rate = np.ascontiguousarray(audio.samples.T), audio.sample_rate
    data = _libsndfile(samples, rate, file_format, **_kind_of(file_format, quality))
    if file_format == "mp3":
        return id3.marked(data, marks, rate, audio.duration) if marks else data
    if marks:
        data = vorbis_comments.in_ogg(data, vorbis_comments.comments(marks, rate))
    return renumbered(data, _seed(audio, seed) % 2**32)


def _kind_of(file_format: str, quality: float) -> dict[str, Any]:
    """What libsndfile is asked for; quality: of the lossy formats."""
    if file_format == "flac":
        return {"format": "FLAC", "subtype": "PCM_24"}
    if file_format == "mp3":
        level = min(1.0 - quality, _WORST_MP3)
        return {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE", "compression_level": level}
    # libsndfile spreads Opus from 6 to 256 kbit/s a channel evenly over its levels, which is far too much for the
    # middle of the scale. The square brings 0.6 to 96, which is about what Vorbis takes at 0.6.
    subtype, level = ("OPUS", 1.0 - quality**2) if file_format == "opus" else ("VORBIS", 1.0 - quality)
    return {"format": "OGG", "subtype": subtype, "compression_level": level}


def _seed(audio: Audio, seed: int | None) -> int:
    # Only asked where it is needed: the digest of a long sound takes a while.
    return int(audio.digest[:16], 16) if seed is None else seed


def _libsndfile(samples: Any, sample_rate: int, name: str, **kind: Any) -> bytes:
    import soundfile

    memory = io.BytesIO()
    try:
        with soundfile.SoundFile(memory, "w", sample_rate, samples.shape[1], **kind) as file:
            for start in range(0, len(samples), _CHUNK):
                file.write(samples[start : start + _CHUNK])
    except soundfile.LibsndfileError as error:
        raise NodeError(f"{name} cannot be written: {error.error_string}") from error
    return memory.getvalue()
