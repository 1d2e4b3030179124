"""Why a build is refused before anything runs: models, pins, policy, releases, and files that are not soundgraph's."""

from __future__ import annotations

import os
import sys

from soundgraph import backends
from soundgraph.core import toml_document
from soundgraph.core.errors import Mistake, SceneError, UsageError, quote
from soundgraph.core.path_names import real as real_path
from soundgraph.core.text import first_of
from soundgraph.delivery import licences, ownership
from soundgraph.delivery.export_files import Job
from soundgraph.planning import scene_graph
from soundgraph.planning.planner import Plan
from soundgraph.project.root import GRAPHS
from soundgraph.scene.tables.scene import Node, Origin
from soundgraph.session.session import Session


def of_models(session: Session, plan: Plan) -> list[Mistake]:
    """Models that nodes which have to run need, and that cannot be had here. Each is told once for a file."""
    wanting: dict[tuple[str, str], list[Node]] = {}
    for name in plan.to_run():
        node = scene_graph.node_of(plan.graph, name)
        if node.model is not None and (missing := backends.get(node.model.backend).missing(node.model)):
            wanting.setdefault((node.origin.file, missing), []).append(node)
    mistakes = []
    for (file, missing), nodes in wanting.items():
        first = nodes[0]
        keys = (*first.origin.keys, "model")
        line = session.line_of(Origin(file, keys))
        where = f"nodes.{first_of([node.name for node in nodes])}"
        hint = "build --draft renders stand-ins; see docs/draft.md"
        mistakes.append(Mistake(file, line, where, missing, hint, keys))
    return mistakes


def of_pins(session: Session, plan: Plan) -> list[Mistake]:
    """The nodes whose pinned takes are not in the cache."""
    mistakes = []
    for name in plan.absent():
        node, take = scene_graph.node_of(plan.graph, name), plan.decisions[name].pin
        assert take is not None
        line, absence = session.line_of(node.origin), session.pins.absence(take)
        mistakes.append(Mistake(node.origin.file, line, f"nodes.{node.name}", *absence, keys=node.origin.keys))
    return mistakes


def of_policy(session: Session) -> list[Mistake]:
    """The nodes asked for whose model may not be used under the project's policy."""
    return licences.mistakes(session.graph, session.wanted, session.jobs, session.project.policy, session.line_of)


def of_ownership(session: Session, overwrite: bool = False) -> list[Mistake]:
    """What stands where a file would be delivered, and was not delivered by soundgraph.

    overwrite: whether it may be written over; then those are left that nothing can be written over, and what other
    scenes are made from: a scene that reads it has a mistake, and is not part of this build.
    """
    mistakes = []
    foreign = ownership.foreign(session.jobs, session.handovers, session.ledger, session.root)
    readers = session.readers_elsewhere([file.path for file in foreign]) if overwrite else {}
    for file in foreign:
        if overwrite and not file.in_the_way and file.path not in readers:
            continue
        if file.path in readers:
            what = f"{quote(file.path)} is there, soundgraph did not deliver it, and {readers[file.path]} reads it"
            hint = "deliver to another path, or keep what scenes read in another folder"
        elif file.in_the_way:
            is_folder = (session.root / file.path).is_dir()
            needed, there = ("file", "folder") if is_folder else ("folder", "file")
            what = f"a {needed} is needed where the {there} {quote(file.path)} is"
            hint = f"move the {there} away, or deliver to another path"
        else:
            what = f"{quote(file.path)} is there, and soundgraph did not deliver it"
            hint = "move it away, deliver to another path, or let it be written over: build --overwrite"
        mistakes.append(Mistake(file.origin.file, session.line_of(file.origin), file.by, what, hint, file.origin.keys))
    return mistakes


def check_ownership(session: Session, overwrite: bool) -> None:
    """Raises SceneError for files that are not soundgraph's, and would be written over."""
    if mistakes := of_ownership(session, overwrite):
        raise SceneError(mistakes)


def of_release(session: Session) -> list[Mistake]:
    """The exports that a release must not deliver: those with a draft upstream. The takes of one are told once."""
    by_export: dict[tuple[str, Origin], list[tuple[Job, list[str]]]] = {}
    for job in session.jobs:
        if drafts := session.drafts_of(job):
            by_export.setdefault((job.scene.id, job.export.origin), []).append((job, drafts))
    mistakes = []
    for (_, origin), of_takes in by_export.items():
        # A take is called like its node: "step#2" is of the node "step".
        nodes = dict.fromkeys(name.partition("#")[0] for _, drafts in of_takes for name in drafts)
        what = f"rests on a draft ({', '.join(nodes)}), which a release must not deliver"
        hint = "give those nodes a real model, or build without --release"
        place = f"exports.{first_of([job.export.name for job, _ in of_takes])}"
        mistakes.append(Mistake(origin.file, session.line_of(origin), place, what, hint, origin.keys))
    return mistakes


def before_running(session: Session, plan: Plan) -> list[Mistake]:
    """All for which a plan must not be run; what may not be used need not be had."""
    return of_policy(session) or of_pins(session, plan) or of_models(session, plan)


def check_folders(session: Session) -> None:
    """Raises UsageError for an output folder that is none, or where a link leads out of it."""
    _check_letters(session)
    if not session.jobs:
        return
    output, real_root = session.project.build.output, real_path(session.root)
    real = real_path(session.root / output)
    parents = (path.rpartition("/")[0] for path in session.delivers())
    for name in dict.fromkeys((output, session.jobs[0].folder, *parents)):
        folder = session.root / name
        if name in (output, session.jobs[0].folder) and folder.exists() and not folder.is_dir():
            raise UsageError(f"cannot deliver into {name}: it is not a folder")
        there = real_path(folder)
        if not there.is_relative_to(real_root):
            hint = "exports stay inside the project, since soundgraph removes files there"
            raise UsageError(f"cannot deliver into {name}: a link leads out of the project", hint)
        if not there.is_relative_to(real):
            raise UsageError(f"cannot deliver into {name}: a link leads out of {output}", "remove the link")
    for other in (real_path(session.project.cache_dir), real_path(session.root / GRAPHS)):
        if real.is_relative_to(other) or other.is_relative_to(real):
            raise UsageError(f"cannot deliver into {output}: a link leads to {toml_document.display(real, real_root)}")
    if any(part.startswith(".") for part in real.relative_to(real_root).parts):
        raise UsageError(f"cannot deliver into {output}: a link leads to {toml_document.display(real, real_root)}")


def _check_letters(session: Session) -> None:
    """Raises UsageError for a file that could not be written, since the locale has no letters for its name."""
    encoding = sys.getfilesystemencoding()
    for path in (path for job in session.jobs for path in job.paths() if not path.isascii()):
        try:
            os.fsencode(path)
        except UnicodeEncodeError as error:
            hint = "set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
            raise UsageError(f'cannot deliver "{path}": names of files are in {encoding} here', hint) from error
