"""Fields of a scene's file changed in place: what `set` does, and what an editor of scenes asks for."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import tomli

from soundgraph.core import toml_document
from soundgraph.core.errors import Mistake, SceneError, UsageError, quote
from soundgraph.core.files import write_atomically
from soundgraph.core.toml_lines import Keys
from soundgraph.project.config import Project
from soundgraph.scene import editing
from soundgraph.scene.loader import load_scene
from soundgraph.scene.reading import overrides
from soundgraph.scene.tables.scene import CheckedScene


class LineChange(NamedTuple):
    """Lines of a file that became others."""

    line: int
    """The first of them: 1-based, in the new text."""
    old: tuple[str, ...]
    """Without line breaks."""
    new: tuple[str, ...]


@dataclass(frozen=True)
class SceneEdit:
    """A scene's file, and what it is to become."""

    path: Path
    file: str
    """The path as messages show it."""
    old: str
    new: str

    def changes(self) -> Iterator[LineChange]:
        before, after = self.old.splitlines(), self.new.splitlines()
        for tag, first, end, new_first, new_end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
            if tag != "equal":
                yield LineChange(new_first + 1, tuple(before[first:end]), tuple(after[new_first:new_end]))

    def write(self) -> None:
        """Whole or not at all, where the file's links lead, with its mode. Raises UsageError if it cannot be written,
        or is no more what was edited."""
        path = os.path.realpath(self.path)
        try:
            with open(path, "rb") as stream:  # noqa: PTH123
                if stream.read() != self.old.encode():
                    raise UsageError(f"{self.file} was changed in the meantime", "do it again")
            mode = os.stat(path).st_mode & 0o7777  # noqa: PTH116
            write_atomically(path, self.new.encode(), sync=True)
            os.chmod(path, mode)  # noqa: PTH101
        except OSError as error:
            raise UsageError(f"cannot write {self.file}: {error.strerror}") from error


def edit(project: Project, path: Path, assignments: Sequence[str], unset: Sequence[str] = ()) -> SceneEdit:
    """The file of a scene with fields changed; nothing is written yet.

    assignments: KEY=VALUE, with keys as after -D. unset: keys of what is to be taken out; it goes first.
    Raises SceneError for what has no place in the file, and for mistakes that it would bring into the scene.
    """
    file = toml_document.display(path, project.root)
    sheet = toml_document.read(path, file)
    scene, known = _scene(project, path, sheet.text)
    mistakes: list[Mistake] = []
    text = sheet.text
    for key in unset:
        keys = overrides.parse_key(key)
        if keys is None:
            mistakes.append(Mistake(file, 0, f"--unset {key}", "is not a key", 'as in "nodes.rain.seed"'))
            continue
        try:
            text = editing.remove(text, _located(tomli.loads(text), keys, scene, file))
        except editing.EditError as error:
            mistakes.append(Mistake(file, 0, f"--unset {key}", str(error)))
    for assignment in assignments:
        override = overrides.assignment(assignment)
        if not isinstance(override, overrides.Override):
            mistakes.append(Mistake("", 0, assignment.partition("=")[0].strip(), *override))
            continue
        try:
            text = editing.set_value(text, _located(tomli.loads(text), override.keys, scene, file), override.value)
        except editing.EditError as error:
            mistakes.append(Mistake(file, 0, override.key, str(error)))
    if mistakes:
        raise SceneError(mistakes)
    _, after = _scene(project, path, text)
    if new := [mistake for what, mistake in after.items() if what not in known]:
        raise SceneError(new)
    return SceneEdit(path, file, sheet.text, text)


def _scene(project: Project, path: Path, text: str) -> tuple[CheckedScene | None, dict[tuple[str, str], Mistake]]:
    """(the scene that a text stands for, if it is one; what is wrong with it, by its words: lines move with an edit)"""
    try:
        return load_scene(path, project, texts={path: text}), {}
    except SceneError as error:
        return None, {(mistake.where, mistake.what): mistake for mistake in error.mistakes}


def _located(table: dict[str, Any], keys: tuple[str, ...], scene: CheckedScene | None, file: str) -> Keys:
    """`keys` as they lead through a file's table. Raises EditError for a node that is written elsewhere."""
    if keys[0] == "nodes" and scene is not None and len(keys) > 1 and keys[1] not in table.get("nodes", {}):
        _refuse_node_from_elsewhere(keys[1:], scene, file)
    located: list[str | int] = []
    here: Any = table
    for key in keys:
        part: str | int = int(key) if isinstance(here, list) and key.isdecimal() else key
        located.append(part)
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
    return tuple(located)


def _refuse_node_from_elsewhere(keys: tuple[str, ...], scene: CheckedScene, file: str) -> None:
    name, rest = overrides.split(keys, scene.nodes) or (keys[0], ())
    node = scene.nodes.get(name)
    if node is None:
        return
    origin = node.origin
    field = f".{editing.spell(rest)}" if rest else ""
    if origin.file != file:
        raise editing.EditError(
            f"node {quote(name)} stands in {origin.file}: set {editing.spell(origin.keys)}{field} there"
        )
    raise editing.EditError(f"node {quote(name)} comes from [[elements]]: set {editing.spell(origin.keys)}{field}")
