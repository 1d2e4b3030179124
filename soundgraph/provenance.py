"""What a delivered file was made from, found by walking the graph: never stored with an artifact, since equal samples
can have different ancestry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soundgraph import graph as graphs
from soundgraph import kinds
from soundgraph.backends import Model
from soundgraph.graph import Graph
from soundgraph.store import Record


def ancestry(graph: Graph, name: str, records: Mapping[str, Record]) -> dict[str, Any]:
    """Facts for the file beside an export: `draft`, `models` and `nodes`, the last after its inputs.

    Holds nothing that changes from day to day or from machine to machine.
    """
    nodes: dict[str, Any] = {}
    found: dict[str, Model] = {}
    for layer in graphs.in_order(graph, graphs.needed(graph, [name])):
        for other in layer:
            node, record = graphs.node_of(graph, other), records[other]
            facts: dict[str, Any] = {"kind": node.kind_name}
            if node.model is not None:
                found[node.model.id] = node.model
                facts["model"] = node.model.id
                params = node.params.model_dump(exclude={"model"})
            else:
                params = kinds.manifest_params(node.params)
            inputs = {role: graphs.node_of(graph, source).name for role, source in graphs.inputs_of(graph, other)}
            facts.update({key: value for key, value in (("params", params), ("inputs", inputs)) if value})
            files = record.manifest.get("files")
            if files:
                facts["files_sha256"] = files
            facts.update(action_key=record.key, digest=record.digest)
            nodes[node.name] = facts
    models = sorted(found.values(), key=lambda model: model.id)
    return {
        "draft": any(model.draft for model in models),
        "models": [
            {
                "id": model.id,
                "family": model.family,
                "backend": model.backend,
                "identity": model.identity,
                "licence": model.licence,
                "draft": model.draft,
            }
            for model in models
        ],
        "nodes": nodes,
    }
