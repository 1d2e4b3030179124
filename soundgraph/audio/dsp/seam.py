"""How audible the jump is where a loop's last sample meets its first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio

AUDIBLE = 5.0
"""A seam with a larger ratio than this counts as audible.

A loop without any seam reads what the sound does everywhere: below 1.5 for tones; below 5 for white noise in stereo in
997 cases of 1000, where the join is four draws of a bell curve. A tone of 440 Hz at 48 kHz that jumps by a fiftieth of
its amplitude, a click, reads 8.
"""

# Where there is (nearly) nothing to compare with, a jump counts against this part of the loop's peak: half a step of
# 16 bits. It keeps the ratio finite, and jumps that no delivered file can hold from being called audible.
_FLOOR = 2.0**-16
_NEARBY_MS = 5
_LEAST = 16
# Medians are taken over no more than this many places of a channel, evenly spread.
_PLACES = 2**20


def seam_ratio(audio: Audio, start: int = 0, stop: int | None = None) -> float | None:
    """How much rougher a loop is where it goes from sample stop - 1 to sample start than elsewhere: 1 is alike.

    start, stop: the looped part, 0 <= start <= stop <= n_samples; stop is the end of the sound if not given.

    Returns, for the channel where it is largest, the larger of the two second differences |x[k-1] - 2·x[k] + x[k+1]|
    that reach across the join, divided by the largest of
      - the median of all others in the loop, which is what the ear has got used to;
      - their medians in the 5 ms before and after the join: in sparse sounds such as drips the median of the whole is
        that of the silence between, and the join may well lie within a drip, or at the attack of one;
      - 2^-16 of the loop's peak over all channels.
    It does not depend on gain and is never more than 262144 (2^18), which a jump in digital silence comes near.
    None for a loop of silence, or of fewer than 16 samples. Compare with `AUDIBLE`.

    What it does not tell: a change of level, tone or rhythm across the join that is continuous in the waveform.
    Raises ValueError if the part is none of the sound.
    """
    stop = audio.n_samples if stop is None else stop
    if not 0 <= start <= stop <= audio.n_samples:
        raise ValueError(f"samples {start} to {stop} are not a part of {audio.n_samples}")
    if stop - start < _LEAST:
        return None
    loop = audio.samples[:, start:stop]
    peak = max(float(loop.max()), -float(loop.min()))
    if not peak:
        return None
    nearby = min(max(audio.sample_rate * _NEARBY_MS // 1000, _LEAST), stop - start)
    step = -(-(stop - start) // _PLACES)
    worst = 0.0
    for channel in loop:
        join = np.concatenate([channel[-2:], channel[:2]])
        usual = max(
            float(np.median(_roughness(channel, step))),
            float(np.median(_roughness(channel[:nearby]))),
            float(np.median(_roughness(channel[-nearby:]))),
            _FLOOR * peak,
        )
        worst = max(worst, float(_roughness(join).max()) / usual)
    return worst


def _roughness(channel: NDArray[np.float32], step: int = 1) -> NDArray[np.float64]:
    """Magnitudes of the second difference, at every step-th sample that has two neighbours."""
    before, at, after = (channel[k : len(channel) - 2 + k : step] for k in range(3))
    return np.abs(np.add(before, after, dtype=np.float64) - 2.0 * at.astype(np.float64))


def is_audible(ratio: float | None) -> bool:
    """Whether a ratio of `seam_ratio` stands for a seam that can be heard."""
    return ratio is not None and ratio > AUDIBLE
