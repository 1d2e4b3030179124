"""What is no mistake in a scene or in `soundgraph.lock`, and may still not be meant: for `check`."""

from __future__ import annotations

from soundgraph import engines
from soundgraph.audio.formats import get_format
from soundgraph.core.errors import Mistake, quote
from soundgraph.planning import scene_graph
from soundgraph.project import lockfile
from soundgraph.scene.reading.collisions import contested
from soundgraph.scene.tables.scene import CheckedScene, Origin, node_id
from soundgraph.session import pinning
from soundgraph.session.session import Session


def warnings(session: Session) -> list[Mistake]:
    """Nodes that nothing delivers, scenes that deliver nothing, nodes that share one take without saying so, pins of
    nodes that are no more, loops that cannot be right for two engines at once, and what two manifests make in one."""
    by_scene = []
    for scene in session.scenes:
        if scene.id not in session.complete:
            continue
        if not scene.exports:
            file = next(iter(scene.nodes.values())).origin.file if scene.nodes else ""
            by_scene.append(Mistake(file, 0, "", "delivers nothing: it has no [exports.*] table"))
            continue
        checked = [name for check in scene.checks if check.settings.node is not None for name in check.names]
        ends = [job.node for job in session.jobs if job.scene is scene]
        used = scene_graph.needed(session.graph, [*ends, *(node_id(scene.id, name) for name in checked)])
        for name, node in scene.nodes.items():
            # What an include brings along and this scene leaves aside is no oversight.
            if f"{scene.id}:{name}" not in used and "." not in name:
                by_scene.append(_warning(session, node.origin, name, "no export needs it, so it is never built"))
        by_scene += _ticks(session, scene)
    return sorted([*by_scene, *_twins(session), *_strays(session), *_contested(session)])


def _contested(session: Session) -> list[Mistake]:
    """Things in an engine's project that two manifests make: of other scenes as well, where these were read."""
    others = [manifest for scene in session.others for manifest in scene.manifests]
    own = [manifest for scene in session.scenes for manifest in scene.manifests]
    among_others = contested(others, session.line_of)
    return [mistake for mistake in contested([*others, *own], session.line_of) if mistake not in among_others]


def _ticks(session: Session, scene: CheckedScene) -> list[Mistake]:
    """Loops that one engine plays with their guard frame and another one without it, from one file."""
    ticks = []
    for export in scene.exports.values():
        loop, formats = export.settings.loop, export.settings.formats
        guarded = [name for name in formats if get_format(name).holds_guard_frame]
        if loop is False or (loop is not True and (loop.start or loop.end is not None)) or not guarded:
            continue
        about = {each.engine: engines.get(each.engine) for each in scene.manifests if export.name in each.exports}
        needs = [name for name, engine in about.items() if engine.plays_loop_end]
        whole = [name for name, engine in about.items() if engine.plays_whole_files and engine.formats[0] in guarded]
        if needs and whole and export.take in (None, 1):
            what = f"loops, and is one {guarded[0]} for {needs[0]}, which needs a frame more behind it"
            what += f", and for {whole[0]}"
            hint = f"deliver it twice, once for each: {whole[0]} plays that frame, too, and the loop ticks"
            place = f"exports.{export.base}"
            ticks.append(
                Mistake(export.origin.file, session.line_of(export.origin), place, what, hint, export.origin.keys)
            )
    return ticks


def _strays(session: Session) -> list[Mistake]:
    names = pinning.strays(session)
    lines = lockfile.lines_of_takes(session.root / lockfile.LOCK_FILE) if names else {}
    hint = "soundgraph pin drops it, and pins what is asked for now"
    return [
        Mistake(
            lockfile.LOCK_FILE, lines.get(name, 0), "", f"pins a take of {quote(name)}, and there is no such node", hint
        )
        for name in names
    ]


def _twins(session: Session) -> list[Mistake]:
    first: dict[object, str] = {}
    twins = []
    for name in session.graph:
        node = scene_graph.node_of(session.graph, name)
        if node.model is None:
            continue
        # A model may be named in several ways, and a node to go on from is another one in another scene.
        scene, params = scene_graph.scene_of(session.graph, name), node.params.model_dump_json(exclude={"model"})
        twin = first.setdefault((scene.id, params, node.model.weights), name)
        if twin != name:
            what = f"says the same as {quote(scene_graph.node_of(session.graph, twin).name)}, so they share one take"
            hint = "give one of them another seed if they should differ"
            twins.append(_warning(session, node.origin, node.name, what, hint))
    return twins


def _warning(session: Session, origin: Origin, name: str, what: str, hint: str = "") -> Mistake:
    return Mistake(origin.file, session.line_of(origin), f"nodes.{name}", what, hint, origin.keys)
