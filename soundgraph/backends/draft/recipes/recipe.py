"""A sound as a row of a table: which blocks, when, how loud, and how it comes again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import Mono
from soundgraph.backends.draft.recipes.blocks import Maker
from soundgraph.backends.draft.stage import Stage

Part = tuple[float, float, Maker]
"""Seconds from the start of the sound, gain, block."""

# Renderings of one sound that comes again and again: more would cost minutes in an hour's take.
_VARIANTS = 6
# A door that creaks for a second and then slams does both in half a second, too.
_SHORTEST = 0.25


@dataclass(frozen=True)
class Recipe:
    """A sound made of blocks. Called with a stage, it renders it."""

    about: str
    """A sentence for people."""
    parts: tuple[Part, ...]
    every_s: float
    """How far apart it comes when the words speak of several."""
    often: bool
    """Whether it comes again and again unless they speak of one."""
    steady: bool
    """Whether its parts fill the take."""
    level_db: float
    """See `effects.Effect`."""

    def __call__(self, stage: Stage) -> Samples:
        if self.steady:
            return stage.wide(lambda: self._filling(stage))
        out = stage.blank()
        variants: list[Mono] = []
        for at in stage.shots(self.every_s, often=self.often):
            if len(variants) < _VARIANTS:
                variants.append(self._once(stage))
                chosen = variants[-1]
            else:
                chosen = stage.chance.pick(variants)
            stage.put(out, at, chosen, stage.vary(1.0, 0.1))
        return out

    def _filling(self, stage: Stage) -> Mono:
        out = np.zeros(stage.n, np.float32)
        for at_s, gain, maker in self.parts:
            at = min(stage.n, stage.length(at_s) - 1)
            part = maker(stage)[: stage.n - at]
            out[at : at + len(part)] += part * np.float32(gain)
        return out

    def _once(self, stage: Stage) -> Mono:
        rows = [(stage.paced(at_s) * stage.rate, gain, maker(stage)) for at_s, gain, maker in self.parts]
        last = max(at for at, _, _ in rows)
        # When the last part has been heard in the main, the sound has: what rings on may be cut off.
        needed = max(at + 0.35 * len(part) for at, _, part in rows)
        squeeze = max(_SHORTEST, min(1.0, (stage.n - (needed - last)) / last)) if last > 0 and needed > stage.n else 1.0
        places = [(int(at * squeeze), part * np.float32(gain)) for at, gain, part in rows]
        out = np.zeros(max(at + len(part) for at, part in places), np.float32)
        for at, part in places:
            out[at : at + len(part)] += part
        return out


def sound(about: str, *parts: Part, every_s: float = 1.0, level_db: float = 0.0) -> Recipe:
    """A sound that happens once."""
    return Recipe(about, parts, every_s, often=False, steady=False, level_db=level_db)


def again(about: str, *parts: Part, every_s: float = 1.0, level_db: float = 0.0) -> Recipe:
    """A sound that comes again and again, unless the words speak of one."""
    return Recipe(about, parts, every_s, often=True, steady=False, level_db=level_db)


def steady(about: str, *parts: Part, level_db: float = 0.0) -> Recipe:
    """A sound that goes on as long as the take."""
    return Recipe(about, parts, 1.0, often=True, steady=True, level_db=level_db)
