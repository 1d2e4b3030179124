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
from soundgraph.backends.draft.naming import Named, named, settings, subject
from soundgraph.backends.draft.vocabulary.describing import DESCRIBING, ONE, SEVERAL, SURFACES
from soundgraph.backends.draft.vocabulary.senses import APPROACHES, TOGETHER


@dataclass(frozen=True)
class Character:
    """How a sound should be: force, pace, pitch and distance from -1 to 1 (0 when nothing was said).

    many: whether it happens several times (True), once (False), or as it usually does (None).
    surface: a key of SURFACES, or "".
    """

    force: float = 0.0
    pace: float = 0.0
    pitch: float = 0.0
    distance: float = 0.0
    many: bool | None = None
    surface: str = ""


@dataclass(frozen=True)
class Asked:
    """One sound that a prompt names.

    step: what "then" puts later has a higher one. turn: within a step, sounds that end of themselves come in this
    order.
    """

    sound: str
    character: Character
    step: int = 0
    turn: int = 0


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


def read(prompt: str) -> list[Asked]:
    """The sounds a prompt names, in the order in which they happen; [] when it names none that is known."""
    parts = clauses(words_of(prompt))
    rows: list[list[Named]] = []
    before: tuple[str, ...] = ()
    spoken_of: tuple[str, ...] = ()
    for part in parts:
        rows.append(named(part.words, before, spoken_of))
        before, spoken_of = part.words, subject(part.words) or spoken_of
    if any(one.sounds and not one.aside for row in rows for one in row):
        rows = [[one for one in row if not one.aside] for row in rows]
    elif not any(one.sounds for row in rows for one in row):
        rows = [settings(part.words) for part in parts]
    return _together(_CharacterReader().read(parts, rows))


def _together(asked: list[Asked]) -> list[Asked]:
    """Sounds that mean another beside others that the prompt names."""
    for (other, sound), meant in TOGETHER.items():
        if any(one.sound == other for one in asked):
            asked = [replace(one, sound=meant) if one.sound == sound else one for one in asked]
    return asked


class _CharacterReader:
    """Goes through the parts of a prompt and gives each sound what the words around it say."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], Asked] = {}
        self._general: list[str] = []  # what parts without a sound said
        self._turn = 0
        self._leading = False  # whether this turn has a sound that leads up to another
        self._last: list[Asked] = []
        self._verbs = False  # whether the last part said what something does: "the door creaks and slams"

    def read(self, parts: Sequence[Clause], rows: Sequence[Sequence[Named]]) -> list[Asked]:
        for part, row in zip(parts, rows, strict=True):
            self._part(part, row)
        asked = [replace(one, character=described(one.character, self._general)) for one in self._asked.values()]
        return sorted(asked, key=lambda one: (one.step, one.turn))

    def _part(self, part: Clause, row: Sequence[Named]) -> None:
        if part.joint != "with":
            self._next_turn()
        if not any(one.sounds for one in row) and self._last and {"another", "again"} & set(part.words):
            for asked in self._last:
                self._asked[asked.sound, 100 + self._turn] = replace(asked, step=part.step, turn=self._turn)
        places = {place: one for one in row for place in one.places}
        waiting: list[str] = []  # what describing words said since the last sound
        last: list[tuple[str, int]] = []
        for at in range(len(part.words)):
            one = places.get(at)
            if one is None or not one.phrase:
                found = _describing().find(part.words, at)
                waiting += found.means if found is not None else ()
            elif at == one.at:
                found = _describing().find(part.words, at)
                waiting += found.means if found is not None and found.size == len(one.places) else ()
            if one is not None and at == one.at and one.sounds:
                waiting += ["many:yes"] if one.several and not (self._verbs and at == 0) else []
                last = [self._ask(sound, part.step, waiting) for sound in one.sounds]
                waiting = []
        for key in last:
            self._asked[key] = replace(self._asked[key], character=described(self._asked[key].character, waiting))
        self._general += [] if last else waiting
        said = row[-1] if row and not row[-1].thing else None
        self._verbs = (
            said is not None and part.words[said.places[-1]].endswith("s") and (len(row) > 1 or not said.several)
        )
        self._last = [self._asked[key] for key in last] or self._last

    def _ask(self, sound: str, step: int, waiting: Sequence[str]) -> tuple[str, int]:
        if self._leading and sound not in APPROACHES:
            self._next_turn()
        key = (sound, step)
        one = self._asked.get(key, Asked(sound, Character(), step, self._turn))
        self._asked[key] = replace(one, character=described(one.character, waiting))
        self._leading = self._leading or sound in APPROACHES
        return key

    def _next_turn(self) -> None:
        self._turn += 1
        self._leading = False
