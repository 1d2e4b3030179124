"""The figures of a sound: everything that a report, a check or a picture says of it in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio, Samples
from soundgraph.audio.dsp import loudness
from soundgraph.audio.dsp.bandwidth import bandwidth_hz
from soundgraph.audio.dsp.drift import drift_lu

FULL_SCALE = np.float32(1.0 - 2.0**-15)
"""The largest value that 16 bits hold. A recording that clipped stands there, or at -1."""

CLIPPED_RUN = 3
"""So many samples at full scale in a row are clipping; one or two are a sound that was brought up to full scale."""

CHUNK = 1 << 18


@dataclass(frozen=True)
class Figures:
    """What was measured of a sound. Levels are None for silence."""

    duration_s: float
    """In seconds."""
    sample_rate: int
    """In Hz."""
    channels: int
    loudness_lufs: float | None
    """Integrated, ITU-R BS.1770-4. None too if no 400 ms are louder than -70 LUFS."""
    loudness_padded: bool
    """Whether the sound is under 400 ms, and was measured with silence after it."""
    short_term_max_lufs: float | None
    """Of the loudest 3 s; of a shorter sound, with silence up to 3 s."""
    loudness_range_lu: float | None
    """EBU Tech 3342; None for less than 3 s. The recommendation itself trusts it from a minute on."""
    true_peak_dbtp: float | None
    """Of the channel where it is largest."""
    sample_peak_dbfs: float | None
    """Of the channel where it is largest."""
    dc_offset: float
    """The mean of the samples of the channel that strays furthest from 0, as a magnitude; 1 is full scale."""
    clipped_samples: int
    """See the function `clipped_samples`."""
    bandwidth_hz: float | None
    """Up to where there is content; see the function `bandwidth_hz`. None for silence and for fewer than 64 samples."""
    drift_lu: float | None
    """The loudest ten seconds over the quietest; see the function `drift_lu`. None for less than 20 s."""


def measure(audio: Audio) -> Figures:
    """All figures of a sound of any rate, length and channel count.

    The memory needed, beside the sound, does not grow with it: hours are measured in parts. (A sound of less than
    8 kHz is converted to 48 kHz first, as a whole.)
    """
    return of(audio, loudness.steps(audio), loudness.true_peak_dbtp(audio))


def of(audio: Audio, steps: loudness.Steps, true_peak_dbtp: float | None) -> Figures:
    """The figures of a sound whose loudness and true peak, the slow part of it, were measured already."""
    blocks = steps.blocks()
    return Figures(
        duration_s=audio.duration,
        sample_rate=audio.sample_rate,
        channels=audio.channels,
        loudness_lufs=blocks.lufs(),
        loudness_padded=steps.padded,
        short_term_max_lufs=steps.short_term_max_lufs(),
        loudness_range_lu=steps.range_lu(),
        true_peak_dbtp=true_peak_dbtp,
        sample_peak_dbfs=loudness.sample_peak_dbfs(audio),
        dc_offset=dc_offset(audio),
        clipped_samples=clipped_samples(audio),
        bandwidth_hz=bandwidth_hz(audio),
        drift_lu=drift_lu(audio, blocks),
    )


def dc_offset(audio: Audio) -> float:
    """The magnitude of the mean of the channel whose mean is furthest from 0; 0 for a sound of no samples."""
    sums = np.zeros(audio.channels)
    for start in range(0, audio.n_samples, CHUNK):
        sums += np.add.reduce(audio.samples[:, start : start + CHUNK], axis=1, dtype=np.float64)
    return float(np.abs(sums).max()) / max(audio.n_samples, 1)


def clipped_samples(audio: Audio) -> int:
    """How many samples, over all channels, are clipped or will be.

    These are the samples beyond full scale, which no integer format holds; and those in runs of three or more of one
    channel that stand at full scale on one side, as a waveform that was cut off leaves them. At full scale is what is
    at least 32767/32768, the largest value that 16 bits hold. A sine of full scale is no clipping down to 60 Hz
    at 48 kHz; below that, its crest has three samples at full scale, and counts.
    """
    count = 0
    for channel in audio.samples:
        for start in range(0, audio.n_samples, CHUNK):
            # With two neighbours on each side, so that a run across the edge of a chunk is seen from both.
            before = min(start, CLIPPED_RUN - 1)
            part = channel[start - before : start + CHUNK + CLIPPED_RUN - 1]
            if max(float(part.max()), -float(part.min())) >= FULL_SCALE:
                count += int(np.count_nonzero(_clipped(part)[before : before + CHUNK]))
    return count


def _clipped(part: Samples) -> NDArray[np.bool_]:
    clipped: NDArray[np.bool_] = np.abs(part) > 1.0
    for at_full_scale in (part >= FULL_SCALE, part <= -FULL_SCALE):
        # At which places a run of three begins; and then everything that such a run covers.
        begins = at_full_scale[:-2] & at_full_scale[1:-1] & at_full_scale[2:]
        for offset in range(CLIPPED_RUN):
            clipped[offset : offset + begins.size] |= begins
    return clipped
