"""What the scenes of a project, and of all that build into a cache, reach in it."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from soundgraph.cache import gc_choice
from soundgraph.cache.disk import registered_projects
from soundgraph.cache.disk.registered_projects import Known
from soundgraph.cache.gc_choice import Reach
from soundgraph.core.errors import SoundgraphError, UsageError
from soundgraph.planning import action, scene_graph
from soundgraph.planning.planner import Decision
from soundgraph.project import build_state
from soundgraph.project.config import Project, load_project
from soundgraph.project.delivered import Ledger
from soundgraph.project.root import PROJECT_FILE
from soundgraph.project.targets import Wanted
from soundgraph.scene import loader
from soundgraph.scene.tables.scene import Node
from soundgraph.session import opening
from soundgraph.session.session import Session


def reach_of(project: Project) -> Reach:
    """What the scenes of a project reach, with models and as drafts, and what its lock pins.

    Of every scene all nodes count, those that no export needs, too. Scenes are those under graphs/, and others whose
    exports were delivered. Raises SceneError with all mistakes: what a scene with one reaches, nobody can tell.
    """
    pinned = Reach(takes={(take.key, take.digest) for take in project.takes.values()})
    wanted = list(_scenes(project.root))
    return pinned | _reach(project, wanted, draft=False) | _reach(project, wanted, draft=True)


def _scenes(root: Path) -> Iterator[Wanted]:
    paths = {path: name for name, path in build_state.scan(str(root))}
    yield from (Wanted(name, path) for path, name in paths.items())
    elsewhere = {entry.source for entry in Ledger(root).entries.values() if entry.source} - paths.keys()
    for path in sorted(elsewhere):
        if (root / path).is_file():
            yield Wanted(loader.scene_id(root / path, root), path)


def _reach(project: Project, wanted: list[Wanted], *, draft: bool) -> Reach:
    scenes = loader.load_scenes([project.root / scene.path for scene in wanted], project, draft=draft)
    opened = opening.session_of(project, scenes, wanted, draft=draft)
    whole = dataclasses.replace(opened, wanted=tuple(opened.graph))
    if (disk := whole.store.disk) is not None:
        # Without an input's record no key is formed, and nothing after it is reached.
        disk.records.looks_in_files = True
    try:
        decisions = whole.plan().decisions
    finally:
        whole.store.close()
    keys = {decision.key for decision in decisions.values() if decision.key is not None}
    shapes = frozenset(_shapes(whole, decisions))
    # A graph of networkx refers to itself once its order was asked for: without this, all those of a cache stay.
    del scenes, opened, whole, decisions
    gc.collect()
    return Reach(keys, shapes=shapes)


def _shapes(opened: Session, decisions: dict[str, Decision]) -> Iterator[str]:
    for name, decision in decisions.items():
        node = scene_graph.node_of(opened.graph, name)
        if decision.key is None and node.model is not None and not node.model.draft:
            yield _shape(node, opened.project)


def _shape(node: Node, project: Project) -> str:
    assert node.model is not None
    named = dataclasses.replace(node, model=dataclasses.replace(node.model, identity="any"))
    wanted_action = action.action_of(named, {}, project.cache.salt)
    assert wanted_action is not None
    return gc_choice.shape(wanted_action)


# All projects of a cache


@dataclass(frozen=True)
class Neighbours:
    """The other projects that build into a project's cache."""

    there: tuple[Path, ...]
    gone: tuple[Known, ...]
    """Whose folder is there no more, or empty: they may have moved, or be on a disk that is not mounted."""
    left: tuple[Known, ...]
    """That have another cache by now."""
    replaced: tuple[Known, ...] = ()
    """In whose folder another project is now, as where containers mount one after another at the same path."""


def registered(project: Project) -> list[Known]:
    """All projects on the list of a project's cache. Raises UsageError for a list that is damaged."""
    own = registered_projects.identity(project.root, project.project.id)
    return registered_projects.known(project.cache_dir, [(project.root, own), (project.root, "")])


def is_own(project: Project, known: Known) -> bool:
    """Whether that is the project itself on the list."""
    own = registered_projects.identity(project.root, project.project.id)
    return os.path.realpath(known.root) == os.path.realpath(project.root) and known.id in ("", own)


def neighbours(project: Project, without: Collection[Known] = ()) -> Neighbours:
    """without: projects that are not to be looked at. Raises UsageError for one of which it cannot be told."""
    there: dict[Path, None] = {}
    gone: list[Known] = []
    left: list[Known] = []
    replaced: list[Known] = []
    for known in registered(project):
        if known in without or is_own(project, known):
            continue
        root = known.root
        with _told(root):
            if os.path.realpath(root) == os.path.realpath(project.root):
                (gone if known.is_forgotten else replaced).append(known)
                continue
            if not _exists(root):
                gone.append(known)
                continue
            other = load_project(root)
            has_it = os.path.realpath(other.cache_dir) == os.path.realpath(project.cache_dir)
            if has_it:
                there[root] = None
            if known.id not in ("", registered_projects.identity(root, other.project.id)) and (
                has_it or _is_project(root)
            ):
                (gone if known.is_forgotten else replaced).append(known)
            elif not has_it:  # an empty folder may be one on which its disk is not mounted
                (left if _is_project(root) else gone).append(known)
    return Neighbours(tuple(there), tuple(gone), tuple(left), tuple(replaced))


def reach_of_all(project: Project, others: Neighbours) -> Reach:
    """What a project and others reach. Raises SceneError for mistakes in it, UsageError for mistakes in the others."""
    reach = reach_of(project)
    for root in others.there:
        with _told(root):
            reach |= reach_of(load_project(root))
    for known in others.replaced:
        keys = known.reach()
        if keys is None:
            what = f"cannot tell what the project needs that was in {known.root} before the one that is there now"
            raise UsageError(what, f"build it once, or leave it out: --forget {shlex.quote(str(known.root))}")
        reach |= Reach(keys=keys)
    return reach


def _is_project(root: Path) -> bool:
    return (root / PROJECT_FILE).exists()


def _exists(root: Path) -> bool:
    """Raises OSError where that cannot be told, as in a folder that may not be entered."""
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextlib.contextmanager
def _told(root: Path) -> Iterator[None]:
    """What goes wrong with another project is told with its name, and what can be done about it."""
    try:
        yield
    except (SoundgraphError, OSError) as error:
        first = next(iter(str(error).splitlines()), "")
        what = f"cannot tell what {root}, which has this cache too, needs of it: {first}"
        raise UsageError(what, f"mend it, or leave it out: --forget {shlex.quote(str(root))}") from error
