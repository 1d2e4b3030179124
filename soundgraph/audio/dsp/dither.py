"""From float samples to integers: 24 bits by rounding, 16 bits with seeded dither."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Samples
from soundgraph.audio.dsp import random_bits

Float = TypeVar("Float", np.float32, np.float64)

_CHUNK = 1 << 16
_MASK = 2**64 - 1


def to_pcm16(samples: Samples, seed: int) -> NDArray[np.int16]:
    """Sixteen-bit samples of the same shape, dithered, rounded and saturated; ±1 is full scale.

    The dither is the sum of two uniform values of one LSB each (TPDF): it makes the error's mean and power independent
    of the sound, at the price of a noise floor at -96 dBFS. It depends on `seed`, any whole number, and on nothing
    else. Samples that are whole 16-bit values already, such as a recording that was not processed, or silence, are
    carried over exactly.
    Source: Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither", JAES 40(5), 1992.
    """
    # A power of two: exact.
    scaled = samples * np.float32(2**15)
    if np.array_equal(scaled, np.rint(scaled)):
        return _saturated(scaled, 15).astype(np.int16)
    flat = scaled.reshape(-1)
    out = np.empty(flat.size, np.int16)
    for start in range(0, flat.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        dithered = part + _triangular(seed, start, part.size)
        out[start : start + _CHUNK] = _saturated(np.rint(dithered), 15)
    return out.reshape(samples.shape)


def to_pcm24(samples: Samples) -> NDArray[np.int32]:
    """Twenty-four-bit samples of the same shape, rounded and saturated; ±1 is full scale.

    No dither: the rounding lies at -146 dBFS, and a float32 sample of full scale holds no more than 24 bits itself.
    """
    return _saturated(np.rint(samples * np.float32(2**23)), 23).astype(np.int32)


def _saturated(values: NDArray[Float], bits: int) -> NDArray[Float]:
    return np.clip(values, -(2**bits), 2**bits - 1)


def _triangular(seed: int, start: int, count: int) -> NDArray[np.float64]:
    """`count` values between -1 and 1 of the triangular noise that belongs to `seed`, from place `start` on.

    A generator of numpy.random would do as well, after an import of 30 ms.
    """
    z = np.arange(start + 1, start + count + 1, dtype=np.uint64)
    z *= np.uint64(random_bits.STEP)
    z += np.uint64(_mixed(seed))
    random_bits.mix(z)
    # The halves are two independent uniform values. Their difference is triangular with mean exactly 0.
    high, low = (z >> np.uint64(32)).astype(np.float64), (z & np.uint64(0xFFFFFFFF)).astype(np.float64)
    return (high - low) * 2.0**-32


def _mixed(seed: int) -> int:
    """The seed, of any size, as 64 bits without structure: seeds 1 and 2 must not give one stream shifted by a step."""
    import hashlib

    return int.from_bytes(hashlib.sha256(b"%d" % seed).digest()[:8], "little") & _MASK
