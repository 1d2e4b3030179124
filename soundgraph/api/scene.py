"""Scenes that are made in Python, and what they are as tables of a scene file."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from soundgraph.core import path_names, toml_document
from soundgraph.core.errors import UsageError
from soundgraph.project.config import find_root, load_project
from soundgraph.scene import loader


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
    checked = loader.load_scene(path, project)
    scene = Scene(checked.id)
    scene.path = path
    scene._data = toml_document.read(path, toml_document.display(path, project.root)).table  # noqa: SLF001
    return scene  # what is added to it is built with it; the file stays as it is
