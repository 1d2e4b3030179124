"""What the scenes of a project reach in a cache."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

from soundgraph import collecting, graph, loader, manifest, session, stamp
from soundgraph.collecting import Reach
from soundgraph.ledger import Ledger
from soundgraph.planner import Decision
from soundgraph.project import Project, load_project
from soundgraph.scene import Node
from soundgraph.session import Session
from soundgraph.targets import Wanted


def reach_of(project: Project) -> Reach:
    """What the scenes of a project reach, with models and as drafts, and what its lock pins.

    Of every scene all nodes count, those that no export needs, too. Scenes are those under graphs/, and others whose
    exports were delivered. Raises SceneError with all mistakes: what a scene with one reaches, nobody can tell.
    """
    pinned = Reach(takes={(take.key, take.digest) for take in project.takes.values()})
    wanted = list(_scenes(project.root))
    return pinned | _reach(project, wanted, draft=False) | _reach(project, wanted, draft=True)


def _scenes(root: Path) -> Iterator[Wanted]:
    paths = {path: name for name, path in stamp.scan(str(root))}
    yield from (Wanted(name, path) for path, name in paths.items())
    elsewhere = {entry.source for entry in Ledger(root).entries.values() if entry.source} - paths.keys()
    for path in sorted(elsewhere):
        if (root / path).is_file():
            yield Wanted(loader.scene_id(root / path, root), path)


def _reach(project: Project, wanted: list[Wanted], *, draft: bool) -> Reach:
    scenes = loader.load_scenes([project.root / scene.path for scene in wanted], project, draft=draft)
    opened = session.session_of(project, scenes, wanted, draft=draft)
    whole = dataclasses.replace(opened, wanted=tuple(opened.graph))
    try:
        decisions = whole.plan().decisions
    finally:
        whole.store.close()
    keys = {decision.key for decision in decisions.values() if decision.key is not None}
    return Reach(keys, shapes=frozenset(_shapes(whole, decisions)))


def _shapes(opened: Session, decisions: dict[str, Decision]) -> Iterator[str]:
    for name, decision in decisions.items():
        node = graph.node_of(opened.graph, name)
        if decision.key is None and node.model is not None and not node.model.draft:
            yield _shape(node, opened.project)


def _shape(node: Node, project: Project) -> str:
    assert node.model is not None
    known = dataclasses.replace(node, model=dataclasses.replace(node.model, identity="any"))
    found = manifest.manifest(known, {}, project.cache.salt)
    assert found is not None
    return collecting.shape(found)


def builds_into(root: Path, cache: Path) -> bool:
    """Whether a project has that cache now. Raises SceneError for a soundgraph.toml with mistakes."""
    return os.path.realpath(load_project(root).cache_dir) == os.path.realpath(cache)
