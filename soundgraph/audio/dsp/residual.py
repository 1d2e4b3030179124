"""What is left of a sound once another is taken away from it: how far two versions of it are apart."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp.fitting import fitted


def residual_db(old: Audio, new: Audio) -> float | None:
    """The level of `new` minus `old`, in dB of the level of `old`: RMS over RMS, all channels together.

    `new` is brought to the rate and channel count of `old`; the shorter one is followed by silence. Nothing is shifted
    in time: what comes later is another sound.

    Returns -inf for equal samples, None where `old` is silent and `new` is not: there is nothing to compare it with.
    """
    new = fitted(new, old.sample_rate, old.channels)
    n = max(old.n_samples, new.n_samples)
    difference = np.zeros((old.channels, n), np.float64)
    difference[:, : new.n_samples] = new.samples
    difference[:, : old.n_samples] -= old.samples
    left, total = _energy(difference), _energy(old.samples)
    if not left:
        return -math.inf
    return 10.0 * math.log10(left / total) if total else None


def _energy(samples: NDArray[np.floating]) -> float:
    return float(np.add.reduce(np.square(samples, dtype=np.float64), axis=None))
