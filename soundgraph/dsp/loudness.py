"""How loud a sound is: integrated loudness, true peak and sample peak.

Loudness is ITU-R BS.1770-4: K-weighting, 400 ms blocks overlapping by 75 %, gates at -70 LUFS and 10 LU under the
loudness of what passed the first. Levels are None for silence, which has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio import Audio
from soundgraph.dsp import filters
from soundgraph.dsp.resample import resample

BLOCK_MS = 400
STEP_MS = 100
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
# Makes a full-scale 997 Hz sine in one channel read -3.01 LUFS.
_OFFSET_DB = -0.691

# The standard tells the surround channels apart, and leaves the low-frequency one out, for 5.0 and 5.1 in WAV order.
_SURROUND_WEIGHTS = {5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}

_LEAST_RATE = 32000

# Eight rather than the standard's least of four: at four, a tone close to half the sampling rate may read 0.69 dB low,
# at eight 0.17 dB, and a ceiling that is held here should hold on anybody's meter.
TRUE_PEAK_OVERSAMPLING = 8
_CHUNK = 1 << 15


@dataclass(frozen=True)
class Blocks:
    """The gating blocks of a sound: enough to tell its loudness at any gain without filtering it again.

    powers: float64, shape (blocks,): K-weighted mean square, summed over the channels with the standard's weights.
    padded: whether silence was added because the sound is shorter than one block.
    """

    powers: NDArray[np.float64]
    padded: bool

    def lufs(self, gain_db: float = 0.0) -> float | None:
        """Integrated loudness after a gain; None where every block lies under the absolute gate.

        The gate is why this is not the loudness plus the gain: a gain can lift quiet blocks over it.
        """
        powers = self.powers * _power(gain_db)
        loud = powers[powers > _power(ABSOLUTE_GATE_LUFS - _OFFSET_DB)]
        if not loud.size:
            return None
        # The relative gate can only be under the mean, so something always passes.
        kept = loud[loud > np.add.reduce(loud) / loud.size * _power(RELATIVE_GATE_LU)]
        return _OFFSET_DB + 10.0 * math.log10(float(np.add.reduce(kept)) / kept.size)


def blocks(audio: Audio) -> Blocks:
    """Cut a sound into the gating blocks of BS.1770-4.

    audio: any rate and length. A last part too short for a block is left out, as the standard says; a sound shorter
        than one block is padded with silence to one. Five and six channels are taken for 5.0 and 5.1 in WAV order, the
        channels of any other number count alike.
    """
    if audio.sample_rate < _LEAST_RATE:
        # The filters bend towards half the rate: at 8 kHz a tone of 1 kHz would read 0.2 dB low.
        audio = resample(audio, 48000)
    rate = audio.sample_rate
    n_block = _edge(BLOCK_MS // STEP_MS, rate)
    padded = audio.n_samples < n_block
    # Block j runs from step j to step j + 4. Steps are placed to the nearest sample, since a tenth of a second is not
    # a whole number of samples at, say, 11025 Hz.
    edges = [0]
    while (edge := _edge(len(edges), rate)) <= max(audio.n_samples, n_block):
        edges.append(edge)
    weights = _SURROUND_WEIGHTS.get(audio.channels, (1.0,) * audio.channels)
    samples = audio.samples
    if padded:
        samples = np.zeros((audio.channels, n_block), np.float32)
        samples[:, : audio.n_samples] = audio.samples
    steps = np.zeros(len(edges) - 1)
    for weighted, weight in zip(filters.apply(samples, k_weighting(rate)), weights, strict=True):
        squares = np.square(weighted[: edges[-1]], dtype=np.float64)
        steps += weight * np.add.reduceat(squares, edges[:-1])
    n_steps = BLOCK_MS // STEP_MS
    sums = steps[: len(steps) - n_steps + 1].copy()
    for offset in range(1, n_steps):
        sums += steps[offset : offset + sums.size]
    lengths = np.array([end - start for start, end in zip(edges, edges[n_steps:], strict=False)], dtype=np.float64)
    return Blocks(sums / lengths, padded)


def integrated_lufs(audio: Audio) -> float | None:
    """Integrated loudness in LUFS (ITU-R BS.1770-4); None for silence."""
    return blocks(audio).lufs()


def true_peak(audio: Audio) -> float:
    """The largest magnitude of the waveform between and at the samples; 1.0 is full scale, 0.0 silence.

    Source: ITU-R BS.1770-4 annex 2, with soxr's interpolation at eight times the rate.
    """
    import soxr

    peak = sample_peak(audio)
    if peak == 0.0:
        return 0.0
    # In chunks: eight times an hour of sound does not fit in memory, and a chunk that stays in the processor's cache
    # is faster. The stream carries its state, so the chunks do not show.
    stream = soxr.ResampleStream(1, TRUE_PEAK_OVERSAMPLING, audio.channels, dtype="float32", quality="HQ")
    for start in range(0, audio.n_samples, _CHUNK):
        chunk = np.ascontiguousarray(audio.samples[:, start : start + _CHUNK].T)
        finer = stream.resample_chunk(chunk, last=start + _CHUNK >= audio.n_samples)
        if finer.size:
            peak = max(peak, _magnitude(finer))
    return peak


def sample_peak(audio: Audio) -> float:
    """The largest magnitude of a sample; 1.0 is full scale, 0.0 silence."""
    return _magnitude(audio.samples) if audio.n_samples else 0.0


def true_peak_dbtp(audio: Audio) -> float | None:
    """True peak in dBTP; None for silence."""
    return decibels(true_peak(audio))


def sample_peak_dbfs(audio: Audio) -> float | None:
    """Sample peak in dBFS; None for silence."""
    return decibels(sample_peak(audio))


def decibels(magnitude: float) -> float | None:
    """20·log10 of a magnitude; None for 0."""
    return 20.0 * math.log10(magnitude) if magnitude > 0.0 else None


def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """The two filters of BS.1770-4, for a rate of 8000 Hz or more, as a cascade of second-order sections.

    The standard prints coefficients for 48 kHz only. They are the bilinear transform of an analogue high shelf (the
    head) and high pass, which are transformed anew here. Source of the prototypes, recovered from the printed table:
    De Man, "Evaluation of Implementations of the EBU R128 Loudness Measurement", AES 145, 2018.
    """
    k = math.tan(math.pi * 1681.974450955533 / sample_rate)
    q = 0.7071752369554196
    high = 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    scale = 1.0 + k / q + k * k
    shelf = [
        *((high + band * k / q + k * k) / scale, 2.0 * (k * k - high) / scale, (high - band * k / q + k * k) / scale),
        *(1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / q + k * k) / scale),
    ]
    k, scale = _high_pass(sample_rate)
    # The table's high pass has the numerator 1, -2, 1, which passes 0.04 dB more than 0 dB. That gain is kept at other
    # rates; using 1, -2, 1 there as well (as is common) reads 0.2 dB high at 8 kHz.
    gain = _high_pass(48000)[1] / scale
    high_pass = [
        *(gain, -2.0 * gain, gain),
        *(1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / _HIGH_PASS_Q + k * k) / scale),
    ]
    return np.array([shelf, high_pass])


_HIGH_PASS_Q = 0.5003270373238773


def _high_pass(sample_rate: int) -> tuple[float, float]:
    k = math.tan(math.pi * 38.13547087602444 / sample_rate)
    return k, 1.0 + k / _HIGH_PASS_Q + k * k


def _edge(step: int, sample_rate: int) -> int:
    return (step * STEP_MS * sample_rate + 500) // 1000


def _magnitude(samples: NDArray[np.float32]) -> float:
    # Two passes that allocate nothing, rather than one over a copy of the absolute values.
    return max(float(samples.max()), -float(samples.min()))


def _power(level_db: float) -> float:
    return float(10.0 ** (level_db / 10.0))
