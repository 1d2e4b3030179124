"""The order in which models are loaded, so that each is loaded as few times as the graph allows. No side effects."""

from __future__ import annotations

from dataclasses import dataclass

from soundgraph import graph as graphs
from soundgraph.backends import Model
from soundgraph.planner import Plan


@dataclass(frozen=True)
class Group:
    """One load of a model and all that it makes while it is there, in the order it was written."""

    model: Model
    nodes: tuple[str, ...]


def groups(plan: Plan) -> list[Group]:
    """The generate nodes that will run, or may, gathered by model: the model with the most of them first.

    No generate node takes another's sound as input in this version, so one load for each model is the fewest there can
    be. The largest group first leaves the most work for the processors while later models load.
    """
    models: dict[tuple[str, str], Model] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for name in plan.to_run():
        model = graphs.node_of(plan.graph, name).model
        if model is not None:
            models.setdefault(model.weights, model)
            found.setdefault(model.weights, []).append(name)
    order = sorted(found, key=lambda weights: (-len(found[weights]), weights))
    return [Group(models[weights], tuple(found[weights])) for weights in order]
