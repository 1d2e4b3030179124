"""What the formats in Ogg share: libsndfile writes them, and they are then marked, and numbered by their seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio
    from soundgraph.audio.formats import Encoding


def encoded(audio: Audio, encoding: Encoding, name: str, subtype: str, level: float) -> bytes:
    """level: libsndfile's own, 0 (best) to 1 (smallest)."""
    import numpy as np

    from soundgraph.audio.containers import libsndfile, ogg, vorbis_comments

    samples, rate = np.ascontiguousarray(audio.samples.T), audio.sample_rate
    data = libsndfile.encoded(samples, rate, name, format="OGG", subtype=subtype, compression_level=level)
    if encoding.marks:
        data = vorbis_comments.in_ogg(data, vorbis_comments.comments(encoding.marks, rate))
    return ogg.renumbered(data, encoding.seed_for(audio) % 2**32)


def libraries(name: str, subtype: str) -> str:
    """The libraries that write such a file, as it names them itself: nothing else tells."""
    from soundgraph.audio.containers import libsndfile, vorbis_comments

    sample = libsndfile.encoded(
        libsndfile.silence(16), 48000, name, format="OGG", subtype=subtype, compression_level=0.5
    )
    return f"{libsndfile.version()}, {vorbis_comments.vendor(sample)}"
