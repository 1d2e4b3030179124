"""Finding words and phrases of a table in a text, in whatever form they stand there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from soundgraph.backends.draft.vocabulary.lines import listed

_TOKEN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|[,.;:!?]")
_POSSESSIVE = re.compile(r"['’]s?\b")
_DENIALS = frozenset(["no", "without", "not", "never", "minus", "except", "don", "doesn"])
BREAKS = frozenset(",.;:!?") | {"and", "with", "while", "then", "over", "under", "plus", "as", "&"}
_ARTICLES = frozenset(["a", "an", "the", "his", "her", "its", "their", "my", "your", "our", "some", "this", "that"])

# Words, and forms of them that no ending explains.
_FORMS = (
    "eat ate eaten, bite bit bitten, blow blew blown, break broke broken, burn burnt, dive dived dove, drink drank "
    "drunk, draw drew drawn, drive drove driven, fall fallen fell, fly flew flies flown flying, freeze froze frozen, "
    "hang hung, knife knives, leaf leaves, light lit, loaf loaves, mouse mice, run ran, ring rang rung, sing sang "
    "sung, shake shook shaken, shoot shot, slide slid, speak spoke, spin spun, steal stolen, strike struck, swim "
    "swam, sweep swept, swing swung, throw threw thrown, tear tore torn, weep wept, wing wings, wolf wolves, win "
    "won, write wrote written, die dying dies, lie lying, hoof hooves, goose geese, tooth teeth, speed sped, creep "
    "crept, leap leapt, kneel knelt, lose lost, buy bought, sell sold, fight fought, catch caught, dig dug, stick "
    "stuck, sting stung, sleep slept, ride rode ridden, rise rose risen, shrink shrank, sink sank sunk, spring "
    "sprang, wear wore worn, wring wrung"
)
_IRREGULAR = {form: word for word, *forms in (line.split() for line in listed(_FORMS)) for form in forms}


def irregular(word: str) -> bool:
    """Whether it is a form of a word that no ending explains: "torn", "fell"."""
    return word in _IRREGULAR


def stems(word: str, verb: bool = True) -> Iterator[str]:
    """The word, then what it may be a form of: "drops" is a "drop", "dripping" a "drip", "waves" a "wave".

    verb: whether forms of verbs count: a "bearing" is no bear, though "bears" are.
    """
    yield word
    yield from _american(word)
    if verb and word in _IRREGULAR:
        yield _IRREGULAR[word]
    for ending in ("s", "es", "ing", "ed") if verb else ("s", "es"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            yield stem
            yield from _american(stem)
            if stem[-1] == stem[-2]:
                yield stem[:-1]
            if ending in ("ing", "ed"):
                yield stem + "e"
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if verb and word.endswith("ied"):
        yield word[:-3] + "y"
    if not verb and word in ("mice", "geese", "wolves", "hooves", "knives", "leaves"):
        yield _IRREGULAR[word]


def _american(word: str) -> Iterator[str]:
    """How the other side of the Atlantic spells it: vapour and vapor, materialise and materialize."""
    if len(word) >= 5:
        for british, american in (("our", "or"), ("ise", "ize"), ("yse", "yze"), ("tre", "ter"), ("ogue", "og")):
            if word.endswith(british):
                yield word[: -len(british)] + american
            elif word.endswith(american):
                yield word[: -len(american)] + british
    if "grey" in word:
        yield word.replace("grey", "gray")


def known(word: str, table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What the table says of a word, or of the word it is a form of."""
    return next((table[stem] for stem in stems(word) if stem in table), ())


def tokens(prompt: str) -> list[str]:
    """The words and stops of a prompt in lower case, without what is denied: "no thunder" says nothing of thunder."""
    return _split(prompt)[0]


def denied(prompt: str) -> list[str]:
    """The words of a prompt that say what is not to be there."""
    return _split(prompt)[1]


def _split(prompt: str) -> tuple[list[str], list[str]]:
    kept: list[str] = []
    left_out: list[str] = []
    denying = False
    # "Café" is a cafe, however its accent is written.
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", prompt.casefold())
        if not unicodedata.combining(character)
    )
    text = plain.replace("->", ",").replace("→", ",").replace("&", " and ")
    for token in _TOKEN.findall(_POSSESSIVE.sub("", text)):
        if token in _DENIALS:
            denying = True
            continue
        if token in BREAKS or token == "but":
            denying = False
        (left_out if denying else kept).append(token)
    return kept, left_out


def words_of(prompt: str) -> list[str]:
    """`tokens`, with words joined by hyphens taken apart: "sci-fi", "sci fi" and "scifi" are to be the same."""
    return [part for token in tokens(prompt) for part in token.split("-")]


@dataclass(frozen=True)
class PhraseMatch:
    """A phrase that stands in a text."""

    size: int
    """How many words it takes up."""
    means: tuple[str, ...]
    """Names."""
    thing: bool
    """Whether they are things."""
    listed: bool
    """Whether its last word stands in the table as it stands in the text."""


class Phrases:
    """Phrases of one or more words, and what each means. Of several that fit, the longest is found."""

    def __init__(self) -> None:
        # Flat, for there are thousands: a tree of nodes takes five times as long to make.
        self._acts: dict[str, tuple[str, ...]] = {}
        self._things: dict[str, tuple[str, ...]] = {}
        self._begun: set[str] = set()  # what longer phrases begin with

    def add(self, phrase: str, means: str, thing: bool = False) -> None:
        """A phrase that is there already means what it did, and this too."""
        table = self._things if thing else self._acts
        if " " in phrase or "-" in phrase:
            parts = [part for part in phrase.replace("-", " ").split() if part not in _ARTICLES]
            phrase = parts[0]
            for part in parts[1:]:
                self._begun.add(phrase)
                phrase += " " + part
            if len(parts) == 2 and len(parts[0]) > 2 and len(parts[1]) > 2:
                self._put(table, parts[0] + parts[1], means)
        self._put(table, phrase, means)

    @staticmethod
    def _put(table: dict[str, tuple[str, ...]], phrase: str, means: str) -> None:
        before = table.get(phrase, ())
        if not means or means not in before:
            table[phrase] = (*before, means) if means else before

    def add_lines(self, rows: Iterable[tuple[str, str]], thing: bool = False) -> None:
        """Rows of (what the words mean, the words of a table's line)."""
        for means, text in rows:
            for phrase in listed(text):
                self.add(phrase, means, thing)

    def find(self, words: Sequence[str], at: int) -> PhraseMatch | None:
        """The longest phrase that begins at a word; None when there is none."""
        best: PhraseMatch | None = None
        for match in self._from("", words, at, at, formed=False):
            # Of two that are as long, an act goes before a thing, and what was found first before later stems.
            if best is None or match.size > best.size:
                best = match
        if at + 1 < len(words) and (best is None or best.size < 2):
            joined = words[at] + words[at + 1]
            if len(joined) > 5 and joined in self._acts:
                return PhraseMatch(2, self._acts[joined], thing=False, listed=True)
            if len(joined) > 5 and joined in self._things:
                return PhraseMatch(2, self._things[joined], thing=True, listed=True)
        return best

    def _from(self, begun: str, words: Sequence[str], start: int, at: int, formed: bool) -> Iterator[PhraseMatch]:
        """Phrases that go on from what has begun. formed: whether a word of it is a form that only verbs have."""
        while start < at < len(words) and words[at] in _ARTICLES:
            at += 1
        if at >= len(words):
            return
        nouns = set(stems(words[at], verb=False))
        for stem in dict.fromkeys(stems(words[at])):
            phrase = f"{begun} {stem}" if begun else stem
            verbal = formed or stem not in nouns
            if phrase in self._begun:
                yield from self._from(phrase, words, start, at + 1, verbal)
            if phrase in self._acts:
                yield PhraseMatch(at + 1 - start, self._acts[phrase], False, stem == words[at])
            if phrase in self._things and not verbal:
                yield PhraseMatch(at + 1 - start, self._things[phrase], True, stem == words[at])
