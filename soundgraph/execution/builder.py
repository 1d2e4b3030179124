"""The one loop that runs nodes, keeps their results and delivers files."""

from __future__ import annotations

import contextlib
import heapq
import os
import queue
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from soundgraph import __version__
from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Device, Model, Request, Sources
from soundgraph.cache.action_key import Action, action_key
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Store
from soundgraph.core import events, stopping
from soundgraph.core.errors import (
    Mistake,
    NodeError,
    ResourceError,
    SceneError,
    StoreError,
    UnwritableError,
    lacking,
    unexpected,
)
from soundgraph.core.events import (
    ExportDone,
    Listener,
    ModelLoaded,
    ModelLoading,
    NodeDone,
    NodeStarted,
    NodeWaiting,
    Queued,
    Remark,
    Summary,
    TakeProgress,
)
from soundgraph.core.stopping import Stop, StoppedError
from soundgraph.core.threads import Workers
from soundgraph.core.tracing import Off, Trace
from soundgraph.delivery import export_files, provenance, run_checks
from soundgraph.delivery.engine_manifests import Handed
from soundgraph.delivery.export_files import Delivery, Job
from soundgraph.delivery.run_checks import CheckError, Locate
from soundgraph.execution.generator_thread import Generating
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.execution.result_buffer import LostError, Results
from soundgraph.nodes import Form
from soundgraph.planning import action, scene_graph, schedule
from soundgraph.planning.planner import Plan, Status
from soundgraph.planning.schedule import Step
from soundgraph.project.delivered import DeliveredFile
from soundgraph.project.git_commit import Ask
from soundgraph.project.lockfile import Take
from soundgraph.scene.tables.scene import SceneCheck

# How long the loop waits for something to be done, here or elsewhere, before it looks around. On Windows a wait without
# end cannot be interrupted.
_IDLE_S = 0.5
_ASK_AGAIN_S = 0.05

# Of its time, the loop spends no more than about one part in so many with asking.
_ASK_SHARE = 10

# A sound that was made again, and is lost again, so many times is given up: what keeps it is not to be trusted.
_MOST_LOSSES = 3
_LOST_AGAIN = f"its samples were gone from the cache, or damaged, {_MOST_LOSSES} times: the disk may be failing"

# How many takes are claimed and asked for at once: many full batches, and few for the system, which walks through all
# locks of a file for each.
_AT_ONCE = 1024

PlanAgain = Callable[[frozenset[str], bool], Plan]
"""Plans with a set of lost artifacts, and with --force or without."""


@dataclass(frozen=True)
class Options:
    """jobs: how many nodes are processed at once, beside the one that generates.

    device: where models are loaded. memory_budget: how many bytes they may take; one model at a time if None.
    overwrite: whether files that soundgraph did not deliver are written over.
    """

    jobs: int = 1
    keep_going: bool = False
    force: bool = False
    device: Device = "auto"
    memory_budget: int | None = None
    overwrite: bool = False


@dataclass
class Outcome:
    """What came of a build.

    statuses: of each node that the targets need: "ran", "hit", "cutoff", "failed" or "skipped". One that fails a check
    has failed, though its sound is kept.
    records: of each node whose result is known. failures: why, by node id or "scene:export".
    deliveries: by "scene:export".
    handed: the files of manifests, by "scene:manifests.name". drafts: the deliveries with a draft upstream.
    """

    plan: Plan
    statuses: dict[str, str] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    deliveries: dict[str, list[Delivery]] = field(default_factory=dict)
    handed: dict[str, list[Handed]] = field(default_factory=dict)
    drafts: set[str] = field(default_factory=set)
    loads: int = 0
    interrupted: bool = False
    seconds: float = 0.0

    def summary(self) -> Summary:
        count = Counter(self.statuses.values())
        return Summary(
            ran=count["ran"],
            hits=count["hit"],
            cutoffs=count["cutoff"],
            failed=len(self.failures),
            skipped=count["skipped"],
            loads=self.loads,
            exports=sum(map(len, self.deliveries.values())) + sum(map(len, self.handed.values())),
            seconds=self.seconds,
        )


@dataclass(frozen=True)
class Site:
    """Where a build takes place.

    root: of the project. sources: where weights are. known: files delivered before, by path. note: the name under
    which the last key of a node is kept, for `explain`. ask: for the commit that the tree stands at.
    checks: by node, what is demanded of its sound before anything that it is part of is delivered. locate: finds the
    line on which a check stands.
    models: those that stay loaded after the build, for the next; None to unload them at its end.
    trace: is told what takes how long. stop: of this build alone; requested, too, once it gives up by itself.
    """

    root: Path
    sources: Sources
    store: Store
    known: Mapping[str, DeliveredFile]
    note: Callable[[str], str]
    ask: Ask
    checks: Mapping[str, Sequence[SceneCheck]] = field(default_factory=dict)
    locate: Locate = lambda origin: 0
    models: LoadedModels | None = None
    trace: Trace = Off()  # noqa: RUF009 - it keeps nothing
    stop: Stop = field(default_factory=Stop)


def build(plan_again: PlanAgain, jobs: Sequence[Job], options: Options, site: Site, tell: Listener) -> Outcome:
    """Runs what the plan says has to run, and delivers `jobs`.

    An artifact that turns out to be missing or damaged ends the round: what is done is kept, the rest is planned again.
    A failing node fails the build, not the cache: everything finished before it, and beside it, is kept.
    A wish to stop does so at the next node or chunk; what is finished is kept, `interrupted` is set.
    """
    started = time.perf_counter()
    lost: frozenset[str] = frozenset()
    losses: Counter[str] = Counter()
    plan = plan_again(lost, options.force)
    outcome = Outcome(plan)
    tell(Queued(len(plan.decisions), len(plan.to_run())))
    while True:
        left = [job for job in jobs if job.owner not in outcome.deliveries]
        lost_now = _Round(plan, left, options, site, tell, outcome).run()
        if not lost_now:
            break
        # By action: a take that is made again may be another one each time.
        made_by = {record.digest: record.key for record in outcome.records.values() if record.digest in lost_now}
        losses.update({made_by.get(digest, digest) for digest in lost_now})
        if again := {digest for digest in lost_now if losses[made_by.get(digest, digest)] >= _MOST_LOSSES}:
            _fail_lost(outcome, again, lambda name: _LOST_AGAIN, tell)
            break
        # One that was lost earlier and has been made again is lost no more.
        lost = frozenset(digest for digest in lost | lost_now if not site.store.blobs.has(digest))
        try:
            plan = plan_again(lost, False)
        except SceneError as error:  # they cannot be made again here; what was made and delivered is to be remembered
            _fail_lost(outcome, lost | lost_now, partial(_why_lost, plan, error.mistakes), tell)
            break
        except UnwritableError as error:  # nor can they be kept
            why = f"its samples are gone from the cache, and {error}"
            _fail_lost(outcome, lost | lost_now, lambda name: why, tell)  # noqa: B023 - it is called here
            break
        outcome.plan = plan
        options = replace(options, force=False)  # what was made again is not made once more
    for name in plan.decisions:
        if name not in outcome.statuses:
            outcome.statuses[name] = "skipped"
            tell(NodeDone(name, "skipped"))
    outcome.seconds = time.perf_counter() - started
    return outcome


class _Round:
    """One pass over one plan.

    Everything runs in the calling thread, but for `_render`, `_check`, `_deliver` and the takes, which hand back what
    is to be done next through `events`.
    """

    def __init__(self, plan: Plan, jobs: Sequence[Job], options: Options, site: Site, tell: Listener, outcome: Outcome):
        self.plan, self.graph, self.options, self.site = plan, plan.graph, options, site
        self.tell, self.outcome = tell, outcome
        self.events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.records: dict[str, Record] = {}  # by node: what is known
        self.by_key: dict[str, Record] = {}  # by action key: what this round made
        self.in_flight: set[str] = set()  # action keys that are running, or waiting for a processor or model
        self.twins: dict[str, list[str]] = {}  # action key -> nodes that will share what is in flight
        self.previous: dict[str, Record] = {}  # what --force sets aside
        self.results = Results(site.store, site.trace)
        self.claimed: set[str] = set()  # action keys that no other build runs meanwhile
        self.elsewhere: set[str] = set()  # nodes that another build is making
        self.ask_at = 0.0  # when it is next asked whether they are done
        self.undecided: deque[str] = deque()  # all their inputs are known
        self.ready: list[Callable[[], None]] = []  # starts something in the pool; the newest last
        self.to_generate: set[str] = set()  # decided to run, and waiting for its model
        self.steps = deque(schedule.loads(plan, budget=options.memory_budget, device=options.device).steps)
        self.step_of = {name: step for step in self.steps for name in step.nodes}
        self.place = {name: place for place, name in enumerate(plan.decisions)}
        self.models = site.models or LoadedModels(options.device, site.sources)
        self.takes = Generating(
            self.models,
            self._request,
            self,
            self.events.put,
            site.stop,
            lambda: self.given_up,
            site.trace,
        )
        self.started: dict[str, float] = {}  # when a node was given to the pool
        self.free_at = 0.0  # when the generator was loaded, or had made its last take
        self.running = 0
        self.generating = False
        self.stopping = False  # nothing more is started in this round
        self.given_up = False  # nor in another one
        self.lost: set[str] = set()
        self.bug: BaseException | None = None
        self.jobs_of: dict[str, list[Job]] = {}
        for job in jobs:
            self.jobs_of.setdefault(job.node, []).append(job)
        # In each round anew: what passed in one by a figure that was kept may come out otherwise when it is made again.
        self.unchecked = {name for name in site.checks if name in plan.decisions}
        self.behind = self._behind(jobs)  # by export: the checks that have to pass before it is delivered
        self.held_by: dict[str, list[Job]] = {}  # by the node of a check: the exports that it holds back
        for job in jobs:
            for name in self.behind.get(job.owner, ()):
                self.held_by.setdefault(name, []).append(job)
        self.waits = {
            name: sum(plan.decisions[other].record is None for other in self.graph.predecessors(name))
            for name in plan.to_run()
        }

    # The loop

    def run(self) -> set[str]:
        """Returns the digests of artifacts that turned out to be lost; if there are any, not all was run."""
        with (
            self.site.stop.heard_by(self._interrupt),
            stopping.heeding(self.site.stop),
            Workers(max(1, self.options.jobs), "worker") as self.pool,
            Workers(1, "generator") as self.generator,
        ):
            try:
                self._begin()
                self._loop()
            except (KeyboardInterrupt, StoppedError):
                self.site.stop.request()
                self._loop()
            except BaseException:  # who read what is printed has left, say, or the system gives no more threads
                self.site.stop.request()
                self.tell = events.ignore
                self._loop()  # what is running is kept, too
                raise
            finally:
                self._publish()
                self._let_go(self.claimed)
                if self.site.models is None:
                    with contextlib.suppress(ResourceError):  # without a thread, no model was loaded
                        self.generator.submit(self.models.unload_all)
        if self.bug is not None:
            raise self.bug
        return set() if self.given_up else self.lost

    def _interrupt(self) -> None:
        """What is running comes to its end, or to its next chunk; nothing more is started."""
        self.outcome.interrupted = self.given_up = self.stopping = True
        self.events.put(lambda: None)  # wakes the loop

    def _begin(self) -> None:
        for name, decision in self.plan.decisions.items():
            if decision.record is not None:
                self.records[name] = decision.record
                self._settle(name, "hit")
            elif decision.shares is not None and decision.key is not None:
                self.twins.setdefault(decision.key, []).append(name)
        for name in list(self.records):
            self._offer(name)
        self.undecided.extend(name for name, count in self.waits.items() if count == 0)

    def _behind(self, jobs: Sequence[Job]) -> dict[str, set[str]]:
        if not self.unchecked:
            return {}
        return {job.owner: scene_graph.needed(self.graph, [job.node]) & self.unchecked for job in jobs}

    def _loop(self) -> None:
        while True:
            self._start_what_can()
            if not self.running and not self.generating and not self.elsewhere:
                return
            try:
                self.events.get(timeout=_ASK_AGAIN_S if self.elsewhere else _IDLE_S)()
            except queue.Empty:
                self._publish()  # others may wait for what is gathered here, while this build waits for them
            if self.elsewhere and time.perf_counter() > self.ask_at:
                self._ask_again()

    def _start_what_can(self) -> None:
        while not self.stopping:
            while self.undecided and not self.stopping:
                self._decide(self.undecided.popleft())
            while self.ready and self.running < max(1, self.options.jobs) and not self.stopping:
                # The newest first: it leads on from what was just made, whose samples can then be let go.
                self._start(self.ready.pop())
            if not self.generating and not self.stopping:
                self._next_step()
            if not self.undecided:  # else something was found to be made by another build
                return
        self.elsewhere.clear()

    def _start(self, submit: Callable[[], None]) -> None:
        self.running += 1
        try:
            submit()
        except BaseException:  # else the loop would wait for it
            self.running -= 1
            raise

    def _next_step(self) -> None:
        """Starts what can be generated in the order of the schedule.

        A step waits until nothing that is being processed could add to it: a batch is better full, and a node that
        turns out to be a cutoff may save the load.

        What is able in later steps of the same load is taken along: by a cutoff it may be so sooner than planned, and
        nodes of this step may turn out to be its twins, which others wait for.
        """
        for step in list(self.steps):
            unsure = any(self.waits[name] for name in step.nodes if name not in self.records)
            if unsure and (self.running or self.ready):
                return
            while able := self._able(step):
                self.to_generate.difference_update(able)
                if mine := [name for name in able if self._is_mine(name)]:
                    self.generator.submit(self.takes.run, step, mine)
                    self.generating = True
                    return
            if self.undecided:  # what another build has made may lead to more of this step
                return
            if not self.elsewhere:
                self.steps.popleft()  # all done, or behind something that failed

    def _able(self, step: Step) -> list[str]:
        """The first of what the model of a step can generate now, in the order of the plan."""
        able = (name for name in self.to_generate if self.step_of[name].load == step.load)
        return heapq.nsmallest(_AT_ONCE, able, self.place.__getitem__)

    # Deciding

    def _decide(self, name: str) -> None:
        """All inputs of a node that was no HIT are known: it is found after all, waits for its twin, or runs."""
        found, key = self._action(name)
        if found is None or key is None:
            self._fail(name, "the weights of its model are not known here")
            return
        if self.plan.decisions[name].status is Status.MAYBE:
            if (take := self.plan.pins.of(name, key)) and scene_graph.node_of(self.graph, name).model is not None:
                self._take_pinned(name, take)
                return
            if key in self.by_key:
                self._resolve(name, self.by_key[key], "hit")
                return
            record = self._used(key, lambda: self.site.store.records.lookup([key]).get(key))
            if record is not None and self.options.force:
                self.previous[name] = record
            elif record is not None and not self._is_lost(record.digest):
                # Like a hit, it needs no samples until somebody reads them.
                self._resolve(name, record, "cutoff")
                return
        elif (forced := self.plan.decisions[name].forced) is not None:
            self.previous[name] = forced
        if key in self.in_flight:
            self.twins.setdefault(key, []).append(name)
            return
        self.in_flight.add(key)
        node = scene_graph.node_of(self.graph, name)
        if node.model is None:
            self.ready.append(partial(self._submit_render, name))
        else:
            self.to_generate.add(name)

    def _take_pinned(self, name: str, take: Take) -> None:
        """The key of a node turned out to be pinned: its result is that take, and no other."""
        record = self._used(take.key, lambda: self.site.store.records.kept(take.key, take.digest))
        if record is None or self._is_lost(take.digest):
            self._fail(name, "\n".join(self.plan.pins.absence(take)))
            return
        self._resolve(name, record, "cutoff")

    def _used(self, key: str, look: Callable[[], Record | None]) -> Record | None:
        """What a look into the store finds. No collection removes it between that and the word that it is used."""
        with self.site.store.coordination.gate():
            record = look()
            if record is not None:
                self.site.store.coordination.use([key])
        return record

    def _is_lost(self, digest: str) -> bool:
        """Whether an artifact is lost still: since the plan, a build or an import may have brought it."""
        return digest in self.plan.lost and not self.site.store.blobs.has(digest)

    def _is_mine(self, name: str) -> bool:
        """Whether this build is to run the node now. Else its result has been found, or another build is making it."""
        key = self._key(name)
        # Windows refuses a lock to its own holder, too.
        if key not in self.claimed and not self.site.store.coordination.claim(key):
            if name not in self.elsewhere:
                self.elsewhere.add(name)
                self.tell(NodeWaiting(name))
            return False
        self.claimed.add(key)
        self.elsewhere.discard(name)
        if self.options.force:
            return True
        # Since the plan was made, another build may have made it.
        record = self._used(key, lambda: self.site.store.records.find(key))
        if record is None or self._is_lost(record.digest):
            return True
        self._let_go([key])
        self._found(name, key, record)
        return False

    def _found(self, name: str, key: str, record: Record) -> None:
        """Another build has made what this node, and its twins, were to make."""
        self.in_flight.discard(key)
        self.by_key[key] = record
        for twin in [name, *self.twins.pop(key, [])]:
            self._resolve(twin, record, "hit", 0.0, "made by another build")

    def _ask_again(self) -> None:
        began = time.perf_counter()
        for name in sorted(self.elsewhere, key=self.place.__getitem__):
            if not self._is_mine(name):
                continue
            if scene_graph.node_of(self.graph, name).model is None:
                self.ready.append(partial(self._submit_render, name))
            else:
                self.to_generate.add(name)
        # The other build may hold a thousand claims, and the system walks through all of them for each.
        now = time.perf_counter()
        self.ask_at = now + max(_ASK_AGAIN_S, _ASK_SHARE * (now - began))

    def _let_go(self, keys: Iterable[str]) -> None:
        done = self.claimed.intersection(keys)
        self.claimed -= done
        self.site.store.coordination.release(done)

    def _key(self, name: str) -> str:
        _, key = self._action(name)
        assert key is not None
        return key

    def _action(self, name: str) -> tuple[Action | None, str | None]:
        """The node's action and key, now that its inputs are known."""
        decision = self.plan.decisions[name]
        if decision.key is not None:
            return decision.action, decision.key
        records = {role: self.records[other] for role, other in scene_graph.inputs_of(self.graph, name)}
        inputs = {role: record.digest for role, record in records.items()}
        forms = [Form(record.sample_rate, record.channels) for record in records.values()]
        found = action.action_of(scene_graph.node_of(self.graph, name), inputs, self.plan.salt, forms)
        return found, None if found is None else action_key(found)

    def _submit_render(self, name: str) -> None:
        if not self._is_mine(name):
            self.running -= 1
            return
        self.started[name] = time.perf_counter()
        self.tell(NodeStarted(name))
        inputs = [self.records[other].digest for _, other in scene_graph.inputs_of(self.graph, name)]
        found, _ = self._action(name)
        self.pool.submit(self._render, name, inputs, (found or {}).get("files", {}))

    def _submit_check(self, name: str) -> None:
        self.pool.submit(self._check, name, self.records[name])

    def _submit_deliver(self, job: Job) -> None:
        ancestry = provenance.ancestry(self.graph, job.node, self.records)
        self.pool.submit(self._deliver, job, self.records[job.node], ancestry)

    # In other threads

    def _render(self, name: str, inputs: Sequence[str], files: Mapping[str, str]) -> None:
        node = scene_graph.node_of(self.graph, name)
        assert node.kind.render is not None
        done: Callable[[], None]
        try:
            sounds = [self.results.need(digest) for digest in inputs]
            with self.site.trace.span("node", name, kind=node.kind_name), stopping.heeding(self.site.stop):
                result = node.kind.render(node.params, sounds)
                result = artifact.make(result.samples, result.sample_rate)
                _ = result.digest  # hashing releases the interpreter's lock: better here than in the loop
            if action.files_of(node) != files:
                raise NodeError("the file changed while it was read; build again")
            done = partial(self.made, name, result)
        except BaseException as error:  # nothing is swallowed: `caught` sorts it out in the calling thread
            done = partial(self.caught, name, error)
        self.events.put(partial(self._pool_done, done))

    def _request(self, name: str) -> Request:
        inputs = {
            role: self.results.need(self.records[other].digest)
            for role, other in scene_graph.inputs_of(self.graph, name)
        }
        node = scene_graph.node_of(self.graph, name)
        assert node.model is not None
        return Request.of(node.params, node.model, inputs)

    def _check(self, name: str, record: Record) -> None:
        done: Callable[[], None]
        try:
            read, site = partial(self.results.need, record.digest), self.site
            with site.trace.span("check", name):
                note = run_checks.run(site.checks[name], record.digest, read, site.store.notes, site.locate)
            done = partial(self._passed, name, note)
        except BaseException as error:  # as in `_render`
            done = partial(self.caught, name, error)
        self.events.put(partial(self._pool_done, done))

    def _deliver(self, job: Job, record: Record, ancestry: Mapping[str, Any]) -> None:
        done: Callable[[], None]
        try:
            read = partial(self.results.need, record.digest)
            site = self.site
            with site.trace.span("export", job.owner), stopping.heeding(self.site.stop):
                found = export_files.deliver(
                    job, record, ancestry, read, site.store.notes, site.known, site.root, site.ask, site.locate
                )
            done = partial(self._delivered, job, record, ancestry["draft"], found)
        except BaseException as error:  # as in `_render`
            done = partial(self.caught, job.owner, error, job)
        self.events.put(partial(self._pool_done, done))

    # Back in the calling thread

    def _pool_done(self, done: Callable[[], None]) -> None:
        self.running -= 1
        done()

    def generated(self) -> None:
        self.generating = False

    def loading(self, model: Model) -> None:
        self.outcome.loads += 1
        self.tell(ModelLoading(model.id))

    def loaded(self, model: Model, about: str, names: list[str]) -> None:
        self.free_at = time.perf_counter()
        self.tell(ModelLoaded(model.id, about))
        for name in names:
            self.tell(NodeStarted(name))

    def advanced(self, name: str, made_s: float, whole_s: float) -> None:
        self.tell(TakeProgress(name, made_s, whole_s))

    def made_room(self, model: Model, reason: str) -> None:
        self.remark(model, f"{reason}; other models were unloaded")

    def remark(self, model: Model, text: str) -> None:
        self.tell(Remark(model.id, text))

    def made(
        self, name: str, sound: Audio, remarks: tuple[str, ...] = (), facts: Mapping[str, Any] | None = None
    ) -> None:
        now = time.perf_counter()
        if scene_graph.node_of(self.graph, name).model is None:
            seconds = now - self.started[name]
        else:  # since the take before it: takes of one model are made one after another
            seconds, self.free_at = now - self.free_at, now
        found, key = self._action(name)
        assert found is not None
        assert key is not None
        inputs = {
            role: scene_graph.node_of(self.graph, other).name for role, other in scene_graph.inputs_of(self.graph, name)
        }
        made = {
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            **_made_here(),
            "node": name,
            "note": self.site.note(name),
            "inputs": inputs,
            "seconds": round(seconds, 4),
        }
        if facts:
            made["generated"] = dict(facts)
        record = Record(key, sound.digest, sound.sample_rate, sound.channels, sound.n_samples, found, made, remarks)
        names = [name, *self.twins.pop(key, [])]
        self.results.add(record, sound, sum(map(self._uses, names)))
        model = scene_graph.node_of(self.graph, name).model
        is_take = model is not None and not model.draft
        if is_take or self.results.is_full:
            self._start_what_can()  # the processor that made it need not wait for the disk
            if key in self._publish(takes=is_take):
                return
            names += self.twins.pop(key, [])
        for remark in remarks:
            self.tell(Remark(name, remark))
        self.in_flight.discard(key)
        self.by_key[key] = record
        self._resolve(name, record, "ran", seconds, self._compared(name, record))
        for twin in names[1:]:
            self._resolve(twin, record, "hit")

    def _compared(self, name: str, record: Record) -> str:
        previous = self.previous.get(name)
        if previous is None:
            return ""
        if previous.digest == record.digest:
            return "the same samples as before"
        return f"other samples than before, which are kept as {previous.digest}"

    def _uses(self, name: str) -> int:
        """How many nodes and exports will want the node's sound."""
        users = sum(other in self.waits for other in self.graph.successors(name))
        return users + len(self.jobs_of.get(name, ())) + (name in self.unchecked)

    def _resolve(self, name: str, record: Record, status: str, seconds: float = 0.0, detail: str = "") -> None:
        self.records[name] = record
        self._settle(name, status, seconds, detail)
        for _, other in scene_graph.inputs_of(self.graph, name):
            self.results.release(self.records[other].digest)
        self._offer(name)
        for user in self.graph.successors(name):
            if user in self.waits:
                self.waits[user] -= 1
                if self.waits[user] == 0:
                    self.undecided.append(user)  # not decided here: a chain of cutoffs may be thousands of nodes long

    def _offer(self, name: str) -> None:
        """A node's sound is known: it can be checked, and delivered unless a check of what it is made from is open."""
        if name in self.unchecked:
            self.ready.append(partial(self._submit_check, name))
        for job in self.jobs_of.get(name, ()):
            if not self.behind.get(job.owner):
                self.ready.append(partial(self._submit_deliver, job))

    def _passed(self, name: str, note: run_checks.Note | None) -> None:
        self.unchecked.discard(name)
        self.results.note(dict([note] if note else []))
        self.results.release(self.records[name].digest)
        for job in self.held_by.get(name, ()):
            waits = self.behind[job.owner]
            waits.discard(name)
            if not waits and job.node in self.records:
                self.ready.append(partial(self._submit_deliver, job))

    def _settle(self, name: str, status: str, seconds: float = 0.0, detail: str = "") -> None:
        if name in self.records:
            self.outcome.records[name] = self.records[name]
        before = self.outcome.statuses.get(name)
        # A later round finds as a hit, or behind what was lost as a cutoff, what an earlier one ran.
        if before is None or not (status == "hit" or (status == "cutoff" and before == "ran")):
            self.outcome.statuses[name] = status
            digest = self.records[name].digest if name in self.records else ""
            self.tell(NodeDone(name, status, seconds, detail, digest))

    def _delivered(self, job: Job, record: Record, draft: bool, found: list[Delivery]) -> None:
        self.outcome.deliveries[job.owner] = found
        if draft:
            self.outcome.drafts.add(job.owner)
        self.results.note(dict(note for delivery in found for note in delivery.notes))
        self.results.release(record.digest)
        for delivery in found:
            facts = {"draft": True, **delivery.facts} if draft else delivery.facts
            self.tell(ExportDone(delivery.path, delivery.status, {**facts, "sidecar": delivery.sidecar}))

    def caught(self, name: str, error: BaseException, job: Job | None = None) -> None:
        """Something went wrong in another thread: a lost artifact, a failure that has a name, or a bug.

        A bug fails its node alone, too: what does not need it has no part in it.
        """
        if isinstance(error, CheckError) and error.note:
            self.results.note(dict([error.note]))
        if isinstance(error, LostError):
            self.lost.add(error.digest)
            self.stopping = True
        elif isinstance(error, StoppedError):
            return  # it is as if it had not begun
        elif isinstance(error, NodeError | StoreError | OSError) or lacking(error):
            self._fail(name, _reason(error), job)
        elif isinstance(error, Exception):
            self._fail(name, unexpected(error), job)
        else:
            self.bug = self.bug or error
            self.stopping = True

    def broken(self, guilty: list[str], others: list[str], error: BaseException) -> None:
        for name in guilty:
            self.caught(name, error)
        if not self.stopping:
            self.to_generate.update(others)

    def _fail(self, name: str, reason: str, job: Job | None = None) -> None:
        self.outcome.failures[name] = reason
        if job is None:
            self._give_up(name)
            self._settle(name, "failed", 0.0, reason)
        else:
            for path in job.paths():
                self.tell(ExportDone(path, "failed", {"detail": reason}))
        if not self.options.keep_going:
            self.stopping = self.given_up = True

    def _give_up(self, name: str) -> None:
        """Another build that waits for this node may try it."""
        if self.plan.decisions[name].key is not None or all(
            other in self.records for _, other in scene_graph.inputs_of(self.graph, name)
        ):
            _, key = self._action(name)
            self._let_go([key] if key is not None else [])

    def _publish(self, *, takes: bool = False) -> set[str]:
        """Puts what was made into the store. What cannot be kept has failed, and the build stops; returns its keys."""
        keys = self.results.keys()
        with stopping.heeding(None):  # what is finished is kept, however long others keep the cache
            failures = self.results.publish(takes=takes)
        self._let_go(keys)
        for record, error in failures:
            self._fail(str(record.made["node"]), str(error))
        if failures:
            self.stopping = self.given_up = True  # even with --keep-going: nothing else could be kept either
        return {record.key for record, _ in failures}


def _fail_lost(outcome: Outcome, lost: Collection[str], why: Callable[[str], str], tell: Listener) -> None:
    """The nodes whose samples are lost for good."""
    for name, record in outcome.records.items():
        if record.digest in lost:
            outcome.failures[name] = why(name)
            outcome.statuses[name] = "failed"
            tell(NodeDone(name, "failed", detail=outcome.failures[name]))


def _why_lost(plan: Plan, mistakes: Sequence[Mistake], name: str) -> str:
    """Why a node whose samples are lost cannot be made again."""

    def about(names: Iterable[str]) -> list[Mistake]:
        nodes = [scene_graph.node_of(plan.graph, one) for one in names]
        places = {(node.origin.file, f"nodes.{node.name}") for node in nodes}
        return [mistake for mistake in mistakes if (mistake.file, mistake.where) in places]

    own = about([name])
    if own and plan.decisions[name].pin is not None:
        return "\n".join(f"{mistake.what}\n{mistake.hint}" for mistake in own)
    if own:
        return f"its samples are gone from the cache, and {'; '.join(mistake.what for mistake in own)}"
    found = about(scene_graph.needed(plan.graph, [name])) or mistakes
    first, more = found[0], f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    return f"its samples are gone from the cache, and {first.where}: {first.what}{more}\n{first.hint}"


def _reason(error: BaseException) -> str:
    if found := lacking(error):
        return str(found)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return str(error)


@cache
def _made_here() -> dict[str, str]:
    """Facts about this process that are kept with a record, and are no part of its key."""
    import numpy as np

    machine = os.uname().machine if hasattr(os, "uname") else ""
    return {
        "soundgraph": __version__,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "numpy": np.__version__,
        "platform": f"{sys.platform} {machine}".strip(),
    }
