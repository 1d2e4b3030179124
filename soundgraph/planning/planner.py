"""The decision about every node, made before any work: graph and store lookups in, `Plan` out. No side effects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from soundgraph.cache.action_key import Action, action_key
from soundgraph.cache.result_record import Record
from soundgraph.nodes import Form
from soundgraph.planning import scene_graph
from soundgraph.planning.action import action_of
from soundgraph.planning.pins import NONE, Pins
from soundgraph.planning.scene_graph import Graph
from soundgraph.project.lockfile import Take

Lookup = Callable[[Sequence[str]], Mapping[str, Record]]
"""From action keys to the records of those that have one."""

Kept = Callable[[str, str], Record | None]
"""From an action key and a digest to the record by which the action gave that artifact: `Records.kept`."""


class Status(Enum):
    HIT = "hit"  # its record is in the store, or a node with the same key runs in this build; nothing to do
    MISS = "miss"  # its inputs are known, its result is not; it will run
    MAYBE = "maybe"  # an input has yet to run, so its key cannot be formed
    ABSENT = "absent"  # its result is a pinned take, which is not in the store; nothing may run instead


@dataclass(frozen=True)
class Decision:
    """What will happen to a node, and why."""

    status: Status
    action: Action | None = None
    """Known, like `key`, unless the node is MAYBE or the weights of its model are not known here."""
    key: str | None = None
    record: Record | None = None
    """Of a HIT; None when the node shares the take of another node that runs in this build."""
    shares: str | None = None
    """The id of that other node."""
    forced: Record | None = None
    """The record of a node that runs only because it was asked to (`--force`)."""
    pin: Take | None = None
    """Of a node whose result is a pinned take; the node is a HIT, or ABSENT."""

    @property
    def digest(self) -> str | None:
        """Of its result, as far as that is known."""
        if self.pin is not None:
            return self.pin.digest
        return self.record.digest if self.record is not None else None


@dataclass(frozen=True)
class Plan:
    """What a build would do."""

    graph: Graph
    targets: tuple[str, ...]
    decisions: dict[str, Decision]
    """About all nodes that the targets need, by id, each after its inputs."""
    salt: str = ""
    """Of the project, part of each key."""
    lost: frozenset[str] = frozenset()
    """Digests whose artifact turned out to be missing or damaged."""
    pins: Pins = NONE
    """Those that hold in this configuration."""

    def count(self, status: Status) -> int:
        return sum(decision.status is status for decision in self.decisions.values())

    def to_run(self) -> list[str]:
        """Each MISS and MAYBE, after its inputs. At most these will run: a MAYBE may turn out to be a hit."""
        runs = (Status.MISS, Status.MAYBE)
        return [name for name, decision in self.decisions.items() if decision.status in runs]

    def absent(self) -> list[str]:
        """The nodes whose pinned take is not in the store. Unless there are none, nothing may run."""
        return [name for name, decision in self.decisions.items() if decision.status is Status.ABSENT]


def plan(
    graph: Graph,
    targets: Sequence[str],
    lookup: Lookup,
    *,
    salt: str = "",
    force: bool = False,
    lost: Collection[str] = (),
    pins: Pins = NONE,
    kept: Kept = lambda key, digest: None,
) -> Plan:
    """Decides about each node that `targets` need.

    lookup: is asked once for each layer of the graph.
    force: run everything again, whatever the store holds, but for what is pinned.
    lost: digests whose artifact turned out to be missing or damaged; a record of one is as good as none.
    pins: takes that are the results of nodes, whatever the store holds. kept: is asked where `lookup` gave another one.
    """
    decisions: dict[str, Decision] = {}
    runs: dict[str, str] = {}  # action key -> the node that will run for it
    for layer in scene_graph.in_order(graph, scene_graph.needed(graph, targets)):
        actions = {name: _action(graph, name, decisions, salt) for name in layer}
        keys = {name: action_key(action) for name, action in actions.items() if action is not None}
        records = lookup(list(dict.fromkeys(keys.values())))
        for name in layer:
            action, key = actions[name], keys.get(name)
            if key is None:
                waits = any(decisions[other].digest is None for _, other in scene_graph.inputs_of(graph, name))
                decisions[name] = Decision(Status.MAYBE if waits else Status.MISS)
                continue
            record = records.get(key)
            take = pins.of(name, key) if pins and scene_graph.node_of(graph, name).model is not None else None
            if take is not None:
                decisions[name] = _pinned(action, key, take, record, lost, kept)
                continue
            if record is not None and record.digest in lost:
                record = None
            if record is not None and not force:
                decisions[name] = Decision(Status.HIT, action, key, record)
            elif key in runs:
                decisions[name] = Decision(Status.HIT, action, key, shares=runs[key])
            else:
                runs[key] = name
                decisions[name] = Decision(Status.MISS, action, key, forced=record)
    return Plan(graph, tuple(targets), decisions, salt, frozenset(lost), pins)


def _pinned(
    action: Action | None, key: str, take: Take, record: Record | None, lost: Collection[str], kept: Kept
) -> Decision:
    """About a node whose result is a pinned take. record: the current one of its key."""
    if record is None or record.digest != take.digest:
        record = kept(key, take.digest)
    if record is None or take.digest in lost:
        return Decision(Status.ABSENT, action, key, pin=take)
    return Decision(Status.HIT, action, key, record, pin=take)


def _action(graph: Graph, name: str, decisions: Mapping[str, Decision], salt: str) -> Action | None:
    """The node's action; None while the digest of an input is not known."""
    inputs: dict[str, str] = {}
    forms = []
    for role, other in scene_graph.inputs_of(graph, name):
        # Of a pinned take that is absent it is known which one it is, and so is what may be in the store of its users.
        digest = decisions[other].digest
        if digest is None:
            return None
        inputs[role] = digest
        forms += form_of(graph, other, decisions[other].record)
    return action_of(scene_graph.node_of(graph, name), inputs, salt, forms)


def form_of(graph: Graph, name: str, record: Record | None) -> list[Form]:
    """The form of a node's result, by its record or else by its model; empty where neither is known."""
    if record is not None:
        return [Form(record.sample_rate, record.channels)]
    model = scene_graph.node_of(graph, name).model
    return [Form(model.sample_rate, model.channels)] if model is not None else []
