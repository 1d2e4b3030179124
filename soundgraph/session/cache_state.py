"""What a build leaves in the cache beside its results: that the project uses it, what it reaches, and last keys."""

from __future__ import annotations

import contextlib

from soundgraph.cache import size
from soundgraph.cache.disk import registered_projects
from soundgraph.core.events import Listener, Remark
from soundgraph.core.units import size_words
from soundgraph.execution.outcome import Outcome
from soundgraph.planning import scene_graph
from soundgraph.session.session import Session


def register(session: Session) -> None:
    """Puts the project on the cache's list of those that build into it."""
    disk = session.store.disk
    if disk is not None and disk.is_there:
        with contextlib.suppress(OSError):  # one to read from only is not collected either
            registered_projects.remember(disk.places, session.root, _identity(session))


def _identity(session: Session) -> str:
    return registered_projects.made_identity(session.root, session.project.project.id)


def keep_reach(session: Session, outcome: Outcome) -> None:
    """Writes into the cache what these scenes reach in it, for when the project is not there to be asked."""
    disk = session.store.disk
    if session.overridden or disk is None or not disk.is_there:
        return
    sources = {scene.id: asked.path for scene, asked in zip(session.scenes, session.asked, strict=True) if asked.path}
    reached: dict[str, set[str]] = {}
    whole = {source for source in session.complete.values() if source}
    for name in outcome.plan.decisions:
        source = sources.get(scene_graph.scene_of(session.graph, name).id)
        if source is None:
            continue
        keys = reached.setdefault(source, set())
        if (record := outcome.records.get(name)) is not None:
            keys.add(record.key)
        else:
            whole.discard(source)
    with contextlib.suppress(OSError), disk.coordination.listing():
        register(session)  # again: the cache may have been removed, and made anew, meanwhile
        registered_projects.keep_reach(
            disk.places, session.root, _identity(session), session.draft, reached, whole, session.is_gone
        )


def tell_of_size(session: Session, listener: Listener) -> None:
    """Remarks on a cache that has outgrown its max_size."""
    limit, disk = session.project.max_cache_bytes, session.store.disk
    if disk is not None and limit is not None and (n_bytes := size.after_build(disk, limit)) is not None:
        what = f"holds {size_words(n_bytes)}, more than its max_size of {size_words(limit)}"
        listener(Remark("cache", f"{what}; soundgraph cache gc makes room"))


def keep_last_keys(session: Session, outcome: Outcome) -> None:
    """Keeps the key of each node's result under its name, for `explain`."""
    notes = {session.note(name): record.key for name, record in outcome.records.items()}
    known = session.store.notes.get(list(notes))
    session.store.notes.put({name: key for name, key in notes.items() if known.get(name) != key})
