"""What becomes of a node once the results of all its inputs are known: it is found after all, shares the result of
another node, or runs. Looks into the cache; runs nothing, and tells nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from soundgraph.cache.action_key import Action, action_key
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Store
from soundgraph.execution.node_state import NodeState
from soundgraph.nodes import Form
from soundgraph.planning import action, scene_graph
from soundgraph.planning.planner import Plan, Status
from soundgraph.project.lockfile import Take


class Ruling(NamedTuple):
    """What a node turned out to be."""

    state: NodeState
    record: Record | None = None
    """Of its result, if it is KNOWN."""
    status: str = ""
    """How a KNOWN one was found: "hit" or "cutoff"."""
    reason: str = ""
    """Why it FAILED."""


class Deciding:
    """What is known of the actions of one plan while it runs."""

    def __init__(self, plan: Plan, store: Store, records: Mapping[str, Record], *, force: bool):
        """records: of the results that are known, by node; filled by who runs the plan."""
        self._plan, self._store, self._records, self._force = plan, store, records, force
        self._made: dict[str, Record] = {}  # by action key: what came of it in this build, here or elsewhere
        self._in_work: set[str] = set()  # action keys of nodes that run, or are going to
        self._sharers: dict[str, list[str]] = {}  # by action key: the nodes that will have the same result
        for name, decision in plan.decisions.items():
            if decision.record is None and decision.shares is not None and decision.key is not None:
                self._sharers.setdefault(decision.key, []).append(name)
        self._set_aside: dict[str, Record] = {}  # by node: what --force sets aside

    def decide(self, name: str) -> Ruling:
        """Of a node that is UNDECIDED."""
        node_action, key = self.action_of(name)
        if node_action is None or key is None:
            return Ruling(NodeState.FAILED, reason="the weights of its model are not known here")
        is_generated = scene_graph.node_of(self._plan.graph, name).model is not None
        decision = self._plan.decisions[name]
        if decision.status is Status.MAYBE:
            if (take := self._plan.pins.of(name, key)) and is_generated:
                return self._pinned(take)
            if key in self._made:
                return Ruling(NodeState.KNOWN, self._made[key], "hit")
            record = self.look_up(key, lambda: self._store.records.lookup([key]).get(key))
            if record is not None and self._force:
                self._set_aside[name] = record
            elif record is not None and not self.is_lost(record.digest):
                # Like a hit, it needs no samples until somebody reads them.
                return Ruling(NodeState.KNOWN, record, "cutoff")
        elif decision.forced is not None:
            self._set_aside[name] = decision.forced
        if key in self._in_work:
            self._sharers.setdefault(key, []).append(name)
            return Ruling(NodeState.SHARED)
        self._in_work.add(key)
        return Ruling(NodeState.TO_GENERATE if is_generated else NodeState.TO_RENDER)

    def _pinned(self, take: Take) -> Ruling:
        """The key of a node turned out to be pinned: its result is that take, and no other."""
        record = self.look_up(take.key, lambda: self._store.records.kept(take.key, take.digest))
        if record is None or self.is_lost(take.digest):
            return Ruling(NodeState.FAILED, reason="\n".join(self._plan.pins.absence(take)))
        return Ruling(NodeState.KNOWN, record, "cutoff")

    def found_since(self, key: str) -> Record | None:
        """What another build has made of an action since the plan was made; None if nobody has, or it is lost."""
        record = self.look_up(key, lambda: self._store.records.find(key))
        return None if record is None or self.is_lost(record.digest) else record

    def look_up(self, key: str, look: Callable[[], Record | None]) -> Record | None:
        """What a look into the cache finds. No collection removes it between that and the word that it is used."""
        with self._store.coordination.gate():
            record = look()
            if record is not None:
                self._store.coordination.use([key])
        return record

    def is_lost(self, digest: str) -> bool:
        """Whether a sound is lost still: since the plan, a build or an import may have brought it."""
        return digest in self._plan.lost and not self._store.blobs.has(digest)

    def take_sharers(self, key: str) -> list[str]:
        """The nodes that were to have the result of an action: it is there, or is not going to be."""
        return self._sharers.pop(key, [])

    def settle(self, record: Record) -> None:
        """There is a result of an action that was in work."""
        self._in_work.discard(record.key)
        self._made[record.key] = record

    def compared(self, name: str, record: Record) -> str:
        """In words, how the result of a node differs from the one that --force set aside; "" where none was."""
        before = self._set_aside.get(name)
        if before is None:
            return ""
        if before.digest == record.digest:
            return "the same samples as before"
        return f"other samples than before, which are kept as {before.digest}"

    def key_of(self, name: str) -> str:
        """The action key of a node whose weights and inputs are known."""
        _, key = self.action_of(name)
        assert key is not None
        return key

    def action_of(self, name: str) -> tuple[Action | None, str | None]:
        """The action and key of a node whose inputs are known; None for one whose weights are not known here."""
        decision = self._plan.decisions[name]
        if decision.key is not None:
            return decision.action, decision.key
        records = {role: self._records[other] for role, other in scene_graph.inputs_of(self._plan.graph, name)}
        inputs = {role: record.digest for role, record in records.items()}
        forms = [Form(record.sample_rate, record.channels) for record in records.values()]
        node_action = action.action_of(scene_graph.node_of(self._plan.graph, name), inputs, self._plan.salt, forms)
        return node_action, None if node_action is None else action_key(node_action)
