"""Convolution of sounds with impulse responses of any length, by FFT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Samples

# A response is cut into about this many parts, as long as they stay within these sizes: the transforms of longer parts
# fall out of the processor's cache, those of shorter ones cost more calls than arithmetic. Fixed, not fitted to the
# machine, since the sizes change rounding in the last bits of a float64.
_PARTS = 4
_LEAST, _MOST = 2**12, 2**17


def convolve(samples: Samples, responses: NDArray[np.float64]) -> Samples:
    """Send every input channel through a response to every output channel.

    samples: float32, shape (inputs, n), n of 0 or more.
    responses: float64, shape (outputs, inputs, m), m of 1 or more.

    Returns float32, shape (outputs, n + m - 1), or (outputs, 0) if n is 0; what does not fit a float32 is infinite.
    Nothing is delayed: a response of a single 1 gives the input back, but for the last bit of a float32.
    Memory beyond the result is that of the responses' spectra, four times the responses, however long the sound is.
    Source: uniformly partitioned overlap-save convolution; Wefers, "Partitioned Convolution Algorithms for Real-Time
    Auralization", RWTH Aachen, 2014, chapter 5.
    """
    n_out, n_in, m = responses.shape
    n = samples.shape[1]
    if n == 0:
        return np.zeros((n_out, 0), np.float32)
    length = n + m - 1
    result = np.zeros((n_out, length), np.float32)
    size = min(max(1 << (m // _PARTS).bit_length(), _LEAST), _MOST)
    parts = np.stack([_transform(responses[..., at : at + size], size) for at in range(0, m, size)])
    # The spectra of the last blocks of input, the newest at index block % len(parts).
    spectra = np.zeros((len(parts), n_in, 2, size + 1))
    heard = [False] * len(parts)
    window = np.zeros((n_in, 2 * size))
    for block, start in enumerate(range(0, length, size)):
        window[:, :size] = window[:, size:]
        fresh = samples[:, start : start + size]
        window[:, size : size + fresh.shape[1]] = fresh
        window[:, size + fresh.shape[1] :] = 0.0
        newest = block % len(parts)
        # After the end of the sound, and in its pauses, most blocks are silent: those cost nothing.
        heard[newest] = bool(window.any())
        if heard[newest]:
            spectra[newest] = _transform(window, size)
        ages = [age for age in range(min(block + 1, len(parts))) if heard[(block - age) % len(parts)]]
        if not ages:
            continue
        total = _Sum(n_out, size + 1)
        for age in ages:
            for channel in range(n_in):
                total.add_product(spectra[(block - age) % len(parts), channel], parts[age, :, channel])
        stop = min(start + size, length)
        # The first half of a block is spoilt by the circle that an FFT goes in.
        with np.errstate(over="ignore"):
            result[:, start:stop] = np.fft.irfft(total.value(), 2 * size)[:, size : size + stop - start]
    return result


def _transform(blocks: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """The spectra of blocks, shape (..., up to 2 · size), as real and imaginary parts: (..., 2, size + 1)."""
    spectrum = np.fft.rfft(blocks, 2 * size)
    return np.stack([spectrum.real, spectrum.imag], axis=-2)


class _Sum:
    """A sum of products of spectra: of one sound's and each of several responses'.

    Spelt out in real numbers: numpy's product of complex ones fuses a multiplication and an addition into one rounding
    where the processor can, and where it cannot, the result differs. Its FFT does the same everywhere.
    """

    def __init__(self, count: int, n: int):
        self._real, self._imaginary, self._product = np.zeros((count, n)), np.zeros((count, n)), np.empty((count, n))

    def add_product(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> None:
        """a: shape (2, n), real and imaginary parts. b: shape (count, 2, n)."""
        self._real += np.multiply(a[0], b[:, 0], out=self._product)
        self._real -= np.multiply(a[1], b[:, 1], out=self._product)
        self._imaginary += np.multiply(a[0], b[:, 1], out=self._product)
        self._imaginary += np.multiply(a[1], b[:, 0], out=self._product)

    def value(self) -> NDArray[np.complex128]:
        """Shape (count, n)."""
        spectrum = np.empty(self._real.shape, np.complex128)
        spectrum.real, spectrum.imag = self._real, self._imaginary
        return spectrum
