"""Sun AU: whole samples of 16 bits, uncompressed."""

from __future__ import annotations

import struct

import numpy as np

from soundgraph.audio.artifact import Audio
from soundgraph.audio.formats import Encoding, Format


def encode(audio: Audio, encoding: Encoding) -> bytes:
    body = np.round(np.clip(audio.samples.T, -1, 1) * 32767).astype(">i2").tobytes()
    return struct.pack(">4s5I4x", b".snd", 28, len(body), 3, audio.sample_rate, audio.channels) + body


FORMAT = Format(version=7, encode=encode, media_type="audio/basic", bit_depths=(16,), max_channels=4)
