"""The files that one scene reads, and which ones it may."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from soundgraph.core import path_names, programs
from soundgraph.core.errors import Hints, closest, quote
from soundgraph.core.toml_document import Texts
from soundgraph.project.config import Project

OUTPUT_HINT = "include the scene that delivers it, or keep what scenes read in another folder"
"""What is delivered is made anew at any time, and is not there in a fresh clone: no scene may be made from it."""


class SceneFiles:
    """Notes down what a scene reads while it is read."""

    def __init__(self, project: Project, texts: Texts, hints: Hints):
        self.read: dict[Path, None] = dict.fromkeys(project.read)
        """What was read so far, or looked for and absent."""
        self.programs: dict[str, None] = {}
        """The names of those that recordings are read through."""
        self._project = project
        self._texts = texts
        self._hints = hints

    def inside(self, folder: Path, entry: str) -> tuple[Path, str, str]:
        """(the file that a relative path names, why it cannot be used, what to do); as written, links not resolved.

        It is noted down as read, or as looked for and absent.
        """
        path = path_names.spelled(Path(os.path.normpath(folder / entry)))
        self.read[path] = None
        real, root = os.path.realpath(path), os.path.realpath(self._project.root)
        if os.path.commonpath([real, root]) != root or not path.is_relative_to(self._project.root):
            return path, f"{quote(entry)} leads outside the project", ""
        if self._project.delivers_into(path):
            return path, f"{quote(entry)} lies in the output folder, {self._project.build.output}/", OUTPUT_HINT
        if path in self._texts:
            return path, "", ""
        if not os.path.lexists(path):
            return path, f"{quote(entry)} does not exist{self._hints(entry, _beside(entry, folder))}", ""
        if path.is_dir():
            return path, f"{quote(entry)} is a folder, not a file", ""
        if not path.is_file():
            return path, f"{quote(entry)} is not a file that can be read", ""
        return path, "", ""

    def read_through(self, program: str) -> None:
        """A recording is read through a program, by its name: another one of that name changes what is read."""
        self.programs[program] = None
        if (path := programs.find(program)) is not None:
            self.read[Path(path)] = None


def _beside(entry: str, start: Path) -> Iterator[str]:
    """What stands beside the file that `entry` names from `start`, spelled as `entry` is.

    Without such a folder, it is what stands in the one that must have been meant.
    """
    folder, slash, _ = entry.rpartition("/")
    place = path_names.spelled(Path(os.path.normpath(start / folder)))
    if folder.strip("./") and not place.is_dir():
        folder = closest(folder, _beside(folder, start))
        if not folder:
            return
        place = start / folder
    with contextlib.suppress(OSError):
        yield from (f"{folder}{slash}{name}" for name in sorted(os.listdir(place)))  # noqa: PTH208
