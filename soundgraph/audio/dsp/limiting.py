"""Keeping a sound under a ceiling, between the samples too: a look-ahead limiter that measures its own result.

The usual limiter measures the true peak of what comes in, and multiplies. But a gain that moves changes the waveform
between the samples as well, and some of the peaks that it was to remove come back. So here the result is measured
again, with the same meter, and lowered a little more where it is over, until nothing is.
"""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio, Samples
from soundgraph.audio.dsp import dynamics
from soundgraph.audio.dsp.dynamics import CHUNK, Floats

_Whole = TypeVar("_Whole", np.int32, np.int64)

OVERSAMPLING = 8

# Below 0.9 of half the sampling rate all interpolators agree. Above, one that cuts sooner or later, or is longer or
# shorter, finds other peaks: white noise, which is full of what lies there, may be at the ceiling for one meter and
# 1.2 dB over it for the next. So the ceiling is held on a family of them: (half its length in samples, where it cuts in
# parts of half the sampling rate, beta of its Kaiser window). Between their cutoffs lie those of resamplers in use; the
# figures are as coarse as keeps white noise within about 0.1 dB (the most found is 0.16) on meters between. The first
# goes before the others because it is the sharpest, and reads highest most often; the second is close to libsoxr's HQ.
_FAMILY = (
    *((128, 1.0, 8.0), (94, 0.9565, 12.6), (100, 0.975, 8.0), (64, 0.94, 8.0), (64, 0.915, 8.0)),
    *((64, 1.0, 8.0), (28, 1.0, 8.0), (10, 1.0, 5.0)),
)
_REACH = 128

# A block is what is measured at once, by the discrete Fourier transform: _STEP intervals between samples.
_BLOCK = 2048
_STEP = _BLOCK - 2 * _REACH
_BATCH = 16

# Reductions are whole numbers of these, which makes their sums exact: a gain that has come back is 1, not nearly 1.
_UNITS_PER_DB = 1024

# How far under the ceiling to aim where it is passed: it saves rounds.
_MARGIN_DB = 0.05

# Two or three rounds are the rule. With little look-ahead, samples far from a peak may hold it up, and nothing says
# that lowering those beside it will ever do. From this round on all that have a part in it are lowered, which has to.
_NARROW_ROUNDS = 6


def limited(audio: Audio, ceiling: float, release_ms: float, lookahead_ms: float) -> Audio:
    """The same sound, nowhere over the ceiling; bit for bit the same where no peak over it is near.

    ceiling: the largest magnitude of the waveform at and between the samples, more than 0; 1.0 is full scale.
    release_ms: time constant with which a reduction, in dB, goes back to nothing; 0 or more.
    lookahead_ms: how long before a peak the gain begins to fall; 0 or more. Since the whole sound is at hand, nothing
        is delayed by it.

    Length, rate and channels stay. All channels are lowered alike, and none is ever raised.
    """
    n = audio.n_samples
    if not n:
        return audio
    gain = _Gain(n, round(lookahead_ms * audio.sample_rate / 1000))
    over = _over(audio.samples, ceiling, np.arange(_n_blocks(n)), first=True)
    keep = dynamics.keep(release_ms, audio.sample_rate)
    result = audio
    rounds = 0
    while over.any():
        if rounds >= _NARROW_ROUNDS:
            over = _spread(over)
        changed = gain.lower(over, keep)
        keep = 0.0  # what the first round missed are tenths of a dB
        result = dynamics.shaped(audio, gain.factors)
        over = _over(result.samples, ceiling, changed)
        if changed[0] == 0:
            np.maximum(over, _over_in_mirror(result.samples, ceiling), out=over)
        if changed[-1] == _n_blocks(n) - 1:
            np.maximum(over, _over_in_mirror(result.samples[:, ::-1], ceiling)[::-1], out=over)
        rounds += 1
    return result


def highest_peak(audio: Audio) -> float:
    """The largest magnitude that any meter of the family finds in a sound; 1.0 is full scale, 0.0 silence.

    So much has to be under a ceiling that is to hold whoever measures it. Where a sound begins or ends in the middle
    of a wave, a meter counts too that takes the mirror image for what lies beyond.
    """
    samples, n = audio.samples, audio.n_samples
    if not n:
        return 0.0
    windows = _windows(samples)
    largest = np.maximum(windows.max(axis=(0, 2)), -windows.min(axis=(0, 2)))
    highest = float(largest.max())
    for end in (samples, samples[:, ::-1]):
        window, known = _mirrored(end)
        highest = max(highest, float(_peaks(window, highest)[0, :known].max()))
    # The loudest first: what they hold is more than most others can reach.
    blocks = np.argsort(-largest, kind="stable")
    for start in range(0, blocks.size, _BATCH):
        batch = blocks[start : start + _BATCH]
        if float(largest[batch[0]]) * _spectra()[1] <= highest:
            break
        highest = max(highest, float(_peaks(windows[:, batch].astype(np.float64), highest).max()))
    return highest


def _spread(over: NDArray[np.int32]) -> NDArray[np.int32]:
    """The same demands, made of all samples that have a part in the peak: then it must fall by as much."""
    return forward_max(np.pad(over, _REACH), 2 * _REACH + 1)


class _Gain:
    """The gain of a limiter, made of what it was asked to take away.

    Each demand is held for the length of the look-ahead before its sample, falls away behind it, and is averaged over
    as long with a triangular window, which smooths it: an average of values that all are large enough is so too.
    total: how much is taken away from each sample, in units times the area of the window; shape (n,).
    """

    def __init__(self, n: int, lookahead: int):
        self.lookahead = lookahead
        # Two running sums, one after another, whose lengths add up to look-ahead + 2, weigh look-ahead + 1 values.
        self.widths = ((lookahead + 2) // 2, lookahead + 2 - (lookahead + 2) // 2)
        self.total = np.zeros(n, np.int64)

    def factors(self, part: slice) -> Floats:
        """The linear gains of some samples."""
        return dynamics.factors(self.total[part] / (-_UNITS_PER_DB * self.widths[0] * self.widths[1]))

    def lower(self, over: NDArray[np.int32], keep: float) -> NDArray[np.intp]:
        """Take at least `over` units away from each sample, besides what is taken already.

        keep: how much of a demand is left from sample to sample behind it.

        Returns the blocks whose measurement this changes, in order.
        """
        n, ahead = over.size, self.lookahead
        # The demands of the first samples are held from before the beginning.
        padded = np.zeros(n + 2 * ahead, np.int64)
        padded[ahead : ahead + n] = over
        release = dynamics.Leak(np.maximum, keep)
        sums = [_RunningSum(width) for width in self.widths]
        dirty = np.zeros(_n_blocks(n) + 1, np.bool_)
        for start in range(-ahead, n, CHUNK):
            stop = min(start + CHUNK, n)
            wanted = forward_max(padded[start + ahead : stop + 2 * ahead], ahead + 1)
            # Rounding ends the release, at half a unit.
            taken = np.rint(release.run(wanted.astype(np.float64))).astype(np.int64)
            for running in sums:
                taken = running.run(taken)
            skipped = max(-start, 0)
            self.total[start + skipped : stop] += taken[skipped:]
            touched = np.flatnonzero(taken[skipped:]) + (start + skipped)
            dirty[touched // _STEP] = True
            dirty[(touched + 2 * _REACH) // _STEP] = True
        return np.flatnonzero(dirty[:-1])


class _RunningSum:
    """The sum of the last `width` values, from chunk to chunk; 0 before the first."""

    def __init__(self, width: int):
        self.past = np.zeros(width, np.int64)

    def run(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        width = self.past.size
        line = np.concatenate((self.past, x))
        self.past = line[-width:]
        sums = np.add.accumulate(line)
        return sums[width:] - sums[:-width]


def forward_max(x: NDArray[_Whole], width: int) -> NDArray[_Whole]:
    """The largest of each value and the width - 1 after it: shape (n - width + 1,), n of width or more.

    Source: van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels",
    Pattern Recognition Letters 13, 1992: two running maxima, forwards and backwards in blocks of the width.
    """
    n = x.size - width + 1
    rows = np.zeros((-(-x.size // width), width), x.dtype)
    rows.reshape(-1)[: x.size] = x
    ahead = np.maximum.accumulate(rows, axis=1).reshape(-1)
    back = np.maximum.accumulate(rows[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    return np.maximum(back[:n], ahead[width - 1 : width - 1 + n])


def _n_blocks(n: int) -> int:
    """How many blocks a sound of n samples has. Block b is about the intervals after samples b·_STEP - _REACH + k."""
    return -(-(n + 2 * _REACH) // _STEP)


def _over(samples: Samples, ceiling: float, blocks: NDArray[np.intp], first: bool = False) -> NDArray[np.int32]:
    """How many units each sample is over the ceiling, or a peak beside it is; looks at some blocks, 0 in the others.

    samples: shape (channels, n), n of 1 or more; silence before and after.
    first: that a block which is over anywhere will be looked at again, so that how much needs not be the last word.

    Returns shape (n,).
    """
    n = samples.shape[1]
    windows = _windows(samples)
    largest = np.maximum(windows.max(axis=(0, 2)), -windows.min(axis=(0, 2)))
    blocks = blocks[largest[blocks] * _spectra()[1] > ceiling]
    between = np.zeros((_n_blocks(n), _STEP), np.int32)
    for start in range(0, blocks.size, _BATCH):
        batch = blocks[start : start + _BATCH]
        between[batch] = _units(_peaks(windows[:, batch].astype(np.float64), ceiling, first), ceiling)
    return _beside(between.reshape(-1), n)


def _windows(samples: Samples) -> Samples:
    """The blocks of a sound with silence around it, shape (channels, blocks, _BLOCK)."""
    channels, n = samples.shape
    padded = np.zeros((channels, _n_blocks(n) * _STEP + 2 * _REACH), np.float32)
    padded[:, 2 * _REACH : 2 * _REACH + n] = samples
    return sliding_window_view(padded, _BLOCK, axis=1)[:, ::_STEP]


def _over_in_mirror(samples: Samples, ceiling: float) -> NDArray[np.int32]:
    """`_over` of the beginning of a sound for a meter that takes its mirror image for what comes before it.

    ffmpeg's does, and finds up to 0.5 dB more where a sound begins in the middle of a wave. What is lowered anyway is
    lowered for that meter as well; a sound that is not over with silence around it is left alone.
    """
    n = samples.shape[1]
    window, known = _mirrored(samples)
    between = np.zeros(_n_blocks(n) * _STEP, np.int32)
    between[:known] = _units(_peaks(window, ceiling), ceiling)[0, :known]
    return _beside(between, n)


def _mirrored(samples: Samples) -> tuple[Floats, int]:
    """The first block of a sound with its mirror image before it, and how many of the intervals count."""
    head = samples[:, :_STEP]
    mirror = head[:, 2 * _REACH : 0 : -1]
    window = np.zeros((len(head), 1, _BLOCK))
    window[:, 0, 2 * _REACH : 2 * _REACH + head.shape[1]] = head
    window[:, 0, 2 * _REACH - mirror.shape[1] : 2 * _REACH] = mirror
    # Not the last of the intervals: the sound is cut off behind them.
    return window, _STEP - _REACH


def _beside(between: NDArray[np.int32], n: int) -> NDArray[np.int32]:
    """For each of n samples the larger figure of the two intervals beside it; what lies outside counts for the ends."""
    result = np.maximum(between[_REACH : _REACH + n], between[_REACH - 1 : _REACH - 1 + n])
    result[0] = max(result[0], between[:_REACH].max())
    result[-1] = max(result[-1], between[_REACH + n :].max(initial=0))
    return result


def _units(peaks: Floats, ceiling: float) -> NDArray[np.int32]:
    """By how much to lower peaks that are over the ceiling; 0 for those that are not."""
    excess_db = dynamics.decibels(np.maximum(peaks / ceiling, 1.0)) + _MARGIN_DB
    return np.where(peaks > ceiling, np.ceil(excess_db * _UNITS_PER_DB), 0).astype(np.int32)


def _peaks(windows: Floats, ceiling: float, first: bool = False) -> Floats:
    """The largest magnitude in each interval, over all channels, as every interpolator that may find one over sees it.

    windows: shape (channels, blocks, _BLOCK). Returns shape (blocks, _STEP).
    """
    spectra, _, differences = _spectra()
    inside = slice(_REACH, _REACH + _STEP)
    # The first interpolator leaves the samples themselves as they are: one phase less to transform back.
    peaks: Floats = np.abs(windows[:, :, inside]).max(axis=0)
    transforms = np.fft.rfft(windows, axis=2)
    _raise(peaks, transforms, spectra[0, 1:])
    sizes = np.abs(transforms)
    for interpolator, difference in zip(spectra[1:], differences[1:], strict=True):
        # Two interpolators differ by no more than their spectra do, weighted by that of the sound. In most sounds there
        # is so little close to half the sampling rate that the first speaks for all.
        largest = peaks.max(axis=1)
        asked = largest + np.einsum("cbf,f->cb", sizes, difference).max(axis=0) > ceiling
        if first:
            asked &= largest <= ceiling
        if asked.any():
            raised = peaks[asked]
            _raise(raised, transforms[:, asked], interpolator)
            peaks[asked] = raised
    return peaks


def _raise(peaks: Floats, transforms: NDArray[np.complex128], phases: NDArray[np.complex128]) -> None:
    """Raise `peaks`, shape (blocks, _STEP), to what some phases of an interpolator find in any channel."""
    for transform in transforms:
        for phase in phases:
            wave = np.fft.irfft(transform * phase, _BLOCK, axis=1)[:, _REACH : _REACH + _STEP]
            np.maximum(peaks, np.abs(wave, out=wave), out=peaks)


@cache
def _spectra() -> tuple[NDArray[np.complex128], float, Floats]:
    """The family of interpolators, each as the spectra of its OVERSAMPLING phases.

    Returns them; how much larger than the largest sample what lies between can be; and, for each, by how much its
    waveform can differ from the first one's for a spectrum of 1.
    """
    kernels = np.zeros((len(_FAMILY), OVERSAMPLING, _BLOCK))
    for kernel, (reach, cutoff, beta) in zip(kernels, _FAMILY, strict=True):
        k = np.arange(-reach, reach + 1)
        for phase in range(OVERSAMPLING):
            t = phase / OVERSAMPLING - k
            window = np.i0(beta * np.sqrt(np.maximum(1.0 - (t / (reach + 1)) ** 2, 0.0))) / np.i0(beta)
            kernel[phase, -k % _BLOCK] = cutoff * np.sinc(cutoff * t) * window
    spectra = np.fft.rfft(kernels, axis=2)
    # Each line but the first and the last stands for two of the whole transform.
    weights = np.full(spectra.shape[2], 2.0 / _BLOCK)
    weights[[0, -1]] = 1.0 / _BLOCK
    differences = np.abs(spectra - spectra[0]).max(axis=1) * weights
    return spectra, float(np.abs(kernels).sum(axis=2).max()), differences
