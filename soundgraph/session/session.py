"""From what was asked for to its result: project, scenes, graph, plan, build, and the state that is kept of it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Model
from soundgraph.cache import registered_projects, size
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import DiskStore
from soundgraph.cache.unkept import Unkept
from soundgraph.core import toml_document
from soundgraph.core.errors import (
    Mistake,
    NodeError,
    SceneError,
    StoreError,
    UnwritableError,
    UsageError,
    did_you_mean,
    quote,
)
from soundgraph.core.events import ExportDone, Listener, Remark, UntilBroken
from soundgraph.core.files import STATE_FOLDER
from soundgraph.core.interrupts import Wish
from soundgraph.core.path_names import folded
from soundgraph.core.path_names import real as real_path
from soundgraph.core.tracing import Tally
from soundgraph.core.units import size_words
from soundgraph.delivery import engine_manifests, export_files, licences, ownership, provenance, run_checks
from soundgraph.delivery.engine_manifests import Handover
from soundgraph.delivery.export_files import Job, Outdated
from soundgraph.delivery.ownership import is_same_file
from soundgraph.execution import builder
from soundgraph.execution.builder import Options, Outcome, Site
from soundgraph.execution.loaded_models import Residents
from soundgraph.planning import explaining, pins, planner, scene_graph
from soundgraph.planning.action import Difference
from soundgraph.planning.pins import Pins
from soundgraph.planning.planner import Plan, Status
from soundgraph.planning.scene_graph import Graph
from soundgraph.project import build_state, git_commit, lockfile, sidecars, targets
from soundgraph.project.config import Project, load_project
from soundgraph.project.delivered import Entry, Ledger, lies_below
from soundgraph.project.root import GRAPHS
from soundgraph.project.targets import Wanted
from soundgraph.scene import loader
from soundgraph.scene.reading import variations
from soundgraph.scene.tables.scene import DRAFT_FOLDER, Node, Origin, Scene, SceneCheck, node_id
from soundgraph.session import history

_TOLD = 10
"""How many damaged things of the cache are named; of the others it is said how many they are."""


class Idle(NamedTuple):
    """How much of what is asked for was found to be current without looking at it."""

    scenes: int = 0
    nodes: int = 0
    files: int = 0


@dataclass(frozen=True)
class Session:
    """Scenes that were read and checked, and what of them is asked for.

    graph: of all the scenes. wanted: the ids of the nodes asked for. jobs: the exports asked for.
    complete: the scenes that are asked for as a whole: their ids, and their files relative to the root ("" for a scene
    that was built in code). ledger: of what was delivered before. overridden: whether -D changed
    the scenes for this build: then nothing that they deliver otherwise is removed. asked: the targets, scene by scene.
    left_out: the exports that were asked for and need not be looked at, as `narrowed` was told; none of the scenes that
    they are of is complete. reduced: those scenes, like `complete`. others: scenes that were read only for what they
    deliver. keeps: whether results are kept in the cache.
    """

    project: Project
    scenes: list[Scene]
    graph: Graph
    wanted: tuple[str, ...]
    jobs: list[Job]
    complete: Mapping[str, str]
    ledger: Ledger
    draft: bool = False
    overridden: bool = False
    asked: tuple[Wanted, ...] = ()
    left_out: tuple[Job, ...] = ()
    reduced: Mapping[str, str] = field(default_factory=dict)
    others: list[Scene] = field(default_factory=list)
    keeps: bool = True

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
    def store(self) -> DiskStore:
        return (DiskStore if self.keeps else Unkept)(self.project.cache_dir)

    def note(self, name: str) -> str:
        """Where the store keeps the last action key of a node: names are no identity, and two projects may share it."""
        return f"last {self._real_root} {name} {'draft' if self.draft else 'real'}"

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self.root)

    def plan(self, *, force: bool = False, lost: Iterable[str] = ()) -> Plan:
        """Raises UsageError if a recording went away since the scene was read, StoreError for the cache."""
        try:
            plan = planner.plan(
                self.graph,
                self.wanted,
                self.store.records,
                salt=self.project.cache.salt,
                force=force,
                lost=frozenset(lost),
                pins=self.pins,
                kept=self.store.kept,
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
            gone = decision.pin is not None and record is not None and not self.store.has(record.digest)
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
                export_files.outdated(job, record, self.ledger.entries, self.root, self.store)
                for job in jobs.get(name, ())
            )

        for name in reversed([name for name in plan.decisions if name in after]):
            decision, record = plan.decisions[name], plan.decisions[name].record
            if record is not None and (self.store.has(record.digest) or not is_read(name, record)):
                continue
            if decision.pin is None:
                run.add(name)
            else:
                plan.decisions[name] = replace(decision, status=Status.ABSENT, record=None)

    def to_write(self, plan: Plan) -> list[Outdated]:
        """The files that a build would write although no node they are made from runs."""
        found = []
        known = {name: decision.record for name, decision in plan.decisions.items() if decision.record is not None}
        for job in self.jobs:
            if job.node not in known:
                continue
            record = known[job.node]
            found += export_files.outdated(job, record, self.ledger.entries, self.root, self.store)
            if scene_graph.needed(self.graph, [job.node]) <= known.keys():
                ancestry = provenance.ancestry(self.graph, job.node, known)
                found += export_files.outdated_sidecars(
                    job, record, ancestry, self.ledger.entries, self.root, self.store
                )
        for one in self.handovers:
            records = {job.node: known[job.node] for job in one.jobs if job.node in known}
            if all(job.node in records for job in one.jobs):
                drafts = {job.owner for job in one.jobs if self._drafts_of(job)}
                found += engine_manifests.outdated(one, records, drafts, self.ledger.entries, self.root, self.store)
        return found

    def past(self, names: Sequence[str]) -> explaining.Past:
        """What the cache remembers of nodes by name."""
        return explaining.recall(names, self.store, self.note)

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
        found = {}
        for name in plan.pins.takes.keys() & plan.decisions.keys():
            key = plan.decisions[name].key
            if key is not None and (take := plan.pins.left(name, key)) is not None:
                record = self.store.kept(take.key, take.digest)
                found[name] = explaining.changes_since(plan, name, record) if record is not None else ()
        return dict(sorted(found.items()))

    @cached_property
    def line_of(self) -> loader.Lines:
        return loader.Lines(self.root)

    def mistakes_of_models(self, plan: Plan) -> list[Mistake]:
        """What keeps nodes that have to run from running here: models that cannot be had, told once for each file."""
        wanting: dict[tuple[str, str], list[Node]] = {}
        for name in plan.to_run():
            node = scene_graph.node_of(plan.graph, name)
            if node.model is not None and (missing := backends.get(node.model.backend).missing(node.model)):
                wanting.setdefault((node.origin.file, missing), []).append(node)
        found = []
        for (file, missing), nodes in wanting.items():
            first = nodes[0]
            keys = (*first.origin.keys, "model")
            line = self.line_of(Origin(file, keys))
            more = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
            hint = "build --draft renders stand-ins; see docs/draft.md"
            found.append(Mistake(file, line, f"nodes.{first.name}{more}", missing, hint, keys))
        return found

    def mistakes_of_pins(self, plan: Plan) -> list[Mistake]:
        """The nodes whose pinned takes are not in the cache."""
        found = []
        for name in plan.absent():
            node, take = scene_graph.node_of(plan.graph, name), plan.decisions[name].pin
            assert take is not None
            line, absence = self.line_of(node.origin), self.pins.absence(take)
            found.append(Mistake(node.origin.file, line, f"nodes.{node.name}", *absence, keys=node.origin.keys))
        return found

    def mistakes_of_policy(self) -> list[Mistake]:
        """The nodes asked for whose model may not be used under the project's policy."""
        return licences.mistakes(self.graph, self.wanted, self.jobs, self.project.policy, self.line_of)

    def _upstream(self, job: Job) -> list[Node]:
        """The nodes that an export is made from, sorted by name."""
        return [scene_graph.node_of(self.graph, name) for name in sorted(scene_graph.needed(self.graph, [job.node]))]

    def _drafts_of(self, job: Job) -> list[str]:
        """The nodes that an export is made from, and that are drafts."""
        return [node.name for node in self._upstream(job) if node.model is not None and node.model.draft]

    def mistakes_of_ownership(self, overwrite: bool = False) -> list[Mistake]:
        """What stands where a file would be delivered, and was not delivered by soundgraph.

        overwrite: whether it may be written over; then those are left that nothing can be written over, and what other
        scenes are made from: a scene that reads it has a mistake, and is not part of this build.
        """
        found = []
        foreign = ownership.foreign(self.jobs, self.handovers, self.ledger, self.root)
        readers = self._readers([one.path for one in foreign]) if overwrite else {}
        for one in foreign:
            if overwrite and not one.in_the_way and one.path not in readers:
                continue
            if one.path in readers:
                what = f"{quote(one.path)} is there, soundgraph did not deliver it, and {readers[one.path]} reads it"
                hint = "deliver to another path, or keep what scenes read in another folder"
            elif one.in_the_way:
                is_folder = (self.root / one.path).is_dir()
                needed, there = ("file", "folder") if is_folder else ("folder", "file")
                what = f"a {needed} is needed where the {there} {quote(one.path)} is"
                hint = f"move the {there} away, or deliver to another path"
            else:
                what = f"{quote(one.path)} is there, and soundgraph did not deliver it"
                hint = "move it away, deliver to another path, or let it be written over: build --overwrite"
            found.append(Mistake(one.origin.file, self.line_of(one.origin), one.by, what, hint, one.origin.keys))
        return found

    def check_ownership(self, overwrite: bool) -> None:
        """Raises SceneError for files that are not soundgraph's, and would be written over."""
        if found := self.mistakes_of_ownership(overwrite):
            raise SceneError(found)

    def mistakes_of_release(self) -> list[Mistake]:
        """The exports that a release must not deliver: those with a draft upstream. The takes of one are told once."""
        by_export: dict[tuple[str, Origin], list[tuple[Job, list[str]]]] = {}
        for job in self.jobs:
            if drafts := self._drafts_of(job):
                by_export.setdefault((job.scene.id, job.export.origin), []).append((job, drafts))
        found = []
        for (_, origin), of_takes in by_export.items():
            more = f" and {len(of_takes) - 1} more" if len(of_takes) > 1 else ""
            # A take is called like its node: "step#2" is of the node "step".
            nodes = dict.fromkeys(name.partition("#")[0] for _, drafts in of_takes for name in drafts)
            what = f"rests on a draft ({', '.join(nodes)}), which a release must not deliver"
            hint = "give those nodes a real model, or build without --release"
            place = f"exports.{of_takes[0][0].export.name}{more}"
            found.append(Mistake(origin.file, self.line_of(origin), place, what, hint, origin.keys))
        return found

    def build(
        self,
        options: Options,
        listener: Listener,
        idle: Idle | None = None,
        *,
        residents: Residents | None = None,
        trace: Tally | None = None,
    ) -> Outcome:
        """Runs and delivers. Raises SceneError, before anything runs, for models that cannot be had or are not allowed.

        idle: what else is asked for and known to be current; for the summary. residents: models that stay loaded when
        this is over. trace: is told what takes how long, and was made when the build began.
        """
        self.check_folders()
        self.check_ownership(options.overwrite)
        wish = Wish()
        told = UntilBroken(listener, wish.make)
        try:
            with contextlib.ExitStack() as leases:
                outcome = self._build(options, told, idle or Idle(), residents, trace or Tally(), leases, wish)
        finally:
            wish.give_back()
        if told.error is not None:
            raise told.error
        return outcome

    def _build(
        self,
        options: Options,
        listener: UntilBroken,
        idle: Idle,
        residents: Residents | None,
        trace: Tally,
        leases: contextlib.ExitStack,
        wish: Wish,
    ) -> Outcome:
        """leases: will hold what keeps a collection from taking from the cache what this build uses.

        wish: is taken once there is a plan, and until the state is kept: what was made, and delivered, is remembered.
        """
        leases.enter_context(self.store.running())
        was_there = self.store.is_there
        told: set[str] = set()

        def plan_again(lost: frozenset[str], force: bool) -> Plan:
            with trace.span("plan", "plan"), self.store.gate():
                plan = self.plan(force=force, lost=lost)
                self._tell_of_damage(listener)
                # What may not be used need not be had.
                mistakes = self.mistakes_of_policy() or self.mistakes_of_pins(plan) or self.mistakes_of_models(plan)
                if mistakes:
                    raise SceneError(mistakes)
                self.store.use([one.record.key for one in plan.decisions.values() if one.record is not None])
            self._tell_of_pins(plan, listener, told, force)
            self.ledger.claim(ownership.claims(self.jobs, self.handovers))
            if plan.to_run():
                try:
                    self.store.prepare()
                except UnwritableError as error:
                    way_out = "build --keep-nothing delivers the files, and keeps no results"
                    raise UnwritableError(f"{error}; {way_out}") from error
                if not was_there:
                    leases.enter_context(self.store.running())
            self._register()
            wish.take()
            return plan

        own = (self.project.output_dir, self.project.cache_dir, self.root / STATE_FOLDER)
        ask = git_commit.asker(self.root, own, overridden=self.overridden)
        known, checks = self.ledger.entries, self._checks
        site = Site(
            *(self.root, self.project.sources, self.store, known, self.note, ask, checks, self.line_of),
            *(residents, trace, wish),
        )
        try:
            outcome = builder.build(plan_again, self.jobs, options, site, listener)
            self._tell_of_pins(_as_built(outcome), listener, told)
            with trace.span("handover", "manifests"):
                self._hand_over(outcome, listener)
            try:
                with trace.span("state", "ledger"):
                    self._keep_ledger(outcome, listener)  # first: a cache that is full must not lose it
                with trace.span("state", "notes"):
                    self._remember(outcome)
                self._keep_reach(outcome)
                self._weigh(listener)
            except (StoreError, OSError) as error:  # the files and results are there; only what is known of them is not
                listener(Remark("state", f"cannot be kept: {self._why_unkept(error)}"))
        finally:
            self._tell_of_damage(listener)
            self.store.close()
        if done := history.of_build(outcome, options, trace, draft=self.draft, current=idle.nodes):
            with contextlib.suppress(OSError):  # a tree that cannot be written to has no history
                history.add(self.root, done)
        summary = outcome.summary()
        whole = {"hits": summary.hits + idle.nodes, "exports": summary.exports + idle.files}
        listener(dataclasses.replace(summary, scenes=len(self.scenes) + idle.scenes, **whole))
        outcome.interrupted = outcome.interrupted or wish.is_made  # after the last node
        return outcome

    def _why_unkept(self, error: Exception) -> str:
        """In one line, with the way out where one is known."""
        if not isinstance(error, OSError):
            return str(error)
        folder = self.root / STATE_FOLDER
        if folder.exists() and not folder.is_dir():
            return f"{STATE_FOLDER} is a file, and has to be a folder: remove it"
        place = toml_document.display(Path(error.filename), self.root) if isinstance(error.filename, str) else ""
        return f"{place}: {error.strerror}" if place else str(error.strerror or error)

    def _register(self) -> None:
        """Puts the project on the cache's list of those that build into it."""
        if self.keeps and self.store.is_there:
            with contextlib.suppress(OSError):  # one to read from only is not collected either
                registered_projects.remember(self.store.places, self.root, self._identity)

    @cached_property
    def _identity(self) -> str:
        return registered_projects.made_identity(self.root, self.project.project.id)

    def _keep_reach(self, outcome: Outcome) -> None:
        """Writes into the cache what these scenes reach in it, for when the project is not there to be asked."""
        if self.overridden or not self.keeps or not self.store.is_there:
            return
        sources = {scene.id: asked.path for scene, asked in zip(self.scenes, self.asked, strict=True) if asked.path}
        found: dict[str, set[str]] = {}
        whole = {source for source in self.complete.values() if source}
        for name in outcome.plan.decisions:
            source = sources.get(scene_graph.scene_of(self.graph, name).id)
            if source is None:
                continue
            keys = found.setdefault(source, set())
            if (record := outcome.records.get(name)) is not None:
                keys.add(record.key)
            else:
                whole.discard(source)
        with contextlib.suppress(OSError), self.store.leases.listing():
            self._register()  # again: the cache may have been removed, and made anew, meanwhile
            registered_projects.keep_reach(
                self.store.places, self.root, self._identity, self.draft, found, whole, self.is_gone
            )

    def _tell_of_damage(self, listener: Listener) -> None:
        found = self.store.damage()
        for line in found[:_TOLD]:
            listener(Remark("cache", line))
        if (more := len(found) - _TOLD) > 0:
            listener(Remark("cache", f"and {more:,} more; soundgraph cache verify finds all damage"))

    def _weigh(self, listener: Listener) -> None:
        limit = self.project.max_cache_bytes
        if self.keeps and limit is not None and (n_bytes := size.after_build(self.store, limit)) is not None:
            what = f"holds {size_words(n_bytes)}, more than its max_size of {size_words(limit)}"
            listener(Remark("cache", f"{what}; soundgraph cache gc makes room"))

    def _tell_of_pins(self, plan: Plan, listener: Listener, told: set[str], force: bool = False) -> None:
        """Remarks on the nodes that leave their pins, once on each, and on those that --force leaves alone."""
        for name, changes in self.left_pins(plan).items():
            if name not in told:
                told.add(name)
                listener(Remark(name, pins.leaving(changes)))
        if force and (held := [name for name, decision in plan.decisions.items() if decision.pin is not None]):
            takes = "1 pinned take is" if len(held) == 1 else f"{len(held):,} pinned takes are"
            what = f"{takes} not made again; soundgraph pin --remove TARGET gives up what it pins"
            listener(Remark(lockfile.LOCK_FILE, what))

    def faults(self, plan: Plan, job: Job) -> list[str]:
        """What an export that was delivered, or a sound in it, does not keep of what is demanded of it now."""
        found = []
        for name in sorted(scene_graph.needed(self.graph, [job.node]) & self._checks.keys()):
            record = plan.decisions[name].record
            if record is None:
                continue

            def read(digest: str = record.digest) -> Audio:
                sound = self.store.read(digest)
                if sound is None:
                    raise NodeError("its sound is gone from the cache")
                return sound

            try:
                run_checks.run(self._checks[name], record.digest, read, self.store, self.line_of)
            except NodeError as error:
                found.append(f"{scene_graph.node_of(self.graph, name).name}: {error}")
        return found + export_files.faults(job, self.store, self.root, self.line_of)

    def _hand_over(self, outcome: Outcome, listener: Listener) -> None:
        """Delivers the manifests whose files are all there."""
        for one in self.handovers:
            if outcome.interrupted or any(job.owner not in outcome.deliveries for job in one.jobs):
                continue
            try:
                handed = engine_manifests.deliver(
                    one,
                    outcome.deliveries,
                    outcome.drafts,
                    outcome.records,
                    self.ledger.entries,
                    self.root,
                )
            except (NodeError, OSError) as error:
                outcome.failures[one.owner] = str(error)
                listener(ExportDone(f"{one.folder}/{one.manifest.path}", "failed", {"detail": str(error)}))
                continue
            outcome.handed[one.owner] = handed
            for entry, status in handed:
                listener(ExportDone(entry.path, status, {"engine": one.manifest.engine}))

    @cached_property
    def handovers(self) -> list[Handover]:
        """The manifests of which all exports are asked for."""
        jobs = {job.owner: job for job in self.jobs}
        found = []
        for scene in self.scenes:
            for manifest in scene.manifests:
                about = [jobs.get(f"{scene.id}:{name}") for name in manifest.exports]
                own = tuple(job for job in about if job is not None)
                if own and len(own) == len(about):
                    found.append(Handover(scene, manifest, own, own[0].folder, own[0].source, own[0].draft))
        return found

    @cached_property
    def _checks(self) -> dict[str, list[SceneCheck]]:
        """What is demanded of nodes, by their ids."""
        found: dict[str, list[SceneCheck]] = {}
        for scene in self.scenes:
            for check in scene.checks:
                if check.settings.node is not None:
                    for name in check.names:
                        found.setdefault(node_id(scene.id, name), []).append(check)
        return found

    def _remember(self, outcome: Outcome) -> None:
        """Keeps the key of each node's result under its name, for `explain`."""
        notes = {self.note(name): record.key for name, record in outcome.records.items()}
        known = self.store.notes(list(notes))
        self.store.put_notes({name: key for name, key in notes.items() if known.get(name) != key})

    def delivers(self) -> list[str]:
        """All files that a build delivers, relative to the root: audio, sidecars and manifests."""
        audio = [path for job in self.jobs for path in job.paths()]
        beside = [f"{path}{sidecars.SUFFIX}" for path in audio]
        return [*audio, *beside, *(path for one in self.handovers for path in one.paths())]

    def check_folders(self) -> None:
        """Raises UsageError for an output folder that is none, or where a link leads out of it."""
        self._check_letters()
        if not self.jobs:
            return
        output, real_root = self.project.build.output, real_path(self.root)
        real = real_path(self.root / output)
        parents = (path.rpartition("/")[0] for path in self.delivers())
        for name in dict.fromkeys((output, self.jobs[0].folder, *parents)):
            folder = self.root / name
            if name in (output, self.jobs[0].folder) and folder.exists() and not folder.is_dir():
                raise UsageError(f"cannot deliver into {name}: it is not a folder")
            there = real_path(folder)
            if not there.is_relative_to(real_root):
                hint = "exports stay inside the project, since soundgraph removes files there"
                raise UsageError(f"cannot deliver into {name}: a link leads out of the project", hint)
            if not there.is_relative_to(real):
                raise UsageError(f"cannot deliver into {name}: a link leads out of {output}", "remove the link")
        for other in (real_path(self.project.cache_dir), real_path(self.root / GRAPHS)):
            if real.is_relative_to(other) or other.is_relative_to(real):
                raise UsageError(
                    f"cannot deliver into {output}: a link leads to {toml_document.display(real, real_root)}"
                )
        if any(part.startswith(".") for part in real.relative_to(real_root).parts):
            raise UsageError(f"cannot deliver into {output}: a link leads to {toml_document.display(real, real_root)}")

    def _check_letters(self) -> None:
        """Raises UsageError for a file that could not be written, since the locale has no letters for its name."""
        encoding = sys.getfilesystemencoding()
        for path in (path for job in self.jobs for path in job.paths() if not path.isascii()):
            try:
                os.fsencode(path)
            except UnicodeEncodeError as error:
                hint = "set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
                raise UsageError(f'cannot deliver "{path}": names of files are in {encoding} here', hint) from error

    def _keep_ledger(self, outcome: Outcome, listener: Listener) -> None:
        """Writes down what was delivered; after a build without failures, removes what no scene delivers any more."""
        ledger = self.ledger
        ledger.add(entry for found in outcome.deliveries.values() for one in found for entry in one.entries)
        ledger.add(one.entry for found in outcome.handed.values() for one in found)
        ledger.drop_claims()
        if not (outcome.failures or outcome.interrupted or self.overridden):
            self._remove_stale(self.stale(outcome), listener)
        ledger.save()

    def _remove_stale(self, stale: Sequence[Entry], listener: Listener) -> None:
        output = self.project.output_dir
        readers = self._readers([entry.path for entry in stale])
        for entry in stale:
            if entry.path in readers:
                listener(
                    Remark(entry.path, f"not removed, though no scene delivers it: {readers[entry.path]} reads it")
                )
            elif entry.digest and not lies_below(self.root, entry.path, output) and (self.root / entry.path).exists():
                what = f"left where it is: it does not lie in the output folder, {self.project.build.output}/"
                listener(Remark(entry.path, what))
        for path in self.ledger.remove_files([entry for entry in stale if entry.path not in readers], output):
            listener(Remark(path, "removed: no scene delivers it any more"))

    def _readers(self, paths: Sequence[str]) -> dict[str, str]:
        """The files among these that a scene reads which is not part of this build, each with that scene's file.

        Such a scene has a mistake, which is told when it is built. Whatever it may be, what it is made from is not
        removed, nor written over. Of most scenes it is enough to see that they do not hold the file's name.
        """
        if not paths:
            return {}
        names = {folded(path.rpartition("/")[2]).encode(errors="surrogateescape") for path in paths}
        by_path = {folded(os.path.realpath(self.root / path)): path for path in paths}
        own = {scene.path for scene in self.scenes}
        found: dict[str, str] = {}
        for source in sorted(self._on_disk):
            path = self.root / source
            if path in own or not loader.may_name(path, names):
                continue
            for read in loader.what_is_read(path, self.project):
                if path_read := by_path.get(folded(os.path.realpath(read))):
                    found.setdefault(path_read, source)
        return found

    def stale(self, outcome: Outcome) -> list[Entry]:
        """What was delivered for these scenes, or for scenes that are gone, and is delivered no more."""
        jobs = (*self.jobs, *self.left_out)
        current = {path for job in jobs for audio in job.paths() for path in (audio, f"{audio}{sidecars.SUFFIX}")}
        current.update(one.entry.path for found in outcome.handed.values() for one in found)
        by_form = {folded(path): path for path in current}

        def is_current(path: str) -> bool:
            """By its name or, where the system takes two names for one file, by the one it has now."""
            other = by_form.get(folded(path))
            return other == path or (other is not None and is_same_file(self.root / path, self.root / other))

        sources = {*self.complete.values(), *self.reduced.values()}
        left = {
            engine_manifests.owner_of(scene, manifest)
            for scene in self.scenes
            for manifest in scene.manifests
            if scene.id in self.reduced
        } - outcome.handed.keys()
        return [
            entry
            for entry in self.ledger.entries.values()
            # Nobody can tell whether a scene that was built in code is gone.
            if entry.source and entry.draft == self.draft and entry.owner not in left
            if (entry.source in sources or self.is_gone(entry.source)) and not is_current(entry.path)
        ]

    def is_gone(self, source: str) -> bool:
        """Whether a scene's file is there no more: not where it cannot be told, as in a folder that cannot be read."""
        if source in self._on_disk:
            return False
        try:
            (self.root / source).stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return False

    @cached_property
    def _on_disk(self) -> set[str]:
        """The scene files under graphs/: one look at the folder, rather than one at each file."""
        return {path for _, path in build_state.scan(str(self.root))}


def _as_built(outcome: Outcome) -> Plan:
    """The plan with what is known after it of nodes that were MAYBE: only then is it known whether they leave pins."""
    if not outcome.plan.pins:
        return outcome.plan
    decisions = {
        name: replace(decision, key=outcome.records[name].key, record=outcome.records[name])
        if name in outcome.records
        else decision
        for name, decision in outcome.plan.decisions.items()
    }
    return replace(outcome.plan, decisions=decisions)


def open_session(
    root: Path,
    wanted: Sequence[Wanted],
    *,
    overrides: Sequence[str] = (),
    draft: bool = False,
    require: str | None = None,
    beside_all: bool = False,
) -> Session:
    """Reads and checks the scenes that are asked for. require: a policy, beside that of soundgraph.toml.
    beside_all: whether they are compared with all other scenes of the project, which takes reading these, too.

    Raises SceneError with every mistake in them, UsageError for an item that is not in its scene.
    """
    project = load_project(root).under(require)
    scenes = loader.load_scenes([root / scene.path for scene in wanted], project, overrides, draft)
    others = None
    if beside_all:
        own = {asked.path for asked in wanted}
        others = readable([root / path for _, path in build_state.scan(str(root)) if path not in own], project, draft)
    try:
        return session_of(project, scenes, wanted, draft=draft, overridden=bool(overrides), others=others)
    except SceneError as error:
        error.read = tuple(dict.fromkeys(path for scene in scenes for path in scene.read))
        raise


def session_of(
    project: Project,
    scenes: Sequence[Scene],
    wanted: Sequence[Wanted],
    *,
    draft: bool = False,
    overridden: bool = False,
    others: list[Scene] | None = None,
) -> Session:
    """A session over scenes that were read already. wanted: in the same order.

    others: the scenes beside these whose files may clash with theirs; if they are not given, those that have delivered
    such a file. Raises SceneError for a file that is delivered twice.
    """
    locator = loader.Lines(project.root)
    graph = scene_graph.build_graph(scenes, locator)
    folder = f"{project.build.output}/{DRAFT_FOLDER}" if draft else project.build.output
    nodes: dict[str, None] = {}
    jobs: list[Job] = []
    for scene, asked in zip(scenes, wanted, strict=True):
        exports, names = _items(graph, scene, asked)
        jobs += [Job(scene, scene.exports[name], _node(scene, name), folder, asked.path, draft) for name in exports]
        nodes.update(dict.fromkeys([*(_node(scene, name) for name in exports), *names]))
        if not asked.items:  # what is demanded of a node is found out, whether or not anything delivered needs it
            checked = [name for check in scene.checks if check.settings.node is not None for name in check.names]
            nodes.update(dict.fromkeys(node_id(scene.id, name) for name in checked))
    ledger = Ledger(project.root)
    output = project.build.output
    ledger.add(
        ownership.learned(project.root, output) if ledger.lost else ownership.learned_of(project.root, output, ledger)
    )
    if others is None:
        others = _others(project, ledger, {asked.path for asked in wanted}, scenes, folder, draft)
    among_others = loader.clashes(others, locator)
    if mistakes := [one for one in loader.clashes([*others, *scenes], locator) if one not in among_others]:
        raise SceneError(mistakes)
    complete = {asked.id: asked.path for asked in wanted if not asked.items}
    return Session(
        project,
        list(scenes),
        graph,
        tuple(nodes),
        jobs,
        complete,
        ledger,
        draft,
        overridden,
        tuple(wanted),
        others=others,
    )


def with_models(opened: Session, project: Project, found: Mapping[str, Model]) -> Session:
    """The same session after models were fetched. found: what is known of them now, by id."""
    scenes = []
    for scene in opened.scenes:
        nodes = {name: _with_model(node, found) for name, node in scene.nodes.items()}
        used = [node.model for node in nodes.values() if node.model is not None]
        read = dict.fromkeys(path for model in used for path in (*model.read, *model.passed))
        scenes.append(replace(scene, nodes=nodes, read=tuple(dict.fromkeys((*scene.read, *read)))))
    again = session_of(project, scenes, opened.asked, draft=opened.draft, overridden=opened.overridden)
    return again.narrowed([job.owner for job in opened.jobs], opened.wanted)


def _with_model(node: Node, found: Mapping[str, Model]) -> Node:
    if node.model is None or node.model.id not in found:
        return node
    return replace(node, model=replace(found[node.model.id], licence=node.model.licence))


def _node(scene: Scene, export: str) -> str:
    return node_id(scene.id, scene.exports[export].settings.node)


def _items(graph: Graph, scene: Scene, asked: Wanted) -> tuple[list[str], list[str]]:
    """The exports, and the ids of the nodes, of a scene that are asked for.

    A scene without exports is there to be included: it is built only when it is named, up to the nodes that nothing in
    it uses.
    """
    if not asked.items:
        if scene.exports or not asked.named:
            return list(scene.exports), []
        own = [node_id(scene.id, name) for name in scene.nodes]
        return [], [name for name in own if graph.out_degree(name) == 0]
    exports: list[str] = []
    nodes: list[str] = []
    for item in asked.items:
        some_exports = all_takes(item, list(scene.exports))
        some_nodes = all_takes(item, list(scene.nodes))
        if not some_exports and not some_nodes:
            hint = did_you_mean(item, [*scene.exports, *scene.nodes])
            raise UsageError(f'{asked.path} has no node or export called "{item}"{hint}')
        exports += some_exports
        nodes += [node_id(scene.id, name) for name in some_nodes]
    return list(dict.fromkeys(exports)), nodes


def all_takes(item: str, names: list[str]) -> list[str]:
    """The names that an item stands for: "step" for all takes of it, "step#1" for the first, which is called "step"."""
    base, take = variations.split(item)
    of_all = [name for name in names if variations.split(name)[0] == item]
    return of_all or targets.matching(base if take == "1" else item, names)


def _others(
    project: Project, ledger: Ledger, own: set[str], scenes: Sequence[Scene], folder: str, draft: bool
) -> list[Scene]:
    """Scenes that are not asked for, and delivered a file that one of these would deliver too, or in whose place one of
    these needs a folder, or the other way round. folder: of the build."""
    files = {
        folded(f"{folder}/{file}")
        for scene in scenes
        for file in (
            *(
                file
                for export in scene.exports.values()
                for audio in export.files()
                for file in (audio, f"{audio}{sidecars.SUFFIX}")
            ),
            *(file for manifest in scene.manifests for file in manifest.files),
        )
    }
    folders = {above for file in files for above in _folders(file)}
    sources = {
        entry.source
        for path, entry in ((folded(path), entry) for path, entry in ledger.entries.items())
        if path in files or path in folders or not files.isdisjoint(_folders(path))
    }
    paths = [project.root / source for source in sorted(sources - own - {""})]
    return readable([path for path in paths if path.is_file()], project, draft)


def _folders(path: str) -> Iterator[str]:
    """The folders that a path with "/" in it leads through."""
    while path := path.rpartition("/")[0]:
        yield path


def readable(paths: Iterable[Path], project: Project, draft: bool) -> list[Scene]:
    """The scenes at these paths, without those that have mistakes: these are told when they are built."""
    found = []
    for path in paths:
        with contextlib.suppress(SceneError):
            found.append(loader.load_scene(path, project, draft=draft))
    return found
