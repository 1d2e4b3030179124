"""The JSON lines of a build with nothing to do, told from its stamps."""

from __future__ import annotations

import json
from collections.abc import Mapping

from soundgraph.stamp import SceneStamp


def print_events(clean: Mapping[str, SceneStamp]) -> None:
    hits = files = 0
    for scene in clean.values():
        for node in scene.nodes.split():
            hits += 1
            _print(event="node", node=f"{scene.id}:{node}", status="hit", seconds=0.0)
        for _, output in scene.outputs[::2]:  # each is followed by its sidecar
            files += 1
            _print(event="export", path=output.path, status="current", sidecar="current")
    counts = {"ran": 0, "hits": hits, "cutoffs": 0, "failed": 0, "skipped": 0, "loads": 0}
    _print(event="summary", **counts, exports=files, seconds=0.0)


def _print(**event: object) -> None:
    print(json.dumps(event, ensure_ascii=False))
