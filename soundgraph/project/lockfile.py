"""`soundgraph.lock`: what a project has settled on, made for version control: versions of models, and takes.

A line each, sorted, so that lines of two branches merge:

    model <id> <revision> <digest>         and after these, as "repository@revision", what came from other repositories
    take <scene:node> <action key> <digest>

Lines of other sorts belong to other versions of soundgraph, and are kept as they are, like comments.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import quote as percent
from urllib.parse import unquote

from soundgraph.backends import Pin
from soundgraph.core.digest import is_digest
from soundgraph.core.errors import Mistake, Mistakes, SceneError, UsageError, quote
from soundgraph.core.files import STATE_FOLDER, write_atomically
from soundgraph.core.range_locks import Claims
from soundgraph.core.text import visible

LOCK_FILE = "soundgraph.lock"
_HEADER = "# Written by soundgraph; keep it under version control."
MAX_BYTES = 64_000_000
MOST_OTHERS = 100_000
"""Lines of other sorts."""
_UNKNOWN = "-"
"""Stands for the revision of weights that came out of no repository."""

_LINE = re.compile(r"[a-z][a-z_-]*( \S+)+")
_OTHER = re.compile(r"[^@\s]+@[^@\s]+")
_NODE = re.compile(r"[^:\s]+:[^:\s]+")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_FORM = "model <id> <revision> <digest>"

T = TypeVar("T")


class Take(NamedTuple):
    """A take that counts as the result of a node."""

    node: str
    """Its id, "forest/rain:storm#2"."""
    key: str
    """The key of the action that gave it."""
    digest: str
    """Of the artifact."""


@dataclass(frozen=True)
class Lock:
    """What a lock file says."""

    models: Mapping[str, Pin] = field(default_factory=dict)
    """By id."""
    takes: Mapping[str, Take] = field(default_factory=dict)
    """By the id of the node."""
    others: tuple[str, ...] = ()
    """Lines of sorts that this version does not know, as they stand."""


def read(path: Path) -> Lock:
    """The lock file at `path`, empty if there is none. Raises SceneError with all lines that are none."""
    return _parsed(_text(path))


def update(
    path: Path, *, models: Mapping[str, Pin] | None = None, takes: Mapping[str, Take | None] | None = None
) -> None:
    """Puts lines into the file, each in place of the one for the same model or node; None takes that line away.

    No other line is touched, and a file that says so already is not written. Nobody else updates it meanwhile.
    Raises UsageError for what no line can say, SceneError for a file that cannot be read, OSError for one that cannot
    be written.
    """
    lines: dict[tuple[str, str], str | None] = {}
    for model_id, settled in (models or {}).items():
        line = _model_line(model_id, settled)
        if _model(line.split()) != (model_id, settled):  # of a package's backend: a line that nobody could read again
            what = f"{visible(model_id)} cannot be pinned: {quote(visible(line))} is not of the form: {_FORM}"
            raise UsageError(what, "the digest has to be a SHA-256, and none of the words may have spaces in it")
        lines["model", model_id] = line
    for node, take in (takes or {}).items():
        lines["take", _spelled(node)] = take and _take_line(take)
    if not lines:
        return
    folder = path.parent / STATE_FOLDER
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"cannot write {path.name}: {STATE_FOLDER} is a file, and has to be a folder", "remove it")
    folder.mkdir(exist_ok=True)
    claims = Claims(folder / "lock")
    try:
        claims.claim(_PLACE, wait=True)
        before = _text(path)
        _parsed(before)  # what is not understood is not built upon
        after = _edited(before, lines)
        if after != before:
            write_atomically(str(path), after.encode(), root=str(path.parent), sync=True)
    finally:
        claims.close()


_PLACE = 1


def pin(path: Path, model_id: str, settled: Pin) -> None:
    """Settles on a version of a model, in place of whatever was settled on before. Raises as `update` does."""
    update(path, models={model_id: settled})


def lines_of_takes(path: Path) -> dict[str, int]:
    """The lines on which takes are pinned, by node. Raises SceneError."""
    lines = (line.split() for line in _text(path).split("\n"))
    return {_node(words[1]): number for number, words in enumerate(lines, 1) if words[:1] == ["take"]}


# Reading


def _text(path: Path) -> str:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # reading a pipe would wait for ever
            raise SceneError([Mistake(LOCK_FILE, 0, "", "is not a regular file")])
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SceneError([Mistake(LOCK_FILE, 0, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise SceneError([Mistake(LOCK_FILE, 0, "", "is not a text in UTF-8")]) from error
    if len(data) > MAX_BYTES:
        raise SceneError([Mistake(LOCK_FILE, 0, "", f"is over {MAX_BYTES // 10**6} MB; no lock has that many lines")])
    return text


@dataclass(frozen=True)
class _Sort(Generic[T]):
    """A sort of line."""

    form: str
    """Its words."""
    again: str
    """How to get a new line in place of one that is wrong."""
    twice: str
    """What two lines of one name that differ are."""
    parse: Callable[[list[str]], tuple[str, T] | None]


def _model(words: list[str]) -> tuple[str, Pin] | None:
    if len(words) < 4 or not is_digest(words[3]) or not all(map(_OTHER.fullmatch, words[4:])):
        return None
    return words[1], Pin("" if words[2] == _UNKNOWN else words[2], words[3], tuple(words[4:]))


def _take(words: list[str]) -> tuple[str, Take] | None:
    if len(words) != 4 or not _NODE.fullmatch(words[1]) or not all(map(is_digest, words[2:])):
        return None
    node = _node(words[1])
    return node, Take(node, words[2], words[3])


_MODEL = _Sort[Pin](_FORM, "pull the model again", "versions", _model)
_TAKE = _Sort[Take]("take <scene:node> <action key> <digest>", "pin the take again", "takes", _take)


def _parsed(text: str) -> Lock:
    models: dict[str, Pin] = {}
    takes: dict[str, Take] = {}
    others: dict[str, None] = {}
    mistakes = Mistakes()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith(_CONFLICT):
            what = "is in the middle of a merge"
            hint = "keep one line for each model, and for each take, and remove the marks"
            mistakes.append(Mistake(LOCK_FILE, number, "", what, hint))
            break  # what follows is one mistake, not many
        if words[0] == "model":
            mistakes += _add(models, _MODEL, words, number, line)
        elif words[0] == "take":
            mistakes += _add(takes, _TAKE, words, number, line)
        elif _LINE.fullmatch(" ".join(words)):
            others[" ".join(words)] = None
            if len(others) > MOST_OTHERS:
                what = f"holds over {MOST_OTHERS:,} lines of sorts that this version does not know"
                raise SceneError([*mistakes, Mistake(LOCK_FILE, number, "", what)])
        else:
            mistakes.append(_mistake(number, line, f"is no line of a lock, such as: {_FORM}", "remove it"))
    if mistakes:
        raise SceneError(mistakes)
    return Lock(models, takes, tuple(others))


def _add(known: dict[str, T], sort: _Sort[T], words: list[str], number: int, line: str) -> list[Mistake]:
    """Adds what a line says to what is known; returns what is wrong with it."""
    parsed = sort.parse(words)
    if parsed is None:
        return [_mistake(number, line, f"is not of the form: {sort.form}", f"remove it, and {sort.again}")]
    name, value = parsed
    if known.setdefault(name, value) != value:
        what = f"{quote(visible(name))} is pinned twice, to unlike {sort.twice}"
        return [Mistake(LOCK_FILE, number, "", what, "remove one of the lines")]
    return []


def _mistake(number: int, line: str, what: str, hint: str) -> Mistake:
    return Mistake(LOCK_FILE, number, "", f"{quote(visible(line.strip())[:80])} {what}", hint)


# Writing


def _edited(text: str, changes: Mapping[tuple[str, str], str | None]) -> str:
    """The text with those lines in it, in their places."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    wanted = {line for line in changes.values() if line is not None}
    there = {" ".join(line.split()) for line in lines}
    kept = [line for line in lines if _name(line) not in changes or " ".join(line.split()) in wanted]
    new = sorted(wanted - there)
    if kept == lines and not new:
        return text
    merged: list[str] = [] if kept else [_HEADER]
    for line in kept:
        words = line.split()
        if words and not words[0].startswith("#"):
            while new and new[0] < " ".join(words):
                merged.append(new.pop(0))
        merged.append(line)
    return "".join(f"{line}{end}" for line in [*merged, *new])


def _name(line: str) -> tuple[str, str]:
    """(sort, name) of a line: what no two lines share."""
    words = line.split(maxsplit=2)
    if len(words) < 2:
        return "", ""
    # Whoever wrote it may have spelled it otherwise.
    return words[0], _spelled(_node(words[1])) if words[0] == "take" else words[1]


def _model_line(model_id: str, settled: Pin) -> str:
    return " ".join(["model", model_id, settled.revision or _UNKNOWN, settled.digest, *settled.others])


def _take_line(take: Take) -> str:
    return f"take {_spelled(take.node)} {take.key} {take.digest}"


def _spelled(node: str) -> str:
    """A node's id as one printable word: the path of a scene may have spaces in it."""
    return "".join(
        char if char.isprintable() and char not in " %" else percent(char, "", errors="surrogatepass") for char in node
    )


def _node(spelled: str) -> str:
    return unquote(spelled, errors="surrogatepass")
