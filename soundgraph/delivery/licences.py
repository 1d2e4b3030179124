"""What may be delivered: whether the licences of the weights that exports rest on allow what they are built for."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence

from soundgraph.core import path_names
from soundgraph.core.errors import Mistake, quote
from soundgraph.delivery.export_files import Job
from soundgraph.planning import scene_graph
from soundgraph.planning.scene_graph import Graph
from soundgraph.project.settings_tables import PolicySettings
from soundgraph.scene.tables.scene import Node, Origin

# CC-BY-NC-4.0 and its like, NCGL-UK-2.0, PolyForm-Noncommercial-1.0.0: the parts of a name by which SPDX's list, and
# whoever makes up a LicenseRef of his own, says so.
_NON_COMMERCIAL = {"nc", "ncgl", "noncommercial"}

_MOST_STEPS = 8
"""Of a path that is shown whole."""


def is_commercial(licence: str) -> bool:
    """Whether the name of a licence says nothing against commercial use. licence: an SPDX identifier."""
    return not _NON_COMMERCIAL & set(re.split(r"[-.]", licence.casefold()))


def mistakes(
    graph: Graph,
    wanted: Iterable[str],
    jobs: Sequence[Job],
    settings: PolicySettings,
    line_of: Callable[[Origin], int],
) -> list[Mistake]:
    """One for each generate node asked for whose weights may not be used, with the way to it from an export.

    wanted: ids of the nodes that are built. jobs: the exports that are delivered.
    A draft is made without weights, so that no policy refuses it.
    """
    if settings.allow_licenses is None and settings.require is None:
        return []
    # By what is said of it: a node of a file that many scenes include is written, and to be mended, once.
    refused: dict[tuple[Origin, str, str, str], list[str]] = {}
    for name in sorted(scene_graph.needed(graph, wanted)):
        node = scene_graph.node_of(graph, name)
        if (reason := refusal(node, settings)) is not None:
            made_in_code = "" if node.origin.file else scene_graph.scene_of(graph, name).id
            refused.setdefault((node.origin, made_in_code, *reason), []).append(name)
    ways = _ways(graph, jobs, {name for names in refused.values() for name in names}) if refused else {}
    licence_mistakes = []
    for (origin, _, why, hint), names in refused.items():
        way, *others = [way for name in names for way in ways.get(name, ())] or [""]
        what = f"{way}: {why}" if way else why
        if others:
            what += f"; {len(others)} more export{'s rest' if len(others) > 1 else ' rests'} on it"
        place = Origin(origin.file, (*origin.keys, "model"))
        where = f"nodes.{scene_graph.node_of(graph, names[0]).name}"
        licence_mistakes.append(Mistake(origin.file, line_of(place), where, what, hint, place.keys))
    return sorted(licence_mistakes)


def refusal(node: Node, settings: PolicySettings) -> tuple[str, str] | None:
    """Why the weights of a node's model may not be used, and what to do about it; None if they may."""
    model = node.model
    if model is None or model.draft or (settings.allow_licenses is None and settings.require is None):
        return None
    named = f"model {quote(model.id)}"
    if not model.licence:
        entry = f'{_name_of(node)} = {{ model = {quote(model.id)}, license = "…" }}'
        return f"{named} has a licence that nobody has named", f"name it in soundgraph.toml: [models] {entry}"
    if settings.require == "commercial" and not is_commercial(model.licence):
        hint = "a commercial build needs weights that allow it, or a recording in place of the take"
        return f"{named} is {model.licence}, which does not allow commercial use", hint
    allowed = settings.allow_licenses
    if allowed is not None and model.licence.casefold() not in map(str.casefold, allowed):
        hint = f"soundgraph.toml allows {', '.join(allowed) or 'none'} ([policy] allow_licenses)"
        return f"{named} is {model.licence}, which is not allowed", hint
    return None


def _name_of(node: Node) -> str:
    """What [models] calls the node's model, or could."""
    asked = str(getattr(node.params, "model", ""))
    names = [asked, asked.rstrip("/").rpartition("/")[2]]
    return next((name for name in names if name.isascii() and path_names.is_name(name)), "mine")


def _ways(graph: Graph, jobs: Sequence[Job], names: Container[str]) -> dict[str, list[str]]:
    """By node, the shortest way to it from each export that rests on it, in words."""
    ways: dict[str, list[str]] = {}
    for job in jobs:
        user: dict[str, str] = {job.node: ""}
        waiting = [job.node]
        for name in waiting:  # breadth first: it grows meanwhile
            for other in graph.predecessors(name):
                if other not in user:
                    user[other] = name
                    waiting.append(other)
            if name in names:
                steps = [name]
                while user[steps[-1]]:
                    steps.append(user[steps[-1]])
                way = _way(job, [scene_graph.node_of(graph, step) for step in reversed(steps)])
                ways.setdefault(name, []).append(way)
    return ways


def _way(job: Job, nodes: list[Node]) -> str:
    """ "exports.theme <- master <- rain". A chain of hundreds of nodes is told by its ends."""
    steps = [node.name for node in nodes]
    if len(steps) > _MOST_STEPS:
        half = _MOST_STEPS // 2
        steps = [*steps[:half], f"({len(steps) - 2 * half} more)", *steps[-half:]]
    # An included node stands in another file than the export.
    scene = f"{job.scene.id}:" * (nodes[-1].origin.file != job.export.origin.file)
    return " <- ".join([f"{scene}exports.{job.export.name}", *steps])
