"""The Python API: scenes built in code or read from files, planned and built, with the sounds as numpy arrays."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from soundgraph.audio.artifact import Audio, Samples
from soundgraph.backends import Device
from soundgraph.core import events, path_names
from soundgraph.core.errors import BuildError, SceneError, UsageError, one_of
from soundgraph.core.events import Listener
from soundgraph.execution.builder import Options, Outcome
from soundgraph.execution.loaded_models import Residents
from soundgraph.planning.planner import Plan
from soundgraph.project import targets
from soundgraph.project.config import find_root, load_project
from soundgraph.project.targets import Wanted
from soundgraph.scene import loader
from soundgraph.session import fetch_weights, opening, refusals, run_plan
from soundgraph.session.session import Session


class Ref(str):
    """The name of a node of a scene, as the methods that add one return it."""

    __slots__ = ()


Layer = str | tuple[str, float] | Mapping[str, Any]
"""A layer of a mix: a node, (node, weight), or a table as in a scene file: {"node": "rain", "gain_db": -6, "at": 2}."""


class Scene:
    """A scene, built in code. Each method adds a node and returns its name, to be the input of others.

    Parameters are those of the kind's table in a scene file (`docs/nodes/`); they are checked when the scene is planned
    or built. Names are chosen where none are given ("eq_1").

    >>> import soundgraph
    >>> scene = soundgraph.Scene("campfire", duration=2.0, seed=3)
    >>> fire = scene.generate("crackling fire", model="draft/audio")
    >>> wind = scene.generate("soft wind", model="draft/audio")
    >>> bed = scene.mix([(fire, 0.8), {"node": wind, "gain_db": -6.0, "pan": 0.5}])
    >>> scene.export("campfire", bed, loudness_lufs=-23)
    """

    def __init__(self, id: str, **settings: Any):  # noqa: A002
        """id: as a scene file's path under graphs/ would give it. settings: of the [scene] table.

        Raises UsageError for an id that could not be such a path.
        """
        if not isinstance(id, str) or not all(path_names.is_name(part) for part in id.split("/")):
            raise UsageError(f'"{id}" cannot be the id of a scene', f"each part of it {path_names.NAME_TAKES}")
        self.id = id
        self.path: Path | None = None
        self._data: dict[str, Any] = {"scene": settings, "nodes": {}, "exports": {}}

    def add(self, kind: str, name: str | None = None, **params: Any) -> Ref:
        """A node of any kind. Raises UsageError if the scene has a node of that name."""
        nodes = self._data.setdefault("nodes", {})
        if name is None:
            count = 1
            while (name := f"{kind}_{count}") in nodes:
                count += 1
        elif name in nodes:
            raise UsageError(f'scene "{self.id}" has a node called "{name}" already')
        nodes[name] = {"kind": kind, **{key: value for key, value in params.items() if value is not None}}
        return Ref(name)

    def generate(self, prompt: str, *, model: str = "audio", name: str | None = None, **params: Any) -> Ref:
        """A sound from words. model: "music", "audio", or any other that a scene file may name."""
        return self.add("generate", name, prompt=prompt, model=model, **params)

    def file(self, path: str | Path, *, name: str | None = None) -> Ref:
        """A recording. path: relative to the project's root (to the scene's folder in a scene that was loaded)."""
        return self.add("file", name, path=Path(path).as_posix())

    def trim(self, input: str, *, name: str | None = None, **params: Any) -> Ref:  # noqa: A002
        """A part of a sound: start, duration or end, fade_in, fade_out, in seconds."""
        return self.add("trim", name, input=input, **params)

    def eq(self, input: str, bands: Sequence[Mapping[str, Any]], *, name: str | None = None) -> Ref:  # noqa: A002
        """A sound through filters, each {"type": …, "freq_hz": …, "gain_db": …, "q": …}."""
        return self.add("eq", name, input=input, bands=[dict(band) for band in bands])

    def gain(self, input: str, gain_db: float, *, name: str | None = None) -> Ref:  # noqa: A002
        return self.add("gain", name, input=input, gain_db=gain_db)

    def fade(self, input: str, *, name: str | None = None, **params: Any) -> Ref:  # noqa: A002
        """fade_in and fade_out in seconds."""
        return self.add("fade", name, input=input, **params)

    def pan(self, input: str, pan: float, *, name: str | None = None) -> Ref:  # noqa: A002
        """pan: from -1 (left) to 1 (right)."""
        return self.add("pan", name, input=input, pan=pan)

    def mix(self, inputs: Iterable[Layer], *, name: str | None = None, **params: Any) -> Ref:
        """Sounds on top of one another."""
        return self.add("mix", name, inputs=[_layer(layer) for layer in inputs], **params)

    def export(self, name: str, node: str, **settings: Any) -> None:
        """Delivers a node as a file. settings: of an [exports.*] table."""
        self._data.setdefault("exports", {})[name] = {"node": str(node), **settings}

    def check(self, *, node: str | None = None, export: str | None = None, **limits: Any) -> None:
        """Demands something of a node or an export. limits: of an entry of [[checks]]: max_true_peak_dbtp=-1."""
        about = {"node": node and str(node), "export": export}
        entry = {**{key: value for key, value in about.items() if value is not None}, **limits}
        self._data.setdefault("checks", []).append(entry)

    def manifest(self, name: str, engine: str, **fields: Any) -> None:
        """Delivers what a game engine imports. engine, fields: of a [manifests.*] table."""
        self._data.setdefault("manifests", {})[name] = {"engine": engine, **fields}

    def to_dict(self) -> dict[str, Any]:
        """The scene as the tables of its file."""
        return copy.deepcopy(self._data)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], id: str = "") -> Scene:  # noqa: A002
        """A scene from the tables of a scene file, or from the flat form: `name`, `duration`, `elements`."""
        if not isinstance(data, Mapping):
            raise UsageError(f"a scene must be a dict, not {type(data).__name__}")
        scene = cls(id or str(data.get("name", "scene")))
        scene._data = copy.deepcopy(dict(data))
        return scene

    @classmethod
    def from_json(cls, text: str | bytes, id: str = "") -> Scene:  # noqa: A002
        """The same from JSON. Raises UsageError for a text that is none."""
        try:
            data = json.loads(text)
        except ValueError as error:
            raise UsageError(f"not valid JSON: {error}") from error
        return cls.from_dict(data, id)


def _layer(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, str):
        return {"node": str(layer)}
    if isinstance(layer, tuple) and len(layer) == 2:
        return {"node": str(layer[0]), "weight": layer[1]}
    if isinstance(layer, Mapping) and "node" in layer:
        return {**layer, "node": str(layer["node"])}
    raise UsageError(f"{layer!r} is no layer of a mix", 'give a node, (node, weight), or {"node": …, "gain_db": …}')


def load_scene(path: str | Path) -> Scene:
    """A scene from a file, to be planned and built, or looked at with `to_dict`.

    Raises SceneError if it cannot be read or built as it is written.
    """
    path = Path(path).absolute()
    project = load_project(find_root(path))
    loaded = loader.load_scene(path, project)
    from soundgraph.core import toml_document

    scene = Scene(loaded.id)
    scene.path = path
    scene._data = toml_document.read(path, toml_document.display(path, project.root)).table
    return scene  # what is added to it is built with it; the file stays as it is


class Result:
    """What a build came to.

    >>> import soundgraph
    >>> scene = soundgraph.Scene("blip", duration=0.2)
    >>> beep = scene.generate("short beep", model="draft/audio", name="beep")
    >>> result = soundgraph.build(scene)
    >>> result["beep"].shape
    (1, 3200)
    """

    def __init__(self, opened: Session, outcome: Outcome):
        self._session, self._outcome = opened, outcome

    @property
    def ran(self) -> list[str]:
        """The nodes that ran, as "scene:node"."""
        return self._with("ran")

    @property
    def hits(self) -> list[str]:
        """The nodes whose sound was in the cache, those found by early cutoff included."""
        return [*self._with("hit"), *self._with("cutoff")]

    @property
    def failures(self) -> dict[str, str]:
        """Why nodes or exports failed."""
        return in_order(self._session, self._outcome)

    @property
    def loads(self) -> int:
        """How often a model was loaded."""
        return self._outcome.loads

    @property
    def files(self) -> list[Path]:
        """The files that were delivered, or were there already: in the order of the scenes, manifests last."""
        deliveries, handed = self._outcome.deliveries, self._outcome.handed
        paths = [delivery.path for job in self._session.jobs for delivery in deliveries.get(job.owner, ())]
        paths += [one.entry.path for about in self._session.handovers for one in handed.get(about.owner, ())]
        return [self._session.root / path for path in paths]

    @property
    def nodes(self) -> list[str]:
        """The nodes whose sound there is, as "scene:node"."""
        return [name for name in self._outcome.plan.decisions if name in self._outcome.records]

    def audio(self, node: str) -> Audio:
        """The sound of a node: "scene:node", or "node" where there is one scene. Read from the cache, and checked.

        Raises UsageError for a node that the build did not come to.
        """
        name = node if node in self._outcome.records else f"{self._session.scenes[0].id}:{node}"
        record = self._outcome.records.get(name)
        if record is None or (":" not in node and len(self._session.scenes) > 1):
            known = ", ".join(self._outcome.records)
            raise UsageError(f'the build has no sound of a node "{node}"', f"it has: {known}")
        sound = self._session.store.read(record.digest)
        if sound is None:
            raise UsageError(f'the sound of "{node}" is gone from the cache', "build again")
        return sound

    def __getitem__(self, node: str) -> Samples:
        """The samples of a node: float32, shaped (channels, n)."""
        return self.audio(node).samples

    def _with(self, status: str) -> list[str]:
        statuses = self._outcome.statuses
        return [name for name in self._outcome.plan.decisions if statuses.get(name) == status]


def in_order(opened: Session, outcome: Outcome) -> dict[str, str]:
    """Why nodes or exports failed: in the order of the plan and the scenes, not in that in which threads came to it."""
    owners = [*outcome.plan.decisions, *(job.owner for job in opened.jobs), *outcome.failures]
    return {owner: outcome.failures[owner] for owner in owners if owner in outcome.failures}


Buildable = Scene | str | Path
"""A scene, or a target as on the command line: a file, a folder, "forest/rain", "rainy_forest:rain"."""


def plan(
    *what: Buildable,
    draft: bool = False,
    policy: str | None = None,
    overrides: Sequence[str] = (),
    root: str | Path | None = None,
) -> Plan:
    """What a build would do, and nothing done. Without arguments, all scenes under graphs/ are meant.

    Raises SceneError with every mistake.
    """
    opened = _open(what, draft, policy, overrides, root)
    if mistakes := refusals.of_policy(opened):
        raise SceneError(mistakes)
    try:
        return opened.plan()
    finally:
        opened.store.close()


def build(
    *what: Buildable,
    draft: bool = False,
    release: bool = False,
    policy: str | None = None,
    overrides: Sequence[str] = (),
    jobs: int = 1,
    keep_going: bool = False,
    force: bool = False,
    device: Device = "auto",
    memory_budget: int | None = None,
    overwrite: bool = False,
    root: str | Path | None = None,
    listener: Listener = events.ignore,
) -> Result:
    """Runs what changed and delivers the files, as `soundgraph build` does; all scenes under graphs/ without arguments.

    policy: as after --policy: "commercial". overrides: as after -D: "nodes.rain.seed=3". jobs: how many nodes are
    processed at once. device: where models are loaded. memory_budget: how many bytes they may take. overwrite: whether
    files in the output folder that no build delivered are written over. root: of the project; by default that of the
    first scene with a file, else of the current folder.

    A scene without exports gives the sounds of the nodes that nothing in it uses.
    Raises SceneError with every mistake, and BuildError if a node failed, unless `keep_going`: then `failures` tells.
    """
    return built(
        what,
        draft=draft,
        release=release,
        policy=policy,
        overrides=overrides,
        options=Options(jobs, keep_going, force, device, memory_budget, overwrite),
        root=root,
        listener=listener,
    )


def built(
    what: Sequence[Buildable],
    *,
    draft: bool,
    root: str | Path | None,
    release: bool = False,
    policy: str | None = None,
    overrides: Sequence[str] = (),
    options: Options,
    listener: Listener = events.ignore,
    keeper: Callable[[Session], Residents] | None = None,
) -> Result:
    """`build`. options: not checked yet. keeper: gives models that stay loaded afterwards."""
    _check_options(options)
    opened = _open(what, draft, policy, overrides, root)
    if release and (mistakes := refusals.of_release(opened)):
        raise SceneError(mistakes)
    how = replace(options, memory_budget=options.memory_budget or opened.project.memory_budget_bytes)
    opened = fetch_weights.fetched(opened, listener, how)
    outcome = run_plan.run(opened, how, listener, residents=keeper(opened) if keeper is not None else None)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.failures and not options.keep_going:
        raise BuildError(in_order(opened, outcome))
    return Result(opened, outcome)


def _check_options(options: Options) -> None:
    jobs, budget = options.jobs, options.memory_budget
    if not isinstance(jobs, int) or jobs < 1:
        raise UsageError(f"jobs must be a whole number from 1, not {jobs!r}")
    if budget is not None and (not isinstance(budget, int) or budget < 1):
        raise UsageError(f"memory_budget must be a whole number of bytes, not {budget!r}")
    checked_device(options.device)


def checked_device(device: Device) -> Device:
    """The device, as it is. Raises UsageError for what is none."""
    if device not in get_args(Device):
        raise UsageError(f"there is no device {device!r}", f"there is {one_of(get_args(Device))}")
    return device


def _open(
    what: Sequence[Buildable], draft: bool, policy: str | None, overrides: Sequence[str], root: str | Path | None
) -> Session:
    if isinstance(overrides, str) or not all(isinstance(words, str) for words in overrides):
        raise UsageError("overrides must be a list of texts", 'as in overrides=["nodes.rain.seed=3"]')
    for item in what:
        if not isinstance(item, Scene | str | Path):
            raise UsageError(f"a {type(item).__name__} is no scene", "give a soundgraph.Scene, a path or a target")
    words = [str(item.path if isinstance(item, Scene) else item) for item in what]
    folder = Path(root).absolute() if root is not None else Path(targets.project_root(words))
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    scenes = [item for item in what if isinstance(item, Scene)]
    others = [str(item) for item in what if not isinstance(item, Scene)]
    wanted = targets.select(str(folder), others) if others or not scenes else []
    if not scenes:
        return opening.open_session(folder, wanted, overrides=overrides, draft=draft, require=policy)
    project = load_project(folder).under(policy)
    reader = loader.Loader(project, overrides, draft)
    loaded = [reader.scene(folder / asked.path) for asked in wanted]
    for scene in scenes:
        table = scene.to_dict()
        loaded.append(reader.data(table, scene.id) if scene.path is None else reader.scene(scene.path, table))
        source = "" if scene.path is None else scene.path.relative_to(folder).as_posix()
        wanted.append(Wanted(scene.id, source, named=True))
    if unmatched := reader.unmatched():
        raise SceneError(unmatched)
    return opening.session_of(project, loaded, wanted, draft=draft, overridden=bool(overrides))
