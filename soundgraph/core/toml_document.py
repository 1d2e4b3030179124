"""A TOML file from disk: its table, or the one mistake that keeps it from being read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli

from soundgraph.core import toml_lines
from soundgraph.core.errors import Mistake, Mistakes, SceneError, did_you_mean
from soundgraph.core.text import short, visible

MAX_BYTES = 4_000_000

MOST_PARTS = 100
# Possessive (++), so that a long word is looked at once.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_LONG_NAME = re.compile(rf"(?<![\w-])(?:{_PART}\.[ \t]*+){{{MOST_PARTS}}}", re.ASCII)

MOST_TABLES = 200_000
"""Tables and lists in a file: each takes a hundred times the memory that it takes to write."""

MOST_FIELDS = 1000
_OF_NAMES = {"nodes", "exports", "manifests", "models", "defaults"}

# What may hold a bracket or a dot and opens nothing: strings, comments, and numbers after what stands before a value.
_PLAIN = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\\n]++|\\.)*+"'
    r"|'[^'\n]*+'"
    r"|#[^\n]*+"
    r"|(?<=[=,\[ ])[+-]?\d++\.\d++",
    re.DOTALL,
)

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = re.compile(r"Cannot (?:declare|mutate immutable namespace) \((.*?),?\)(?: twice)?$")


class TooMuchError(ValueError):
    """A text may be valid TOML, and holds more than anybody writes."""


@dataclass
class Sheet:
    """A table, and where it came from."""

    file: str
    """As messages show it, relative to the project's root; "" for a table that was made in code."""
    path: Path | None
    """None for one that was made in code."""
    folder: Path
    """What relative paths in it start from."""
    table: dict[str, Any]
    text: str = field(default="", repr=False)
    """What stands in the file; "" for a table that was made in code."""

    @cached_property
    def _places(self) -> dict[toml_lines.Keys, int]:
        return toml_lines.lines(self.text)

    def line(self, keys: toml_lines.Keys) -> int:
        """The line of `keys` or of the nearest table around it; 0 where there is no file. Scans the text once."""
        return toml_lines.deepest(self._places, keys) if self.text else 0

    def mistake(self, keys: toml_lines.Keys, where: str, what: str, hint: str = "") -> Mistake:
        line = self.line(keys)
        return Mistake(
            self.file, line, visible(short(where)), visible(short(what)), visible(short(hint)), _bounded(keys)
        )


class MistakeSink:
    """Takes the mistakes of a table and notes each down with its place in the file.

    The reader of a table is handed one, and says what is wrong with which of its fields; it knows neither the file nor
    where in it the table stands. `table` makes the sink of a table within this one.
    """

    __slots__ = ("_given", "_keys", "_mistakes", "_where", "sheet")

    def __init__(
        self,
        sheet: Sheet,
        mistakes: Mistakes,
        given: Mapping[tuple[str, toml_lines.Keys], str] | None = None,
        keys: toml_lines.Keys = (),
        where: str = "",
    ):
        """given: of (file, keys), what to say of a value that came from elsewhere, and so stands on no line.
        keys, where: the table's place in the file, and what messages call it."""
        self.sheet = sheet
        self._mistakes = mistakes
        self._given = given if given is not None else {}
        self._keys = keys
        self._where = where

    def table(self, keys: toml_lines.Keys, where: str) -> MistakeSink:
        """The sink of the table at `keys` of this one; messages call it `where`."""
        return MistakeSink(self.sheet, self._mistakes, self._given, (*self._keys, *keys), where)

    def wrong(self, keys: toml_lines.Keys, what: str, hint: str = "") -> None:
        """Something is wrong at `keys` of the table. Raises SceneError if that makes too many."""
        full = (*self._keys, *keys)
        for end in range(len(full), 1, -1) if self._given else ():
            if (source := self._given.get((self.sheet.file, full[:end]))) is not None:
                self._mistakes.append(Mistake(self.sheet.file, 0, self._where, what, source, _bounded(full)))
                return
        self._mistakes.append(self.sheet.mistake(full, self._where, what, hint))

    def wrong_file(self, what: str, hint: str = "") -> None:
        """Something is wrong with the file as a whole."""
        self._mistakes.append(Mistake(self.sheet.file, 0, "", what, hint))

    def wrong_elsewhere(self, where: str, what: str) -> None:
        """Something is wrong that stands in no file."""
        self._mistakes.append(Mistake("", 0, where, what))

    def too_much(self, what: str, keys: toml_lines.Keys = ()) -> SceneError:
        """To be raised where there is more than anybody writes: the mistakes so far, and that one."""
        full = (*self._keys, *keys)
        more = self.sheet.mistake(full, self._where, what) if full else Mistake(self.sheet.file, 0, "", what)
        return SceneError([*self._mistakes, more])

    def of(self, sheet: Sheet) -> MistakeSink:
        """The sink of another file, for mistakes of the same scene."""
        return MistakeSink(sheet, self._mistakes, self._given)

    @property
    def count(self) -> int:
        """How many mistakes there are, of all tables."""
        return len(self._mistakes)


def _bounded(keys: toml_lines.Keys) -> toml_lines.Keys:
    """`keys` up to the first that is too long to be told again with each of a thousand mistakes."""
    for place, key in enumerate(keys):
        if isinstance(key, str) and short(key) != key:
            return keys[:place]
    return keys


def display(path: Path, root: Path) -> str:
    """A path as messages show it: relative to the root, with "/" between its parts."""
    return Path(os.path.relpath(path, root)).as_posix()


Texts = Mapping[Path, str]
"""What stands in files, by absolute path, whatever the disk holds: what an editor has not saved, for one."""

NO_TEXTS: Texts = {}


def read(path: Path, file: str, texts: Texts = NO_TEXTS) -> Sheet:
    """The file at `path`, called `file` in messages. Raises SceneError, with one mistake, if it cannot be read.

    texts: the same is asked of one of these as of what is on the disk.
    """
    if path in texts:
        return _sheet(path, file, texts[path].encode("utf-8", "surrogatepass"))
    return _sheet(path, file, _bytes(path, file))


def _refusal(file: str, what: str, line: int = 0) -> SceneError:
    return SceneError([Mistake(file, line, "", what)])


def _bytes(path: Path, file: str) -> bytes:
    """What the disk holds, and one byte more than may be if it is too long."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _refusal(file, "is a folder, not a TOML file")
        if not stat.S_ISREG(mode):  # reading a pipe would wait for ever
            raise _refusal(file, "is not a regular file")
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _refusal(file, f"does not exist{_neighbour(path)}") from None
    except OSError as error:
        raise _refusal(file, f"cannot be read: {error.strerror}") from None


def _sheet(path: Path, file: str, data: bytes) -> Sheet:
    """The sheet that the bytes of a file are."""
    if len(data) > MAX_BYTES:
        raise _refusal(file, f"is over {MAX_BYTES // 10**6} MB, the most that a file of settings may have")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refusal(file, "is UTF-16; save it as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        raise _refusal(file, "begins with a byte order mark; save it as UTF-8 without BOM")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refusal(
            file, f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8", line=line
        ) from None
    try:
        return Sheet(file, path, path.parent, loads(text), text)
    except tomli.TOMLDecodeError as error:
        raise SceneError([_syntax(file, str(error), text)]) from None
    except TooMuchError as error:
        raise _refusal(file, str(error)) from None
    except RecursionError:
        raise _refusal(file, "not valid TOML: nests too deep") from None
    except ValueError:  # of int(), which refuses to convert thousands of digits
        raise _refusal(file, "not valid TOML: a number has too many digits") from None


def loads(text: str) -> dict[str, Any]:
    """The table that a TOML text stands for.

    tomli is what tomllib was made from, compiled: half a cold plan's reading. Both take memory by the square of the
    number of parts of a dotted name, so that a file of 200 kB could take all there is: what opens a table or a list is
    counted first, and such names are looked for.
    Raises ValueError (TOMLDecodeError, where it is a mistake of syntax; TooMuchError), RecursionError.
    """
    if len(text) > MOST_TABLES and count_tables(text) > MOST_TABLES:
        raise TooMuchError(f"holds over {MOST_TABLES:,} tables and lists")
    long_name = _LONG_NAME.search(text) if text.count(".") > MOST_PARTS else None
    if long_name:
        raise tomli.TOMLDecodeError(f"A name has over {MOST_PARTS} parts", text, long_name.start())
    table = tomli.loads(text)
    if len(text) > MOST_TABLES:
        _refuse_wide_tables(table)
    return table


def count_tables(text: str) -> int:
    """How many tables and lists a text opens, at most; a dot in a name stands between two of them."""
    without_text = _PLAIN.sub("", text)
    return sum(map(without_text.count, "[{."))


def _refuse_wide_tables(table: dict[str, Any]) -> None:
    """Raises TooMuchError for a table of more fields than anything has: each would become a mistake.

    The tables that hold what has a name of its own are counted by whoever reads them.
    """
    waiting = [(name, value) for name, value in table.items() if name not in _OF_NAMES]
    for group in _OF_NAMES & table.keys():
        named = table[group].items() if isinstance(table[group], dict) else [("", table[group])]
        waiting += [(f"{group}.{name}" if name else group, value) for name, value in named]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, dict):
            if len(value) > MOST_FIELDS:
                raise TooMuchError(
                    f"{visible(short(where))} holds {len(value):,} fields, and none has over {MOST_FIELDS:,}"
                )
            waiting += [(where, inner) for inner in value.values() if isinstance(inner, dict | list)]
        elif isinstance(value, list):
            waiting += [(where, inner) for inner in value if isinstance(inner, dict | list)]


def _neighbour(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, names)


def _syntax(file: str, message: str, text: str) -> Mistake:
    """tomli's message, such as "Unclosed array (at line 3, column 7)", as a mistake."""
    position = _POSITION.search(message)
    reason = _POSITION.sub("", message)
    inside = position is not None and position[1] is not None
    lines = text.rstrip().split("\n")
    line = int(position[1]) if position and inside else len(lines)
    column = f" (column {position[2]})" if position and inside else ""

    twice = _TWICE.match(reason)
    if twice:
        names = re.findall(r"'([^']*)'", twice[1])
        return Mistake(file, line, "", f"[{'.'.join(names)}] is written twice")
    if reason == "Cannot overwrite a value":
        key = re.match(r"\s*([\w.-]+)\s*=", lines[line - 1]) if line <= len(lines) else None
        what = f"{key[1]} is given twice" if key else "gives a name that has a value already another one"
        return Mistake(file, line, "", what)
    if reason.startswith(("Illegal character '\\n'", "Unterminated string")):
        return Mistake(file, line, "", f"not valid TOML: a string is not closed{column}")
    if reason == "Invalid value" and not inside:
        return Mistake(file, line, "", "not valid TOML: ends in the middle of a value")
    hint = ""
    if reason == "Invalid value" and position:
        if not lines[line - 1][int(position[2]) - 1 :].strip():
            return Mistake(file, line, "", "not valid TOML: a value is missing")
        hint = "text stands in quotes"
    return Mistake(file, line, "", f"not valid TOML: {reason[:1].lower()}{reason[1:]}{column}", hint)
