"""How loud a draft is, and how loud it should be.

Loudness is measured as BS.1770 does, in outline: the loudest 0.4 s, highs counting more than lows. In whole numbers,
for sums of floats differ in their last bits between processors.
"""

from __future__ import annotations

import math

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import gain_of
from soundgraph.backends.draft.words import Character

USUAL_DB = -18.0
"""The level of most sounds, in LUFS as far as the measure here goes."""
SOFTEST_DB = -28.0
NEUTRAL_DB = -33.0
"""Of what stands in for the unknown: under any soft sound."""
_FORCE_DB = 5.0
_SOFT_DB = 4.5
_DISTANCE_DB = 5.0
# What is short is held by its peak, however little of 0.4 s it fills.
_TOP_DB = -1.0
_USUAL_TOP_DB = -3.0
_SOFT_TOP_DB = 6.0
# Peaks may be driven so far above that before they are rounded off.
_DRIVE_DB, _LOUD_DRIVE_DB = 8.0, 12.0
_STEP_S, _STEPS = 0.1, 4
_FULL = 1 << 13
# A difference over an eighth of a millisecond: 0 dB for lows, +4 dB around 4 kHz. Close to the standard's first filter.
_KEEP, _TAKE, _LAG_S = 13, 3, 0.000125


def target_db(character: Character, level_db: float) -> float:
    """How loud a sound of that character should be. level_db: how much louder it is than most are."""
    force = character.force
    level = USUAL_DB + level_db + force * (_FORCE_DB if force > 0 else _SOFT_DB)
    return max(SOFTEST_DB, level - _DISTANCE_DB * max(0.0, character.distance))


def top_db(character: Character) -> float:
    """The highest peak that a sound of that character may have."""
    force = character.force
    top = _USUAL_TOP_DB + force * (_TOP_DB - _USUAL_TOP_DB if force > 0 else _SOFT_TOP_DB)
    return top - _DISTANCE_DB * max(0.0, character.distance)


def peak(samples: Samples) -> float:
    """The largest magnitude."""
    return float(np.abs(samples).max()) if samples.size else 0.0


def power(samples: Samples, rate: int) -> float:
    """The mean square of the loudest 0.4 s, the channels added up; 1 for a full-scale square wave below 1 kHz."""
    top = peak(samples)
    if top <= 0.0:
        return 0.0
    step, lag = max(1, round(_STEP_S * rate)), max(1, round(_LAG_S * rate))
    sums = np.zeros(samples.shape[1] // step + 1, np.int64)
    for row in samples:
        quantised = np.rint(row * np.float32(_FULL / top)).astype(np.int32)
        heard = quantised * _KEEP
        heard[lag:] -= quantised[:-lag] * _TAKE
        square = heard.astype(np.int64) * heard
        sums += np.add.reduceat(np.append(square, 0), np.minimum(np.arange(len(sums)) * step, len(square)))
    padded = np.concatenate([np.zeros(_STEPS - 1, np.int64), sums, np.zeros(_STEPS - 1, np.int64)])
    blocks = padded[: len(sums)].copy()
    for late in range(1, _STEPS):
        blocks += padded[late : late + len(sums)]
    scale = top / (_FULL * (_KEEP - _TAKE))
    return float(int(blocks.max())) * scale * scale / (_STEPS * step)


def levelled(samples: Samples, rate: int, loudness_db: float, highest_db: float, loud: bool = False) -> Samples:
    """A sound made so loud, its peaks rounded off where they would go too high; in place or a copy."""
    heard, top = power(samples, rate), peak(samples)
    if heard <= 0.0:
        return samples
    highest = np.float32(gain_of(highest_db))
    wanted = gain_of(loudness_db) / math.sqrt(heard)
    gain = min(wanted, float(highest) * gain_of(_LOUD_DRIVE_DB if loud else _DRIVE_DB) / top)
    samples *= np.float32(gain)
    if gain * top > highest:
        # x / sqrt(1 + x²): a shot as loud as rain would need four times the peak that there is.
        over = samples / highest
        samples /= np.sqrt(np.float32(1.0) + over * over)
    return samples
