"""What `soundgraph pin` does: writes down which takes count, takes that back, and says what has become of each."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from soundgraph.core.errors import Mistake, SceneError, UsageError, quote
from soundgraph.core.text import first_of
from soundgraph.planning import scene_graph
from soundgraph.planning.action import Difference
from soundgraph.planning.planner import Plan
from soundgraph.planning.scene_graph import node_of
from soundgraph.project import lockfile, targets
from soundgraph.project.lockfile import LOCK_FILE, Take
from soundgraph.project.targets import Wanted
from soundgraph.scene.tables.scene import Node
from soundgraph.session import opening
from soundgraph.session.opening import all_takes
from soundgraph.session.session import Session


@dataclass(frozen=True)
class PinChange:
    """What came of a pin."""

    status: str
    """"new"; "changed"; "unchanged"; "removed", as was asked; "dropped", since there is no such node any more."""
    take: Take
    """That is pinned, or was."""
    before: Take | None = None
    """What was pinned in its place."""


@dataclass(frozen=True)
class PinState:
    """How a pin stands."""

    status: str
    """"held": the take is the node's result, and in the cache. "missing": it is not in the cache. "left": the node
    says something else by now. "undecided": what it says is not known before an input is built, or without the
    weights of its model. "gone": there is no such node."""
    take: Take
    changes: tuple[Difference, ...] = ()
    """What made the node leave it, as far as that is known."""


def pin(opened: Session, *, everything: bool) -> list[PinChange]:
    """Pins the takes of all generated nodes that are asked for: those that a build would use now.

    everything: whether all scenes are asked for, so that pins of nodes that are no more are dropped.
    Raises SceneError, and pins nothing, if any of them is not built or not whole in the cache; OSError.
    """
    store = opened.store
    with store.coordination.running():
        with store.coordination.gate():
            plan = opened.plan()
            store.coordination.use(
                [decision.record.key for decision in plan.decisions.values() if decision.record is not None]
            )
        takes = _takes(opened, plan)
        known = opened.project.takes
        changes = [_change(take, known.get(name)) for name, take in takes.items()]
        if everything:
            changes += [PinChange("dropped", known[name]) for name in strays(opened) if name not in takes]
        news: dict[str, Take | None] = {
            change.take.node: None if change.status == "dropped" else change.take
            for change in changes
            if change.status != "unchanged"
        }
        lockfile.update(opened.root / LOCK_FILE, takes=news)
    return changes


def _change(take: Take, before: Take | None) -> PinChange:
    if before is None:
        return PinChange("new", take)
    return PinChange("unchanged", take) if before == take else PinChange("changed", take, before)


def _takes(opened: Session, plan: Plan) -> dict[str, Take]:
    """The takes of a plan's generated nodes, each read and checked."""
    takes: dict[str, Take] = {}
    mistakes: list[Mistake] = []
    unbuilt: dict[tuple[str, str], list[Node]] = {}
    for name, decision in plan.decisions.items():
        node, record = node_of(plan.graph, name), decision.record
        if node.model is None:
            continue
        whole = record is not None and opened.store.blobs.read(record.digest) is not None
        if record is not None and whole:
            takes[name] = Take(name, record.key, record.digest)
        elif decision.pin is not None:
            line, absence = opened.line_of(node.origin), opened.pins.absence(decision.pin)
            where = f"nodes.{node.name}"
            mistakes.append(Mistake(node.origin.file, line, where, *absence, keys=node.origin.keys))
        else:
            unbuilt.setdefault((node.origin.file, scene_graph.scene_of(plan.graph, name).id), []).append(node)
    paths = {wanted.id: wanted.path for wanted in opened.asked}
    for (file, scene), nodes in unbuilt.items():
        first = nodes[0]
        where = f"nodes.{first_of([node.name for node in nodes])}"
        what = "no take to pin: not built as the scene is now, or its sound is gone from the cache"
        hint = f"soundgraph build {shlex.quote(paths[scene])} comes first"
        line, keys = opened.line_of(first.origin), first.origin.keys
        mistakes.append(Mistake(file, line, where, what, hint, keys))
    if mistakes:
        raise SceneError(mistakes)
    return takes


def strays(opened: Session) -> list[str]:
    """The pins that name no node any more, as far as the scenes that were read can tell."""
    return [name for name in sorted(opened.project.takes) if name not in opened.graph and _is_known(opened, name)]


def _is_known(opened: Session, name: str) -> bool:
    """Whether all nodes of a pin's scene were read, or there is no such scene."""
    scene = name.rpartition(":")[0]
    if any(read.id == scene for read in opened.scenes):
        return True
    places = (f"graphs/{scene}.toml", f"{scene}.toml")
    return all(opened.is_gone(place) for place in places)


def remove(root: Path, asked: Sequence[str]) -> list[PinChange]:
    """Takes back the pins that targets name. Scenes are read only where a target is no pinned node, nor a whole scene.

    A target that is not a pinned node means all that it is made from. Raises UsageError for one that means no pin,
    SceneError, OSError.
    """
    path = root / LOCK_FILE
    known = lockfile.read(path).takes
    to_remove: dict[str, None] = {}
    for target in asked:
        names = _named(str(root), target, known)
        if not names:
            raise UsageError(f"no pin is meant by {quote(target)}", "soundgraph pin --list shows them all")
        to_remove.update(dict.fromkeys(names))
    lockfile.update(path, takes=dict.fromkeys(to_remove))
    return [PinChange("removed", known[name]) for name in sorted(to_remove)]


def _named(root: str, target: str, known: Mapping[str, Take]) -> list[str]:
    by_scene: dict[str, list[str]] = {}
    for name in known:
        scene, _, node = name.rpartition(":")
        by_scene.setdefault(scene, []).append(node)
    pinned: list[str] = []
    to_read: list[Wanted] = []
    for wanted in _scenes(root, target, list(by_scene)):
        nodes = by_scene.get(wanted.id, [])
        some = [node for item in wanted.items for node in all_takes(item, nodes)] if wanted.items else nodes
        pinned += [f"{wanted.id}:{node}" for node in some]
        if wanted.items and not some and wanted.path:
            to_read.append(wanted)
    if to_read:
        opened = opening.open_session(Path(root), to_read)
        pinned += sorted(scene_graph.needed(opened.graph, opened.wanted) & known.keys())
    return pinned


def _scenes(root: str, target: str, pinned: Sequence[str]) -> list[Wanted]:
    """The scenes that a target names: those that there are, and those of pins, which may be gone. Raises UsageError."""
    scene, colon, item = target.rpartition(":")
    gone = targets.matching(scene if colon else target, pinned)
    old = {name: Wanted(name, "", (item,) if colon else ()) for name in gone}
    try:
        there = {wanted.id: wanted for wanted in targets.select(root, [target])}
    except UsageError:
        if not old:
            raise
        there = {}
    return list({**old, **there}.values())


def states(opened: Session, *, everything: bool) -> list[PinState]:
    """How the pins of the scenes that are asked for stand. everything: whether all are, so that stray ones are told."""
    known = opened.project.takes
    asked = {scene.id: scene.items for scene in opened.asked}
    there = [name for name in known if name in opened.graph and not asked.get(name.rpartition(":")[0])]
    plan = replace(opened, wanted=tuple(dict.fromkeys([*opened.wanted, *there]))).plan()
    left = opened.left_pins(plan)
    by_name = {name: _state(opened, plan, known[name], left) for name in sorted(known.keys() & plan.decisions.keys())}
    if everything:
        by_name |= {name: PinState("gone", known[name]) for name in strays(opened)}
    return [by_name[name] for name in sorted(by_name)]


def _state(opened: Session, plan: Plan, take: Take, left: Mapping[str, tuple[Difference, ...]]) -> PinState:
    if take.node in left:
        return PinState("left", take, left[take.node])
    if plan.decisions[take.node].key is None:
        return PinState("undecided", take)
    there = opened.store.records.kept(take.key, take.digest) is not None and opened.store.blobs.has(take.digest)
    return PinState("held" if there else "missing", take)
