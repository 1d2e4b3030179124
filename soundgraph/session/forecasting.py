"""How long a build will take, by what earlier ones took. No side effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from soundgraph.backends import Device
from soundgraph.cache.result_record import Record
from soundgraph.core.text import counted
from soundgraph.core.tracing import model_label
from soundgraph.planning import scene_graph, schedule
from soundgraph.planning.planner import Plan
from soundgraph.planning.schedule import Schedule
from soundgraph.scene.tables.scene import Node
from soundgraph.session.history import EXPORT, Build, seconds_of

_ENOUGH = 50
"""Results that a rate rests on, the newest first: a machine, and what runs on it, changes."""


class Rate(NamedTuple):
    """How long results of a kind took."""

    results: int = 0
    """How many it rests on."""
    seconds: float = 0.0
    """Of work that they took."""
    sound_s: float = 0.0
    """Seconds of sound that came of it."""

    def seconds_for(self, sound_s: float | None) -> float:
        """How long one more would take, of so many seconds of sound; the mean where that is not known."""
        if sound_s is not None and self.sound_s:
            return self.seconds * sound_s / self.sound_s
        return self.seconds / self.results

    def plus(self, results: int, seconds: float, sound_s: float = 0.0) -> Rate:
        return Rate(self.results + results, self.seconds + seconds, self.sound_s + sound_s)


@dataclass(frozen=True)
class Rates:
    """What earlier builds took."""

    made: Mapping[str, Rate] = field(default_factory=dict)
    """By kind, by model for generate nodes, and of files by EXPORT."""
    loads: Mapping[str, Rate] = field(default_factory=dict)
    """By model."""


@dataclass(frozen=True)
class Forecast:
    """How long a build will take, if all runs that may."""

    seconds: float | None
    """Of the whole; None where something has to run and nothing is known of any of it."""
    nodes: Mapping[str, float | None]
    """Seconds of each node that runs, or may; None where nothing is known."""
    generating: float
    """Seconds of all loads and takes, one after another."""
    processing: float
    """Seconds of all else, one after another."""
    chain: float
    """Seconds of the longest way through the graph."""
    takes: int
    """How many takes run, or may."""
    others: int
    """How many other nodes do."""
    loads: int
    """How often a model is loaded."""
    unknown_nodes: int
    """Nodes that are left out of `seconds`."""
    unknown_loads: int
    """Loads that are left out of `seconds`."""
    results: int
    """How many earlier results it rests on."""


def rates_of(builds: Sequence[Build], device: Device) -> Rates:
    """What the builds of this tree took, the oldest first. device: that of the build to come."""
    made: dict[str, Rate] = {}
    loads: dict[str, Rate] = {}
    for build in reversed(builds):
        if build.device != device:
            continue
        for work in build.made:
            if made.get(work.what, Rate()).results < _ENOUGH and work.nodes:
                made[work.what] = made.get(work.what, Rate()).plus(work.nodes, work.seconds, work.sound_s)
        for spent in build.spent:
            if spent.category == "load" and spent.times and loads.get(spent.what, Rate()).results < _ENOUGH:
                loads[spent.what] = loads.get(spent.what, Rate()).plus(spent.times, spent.seconds)
    return Rates(made, loads)


def forecast(
    plan: Plan,
    steps: Schedule,
    past: Mapping[str, Record],
    rates: Rates,
    *,
    files: Mapping[str, int],
    jobs: int,
    device: Device = "auto",
) -> Forecast:
    """How long building `plan` will take.

    past: the last record of each node, as far as there is one. files: how many are to be written of a node's sound.
    jobs: how many nodes are processed at once.

    A take is reckoned by what the model took on this tree for a second of sound: its earlier record may come from a
    machine of another sort. What is no take is reckoned by its own last run, which knows its parameters; and after that
    both by other results at hand. Models make takes one after another, and what processes sound is shared out among
    `jobs`; that the two overlap is left out, since both want the processors.
    """
    reckoning = _Reckoning(plan, past, rates, device)
    runs = plan.to_run()
    nodes = {name: reckoning.seconds(name) for name in runs}
    generate = [name for name in runs if scene_graph.node_of(plan.graph, name).model is not None]
    loads = [model_label(step.model.id, step.precision) for step in steps.steps if step.reload_needed]
    loading = [reckoning.load(label) for label in loads]
    written = {name: reckoning.export(name, count) for name, count in files.items() if count}
    generating = sum(nodes[name] or 0.0 for name in generate) + sum(seconds or 0.0 for seconds in loading)
    processing = sum(seconds or 0.0 for seconds in nodes.values()) - sum(nodes[name] or 0.0 for name in generate)
    processing += sum(written.values())
    chain = _chain(plan, nodes, written)
    known = any(seconds is not None for seconds in nodes.values()) or not runs
    return Forecast(
        seconds=max(generating + processing / max(1, jobs), chain) if known else None,
        nodes=nodes,
        generating=generating,
        processing=processing,
        chain=chain,
        takes=len(generate),
        others=len(runs) - len(generate),
        loads=len(loads),
        unknown_nodes=sum(seconds is None for seconds in nodes.values()),
        unknown_loads=sum(seconds is None for seconds in loading),
        results=reckoning.results,
    )


class _Reckoning:
    def __init__(self, plan: Plan, past: Mapping[str, Record], rates: Rates, device: Device):
        self._plan, self._past, self._rates, self._device = plan, past, rates, device
        self._at_hand: dict[str, Rate] | None = None
        self._lengths: dict[str, float | None] = {}
        self._records = 0  # how many it rests on, and how many results behind each of the rates
        self._used: dict[str, int] = {}

    @property
    def results(self) -> int:
        return self._records + sum(self._used.values())

    def seconds(self, name: str) -> float | None:
        """Of a node."""
        node = scene_graph.node_of(self._plan.graph, name)
        own = self._own(name, node)
        if node.model is None and own is not None:
            self._records += 1
            return seconds_of(own)
        what, length = self._what(node), self._length(name)
        rate = self._rates.made.get(what)
        if rate is not None:
            return self._by(what, rate, length)
        if own is not None and length is not None and own.n_samples:
            self._records += 1
            return seconds_of(own) * length * own.sample_rate / own.n_samples
        if self._at_hand is None:
            self._at_hand = self._rates_at_hand()
        rate = self._at_hand.get(what)
        return self._by(what, rate, length) if rate is not None else None

    def load(self, label: str) -> float | None:
        rate = self._rates.loads.get(label)
        return self._by(f"load {label}", rate, None) if rate is not None else None

    def export(self, name: str, count: int) -> float:
        rate = self._rates.made.get(EXPORT)
        return count * self._by(EXPORT, rate, self._length(name)) if rate is not None else 0.0

    def _by(self, what: str, rate: Rate, length: float | None) -> float:
        self._used[what] = rate.results
        return rate.seconds_for(length)

    def _what(self, node: Node) -> str:
        if node.model is None:
            return node.kind_name
        return model_label(node.model.id, schedule.precision_of(node, self._device))

    def _own(self, name: str, node: Node) -> Record | None:
        """The node's last record, if that was made in the same way."""
        record = self._past.get(name)
        if record is None or record.action.get("kind") != node.kind_name or "seconds" not in record.made:
            return None
        if node.model is not None:
            model, params = record.action.get("model", {}), record.action.get("params", {})
            same = model.get("identity") == node.model.identity
            return record if same and params.get("precision") == getattr(node.params, "precision", None) else None
        return record

    def _length(self, name: str) -> float | None:
        """Seconds of sound that a node gives, roughly: what it says of itself, or the longest that goes in."""
        waiting = [name]
        while waiting:  # no recursion: a chain may be thousands of nodes long
            node = waiting[-1]
            record = self._plan.decisions[node].record
            stated = getattr(scene_graph.node_of(self._plan.graph, node).params, "duration", None)
            if record is not None:
                self._lengths[node] = record.n_samples / record.sample_rate
            elif isinstance(stated, int | float):
                self._lengths[node] = float(stated)
            else:
                inputs = [other for _, other in scene_graph.inputs_of(self._plan.graph, node)]
                if unknown := [other for other in inputs if other not in self._lengths]:
                    waiting += unknown
                    continue
                lengths = (self._lengths[other] for other in inputs)
                self._lengths[node] = max((length for length in lengths if length is not None), default=None)
            waiting.pop()
        return self._lengths[name]

    def _rates_at_hand(self) -> dict[str, Rate]:
        """By the records of this plan's hits, and of what its nodes were before: they may come from another machine."""
        rates: dict[str, Rate] = {}
        hits = {name: decision.record for name, decision in self._plan.decisions.items() if decision.record is not None}
        for name, record in {**self._past, **hits}.items():
            if name not in self._plan.graph:
                continue
            node = scene_graph.node_of(self._plan.graph, name)
            if "seconds" in record.made and (name in hits or self._own(name, node) is not None):
                what, sound_s = self._what(node), record.n_samples / record.sample_rate
                rates[what] = rates.get(what, Rate()).plus(1, seconds_of(record), sound_s)
        return rates


def _chain(plan: Plan, nodes: Mapping[str, float | None], written: Mapping[str, float]) -> float:
    ends: dict[str, float] = {}
    for name, seconds in nodes.items():
        before = (ends.get(other, 0.0) for _, other in scene_graph.inputs_of(plan.graph, name))
        ends[name] = (seconds or 0.0) + max(before, default=0.0)
    return max((ends.get(name, 0.0) + written.get(name, 0.0) for name in {**ends, **written}), default=0.0)


def words(forecast: Forecast, *, unsure: bool) -> str:
    """One line; "" where nothing has to run. unsure: whether it may turn out that some of it need not."""
    if not forecast.nodes:
        return ""
    if forecast.seconds is None:
        return "no forecast: nothing like it was built here"
    others = "other node" if forecast.takes else "node"
    parts = [_some(forecast.takes, "take"), _some(forecast.others, others), _some(forecast.loads, "load")]
    left = [_some(forecast.unknown_nodes, "node"), _some(forecast.unknown_loads, "load")]
    without = f"; {' and '.join(filter(None, left))} left out, of which nothing is known" if any(left) else ""
    about = f"{'at most ' if unsure else ''}about {lasting(forecast.seconds)}"
    return f"{about} ({', '.join(filter(None, parts))}; from {counted(forecast.results, 'earlier result')}{without})"


def _some(number: int, noun: str) -> str:
    return counted(number, noun) if number else ""


def lasting(seconds: float) -> str:
    """ "0.3 s", "40 s", "2 min", "1.5 h"."""
    if seconds < 9.95:
        return f"{max(0.1, seconds):.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
