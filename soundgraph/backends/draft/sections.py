"""Drafts of several parts: one text after another, and a given sound that a draft goes on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import Mono, sine

CROSSFADE_S = 0.5
"""From one text to the next."""
JOIN_S = 0.05
"""From a given sound to the draft that goes on from it."""
_LAGS_S = (0.002, 0.025)
_ALIKE_S = 0.004
_SETTLE_S = 0.002


@dataclass(frozen=True)
class Section:
    """A part of a take that one text rules."""

    index: int
    """Of the text."""
    text: str
    start: int
    """In samples of the take."""
    stop: int
    """In samples of the take."""
    fade: int
    """How many samples the section before it goes on under its start."""


def sections(prompts: Sequence[tuple[float, str]], n: int, rate: int, first: int = 0) -> list[Section]:
    """The sections of a take of n samples, of which those from `first` on are to be made.

    A text that begins where the take ends, or at the moment of the next one, rules nothing.
    """
    starts = [min(max(artifact.n_samples(at, rate), first), n) for at, _ in prompts]
    parts: list[Section] = []
    for index, ((_, text), start, stop) in enumerate(zip(prompts, starts, [*starts[1:], n], strict=True)):
        if start < stop:
            # A section is not shorter than its fade: then no more than two sound at a time.
            fade = min(artifact.n_samples(CROSSFADE_S, rate), stop - start) if parts else 0
            parts.append(Section(index, text, start, stop, fade))
    return parts


def faded(n: int) -> Mono:
    """A quarter of a sine, rising over n samples: with its reverse, a crossfade of equal power."""
    return sine((np.arange(n) + 0.5) * (0.25 / max(n, 1))).astype(np.float32)


def crossfade(before: Samples, after: Samples, n: int) -> None:
    """Makes the first n samples of `after`, in place, a way over from `before`, whose first n are used."""
    rise = faded(n)
    after[:, :n] *= rise
    after[:, :n] += before[:, :n] * rise[::-1]


def tail(given: Samples, n: int, rate: int) -> Samples:
    """n samples that go on from the end of a sound as if it were still there, for the draft to be faded in over.

    given: float32 (channels, m), m of 1 or more. Its last few milliseconds again and again: those after the moment that
    is most like its end, with what is left of a step let settle. ITU-T G.711 Appendix I conceals lost packets so.
    """
    shortest, longest = (round(seconds * rate) for seconds in _LAGS_S)
    alike = min(round(_ALIKE_S * rate), given.shape[1] // 3)
    recent = given[:, -(longest + alike) :]
    end = recent.shape[1]
    lags = np.arange(shortest, end - alike)
    if not len(lags):  # a given sound of a few milliseconds
        return np.repeat(given[:, -1:], n, axis=1)
    unlike = np.zeros(len(lags))
    for row in recent.astype(np.float64):
        for back in range(1, alike + 1):
            step = row[end - back] - row[end - back - lags]
            unlike += step * step
    lag = shortest + int(np.argmin(unlike))
    result = recent[:, end - lag + np.arange(n) % lag]
    step_left = recent[:, -1:] - recent[:, -1 - lag : end - lag]
    settling = step_left * faded(min(lag, round(_SETTLE_S * rate)))[::-1]
    for start in range(0, n, lag):
        part = result[:, start : start + settling.shape[1]]
        part += settling[:, : part.shape[1]]
    return result
