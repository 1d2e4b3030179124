"""Encoding: from samples to the bytes of an audio file; equal samples give equal bytes, always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundgraph.audio.containers.metadata import Marks
from soundgraph.audio.formats import FORMATS, Encoding, Format, get_format, lossless_names
from soundgraph.core.errors import NodeError
from soundgraph.core.text import listed

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

_NO_MARKS = Marks()


def version(file_format: str) -> str:
    """All that decides about the bytes of a format, beside samples and settings: part of an export's key.

    WAV is written here, and needs nothing to be imported to answer; the others come from libsndfile, and from the
    library of each codec behind it.
    """
    known = get_format(file_format)
    # The package of a plug-in, but not its version: a patch release makes no other bytes.
    parts = [FORMATS.package(file_format), str(known.version), "" if known.libraries is None else known.libraries()]
    return ", ".join(filter(None, parts))


def encode(
    audio: Audio,
    file_format: str,
    bit_depth: int = 24,
    quality: float = 0.6,
    seed: int | None = None,
    marks: Marks = _NO_MARKS,
) -> bytes:
    """The whole file, as bytes that depend on the arguments alone: not on the day, the process or an earlier call.

    file_format: "wav", "flac" and so on: the name of a `Format`.
    bit_depth: of formats without loss; 16 (dithered), 24 (rounded) or, wav only, 32 (float, unchanged). Integers
        saturate.
    quality: of the others, 0 to 1.
    seed: of the dither, and of the number each Ogg stream carries; a function of the sound if not given.
    marks: what the file says beside its samples.

    A rate that the format does not know is converted as `fitted` says.
    Raises NodeError for a sound the format cannot hold, ValueError for arguments outside what is said here.
    """
    from soundgraph.audio.artifact import checked

    audio = checked(audio)
    if not _takes(file_format, bit_depth, quality):
        raise ValueError(f"cannot encode {file_format} with {bit_depth} bits at quality {quality}")
    known = get_format(file_format)
    audio, marks = fitted(audio, file_format, marks)
    _check_room(audio, file_format, known)
    return known.encode(audio, Encoding(bit_depth, quality, seed, marks))


def _takes(file_format: str, bit_depth: int, quality: float) -> bool:
    if not FORMATS.has(file_format):
        return False
    known = get_format(file_format)
    return bit_depth in known.bit_depths if known.lossless else 0.0 <= quality <= 1.0


def _check_room(audio: Audio, file_format: str, known: Format) -> None:
    if known.max_channels is not None and audio.channels > known.max_channels:
        held = "one or two" if known.max_channels == 2 else f"up to {known.max_channels}"
        refusal = f"{file_format} is written with {held} channels, not {audio.channels}"
        limits = {name: get_format(name).max_channels for name in lossless_names()}
        wider = [name for name, limit in limits.items() if limit is None or limit > known.max_channels]
        raise NodeError(f"{refusal}; {listed(wider)} {'holds' if len(wider) == 1 else 'hold'} more")
    if known.max_rate_hz is not None and audio.sample_rate > known.max_rate_hz:
        raise NodeError(f"{file_format} holds up to {known.max_rate_hz} Hz, not {audio.sample_rate} Hz")


def fitted(audio: Audio, file_format: str, marks: Marks = _NO_MARKS) -> tuple[Audio, Marks]:
    """A sound and its marks at the rate that a file of it has: see `Format.rate_for`.

    Raises NodeError for a sound of which nothing is left at that rate.
    """
    rate = get_format(file_format).rate_for(audio.sample_rate, marks.loop is not None)
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
