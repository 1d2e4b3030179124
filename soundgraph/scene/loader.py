"""Scene files to `CheckedScene` values, many at a time: what is read once, and what only shows across scenes."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from soundgraph.core import toml_document
from soundgraph.core.errors import Mistake, SceneError, quote
from soundgraph.core.path_names import folded, real
from soundgraph.core.toml_document import NO_TEXTS, Sheet, Texts
from soundgraph.project import build_state
from soundgraph.project.config import Project
from soundgraph.project.root import PROJECT_FILE
from soundgraph.scene.reader import Reading, read_scene
from soundgraph.scene.reading.collisions import clashing
from soundgraph.scene.reading.overrides import Override, Overrides
from soundgraph.scene.reading.sources import SceneSources
from soundgraph.scene.tables.scene import CheckedScene, EngineManifest, Export, Origin


def load_scene(
    path: Path,
    project: Project,
    overrides: Sequence[str] = (),
    draft: bool = False,
    texts: Texts = NO_TEXTS,
) -> CheckedScene:
    """The scene in the file at `path`.

    overrides: KEY=VALUE, as after -D; each has to match in it. draft: every model becomes its stand-in.
    texts: what stands in scenes and included files, by absolute path, whatever the disk holds.
    Raises SceneError with all that is wrong.
    """
    return load_scenes([path], project, overrides, draft, texts)[0]


def load_scenes(
    paths: Iterable[Path],
    project: Project,
    overrides: Sequence[str] = (),
    draft: bool = False,
    texts: Texts = NO_TEXTS,
) -> list[CheckedScene]:
    """The scenes in the files at `paths`, in that order. Each override has to match in at least one of them.

    Raises SceneError with all that is wrong in any of them, and then with the files that two of them deliver; whether
    scenes that are right deliver the same file is for `clashes` to say.
    """
    loader = Loader(project, overrides, draft, texts)
    scenes: list[CheckedScene] = []
    mistakes: list[Mistake] = []
    for path in paths:
        try:
            scenes.append(loader.scene(path))
        except SceneError as error:
            mistakes += error.mistakes
    mistakes += loader.unmatched()
    if mistakes:
        # What clashes is told at once, too, and not only when all else is right.
        several = clashing(loader.exports, loader.manifests, Lines(project.root, texts))
        mistakes += [clash for clash in several if clash not in mistakes]
        raise SceneError(mistakes, loader.read)
    return scenes


def what_is_read(path: Path, project: Project) -> list[Path]:
    """What the scene in a file reads, or looks for, whether or not it has mistakes."""
    loader = Loader(project)
    with contextlib.suppress(SceneError):
        loader.scene(path)
    return list(loader.read)


def may_name(path: Path, names: Iterable[bytes]) -> bool:
    """Whether a scene, read as text alone, may name a file. names: folded, as UTF-8.

    True of one that includes others, or spells characters by their numbers: it takes more than a look to tell.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return False
    text = folded(data.decode(errors="replace")).encode(errors="replace")
    return b"include" in text or b"\\u" in text or b"\\x" in text or any(name in text for name in names)


def load_data(
    data: Mapping[str, Any], scene_id: str, project: Project, overrides: Sequence[str] = (), draft: bool = False
) -> CheckedScene:
    """The scene that a dict, or parsed JSON, describes, by the same rules as a file.

    data: may have `name` and `duration` beside `elements`: the id when `scene_id` is "", and [scene] duration.
        Relative paths in it start from the project's root.
    Raises SceneError, whose mistakes have neither file nor line.
    """
    loader = Loader(project, overrides, draft)
    scene = loader.data(data, scene_id)
    if unmatched := loader.unmatched():
        raise SceneError(unmatched)
    return scene


def scene_id(path: Path, root: Path) -> str:
    """The path under `graphs/` without `.toml`; of a scene elsewhere, the path under `root`. "/" between its parts."""
    return build_state.scene_id(toml_document.display(path, root))


def clashes(scenes: Iterable[CheckedScene], locate: Callable[[Origin], int] = lambda origin: 0) -> list[Mistake]:
    """The files that are delivered more than once, each named with its other owner."""
    scenes = list(scenes)
    exports = [export for scene in scenes for export in scene.exports.values()]
    return clashing(exports, [manifest for scene in scenes for manifest in scene.manifests], locate)


class Lines:
    """The line on which something was written, read from its file when asked: only a mistake needs it."""

    def __init__(self, root: Path, texts: Texts = NO_TEXTS):
        self._root = root
        self._texts = texts
        self._sheets: dict[str, Sheet | None] = {}

    def __call__(self, origin: Origin) -> int:
        """0 where there is no file, or it can no longer be read."""
        if not origin.file:
            return 0
        if origin.file not in self._sheets:
            try:
                self._sheets[origin.file] = toml_document.read(self._root / origin.file, origin.file, self._texts)
            except SceneError:
                self._sheets[origin.file] = None
        sheet = self._sheets[origin.file]
        return sheet.line(origin.keys) if sheet else 0


class Loader:
    """Reads the scenes of one build: included files, models and recordings are looked at once for all of them."""

    def __init__(self, project: Project, overrides: Sequence[str] = (), draft: bool = False, texts: Texts = NO_TEXTS):
        self.project = project
        self.read: dict[Path, None] = dict.fromkeys(project.read)
        """What was read so far for scenes that lie in files, or looked for and absent."""
        self.exports: list[Export] = []
        self.manifests: list[EngineManifest] = []
        """What the scenes in files deliver, as far as it can be read: those with mistakes, too."""
        self._sources = SceneSources(project, draft, texts)
        self._overrides = Overrides(overrides)
        self._ids: dict[str, str] = {}
        self._inside: dict[str, bool] = {}  # by folder: whether it is one of the project's, once links are followed
        self._delivered: dict[str, bool] = {}  # by folder: whether files are delivered there
        self._made: set[str] = set()  # ids of scenes that were made in code

    @property
    def matched(self) -> set[Override]:
        """The overrides that some scene has had a place for. Only the scenes read by this loader count."""
        return self._overrides.matched

    def scene(self, path: Path, table: Mapping[str, Any] | None = None) -> CheckedScene:
        """The scene in a file. Raises SceneError with all that is wrong in it.

        table: what is to stand in place of the file's content.
        """
        path = path.absolute()
        file = toml_document.display(path, self.project.root)
        name = scene_id(path, self.project.root)
        for fault in (
            "lies outside the project" * file.startswith("../"),
            "leads outside the project" * (not self._stays(path)),
            "is the project's file, not a scene" * (file == PROJECT_FILE),
            f"lies in the output folder, {self.project.build.output}/" * self._is_delivered(path),
            'must end in ".toml"' * (path.suffix != ".toml" and path.is_file()),
            'must not have ":", "#" or "\\" in its name' * any(character in name for character in ":#\\"),
            "must not have what cannot be printed in its name" * (not name.isprintable()),
        ):
            if fault:
                raise SceneError([Mistake(file, 0, "", fault)])
        self._claim(name, file)
        self.read[path] = None
        try:
            sheet = self._sources.scene(path)
        except SceneError:
            self._overrides.incomplete = True
            raise
        if table is not None:
            sheet = dataclasses.replace(sheet, table=_plain(table))
        reading = read_scene(sheet, name, self._sources, self._overrides)
        self.read.update(dict.fromkeys(reading.read))
        self.exports += reading.exports
        self.manifests += reading.manifests
        return _checked(reading)

    def _stays(self, path: Path) -> bool:
        """Whether links, if there are any on its way, keep a file within the project."""
        folder = str(path.parent)
        if folder not in self._inside:
            self._inside[folder] = self._is_inside(path.parent)
        return self._inside[folder] and (not path.is_symlink() or self._is_inside(path))

    def _is_delivered(self, path: Path) -> bool:
        """Whether a scene lies where files are delivered."""
        folder = str(path.parent)
        if folder not in self._delivered:
            self._delivered[folder] = self.project.delivers_into(path.parent)
        return self._delivered[folder] or (path.is_symlink() and self.project.delivers_into(path))

    def _is_inside(self, path: Path) -> bool:
        return real(path).is_relative_to(real(self.project.root))

    def _claim(self, name: str, file: str) -> None:
        """Raises SceneError for an id that another scene has. file: "" for a scene that was made in code."""
        known = self._ids.setdefault(name, file)
        if known != file or (not file and name in self._made):
            what = f"has the same id as {known or 'another scene'}: {quote(name)}"
            raise SceneError([Mistake(file, 0, "" if file else "scene", what)])
        if not file:
            self._made.add(name)

    def data(self, data: Mapping[str, Any], scene_id: str) -> CheckedScene:
        """The scene in a dict. Raises SceneError with all that is wrong in it."""
        if not isinstance(data, Mapping):
            raise SceneError([Mistake("", 0, "", f"a scene must be a dict, not {type(data).__name__}")])
        table: dict[str, Any] = _plain(data)
        mistakes = []
        name = table.pop("name", None)
        if name is not None and not isinstance(name, str):
            mistakes.append(Mistake("", 0, "name", "must be a string"))
        if "duration" in table:
            settings = table.setdefault("scene", {})
            if isinstance(settings, dict):
                if "duration" in settings:
                    mistakes.append(Mistake("", 0, "duration", "is given a second time in scene"))
                settings["duration"] = table.pop("duration")
        if mistakes:
            raise SceneError(mistakes)
        id_ = scene_id or name or "scene"
        self._claim(id_, "")
        sheet = Sheet("", None, self.project.root, table)
        return _checked(read_scene(sheet, id_, self._sources, self._overrides))

    def unmatched(self) -> list[Mistake]:
        """A mistake for each override that no scene read so far had a place for; none when a file could not be read."""
        return self._overrides.unmatched()


def _checked(reading: Reading) -> CheckedScene:
    """Raises SceneError with the mistakes, if there are any."""
    if reading.scene is None:
        raise SceneError(reading.mistakes)
    return reading.scene


def _plain(value: Any) -> Any:
    """Dicts and lists as TOML has them, from what Python people write: tuples, and mappings of any sort."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
