"""Fading a sound in and out: the curves, and putting them on both ends."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio, Samples, make, n_samples
from soundgraph.core.errors import NodeError

Curve = Literal["linear", "equal_power", "cosine"]


def ramp(n: int, curve: Curve) -> NDArray[np.float64]:
    """Gains that rise from silence to full level over n samples, n of 0 or more.

    linear is t, equal_power sin(πt/2), cosine (a raised cosine) (1 - cos πt) / 2, computed as sin²(πt/2), where t is
    (k + ½) / n for k = 0 … n - 1.

    The half sample makes a ramp and its reverse meet in the middle: over a crossfade the gains of linear and cosine add
    up to 1, the squares of equal_power do. It never reaches 0 or 1; its neighbours outside the fade are those.
    """
    t = (np.arange(n) + 0.5) / max(n, 1)
    if curve == "linear":
        return t
    sine: NDArray[np.float64] = np.sin(t * (np.pi / 2))
    return sine if curve == "equal_power" else sine * sine


def fade_in(samples: Samples, n: int, curve: Curve) -> Samples:
    """The samples, shaped (channels, length), with the first n of each channel (0 to length) raised from silence."""
    result = samples.copy()
    _rise(result, n, curve)
    return result


def fade_out(samples: Samples, n: int, curve: Curve) -> Samples:
    """The samples, shaped (channels, length), with the last n of each channel (0 to length) lowered to silence."""
    result = samples.copy()
    _rise(result[:, ::-1], n, curve)
    return result


def _rise(samples: Samples, n: int, curve: Curve) -> None:
    """Raise the first n samples from silence, in place."""
    samples[:, :n] = samples[:, :n] * ramp(n, curve)


def fade_ends(audio: Audio, in_seconds: float, out_seconds: float, curve: Curve) -> Audio:
    """Fade a sound in over in_seconds and out over out_seconds, each 0 or more. Same length, rate and channels.

    Raises NodeError if the two together take longer than the sound.
    """
    n_in, n_out = n_samples(in_seconds, audio.sample_rate), n_samples(out_seconds, audio.sample_rate)
    if not n_in and not n_out:
        return audio
    # Each was rounded by itself, so fades that fill the sound exactly may overlap by a sample. That harms nothing.
    if n_in + n_out > audio.n_samples + 1:
        raise NodeError(
            f"the fades take {in_seconds + out_seconds:.6g} s together, but the sound lasts {audio.duration:.6g} s"
        )
    samples = audio.samples.copy()
    _rise(samples, min(n_in, audio.n_samples), curve)
    _rise(samples[:, ::-1], min(n_out, audio.n_samples), curve)
    return make(samples, audio.sample_rate)
