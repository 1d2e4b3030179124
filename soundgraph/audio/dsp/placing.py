"""Bringing sounds that are to stand beside one another to one rate and one number of channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soundgraph.audio.artifact import Audio, Samples
from soundgraph.audio.dsp.panning import pan
from soundgraph.audio.dsp.resampling import resample
from soundgraph.core.errors import NodeError


def alike(sounds: Sequence[Audio], sample_rate: int) -> list[Samples]:
    """The samples of each sound at `sample_rate`, all with as many channels as the sound that has most.

    Mono among stereo goes to the centre: to both sides, 3.01 dB down, as in a mix (`pan.pan_gains`). Sounds that all
    have the same number of channels, whatever it is, keep them as they are.
    Raises NodeError where other numbers than 1 and 2 meet: nobody said which channel goes where.
    """
    counts = sorted({sound.channels for sound in sounds})
    if len(counts) > 1 and counts != [1, 2]:
        raise NodeError(
            f"inputs of {', '.join(map(str, counts[:-1]))} and {counts[-1]} channels do not go together; "
            "only mono and stereo do"
        )
    placed = (resample(sound, sample_rate).samples for sound in sounds)
    return [pan(samples, 0.0) if len(samples) < counts[-1] else samples for samples in placed]


def leveled(samples: Samples, gain_db: float) -> Samples:
    """The samples by a gain in dB, float32; infinity where float32 ends. The same object at 0 dB."""
    if not gain_db:
        return samples
    with np.errstate(over="ignore"):
        return np.multiply(samples, 10 ** (gain_db / 20), dtype=np.float64).astype(np.float32)
