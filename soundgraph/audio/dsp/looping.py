"""Making a loop of a longer sound: where to cut it, and how its ends are joined.

A loop of L samples with a crossfade of F takes L + F samples of the sound, from a start s:

    s        s + F                          s + L        s + L + F
    |  lead  |             body             |    rest    |

The body comes first, then the rest becoming the lead, whose last sample is the one before the body. So the loop goes on
without a jump, and its beginning, such as the attack of a first beat, is the sound itself.
"""

from __future__ import annotations

import math

import numpy as np

from soundgraph.audio.artifact import Audio, Samples, make
from soundgraph.audio.dsp.crossfades import LEAST_CORRELATION, correlation, overlapped
from soundgraph.audio.dsp.loop_points import fitting_length, starts
from soundgraph.audio.dsp.seam import AUDIBLE, is_audible, seam_ratio
from soundgraph.core.errors import NodeError


def seamless(sound: Audio, n_loop: int, n_fade: int, steady: bool) -> Audio:
    """A loop of exactly n_loop samples, from the place of the sound where its ends fit best.

    n_fade: samples of the crossfade, 1 to n_loop; the sound has n_loop + n_fade or more.
    steady: take out a rise or fall of level over the loop, as a straight line in dB.

    Raises NodeError if no place gives a loop without a bend that is `seam.AUDIBLE` at either end of the crossfade, or
    where the crossfade does not cancel the sound (a correlation under `crossfades.LEAST_CORRELATION`), and if all that
    is left is silence.
    """
    seams, opposites = [], []
    for start in starts(sound, n_loop, n_fade):
        piece = sound.samples[:, start : start + n_loop + n_fade]
        if steady:
            piece = leveled_out(piece, n_loop)
        lead, rest = piece[:, :n_fade], piece[:, n_loop:]
        with np.errstate(over="ignore", invalid="ignore"):  # make() refuses infinity, in words
            r = correlation(rest, lead)
            joint = overlapped(rest, lead, "measured")
            parts = piece[:, n_fade:n_loop], joint.astype(np.float32)
        loop = make(np.concatenate(parts, axis=1), sound.sample_rate)
        if r < LEAST_CORRELATION:
            opposites.append((r, start))
            continue
        if not loop.samples.any() and sound.samples.any():
            raise NodeError(
                f"a loop of {n_loop / sound.sample_rate:.6g} s would be silence: the sound has ended by then; "
                "pad makes a loop of a sound and the silence after it"
            )
        # Under a short crossfade, unlike ends make a bend where it begins as well as where it ends, which is the seam.
        begun = make(np.concatenate(parts[::-1], axis=1), sound.sample_rate)
        roughness = max(seam_ratio(loop) or 0.0, seam_ratio(begun) or 0.0)
        if not is_audible(roughness):
            return loop
        seams.append(roughness)
    seconds = n_loop / sound.sample_rate
    if seams:
        raise NodeError(
            f"no seamless loop of {seconds:.6g} s: the best seam found is {min(seams):.3g} times as rough as the "
            f"sound, and over {AUDIBLE:g} is audible; a longer crossfade or a longer input may help"
        )
    r, start = max(opposites)
    better = fitting_length(sound, start, n_loop, n_fade) / sound.sample_rate
    raise NodeError(
        f"no seamless loop of {seconds:.6g} s: the sound cancels itself across the crossfade (correlation {r:.2f}); "
        f"a duration of {better:.6g} s fits better"
    )


def leveled_out(piece: Samples, n_loop: int) -> Samples:
    """The piece without the rise or fall of level over its first n_loop samples, of which it has as many or more.

    The levels of the first and the last third of them tell the slope, in dB per sample; the first sample keeps its
    level. Silence in either tells nothing, and changes nothing. Sounds under 3 samples come out as they are.
    """
    third = n_loop // 3
    first, last = _level_db(piece[:, :third]), _level_db(piece[:, n_loop - third : n_loop])
    if not third or first is None or last is None:
        return piece
    slope_db = (last - first) / (n_loop - third)
    gains = 10.0 ** (-slope_db / 20 * np.arange(piece.shape[1]))
    with np.errstate(over="ignore"):
        return (piece * gains).astype(np.float32)


def _level_db(samples: Samples) -> float | None:
    """The RMS level over all channels; None for silence and for nothing."""
    power = float(np.add.reduce(np.square(samples, dtype=np.float64), axis=None))
    return 10.0 * math.log10(power / samples.size) if power else None
