"""A prompt's parts, and the order in which what they say happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Joint = Literal["", "and", "with"]

# The longest first: "and then" is one.
_LATER = (
    *(
        "and then after that",
        "and after that",
        "followed by",
        "and then",
        "and finally",
        "and afterwards",
        "after that",
    ),
    *("after which", "ends with", "ends in", "ending with", "ending in", "leads to", "leading to", "leading into"),
    *("leads into", "turns into", "turning into", "before finally", "and ends with", "and ending with", "which then"),
    *("then", "until", "afterwards", "afterward", "finally", "subsequently", "next"),
)
_LATER_WORDS = tuple(sorted((tuple(text.split()) for text in _LATER), key=len, reverse=True))
_NOT_LATER = (
    ("next", "to"),
    ("next", "door"),
    ("after", "another"),
    ("after", "effects"),
    ("day", "after"),
    ("after", "all"),
)
_BESIDE = frozenset(["with", "while", "plus", "over", "under", "as", "during"])
# Where "over" and "under" are part of a word.
_WHOLE = [
    ([before], "over")
    for before in (
        *(
            "game",
            "roll",
            "rolls",
            "knock",
            "knocked",
            "knocking",
            "voice",
            "mouse",
            "turn",
            "turned",
            "turning",
            "fall",
        ),
        *("falls", "falling", "fell", "fallen", "tip", "tips", "tipped", "tipping", "topples", "toppling", "flipped"),
    )
]
_STOPS = frozenset(",.;:!?")
_SENTENCE_ENDS = frozenset(".;!?")


@dataclass(frozen=True)
class Clause:
    """A part of a prompt between two joints."""

    words: tuple[str, ...]
    step: int
    """0 or more; what has a higher one comes later because the words say so."""
    joint: Joint
    """How it is joined to the part before it: "with" says that both sound at once."""


def clauses(words: Sequence[str]) -> list[Clause]:
    """The parts of a prompt, in the order of its words.

    "Before" and "after" put what follows them later or earlier; at the start of a sentence they count up to its comma.
    """
    parts: list[tuple[tuple[str, ...], float, Joint]] = []
    buffer: list[str] = []
    place, opening = 0.0, 0.0
    joint: Joint = ""
    fresh = True  # at the start of a sentence
    index = 0

    def close() -> None:
        if buffer:
            parts.append((tuple(buffer), place, joint))
            buffer.clear()

    def latest() -> float:
        return max((at for _, at, _ in parts), default=place)

    while index < len(words):
        word = words[index]
        later = _later(words, index)
        if later:
            close()
            if parts:
                place, joint = float(int(latest())) + 1.0, "and"
            index += later
            continue
        index += 1
        if word in ("before", "after") and tuple(words[index - 1 : index + 1]) not in _NOT_LATER:
            sign = 1.0 if word == "before" else -1.0
            if fresh and not buffer:
                opening = -sign
            else:
                close()
                place, joint = place + (1.0 if sign > 0 else -0.5), "and"
        elif (word in _STOPS or word == "and" or word in _BESIDE) and (buffer[-1:], word) not in _WHOLE:
            close()
            joint = "with" if word in _BESIDE else "and"
            if opening and parts and word in _STOPS:
                place, opening = place + opening, 0.0
        else:
            buffer.append(word)
        fresh = word in _SENTENCE_ENDS or (fresh and not buffer)
    close()
    order = sorted({at for _, at, _ in parts})
    return [Clause(part, order.index(at), how) for part, at, how in parts]


def _later(words: Sequence[str], index: int) -> int:
    """How many words at an index say that what follows comes later; 0 when none do."""
    if tuple(words[index : index + 2]) in _NOT_LATER:
        return 0
    return next((len(text) for text in _LATER_WORDS if tuple(words[index : index + len(text)]) == text), 0)
