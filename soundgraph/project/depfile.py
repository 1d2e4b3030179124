"""What delivered files were made from, as lines that make and ninja read; standard library only, as `build_state`.

The two do not read a name the same way: what has a meaning to one of them alone cannot be written, and is refused.
"""

from __future__ import annotations

import contextlib
import os

from soundgraph.core.files import write_atomically
from soundgraph.project import build_state

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from soundgraph.project.build_state import SceneStamp, Stamps


class Rule:
    """A scene's audio files, and all that was read for them, or looked for and absent.

    scene: its id. Paths as in a stamp: relative to the project's root, with "/"; or leading out of it, or absolute.
    """

    __slots__ = ("inputs", "outputs", "scene")

    def __init__(self, scene: str, outputs: list[str], inputs: Iterable[str]):
        self.scene, self.outputs, self.inputs = scene, outputs, sorted(inputs)


def of_stamps(stamps: Stamps, scenes: Mapping[str, SceneStamp]) -> list[Rule]:
    """The rules of scenes that are as they were left."""
    return [Rule(scene.id, audio_of(scene), stamps.read_for(scene)) for scene in scenes.values() if scene.outputs]


def audio_of(scene: SceneStamp) -> list[str]:
    """The audio files of a scene: each is followed by its sidecar, but for manifests, which come last."""
    audio = [output for output in scene.outputs if not output[0].startswith(build_state.MANIFEST)]
    return [output[1] for output in audio[::2]]


class Names:
    """Paths as they are named from the folder that a command runs in: relative within the project, else absolute."""

    def __init__(self, root: str, here: str):
        self._root, self._here = root, here

    def __call__(self, path: str) -> str:
        full = os.path.normpath(os.path.join(self._root, path))
        if full.startswith(self._root.rstrip(os.sep) + os.sep):
            with contextlib.suppress(ValueError):  # another drive, on Windows
                full = os.path.relpath(full, self._here)
        return full.replace(os.sep, "/")


def text(rules: Iterable[Rule], root: str, here: str) -> str:
    """The lines. Of what was read, what is there: to make and ninja, a file that is missing is one that changed.

    rules: in the order in which their outputs are listed: ninja wants to find the first output of its own list first.
    root: of the project. here: the folder that paths are relative to. An empty rule for each file that was read keeps
    make from giving up once it is deleted. Raises UsageError for a name that cannot be written.
    """
    name = Names(root, here)
    lines: list[str] = []
    read: dict[str, None] = {}
    rules = list(rules)
    outputs = {path for rule in rules for path in rule.outputs}
    for rule in rules:
        inputs = [path for path in rule.inputs if os.path.isfile(os.path.join(root, path))]
        read.update(dict.fromkeys(path for path in inputs if path not in outputs))
        lines.append(f"{' '.join(_spelled(name(path)) for path in rule.outputs)}: \\")
        lines += [f"  {_spelled(name(path))} \\" for path in inputs[:-1]]
        lines += [f"  {_spelled(name(path))}" for path in inputs[-1:]]
        lines.append("")
    lines += [f"{_spelled(name(path))}:" for path in sorted(read)]
    return "".join(f"{line}\n" for line in lines)


def may_begin(line: bytes) -> bool:
    """Whether a file whose first line this is was written here, or is empty."""
    return not line or line.endswith(b": \\\n")


def check(path: str, rules: Sequence[Rule], root: str) -> None:
    """Raises UsageError where `write` would, as far as that shows before hours of work."""
    text(rules, root, os.getcwd())
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        _refuse(f"cannot write the depfile {path}: there is no folder {folder}")


def write(path: str, rules: Sequence[Rule], root: str) -> None:
    """Writes the lines to a file, named from the current folder; leaves one alone that says the same.

    Raises UsageError for a name that cannot be written, and a file that cannot be.
    """
    data = text(rules, root, os.getcwd()).encode("utf-8", "surrogateescape")
    try:
        with open(path, "rb") as file:
            if file.read() == data:
                return
    except (OSError, ValueError):
        pass
    try:
        write_atomically(path, data)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        _refuse(f"cannot write the depfile {path}: {reason}")


_ESCAPED = {" ": "\\ ", "#": "\\#", "$": "$$", ":": "\\:"}
_REFUSED = frozenset("%=;|\\*?[\"'`&<>^\x7f").union(map(chr, range(32)))
"""To make they are patterns, assignments, recipes and wildcards, and to ninja they end a name."""


def _spelled(name: str) -> str:
    """A name as both read it. Raises UsageError."""
    wrong = next((char for char in name if char in _REFUSED), "")
    if not wrong and name[0] == "~":  # somebody's home folder
        wrong = "~"
    if not wrong and (name[-1] in " :" or (name[-1] == ")" and "(" in name)):  # ")": a part of an archive
        wrong = name[-1]
    if wrong:
        _refuse(
            f"{name!a} cannot be written in a depfile",
            f"make or ninja takes {wrong!a} there for no part of a name",
        )
    return "".join(_ESCAPED.get(char, char) for char in name)


def _refuse(what: str, hint: str = "") -> None:
    from soundgraph.core.errors import UsageError

    raise UsageError(what, hint)
