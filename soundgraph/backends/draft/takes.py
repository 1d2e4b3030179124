"""From a request to a take: layers what the prompt names, sets the level, and rounds to a grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Samples
from soundgraph.audio.dsp.fitting import conversion, fitted
from soundgraph.audio.dsp.resampling import resampled_length
from soundgraph.backends import Made, Model, Refused, Report, Request
from soundgraph.backends.draft import levels, words
from soundgraph.backends.draft.arranging import arranged
from soundgraph.backends.draft.chance import Chance
from soundgraph.backends.draft.exact import Mono, exp2, gain_of
from soundgraph.backends.draft.sections import JOIN_S, Section, crossfade, sections, tail
from soundgraph.backends.draft.shaping import Drift, dull, ends_ramped
from soundgraph.backends.draft.stage import Stage
from soundgraph.core.errors import NodeError

if TYPE_CHECKING:
    from soundgraph.backends.draft.music.score import Score

# Far coarser than any arithmetic could differ by, far finer (-126 dB) than can be heard; float32 holds it exactly.
GRID = 2.0**-20
RAMP_S = 0.004
_TOP_DB = -1.0  # of several parts: where they cross, they may add up to more


class DraftGenerator:
    """A draft model as a `soundgraph.backends.Generator`. It holds nothing: a take is made from its request alone.

    Temperature widens random variation; the precision means nothing here.
    """

    about = ""

    def __init__(self, model: Model):
        self._model = model

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        for index, request in enumerate(requests):
            try:
                made = _take(self._model, request)
            except NodeError as error:
                yield Refused(index, str(error))
                continue
            report(index, request.duration)
            yield Made(index, artifact.make(made, self._model.sample_rate), _said(self._model, request))

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


def _said(model: Model, request: Request) -> tuple[str, ...]:
    """All remarks on a take, each once."""
    said = [remark for part in _parts(model, request) for remark in remarks(model, part.text)]
    if request.continue_from is not None:
        converted = conversion(request.continue_from, model.sample_rate, model.channels)
        said.append(f"draft: {converted}" if converted else "")
    if request.melody is not None:
        said.append("draft: a draft does not follow melodies")
    return tuple(dict.fromkeys(filter(None, said)))


def _parts(model: Model, request: Request) -> list[Section]:
    """What has to be made, part by part. Raises NodeError if the take would be over before it could go on."""
    given, rate = request.continue_from, model.sample_rate
    n, n_given = artifact.n_samples(request.duration, rate), 0 if given is None else resampled_length(given, rate)
    if given is not None and n <= n_given:
        raise NodeError(
            f"the sound to go on from is {n_given / rate:g} s long, so duration, which is that of the whole, "
            f"has to be more than {n / rate:g} s"
        )
    return sections(request.prompts, n, rate, n_given)


def _take(model: Model, request: Request) -> Samples:
    """The sound that a request asks for, shaped (channels, n): what is given, and one part after another.

    Raises NodeError as `_parts` does.
    """
    parts = _parts(model, request)
    if request.continue_from is None:
        given = np.zeros((model.channels, 0), np.float32)
    else:
        given = fitted(request.continue_from, model.sample_rate, model.channels).samples
    if not parts:
        return given  # it has no samples
    if len(parts) == 1 and not given.shape[1]:
        return _on_grid(_part(model, request, parts[0].text, parts[0].stop, ()))
    rate, begin = model.sample_rate, given.shape[1]
    new = np.zeros((model.channels, parts[-1].stop - begin), np.float32)
    for part, following in zip_longest(parts, parts[1:]):
        # It goes on under the start of the next one.
        stop = part.stop + (following.fade if following is not None else 0)
        name = (part.index, "on") if begin else (part.index,) if part.index else ()
        sound = _part(model, request, part.text, stop - part.start, name)
        at = part.start - begin
        crossfade(new[:, at:], sound, part.fade)
        new[:, at : stop - begin] = sound
    top = float(np.abs(new).max())
    if top > gain_of(_TOP_DB):
        new *= np.float32(gain_of(_TOP_DB) / top)
    if begin:
        n_join = min(artifact.n_samples(JOIN_S, rate), new.shape[1])
        crossfade(tail(given, n_join, rate), new, n_join)
    return np.concatenate([given, _on_grid(new)], axis=1)


def _on_grid(samples: Samples) -> Samples:
    # In place: a take can be hours of stereo.
    samples *= np.float32(1.0 / GRID)
    np.rint(samples, out=samples)
    samples *= np.float32(GRID)
    return samples


def _part(model: Model, request: Request, text: str, n: int, name: tuple[str | int, ...]) -> Samples:
    """n samples of what a text says, at its own level, with ramped ends. name: tells parts of one text apart."""
    chance = Chance(model.family, text, request.seed, *name)
    # Twice the usual variation at most: a draft at a wild temperature should still sound like what it says.
    width = 2.0 * request.params.temperature / (1.0 + request.params.temperature)
    stage = Stage(n, model.sample_rate, model.channels, chance, words.Character(), width)
    result = _played(stage, text) if model.family == "music" else _layers(stage, words.read(text))
    ends_ramped(result, round(RAMP_S * stage.rate), round(2 * RAMP_S * stage.rate))
    return result


def _played(stage: Stage, text: str) -> Samples:
    """Music, at the level that suits its energy."""
    score = _music(text)
    if score is None:
        return texture(stage)
    from soundgraph.backends.draft.music import perform

    result = perform.play(score, stage)
    return levels.levelled(result, stage.rate, -15.0 + 4.0 * score.energy, -1.5)


def _layers(stage: Stage, named_sounds: Sequence[words.NamedSound]) -> Samples:
    """All the sounds of a prompt, each at its own level, and the whole little louder than the loudest of them."""
    if not named_sounds:
        return texture(stage)
    mixed, loudest_db, highest_db = stage.blank(), -99.0, -99.0
    for placed in arranged(stage, named_sounds):
        character = placed.named.character
        loudness_db, top_db = levels.target_db(character, placed.effect.level_db), levels.top_db(character)
        sound = levels.levelled(placed.samples, stage.rate, loudness_db, top_db, loud=character.force > 0.5)
        if character.distance > 0:
            # After the peaks were rounded off: far away they are dull because of the air.
            sound = np.stack([dull(row, stage.rate, 1000.0, exp2(-1.7 * character.distance)) for row in sound])
            sound = levels.levelled(sound, stage.rate, loudness_db, top_db)
        end = min(stage.n, placed.at + sound.shape[1])
        mixed[:, placed.at : end] += sound[:, : end - placed.at]
        loudest_db, highest_db = max(loudest_db, loudness_db), max(highest_db, top_db)
    if len(named_sounds) > 1:
        return levels.levelled(mixed, stage.rate, loudest_db + 1.0, highest_db)
    return mixed


def texture(stage: Stage) -> Samples:
    """What stands in for the unknown: a soft band of noise that sways around a middle it was given by chance."""
    centre_hz = stage.chance.number(250.0, 1200.0)
    sway = Drift(stage.chance.child("sway"), stage.seconds, 1.7)

    def course(hz: float, n: int, rate: float) -> Mono:
        return np.float32(0.45) + np.float32(0.55) * sway.over(n, rate)

    slope = ((0.2 * centre_hz, -24.0), (centre_hz, 0.0), (4 * centre_hz, -16.0), (12 * centre_hz, -40.0))
    result = stage.wide(lambda: stage.noise(slope, course))
    return levels.levelled(result, stage.rate, levels.NEUTRAL_DB, levels.NEUTRAL_DB + 15.0)
