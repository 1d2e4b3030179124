"""A sound as part of a page: the delivered file where it is small and browsers play it, else a preview of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.containers import libsndfile
from soundgraph.audio.dsp.resampling import resample
from soundgraph.audio.formats import get_format, lossless_names, lossy_names

SMALL_BYTES = 1_500_000
"""A file up to this size is put into a page as it is: five seconds of stereo at 48 kHz and 24 bits."""

_MP3_SIZE = 0.7  # of 0 (best) to 1 (smallest): about 110 kbit/s for stereo music


@dataclass(frozen=True)
class PlayableClip:
    """What a player plays."""

    mime: str
    data: bytes
    words: str
    """What that is, for who listens."""

    @property
    def uri(self) -> str:
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"


def clip(audio: Audio, files: Sequence[Path] = ()) -> PlayableClip | None:
    """Something for a browser to play; None for a sound of no samples.

    files: those that hold the sound. The best small one is taken; without one, a preview is made.
    """
    # What is exact comes first.
    names = [*lossless_names(), *lossy_names()]
    known = [(name, path) for name in names for path in files if path.suffix.lower() == f".{name}"]
    if audio.channels <= 2:
        for name, path in known:
            if path.stat().st_size <= SMALL_BYTES:
                return PlayableClip(get_format(name).media_type, path.read_bytes(), path.name)
    return preview(audio) if audio.n_samples else None


def preview(audio: Audio) -> PlayableClip:
    """The sound as a small MP3: equal sounds give equal bytes. More than two channels become one; what is over full
    scale is brought down to it."""
    mp3 = get_format("mp3")
    words = "preview: MP3"
    samples = audio.samples
    if audio.channels > 2:
        samples = np.asarray(np.add.reduce(samples, axis=0, keepdims=True) / np.float32(audio.channels), np.float32)
        words += ", mixed to mono"
    audio = make(samples, audio.sample_rate)
    if audio.sample_rate not in mp3.rates_hz:
        audio = resample(audio, 48000)
        words += ", 48 kHz"
    peak = float(np.max(np.abs(audio.samples), initial=0.0))
    interleaved = np.ascontiguousarray(audio.samples.T) * np.float32(1.0 / max(1.0, peak))
    if peak > 1.0:
        words += ", brought down to full scale"
    data = libsndfile.encoded(interleaved, audio.sample_rate, "mp3", format="MP3", compression_level=_MP3_SIZE)
    return PlayableClip(mp3.media_type, data, words)
