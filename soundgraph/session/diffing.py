"""What differs between two trees of a project: which exports, and why, node by node. Nothing is built.

Every node gets a *recipe*: its manifest, in which each input stands with its own recipe instead of its sound. So it can
be told without a cache, of both trees alike. An export with an equal recipe and equal settings is an equal file;
whatever differs counts as changed, unless the cache knows the sounds of both, and they are one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

from soundgraph.backends import Model
from soundgraph.cache.action_key import action_key
from soundgraph.cache.result_record import Record
from soundgraph.core.errors import Mistake, SceneError, UsageError
from soundgraph.delivery import engine_manifests, export_files, provenance
from soundgraph.delivery.engine_manifests import Handover
from soundgraph.delivery.export_files import Job
from soundgraph.planning import action, planner, scene_graph
from soundgraph.planning.action import Difference
from soundgraph.planning.planner import Plan
from soundgraph.project import git_revision
from soundgraph.project.config import Project, load_project
from soundgraph.project.git_revision import Revision
from soundgraph.project.targets import Wanted
from soundgraph.scene import loader
from soundgraph.scene.tables.scene import Node, Scene
from soundgraph.session import opening
from soundgraph.session.session import Session

_SHOWN = 12
"""Characters of a digest that a person is told."""


class Status(Enum):
    ADDED = "added"  # there is none in the old tree
    REMOVED = "removed"  # there is none in the new one
    CHANGED = "changed"  # its files may be others; nobody knows that they are not
    SAME_SOUND = "same sound"  # its audio files are the same; what stands beside them, or is demanded of it, is not
    UNKNOWN = "unknown"  # its scene cannot be read in one of the trees


@dataclass(frozen=True)
class Reason:
    """node: by its name in its scene; "" for what concerns the export itself."""

    node: str
    change: Difference

    def __str__(self) -> str:
        return f"{self.node}: {self.change}" if self.node else str(self.change)


@dataclass(frozen=True)
class Change:
    """An export, or a manifest, that is not as it was.

    name: "forest/rain:theme", "forest/rain:manifests.wwise", or a scene's id where nobody knows what it delivers.
    was: its name in the old tree, if that was another. paths: of its files, in the old tree if it is gone.
    why: words for what has no reasons. demanded: whether it is held back for something else than it was.
    old, new: of an export that is there.
    """

    name: str
    status: Status
    paths: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    was: str = ""
    why: str = ""
    demanded: bool = False
    old: Job | None = field(default=None, repr=False)
    new: Job | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Side:
    """A tree, as far as it can be read. broken: the mistakes of each scene that cannot, by its id."""

    session: Session
    broken: Mapping[str, tuple[Mistake, ...]] = field(default_factory=dict)

    @property
    def mistakes(self) -> list[Mistake]:
        return sorted({mistake for found in self.broken.values() for mistake in found})


@dataclass(frozen=True)
class Comparison:
    """changes: exports in the order of the new tree, then those that are gone, then manifests.

    equal: the names of the exports that are as they were. nodes: the ids of nodes that are asked for in the new tree,
    and are not as they were, or not to be judged so.
    """

    changes: list[Change]
    equal: list[str]
    nodes: frozenset[str]
    before: _Tree = field(repr=False)
    after: _Tree = field(repr=False)

    def digests(self, change: Change) -> tuple[str | None, str | None]:
        """Of the sounds that an export delivers in the old and in the new tree, as far as the cache knows them."""
        assert change.old is not None
        assert change.new is not None
        return (
            self.before.found.decisions[change.old.node].digest,
            self.after.found.decisions[change.new.node].digest,
        )

    def narrowed(self, opened: Session) -> Session:
        """The session over the new tree without what is as it was.

        A manifest names all its exports, so that all of them are looked at where it is to be written.
        """
        listed = {change.name for change in self.changes}
        about = {job.owner for one in opened.handovers if one.owner in listed for job in one.jobs}
        return opened.narrowed(listed | about, self.nodes)


def since(opened: Session, name: str) -> Session:
    """The session without what is as it was at a revision. name: of the revision, as the user typed it.

    Raises UsageError as `revisions.at` does.
    """
    wanted = [Wanted(one.id, one.path, (), one.named) for one in opened.asked]
    with git_revision.at(opened.root, name, [one.path for one in wanted]) as revision:
        then = [one for one in wanted if (revision.folder / one.path).is_file()]
        old = past(revision, then, opened.project, draft=opened.draft)
        return compare(old, Side(opened), revision).narrowed(opened)


# The two trees


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
        return Side(nothing, {one.id: _marked(error.mistakes, revision) for one in wanted})
    cache = project.cache.model_copy(update={"dir": str(now.cache_dir)})
    found = _side(replace(project, cache=cache, weights_root=now.root), wanted, draft)
    return replace(found, broken={name: _marked(of, revision) for name, of in found.broken.items()})


def _marked(mistakes: Iterable[Mistake], revision: Revision) -> tuple[Mistake, ...]:
    return tuple(replace(one, file=f"{revision.name}:{one.file}" if one.file else revision.name) for one in mistakes)


def _side(project: Project, wanted: Sequence[Wanted], draft: bool) -> Side:
    reader = loader.Loader(project, (), draft)
    broken: dict[str, tuple[Mistake, ...]] = {}
    read: list[tuple[Scene, Wanted]] = []
    for one in wanted:
        try:
            read.append((reader.scene(project.root / one.path), one))
        except SceneError as error:
            broken[one.id] = tuple(error.mistakes)

    def opened(some: Sequence[tuple[Scene, Wanted]]) -> Session:
        return opening.session_of(project, [scene for scene, _ in some], [one for _, one in some], draft=draft)

    try:
        return Side(opened(read), broken)
    except SceneError as error:  # a circle of nodes in a scene, or a file that several deliver
        for scene, one in read:
            try:
                opened([(scene, one)])
            except SceneError as own:
                broken[one.id] = tuple(own.mistakes)
            else:
                if shared := tuple(mistake for mistake in error.mistakes if mistake.file == one.path):
                    broken[one.id] = shared
        if not any(one.id in broken for _, one in read):
            raise
        return Side(opened([(scene, one) for scene, one in read if one.id not in broken]), broken)


# Comparing


def compare(old: Side, new: Side, revision: Revision) -> Comparison:
    """What differs. old: of the revision. Raises UsageError if a recording went away since it was looked at."""
    before, after = _recipes(old, new, revision)
    pairs = _pairs(before, after)
    judge = _Judge(before, after, pairs)
    changes: list[Change] = []
    equal: list[str] = []
    for one, other in pairs:
        change = judge.change(one, other)
        if change is not None:
            changes.append(change)
        elif other is not None:
            equal.append(other.owner)
    for name in sorted(old.broken.keys() | new.broken.keys()):
        if not any(change.status is Status.UNKNOWN and _scene(change.name) == name for change in changes):
            changes.append(Change(name, Status.UNKNOWN, why=_unreadable(name, old, new)))
    judged = {change.name: change for change in changes}
    changes += _handovers(before, after, judged, judge)
    return Comparison(changes, equal, frozenset(_unlike_nodes(before, after)), before, after)


def _scene(name: str) -> str:
    return name.partition(":")[0]


def _unreadable(scene: str, old: Side, new: Side) -> str:
    mistakes = [*new.broken.get(scene, ()), *old.broken.get(scene, ())]
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return str(replace(mistakes[0], hint="")) + more if mistakes else ""


class _Tree:
    """A side with the recipes of its nodes. recipes: a plan in which every node is a hit, with its key for a digest."""

    def __init__(self, side: Side, recipes: Plan):
        self.side, self.session, self.recipes = side, side.session, recipes
        self.records = {
            name: replace(one.record, manifest=one.manifest)
            for name, one in recipes.decisions.items()
            if one.record is not None and one.manifest is not None
        }

    def node(self, name: str) -> Node:
        return scene_graph.node_of(self.recipes.graph, name)

    def upstream(self, job: Job) -> dict[str, str]:
        """The ids of the nodes that an export is made from, by their names; each after those it needs."""
        needed = scene_graph.needed(self.recipes.graph, [job.node])
        layers = scene_graph.in_order(self.recipes.graph, needed)
        return {self.node(name).name: name for layer in layers for name in layer}

    def description(self, job: Job) -> dict[str, Any]:
        """What is written beside its files, but for what follows from the files and their settings."""
        told = {"scene": job.scene.id, "export": job.export.base, "take": job.export.take}
        ancestry = provenance.ancestry(self.recipes.graph, job.node, self.records)
        return {**told, "node": job.export.settings.node, **ancestry}

    def demands(self, job: Job, upstream: Mapping[str, str]) -> list[dict[str, Any]]:
        """What an export is held back for: of its files, and of what it is made from."""
        return [
            check.settings.model_dump(exclude_defaults=True)
            for check in job.scene.checks
            if (
                job.export.name in check.names
                if check.settings.export is not None
                else set(check.names) & set(upstream)
            )
        ]

    @cached_property
    def found(self) -> Plan:
        """The plan of all that is asked for."""
        return self.session.plan()


def _recipes(old: Side, new: Side, revision: Revision) -> tuple[_Tree, _Tree]:
    models = [(side, model) for side in (old, new) for model in _models(side.session)]
    # What only one of the two trees can identify would seem to have changed.
    unknown = {model.id for _, model in models if not model.identity}
    weights = [model for side, model in models if side is old and not model.draft]
    others = revision.altered([path for model in weights for path in model.read])
    altered = {model.id for model in weights if others & set(model.read)}

    def identity_then(model: Model) -> str:
        known = identity(model)
        return f"{known} as at {revision.sha}" if model.id in altered else known

    def identity(model: Model) -> str:
        return f"{model.id}@{model.revision}" if model.id in unknown else model.identity

    return _Tree(old, _plan(old.session, identity_then)), _Tree(new, _plan(new.session, identity))


def _models(opened: Session) -> list[Model]:
    return list(
        {model.id: model for scene in opened.scenes for node in scene.nodes.values() if (model := node.model)}.values()
    )


def _plan(opened: Session, identity: Callable[[Model], str]) -> Plan:
    """The plan over a cache that holds a result for every action: one whose digest is the action's key."""

    def lookup(keys: Sequence[str]) -> Mapping[str, Record]:
        return {key: Record(key, key, 0, 0, 0, {}) for key in keys}

    def node_of(node: Node) -> Node:
        return node if node.model is None else replace(node, model=replace(node.model, identity=identity(node.model)))

    graph = scene_graph.build_graph(
        replace(scene, nodes={name: node_of(node) for name, node in scene.nodes.items()}) for scene in opened.scenes
    )
    try:
        return planner.plan(graph, opened.wanted, lookup, salt=opened.project.cache.salt)
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from error


def _pairs(before: _Tree, after: _Tree) -> list[tuple[Job | None, Job | None]]:
    """Each export with what it was: of the same name, else delivered to the same place."""
    olds = {job.owner: job for job in before.session.jobs}
    pairs: list[tuple[Job | None, Job | None]] = [(olds.pop(job.owner, None), job) for job in after.session.jobs]
    places = {path: owner for owner, job in olds.items() for path in job.paths()}
    for index, (old, new) in enumerate(pairs):
        if old is None and new is not None and _scene(new.owner) not in before.side.broken:
            owner = next((places[path] for path in new.paths() if path in places), "")
            if owner in olds and _scene(owner) not in after.side.broken:
                pairs[index] = olds.pop(owner), new
    return [*pairs, *((job, None) for job in olds.values())]


class _Judge:
    """Says what became of an export."""

    def __init__(self, before: _Tree, after: _Tree, pairs: Sequence[tuple[Job | None, Job | None]]):
        self.before, self.after = before, after
        # Other pins may give another sound for the same recipe. Where they are the same, nobody need ask the cache.
        self.pins_differ = before.session.project.takes != after.session.project.takes

    def change(self, old: Job | None, new: Job | None) -> Change | None:
        """None for an export that is as it was."""
        if old is None or new is None:
            job = new or old
            assert job is not None
            other = self.before if old is None else self.after
            if _scene(job.owner) in other.side.broken:
                why = _unreadable(_scene(job.owner), self.before.side, self.after.side)
                return Change(job.owner, Status.UNKNOWN, tuple(job.paths()), why=why, old=old, new=new)
            return Change(job.owner, Status.ADDED if new else Status.REMOVED, tuple(job.paths()), old=old, new=new)
        upstream = self.before.upstream(old), self.after.upstream(new)
        pins = self._pins(*upstream) if self.pins_differ else []
        others = self._keys(self.before, old) != self._keys(self.after, new) or pins
        demands = self.before.demands(old, upstream[0]), self.after.demands(new, upstream[1])
        described = self.before.description(old), self.after.description(new)
        if not others and demands[0] == demands[1] and described[0] == described[1]:
            return None
        status = Status.CHANGED if others and not self.same_sound(old, new) else Status.SAME_SOUND
        if others and not self.pins_differ and self.after.session.project.takes:
            pins = self._pins(*upstream)  # another recipe leaves its pin
        reasons = [
            *_of_the_export(old, new),
            *_of_the_project(self.before.session.project, self.after.session.project),
            *_of_the_nodes(self.before, self.after, *upstream),
            *pins,
            *_flat("", {"checks": demands[0]}, {"checks": demands[1]}),
        ]
        if not reasons:
            told = [{key: value for key, value in facts.items() if key != "nodes"} for facts in described]
            reasons = list(_flat("", *told))
        was = old.owner if old.owner != new.owner else ""
        return Change(
            new.owner,
            status,
            tuple(new.paths()),
            tuple(reasons),
            was,
            demanded=demands[0] != demands[1],
            old=old,
            new=new,
        )

    def _keys(self, side: _Tree, job: Job) -> dict[str, str]:
        return export_files.keys(job, side.records[job.node])

    def same_sound(self, old: Job, new: Job) -> bool:
        """Whether the cache knows the results of both, and equal files are made of them."""
        found = self.before.found.decisions[old.node].record, self.after.found.decisions[new.node].record
        return None not in found and export_files.keys(old, found[0]) == export_files.keys(new, found[1])  # type: ignore[arg-type]

    def _pins(self, old: Mapping[str, str], new: Mapping[str, str]) -> list[Reason]:
        """The generated nodes that have another take in spite of an equal recipe, by what is pinned."""
        found = []
        for name in new.keys() & old.keys():
            one, other = self.before.found.decisions[old[name]], self.after.found.decisions[new[name]]
            if (one.pin is None and other.pin is None) or one.digest == other.digest:
                continue
            left = "left" if new[name] in self.after.session.project.takes else None
            found.append(Reason(name, Difference("pinned take", _short(one.pin), _short(other.pin) or left)))
        return sorted(found, key=str)


def _short(pin: Any) -> str | None:
    return pin and str(pin.digest)[:_SHOWN]


def _unlike_nodes(before: _Tree, after: _Tree) -> Iterator[str]:
    """The nodes asked for whose recipe, or what is demanded of them, is not what it was."""

    def demands(side: _Tree, name: str) -> list[dict[str, Any]]:
        node, scene = side.node(name), scene_graph.scene_of(side.recipes.graph, name)
        about = [
            check.settings for check in scene.checks if check.settings.node is not None and node.name in check.names
        ]
        return [settings.model_dump(exclude_defaults=True, exclude={"node"}) for settings in about]

    for name in after.session.wanted:
        known, now = before.records.get(name), after.records.get(name)
        if known is None or now is None or known.key != now.key or demands(before, name) != demands(after, name):
            yield name


# Manifests


def _handovers(before: _Tree, after: _Tree, judged: Mapping[str, Change], judge: _Judge) -> Iterator[Change]:
    olds = {one.owner: one for one in before.session.handovers}
    for new in after.session.handovers:
        old = olds.pop(new.owner, None)
        place = (f"{new.folder}/{new.manifest.path}",)
        if old is None:
            if new.scene.id not in before.side.broken:
                yield Change(new.owner, Status.ADDED, place)
            else:
                yield Change(new.owner, Status.UNKNOWN, place, why=_unreadable(new.scene.id, before.side, after.side))
        elif status := _manifest_status(old, new, told := _of_jobs(new, judged), judge):
            reasons = [*_flat("", _says(old), _says(new))]
            for name, change in told.items():
                reasons.append(Reason("", Difference(f"exports.{name}", "as it was", change.status.value)))
            yield Change(new.owner, status, place, tuple(reasons))
    for old in olds.values():
        status = Status.UNKNOWN if old.scene.id in after.side.broken else Status.REMOVED
        why = _unreadable(old.scene.id, before.side, after.side)
        yield Change(old.owner, status, (f"{old.folder}/{old.manifest.path}",), why=why)


def _of_jobs(one: Handover, judged: Mapping[str, Change]) -> dict[str, Change]:
    """The changes of the exports that a manifest is about, by their names in the scene."""
    found = {job.export.name: judged[job.owner] for job in one.jobs if job.owner in judged}
    return {name: change for name, change in found.items() if change.status is not Status.ADDED}


def _manifest_status(old: Handover, new: Handover, told: Mapping[str, Change], judge: _Judge) -> Status | None:
    """None for a manifest that is as it was."""
    keys = engine_manifests.key_of(old, judge.before.records), engine_manifests.key_of(new, judge.after.records)
    others = any(change.status is Status.CHANGED for change in told.values())
    if (others or old.folder != new.folder or keys[0] != keys[1]) and not _same_lists(old, new, judge):
        return Status.CHANGED
    # Where an export is held back, so is the manifest.
    return Status.SAME_SOUND if any(change.demanded for change in told.values()) else None


def _same_lists(old: Handover, new: Handover, judge: _Judge) -> bool:
    """Whether the cache knows the sounds of both, and they and all that is told of them are the same."""
    found = []
    for one, side in ((old, judge.before), (new, judge.after)):
        records = {job.node: side.found.decisions[job.node].record for job in one.jobs}
        if None in records.values():
            return False
        drafts = [side.description(job)["draft"] for job in one.jobs]
        found.append((one.folder, engine_manifests.key_of(one, records), drafts))  # type: ignore[arg-type]
    return bool(found[0] == found[1])


def _says(one: Handover) -> dict[str, Any]:
    manifest = one.manifest
    about = dict.fromkeys(job.export.base for job in one.jobs)
    own = manifest.params.model_dump(exclude_defaults=True)
    return {"engine": manifest.engine, "path": f"{one.folder}/{manifest.path}", "exports": list(about), **own}


# Why


def _flat(node: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    """The fields in which two tables differ; None stands for nothing."""
    one, other = ({key: value for key, value in table.items() if value is not None} for table in (old, new))
    for change in action.differences({"params": one}, {"params": other}):
        yield Reason(node, change)


def _of_the_export(old: Job, new: Job) -> Iterator[Reason]:
    dumps = [job.export.settings.model_dump(exclude={"node", "path", "format", "preset"}) for job in (old, new)]
    yield from _flat("", *dumps)
    about = [
        {"path": f"{job.folder}/{job.export.path}", "format": list(job.export.settings.formats)} for job in (old, new)
    ]
    yield from _flat("", *about)
    rates = [{"scene.sample_rate": job.scene.settings.sample_rate} for job in (old, new)]
    yield from _flat("", *rates)


def _of_the_project(old: Project, new: Project) -> Iterator[Reason]:
    yield from _flat("", {"salt": old.cache.salt or None}, {"salt": new.cache.salt or None})


def _of_the_nodes(before: _Tree, after: _Tree, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Reason]:
    """old, new: the nodes that an export is made from: ids by names."""
    was = _partners(before, after, old, new)  # from new names to old ones
    now = {name: other for other, name in was.items()}
    for name in new:
        if name not in was:
            yield Reason(name, Difference("node", None, after.node(new[name]).kind_name))
            continue
        yield from (Reason(name, change) for change in _fields(before, after, old[was[name]], new[name], now))
        if was[name] != name:
            yield Reason(name, Difference("name", f'"{was[name]}"', f'"{name}"'))
    for name in old:
        if name not in now:
            yield Reason(name, Difference("node", before.node(old[name]).kind_name, None))


def _partners(before: _Tree, after: _Tree, old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """What each of the new nodes was called: the same, else one that is gone and has its recipe, else its fields."""
    found = {name: name for name in new if name in old}
    for trait in (
        lambda side, name: side.records[name].key,
        lambda side, name: action_key(_own(side.records[name])),
    ):
        gone: dict[str, list[str]] = {}
        taken = set(found.values())
        for name in old:
            if name not in taken:
                gone.setdefault(trait(before, old[name]), []).append(name)
        for name in new:
            if name not in found and (candidates := gone.get(trait(after, new[name]))):
                found[name] = candidates.pop(0)
    return found


def _own(record: Record) -> dict[str, Any]:
    """What a manifest says beside what goes in."""
    return {key: value for key, value in record.manifest.items() if key not in ("inputs", "salt")}


def _fields(before: _Tree, after: _Tree, old: str, new: str, now: Mapping[str, str]) -> Iterator[Difference]:
    """In what a node differs. old, new: its ids. now: from the old names of nodes to the new ones."""
    node, was = after.node(new), before.node(old)
    for change in action.differences(_own(before.records[old]), _own(after.records[new])):
        group, _, name = change.field.partition(".")
        if group == "files":
            yield _file_change(name, was, node, before.session.root, after.session.root)
        elif group != "model":
            yield change
        elif change.field == "model.identity" and was.model is not None and node.model is not None:
            if was.model.id != node.model.id:
                yield Difference("model", f'"{was.model.id}"', f'"{node.model.id}"')
            else:
                yield Difference("weights", was.model.identity[:_SHOWN], _weights(was.model, node.model))
        elif change.field == "model.version":
            yield change
    roles = [
        {
            role: scene_graph.node_of(side.recipes.graph, other).name
            for role, other in scene_graph.inputs_of(side.recipes.graph, name)
        }
        for side, name in ((before, old), (after, new))
    ]
    for role in dict.fromkeys([*roles[1], *roles[0]]):
        one, other = roles[0].get(role), roles[1].get(role)
        if one is None or other is None or now.get(one) != other:
            yield Difference(role, one and f'"{one}"', other and f'"{other}"')


def _weights(old: Model, new: Model) -> str:
    short = new.identity[:_SHOWN]
    return short if short != old.identity[:_SHOWN] else "other ones"


def _file_change(name: str, old: Node, new: Node, before: Path, after: Path) -> Difference:
    """Of a recording with other content, called by its path from the project's root."""
    one, other = (
        os.path.relpath(getattr(node.params, name), root).replace(os.sep, "/")
        for node, root in ((old, before), (new, after))
    )
    return Difference(name, f'"{one}"', f'"{other}"' if one != other else f'"{other}" with other content')
