"""What a prompt for a sound effect means: which sounds, in which order, and the character of each.

A describing word goes with the next sound named in its part of the prompt, or else with the last one: in "soft rain,
distant thunder" only the rain is soft. A part that names no sound describes all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from soundgraph.backends.draft.clauses import Clause, clauses
from soundgraph.backends.draft.matching import Phrases, words_of
from soundgraph.backends.draft.naming import Naming, named, settings, subject
from soundgraph.backends.draft.vocabulary.describing import DESCRIBING, ONE, SEVERAL, SURFACES
from soundgraph.backends.draft.vocabulary.senses import APPROACHES, TOGETHER


@dataclass(frozen=True)
class Character:
    """How a sound should be. Force, pace, pitch and distance go from -1 to 1; 0 when nothing was said."""

    force: float = 0.0
    pace: float = 0.0
    pitch: float = 0.0
    distance: float = 0.0
    many: bool | None = None
    """Whether it happens several times (True), once (False), or as it usually does (None)."""
    surface: str = ""
    """A key of SURFACES, or ""."""


@dataclass(frozen=True)
class NamedSound:
    """One sound that a prompt names."""

    sound: str
    character: Character
    step: int = 0
    """What "then" puts later has a higher one."""
    turn: int = 0
    """Within a step, sounds that end of themselves come in this order."""


@cache
def _describing() -> Phrases:
    """From a word to what it changes: names of DESCRIBING, "surface:…", "many:…"."""
    phrases = Phrases()
    phrases.add_lines((name, text) for name, (_, text) in DESCRIBING.items())
    phrases.add_lines((f"surface:{name}", text) for name, text in SURFACES.items())
    phrases.add_lines((("many:yes", SEVERAL), ("many:no", ONE)))
    return phrases


def described(character: Character, names: Sequence[str]) -> Character:
    """The character after some describing words."""
    for name in names:
        if name.startswith("surface:"):
            character = replace(character, surface=name.removeprefix("surface:"))
        elif name.startswith("many:"):
            character = replace(character, many=name == "many:yes")
        else:
            force, pace, pitch, distance = DESCRIBING[name][0]
            character = replace(
                character,
                force=max(-1.0, min(1.0, character.force + force)),
                pace=max(-1.0, min(1.0, character.pace + pace)),
                pitch=max(-1.0, min(1.0, character.pitch + pitch)),
                distance=max(-1.0, min(1.0, character.distance + distance)),
            )
    return character


def describes(prompt: str) -> bool:
    """Whether a prompt holds a describing word that is known, such as "soft", whatever else it says."""
    words = words_of(prompt)
    return any(_describing().find(words, at) for at in range(len(words)))


def read(prompt: str) -> list[NamedSound]:
    """The sounds a prompt names, in the order in which they happen; [] when it names none that is known."""
    parts = clauses(words_of(prompt))
    rows: list[list[Naming]] = []
    before: tuple[str, ...] = ()
    spoken_of: tuple[str, ...] = ()
    for part in parts:
        rows.append(named(part.words, before, spoken_of))
        before, spoken_of = part.words, subject(part.words) or spoken_of
    if any(naming.sounds and not naming.aside for row in rows for naming in row):
        rows = [[naming for naming in row if not naming.aside] for row in rows]
    elif not any(naming.sounds for row in rows for naming in row):
        rows = [settings(part.words) for part in parts]
    return _together(_CharacterReader().read(parts, rows))


def _together(named_sounds: list[NamedSound]) -> list[NamedSound]:
    """Sounds that mean another beside others that the prompt names."""
    for (other, sound), meant in TOGETHER.items():
        if any(named.sound == other for named in named_sounds):
            named_sounds = [replace(named, sound=meant) if named.sound == sound else named for named in named_sounds]
    return named_sounds


class _CharacterReader:
    """Goes through the parts of a prompt and gives each sound what the words around it say."""

    def __init__(self) -> None:
        self._sounds: dict[tuple[str, int], NamedSound] = {}
        self._general: list[str] = []  # what parts without a sound said
        self._turn = 0
        self._leading = False  # whether this turn has a sound that leads up to another
        self._last: list[NamedSound] = []
        self._verbs = False  # whether the last part said what something does: "the door creaks and slams"

    def read(self, parts: Sequence[Clause], rows: Sequence[Sequence[Naming]]) -> list[NamedSound]:
        for part, row in zip(parts, rows, strict=True):
            self._part(part, row)
        named_sounds = [
            replace(named, character=described(named.character, self._general)) for named in self._sounds.values()
        ]
        return sorted(named_sounds, key=lambda named: (named.step, named.turn))

    def _part(self, part: Clause, row: Sequence[Naming]) -> None:
        if part.joint != "with":
            self._next_turn()
        if not any(naming.sounds for naming in row) and self._last and {"another", "again"} & set(part.words):
            for again in self._last:
                self._sounds[again.sound, 100 + self._turn] = replace(again, step=part.step, turn=self._turn)
        places = {place: naming for naming in row for place in naming.places}
        waiting: list[str] = []  # what describing words said since the last sound
        last: list[tuple[str, int]] = []
        for at in range(len(part.words)):
            naming = places.get(at)
            if naming is None or not naming.phrase:
                description = _describing().find(part.words, at)
                waiting += description.means if description is not None else ()
            elif at == naming.at:
                description = _describing().find(part.words, at)
                if description is not None and description.size == len(naming.places):
                    waiting += description.means
            if naming is not None and at == naming.at and naming.sounds:
                waiting += ["many:yes"] if naming.several and not (self._verbs and at == 0) else []
                last = [self._ask(sound, part.step, waiting) for sound in naming.sounds]
                waiting = []
        for key in last:
            self._sounds[key] = replace(self._sounds[key], character=described(self._sounds[key].character, waiting))
        self._general += [] if last else waiting
        act = row[-1] if row and not row[-1].thing else None
        self._verbs = act is not None and part.words[act.places[-1]].endswith("s") and (len(row) > 1 or not act.several)
        self._last = [self._sounds[key] for key in last] or self._last

    def _ask(self, sound: str, step: int, waiting: Sequence[str]) -> tuple[str, int]:
        if self._leading and sound not in APPROACHES:
            self._next_turn()
        key = (sound, step)
        named_sound = self._sounds.get(key, NamedSound(sound, Character(), step, self._turn))
        self._sounds[key] = replace(named_sound, character=described(named_sound.character, waiting))
        self._leading = self._leading or sound in APPROACHES
        return key

    def _next_turn(self) -> None:
        self._turn += 1
        self._leading = False
