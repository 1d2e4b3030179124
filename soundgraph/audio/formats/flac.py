"""FLAC: whole samples of 16 or 24 bits, compressed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from soundgraph.audio.formats import Encoding, Format

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio


def encode(audio: Audio, encoding: Encoding) -> bytes:
    import numpy as np

    from soundgraph.audio.containers import libsndfile, vorbis_comments
    from soundgraph.audio.dsp.dither import to_pcm16, to_pcm24

    bit_depth, marks = encoding.bit_depth, encoding.marks
    # libsndfile takes the upper 24 bits of 32. Handed integers, it neither scales nor rounds.
    pcm = to_pcm16(audio.samples, encoding.seed_for(audio)) if bit_depth == 16 else to_pcm24(audio.samples) << 8
    pcm = np.ascontiguousarray(pcm.T)
    data = libsndfile.encoded(pcm, audio.sample_rate, "flac", format="FLAC", subtype=f"PCM_{bit_depth}")
    return vorbis_comments.in_flac(data, vorbis_comments.comments(marks, audio.sample_rate)) if marks else data


@cache
def libraries() -> str:
    from soundgraph.audio.containers import libsndfile, vorbis_comments

    sample = libsndfile.encoded(libsndfile.silence(16), 48000, "flac", format="FLAC", subtype="PCM_24")
    return f"{libsndfile.version()}, {vorbis_comments.vendor(sample)}"


FORMAT = Format(
    version=1,
    encode=encode,
    media_type="audio/flac",
    bit_depths=(16, 24),
    max_channels=8,
    max_rate_hz=655350,
    libraries=libraries,
)
