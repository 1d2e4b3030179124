"""The working tree, and the tree of a revision, each as far as it can be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from soundgraph.core.errors import Mistake, SceneError
from soundgraph.project.config import Project, load_project
from soundgraph.project.git_revision import Revision
from soundgraph.project.targets import Wanted
from soundgraph.scene import loader
from soundgraph.scene.tables.scene import CheckedScene
from soundgraph.session import opening
from soundgraph.session.session import Session


@dataclass(frozen=True)
class Side:
    """A tree, as far as it can be read."""

    session: Session
    broken: Mapping[str, tuple[Mistake, ...]] = field(default_factory=dict)
    """The mistakes of each scene that cannot be read, by its id."""

    @property
    def mistakes(self) -> list[Mistake]:
        return sorted({mistake for mistakes in self.broken.values() for mistake in mistakes})


def tree(root: Path, wanted: Sequence[Wanted], *, draft: bool = False) -> Side:
    """The working tree. A scene that cannot be read does not keep others from it.

    Raises SceneError for mistakes in soundgraph.toml.
    """
    return _side(load_project(root), wanted, draft)


def past(revision: Revision, wanted: Sequence[Wanted], now: Project, *, draft: bool = False) -> Side:
    """The tree at a revision. now: the project as it is, where weights and the cache are.

    Mistakes name their files as "REV:graphs/a.toml".
    """
    try:
        project = load_project(revision.folder)
    except SceneError as error:
        nothing = opening.session_of(Project(revision.folder), [], [], draft=draft)
        return Side(nothing, {scene.id: _marked(error.mistakes, revision) for scene in wanted})
    cache = project.cache.model_copy(update={"dir": str(now.cache_dir)})
    side = _side(replace(project, cache=cache, weights_root=now.root), wanted, draft)
    return replace(side, broken={name: _marked(mistakes, revision) for name, mistakes in side.broken.items()})


def _marked(mistakes: Iterable[Mistake], revision: Revision) -> tuple[Mistake, ...]:
    return tuple(
        replace(mistake, file=f"{revision.name}:{mistake.file}" if mistake.file else revision.name)
        for mistake in mistakes
    )


def _side(project: Project, wanted: Sequence[Wanted], draft: bool) -> Side:
    reader = loader.Loader(project, (), draft)
    broken: dict[str, tuple[Mistake, ...]] = {}
    read: list[tuple[CheckedScene, Wanted]] = []
    for asked in wanted:
        try:
            read.append((reader.scene(project.root / asked.path), asked))
        except SceneError as error:
            broken[asked.id] = tuple(error.mistakes)

    def opened(some: Sequence[tuple[CheckedScene, Wanted]]) -> Session:
        return opening.session_of(project, [scene for scene, _ in some], [asked for _, asked in some], draft=draft)

    try:
        return Side(opened(read), broken)
    except SceneError as error:  # a circle of nodes in a scene, or a file that several deliver
        for scene, asked in read:
            try:
                opened([(scene, asked)])
            except SceneError as own:
                broken[asked.id] = tuple(own.mistakes)
            else:
                if shared := tuple(mistake for mistake in error.mistakes if mistake.file == asked.path):
                    broken[asked.id] = shared
        if not any(asked.id in broken for _, asked in read):
            raise
        return Side(opened([(scene, asked) for scene, asked in read if asked.id not in broken]), broken)
