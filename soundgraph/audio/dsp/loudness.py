"""How loud a sound is: integrated, momentary and short-term loudness, loudness range, true peak and sample peak.

Loudness is ITU-R BS.1770-4: K-weighting, 400 ms blocks overlapping by 75 %, gates at -70 LUFS and 10 LU under the
loudness of what passed the first. Levels are None for silence, which has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp import filters, layouts
from soundgraph.audio.dsp.resampling import resample

BLOCK_MS = 400
STEP_MS = 100
SHORT_TERM_MS = 3000
# The test signals of EBU Tech 3341 place a burst as long as the window anywhere on a grid of 20 ms; at steps of 100 ms
# its maximum would read up to 0.6 dB low.
FINE_STEP_MS = 10
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
RANGE_GATE_LU = -20.0
RANGE_PERCENTILES = (0.10, 0.95)
# Makes a full-scale 997 Hz sine in one channel read -3.01 LUFS.
_OFFSET_DB = -0.691

LOW_RATE_HZ = 32000
"""Under this rate, the high pass of the K-weighting has the standard's numerator: see `k_weighting`."""

_LEAST_RATE_HZ = 8000

# Hours of sound are weighted in parts of ten seconds. Each begins with what lies a quarter of a second before it,
# after which a filter at 38 Hz has forgotten how it began: by 500 dB.
_PART_STEPS = 1000
_LEAD_IN_S = 0.25

# Eight rather than the standard's least of four: at four, a tone close to half the sampling rate may read 0.69 dB low,
# at eight 0.17 dB, and a ceiling that is held here should hold on anybody's meter.
TRUE_PEAK_OVERSAMPLING = 8
_CHUNK = 1 << 15
_SILENT_START = 512

# Gains that follow from a measurement are whole thousandths of a dB. A measurement may differ in its last bits between
# processors; rounded, that does not reach the samples.
_GAIN_STEPS = 1000


@dataclass(frozen=True)
class Blocks:
    """The gating blocks of a sound: enough to tell its loudness at any gain without filtering it again."""

    powers: NDArray[np.float64]
    """float64, shape (blocks,): K-weighted mean square, summed over the channels with the standard's weights."""
    padded: bool
    """Whether silence was added because the sound is shorter than one block."""

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

    def gain_to(self, target_lufs: float) -> float:
        """The gain in dB, in thousandths, that brings the sound to an integrated loudness; 0 where it has none.

        Once would do, but that a gain moves blocks over the absolute gate, or under it: then the loudness that was
        aimed at is missed, and the rest has to be made up for. Twenty rounds end it where a block on the gate comes
        and goes.
        """
        gain_db = 0.0
        for _ in range(20):
            lufs = self.lufs(gain_db)
            if lufs is None or abs(lufs - target_lufs) < 0.5 / _GAIN_STEPS:
                break
            gain_db = nearest_gain_db(gain_db + target_lufs - lufs)
        return gain_db


@dataclass(frozen=True)
class Steps:
    """The K-weighted energy of a sound in steps of 10 ms: what every loudness of it is made of, at any gain."""

    energies: NDArray[np.float64]
    """float64, shape (steps,): sum of the squares of a step, over the channels with the standard's weights."""
    edges: NDArray[np.int64]
    """int64, shape (steps + 1,): the samples at which steps begin, placed to the nearest one. The last step may reach
    past the end of the sound, over silence."""
    sample_rate: int
    """In Hz, that was measured at."""
    n_samples: int
    """Of the sound at that rate, or of one block if it is shorter."""
    padded: bool
    """Whether it is shorter than one block."""

    def scaled(self, gain_db: float) -> Steps:
        """The steps of the same sound after a gain."""
        return replace(self, energies=self.energies * _power(gain_db))

    def powers(self, window_ms: int, hop_ms: int) -> NDArray[np.float64]:
        """The mean square of each window that lies in the sound, in order of time; empty if none does.

        window_ms, hop_ms: multiples of 10.
        """
        width, hop = window_ms // FINE_STEP_MS, hop_ms // FINE_STEP_MS
        n_steps = int(np.searchsorted(self.edges, self.n_samples, side="right")) - 1
        if n_steps < width:
            return np.zeros(0)
        windows = np.lib.stride_tricks.sliding_window_view(self.energies[:n_steps], width)[::hop]
        # Added up anew for each window: a running sum would leave a trace of loud parts in the silence after them.
        lengths = (self.edges[width : n_steps + 1] - self.edges[: n_steps + 1 - width])[::hop]
        sums: NDArray[np.float64] = np.add.reduce(windows, axis=-1)
        return sums / lengths

    def blocks(self) -> Blocks:
        """The gating blocks. A last part too short for one is left out, as the standard says."""
        return Blocks(self.powers(BLOCK_MS, STEP_MS), self.padded)

    def momentary_max_lufs(self) -> float | None:
        """The loudest 400 ms, in LUFS; None for silence."""
        return _level_lufs(float(self.powers(BLOCK_MS, FINE_STEP_MS).max()))

    def short_term_max_lufs(self) -> float | None:
        """The loudest 3 s, in LUFS; None for silence.

        A sound under 3 s is measured with silence up to 3 s: what a meter would show that was running before it began.
        """
        powers = self.powers(SHORT_TERM_MS, FINE_STEP_MS)
        if not powers.size:
            return _level_lufs(float(np.add.reduce(self.energies)) / (self.sample_rate * SHORT_TERM_MS / 1000))
        return _level_lufs(float(powers.max()))

    def range_lu(self) -> float | None:
        """The loudness range in LU; None for silence and for less than 3 s.

        Source: EBU Tech 3342: short-term loudness every 100 ms; gates at -70 LUFS and 20 LU under the mean power of
        what passed the first; from the 10th to the 95th percentile of what passed both.
        """
        powers = self.powers(SHORT_TERM_MS, STEP_MS)
        loud = powers[powers >= _power(ABSOLUTE_GATE_LUFS - _OFFSET_DB)]
        if not loud.size:
            return None
        kept = np.sort(loud[loud >= np.add.reduce(loud) / loud.size * _power(RANGE_GATE_LU)])
        low, high = (float(kept[round((kept.size - 1) * part)]) for part in RANGE_PERCENTILES)
        return 10.0 * math.log10(high / low)


def steps(audio: Audio) -> Steps:
    """Weigh a sound as BS.1770-4 says, and add it up in steps of 10 ms.

    audio: any rate and length. A sound shorter than a block of 400 ms is padded with silence to one. `layouts` says
        how much each channel counts.
    """
    if audio.sample_rate < _LEAST_RATE_HZ:
        # Half of such a rate comes close to the shelf, which cannot be transformed there.
        audio = resample(audio, 48000)
    rate = audio.sample_rate
    n_block = _edge(BLOCK_MS // FINE_STEP_MS, rate)
    n = max(audio.n_samples, n_block)
    edges = _edge(np.arange(n * 1000 // (rate * FINE_STEP_MS) + 3), rate)
    edges = edges[: int(np.searchsorted(edges, n)) + 1]
    weights = layouts.weights(audio.channels)
    sections = k_weighting(rate)
    energies = np.zeros(edges.size - 1)
    for first in range(0, energies.size, _PART_STEPS):
        last = min(first + _PART_STEPS, energies.size)
        start, stop = int(edges[first]), int(edges[last])
        lead_in = min(start, round(_LEAD_IN_S * rate))
        samples = audio.samples[:, start - lead_in : stop]
        if stop > audio.n_samples:
            samples = np.pad(samples, ((0, 0), (0, stop - start + lead_in - samples.shape[1])))
        for weighted, weight in zip(filters.apply(samples, sections), weights, strict=True):
            squares = np.square(weighted[lead_in:], dtype=np.float64)
            energies[first:last] += weight * np.add.reduceat(squares, edges[first:last] - start)
    return Steps(energies, edges, rate, n, audio.n_samples < n_block)


def reads_anew(sample_rate: int, channels: int) -> bool:
    """Whether a sound of this form once had another loudness than it has now.

    Below 32 kHz, sounds used to be converted to 48 kHz first, which lost the edge of their band; and channels of four,
    seven and eight counted alike, those for low frequencies too.
    """
    return _LEAST_RATE_HZ <= sample_rate < LOW_RATE_HZ or channels in (4, 7, 8)


def nearest_gain_db(gain_db: float) -> float:
    """The nearest thousandth of a dB."""
    return round(gain_db * _GAIN_STEPS) / _GAIN_STEPS


def gain_db_below(gain_db: float) -> float:
    """The thousandth of a dB at or below: rounded up, a peak would be over its limit."""
    return math.floor(gain_db * _GAIN_STEPS) / _GAIN_STEPS


def blocks(audio: Audio) -> Blocks:
    """Cut a sound into the gating blocks of BS.1770-4. See `steps` for what it takes."""
    return steps(audio).blocks()


def momentary_lufs(audio: Audio) -> NDArray[np.float64]:
    """Momentary loudness in LUFS every 100 ms, -inf for silence: value k is of the 400 ms from k / 10 seconds on."""
    return _levels_lufs(steps(audio).powers(BLOCK_MS, STEP_MS))


def short_term_lufs(audio: Audio) -> NDArray[np.float64]:
    """Short-term loudness in LUFS every 100 ms, -inf for silence: value k is of the 3 s from k / 10 seconds on.

    Empty for less than 3 s.
    """
    return _levels_lufs(steps(audio).powers(SHORT_TERM_MS, STEP_MS))


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
    # Silence first: soxr makes up what comes before the first sample, and reads an abrupt beginning 0.4 dB high.
    stream.resample_chunk(np.zeros((_SILENT_START, audio.channels), np.float32))
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
    # The table's high pass has the numerator 1, -2, 1, which passes 0.04 dB more than 0 dB. That gain is kept at the
    # rates near it. Below 32 kHz the numerator is kept instead, as in libebur128 and ffmpeg: the standard is silent
    # there, and a figure is of use if others read it too. It passes up to 0.2 dB more (at 8 kHz), which about makes up
    # for what the bilinear transform takes from the middle of the band: a tone of 1 kHz reads within 0.05 dB.
    gain = _high_pass(48000)[1] / scale if sample_rate >= LOW_RATE_HZ else 1.0
    high_pass = [
        *(gain, -2.0 * gain, gain),
        *(1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / _HIGH_PASS_Q + k * k) / scale),
    ]
    return np.array([shelf, high_pass])


_HIGH_PASS_Q = 0.5003270373238773


def _high_pass(sample_rate: int) -> tuple[float, float]:
    k = math.tan(math.pi * 38.13547087602444 / sample_rate)
    return k, 1.0 + k / _HIGH_PASS_Q + k * k


def _edge(step: Any, sample_rate: int) -> Any:
    return (step * FINE_STEP_MS * sample_rate + 500) // 1000


def _level_lufs(power: float) -> float | None:
    return _OFFSET_DB + 10.0 * math.log10(power) if power > 0.0 else None


def _levels_lufs(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        levels: NDArray[np.float64] = _OFFSET_DB + 10.0 * np.log10(powers)
    return levels


def _magnitude(samples: NDArray[np.float32]) -> float:
    # Two passes that allocate nothing, rather than one over a copy of the absolute values.
    return max(float(samples.max()), -float(samples.min()))


def _power(level_db: float) -> float:
    return float(10.0 ** (level_db / 10.0))
