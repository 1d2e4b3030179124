"""What the ledger keeps of a build's files, and which of the delivered files no scene delivers any more."""

from __future__ import annotations

from collections.abc import Sequence

from soundgraph.core.events import Listener, Remark
from soundgraph.core.path_names import folded
from soundgraph.delivery import engine_manifests
from soundgraph.delivery.ownership import is_same_file
from soundgraph.execution.outcome import Outcome
from soundgraph.project import sidecars
from soundgraph.project.delivered import DeliveredFile, lies_below
from soundgraph.session.session import Session


def keep_ledger(session: Session, outcome: Outcome, listener: Listener) -> None:
    """Writes down what was delivered; after a build without failures, removes what no scene delivers any more."""
    ledger = session.ledger
    ledger.add(
        entry for deliveries in outcome.deliveries.values() for delivery in deliveries for entry in delivery.entries
    )
    ledger.add(file.entry for files in outcome.handed.values() for file in files)
    ledger.drop_claims()
    if not (outcome.failures or outcome.interrupted or session.overridden):
        _remove(session, stale(session, outcome), listener)
    ledger.save()


def _remove(session: Session, stale: Sequence[DeliveredFile], listener: Listener) -> None:
    output = session.project.output_dir
    readers = session.readers_elsewhere([entry.path for entry in stale])
    for entry in stale:
        if entry.path in readers:
            listener(Remark(entry.path, f"not removed, though no scene delivers it: {readers[entry.path]} reads it"))
        elif entry.digest and not lies_below(session.root, entry.path, output) and (session.root / entry.path).exists():
            what = f"left where it is: it does not lie in the output folder, {session.project.build.output}/"
            listener(Remark(entry.path, what))
    for path in session.ledger.remove_files([entry for entry in stale if entry.path not in readers], output):
        listener(Remark(path, "removed: no scene delivers it any more"))


def stale(session: Session, outcome: Outcome) -> list[DeliveredFile]:
    """What was delivered for these scenes, or for scenes that are gone, and is delivered no more."""
    jobs = (*session.jobs, *session.left_out)
    current = {path for job in jobs for audio in job.paths() for path in (audio, f"{audio}{sidecars.SUFFIX}")}
    current.update(file.entry.path for files in outcome.handed.values() for file in files)
    by_form = {folded(path): path for path in current}

    def is_current(path: str) -> bool:
        """By its name or, where the system takes two names for one file, by the one it has now."""
        other = by_form.get(folded(path))
        return other == path or (other is not None and is_same_file(session.root / path, session.root / other))

    sources = {*session.complete.values(), *session.reduced.values()}
    left = {
        engine_manifests.owner_of(scene, manifest)
        for scene in session.scenes
        for manifest in scene.manifests
        if scene.id in session.reduced
    } - outcome.handed.keys()
    return [
        entry
        for entry in session.ledger.entries.values()
        # Nobody can tell whether a scene that was built in code is gone.
        if entry.source and entry.draft == session.draft and entry.owner not in left
        if (entry.source in sources or session.is_gone(entry.source)) and not is_current(entry.path)
    ]
