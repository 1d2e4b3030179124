"""The recipes of a tree's nodes: a plan over a cache that holds a result for every action."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from soundgraph.backends import Model
from soundgraph.cache.result_record import Record
from soundgraph.core.errors import UsageError
from soundgraph.delivery import provenance
from soundgraph.delivery.export_files import Job
from soundgraph.planning import planner, scene_graph
from soundgraph.planning.planner import Plan
from soundgraph.project.git_revision import Revision
from soundgraph.scene.tables.scene import Node
from soundgraph.session.diffing.trees import Side
from soundgraph.session.session import Session


class RecipeTree:
    """A side with the recipes of its nodes. recipes: a plan in which every node is a hit, with its key for a digest."""

    def __init__(self, side: Side, recipes: Plan):
        self.side, self.session, self.recipes = side, side.session, recipes
        self.records = {
            name: replace(decision.record, action=decision.action)
            for name, decision in recipes.decisions.items()
            if decision.record is not None and decision.action is not None
        }

    def node(self, name: str) -> Node:
        return scene_graph.node_of(self.recipes.graph, name)

    def upstream(self, job: Job) -> dict[str, str]:
        """The ids of the nodes that an export is made from, by their names; each after those it needs."""
        needed = scene_graph.needed(self.recipes.graph, [job.node])
        layers = scene_graph.in_order(self.recipes.graph, needed)
        return {self.node(name).name: name for layer in layers for name in layer}

    def description(self, job: Job) -> dict[str, Any]:
        """What is written beside its files, but for what follows from the files and their settings."""
        told = {"scene": job.scene.id, "export": job.export.base, "take": job.export.take}
        ancestry = provenance.ancestry(self.recipes.graph, job.node, self.records)
        return {**told, "node": job.export.settings.node, **ancestry}

    def demands(self, job: Job, upstream: Mapping[str, str]) -> list[dict[str, Any]]:
        """What an export is held back for: of its files, and of what it is made from."""
        return [
            check.settings.model_dump(exclude_defaults=True)
            for check in job.scene.checks
            if (
                job.export.name in check.names
                if check.settings.export is not None
                else set(check.names) & set(upstream)
            )
        ]

    @cached_property
    def plan(self) -> Plan:
        """Of all that is asked for, over the cache as it is."""
        return self.session.plan()


def recipes_of(old: Side, new: Side, revision: Revision) -> tuple[RecipeTree, RecipeTree]:
    """old: of the revision. Raises UsageError if a recording went away since it was looked at."""
    models = [(side, model) for side in (old, new) for model in _models(side.session)]
    # What only one of the two trees can identify would seem to have changed.
    unknown = {model.id for _, model in models if not model.identity}
    weights = [model for side, model in models if side is old and not model.draft]
    others = revision.altered([path for model in weights for path in model.read])
    altered = {model.id for model in weights if others & set(model.read)}

    def identity_then(model: Model) -> str:
        known = identity(model)
        return f"{known} as at {revision.sha}" if model.id in altered else known

    def identity(model: Model) -> str:
        return f"{model.id}@{model.revision}" if model.id in unknown else model.identity

    return RecipeTree(old, _plan(old.session, identity_then)), RecipeTree(new, _plan(new.session, identity))


def _models(opened: Session) -> list[Model]:
    return list(
        {model.id: model for scene in opened.scenes for node in scene.nodes.values() if (model := node.model)}.values()
    )


def _plan(opened: Session, identity: Callable[[Model], str]) -> Plan:
    """The plan over a cache that holds a result for every action: one whose digest is the action's key."""

    def lookup(keys: Sequence[str]) -> Mapping[str, Record]:
        return {key: Record(key, key, 0, 0, 0, {}) for key in keys}

    def node_of(node: Node) -> Node:
        return node if node.model is None else replace(node, model=replace(node.model, identity=identity(node.model)))

    graph = scene_graph.build_graph(
        replace(scene, nodes={name: node_of(node) for name, node in scene.nodes.items()}) for scene in opened.scenes
    )
    try:
        return planner.plan(graph, opened.wanted, lookup, salt=opened.project.cache.salt)
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from error
