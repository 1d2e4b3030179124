"""What became of each export and manifest from one tree to the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from soundgraph.delivery import engine_manifests, export_files
from soundgraph.delivery.engine_manifests import Handover
from soundgraph.delivery.export_files import Job
from soundgraph.planning import scene_graph
from soundgraph.planning.action import Difference
from soundgraph.project import git_revision
from soundgraph.project.git_revision import Revision
from soundgraph.project.targets import Wanted
from soundgraph.session.diffing import reasons, trees
from soundgraph.session.diffing.reasons import SHOWN, ChangeReason
from soundgraph.session.diffing.recipes import RecipeTree, recipes_of
from soundgraph.session.diffing.trees import Side
from soundgraph.session.session import Session


class ChangeStatus(Enum):
    ADDED = "added"  # there is none in the old tree
    REMOVED = "removed"  # there is none in the new one
    CHANGED = "changed"  # its files may be others; nobody knows that they are not
    SAME_SOUND = "same sound"  # its audio files are the same; what stands beside them, or is demanded of it, is not
    UNKNOWN = "unknown"  # its scene cannot be read in one of the trees


@dataclass(frozen=True)
class ExportChange:
    """An export, or a manifest, that is not as it was."""

    name: str
    """"forest/rain:theme", "forest/rain:manifests.wwise", or a scene's id where nobody knows what it delivers."""
    status: ChangeStatus
    paths: tuple[str, ...] = ()
    """Of its files, in the old tree if it is gone."""
    reasons: tuple[ChangeReason, ...] = ()
    was: str = ""
    """Its name in the old tree, if that was another."""
    why: str = ""
    """Words for what has no reasons."""
    demanded: bool = False
    """Whether it is held back for something else than it was."""
    old: Job | None = field(default=None, repr=False)
    """Of an export that was there."""
    new: Job | None = field(default=None, repr=False)
    """Of an export that is there."""


@dataclass(frozen=True)
class Comparison:
    """What differs between two trees."""

    changes: list[ExportChange]
    """Exports in the order of the new tree, then those that are gone, then manifests."""
    equal: list[str]
    """The names of the exports that are as they were."""
    nodes: frozenset[str]
    """The ids of nodes that are asked for in the new tree, and are not as they were, or not to be judged so."""
    before: RecipeTree = field(repr=False)
    after: RecipeTree = field(repr=False)

    def digests(self, change: ExportChange) -> tuple[str | None, str | None]:
        """Of the sounds that an export delivers in the old and in the new tree, as far as the cache knows them."""
        assert change.old is not None
        assert change.new is not None
        return (
            self.before.plan.decisions[change.old.node].digest,
            self.after.plan.decisions[change.new.node].digest,
        )

    def narrowed(self, session: Session) -> Session:
        """The session over the new tree without what is as it was.

        A manifest names all its exports, so that all of them are looked at where it is to be written.
        """
        listed = {change.name for change in self.changes}
        about = {job.owner for manifest in session.handovers if manifest.owner in listed for job in manifest.jobs}
        return session.narrowed(listed | about, self.nodes)


def since(session: Session, name: str) -> Session:
    """The session without what is as it was at a revision. name: of the revision, as the user typed it.

    Raises UsageError as `git_revision.at` does.
    """
    wanted = [Wanted(scene.id, scene.path, (), scene.named) for scene in session.asked]
    with git_revision.at(session.root, name, [scene.path for scene in wanted]) as revision:
        then = [scene for scene in wanted if (revision.folder / scene.path).is_file()]
        old = trees.past(revision, then, session.project, draft=session.draft)
        return compare(old, Side(session), revision).narrowed(session)


def compare(old: Side, new: Side, revision: Revision) -> Comparison:
    """What differs. old: of the revision. Raises UsageError if a recording went away since it was looked at."""
    before, after = recipes_of(old, new, revision)
    pairs = _pairs(before, after)
    judge = _Judge(before, after, pairs)
    changes: list[ExportChange] = []
    equal: list[str] = []
    for job_then, job_now in pairs:
        change = judge.change(job_then, job_now)
        if change is not None:
            changes.append(change)
        elif job_now is not None:
            equal.append(job_now.owner)
    for name in sorted(old.broken.keys() | new.broken.keys()):
        if not any(change.status is ChangeStatus.UNKNOWN and _scene(change.name) == name for change in changes):
            changes.append(ExportChange(name, ChangeStatus.UNKNOWN, why=_unreadable(name, old, new)))
    judged = {change.name: change for change in changes}
    changes += _handovers(before, after, judged, judge)
    return Comparison(changes, equal, frozenset(_unlike_nodes(before, after)), before, after)


def _scene(name: str) -> str:
    return name.partition(":")[0]


def _unreadable(scene: str, old: Side, new: Side) -> str:
    mistakes = [*new.broken.get(scene, ()), *old.broken.get(scene, ())]
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return str(replace(mistakes[0], hint="")) + more if mistakes else ""


def _pairs(before: RecipeTree, after: RecipeTree) -> list[tuple[Job | None, Job | None]]:
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

    def __init__(self, before: RecipeTree, after: RecipeTree, pairs: Sequence[tuple[Job | None, Job | None]]):
        self.before, self.after = before, after
        # Other pins may give another sound for the same recipe. Where they are the same, nobody need ask the cache.
        self.pins_differ = before.session.project.takes != after.session.project.takes

    def change(self, old: Job | None, new: Job | None) -> ExportChange | None:
        """None for an export that is as it was."""
        if old is None or new is None:
            job = new or old
            assert job is not None
            other = self.before if old is None else self.after
            if _scene(job.owner) in other.side.broken:
                why = _unreadable(_scene(job.owner), self.before.side, self.after.side)
                return ExportChange(job.owner, ChangeStatus.UNKNOWN, tuple(job.paths()), why=why, old=old, new=new)
            return ExportChange(
                job.owner, ChangeStatus.ADDED if new else ChangeStatus.REMOVED, tuple(job.paths()), old=old, new=new
            )
        upstream = self.before.upstream(old), self.after.upstream(new)
        pins = self._pins(*upstream) if self.pins_differ else []
        others = self._keys(self.before, old) != self._keys(self.after, new) or pins
        demands = self.before.demands(old, upstream[0]), self.after.demands(new, upstream[1])
        described = self.before.description(old), self.after.description(new)
        if not others and demands[0] == demands[1] and described[0] == described[1]:
            return None
        status = ChangeStatus.CHANGED if others and not self.same_sound(old, new) else ChangeStatus.SAME_SOUND
        if others and not self.pins_differ and self.after.session.project.takes:
            pins = self._pins(*upstream)  # another recipe leaves its pin
        because = [
            *reasons.of_the_export(old, new),
            *reasons.of_the_project(self.before.session.project, self.after.session.project),
            *reasons.of_the_nodes(self.before, self.after, *upstream),
            *pins,
            *reasons.fields_of("", {"checks": demands[0]}, {"checks": demands[1]}),
        ]
        if not because:
            told = [{key: value for key, value in facts.items() if key != "nodes"} for facts in described]
            because = list(reasons.fields_of("", *told))
        was = old.owner if old.owner != new.owner else ""
        return ExportChange(
            new.owner,
            status,
            tuple(new.paths()),
            tuple(because),
            was,
            demanded=demands[0] != demands[1],
            old=old,
            new=new,
        )

    def _keys(self, tree: RecipeTree, job: Job) -> dict[str, str]:
        return export_files.keys(job, tree.records[job.node])

    def same_sound(self, old: Job, new: Job) -> bool:
        """Whether the cache knows the results of both, and equal files are made of them."""
        record_then, record_now = (
            self.before.plan.decisions[old.node].record,
            self.after.plan.decisions[new.node].record,
        )
        if record_then is None or record_now is None:
            return False
        return export_files.keys(old, record_then) == export_files.keys(new, record_now)

    def _pins(self, old: Mapping[str, str], new: Mapping[str, str]) -> list[ChangeReason]:
        """The generated nodes that have another take in spite of an equal recipe, by what is pinned."""
        pins = []
        for name in new.keys() & old.keys():
            then, now = self.before.plan.decisions[old[name]], self.after.plan.decisions[new[name]]
            if (then.pin is None and now.pin is None) or then.digest == now.digest:
                continue
            left = "left" if new[name] in self.after.session.project.takes else None
            pins.append(ChangeReason(name, Difference("pinned take", _short(then.pin), _short(now.pin) or left)))
        return sorted(pins, key=str)


def _short(pin: Any) -> str | None:
    return pin and str(pin.digest)[:SHOWN]


def _unlike_nodes(before: RecipeTree, after: RecipeTree) -> Iterator[str]:
    """The nodes asked for whose recipe, or what is demanded of them, is not what it was."""

    def demands(side: RecipeTree, name: str) -> list[dict[str, Any]]:
        node, scene = side.node(name), scene_graph.scene_of(side.recipes.graph, name)
        about = [
            check.settings for check in scene.checks if check.settings.node is not None and node.name in check.names
        ]
        return [settings.model_dump(exclude_defaults=True, exclude={"node"}) for settings in about]

    for name in after.session.wanted:
        known, now = before.records.get(name), after.records.get(name)
        if known is None or now is None or known.key != now.key or demands(before, name) != demands(after, name):
            yield name


def _handovers(
    before: RecipeTree, after: RecipeTree, judged: Mapping[str, ExportChange], judge: _Judge
) -> Iterator[ExportChange]:
    olds = {manifest.owner: manifest for manifest in before.session.handovers}
    for new in after.session.handovers:
        old = olds.pop(new.owner, None)
        place = (f"{new.folder}/{new.manifest.path}",)
        if old is None:
            if new.scene.id not in before.side.broken:
                yield ExportChange(new.owner, ChangeStatus.ADDED, place)
            else:
                yield ExportChange(
                    new.owner, ChangeStatus.UNKNOWN, place, why=_unreadable(new.scene.id, before.side, after.side)
                )
        elif status := _manifest_status(old, new, told := _of_jobs(new, judged), judge):
            because = [*reasons.fields_of("", _says(old), _says(new))]
            for name, change in told.items():
                because.append(ChangeReason("", Difference(f"exports.{name}", "as it was", change.status.value)))
            yield ExportChange(new.owner, status, place, tuple(because))
    for old in olds.values():
        status = ChangeStatus.UNKNOWN if old.scene.id in after.side.broken else ChangeStatus.REMOVED
        why = _unreadable(old.scene.id, before.side, after.side)
        yield ExportChange(old.owner, status, (f"{old.folder}/{old.manifest.path}",), why=why)


def _of_jobs(manifest: Handover, judged: Mapping[str, ExportChange]) -> dict[str, ExportChange]:
    """The changes of the exports that a manifest is about, by their names in the scene."""
    changes = {job.export.name: judged[job.owner] for job in manifest.jobs if job.owner in judged}
    return {name: change for name, change in changes.items() if change.status is not ChangeStatus.ADDED}


def _manifest_status(
    old: Handover, new: Handover, told: Mapping[str, ExportChange], judge: _Judge
) -> ChangeStatus | None:
    """None for a manifest that is as it was."""
    keys = engine_manifests.key_of(old, judge.before.records), engine_manifests.key_of(new, judge.after.records)
    others = any(change.status is ChangeStatus.CHANGED for change in told.values())
    if (others or old.folder != new.folder or keys[0] != keys[1]) and not _same_lists(old, new, judge):
        return ChangeStatus.CHANGED
    # Where an export is held back, so is the manifest.
    return ChangeStatus.SAME_SOUND if any(change.demanded for change in told.values()) else None


def _same_lists(old: Handover, new: Handover, judge: _Judge) -> bool:
    """Whether the cache knows the sounds of both, and they and all that is told of them are the same."""
    known = []
    for manifest, tree in ((old, judge.before), (new, judge.after)):
        records = {job.node: tree.plan.decisions[job.node].record for job in manifest.jobs}
        if None in records.values():
            return False
        drafts = [tree.description(job)["draft"] for job in manifest.jobs]
        known.append((manifest.folder, engine_manifests.key_of(manifest, records), drafts))  # type: ignore[arg-type]
    return bool(known[0] == known[1])


def _says(handover: Handover) -> dict[str, Any]:
    manifest = handover.manifest
    about = dict.fromkeys(job.export.base for job in handover.jobs)
    own = manifest.params.model_dump(exclude_defaults=True)
    return {"engine": manifest.engine, "path": f"{handover.folder}/{manifest.path}", "exports": list(about), **own}
