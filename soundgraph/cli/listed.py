"""What a build delivers and what it reads: of scenes that are as they were left, and of others."""

from __future__ import annotations

from soundgraph import depfile

TYPE_CHECKING = False  # as in `common`
if TYPE_CHECKING:
    from soundgraph.cli.build import Asked
    from soundgraph.depfile import Rule
    from soundgraph.session import Session


def rules(asked: Asked, opened: Session | None) -> list[Rule]:
    """opened: over the scenes that are not clean; None if all are."""
    found = depfile.of_stamps(asked.stamps, asked.clean) if asked.stamps is not None else []
    if opened is None:
        return found
    for scene in opened.scenes:
        audio = [path for job in opened.jobs if job.scene.id == scene.id for path in job.paths()]
        if audio:
            found.append(depfile.Rule(audio, map(str, scene.read)))
    return found
