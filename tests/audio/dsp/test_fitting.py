"""Fitting: a sound at the rate and channel count of a model."""

from __future__ import annotations

import numpy as np

from soundgraph.audio.dsp.fitting import conversion, fitted
from tests.helpers import noise


def test_a_sound_is_fitted_to_the_rate_and_channels_of_a_model() -> None:
    given = noise(0.5, 48000, 2)

    mono = fitted(given, 48000, 1)
    both = fitted(mono, 32000, 2)

    assert np.allclose(mono.samples[0], given.samples.mean(axis=0), atol=1e-7)
    assert (both.channels, both.sample_rate, both.n_samples) == (2, 32000, 16000)
    assert np.array_equal(both.samples[0], both.samples[1])
    assert fitted(given, 48000, 2).digest == given.digest
    assert conversion(given, 48000, 2) == ""
    assert conversion(given, 32000, 1) == (
        "the sound it goes on from was converted from 48 kHz stereo to the model's 32 kHz mono"
    )
