"""What a delivered file was made from, found by walking the graph: never stored with an artifact, since equal samples
can have different ancestry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soundgraph.backends import Model
from soundgraph.cache.result_record import Record
from soundgraph.core.params import key_params, reference_fields
from soundgraph.planning import scene_graph
from soundgraph.planning.scene_graph import Graph

UNSTATED = "NOASSERTION"
"""SPDX's word for a licence that nobody has named."""


def ancestry(graph: Graph, name: str, records: Mapping[str, Record]) -> dict[str, Any]:
    """Facts for the file beside an export: `draft`, `licences`, `models` and `nodes`, the last after its inputs.

    Holds nothing that changes from day to day or from machine to machine: how a take was made (device, versions) is
    kept with its record, not here.
    """
    nodes: dict[str, Any] = {}
    model_by_id: dict[str, Model] = {}
    upstream: dict[str, tuple[str, ...]] = {}  # by node: the ids of all models that its sound was made with
    for layer in scene_graph.in_order(graph, scene_graph.needed(graph, [name])):
        for other in layer:
            node, record = scene_graph.node_of(graph, other), records[other]
            sources = scene_graph.inputs_of(graph, other)
            ids = {model_id for _, source in sources for model_id in upstream[source]}
            facts: dict[str, Any] = {"kind": node.kind_name}
            if node.model is not None:
                model_by_id[node.model.id] = node.model
                ids.add(node.model.id)
                facts["model"] = node.model.id
                # All of them, those at their default too: a prompt alone does not say what a take is.
                unsaid = {"model", *reference_fields(type(node.params))}
                params = node.params.model_dump(exclude=unsaid, exclude_none=True)
            else:
                params = key_params(node.params)
            inputs = {role: scene_graph.node_of(graph, source).name for role, source in sources}
            upstream[other] = tuple(sorted(ids))
            models = list(upstream[other])
            facts.update(
                (key, value) for key, value in (("params", params), ("inputs", inputs), ("models", models)) if value
            )
            files = record.action.get("files")
            if files:
                facts["files_sha256"] = files
            facts.update(action_key=record.key, digest=record.digest)
            nodes[node.name] = facts
    models_used = sorted(model_by_id.values(), key=lambda model: model.id)
    return {
        "draft": any(model.draft for model in models_used),
        "licences": sorted({_licence(model) for model in models_used} - {""}),
        "models": [
            {
                "id": model.id,
                "family": model.family,
                "backend": model.backend,
                "revision": model.revision,
                "digest": model.identity,
                "licence": _licence(model),
                "draft": model.draft,
            }
            for model in models_used
        ],
        "nodes": nodes,
    }


def _licence(model: Model) -> str:
    """ "" for a draft, which has no weights."""
    return model.licence or ("" if model.draft else UNSTATED)
