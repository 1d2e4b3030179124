"""Which words of a part of a prompt name sounds.

Words that name a sound or an act come first. A thing stands for its usual sound only where no act beside it says what
it does: a dog barks, but a dog's whimper is no bark. Things after words such as "on" are where something happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from soundgraph.backends.draft.matching import Phrases, irregular, stems
from soundgraph.backends.draft.vocabulary import THEMES
from soundgraph.backends.draft.vocabulary.describing import SETTINGS, SURFACES
from soundgraph.backends.draft.vocabulary.lines import acts, listed, things
from soundgraph.backends.draft.vocabulary.pairs import BREAK, PAIRS
from soundgraph.backends.draft.vocabulary.senses import APPROACHES, BEDS, GENERAL, LANDMARKS, SILENT, STRUCK, VAGUE

# Verbs that phrases end with: "the door slams" once.
_VERBS = (
    VAGUE
    | GENERAL
    | frozenset(
        ["slam", "break", "shatter", "breathe", "crack", "fall", "sing", "cry", "snap", "turn", "bark", "howl", "shut"]
    )
) - {
    *("shot", "step", "beep", "blast", "click", "tap", "splash", "noise", "sound", "whistle"),
}
_SUBJECTS = frozenset(
    ["he", "she", "it", "they", "who", "that", "which", "someone", "somebody", "everyone", "i", "we", "you"]
)


@dataclass(frozen=True)
class Naming:
    """Words that name sounds."""

    at: int
    """Where in the part of the prompt."""
    places: tuple[int, ...]
    """Of all words that were used."""
    sounds: tuple[str, ...]
    """() where something else speaks for them."""
    phrase: bool = False
    """Whether they are one phrase, whose words say nothing one by one."""
    thing: bool = False
    """Whether they name a thing, and no act."""
    aside: bool = False
    """Whether they count only where the whole prompt names nothing else."""
    several: bool = False
    """Whether they are a plural."""


@cache
def _vocabulary() -> Phrases:
    phrases = Phrases()
    for sounds in THEMES.values():
        for sound, text in sounds.items():
            for word in acts(text):
                phrases.add(word, sound)
            for word in things(text):
                phrases.add(word, sound, thing=True)
    return phrases


@cache
def _silent() -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for phrase in listed(SILENT))


@cache
def _settings() -> Phrases:
    phrases = Phrases()
    phrases.add_lines(SETTINGS.items())
    return phrases


@cache
def _grounds() -> frozenset[str]:
    return frozenset(word for text in SURFACES.values() for word in listed(text))


@cache
def _pairs() -> tuple[Mapping[str, list[int]], Mapping[str, list[int]]]:
    """From a thing, and from a word beside it, to the rows of PAIRS that have it."""
    of_things: dict[str, list[int]] = {}
    of_words: dict[str, list[int]] = {}
    for row, (thing_words, other_words, _) in enumerate(PAIRS):
        for word in listed(thing_words):
            of_things.setdefault(word, []).append(row)
        for word in listed(other_words):
            of_words.setdefault(word, []).append(row)
    return of_things, of_words


def subject(words: Sequence[str]) -> tuple[str, ...]:
    """The things that the words of one part speak of, in their order: those before "on" and its like."""
    of_things, _ = _pairs()
    end = next((at for at, word in enumerate(words) if word in LANDMARKS), len(words))
    return tuple(word for word in words[:end] if any(stem in of_things for stem in stems(word, verb=False)))


def named(words: Sequence[str], before: Sequence[str] = (), spoken_of: Sequence[str] = ()) -> list[Naming]:
    """What the words of one part name, in their order; things that count only in a pinch are marked `aside`.

    before: the part before it. spoken_of: the things that it, or one before that, speaks of. Where a part has none of
    its own, they do what its verb says: a cat purrs, then hisses. In "wind, then a scream" nobody says that.
    """
    namings: list[Naming] = []
    used: set[int] = set()
    at = 0
    while at < len(words):
        silent = next((size for size in (4, 3, 2, 1) if tuple(words[at : at + size]) in _silent()), 0)
        phrase = _vocabulary().find(words, at)
        if silent and (phrase is None or phrase.size <= silent):
            used.update(range(at, at + silent))
            at += silent
        elif phrase is not None and phrase.size > 1:
            places = tuple(range(at, at + phrase.size))
            used.update(places)
            namings.append(_naming(words, at, places, phrase.means, phrase.thing, phrase.listed))
            at += phrase.size
        else:
            at += 1
    goes_on = not subject(words) and any(_is_verb(word, before) for word in words)
    _find_pairs(words, used, namings, spoken_of if goes_on else ())
    for at in range(len(words)):
        single = None if at in used else _vocabulary().find(words, at)
        if single is not None and single.size == 1:
            namings.append(_naming(words, at, (at,), single.means, single.thing, single.listed))
    namings.sort(key=lambda naming: naming.at)
    return _without_doers(words, namings)


def settings(words: Sequence[str]) -> list[Naming]:
    """What the words of one part name if places and vague words count."""
    namings = []
    for at in range(len(words)):
        setting = _settings().find(words, at)
        if setting is not None:
            places = tuple(range(at, at + setting.size))
            namings.append(Naming(at, places, setting.means, setting.size > 1))
    return namings


def _naming(
    words: Sequence[str], at: int, places: tuple[int, ...], means: tuple[str, ...], thing: bool, exact: bool
) -> Naming:
    last = words[places[-1]]
    several = not exact and last.endswith("s") and not (at and words[at - 1] in _SUBJECTS)
    # "Window slides" is one that slides, and "church bells" are several.
    several = several and not (len(places) > 1 and not thing and _VERBS.intersection(stems(last)))
    # "Deep snow" is what feet are on, until nothing else is said.
    aside = thing and any(stem in _grounds() for stem in stems(words[places[-1]], verb=False))
    aside = aside or (thing and any(word in LANDMARKS for word in words[:at]))
    return Naming(at, places, means, len(places) > 1, thing, aside, several)


def _find_pairs(words: Sequence[str], used: set[int], namings: list[Naming], spoken_of: Sequence[str]) -> None:
    of_things, of_words = _pairs()
    while True:
        # What has a name of several words is still one of its kind: a race car is a car.
        long = {place: naming for naming in namings if naming.thing for place in naming.places}
        rows: dict[int, list[int]] = {}
        for at, word in [*enumerate(words), *enumerate(spoken_of, -len(spoken_of))]:
            if at not in used or at in long:
                for stem in dict.fromkeys(stems(word, verb=False)):
                    for row in of_things.get(stem, ()):
                        rows.setdefault(row, []).append(at)
        # What acts goes before what stands where it acts: casings fall on concrete, which falls not.
        best: tuple[bool, int, int, int] | None = None
        for at, word in enumerate(words):
            if at not in used:
                for stem in dict.fromkeys(stems(word)):
                    for row in of_words.get(stem, ()):
                        for thing in rows.get(row, ()):
                            place = (_stands_aside(words, thing), row, thing, at)
                            if thing != at and not _is_struck(words, *place[1:]) and (best is None or place < best):
                                best = place
        if best is None:
            return
        _, row, thing, at = best
        places = {place for place in (thing, at) if place >= 0}
        if thing in long:
            places.update(long[thing].places)
            namings.remove(long[thing])
        used.update(places)
        namings.append(Naming(at, tuple(sorted(places)), tuple(listed(PAIRS[row][2]))))


def _is_verb(word: str, before: Sequence[str]) -> bool:
    """Whether a word has the form of a verb. One with an s is more often a plural, if none ends the part before."""
    if word.endswith("s"):
        return bool(before) and before[-1].endswith("s")
    return word.endswith(("ing", "ed")) or irregular(word)


def _stands_aside(words: Sequence[str], at: int) -> bool:
    return any(word in LANDMARKS for word in words[: max(at, 0)])


def _is_struck(words: Sequence[str], row: int, thing: int, at: int) -> bool:
    """Whether something breaks against a thing that stays whole: a vase on the stones."""
    return PAIRS[row][1].startswith(BREAK) and any(word in STRUCK for word in words[at : max(thing, at)])


def _without_doers(words: Sequence[str], namings: list[Naming]) -> list[Naming]:
    """What is left when an act speaks for the thing that does it, and a particular act for a general one.

    What goes keeps its places, without a sound: its words are used up.
    """
    kept: list[Naming] = []
    for index, naming in enumerate(namings):
        others = [other for other in namings if other is not naming]
        clear = [other for other in others if not other.thing and not BEDS.issuperset(other.sounds)]
        if naming.aside:
            silent = False
        elif naming.thing:
            silent = any(not _says(words, other, VAGUE) for other in clear) or _qualifies(namings, index)
        elif _says(words, naming, VAGUE):
            silent = any(
                not other.aside and not (_says(words, other, VAGUE) and other.at > naming.at) for other in others
            )
        elif _says(words, naming, GENERAL):
            silent = any(
                not _says(words, other, VAGUE | GENERAL) and not APPROACHES & {*other.sounds} for other in clear
            )
        else:
            silent = False
        # After another word a verb is no plural: "the door slams" once.
        verb = index > 0 and not (naming.thing and namings[index - 1].thing)
        kept.append(replace(naming, sounds=() if silent else naming.sounds, several=naming.several and not verb))
    return kept


def _says(words: Sequence[str], naming: Naming, acts: frozenset[str]) -> bool:
    """Whether an act is one of those, in whatever form."""
    following = "".join(f" {words[place]}" for place in naming.places[1:])
    return not naming.thing and any(stem + following in acts for stem in stems(words[naming.places[0]]))


def _qualifies(namings: list[Naming], index: int) -> bool:
    """Whether a thing only says of which sort the next one is: a guard dog is a dog."""
    if index + 1 == len(namings) or not namings[index + 1].thing or namings[index + 1].aside:
        return False
    return namings[index].places[-1] + 1 == namings[index + 1].at
