"""What a build delivers and what it reads: of scenes that are as they were left, and of others."""

from __future__ import annotations

import os

from soundgraph.project import depfile
from soundgraph.project.build_state import MANIFEST

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    from soundgraph.project.build_request import BuildRequest
    from soundgraph.project.depfile import Rule
    from soundgraph.scene.tables.scene import Scene
    from soundgraph.session.session import Session


def rules(asked: BuildRequest, opened: Session | None) -> list[Rule]:
    """A rule for each scene that delivers something, in the order asked for.

    opened: over the scenes that are not clean; None if all are.
    """
    found = depfile.of_stamps(asked.stamps, asked.clean) if asked.stamps is not None else []
    if opened is None:
        return found
    audio: dict[str, list[str]] = {}
    for job in opened.jobs:
        audio.setdefault(job.scene.id, []).extend(job.paths())
    scenes = [scene for scene in opened.scenes if scene.id in audio]
    found += [depfile.Rule(scene.id, audio[scene.id], _read(scene, asked.root)) for scene in scenes]
    place = {scene.id: place for place, scene in enumerate(asked.wanted)}
    return sorted(found, key=lambda rule: place[rule.scene])


def _read(scene: Scene, root: str) -> list[str]:
    """As a stamp names it."""
    return [os.path.relpath(path, root).replace(os.sep, "/") for path in scene.read]


def manifests(asked: BuildRequest, opened: Session | None) -> dict[str, list[str]]:
    """By scene, the files of manifests."""
    found = {
        scene.id: [path for name, path, *_ in scene.outputs if name.startswith(MANIFEST)]
        for scene in asked.clean.values()
    }
    if opened is not None:
        for one in opened.handovers:
            found.setdefault(one.scene.id, []).extend(one.paths())
    return found
