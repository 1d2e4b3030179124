"""What a build says of scenes that are as they were left: told from their stamps, without reading them."""

from __future__ import annotations

from soundgraph.core import event_lines
from soundgraph.core.files import open_regular
from soundgraph.project.build_state import MANIFEST

_MOST_BYTES = 64_000_000
"""Of a sidecar."""

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    from collections.abc import Mapping

    from soundgraph.project.build_state import SceneStamp

FACTS = (
    "draft",
    "duration_s",
    "sample_rate",
    "channels",
    "loudness_lufs",
    "loudness_padded",
    "short_term_max_lufs",
    "loudness_range_lu",
    "true_peak_dbtp",
    "sample_peak_dbfs",
    "dc_offset",
    "clipped_samples",
    "bandwidth_hz",
    "drift_lu",
    "gain_db",
    "remarks",
    "title",
    "artist",
    "comment",
    "cues",
    "loop",
    "seam",
)


def print_events(clean: Mapping[str, SceneStamp], root: str) -> None:
    """The JSON lines of their nodes and files."""
    for scene in clean.values():
        for node in scene.nodes.split():
            print(event_lines.line("node", f"{scene.id}:{node}", "hit", 0.0, None))
        outputs = iter(scene.outputs)
        for name, path, *_ in outputs:
            if name.startswith(MANIFEST):
                print(event_lines.line("export", path, "current", engine=name.split(" ")[1]))
                continue
            next(outputs)  # its sidecar
            print(event_lines.line("export", path, "current", sidecar="current", **_facts(root, path)))


def print_summary(nodes: int, files: int, scenes: int) -> None:
    counts = {"hits": nodes, "exports": files, "scenes": scenes, "seconds": 0.0}
    print(event_lines.line("summary", *(counts.get(name, 0) for name in event_lines.FIELDS["summary"])))


def _facts(root: str, path: str) -> dict[str, object]:
    """What was measured of a file when it was delivered, by its sidecar."""
    import json

    try:
        with open_regular(f"{root}/{path}.json") as file:
            facts = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(facts, dict):
        return {}
    return {name: facts[name] for name in FACTS if name in facts}
