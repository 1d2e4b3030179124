"""Sessions are made here: scenes are read and checked, and what is asked for is looked up in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from soundgraph.backends import Model
from soundgraph.core.errors import Mistake, SceneError, UsageError, did_you_mean
from soundgraph.core.path_names import folded
from soundgraph.delivery import ownership
from soundgraph.delivery.export_files import Job
from soundgraph.planning import scene_graph
from soundgraph.planning.scene_graph import Graph
from soundgraph.project import build_state, sidecars, targets
from soundgraph.project.build_request import SceneTable
from soundgraph.project.config import Project, load_project
from soundgraph.project.delivered import Ledger
from soundgraph.project.targets import Wanted
from soundgraph.scene import loader
from soundgraph.scene.reading import variations
from soundgraph.scene.tables.scene import DRAFT_FOLDER, CheckedScene, Node, node_id
from soundgraph.session.session import Session


def open_session(
    root: Path,
    wanted: Sequence[Wanted],
    *,
    overrides: Sequence[str] = (),
    draft: bool = False,
    require: str | None = None,
    beside_all: bool = False,
    tables: Sequence[SceneTable] = (),
) -> Session:
    """Reads and checks the scenes that are asked for.

    require: a policy, beside that of soundgraph.toml. beside_all: whether they are compared with all other scenes of
    the project, which takes reading these, too. tables: scenes that are asked for beside `wanted`, as a whole.

    Raises SceneError with every mistake in them, UsageError for an item that is not in its scene.
    """
    project = load_project(root).under(require)
    scenes = _read(root, wanted, tables, project, overrides, draft)
    wanted = [*wanted, *(Wanted(table.id, _source(table, root), named=True) for table in tables)]
    others = None
    if beside_all:
        own = {asked.path for asked in wanted}
        others = readable([root / path for _, path in build_state.scan(str(root)) if path not in own], project, draft)
    try:
        return session_of(project, scenes, wanted, draft=draft, overridden=bool(overrides), others=others)
    except SceneError as error:
        error.read = tuple(dict.fromkeys(path for scene in scenes for path in scene.read))
        raise


def _read(
    root: Path,
    wanted: Sequence[Wanted],
    tables: Sequence[SceneTable],
    project: Project,
    overrides: Sequence[str],
    draft: bool,
) -> list[CheckedScene]:
    if not tables:
        return loader.load_scenes([root / scene.path for scene in wanted], project, overrides, draft)
    reader = loader.Loader(project, overrides, draft)
    scenes: list[CheckedScene] = []
    mistakes: list[Mistake] = []
    all_asked: list[Wanted | SceneTable] = [*wanted, *tables]
    for asked in all_asked:
        try:
            if isinstance(asked, Wanted):
                scenes.append(reader.scene(root / asked.path))
            elif asked.path is None:
                scenes.append(reader.data(asked.table, asked.id))
            else:
                scenes.append(reader.scene(asked.path, asked.table))
        except SceneError as error:
            mistakes += error.mistakes
    if mistakes := [*mistakes, *reader.unmatched()]:
        raise SceneError(mistakes)
    return scenes


def _source(given: SceneTable, root: Path) -> str:
    return "" if given.path is None else given.path.relative_to(root).as_posix()


def session_of(
    project: Project,
    scenes: Sequence[CheckedScene],
    wanted: Sequence[Wanted],
    *,
    draft: bool = False,
    overridden: bool = False,
    others: list[CheckedScene] | None = None,
) -> Session:
    """A session over scenes that were read already. wanted: in the same order.

    others: the scenes beside these whose files may clash with theirs; if they are not given, those that have delivered
    such a file. Raises SceneError for a file that is delivered twice.
    """
    locator = loader.Lines(project.root)
    graph = scene_graph.build_graph(scenes, locator)
    folder = f"{project.build.output}/{DRAFT_FOLDER}" if draft else project.build.output
    nodes: dict[str, None] = {}
    jobs: list[Job] = []
    for scene, asked in zip(scenes, wanted, strict=True):
        exports, names = _items(graph, scene, asked)
        jobs += [Job(scene, scene.exports[name], _node(scene, name), folder, asked.path, draft) for name in exports]
        nodes.update(dict.fromkeys([*(_node(scene, name) for name in exports), *names]))
        if not asked.items:  # what is demanded of a node is found out, whether or not anything delivered needs it
            checked = [name for check in scene.checks if check.settings.node is not None for name in check.names]
            nodes.update(dict.fromkeys(node_id(scene.id, name) for name in checked))
    ledger = Ledger(project.root)
    output = project.build.output
    ledger.add(
        ownership.learned(project.root, output) if ledger.lost else ownership.learned_of(project.root, output, ledger)
    )
    if others is None:
        others = _others(project, ledger, {asked.path for asked in wanted}, scenes, folder, draft)
    among_others = loader.clashes(others, locator)
    if mistakes := [clash for clash in loader.clashes([*others, *scenes], locator) if clash not in among_others]:
        raise SceneError(mistakes)
    complete = {asked.id: asked.path for asked in wanted if not asked.items}
    return Session(
        project,
        list(scenes),
        graph,
        tuple(nodes),
        jobs,
        complete,
        ledger,
        draft,
        overridden,
        tuple(wanted),
        others=others,
    )


def with_models(session: Session, project: Project, models: Mapping[str, Model]) -> Session:
    """The same session after models were fetched. models: what is known of them now, by id."""
    scenes = []
    for scene in session.scenes:
        nodes = {name: _with_model(node, models) for name, node in scene.nodes.items()}
        used = [node.model for node in nodes.values() if node.model is not None]
        read = dict.fromkeys(path for model in used for path in (*model.read, *model.passed))
        scenes.append(replace(scene, nodes=nodes, read=tuple(dict.fromkeys((*scene.read, *read)))))
    again = session_of(project, scenes, session.asked, draft=session.draft, overridden=session.overridden)
    return again.narrowed([job.owner for job in session.jobs], session.wanted)


def _with_model(node: Node, models: Mapping[str, Model]) -> Node:
    if node.model is None or node.model.id not in models:
        return node
    return replace(node, model=replace(models[node.model.id], licence=node.model.licence))


def _node(scene: CheckedScene, export: str) -> str:
    return node_id(scene.id, scene.exports[export].settings.node)


def _items(graph: Graph, scene: CheckedScene, asked: Wanted) -> tuple[list[str], list[str]]:
    """The exports, and the ids of the nodes, of a scene that are asked for.

    A scene without exports is there to be included: it is built only when it is named, up to the nodes that nothing in
    it uses.
    """
    if not asked.items:
        if scene.exports or not asked.named:
            return list(scene.exports), []
        own = [node_id(scene.id, name) for name in scene.nodes]
        return [], [name for name in own if graph.out_degree(name) == 0]
    exports: list[str] = []
    nodes: list[str] = []
    for item in asked.items:
        some_exports = all_takes(item, list(scene.exports))
        some_nodes = all_takes(item, list(scene.nodes))
        if not some_exports and not some_nodes:
            hint = did_you_mean(item, [*scene.exports, *scene.nodes])
            raise UsageError(f'{asked.path} has no node or export called "{item}"{hint}')
        exports += some_exports
        nodes += [node_id(scene.id, name) for name in some_nodes]
    return list(dict.fromkeys(exports)), nodes


def all_takes(item: str, names: list[str]) -> list[str]:
    """The names that an item stands for: "step" for all takes of it, "step#1" for the first, which is called "step"."""
    base, take = variations.split(item)
    of_all = [name for name in names if variations.split(name)[0] == item]
    return of_all or targets.matching(base if take == "1" else item, names)


def _others(
    project: Project, ledger: Ledger, own: set[str], scenes: Sequence[CheckedScene], folder: str, draft: bool
) -> list[CheckedScene]:
    """Scenes that are not asked for, and delivered a file that one of these would deliver too, or in whose place one of
    these needs a folder, or the other way round. folder: of the build."""
    files = {
        folded(f"{folder}/{file}")
        for scene in scenes
        for file in (
            *(
                file
                for export in scene.exports.values()
                for audio in export.files()
                for file in (audio, f"{audio}{sidecars.SUFFIX}")
            ),
            *(file for manifest in scene.manifests for file in manifest.files),
        )
    }
    folders = {above for file in files for above in _folders(file)}
    sources = {
        entry.source
        for path, entry in ((folded(path), entry) for path, entry in ledger.entries.items())
        if path in files or path in folders or not files.isdisjoint(_folders(path))
    }
    paths = [project.root / source for source in sorted(sources - own - {""})]
    return readable([path for path in paths if path.is_file()], project, draft)


def _folders(path: str) -> Iterator[str]:
    """The folders that a path with "/" in it leads through."""
    while path := path.rpartition("/")[0]:
        yield path


def readable(paths: Iterable[Path], project: Project, draft: bool) -> list[CheckedScene]:
    """The scenes at these paths, without those that have mistakes: these are told when they are built."""
    scenes = []
    for path in paths:
        with contextlib.suppress(SceneError):
            scenes.append(loader.load_scene(path, project, draft=draft))
    return scenes
