"""A sound as part of a page: the delivered file where it is small and browsers play it, else a preview of it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.resampling import resample

SMALL_BYTES = 1_500_000
"""A file up to this size is put into a page as it is: five seconds of stereo at 48 kHz and 24 bits."""

# In the order of preference: what is exact comes first.
_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
}
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_MP3_SIZE = 0.7  # of 0 (best) to 1 (smallest): about 110 kbit/s for stereo music
_CHUNK = 1 << 14


@dataclass(frozen=True)
class Clip:
    """What a player plays. words: what that is, for who listens."""

    mime: str
    data: bytes
    words: str

    @property
    def uri(self) -> str:
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"


def clip(audio: Audio, files: Sequence[Path] = ()) -> Clip | None:
    """Something for a browser to play; None for a sound of no samples.

    files: that hold the sound, of which the best small one is taken. Without one it is a preview.
    """
    known = [path for suffix in _TYPES for path in files if path.suffix.lower() == suffix]
    if audio.channels <= 2:
        for path in known:
            if path.stat().st_size <= SMALL_BYTES:
                return Clip(_TYPES[path.suffix.lower()], path.read_bytes(), path.name)
    return preview(audio) if audio.n_samples else None


def preview(audio: Audio) -> Clip:
    """The sound as a small MP3: equal sounds give equal bytes. More than two channels become one; what is over full
    scale is brought down to it."""
    import soundfile

    words = "preview: MP3"
    samples = audio.samples
    if audio.channels > 2:
        samples = np.asarray(np.add.reduce(samples, axis=0, keepdims=True) / np.float32(audio.channels), np.float32)
        words += ", mixed to mono"
    audio = make(samples, audio.sample_rate)
    if audio.sample_rate not in _MP3_RATES_HZ:
        audio = resample(audio, 48000)
        words += ", 48 kHz"
    peak = float(np.max(np.abs(audio.samples), initial=0.0))
    interleaved = np.ascontiguousarray(audio.samples.T) * np.float32(1.0 / max(1.0, peak))
    if peak > 1.0:
        words += ", brought down to full scale"
    memory = io.BytesIO()
    with soundfile.SoundFile(
        memory, "w", audio.sample_rate, audio.channels, format="MP3", compression_level=_MP3_SIZE
    ) as file:
        for start in range(0, len(interleaved), _CHUNK):
            file.write(interleaved[start : start + _CHUNK])
    return Clip("audio/mpeg", memory.getvalue(), words)
