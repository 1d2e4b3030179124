"""`soundgraph.lock`: which version of each published model a project has settled on, made for version control.

One sorted line each: `model <id> <revision> <digest>`, and after these, as "repository@revision", what came with it out
of other repositories. A model pulled on one branch and another pulled on the other are two lines, so they merge. Lines
of other sorts belong to other versions of soundgraph, and are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from soundgraph import stamp
from soundgraph.backends import Pin
from soundgraph.errors import Mistake, SceneError, quote

LOCK_FILE = "soundgraph.lock"
_HEADER = "# Written by soundgraph; keep it under version control.\n"
_MAX_BYTES = 4_000_000
_UNKNOWN = "-"
"""Stands for the revision of weights that came out of no repository."""

_LINE = re.compile(r"[a-z][a-z_-]*( \S+)+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_OTHER = re.compile(r"[^@\s]+@[^@\s]+")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_FORM = "model <id> <revision> <digest>"


@dataclass(frozen=True)
class Lock:
    """models: by id. others: lines of other sorts, as they stand."""

    models: Mapping[str, Pin] = field(default_factory=dict)
    others: tuple[str, ...] = ()


def read(path: Path) -> Lock:
    """The lock file at `path`, empty if there is none. Raises SceneError with all lines that are none."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        text = data.decode()
    except FileNotFoundError:
        return Lock()
    except OSError as error:
        raise SceneError([Mistake(LOCK_FILE, 0, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise SceneError([Mistake(LOCK_FILE, 0, "", "is not a text in UTF-8")]) from error
    if len(data) > _MAX_BYTES:
        raise SceneError([Mistake(LOCK_FILE, 0, "", f"is over {_MAX_BYTES // 10**6} MB; no lock has that many lines")])
    models: dict[str, Pin] = {}
    others: dict[str, None] = {}
    mistakes: list[Mistake] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith(_CONFLICT):
            what = "is in the middle of a merge"
            mistakes.append(Mistake(LOCK_FILE, number, "", what, "keep one line for each model, and remove the marks"))
            break  # what follows is one mistake, not many
        if words[0] != "model":
            if _LINE.fullmatch(" ".join(words)):
                others[" ".join(words)] = None
            else:
                mistakes.append(_mistake(number, line, f"is no line of a lock, such as: {_FORM}", "remove it"))
            continue
        pin = _pin(words[2:])
        if pin is None:
            what = f"is not of the form: {_FORM}"
            mistakes.append(_mistake(number, line, what, "remove it, and pull the model again"))
        elif models.get(words[1], pin) != pin:
            what = f"{quote(words[1])} is pinned twice, to unlike versions"
            mistakes.append(Mistake(LOCK_FILE, number, "", what, "remove one of the lines"))
        else:
            models[words[1]] = pin
    if mistakes:
        raise SceneError(mistakes)
    return Lock(models, tuple(others))


def write(path: Path, lock: Lock) -> None:
    """Writes the file, atomically, unless it says so already. Raises OSError."""
    lines = {_line(model_id, pin) for model_id, pin in lock.models.items()}
    content = (_HEADER + "".join(f"{line}\n" for line in sorted({*lines, *lock.others}))).encode()
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        pass
    stamp.write_atomically(str(path), content)


def pin(path: Path, model_id: str, settled: Pin) -> None:
    """Settles on a version of a model, in place of whatever was settled on before. Raises SceneError, OSError."""
    lock = read(path)
    write(path, Lock({**lock.models, model_id: settled}, lock.others))


def _pin(words: list[str]) -> Pin | None:
    """What stands behind the model's id."""
    if len(words) < 2 or not _DIGEST.fullmatch(words[1]) or not all(map(_OTHER.fullmatch, words[2:])):
        return None
    return Pin("" if words[0] == _UNKNOWN else words[0], words[1], tuple(words[2:]))


def _line(model_id: str, settled: Pin) -> str:
    return " ".join(["model", model_id, settled.revision or _UNKNOWN, settled.digest, *settled.others])


def _mistake(number: int, line: str, what: str, hint: str) -> Mistake:
    shown = line.strip() if line.isprintable() else ascii(line.strip())[1:-1]
    return Mistake(LOCK_FILE, number, "", f"{quote(shown[:80])} {what}", hint)
