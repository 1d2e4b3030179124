"""Where in a TOML document a key was written: its line, for a mistake, and its span, for an edit.

tomli keeps no positions, and parsers that do cost many times its time. So the text is scanned a second time, by a
scanner that may assume what tomli has already shown: that the text is valid.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import tomli

Keys = tuple[str | int, ...]
"""What leads to a value: ("nodes", "dark_rain", "bands", 1, "freq_hz")."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# Possessive (*+): a string of megabytes costs no backtracking.
_STRING = re.compile(
    r'"""(?:[^"\\]+|\\.|"{1,2}(?!"))*+"{3,5}'  # up to two quotes may stand right before the three that close
    r"|'''(?:[^']+|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]+|\\.)*+"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\r\n#]+")  # a number, a boolean or a date: none of them holds one of these

_MOST_ELEMENTS = 20_000
"""Of a list, whose lines are noted: no list may be longer, and a stranger's may have a million."""


class Pair(NamedTuple):
    """A key with its value, or an element of an array. Where each begins and ends is an index into the text."""

    keys: Keys
    """What leads to it."""
    inside: Literal["table", "inline table", "array"]
    """What it stands in."""
    key_start: int
    """An element has no key of its own: for one, it is that of its value."""
    equals: int
    """Of "="; -1 for an element."""
    value_start: int
    value_end: int


class Header(NamedTuple):
    """[a.b] or [[a.b]]."""

    keys: Keys
    """Of the table that it opens; for [[a.b]] with its number."""
    start: int
    end: int
    """Behind the last bracket."""


class Spans(NamedTuple):
    """All that is written in a text, in order."""

    pairs: dict[Keys, Pair]
    headers: list[Header]


def spans(text: str) -> Spans:
    """Where all keys and values of `text`, valid TOML, stand. Raises RecursionError where it nests too deep."""
    scanner = _Scanner(text)
    scanner.document()
    return Spans(scanner.pairs, scanner.headers)


def line_of(text: str, keys: Sequence[str | int]) -> int:
    """The 1-based line of the deepest part of `keys` that is written in `text`, valid TOML; 1 if none is."""
    return deepest(lines(text), keys)


def deepest(places: Mapping[Keys, int], keys: Sequence[str | int]) -> int:
    for end in range(len(keys), 0, -1):
        line = places.get(tuple(keys[:end]))
        if line is not None:
            return line
    return 1


def lines(text: str) -> dict[Keys, int]:
    """The 1-based line of every key, table, and element of an array in `text`, which has to be valid TOML.

    A table that is only implied stands where it is first implied; an array of tables where its first header is.
    """
    scanner = _Scanner(text)
    with contextlib.suppress(RecursionError):  # it nests deeper than anything does: what comes before has its lines
        scanner.document()
    return scanner.places


class _Scanner:
    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self.places: dict[Keys, int] = {}
        self.pairs: dict[Keys, Pair] = {}
        self.headers: list[Header] = []
        self._counted_to = 0
        self._line = 1
        self._lengths: dict[Keys, int] = {}  # of arrays of tables, so far

    def document(self) -> None:
        table: Keys = ()
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table, "table")

    def _header(self) -> Keys:
        """[a.b] or [[a.b]]; returns the path of the table that it opens."""
        line, start = self._here(), self.at
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        names = self._key()
        self.at += 2 if double else 1
        path: Keys = ()
        for name in names[:-1]:
            path = (*path, name)
            self.places.setdefault(path, line)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        path = (*path, names[-1])
        if double:
            self.places.setdefault(path, line)
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            path = (*path, index)
        self.places[path] = line
        self.headers.append(Header(path, start, self.at))
        return path

    def _pair(self, table: Keys, inside: Literal["table", "inline table"]) -> None:
        line, start = self._here(), self.at
        path = table
        for name in self._key():
            path = (*path, name)
            self.places.setdefault(path, line)
        equals = self.at
        self.at += 1
        self._skip(_SPACE)
        value = self.at
        self._value(path)
        self.pairs[path] = Pair(path, inside, start, equals, value, self._end())

    def _value(self, path: Keys) -> None:
        start = self.text[self.at]
        if start == "[":
            self._array(path)
        elif start == "{":
            self._inline_table(path)
        else:
            self._skip(_STRING if start in "\"'" else _SCALAR)

    def _array(self, path: Keys) -> None:
        self.at += 1
        index = 0
        while True:
            self._skip(_BLANK)
            if self._take("]"):
                return
            element = (*path, index)
            if index < _MOST_ELEMENTS:
                self.places[element] = self._here()
            value = self.at
            self._value(element)
            if index < _MOST_ELEMENTS:
                self.pairs[element] = Pair(element, "array", value, -1, value, self._end())
            index += 1
            self._skip(_BLANK)
            self._take(",")

    def _inline_table(self, path: Keys) -> None:
        self.at += 1
        while True:
            self._skip(_BLANK)
            if self._take("}"):
                return
            self._pair(path, "inline table")
            self._skip(_BLANK)
            self._take(",")

    def _key(self) -> list[str]:
        """A dotted key, up to the "=" or "]" after it."""
        names = []
        while True:
            self._skip(_SPACE)
            bare = _BARE_KEY.match(self.text, self.at)
            if bare:
                names.append(bare.group())
                self.at = bare.end()
            else:
                start = self.at
                self._skip(_STRING)
                names.append(next(iter(tomli.loads(f"{self.text[start : self.at]} = 0"))))
            self._skip(_SPACE)
            if not self._take("."):
                return names

    def _end(self) -> int:
        """Behind the value that was just passed: a number takes the blanks behind it along."""
        end = self.at
        while self.text[end - 1] in " \t":
            end -= 1
        return end

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        assert match is not None, f"not TOML at {self.at}"
        self.at = match.end()

    def _take(self, character: str) -> bool:
        if self.text[self.at] != character:
            return False
        self.at += 1
        return True

    def _here(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._line
