"""How far the loudness of a long piece wanders from one part of it to the next."""

from __future__ import annotations

from itertools import pairwise

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp.loudness import BLOCK_MS, STEP_MS, Blocks, blocks

PART_SECONDS = 10.0
"""The least length of a part. Long enough for a bar or two of music, short enough to show one window of a model."""

QUIET_LU = -20.0
"""A part so far under the whole piece is a pause or the end of a fade, and says nothing of drift."""


def part_levels_lufs(audio: Audio, part_seconds: float = PART_SECONDS) -> list[float | None]:
    """The integrated loudness (ITU-R BS.1770-4, both gates) of each of the equal parts that a sound divides into.

    audio: any rate, length and channel count.
    part_seconds: more than 0.5. There are as many parts as the sound has room for, so each lasts part_seconds up to
        twice that, and none is left over; one part if the sound is shorter.

    Returns LUFS in order of time; None for a part that is silent.
    """
    return _levels(blocks(audio), max(int(audio.duration / part_seconds), 1))


def drift_lu(audio: Audio, measured: Blocks | None = None) -> float | None:
    """The drift of a piece in LU: the loudest of its ten-second parts over the quietest.

    The parts are those of `part_levels_lufs`. One that lies more than 20 LU under the whole piece (a long pause, the
    end of a fade) does not count; a rest within a part is left out by the loudness gate. A fade that fills a good deal
    of a part does count: it is a change of loudness.

    measured: the gating blocks of the sound, where they are known already.

    Returns 0 or more; None for less than 20 seconds, and where fewer than two parts can be heard.
    """
    parts = int(audio.duration / PART_SECONDS)
    if parts < 2:
        return None
    measured = blocks(audio) if measured is None else measured
    level_lufs = measured.lufs()
    if level_lufs is None:
        return None
    heard = [level for level in _levels(measured, parts) if level is not None and level > level_lufs + QUIET_LU]
    return max(heard) - min(heard) if len(heard) > 1 else None


def _levels(measured: Blocks, parts: int) -> list[float | None]:
    """The loudness of each of so many equal parts; a block that reaches over an edge belongs to neither side."""
    overlap = BLOCK_MS // STEP_MS - 1
    steps = measured.powers.size + overlap
    edges = [round(index * steps / parts) for index in range(parts + 1)]
    return [Blocks(measured.powers[start : end - overlap], measured.padded).lufs() for start, end in pairwise(edges)]
