"""Vorbis in Ogg."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from soundgraph.audio.formats import Encoding, Format, _in_ogg

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio


def encode(audio: Audio, encoding: Encoding) -> bytes:
    return _in_ogg.encoded(audio, encoding, "ogg", "VORBIS", 1.0 - encoding.quality)


@cache
def libraries() -> str:
    return _in_ogg.libraries("ogg", "VORBIS")


FORMAT = Format(
    version=1,
    encode=encode,
    media_type="audio/ogg",
    # Vorbis orders five or six speakers in its own way. libsndfile does not reorder them, so that others would play the
    # centre on the right.
    max_channels=2,
    # Over which libvorbis has no settings, and ends the process.
    max_rate_hz=200000,
    libraries=libraries,
)
