"""From a request to a take: layers what the prompt names, sets the level, and rounds to a grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from soundgraph import audio
from soundgraph.audio import Samples
from soundgraph.backends import Made, Model, Report, Request
from soundgraph.backends.draft import words
from soundgraph.backends.draft.chance import Chance
from soundgraph.backends.draft.effects import effect
from soundgraph.backends.draft.exact import Mono, exp2, gain_of
from soundgraph.backends.draft.shaping import Drift, dull, ends_ramped
from soundgraph.backends.draft.stage import Stage

if TYPE_CHECKING:
    from soundgraph.backends.draft.music.score import Score

# Far coarser than any arithmetic could differ by, far finer (-126 dB) than can be heard; float32 holds it exactly.
GRID = 2.0**-20
RAMP_S = 0.004


class DraftGenerator:
    """A draft model as a `soundgraph.backends.Generator`. It holds nothing: a take is made from its request alone.

    Guidance, top_k and top_p have no meaning here and change nothing; temperature widens random variation.
    """

    about = ""

    def __init__(self, model: Model):
        self._model = model

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made]:
        for index, request in enumerate(requests):
            made = _take(self._model, request)
            report(index, request.duration)
            yield Made(index, audio.make(made, self._model.sample_rate), remarks(self._model, request.prompt))

    def unload(self) -> None:
        """There is nothing to give back."""


def remarks(model: Model, prompt: str) -> tuple[str, ...]:
    """What the build should say of a prompt: that none of it was understood, or nothing."""
    if _music(prompt) if model.family == "music" else words.read(prompt):
        return ()
    text = " ".join(prompt.split())
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    if model.family == "audio" and words.describes(prompt):
        return (f'draft: "{shown}" names no sound that the draft backend knows; a neutral texture stands in',)
    return (f'draft: no word of "{shown}" is known to the draft backend; a neutral texture stands in',)


def _music(prompt: str) -> Score | None:
    # Imported here: a take of the other family has no use for it.
    from soundgraph.backends.draft.music import score

    return score.read(prompt)


def _take(model: Model, request: Request) -> Samples:
    """The sound that a request asks for, shaped (channels, n)."""
    n = audio.n_samples(request.duration, model.sample_rate)
    chance = Chance(model.family, request.prompt, request.seed)
    # Twice the usual variation at most: a draft at a wild temperature should still sound like what it says.
    width = 2.0 * request.temperature / (1.0 + request.temperature)
    stage = Stage(n, model.sample_rate, model.channels, chance, words.Character(), width)
    if n == 0:
        return stage.blank()
    if model.family == "music":
        asked = _music(request.prompt)
        if asked is None:
            result, top_db = texture(stage), -5.0
        else:
            from soundgraph.backends.draft.music import perform

            result, top_db = perform.play(asked, stage), -2.5
    else:
        result, top_db = _layers(stage, words.read(request.prompt))
    ends_ramped(result, round(RAMP_S * stage.rate), round(2 * RAMP_S * stage.rate))
    _set_peak(result, gain_of(top_db))
    # Down to the grid in place: a take can be hours of stereo.
    result *= np.float32(1.0 / GRID)
    np.rint(result, out=result)
    result *= np.float32(GRID)
    return result


def _layers(stage: Stage, asked: Sequence[words.Asked]) -> tuple[Samples, float]:
    """All the sounds of a prompt on top of each other, and the peak in dBFS that suits the loudest."""
    if not asked:
        return texture(stage), -5.0
    mixed, loudest = stage.blank(), -1.0
    for one in asked:
        character = one.character
        layer = Stage(stage.n, stage.rate, stage.channels, stage.chance.child(one.sound), character, stage.width)
        sound = effect(one.sound)(layer)
        if character.distance > 0:
            sound = np.stack([dull(row, stage.rate, 1000.0, exp2(-1.7 * character.distance)) for row in sound])
        _set_peak(sound, exp2(0.7 * character.force - 0.9 * character.distance))
        mixed += sound
        loudest = max(loudest, character.force - 0.3 * max(0.0, character.distance))
    return mixed, -3.5 + 2.0 * loudest


def _set_peak(samples: Samples, peak: float) -> None:
    top = float(np.abs(samples).max())
    if top > 0:
        samples *= np.float32(peak / top)


def texture(stage: Stage) -> Samples:
    """What stands in for the unknown: a soft band of noise that sways around a middle it was given by chance."""
    centre_hz = stage.chance.number(250.0, 1200.0)
    sway = Drift(stage.chance.child("sway"), stage.seconds, 1.7)

    def course(hz: float, n: int, rate: float) -> Mono:
        return np.float32(0.45) + np.float32(0.55) * sway.over(n, rate)

    slope = ((0.2 * centre_hz, -24.0), (centre_hz, 0.0), (4 * centre_hz, -16.0), (12 * centre_hz, -40.0))
    return stage.wide(lambda: stage.noise(slope, course))
