"""Whether there is anything to do at all, found out with nothing but stats and the state of the last build.

Standard library only: see `build_state`.
"""

from __future__ import annotations

import os

from soundgraph.core.files import ABSENT, stat_text
from soundgraph.project import build_state
from soundgraph.project.build_state import SceneStamp, Stamps
from soundgraph.project.targets import Wanted

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_ENVIRONMENT = (
    "SOUNDGRAPH_WEIGHTS_DIR",
    "AUDIOCRAFT_CACHE_DIR",
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_HOME",
    "TORCH_HOME",
    "XDG_CACHE_HOME",
    "HOME",
)
"""What decides where weights are found, and with them the keys of takes."""


def config_of(
    *, draft: bool, release: bool, overrides: Sequence[str], targets: Sequence[str], policy: str | None = None
) -> str:
    """The name of the state that such a build keeps; whatever decides its results beside the files is in it.

    With overrides the targets are part of it: each override has to match in some scene asked for, and a stamp does not
    know in which it did.
    """
    options = ["draft" if draft else "", "release" if release else "", policy or "", *overrides]
    options += [f"{name}={os.environ[name]}" for name in _ENVIRONMENT if name in os.environ and not draft]
    return build_state.config_name([*options, "for", *targets] if overrides else options)


def is_complete(stamps: Stamps, clean: Collection[str], wanted: Sequence[Wanted], targets: Sequence[str]) -> bool:
    """Whether every scene asked for is clean, and none that delivered something is gone: its files would be removed."""
    if len(clean) < len(wanted):
        return False
    if targets:
        return True
    missing = stamps.sources().union(scene.path for scene in stamps.scenes.values())
    missing.difference_update(scene.path for scene in wanted)
    return all(stat_text(f"{stamps.root}/{path}") != ABSENT for path in missing)


def clean_scenes(stamps: Stamps, wanted: Sequence[Wanted]) -> dict[str, SceneStamp]:
    """The stamps of those scenes asked for that are as they were left, by id."""
    clean = {}
    for scene in wanted:
        known = stamps.scenes.get(scene.id)
        if known is None or known.path != scene.path:
            continue
        part = _part(known, scene.items)
        if scene.named and part is known and not (known.outputs or known.nodes):
            continue  # it has no exports: its nodes are built only where it is named
        if part is not None and stamps.holds(part):
            clean[scene.id] = part
    return clean


def _part(known: SceneStamp, items: tuple[str, ...]) -> SceneStamp | None:
    """The stamp of the exports asked for; None where a stamp cannot tell."""
    if not items:
        return known if known.complete else None
    exports = {output[0] for output in known.outputs}
    if not exports.issuperset(items):
        return None  # nodes and patterns are looked up in the scene itself
    outputs = [output for output in known.outputs if _is_asked(output[0], items)]
    return SceneStamp(known.id, known.path, known.files, False, known.nodes, outputs)


def _is_asked(name: str, items: tuple[str, ...]) -> bool:
    """Whether an output belongs to what is asked for: a manifest does if all exports that it is about do."""
    manifest, *about = name.split(" ")
    return set(items).issuperset(about[1:]) if manifest == build_state.MANIFEST else name in items


def counts(clean: Mapping[str, SceneStamp]) -> tuple[int, int]:
    """How many nodes and delivered files those scenes have."""
    nodes = sum(scene.nodes.count(" ") + 1 for scene in clean.values() if scene.nodes)
    return nodes, sum(_files(scene.outputs) for scene in clean.values())


def _files(outputs: Sequence[build_state.Output]) -> int:
    """How many files there are: each is followed by its sidecar, but for manifests, which come last."""
    audio = len(outputs)
    while audio and outputs[audio - 1][0].startswith(build_state.MANIFEST):
        audio -= 1
    return audio // 2 + len(outputs) - audio
