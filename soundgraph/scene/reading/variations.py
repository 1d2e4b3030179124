"""Takes: what a node with `variations` stands for, and all that follows from it take by take.

Once a scene is expanded, takes are plain nodes: "step" is the first, "step#2" the second. Nothing after it (graph,
plan, schedule, cache) knows that they were written as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from soundgraph.core import digest
from soundgraph.core.errors import quote
from soundgraph.core.params import Params, references, rename_references
from soundgraph.core.toml_document import MistakeSink
from soundgraph.scene.tables.scene import Export, Node

FIELD = "variations"
"""The field of a kind that makes takes."""

_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_PLACE = re.compile(r"\{take(?::0?([1-9]))?\}")

SinkOf = Callable[[Node | Export], MistakeSink]
"""The sink of the table that a node or an export was written in."""


def split(reference: str) -> tuple[str, str | None]:
    """("step", "3") of "step#3", and ("step", None) of "step", which is all takes of it."""
    name, mark, take = reference.partition("#")
    return name, take if mark else None


def name_of(node: str, take: int) -> str:
    """What the take of a node, or of an export, is called: the first as the node itself."""
    return node if take == 1 else f"{node}#{take}"


def seed_of(seed: int, take: int) -> int:
    """The seed of a take, 0 to 2⁶³-1: of the first the node's own, of the others a hash of it and of the take's number.

    A hash, and not seed + take: takes of a node with the next seed would be this one's, shifted by one.
    """
    return seed if take == 1 else int(digest.digest("take", [seed, take])[:16], 16) >> 1


def wrong_path(path: str) -> str:
    """What is wrong with the braces in an export's path, to be put after it; "" for nothing."""
    rest = _PLACE.sub("", path)
    if "{" not in rest and "}" not in rest:
        return ""
    return f'{quote(path)} has braces that are not "{{take}}", or "{{take:02}}" for two digits'


def has_place(path: str) -> bool:
    """Whether a path says where the number of the take goes."""
    return _PLACE.search(path) is not None


def fill(path: str, take: int) -> str:
    """The path with the number of a take in it: "step_{take:02}" is "step_03"."""
    return _PLACE.sub(lambda place: f"{take:0{place[1] or 1}}", path)


@dataclass(frozen=True)
class ExpandedTakes:
    """A scene's nodes and exports, take by take."""

    nodes: dict[str, Node]
    exports: dict[str, Export]
    counts: Mapping[str, int]
    """How many takes each node has, by the name it was written by; empty if nodes need one another in a circle."""
    n_nodes: int
    """How many nodes there are; more than were made, where that is more than is allowed."""
    n_exports: int
    """The same of exports."""


def expand(nodes: Mapping[str, Node], exports: Mapping[str, Export], sink_of: SinkOf, most: int) -> ExpandedTakes:
    """Every node and export once for each of its takes. None are made if there would be over `most` nodes or exports.

    A node has as many takes as it makes, or as its inputs have: inputs with takes are zipped, those with one serve all,
    and one that names a take ("step#3") is that one only. A reference to what is no node of the scene is left alone.
    Where nodes need one another in a circle, references are left without the takes they name: the circle is found
    later.
    """
    order = _order(nodes)
    if order is None:
        plain = {name: replace(node, params=_renamed(node, lambda ref: split(ref)[0])) for name, node in nodes.items()}
        return ExpandedTakes(plain, dict(exports), {}, len(nodes), len(exports))
    counts: dict[str, int] = {}
    for name in order:
        counts[name] = _count(nodes[name], counts, sink_of)
    n_nodes = sum(counts.values())
    n_exports = sum(1 if take else counts.get(name, 1) for name, take in map(_source, exports.values()))
    if max(n_nodes, n_exports) > most:  # before that many are made: a scene of a few lines can ask for millions
        return ExpandedTakes(dict(nodes), dict(exports), {}, n_nodes, n_exports)
    expanded: dict[str, Node] = {}
    for name, node in nodes.items():
        for take in range(1, counts[name] + 1):
            taken = _take(node, take, counts)
            expanded[taken.name] = taken
    delivered: dict[str, Export] = {}
    for export in exports.values():
        for of_take in _exports(export, counts, sink_of):
            delivered[of_take.name] = of_take
    return ExpandedTakes(expanded, delivered, counts, n_nodes, n_exports)


def _source(export: Export) -> tuple[str, str | None]:
    return split(export.settings.node)


def _order(nodes: Mapping[str, Node]) -> list[str] | None:
    """The nodes, each after those it needs; None if there is a circle."""
    users: dict[str, list[str]] = {}
    waits: dict[str, int] = {}
    for name, node in nodes.items():
        needs = {split(ref)[0] for _, ref in references(node.params)} & nodes.keys()
        waits[name] = len(needs)
        for other in needs:
            users.setdefault(other, []).append(name)
    order = [name for name, count in waits.items() if not count]
    for name in order:  # grows while it is gone through
        for user in users.get(name, ()):
            waits[user] -= 1
            if not waits[user]:
                order.append(user)
    return order if len(order) == len(nodes) else None


def _count(node: Node, counts: Mapping[str, int], sink_of: SinkOf) -> int:
    """How many takes a node has. counts: of the nodes that it needs."""
    own = getattr(node.params, FIELD, 1)
    many = {} if own == 1 else {FIELD: own}
    for role, ref in references(node.params):
        name, take = split(ref)
        if name not in counts:  # there is no such node, which is a mistake of its own
            continue
        if take is None:
            if counts[name] > 1:
                many[f'"{name}"'] = counts[name]
        elif fault := _wrong_take(name, take, counts[name]):
            sink_of(node).wrong(role_keys(role), f"{role} {fault}")
    if len(set(many.values())) > 1:
        spelled = ", ".join(f"{what} {count}" for what, count in many.items())
        what = f"goes by takes of unlike number: {spelled}"
        first = next(name for name in many if name != FIELD).strip('"')
        sink_of(node).wrong((), what, f'give them as many, or name one take, as in "{first}#1"')
    return max(many.values(), default=1)


def _wrong_take(name: str, take: str, count: int) -> str:
    """What is wrong with naming a take of a node, to be put after the field's name; "" for nothing."""
    if not _NUMBER.fullmatch(take):
        return f'"{name}#{take}" names no take: they are numbered from 1, as in "{name}#1"'
    if int(take) <= count:
        return ""
    return f'"{name}#{take}" is not there: "{name}" has {count} take{"s" * (count > 1)}'


def _take(node: Node, take: int, counts: Mapping[str, int]) -> Node:
    def of_take(ref: str) -> str:
        name, named = split(ref)
        if named and not _NUMBER.fullmatch(named):  # a mistake that has been noted
            return ref
        return name_of(name, int(named) if named else min(take, counts.get(name, 1)))

    params = node.params
    if any("#" in ref or counts.get(ref, 1) > 1 for _, ref in references(params)):
        params = _renamed(node, of_take)
    if getattr(params, FIELD, 1) > 1:
        seed = seed_of(getattr(params, "seed", 0), take)
        params = params.model_copy(update={FIELD: 1, "seed": seed})
    if params is node.params and take == 1:
        return node
    return replace(node, name=name_of(node.name, take), params=params)


def _renamed(node: Node, rename: Callable[[str], str]) -> Params:
    return rename_references(node.params, rename)


def _exports(export: Export, counts: Mapping[str, int], sink_of: SinkOf) -> Iterable[Export]:
    name, take = split(export.settings.node)
    if name not in counts or wrong_path(export.path):  # mistakes of their own
        return
    if take is not None and (fault := _wrong_take(name, take, counts[name])):
        sink_of(export).wrong(("node",), f"node {fault}")
        return
    count = counts[name] if take is None else 1
    if count > 1 and not has_place(export.path):
        what = f'"{name}" has {count} takes, so that the path needs "{{take}}"'
        sink_of(export).wrong((), what, f'path = "{export.path}_{{take}}", or node = "{name}#1" for one of them')
        return
    for number in range(1, count + 1):
        node = name_of(name, int(take) if take else number)
        settings = (
            export.settings.model_copy(update={"node": node}) if node != export.settings.node else export.settings
        )
        path = fill(export.path, int(take) if take else number)
        yield replace(
            export,
            name=name_of(export.name, number),
            settings=settings,
            path=path,
            take=number if count > 1 else None,
        )


_ROLE = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def role_keys(role: str) -> tuple[str | int, ...]:
    """("inputs", 0, "node") of "inputs[0].node"."""
    return tuple(int(index) if index else name for name, index in _ROLE.findall(role))
