"""One pass of a build over one plan: nodes are decided, run and settled, their results kept, files delivered."""

from __future__ import annotations

import contextlib
import heapq
import queue
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from soundgraph.audio.artifact import Audio
from soundgraph.backends import Model, Request
from soundgraph.cache.result_record import Record
from soundgraph.core import events, stopping
from soundgraph.core.errors import (
    NodeError,
    ResourceError,
    StoreError,
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
    Remark,
    TakeProgress,
)
from soundgraph.core.stopping import StoppedError
from soundgraph.core.threads import Workers
from soundgraph.delivery import provenance, run_checks
from soundgraph.delivery.export_files import Delivery, Job
from soundgraph.delivery.run_checks import CheckError
from soundgraph.execution.claims import ASK_AGAIN_S, BuildClaims
from soundgraph.execution.deciding import Deciding
from soundgraph.execution.delivering import Delivering
from soundgraph.execution.generator_thread import Generating
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.execution.made_record import made_record
from soundgraph.execution.node_state import NodeState, NodeStates
from soundgraph.execution.outcome import Outcome, RunOptions, Site
from soundgraph.execution.pool_work import PoolWork
from soundgraph.execution.result_buffer import LostError, Results
from soundgraph.planning import scene_graph, schedule
from soundgraph.planning.planner import Plan
from soundgraph.planning.schedule import Step
from soundgraph.scene.tables.scene import Node

# How long the loop waits for something to be done before it looks around. On Windows a wait without end cannot be
# interrupted.
_IDLE_S = 0.5

# How many takes are claimed and asked for at once: many full batches, and few for the system, which walks through all
# locks of a file for each.
_AT_ONCE = 1024

Result = TypeVar("Result")


class Round:
    """One pass over one plan: `NodeState` says what becomes of each node.

    Everything runs in the calling thread, but for what is in `PoolWork`, and the takes: these hand back what is to be
    done next.
    """

    def __init__(
        self, plan: Plan, jobs: Sequence[Job], options: RunOptions, site: Site, tell: Listener, outcome: Outcome
    ):
        self._plan, self._graph, self._options, self._site = plan, plan.graph, options, site
        self._tell, self._outcome = tell, outcome
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()  # by other threads, for this one
        self._records: dict[str, Record] = {}  # by node: the results that are known
        self._states = NodeStates(self._first_states())
        self._inputs_open = {  # by node: how many of its inputs are not known
            name: sum(plan.decisions[other].record is None for other in self._graph.predecessors(name))
            for name in plan.to_run()
        }
        self._undecided: deque[str] = deque()  # the nodes in that state, in the order in which they came to it
        self._ready: list[Callable[[], None]] = []  # starts something in the pool; the newest last
        self._steps = deque(schedule.loads(plan, budget=options.memory_budget, device=options.device).steps)
        self._step_of = {name: step for step in self._steps for name in step.nodes}
        self._place = {name: place for place, name in enumerate(plan.decisions)}
        self._results = Results(site.store, site.trace)
        self._claims = BuildClaims(site.store.coordination)
        self._deciding = Deciding(plan, site.store, self._records, force=options.force)
        checked = [name for name in site.checks if name in plan.decisions]
        self._delivering = Delivering(self._graph, jobs, checked, self._records)
        self._work = PoolWork(site, self._results)
        self._models = site.models or LoadedModels(options.device, site.sources)
        self._takes = Generating(
            self._models, self._request, self, self._todo.put, site.stop, lambda: self._given_up, site.trace
        )
        self._started: dict[str, float] = {}  # when a node was given to the pool
        self._free_at = 0.0  # when the generator was loaded, or had made its last take
        self._running = 0  # in the pool
        self._batch: list[str] = []  # what the generator makes
        self._generating = False
        self._stopping = False  # nothing more is started in this round
        self._given_up = False  # nor in another one
        self._lost: set[str] = set()
        self._bug: BaseException | None = None

    def _first_states(self) -> dict[str, NodeState]:
        states = {}
        for name, decision in self._plan.decisions.items():
            if decision.record is not None:
                states[name] = NodeState.KNOWN
            else:
                states[name] = NodeState.WAITING if decision.shares is None else NodeState.SHARED
        return states

    # The loop

    def run(self) -> set[str]:
        """Returns the digests of artifacts that turned out to be lost; if there are any, not all was run."""
        with (
            self._site.stop.heard_by(self._interrupt),
            stopping.heeding(self._site.stop),
            Workers(max(1, self._options.jobs), "worker") as self._pool,
            Workers(1, "generator") as self._generator,
        ):
            try:
                self._begin()
                self._loop()
            except (KeyboardInterrupt, StoppedError):
                self._site.stop.request()
                self._loop()
            except BaseException:  # who read what is printed has left, say, or the system gives no more threads
                self._site.stop.request()
                self._tell = events.ignore
                self._loop()  # what is running is kept, too
                raise
            finally:
                self._publish()
                self._claims.let_all_go()
                if self._site.models is None:
                    with contextlib.suppress(ResourceError):  # without a thread, no model was loaded
                        self._generator.submit(self._models.unload_all)
        if self._bug is not None:
            raise self._bug
        return set() if self._given_up else self._lost

    def _interrupt(self) -> None:
        """What is running comes to its end, or to its next chunk; nothing more is started."""
        self._outcome.interrupted = self._given_up = self._stopping = True
        self._todo.put(lambda: None)  # wakes the loop

    def _begin(self) -> None:
        for name, decision in self._plan.decisions.items():
            if decision.record is not None:
                self._records[name] = decision.record
                self._settle(name, "hit")
        for name in list(self._records):
            self._offer(name)
        for name, count in self._inputs_open.items():
            if count == 0:
                self._to_decide(name)

    @property
    def _waits_elsewhere(self) -> bool:
        return not self._stopping and bool(self._states.those(NodeState.ELSEWHERE))

    def _loop(self) -> None:
        while True:
            self._start_what_can()
            if not self._running and not self._generating and not self._waits_elsewhere:
                return
            try:
                self._todo.get(timeout=ASK_AGAIN_S if self._waits_elsewhere else _IDLE_S)()
            except queue.Empty:
                self._publish()  # others may wait for what is gathered here, while this build waits for them
            if self._waits_elsewhere and self._claims.is_time_to_ask():
                self._ask_again()

    def _start_what_can(self) -> None:
        while not self._stopping:
            while self._undecided and not self._stopping:
                self._decide(self._undecided.popleft())
            while self._ready and self._running < max(1, self._options.jobs) and not self._stopping:
                # The newest first: it leads on from what was just made, whose samples can then be let go.
                self._start(self._ready.pop())
            if not self._generating and not self._stopping:
                self._next_step()
            if not self._undecided:  # else something was found to be made by another build
                return

    def _start(self, submit: Callable[[], None]) -> None:
        self._running += 1
        try:
            submit()
        except BaseException:  # else the loop would wait for it
            self._running -= 1
            raise

    def _next_step(self) -> None:
        """Starts what can be generated in the order of the schedule.

        A step waits until nothing that is being processed could add to it: a batch is better full, and a node that
        turns out to be a cutoff may save the load.

        What is able in later steps of the same load is taken along: by a cutoff it may be so sooner than planned, and
        nodes of this step may turn out to share its results, for which others wait.
        """
        for step in list(self._steps):
            unsure = any(self._inputs_open[name] for name in step.nodes if name not in self._records)
            if unsure and (self._running or self._ready):
                return
            while able := self._able(step):
                if mine := [name for name in able if self._is_mine(name)]:
                    self._generate(step, mine)
                    return
            if self._undecided:  # what another build has made may lead to more of this step
                return
            if not self._states.those(NodeState.ELSEWHERE):
                self._steps.popleft()  # all done, or behind something that failed

    def _able(self, step: Step) -> list[str]:
        """The first of what the model of a step can generate now, in the order of the plan."""
        waiting = self._states.those(NodeState.TO_GENERATE)
        able = (name for name in waiting if self._step_of[name].load == step.load)
        return heapq.nsmallest(_AT_ONCE, able, self._place.__getitem__)

    def _generate(self, step: Step, names: list[str]) -> None:
        for name in names:
            self._states.move(name, NodeState.RUNNING)
        self._generator.submit(self._takes.run, step, names)
        self._batch, self._generating = names, True  # not before: without a thread, the loop would wait for it

    # Deciding

    def _to_decide(self, name: str) -> None:
        """Not decided here: a chain of cutoffs may be thousands of nodes long."""
        self._states.move(name, NodeState.UNDECIDED)
        self._undecided.append(name)

    def _decide(self, name: str) -> None:
        ruling = self._deciding.decide(name)
        if ruling.record is not None:
            self._resolve(name, ruling.record, ruling.status)
        elif ruling.state is NodeState.FAILED:
            self._fail(name, ruling.reason)
        elif ruling.state is NodeState.SHARED:
            self._states.move(name, NodeState.SHARED)
        else:
            self._line_up(name)

    def _line_up(self, name: str) -> None:
        """A node is to run, as far as anybody knows."""
        if self._node(name).model is not None:
            self._states.move(name, NodeState.TO_GENERATE)
        else:
            self._states.move(name, NodeState.TO_RENDER)
            self._ready.append(partial(self._submit_render, name))

    def _is_mine(self, name: str) -> bool:
        """Whether this build is to run the node now. Else its result has been found, or another build is making it."""
        key = self._deciding.key_of(name)
        if not self._claims.claim(key):
            if self._states.of(name) is not NodeState.ELSEWHERE:
                self._states.move(name, NodeState.ELSEWHERE)
                self._tell(NodeWaiting(name))
            return False
        record = None if self._options.force else self._deciding.found_since(key)
        if record is None:
            return True
        self._claims.let_go([key])
        self._deciding.settle(record)
        for sharer in [name, *self._deciding.take_sharers(key)]:
            self._resolve(sharer, record, "hit", 0.0, "made by another build")
        return False

    def _ask_again(self) -> None:
        began = time.perf_counter()
        for name in sorted(self._states.those(NodeState.ELSEWHERE), key=self._place.__getitem__):
            if self._is_mine(name):
                self._line_up(name)
        self._claims.asked(began)

    # In the pool

    def _submit_render(self, name: str) -> None:
        if not self._is_mine(name):
            self._running -= 1
            return
        self._states.move(name, NodeState.RUNNING)
        self._started[name] = time.perf_counter()
        self._tell(NodeStarted(name))
        inputs = list(self._input_digests(name).values())
        action, _ = self._deciding.action_of(name)
        files = (action or {}).get("files", {})
        self._submit(
            partial(self._work.render, name, self._node(name), inputs, files),
            partial(self.made, name),
            partial(self.caught, name),
        )

    def _submit_check(self, name: str) -> None:
        self._submit(
            partial(self._work.check, name, self._records[name]),
            partial(self._passed, name),
            partial(self.caught, name),
        )

    def _submit_deliver(self, job: Job) -> None:
        record, ancestry = self._records[job.node], provenance.ancestry(self._graph, job.node, self._records)
        self._submit(
            partial(self._work.deliver, job, record, ancestry),
            partial(self._delivered, job, record, ancestry["draft"]),
            partial(self.caught, job.owner, job=job),
        )

    def _submit(
        self, work: Callable[[], Result], done: Callable[[Result], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Has the pool do some work; what came of it is taken in by this thread."""

        def in_thread() -> None:
            try:
                taken_in = partial(done, work())
            except BaseException as error:  # nothing is swallowed: `caught` sorts it out
                taken_in = partial(failed, error)
            self._todo.put(partial(self._pool_done, taken_in))

        self._pool.submit(in_thread)

    def _pool_done(self, take_in: Callable[[], None]) -> None:
        self._running -= 1
        take_in()

    def _request(self, name: str) -> Request:
        """In the generator's thread."""
        return self._work.request(self._node(name), self._input_digests(name))

    def _node(self, name: str) -> Node:
        return scene_graph.node_of(self._graph, name)

    def _input_digests(self, name: str) -> dict[str, str]:
        return {role: self._records[other].digest for role, other in scene_graph.inputs_of(self._graph, name)}

    # What the generator tells

    def generated(self) -> None:
        self._generating = False
        for name in self._batch:
            if self._states.of(name) is NodeState.RUNNING:  # it was left, since nothing more is wanted
                self._states.move(name, NodeState.TO_GENERATE)

    def loading(self, model: Model) -> None:
        self._outcome.loads += 1
        self._tell(ModelLoading(model.id))

    def loaded(self, model: Model, about: str, names: list[str]) -> None:
        self._free_at = time.perf_counter()
        self._tell(ModelLoaded(model.id, about))
        for name in names:
            self._tell(NodeStarted(name))

    def advanced(self, name: str, made_s: float, whole_s: float) -> None:
        self._tell(TakeProgress(name, made_s, whole_s))

    def made_room(self, model: Model, reason: str) -> None:
        self.remark(model, f"{reason}; other models were unloaded")

    def remark(self, model: Model, text: str) -> None:
        self._tell(Remark(model.id, text))

    def broken(self, guilty: list[str], others: list[str], error: BaseException) -> None:
        for name in guilty:
            self.caught(name, error)
        for name in others:
            self._states.move(name, NodeState.TO_GENERATE)

    # Results

    def made(
        self, name: str, sound: Audio, remarks: tuple[str, ...] = (), facts: Mapping[str, Any] | None = None
    ) -> None:
        """A node's sound is there: it is published, and shared with the nodes that have the same action."""
        record, seconds = self._recorded(name, sound, remarks, facts)
        key, model = record.key, self._node(name).model
        names = [name, *self._deciding.take_sharers(key)]
        self._results.add(record, sound, sum(map(self._uses, names)))
        is_take = model is not None and not model.draft
        if is_take or self._results.is_full:
            self._start_what_can()  # the processor that made it need not wait for the disk
            if key in self._publish(takes=is_take):
                return
            names += self._deciding.take_sharers(key)
        for remark in remarks:
            self._tell(Remark(name, remark))
        self._deciding.settle(record)
        self._resolve(name, record, "ran", seconds, self._deciding.compared(name, record))
        for sharer in names[1:]:
            self._resolve(sharer, record, "hit")

    def _recorded(
        self, name: str, sound: Audio, remarks: tuple[str, ...], facts: Mapping[str, Any] | None
    ) -> tuple[Record, float]:
        """The record of what was made, and how many seconds it took."""
        now = time.perf_counter()
        if self._node(name).model is None:
            seconds = now - self._started[name]
        else:  # since the take before it: takes of one model are made one after another
            seconds, self._free_at = now - self._free_at, now
        action, key = self._deciding.action_of(name)
        assert action is not None
        assert key is not None
        record = made_record(
            key,
            action,
            sound,
            node=name,
            note=self._site.note(name),
            inputs={role: self._node(other).name for role, other in scene_graph.inputs_of(self._graph, name)},
            seconds=seconds,
            remarks=remarks,
            facts=facts,
        )
        return record, seconds

    def _uses(self, name: str) -> int:
        """How many nodes, checks and exports will want the node's sound."""
        users = sum(other in self._inputs_open for other in self._graph.successors(name))
        return users + self._delivering.uses(name)

    def _resolve(self, name: str, record: Record, status: str, seconds: float = 0.0, detail: str = "") -> None:
        """A node's result is known."""
        self._states.move(name, NodeState.KNOWN)
        self._records[name] = record
        self._settle(name, status, seconds, detail)
        for digest in self._input_digests(name).values():
            self._results.release(digest)
        self._offer(name)
        for user in self._graph.successors(name):
            if user in self._inputs_open:
                self._inputs_open[user] -= 1
                if self._inputs_open[user] == 0:
                    self._to_decide(user)

    def _settle(self, name: str, status: str, seconds: float = 0.0, detail: str = "") -> None:
        """Says what became of a node."""
        if name in self._records:
            self._outcome.records[name] = self._records[name]
        before = self._outcome.statuses.get(name)
        # A later round finds as a hit, or behind what was lost as a cutoff, what an earlier one ran.
        if before is None or not (status == "hit" or (status == "cutoff" and before == "ran")):
            self._outcome.statuses[name] = status
            digest = self._records[name].digest if name in self._records else ""
            self._tell(NodeDone(name, status, seconds, detail, digest))

    def _offer(self, name: str) -> None:
        """A node's sound can be checked, and delivered unless a check of what it is made from is open."""
        if self._delivering.has_open_check(name):
            self._ready.append(partial(self._submit_check, name))
        self._ready += [partial(self._submit_deliver, job) for job in self._delivering.after_result(name)]

    def _passed(self, name: str, note: run_checks.Note | None) -> None:
        self._results.note(dict([note] if note else []))
        self._results.release(self._records[name].digest)
        self._ready += [partial(self._submit_deliver, job) for job in self._delivering.after_check(name)]

    def _delivered(self, job: Job, record: Record, draft: bool, deliveries: list[Delivery]) -> None:
        self._outcome.deliveries[job.owner] = deliveries
        if draft:
            self._outcome.drafts.add(job.owner)
        self._results.note(dict(note for delivery in deliveries for note in delivery.notes))
        self._results.release(record.digest)
        for delivery in deliveries:
            facts = {"draft": True, **delivery.facts} if draft else delivery.facts
            self._tell(ExportDone(delivery.path, delivery.status, {**facts, "sidecar": delivery.sidecar}))

    def _publish(self, *, takes: bool = False) -> set[str]:
        """Puts what was made into the store. What cannot be kept has failed, and the build stops; returns its keys."""
        keys = self._results.keys()
        with stopping.heeding(None):  # what is finished is kept, however long others keep the cache
            failures = self._results.publish(takes=takes)
        self._claims.let_go(keys)
        for record, error in failures:
            self._fail(str(record.made["node"]), str(error))
        if failures:
            self._stopping = self._given_up = True  # even with --keep-going: nothing else could be kept either
        return {record.key for record, _ in failures}

    # Failures

    def caught(self, name: str, error: BaseException, job: Job | None = None) -> None:
        """Something went wrong in another thread: a lost artifact, a failure that has a name, or a bug.

        A bug fails its node alone, too: what does not need it has no part in it.
        """
        if isinstance(error, CheckError) and error.note:
            self._results.note(dict([error.note]))
        if isinstance(error, LostError):
            self._lost.add(error.digest)
            self._stopping = True
            self._take_back(name, job, NodeState.WAITING)
        elif isinstance(error, StoppedError):  # it is as if it had not begun
            self._take_back(name, job, NodeState.TO_RENDER)
        elif isinstance(error, NodeError | StoreError | OSError) or lacking(error):
            self._fail(name, _reason(error), job)
        elif isinstance(error, Exception):
            self._fail(name, unexpected(error), job)
        else:
            self._bug = self._bug or error
            self._stopping = True

    def _take_back(self, name: str, job: Job | None, state: NodeState) -> None:
        """A node did not run after all. One whose check or export did not is where it was."""
        if job is None and self._states.of(name) is NodeState.RUNNING:
            self._states.move(name, state)

    def _fail(self, name: str, reason: str, job: Job | None = None) -> None:
        self._outcome.failures[name] = reason
        if job is None:
            if self._states.of(name) is not NodeState.FAILED:  # by a check, and then by a full disk
                self._states.move(name, NodeState.FAILED)
            self._give_up(name)
            self._settle(name, "failed", 0.0, reason)
        else:
            for path in job.paths():
                self._tell(ExportDone(path, "failed", {"detail": reason}))
        if not self._options.keep_going:
            self._stopping = self._given_up = True

    def _give_up(self, name: str) -> None:
        """Another build that waits for this node may try it."""
        inputs = scene_graph.inputs_of(self._graph, name)
        if self._plan.decisions[name].key is not None or all(other in self._records for _, other in inputs):
            _, key = self._deciding.action_of(name)
            self._claims.let_go([key] if key is not None else [])


def _reason(error: BaseException) -> str:
    if shortage := lacking(error):
        return str(shortage)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return str(error)
