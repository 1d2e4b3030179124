"""Opus in Ogg."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from soundgraph.audio.formats import Encoding, Format, _in_ogg

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

_PLAYERS_HZ = 48000
"""At which players decode Opus, whatever rate the file states; libsndfile keeps to that."""


def encode(audio: Audio, encoding: Encoding) -> bytes:
    # libsndfile spreads Opus from 6 to 256 kbit/s a channel evenly over its levels, which is far too much for the
    # middle of the scale. The square brings 0.6 to 96, which is about what Vorbis takes at 0.6.
    return _in_ogg.encoded(audio, encoding, "opus", "OPUS", 1.0 - encoding.quality**2)


@cache
def libraries() -> str:
    return _in_ogg.libraries("opus", "OPUS")


def as_players_read(data: bytes) -> bytes:
    from soundgraph.audio.containers import ogg

    return ogg.opus_at(data, _PLAYERS_HZ)


FORMAT = Format(
    version=1,
    encode=encode,
    media_type="audio/ogg",
    max_channels=2,
    rates_hz=(8000, 12000, 16000, 24000, 48000),
    # Whatever rate it was made from, that is what its positions are counted at, and most programs decode it to.
    loop_rate_hz=_PLAYERS_HZ,
    libraries=libraries,
    as_players_read=as_players_read,
)
