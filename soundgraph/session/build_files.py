"""What a build delivers and what it reads: of scenes that are as they were left, and of others.

Standard library only: a build with nothing to do writes a depfile, too.
"""

from __future__ import annotations

import os

from soundgraph.project import depfile
from soundgraph.project.build_state import MANIFEST

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    from soundgraph.project.build_request import UpToDateCheck
    from soundgraph.project.depfile import Rule
    from soundgraph.scene.tables.scene import CheckedScene
    from soundgraph.session.session import Session


def rules(check: UpToDateCheck, session: Session | None) -> list[Rule]:
    """A rule for each scene that delivers something, in the order asked for.

    session: over the scenes that are not clean; None if all are.
    """
    clean = depfile.of_stamps(check.stamps, check.clean) if check.stamps is not None else []
    if session is None:
        return clean
    audio: dict[str, list[str]] = {}
    for job in session.jobs:
        audio.setdefault(job.scene.id, []).extend(job.paths())
    scenes = [scene for scene in session.scenes if scene.id in audio]
    built = [depfile.Rule(scene.id, audio[scene.id], _read(scene, check.root)) for scene in scenes]
    asked = list(dict.fromkeys([*(scene.id for scene in check.wanted), *(scene.id for scene in session.scenes)]))
    place = {scene: place for place, scene in enumerate(asked)}
    return sorted([*clean, *built], key=lambda rule: place[rule.scene])


def _read(scene: CheckedScene, root: str) -> list[str]:
    """As a stamp names it."""
    return [os.path.relpath(path, root).replace(os.sep, "/") for path in scene.read]


def manifests(check: UpToDateCheck, session: Session | None) -> dict[str, list[str]]:
    """By scene, the files of manifests."""
    files = {
        scene.id: [path for name, path, *_ in scene.outputs if name.startswith(MANIFEST)]
        for scene in check.clean.values()
    }
    if session is not None:
        for manifest in session.handovers:
            files.setdefault(manifest.scene.id, []).extend(manifest.paths())
    return files
