"""The order in which models are loaded, so that each is loaded as few times as the graph allows. No side effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from soundgraph.backends import Device, Model, Precision
from soundgraph.core.errors import UsageError, quote
from soundgraph.core.units import size_words
from soundgraph.planning import load_order, scene_graph
from soundgraph.planning.load_order import Task
from soundgraph.planning.load_order.items import bits
from soundgraph.planning.planner import Plan
from soundgraph.scene.tables.scene import Node

OWN_PRECISION: Mapping[Device, Precision] = {"cpu": "float32", "cuda": "float16", "mps": "float16"}
"""What a device computes in where nothing is stated."""


class LoadKey(NamedTuple):
    """What is loaded."""

    weights: tuple[str, str]
    """`Model.weights`."""
    precision: Precision | None
    """None for the device's own, and where there is no choice."""


@dataclass(frozen=True)
class Step:
    """What a model makes while it is loaded."""

    load: LoadKey
    """Of `model`, in `precision`."""
    model: Model
    nodes: tuple[str, ...]
    """In the order they were written, each after those of them that it needs."""
    evicts: tuple[LoadKey, ...]
    """What is unloaded before it."""
    beside: tuple[LoadKey, ...]
    """What else may then be loaded; all that is neither has to be gone."""
    reload_needed: bool
    """Whether the model has to be loaded; False where it is still there."""
    memory_bytes: int
    """About what this model takes while it is loaded; 0 where nobody knows, and for a draft."""

    @property
    def precision(self) -> Precision | None:
        return self.load.precision


@dataclass(frozen=True)
class Schedule:
    """The steps of a build, if all that may run does."""

    steps: tuple[Step, ...]
    loads: int
    """How many loads there are in it."""
    lower_bound: int
    """How many loads any order has at least."""
    proven: bool
    """Whether the two are the same."""
    peak_bytes: int | None
    """About the most that loaded models take at a time; None where one of them is not known."""


def loads(plan: Plan, *, budget: int | None = None, device: Device = "auto") -> Schedule:
    """The order of loads for the generate nodes of a plan that will run, or may.

    budget: the most bytes that loaded models may take together; None for one model at a time. device: says what a model
    computes in where its node states nothing. Not known for "auto", as a plan does not ask torch: such nodes then get
    a load of their own beside those that state a precision, and count as if they computed in float32.

    Raises UsageError for models that do not fit into the budget.
    """
    names = [name for name in plan.to_run() if scene_graph.node_of(plan.graph, name).model is not None]
    models: dict[LoadKey, Model] = {}
    key_of: dict[str, LoadKey] = {}
    for name in names:
        node = scene_graph.node_of(plan.graph, name)
        assert node.model is not None
        key = LoadKey(node.model.weights, precision_of(node, device))
        key_of[name] = key
        models.setdefault(key, node.model)
    memory = {key: _memory_bytes(model, key.precision) for key, model in models.items()}
    sizes = {key: load_size(model, key.precision, budget) for key, model in models.items()}
    if budget is not None:
        _refuse_what_is_too_large(models, sizes, budget)
    after = _after(plan, key_of)
    order = load_order.order([Task(name, key_of[name], after.get(name, frozenset())) for name in names], sizes, budget)
    place = {name: number for number, name in enumerate(names)}
    steps: list[Step] = []
    resident: list[LoadKey] = []
    peak_bytes = 0
    for loaded in order.steps:
        key = loaded.load
        resident = [other for other in resident if other not in loaded.evicts and other != key]
        nodes = tuple(sorted(loaded.tasks, key=place.__getitem__))
        beside = tuple(resident)
        steps.append(Step(key, models[key], nodes, loaded.evicts, beside, loaded.reload_needed, memory[key]))
        resident.append(key)
        peak_bytes = max(peak_bytes, sum(memory[key] for key in resident))
    known = all(memory[key] or model.draft for key, model in models.items())
    return Schedule(tuple(steps), order.loads, order.lower_bound, order.proven, peak_bytes if known else None)


def precision_of(node: Node, device: Device) -> Precision | None:
    """What the model of a generate node computes in there; None for what the device does, where that is not known, and
    for a draft."""
    if node.model is None or node.model.draft:
        return None
    stated: Precision | None = getattr(node.params, "precision", None)
    return stated or OWN_PRECISION.get(device)


def _memory_bytes(model: Model, precision: Precision | None) -> int:
    return 0 if model.draft else model.memory_bytes(precision or "float32")


def load_size(model: Model, precision: Precision | None, budget: int | None) -> int:
    """What a load counts for under a budget."""
    size = _memory_bytes(model, precision)
    if budget is None or model.draft:
        return size
    if not size:
        return budget  # nobody knows how large it is: it has all of it to itself
    if precision is None and size > budget >= model.memory_bytes("float16"):
        return budget  # it does not fit into a processor's memory, but may be meant for a GPU
    return size


def _refuse_what_is_too_large(models: Mapping[LoadKey, Model], sizes: Mapping[LoadKey, int], budget: int) -> None:
    large = [
        f"{quote(models[key].id)}{f' ({key.precision})' if key.precision else ''} takes about {size_words(size)}"
        for key, size in sizes.items()
        if size > budget
    ]
    if large:
        raise UsageError(
            f"the memory budget is {size_words(budget)}, but model {', '.join(large)}",
            "a larger --memory-budget, a smaller model, or another precision",
        )


def _after(plan: Plan, key_of: Mapping[str, LoadKey]) -> dict[str, frozenset[str]]:
    """Of each generate node that needs others, by whatever way through the graph: the nearest ones.

    key_of: of all that run. Of those with one load that need the same, and so are made together, the first stands for
    all: thousands that go into a mix are a few names.
    """
    if not any(scene_graph.inputs_of(plan.graph, name) for name in key_of):
        return {}  # nearly always: nothing but a melody or a continuation makes a generate node wait
    sources: dict[str, int] = {}  # the nearest generate nodes that have to run for a node, itself included, as a mask
    firsts: dict[tuple[LoadKey, int], int] = {}
    names: list[str] = []
    sets: dict[int, frozenset[str]] = {0: frozenset()}
    after: dict[str, frozenset[str]] = {}
    for name, decision in plan.decisions.items():
        if decision.record is not None:
            sources[name] = 0
            continue
        if decision.shares is not None:  # a HIT only once the node that it shares with has run
            sources[name] = sources[decision.shares]
            continue
        mask = 0
        for _, other in scene_graph.inputs_of(plan.graph, name):
            mask |= sources[other]
        if name in key_of:
            if mask not in sets:
                sets[mask] = frozenset(names[place] for place in bits(mask))
            after[name] = sets[mask]
            place = firsts.setdefault((key_of[name], mask), len(names))
            if place == len(names):
                names.append(name)
            mask = 1 << place
        sources[name] = mask
    return after
