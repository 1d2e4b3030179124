"""Scenes that were read and checked, and what can be asked of them: a plan, reasons, what would be written.

`opening` makes a session, `building` builds one.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from soundgraph.audio.artifact import Audio
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Store
from soundgraph.core.errors import NodeError, UsageError
from soundgraph.core.path_names import folded
from soundgraph.delivery import engine_manifests, export_files, provenance, run_checks
from soundgraph.delivery.engine_manifests import Handover
from soundgraph.delivery.export_files import Job, Outdated
from soundgraph.planning import explaining, pins, planner, scene_graph
from soundgraph.planning.action import Difference
from soundgraph.planning.pins import Pins
from soundgraph.planning.planner import Plan, Status
from soundgraph.planning.scene_graph import Graph
from soundgraph.project import build_state, open_cache, sidecars
from soundgraph.project.config import Project
from soundgraph.project.delivered import Ledger
from soundgraph.project.targets import Wanted
from soundgraph.scene import loader
from soundgraph.scene.tables.scene import CheckedScene, SceneCheck, node_id


@dataclass(frozen=True)
class Session:
    """Scenes that were read and checked, and what of them is asked for."""

    project: Project
    scenes: list[CheckedScene]
    graph: Graph
    """Of all the scenes."""
    wanted: tuple[str, ...]
    """The ids of the nodes asked for."""
    jobs: list[Job]
    """The exports asked for."""
    complete: Mapping[str, str]
    """The scenes that are asked for as a whole: their ids, and their files relative to the root, "" for a scene that
    was built in code."""
    ledger: Ledger
    """Of what was delivered before."""
    draft: bool = False
    overridden: bool = False
    """Whether -D changed the scenes for this build: then nothing that they deliver otherwise is removed."""
    asked: tuple[Wanted, ...] = ()
    """The targets, scene by scene."""
    left_out: tuple[Job, ...] = ()
    """The exports that were asked for and need not be looked at, as `narrowed` was told. None of their scenes is
    complete."""
    reduced: Mapping[str, str] = field(default_factory=dict)
    """The scenes of those exports, like `complete`."""
    others: list[CheckedScene] = field(default_factory=list)
    """Scenes that were read only for what they deliver."""
    keeps: bool = True
    """Whether results are kept in the cache."""

    def narrowed(self, exports: Collection[str], nodes: Collection[str]) -> Session:
        """The same session without what is known to be as it was.

        exports: the owners of the jobs that stay. nodes: the ids of the nodes that stay beside those that they deliver.
        """
        jobs = [job for job in self.jobs if job.owner in exports]
        stay = {job.node for job in jobs}.union(nodes)
        wanted = tuple(name for name in self.wanted if name in stay)
        left_out = tuple(job for job in self.jobs if job.owner not in exports)
        less = {job.scene.id for job in left_out}
        less.update(scene_graph.scene_of(self.graph, name).id for name in self.wanted if name not in stay)
        return replace(
            self,
            jobs=jobs,
            wanted=wanted,
            complete={name: path for name, path in self.complete.items() if name not in less},
            left_out=left_out,
            reduced={name: path for name, path in self.complete.items() if name in less},
        )

    @property
    def root(self) -> Path:
        return self.project.root

    @cached_property
    def store(self) -> Store:
        return open_cache.open_store(self.project, keeps=self.keeps)

    def note(self, name: str) -> str:
        """Where the store keeps the last action key of a node: names are no identity, and two projects may share it."""
        return f"last {self._real_root} {name} {'draft' if self.draft else 'real'}"

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self.root)

    def plan(self, *, force: bool = False, lost: Iterable[str] = (), targets: Sequence[str] | None = None) -> Plan:
        """targets: ids of nodes, in place of those that are asked for.

        Raises UsageError if a recording went away since the scene was read, StoreError for the cache.
        """
        try:
            plan = planner.plan(
                self.graph,
                self.wanted if targets is None else targets,
                self.store.records.lookup,
                salt=self.project.cache.salt,
                force=force,
                lost=frozenset(lost),
                pins=self.pins,
                kept=self.store.records.kept,
            )
        except OSError as error:
            raise UsageError(f"cannot read {error.filename}: {error.strerror}") from error
        self._look_for_pinned(plan)
        return plan

    @cached_property
    def pins(self) -> Pins:
        """The takes that count as results. A draft is none of them."""
        return Pins() if self.draft else Pins(self.project.takes)

    def _look_for_pinned(self, plan: Plan) -> None:
        """Makes those ABSENT whose sound a build would read, and which is not in the cache.

        Of other hits that is found out when they are read, and then they are made again. These are not, so that it has
        to be known before anything runs. A sound that nothing needs may be missing.
        """
        after: set[str] = set()  # those whose sound is missing, and all that is made from them
        for name, decision in plan.decisions.items():
            record = decision.record
            gone = decision.pin is not None and record is not None and not self.store.blobs.has(record.digest)
            if gone or (after and not after.isdisjoint(self.graph.predecessors(name))):
                after.add(name)
        if not after:
            return
        jobs: dict[str, list[Job]] = {}
        for job in self.jobs:
            jobs.setdefault(job.node, []).append(job)
        run: set[str] = set()  # what reads its inputs: a pinned take, which is not made again, does not

        def is_read(name: str, record: Record) -> bool:
            return not run.isdisjoint(self.graph.successors(name)) or any(
                export_files.outdated(job, record, self.ledger.entries, self.root, self.store.notes)
                for job in jobs.get(name, ())
            )

        for name in reversed([name for name in plan.decisions if name in after]):
            decision, record = plan.decisions[name], plan.decisions[name].record
            if record is not None and (self.store.blobs.has(record.digest) or not is_read(name, record)):
                continue
            if decision.pin is None:
                run.add(name)
            else:
                plan.decisions[name] = replace(decision, status=Status.ABSENT, record=None)

    def to_write(self, plan: Plan) -> list[Outdated]:
        """The files that a build would write although no node they are made from runs."""
        files: list[Outdated] = []
        known = {name: decision.record for name, decision in plan.decisions.items() if decision.record is not None}
        for job in self.jobs:
            if job.node not in known:
                continue
            record = known[job.node]
            files += export_files.outdated(job, record, self.ledger.entries, self.root, self.store.notes)
            if scene_graph.needed(self.graph, [job.node]) <= known.keys():
                ancestry = provenance.ancestry(self.graph, job.node, known)
                files += export_files.outdated_sidecars(
                    job, record, ancestry, self.ledger.entries, self.root, self.store.notes
                )
        for manifest in self.handovers:
            records = {job.node: known[job.node] for job in manifest.jobs if job.node in known}
            if all(job.node in records for job in manifest.jobs):
                drafts = {job.owner for job in manifest.jobs if self.drafts_of(job)}
                files += engine_manifests.outdated(
                    manifest, records, drafts, self.ledger.entries, self.root, self.store.notes
                )
        return files

    def past(self, names: Sequence[str]) -> explaining.Past:
        """What the cache remembers of nodes by name."""
        return explaining.recall(names, self.store.records, self.store.notes, self.note)

    def reasons(self, plan: Plan, names: Sequence[str], past: explaining.Past | None = None) -> list[explaining.Reason]:
        """past: of these names, if it is known already."""
        past = past or self.past(names)
        left = self.left_pins(plan)
        return [self._with_pin(explaining.explain(plan, name, past), plan, left.get(name)) for name in names]

    def _with_pin(self, reason: explaining.Reason, plan: Plan, left: Sequence[Difference] | None) -> explaining.Reason:
        """What there is to say of a node's pin added to its reason. left: what made it leave one."""
        if left is not None:
            note = pins.leaving(() if tuple(left) == reason.changes else left)
        elif reason.status is Status.HIT and plan.decisions[reason.node].pin is not None:
            note = "pinned"
        else:
            return reason
        return replace(reason, note="; ".join(filter(None, (reason.note, note))))

    def left_pins(self, plan: Plan) -> dict[str, tuple[Difference, ...]]:
        """The nodes that leave their pins, and the fields that differ; none where the pinned take's record is gone."""
        left = {}
        for name in plan.pins.takes.keys() & plan.decisions.keys():
            key = plan.decisions[name].key
            if key is not None and (take := plan.pins.left(name, key)) is not None:
                record = self.store.records.kept(take.key, take.digest)
                left[name] = explaining.changes_since(plan, name, record) if record is not None else ()
        return dict(sorted(left.items()))

    @cached_property
    def line_of(self) -> loader.Lines:
        return loader.Lines(self.root)

    def drafts_of(self, job: Job) -> list[str]:
        """The nodes that an export is made from, and that are drafts; sorted by their ids."""
        upstream = [
            scene_graph.node_of(self.graph, name) for name in sorted(scene_graph.needed(self.graph, [job.node]))
        ]
        return [node.name for node in upstream if node.model is not None and node.model.draft]

    def faults(self, plan: Plan, job: Job) -> list[str]:
        """What an export that was delivered, or a sound in it, does not keep of what is demanded of it now."""
        faults = []
        for name in sorted(scene_graph.needed(self.graph, [job.node]) & self.checks.keys()):
            record = plan.decisions[name].record
            if record is None:
                continue

            def read(digest: str = record.digest) -> Audio:
                sound = self.store.blobs.read(digest)
                if sound is None:
                    raise NodeError("its sound is gone from the cache")
                return sound

            try:
                run_checks.run(self.checks[name], record.digest, read, self.store.notes, self.line_of)
            except NodeError as error:
                faults.append(f"{scene_graph.node_of(self.graph, name).name}: {error}")
        return faults + export_files.faults(job, self.store.notes, self.root, self.line_of)

    @cached_property
    def handovers(self) -> list[Handover]:
        """The manifests of which all exports are asked for."""
        jobs = {job.owner: job for job in self.jobs}
        handovers = []
        for scene in self.scenes:
            for manifest in scene.manifests:
                about = [jobs.get(f"{scene.id}:{name}") for name in manifest.exports]
                own = tuple(job for job in about if job is not None)
                if own and len(own) == len(about):
                    handovers.append(Handover(scene, manifest, own, own[0].folder, own[0].source, own[0].draft))
        return handovers

    @cached_property
    def checks(self) -> dict[str, list[SceneCheck]]:
        """What is demanded of nodes, by their ids."""
        checks: dict[str, list[SceneCheck]] = {}
        for scene in self.scenes:
            for check in scene.checks:
                if check.settings.node is not None:
                    for name in check.names:
                        checks.setdefault(node_id(scene.id, name), []).append(check)
        return checks

    def delivers(self) -> list[str]:
        """All files that a build delivers, relative to the root: audio, sidecars and manifests."""
        audio = [path for job in self.jobs for path in job.paths()]
        beside = [f"{path}{sidecars.SUFFIX}" for path in audio]
        return [*audio, *beside, *(path for manifest in self.handovers for path in manifest.paths())]

    def is_gone(self, source: str) -> bool:
        """Whether a scene's file is there no more: not where it cannot be told, as in a folder that cannot be read."""
        if source in self.scene_files:
            return False
        try:
            (self.root / source).stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return False

    @cached_property
    def scene_files(self) -> set[str]:
        """The scene files under graphs/: one look at the folder, rather than one at each file."""
        return {path for _, path in build_state.scan(str(self.root))}

    def readers_elsewhere(self, paths: Sequence[str]) -> dict[str, str]:
        """The files among these that a scene reads which is not part of this build, each with that scene's file.

        Such a scene has a mistake, which is told when it is built. Whatever it may be, what it is made from is not
        removed, nor written over. Of most scenes it is enough to see that they do not hold the file's name.
        """
        if not paths:
            return {}
        names = {folded(path.rpartition("/")[2]).encode(errors="surrogateescape") for path in paths}
        by_path = {folded(os.path.realpath(self.root / path)): path for path in paths}
        own = {scene.path for scene in self.scenes}
        readers: dict[str, str] = {}
        for source in sorted(self.scene_files):
            path = self.root / source
            if path in own or not loader.may_name(path, names):
                continue
            for read in loader.what_is_read(path, self.project):
                if path_read := by_path.get(folded(os.path.realpath(read))):
                    readers.setdefault(path_read, source)
        return readers
