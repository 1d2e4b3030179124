"""Where in a longer sound a loop is best cut out: the places whose ends are most alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio, Samples

_TRIES = 16
# A lead and a rest that are opposites cost as much as ones that differ by this in level.
_OPPOSITE_DB = 12.0
_BANDS_HZ = (100, 200, 400, 800, 1600, 3200, 6400, 12800)
_FRAME_MS = 40
# Bands more than this under the loudest one count as if they were just there: nobody hears them change.
_FLOOR_DB = 40.0
_MOST_LOSS_DB = 60.0
_CHUNK = 2**18
_LONGER_BY_S = 0.05


def starts(sound: Audio, n_loop: int, n_fade: int) -> Iterator[int]:
    """Places where a loop can begin, the best first, up to 16 and well apart from one another.

    What a place costs is the sum of
      - the RMS difference in dB of the spectra of its lead and its rest, over octave bands, which keeps the level and
        colour of noise-like sounds steady;
      - 6·(1 - s), where s = 2·Σab / (Σa² + Σb²) is 1 if they are equal and -1 if they are opposites, which keeps the
        phase of tones, and the height of slow waves under a short crossfade;
      - the dB by which the loop is quieter than the loudest one. Without it, a take that ends in silence would give a
        loop of that silence, whose ends fit perfectly.
    Looked at every 10 ms, or every eighth of a shorter crossfade.
    """
    hop = max(min(n_fade // 8, sound.sample_rate // 100), 1)
    alike = _likeness(sound.samples, n_loop, n_fade, hop)
    places = np.arange(len(alike)) * hop
    cost = _difference_db(sound, places, n_loop, n_fade) + _OPPOSITE_DB / 2 * (1 - alike)
    cost += _loss_db(sound.samples, n_loop, n_fade, hop, len(alike))
    # In periodic sounds many places are equally good but for the last bits, which must not decide.
    cost = np.round(cost, 3)
    for _ in range(_TRIES):
        best = int(cost.argmin())
        if not np.isfinite(cost[best]):
            return
        yield int(places[best])
        cost[np.abs(places - places[best]) <= n_fade // 2] = np.inf


def fitting_length(sound: Audio, start: int, n_loop: int, n_fade: int) -> int:
    """The loop length near n_loop, up to 50 ms away, whose rest is like the lead at `start`.

    Of the peaks of their normalised cross-correlation that come within 2 % of the highest, the nearest one.
    """
    most = min(round(_LONGER_BY_S * sound.sample_rate), n_loop - n_fade)
    first = start + n_loop - most
    mono = np.add.reduce(sound.samples, axis=0, dtype=np.float64)
    lead, around = mono[start : start + n_fade], mono[first : start + n_loop + most + n_fade]
    size = 1 << (len(around) + n_fade).bit_length()
    product = np.fft.irfft(np.fft.rfft(around, size) * np.conj(np.fft.rfft(lead, size)), size)
    windows = _windows(np.square(around), n_fade)
    likeness = product[: len(windows)] / np.sqrt(np.maximum(windows, 1e-9 * float(windows.max())))
    rises = np.diff(likeness, prepend=-np.inf, append=-np.inf) >= 0.0
    peaks = np.flatnonzero(rises[:-1] & ~rises[1:] & (likeness >= 0.98 * float(likeness.max())))
    return n_loop - most + int(peaks[np.abs(peaks - most).argmin()])


def _likeness(samples: Samples, n_loop: int, n_fade: int, hop: int) -> NDArray[np.float64]:
    """2·Σab / (Σa² + Σb²) of lead and rest for the starts 0, hop, 2·hop … that the sound has room for."""
    ahead, behind = samples[:, n_loop:], samples[:, : samples.shape[1] - n_loop]
    width = n_fade // hop
    product, lead, rest = (
        _windows(_block_sums(a, b, hop), width) for a, b in ((behind, ahead), (behind, behind), (ahead, ahead))
    )
    room = (samples.shape[1] - n_loop - n_fade) // hop + 1
    power = lead + rest
    # What is 90 dB under the loudest place counts as silence: beside it, sums have no digits left. Silence that becomes
    # silence is as alike as can be.
    audible = power > 1e-9 * float(power.max())
    alike = np.divide(2.0 * product, power, out=np.ones_like(power), where=audible)
    return alike[:room]


def _loss_db(samples: Samples, n_loop: int, n_fade: int, hop: int, n_places: int) -> NDArray[np.float64]:
    """How much quieter each loop is than the loudest, from the middle of its lead to the middle of its rest."""
    inner = samples[:, n_fade // 2 :]
    power = _windows(_block_sums(inner, inner, hop), n_loop // hop)[:n_places]
    loudest = float(power.max())
    if not loudest:
        return np.zeros(n_places)
    loss: NDArray[np.float64] = -10.0 * np.log10(np.maximum(power / loudest, 10.0 ** (-_MOST_LOSS_DB / 10)))
    return loss


def _block_sums(a: Samples, b: Samples, hop: int) -> NDArray[np.float64]:
    """The sums of a·b over blocks of hop samples and all channels; what is left at the end is left out."""
    n_blocks, channels = a.shape[1] // hop, len(a)
    sums = np.empty(n_blocks)
    at_once = max(_CHUNK // hop, 1)
    for first in range(0, n_blocks, at_once):
        part = slice(first * hop, min(first + at_once, n_blocks) * hop)
        product = np.multiply(a[:, part], b[:, part], dtype=np.float64)
        sums[first : first + at_once] = np.add.reduce(product.reshape(channels, -1, hop), axis=(0, 2))
    return sums


def _windows(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The sums of each `width` neighbours."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    sums: NDArray[np.float64] = total[width:] - total[:-width]
    return sums


def _difference_db(sound: Audio, places: NDArray[np.int64], n_loop: int, n_fade: int) -> NDArray[np.float64]:
    """How much the spectrum over the lead and that over the rest differ, RMS over octave bands, for each start."""
    frame, energy = _band_energies(sound)
    width = max(n_fade, 2 * frame)
    edges = np.arange(energy.shape[1]) * float(frame)
    spectra = []
    for begin in (places, places + n_loop):
        end = np.minimum(begin + width, edges[-1])
        begin = np.minimum(begin, end - frame)
        spectra.append(
            [(np.interp(end, edges, band) - np.interp(begin, edges, band)) / (end - begin) for band in energy]
        )
    lead, rest = np.array(spectra)
    floor = 10.0 ** (-_FLOOR_DB / 10) * max(float(lead.max()), float(rest.max()))
    if not floor:
        return np.zeros(len(places))
    levels = [10.0 * np.log10(np.maximum(spectrum, floor)) for spectrum in (lead, rest)]
    rms: NDArray[np.float64] = np.sqrt(np.add.reduce(np.square(levels[0] - levels[1]), axis=0) / len(energy))
    return rms


def _band_energies(sound: Audio) -> tuple[int, NDArray[np.float64]]:
    """A frame's length, and the energy up to the beginning of each frame and the end, shape (bands, frames + 1)."""
    frame = max(min(sound.sample_rate * _FRAME_MS // 1000, sound.n_samples), 1)
    n_frames = sound.n_samples // frame
    freqs_hz = np.fft.rfftfreq(frame, 1 / sound.sample_rate)
    bounds = np.unique(np.searchsorted(freqs_hz, [0, *(hz for hz in _BANDS_HZ if hz < sound.sample_rate / 2)]))
    bounds = bounds[bounds < len(freqs_hz)]
    window = np.square(np.sin(np.pi * (np.arange(frame) + 0.5) / frame))
    energy = np.zeros((len(bounds), n_frames + 1))
    at_once = max(_CHUNK // frame, 1)
    for first in range(0, n_frames, at_once):
        stop = min(first + at_once, n_frames)
        part = sound.samples[:, first * frame : stop * frame].reshape(sound.channels, -1, frame)
        power = np.add.reduce(np.square(np.abs(np.fft.rfft(part * window))), axis=0)
        energy[:, first + 1 : stop + 1] = np.add.reduceat(power, bounds, axis=1).T
    return frame, np.cumsum(energy, axis=1)
