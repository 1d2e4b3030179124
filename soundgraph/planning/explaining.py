"""Why a node would run, or would not: the difference between its action and the last one that was kept, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Notes, Records
from soundgraph.planning import scene_graph
from soundgraph.planning.action import Difference, action_of, differences
from soundgraph.planning.planner import Plan, Status, form_of


@dataclass(frozen=True)
class Reason:
    """Why a node would run, or not."""

    node: str
    status: Status
    reason: str
    """One of "current", "changed", "never built", "lost", "forced", "input", "shared", "unknown weights", "absent"."""
    changes: tuple[Difference, ...] = ()
    """The fields that differ from when the node was last built."""
    waits_for: tuple[str, ...] = ()
    """The inputs that have to run first."""
    note: str = ""
    """What else is worth saying, in words; of "absent" it is all there is to say."""

    def __str__(self) -> str:
        parts = [str(change) for change in self.changes]
        if self.reason == "input":
            parts.append(f"after {', '.join(self.waits_for)}")
        elif self.reason == "unknown weights":
            parts.append("the weights of its model are not known here")
        elif self.reason not in ("changed", "absent"):
            parts.append(self.reason)
        if self.note:
            parts.append(self.note)
        return "; ".join(parts)


@dataclass(frozen=True)
class Past:
    """What the store remembers of nodes by name."""

    records: Mapping[str, Record] = field(default_factory=dict)
    """The last record of each."""
    gone: frozenset[str] = frozenset()
    """The names whose last record is lost."""


def recall(names: Iterable[str], records: Records, notes: Notes, note: Callable[[str], str]) -> Past:
    """Looks up the last record of each of `names`. note: the name under which the last key of a node is kept."""
    note_names = {name: note(name) for name in names}
    keys = notes.get(list(note_names.values()))
    by_key = records.lookup(list(keys.values()))
    last_keys = {name: keys[text] for name, text in note_names.items() if text in keys}
    last_records = {name: by_key[key] for name, key in last_keys.items() if key in by_key}
    return Past(last_records, frozenset(last_keys.keys() - last_records.keys()))


def explain(plan: Plan, name: str, past: Past) -> Reason:
    """Why `name` has the status that the plan gives it."""
    decision = plan.decisions[name]
    before = past.records.get(name)
    if decision.status is Status.HIT:
        if decision.shares is not None:
            return Reason(name, decision.status, "shared", note=f"the same as {decision.shares}, which runs")
        record = decision.record
        assert record is not None
        made_for = str(record.made.get("node", ""))
        if before is None:
            # In another clone, or as a draft of what is a draft without --draft too, a node has the same name.
            note = f"new name; same key as {made_for}" if made_for != name else "made elsewhere"
            return Reason(name, decision.status, "current", note=note)
        if before.key != record.key:
            return Reason(name, decision.status, "current", changes_since(plan, name, before), note="made earlier")
        return Reason(name, decision.status, "current")
    if decision.pin is not None:
        return Reason(name, decision.status, "absent", note=plan.pins.absence(decision.pin)[0])
    changes = changes_since(plan, name, before) if before is not None else ()
    is_new = before is None and name not in past.gone
    if decision.status is Status.MAYBE:
        waits = tuple(
            scene_graph.node_of(plan.graph, other).name
            for other in dict.fromkeys(other for _, other in scene_graph.inputs_of(plan.graph, name))
            if plan.decisions[other].record is None
        )
        return Reason(
            name,
            decision.status,
            "input",
            changes,
            waits,
            "never built" if before is None and name not in past.gone else "",
        )
    if decision.action is None:
        return Reason(name, decision.status, "unknown weights")
    if decision.forced is not None:
        return Reason(name, decision.status, "forced")
    if is_new:
        return Reason(name, decision.status, "never built")
    if not changes:
        return Reason(name, decision.status, "lost", note="its result is gone from the cache")
    return Reason(name, decision.status, "changed", changes)


def changes_since(plan: Plan, name: str, before: Record) -> tuple[Difference, ...]:
    """The fields that differ; an input by the names it had and has, or by its sound where the name is the same."""
    node = scene_graph.node_of(plan.graph, name)
    roles = dict(scene_graph.inputs_of(plan.graph, name))
    inputs = {role: scene_graph.node_of(plan.graph, other).name for role, other in roles.items()}
    known = {
        role: record.digest for role, other in roles.items() if (record := plan.decisions[other].record) is not None
    }
    old_inputs: Mapping[str, str] = before.made.get("inputs", {})
    old_digests: Mapping[str, str] = before.action.get("inputs", {})
    forms = [form for other in roles.values() for form in form_of(plan.graph, other, plan.decisions[other].record)]
    action_now = action_of(node, known, plan.salt, forms)
    changes = []
    if action_now is not None:
        without = {"inputs"}
        old = {key: value for key, value in before.action.items() if key not in without}
        new = {key: value for key, value in action_now.items() if key not in without}
        changes = differences(old, new)
    for role in [*inputs, *(role for role in old_digests if role not in inputs)]:
        old_name, new_name = old_inputs.get(role), inputs.get(role)
        if old_name != new_name:
            changes.append(Difference(role, old_name and f'"{old_name}"', new_name and f'"{new_name}"'))
        elif role in known and known[role] != old_digests.get(role):
            changes.append(Difference(role, f'"{old_name}"', f'"{new_name}" with other samples'))
    return tuple(changes)
