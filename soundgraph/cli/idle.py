"""What a build says of scenes that are as they were left: told from their stamps, without reading them."""

from __future__ import annotations

from collections.abc import Mapping

from soundgraph.stamp import SceneStamp


def counts(clean: Mapping[str, SceneStamp]) -> tuple[int, int]:
    """How many nodes and delivered files there are."""
    nodes = sum(scene.nodes.count(" ") + 1 for scene in clean.values() if scene.nodes)
    return nodes, sum(len(scene.outputs) // 2 for scene in clean.values())  # each file is followed by its sidecar


def print_events(clean: Mapping[str, SceneStamp]) -> None:
    """The JSON lines of their nodes and files."""
    for scene in clean.values():
        for node in scene.nodes.split():
            _print(event="node", node=f"{scene.id}:{node}", status="hit", seconds=0.0)
        for _, output in scene.outputs[::2]:
            _print(event="export", path=output.path, status="current", sidecar="current")


def print_summary(nodes: int, files: int) -> None:
    none = {"ran": 0, "hits": nodes, "cutoffs": 0, "failed": 0, "skipped": 0, "loads": 0}
    _print(event="summary", **none, exports=files, seconds=0.0)


def _print(**event: object) -> None:
    import json

    print(json.dumps(event, ensure_ascii=False))
