"""When the sounds of a prompt happen: what goes on is layered, what ends of itself comes in the order of the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.effects import Effect, effect
from soundgraph.backends.draft.shaping import ends_ramped
from soundgraph.backends.draft.stage import Stage
from soundgraph.backends.draft.vocabulary.senses import BEDS
from soundgraph.backends.draft.words import NamedSound

# A sound is over, for the next one to begin, when it has fallen by 20 dB for good; all within so much of a take.
_OVER = np.float32(0.1)
_FRAME_S = 0.01
_GOES_ON = 0.7
# What follows may begin a little before that, and what is last needs no more than to have begun.
_OVERLAP = 0.9
_LAST = 0.7
# Two clicks one after the other are not one click; and what comes last is to be heard for a while.
_LEAST_S, _LEAST_SHARE = 0.3, 0.25
_TAIL_S, _TAIL_SHARE = 0.8, 0.3
_CUT_S = 0.05
_BED_CUT_S = 0.4


@dataclass(frozen=True)
class PlacedSound:
    """A sound where it belongs in a take."""

    named: NamedSound
    """What the prompt says of it."""
    effect: Effect
    at: int
    """Its first sample in the take."""
    samples: Samples
    """Shaped (channels, m)."""


@dataclass(frozen=True)
class _Sound:
    """A sound before it is placed."""

    named: NamedSound
    effect: Effect
    stage: Stage
    samples: Samples
    goes_on: bool
    """Whether it lasts as long as it is let."""
    needs: int
    """Samples until it is over."""


def arranged(stage: Stage, named_sounds: Sequence[NamedSound]) -> list[PlacedSound]:
    """The sounds of a prompt over a stage."""
    sounds = [_rendered(stage, named_sounds, index) for index in range(len(named_sounds))]
    steps = sorted({named_sound.step for named_sound in named_sounds})
    spans = _spans(stage, [[sound for sound in sounds if sound.named.step == step] for step in steps])
    placed: list[PlacedSound] = []
    for index, (step, (start, stop)) in enumerate(zip(steps, spans, strict=True)):
        of_this_step = [sound for sound in sounds if sound.named.step == step]
        for sound in of_this_step:
            if sound.goes_on:
                placed.append(
                    _going_on(stage, sound, start, _end(sounds, sound, steps[index + 1 :], spans[index + 1 :], stage.n))
                )
        that_end = [sound for sound in of_this_step if not sound.goes_on]
        placed += _one_after_another(that_end, start, stop, step == steps[-1])
    return placed


def _rendered(stage: Stage, named_sounds: Sequence[NamedSound], index: int) -> _Sound:
    named_sound = named_sounds[index]
    earlier = sum(earlier_sound.sound == named_sound.sound for earlier_sound in named_sounds[:index])
    chance = stage.chance.child(named_sound.sound, earlier) if earlier else stage.chance.child(named_sound.sound)
    own_stage = replace(stage, chance=chance, character=named_sound.character)
    sort = effect(named_sound.sound)
    samples = sort.render(own_stage)
    needs = max(_over(samples, stage.rate), int(min(_LEAST_S * stage.rate, _LEAST_SHARE * stage.n)))
    goes_on = sort.steady or named_sound.character.many is True
    if named_sound.character.many is False:
        goes_on = sort.steady and needs > _GOES_ON * stage.n
    return _Sound(named_sound, sort, own_stage, samples, goes_on, needs)


def _over(samples: Samples, rate: int) -> int:
    """How many samples it takes until a sound has fallen for good."""
    frame = max(1, round(_FRAME_S * rate))
    level = np.abs(samples).max(axis=0) if samples.size else np.zeros(1, np.float32)
    heard = np.flatnonzero(level > _OVER * level.max())
    return min(samples.shape[1], int(heard[-1]) + frame) if len(heard) else 0


def _turns(sounds: Sequence[_Sound]) -> list[list[_Sound]]:
    """Sounds that end of themselves, those of one turn together."""
    order = sorted({sound.named.turn for sound in sounds})
    return [[sound for sound in sounds if sound.named.turn == turn] for turn in order]


def _needs(sounds: Sequence[_Sound], last: bool) -> float:
    """Samples that what ends of itself takes, one turn after another."""
    turns = [max(sound.needs for sound in turn) for turn in _turns([sound for sound in sounds if not sound.goes_on])]
    if not turns:
        return 0.0
    return _OVERLAP * sum(turns[:-1]) + turns[-1] * (_LAST if last else _OVERLAP)


def _spans(stage: Stage, steps: Sequence[Sequence[_Sound]]) -> list[tuple[int, int]]:
    """Where each step begins and ends. What goes on shares the time that is left by what does not."""
    needs = [_needs(step, step is steps[-1]) for step in steps]
    elastic = [any(sound.goes_on for sound in step) for step in steps]
    if len(steps) > 1 and any(elastic):
        needs[-1] = max(needs[-1], min(_TAIL_S * stage.rate, _TAIL_SHARE * stage.n))
        left = stage.n - sum(need for need, stretches in zip(needs, elastic, strict=True) if not stretches)
        share = max(left, 0.3 * stage.n) / sum(elastic)
        needs = [max(need, share) if stretches else need for need, stretches in zip(needs, elastic, strict=True)]
    scale = min(1.0, stage.n / max(sum(needs), 1.0))
    starts, at = [], 0.0
    for need in needs:
        starts.append(int(at))
        at += need * scale
    return list(zip(starts, [*starts[1:], stage.n], strict=True))


def _end(
    sounds: Sequence[_Sound], sound: _Sound, later: Sequence[int], spans: Sequence[tuple[int, int]], n: int
) -> int:
    """Where a sound that goes on ends: at the next step, or if it lies under the others, where another such begins."""
    for step, (start, _) in zip(later, spans, strict=True):
        of_that_step = [other for other in sounds if other.named.step == step]
        if sound.named.sound not in BEDS or any(other.named.sound in BEDS for other in of_that_step):
            return start
    return n


def _going_on(stage: Stage, sound: _Sound, start: int, stop: int) -> PlacedSound:
    bed = sound.named.sound in BEDS
    cut = round((_BED_CUT_S if bed else _CUT_S) * stage.rate)
    stop = min(stage.n, stop + cut) if stop < stage.n else stop
    samples = sound.samples[:, : stop - start]
    if start:
        samples = sound.effect.render(replace(sound.stage, n=stop - start))
    if start or stop < stage.n:
        samples = ends_ramped(samples.copy(), cut if start and bed else 1, cut if stop < stage.n else 1)
    return PlacedSound(sound.named, sound.effect, start, samples)


def _one_after_another(sounds: Sequence[_Sound], start: int, stop: int, last: bool) -> list[PlacedSound]:
    """What ends of itself, turn by turn, from `start` on; made shorter where it does not fit before `stop`."""
    placed: list[PlacedSound] = []
    needs = _needs(sounds, last)
    squeeze = min(1.0, (stop - start) / needs) if needs else 1.0
    at = float(start)
    for turn in _turns(sounds):
        room = max(sound.needs for sound in turn) * squeeze
        for sound in turn:
            samples = sound.samples
            if squeeze < 0.9:
                samples = sound.effect.render(replace(sound.stage, n=max(1, int(room))))
            placed.append(PlacedSound(sound.named, sound.effect, int(at), samples))
        at += _OVERLAP * room
    return placed
