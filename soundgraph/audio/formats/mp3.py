"""MP3: MPEG layer III of variable bit rate, by LAME."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from soundgraph.audio.formats import Encoding, Format

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

# libsndfile refuses LAME's 10, and 1.0 is that.
_WORST_LEVEL = 0.9999


def encode(audio: Audio, encoding: Encoding) -> bytes:
    import numpy as np

    from soundgraph.audio.containers import id3

    data = _encoded(np.ascontiguousarray(audio.samples.T), audio.sample_rate, encoding.quality)
    return id3.marked(data, encoding.marks, audio.sample_rate, audio.duration) if encoding.marks else data


def _encoded(samples: Any, sample_rate: int, quality: float) -> bytes:
    from soundgraph.audio.containers import libsndfile

    level = min(1.0 - quality, _WORST_LEVEL)
    kind = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "VARIABLE", "compression_level": level}
    return libsndfile.encoded(samples, sample_rate, "mp3", **kind)


@cache
def libraries() -> str:
    from soundgraph.audio.containers import libsndfile

    sample = _encoded(libsndfile.silence(1152), 48000, 0.5)
    # "LAME3.100", in the tag of the first frame.
    at = sample.find(b"LAME")
    return f"{libsndfile.version()}, {sample[at : at + 9].decode('latin-1')}"


FORMAT = Format(
    version=1,
    encode=encode,
    media_type="audio/mpeg",
    max_channels=2,
    rates_hz=(8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    libraries=libraries,
)
