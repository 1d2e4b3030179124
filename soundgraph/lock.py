"""`soundgraph.lock`: which version of each published model a project has settled on, in a text made for version control.

One sorted line each: `model <id> <revision> <digest>`. Lines of other sorts belong to other versions of soundgraph, and
are kept as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from soundgraph import stamp
from soundgraph.backends import Pin
from soundgraph.errors import Mistake, SceneError, quote

LOCK_FILE = "soundgraph.lock"
_HEADER = "# Written by soundgraph; keep it under version control.\n"


@dataclass(frozen=True)
class Lock:
    """models: by id. others: lines of other sorts."""

    models: Mapping[str, Pin] = field(default_factory=dict)
    others: tuple[str, ...] = ()


def read(path: Path) -> Lock:
    """The lock file at `path`, empty if there is none. Raises SceneError for a line that is none."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Lock()
    except (OSError, UnicodeDecodeError) as error:
        raise SceneError([Mistake(LOCK_FILE, 0, "", f"cannot be read: {error}")]) from error
    models: dict[str, Pin] = {}
    others: list[str] = []
    mistakes: list[Mistake] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] != "model":
            others.append(line)
        elif len(words) != 4:
            what = f"{quote(line.strip())} is not a line of the form: model <id> <revision> <digest>"
            mistakes.append(Mistake(LOCK_FILE, number, "", what, "remove it, and pull the model again"))
        else:
            models[words[1]] = Pin(words[2], words[3])
    if mistakes:
        raise SceneError(mistakes)
    return Lock(models, tuple(others))


def write(path: Path, lock: Lock) -> None:
    """Writes the file, atomically. Raises OSError."""
    lines = [f"model {name} {pin.revision} {pin.digest}" for name, pin in lock.models.items()]
    body = "".join(f"{line}\n" for line in sorted([*lines, *lock.others]))
    stamp.write_atomically(str(path), (_HEADER + body).encode())
