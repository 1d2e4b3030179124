"""In what an export differs from what it was: its settings, the project's, and the nodes that it is made from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundgraph.backends import Model
from soundgraph.cache.action_key import action_key
from soundgraph.cache.result_record import Record
from soundgraph.delivery.export_files import Job
from soundgraph.planning import action, scene_graph
from soundgraph.planning.action import Difference
from soundgraph.project.config import Project
from soundgraph.scene.tables.scene import Node
from soundgraph.session.diffing.recipes import RecipeTree

SHOWN = 12
"""Characters of a digest that a person is told."""


@dataclass(frozen=True)
class ChangeReason:
    """Why an export, or a manifest, is not as it was."""

    node: str
    """By its name in its scene; "" for what concerns the export itself."""
    change: Difference

    def __str__(self) -> str:
        return f"{self.node}: {self.change}" if self.node else str(self.change)


def fields_of(node: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ChangeReason]:
    """The fields in which two tables differ; None stands for nothing."""
    before, after = ({key: value for key, value in table.items() if value is not None} for table in (old, new))
    for change in action.differences({"params": before}, {"params": after}):
        yield ChangeReason(node, change)


def of_the_export(old: Job, new: Job) -> Iterator[ChangeReason]:
    dumps = [job.export.settings.model_dump(exclude={"node", "path", "format", "preset"}) for job in (old, new)]
    yield from fields_of("", *dumps)
    about = [
        {"path": f"{job.folder}/{job.export.path}", "format": list(job.export.settings.formats)} for job in (old, new)
    ]
    yield from fields_of("", *about)
    rates = [{"scene.sample_rate": job.scene.settings.sample_rate} for job in (old, new)]
    yield from fields_of("", *rates)


def of_the_project(old: Project, new: Project) -> Iterator[ChangeReason]:
    yield from fields_of("", {"salt": old.cache.salt or None}, {"salt": new.cache.salt or None})


def of_the_nodes(
    before: RecipeTree, after: RecipeTree, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[ChangeReason]:
    """old, new: the nodes that an export is made from: ids by names."""
    was = _partners(before, after, old, new)  # from new names to old ones
    now = {name: other for other, name in was.items()}
    for name in new:
        if name not in was:
            yield ChangeReason(name, Difference("node", None, after.node(new[name]).kind_name))
            continue
        yield from (ChangeReason(name, change) for change in _fields(before, after, old[was[name]], new[name], now))
        if was[name] != name:
            yield ChangeReason(name, Difference("name", f'"{was[name]}"', f'"{name}"'))
    for name in old:
        if name not in now:
            yield ChangeReason(name, Difference("node", before.node(old[name]).kind_name, None))


def _partners(before: RecipeTree, after: RecipeTree, old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """What each of the new nodes was called: the same, else one that is gone and has its recipe, else its fields."""
    partners = {name: name for name in new if name in old}
    for trait in (
        lambda side, name: side.records[name].key,
        lambda side, name: action_key(_own(side.records[name])),
    ):
        gone: dict[str, list[str]] = {}
        taken = set(partners.values())
        for name in old:
            if name not in taken:
                gone.setdefault(trait(before, old[name]), []).append(name)
        for name in new:
            if name not in partners and (candidates := gone.get(trait(after, new[name]))):
                partners[name] = candidates.pop(0)
    return partners


def _own(record: Record) -> dict[str, Any]:
    """What a manifest says beside what goes in."""
    return {key: value for key, value in record.action.items() if key not in ("inputs", "salt")}


def _fields(before: RecipeTree, after: RecipeTree, old: str, new: str, now: Mapping[str, str]) -> Iterator[Difference]:
    """In what a node differs. old, new: its ids. now: from the old names of nodes to the new ones."""
    node, was = after.node(new), before.node(old)
    for change in action.differences(_own(before.records[old]), _own(after.records[new])):
        group, _, name = change.field.partition(".")
        if group == "files":
            yield _file_change(name, was, node, before.session.root, after.session.root)
        elif group != "model":
            yield change
        elif change.field == "model.identity" and was.model is not None and node.model is not None:
            if was.model.id != node.model.id:
                yield Difference("model", f'"{was.model.id}"', f'"{node.model.id}"')
            else:
                yield Difference("weights", was.model.identity[:SHOWN], _weights(was.model, node.model))
        elif change.field == "model.version":
            yield change
    roles = [
        {
            role: scene_graph.node_of(side.recipes.graph, other).name
            for role, other in scene_graph.inputs_of(side.recipes.graph, name)
        }
        for side, name in ((before, old), (after, new))
    ]
    for role in dict.fromkeys([*roles[1], *roles[0]]):
        input_then, input_now = roles[0].get(role), roles[1].get(role)
        if input_then is None or input_now is None or now.get(input_then) != input_now:
            yield Difference(role, input_then and f'"{input_then}"', input_now and f'"{input_now}"')


def _weights(old: Model, new: Model) -> str:
    short = new.identity[:SHOWN]
    return short if short != old.identity[:SHOWN] else "other ones"


def _file_change(name: str, old: Node, new: Node, before: Path, after: Path) -> Difference:
    """Of a recording with other content, called by its path from the project's root."""
    path_then, path_now = (
        os.path.relpath(getattr(node.params, name), root).replace(os.sep, "/")
        for node, root in ((old, before), (new, after))
    )
    same = " with other content" if path_then == path_now else ""
    return Difference(name, f'"{path_then}"', f'"{path_now}"{same}')
