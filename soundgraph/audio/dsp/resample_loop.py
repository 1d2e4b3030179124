"""Changing the sample rate of a sound with a loop in it, so that the seam survives."""

from __future__ import annotations

import math

import numpy as np

from soundgraph.audio.artifact import Audio, make

# The filter of libsoxr at VHQ rings for some hundred samples of the lower rate.
_REACH_S = 0.1


def resample_loop(audio: Audio, sample_rate: int, start: int, stop: int) -> tuple[Audio, int, int]:
    """A sound at another rate, and the loop's start and stop there; the sound itself if it has that rate already.

    start, stop: the loop in samples, 0 <= start < stop <= n_samples; stop is the first sample after it.

    Converted like any other sound, the end of a loop would ring as if silence (or what follows the loop in the file)
    came after it, and its length would seldom be a whole number of samples: either is heard as a click. So
      - what is before `stop` is converted with the beginning of the loop after it; and, where the loop is what the file
        begins with, with the end of the loop before it, as it is played the second time;
      - the ratio is the one that makes the loop a whole number of samples. It is off by less than half a sample in the
        length of the loop: a hundredth of a cent for a loop of two seconds.
    The new start is placed to the nearest sample, and the loop moves with it.
    """
    if audio.sample_rate == sample_rate:
        return audio, start, stop
    import soxr

    n_old = stop - start
    n_new = max(round(n_old * sample_rate / audio.sample_rate), 1)
    new_start = round(start * n_new / n_old)
    new_stop = new_start + n_new
    # A margin is put before and after: as long as the filter reaches, and a whole number of samples at both rates.
    unit = n_old // math.gcd(n_old, n_new)
    reach = round(_REACH_S * audio.sample_rate * max(1.0, n_old / n_new))
    margin = -(-reach // unit) * unit
    before = margin if start == 0 else 0
    length = max(round(audio.n_samples * n_new / n_old), new_stop) if stop < audio.n_samples else new_stop
    samples = np.zeros((audio.channels, length), np.float32)
    for source, target in zip(audio.samples, samples, strict=True):
        loop = source[start:stop]
        parts = [np.take(loop, np.arange(-before, 0), mode="wrap"), source[:stop]]
        parts.append(np.take(loop, np.arange(margin), mode="wrap"))
        converted = soxr.resample(np.concatenate(parts), n_old, n_new, quality="VHQ")
        first = before * n_new // n_old
        target[:new_stop] = converted[first : first + new_stop]
        if length > new_stop:
            after = soxr.resample(source, n_old, n_new, quality="VHQ")[new_stop:length]
            target[new_stop : new_stop + len(after)] = after
    return make(samples, sample_rate), new_start, new_stop
