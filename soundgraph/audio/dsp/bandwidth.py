"""The effective bandwidth of a sound: up to which frequency there is anything in it."""

from __future__ import annotations

import numpy as np

from soundgraph.audio.artifact import Audio

THRESHOLD_DB = -80.0
"""What lies so far under the strongest frequency of its moment counts as nothing."""

RARE = 0.05
"""This share of a sound's moments may reach higher than the figure says."""

# Only moments this close to the loudest one count: in a pause, the noise of a resampler or of 16 bits is all there is.
_QUIET_DB = -30.0
_FRAME_S = 0.085
_LEAST_FRAME = 64
# The noise of dithered 16 bits: half a step of 2**-15. A peak of it in one bin lies up to 14 dB over its mean.
_STEP = 2.0**-15
_DITHER_POWER = (_STEP / 2) ** 2 * 10**1.4
_MOST_AT_ONCE = 64
_CHUNK = 1 << 16
# Blackman-Harris, four terms: no side lobe above -92 dB, so that a strong low tone does not count as a high one.
_WINDOW = (0.35875, -0.48829, 0.14128, -0.01168)
# Half the width of its main lobe, in bins: so much too high a sharp edge would read.
_LOBE = 4
# What lies so far under a constant offset is what rounding has left of it.
_OFFSET_ROUNDING_DB = -130.0


def bandwidth_hz(audio: Audio) -> float | None:
    """The frequency that a sound's content ends at, in Hz: at most half its rate.

    The sound is cut into moments of about 85 ms, half overlapping. In each, the highest frequency counts that is at
    most 80 dB under the strongest one, over all channels together. The figure is the one that 19 moments in 20 do not
    go beyond; moments 30 dB under the loudest are left out. A click that two clips leave where they meet is thereby
    not taken for bandwidth, and the cymbals of a piece are.

    Where all samples are steps of 16 bits, the noise that comes with them is no content: what is not above it, about
    -110 dBFS for a tone, counts as nothing. Otherwise every quiet sound would reach half its rate as a 16-bit file.

    A sound that was made at 16 kHz reads about 8000 in a file of any higher rate; white noise reads half its rate.
    A constant offset is no content. None for silence, for nothing but an offset, and for fewer than 64 samples.
    """
    frame = min(1 << round(np.log2(audio.sample_rate * _FRAME_S)), audio.n_samples)
    if frame < _LEAST_FRAME:
        return None
    turns = 2 * np.pi * np.arange(frame) / frame
    window = sum(weight * np.cos(k * turns) for k, weight in enumerate(_WINDOW))
    sum_of_window = float(np.add.reduce(window))
    floor = 0.0
    if _has_16_bits(audio):
        floor = audio.channels * float(np.add.reduce(np.square(window))) * _DITHER_POWER
    highest, levels = [], []
    starts = np.arange(0, audio.n_samples - frame + 1, frame // 2)
    if starts[-1] + frame < audio.n_samples:
        starts = np.append(starts, audio.n_samples - frame)
    for first in range(0, len(starts), _MOST_AT_ONCE):
        chosen = starts[first : first + _MOST_AT_ONCE]
        power = np.zeros((len(chosen), frame // 2 + 1))
        offset = np.zeros((len(chosen), 1))
        for channel in audio.samples:
            frames = np.lib.stride_tricks.sliding_window_view(channel, frame)[chosen]
            # The weighted mean: without it, bin 0 is empty, and low tones beside it are left as they are.
            mean = np.add.reduce(frames * window, axis=1, keepdims=True) / sum_of_window
            spectrum = np.fft.rfft((frames - mean) * window)
            power += np.square(spectrum.real) + np.square(spectrum.imag)
            offset += np.square(mean * sum_of_window)
        power[power < offset * 10 ** (_OFFSET_ROUNDING_DB / 10)] = 0.0
        most = power.max(axis=1, keepdims=True)
        # A moment of nothing but that noise reads like noise.
        heard = power >= np.maximum(most * 10 ** (THRESHOLD_DB / 10), np.where(most > floor, floor, 0.0))
        highest.append(frame // 2 - np.argmax(heard[:, ::-1], axis=1))
        levels.append(np.add.reduce(power, axis=1))
    level = np.concatenate(levels)
    if not level.max() > 0.0:
        return None
    bins = np.sort(np.concatenate(highest)[level >= level.max() * 10 ** (_QUIET_DB / 10)])
    bin_ = int(bins[round((bins.size - 1) * (1.0 - RARE))])
    if bin_ + _LOBE >= frame // 2:
        return float(audio.sample_rate / 2)
    return float(max(bin_ - _LOBE, 0) * audio.sample_rate / frame)


def _has_16_bits(audio: Audio) -> bool:
    """Whether every sample is a step of 16 bits; a sound of floats is told from one by its first samples."""
    for start in range(0, audio.n_samples, _CHUNK):
        steps = audio.samples[:, start : start + _CHUNK] / np.float32(_STEP)
        if not np.array_equal(steps, np.rint(steps)):
            return False
    return True
