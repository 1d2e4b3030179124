"""A TOML file from disk: its table, or the one mistake that keeps it from being read."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from soundgraph import locate
from soundgraph.errors import Mistake, SceneError, did_you_mean

MAX_BYTES = 4_000_000

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = re.compile(r"Cannot (?:declare|mutate immutable namespace) \((.*?),?\)(?: twice)?$")


@dataclass
class Sheet:
    """A table, and where it came from.

    file: as messages show it, relative to the project's root; "" for a table that was made in code.
    path: None for one that was made in code.
    folder: what relative paths in it start from.
    """

    file: str
    path: Path | None
    folder: Path
    table: dict[str, Any]
    text: str = field(default="", repr=False)

    @cached_property
    def _places(self) -> dict[locate.Keys, int]:
        return locate.lines(self.text)

    def line(self, keys: locate.Keys) -> int:
        """The line of `keys` or of the nearest table around it; 0 where there is no file. Scans the text once."""
        return locate.deepest(self._places, keys) if self.text else 0

    def mistake(self, keys: locate.Keys, where: str, what: str, hint: str = "") -> Mistake:
        return Mistake(self.file, self.line(keys), where, what, hint)


def display(path: Path, root: Path) -> str:
    """A path as messages show it: relative to the root, with "/" between its parts."""
    return Path(os.path.relpath(path, root)).as_posix()


def read(path: Path, file: str) -> Sheet:
    """The file at `path`, called `file` in messages. Raises SceneError, with one mistake, if it cannot be read."""

    def wrong(what: str, hint: str = "", line: int = 0) -> SceneError:
        return SceneError([Mistake(file, line, "", what, hint)])

    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise wrong("is a folder, not a TOML file")
        if not stat.S_ISREG(mode):  # reading a pipe would wait for ever
            raise wrong("is not a regular file")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise wrong(f"does not exist{_neighbour(path)}") from None
    except OSError as error:
        raise wrong(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise wrong(f"is over {MAX_BYTES // 10**6} MB, the most that a file of settings may have")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise wrong("is UTF-16; save it as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        raise wrong("begins with a byte order mark; save it as UTF-8 without BOM")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise wrong(f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8", line=line) from None
    try:
        return Sheet(file, path, path.parent, tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        line, what = _syntax(str(error), text)
        raise wrong(what, line=line) from None
    except RecursionError:
        raise wrong("not valid TOML: nests too deep") from None
    except ValueError:  # of int(), which refuses to convert thousands of digits
        raise wrong("not valid TOML: a number has too many digits") from None


def _neighbour(path: Path) -> str:
    try:
        names = [other.name for other in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, names)


def _syntax(message: str, text: str) -> tuple[int, str]:
    """(line, what) from tomllib's message, such as "Unclosed array (at line 3, column 7)"."""
    position = _POSITION.search(message)
    reason = _POSITION.sub("", message)
    lines = text.rstrip().count("\n") + 1
    line = int(position[1]) if position and position[1] else lines
    column = f" (column {position[2]})" if position and position[2] else ""
    twice = _TWICE.match(reason)
    if twice:
        names = re.findall(r"'([^']*)'", twice[1])
        return line, f"[{'.'.join(names)}] is written twice"
    if reason == "Cannot overwrite a value":
        return line, "a name is given a second time in the same table"
    reason = reason[:1].lower() + reason[1:]
    return line, f"not valid TOML: {reason}{column}"
