"""Random projects as plain values: drawn by hypothesis, written as TOML, and edited one thing at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.helpers import Space, export, noise, table, toml

Draw = Any

PROMPTS = ("rain", "wind", "a door", "birds", "beep beep", "qwxz")
RECORDINGS = ("sounds/one.wav", "sounds/two.wav")
SCENES = ("a", "b", "forest/c")
SHARED = "shared/base.toml"
LEVELS_DB = st.sampled_from([-3.0, -6.0, 2.5])
TIMES_S = st.sampled_from([0.0, 0.005, 0.01])


@dataclass
class NodeText:
    kind: str
    fields: dict[str, Any]

    def inputs(self) -> Iterator[tuple[dict[str, Any], str]]:
        """(the table that holds a reference, the field it is in), in order."""
        for role in ("input", "melody", "continue_from"):
            if role in self.fields:
                yield self.fields, role
        for layer in self.fields.get("inputs", ()):
            yield layer, "node"


@dataclass
class SceneText:
    """What a scene file says. order: of its tables, by header; comment: somewhere between them."""

    settings: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, NodeText] = field(default_factory=dict)
    exports: dict[str, dict[str, Any]] = field(default_factory=dict)
    include: list[str] = field(default_factory=list)
    order: int = 0
    comment: str = ""

    def to_toml(self, up: str) -> str:
        """up: leads from the scene's folder to the project's root."""
        tables = []
        for name, node in self.nodes.items():
            path = {"path": up + node.fields["path"]} if node.kind == "file" else {}
            tables.append(table(f"nodes.{name}", kind=node.kind, **{**node.fields, **path}))
        tables += [export(name, **fields) for name, fields in self.exports.items()]
        if self.settings:
            tables.append(table("scene", **self.settings))
        turn = self.order % len(tables)
        head = f"include = {toml([up + path for path in self.include])}\n" if self.include else ""
        return head + f"# {self.comment}\n".join([*tables[turn:], *tables[:turn]])


@dataclass
class ProjectText:
    """scenes: by id. shared: an included file. recordings: the seed of the noise that each file holds."""

    scenes: dict[str, SceneText]
    shared: SceneText
    recordings: dict[str, int]

    def reads(self, name: str) -> set[str]:
        """The files that a scene is made of."""
        scene = self.scenes[name]
        homes = [scene, self.shared] if scene.include else [scene]
        recordings = {node.fields["path"] for home in homes for node in home.nodes.values() if node.kind == "file"}
        return {f"graphs/{name}.toml", *scene.include, *recordings}

    def write(self, space: Space) -> set[str]:
        """Brings the files of the project up to this; what is right already is not touched. Returns what was."""
        touched = set()
        files = {
            f"graphs/{name}.toml": scene.to_toml("../" * (name.count("/") + 1)).encode()
            for name, scene in self.scenes.items()
        }
        files[SHARED] = self.shared.to_toml("../").encode()
        for path, seed in self.recordings.items():
            files[path] = noise(0.03, 8000, 1 + seed % 2, seed).to_wav()
        for path, data in files.items():
            full = space.root / path
            if not full.exists() or full.read_bytes() != data:
                space.write(path, data)
                touched.add(path)
        for name in SCENES:
            if name not in self.scenes:
                (space.root / f"graphs/{name}.toml").unlink(missing_ok=True)
        return touched

    def copy(self) -> ProjectText:
        return copy.deepcopy(self)


# Drawing


@st.composite
def projects(draw: Draw) -> ProjectText:
    shared = SceneText(draw(settings_tables()), _nodes(draw, 1, 3, []))
    names = draw(st.lists(st.sampled_from(SCENES), min_size=1, max_size=2, unique=True))
    recordings = {path: index for index, path in enumerate(RECORDINGS)}
    return ProjectText({name: draw(scenes(name, shared)) for name in names}, shared, recordings)


@st.composite
def scenes(draw: Draw, name: str, shared: SceneText) -> SceneText:
    include = [SHARED] if draw(st.booleans()) else []
    before = [f"base.{node}" for node in shared.nodes] if include else []
    nodes = _nodes(draw, 2, 6, before)
    exports = {}
    for index in range(draw(st.integers(1, 2))):
        fields = {"node": draw(st.sampled_from([*nodes, *before])), **draw(export_settings())}
        exports[f"{name.replace('/', '_')}_{index}"] = fields
    return SceneText(draw(settings_tables()), nodes, exports, include)


def settings_tables() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"duration": st.just(0.05)},
        optional={"seed": st.integers(1, 2), "sample_rate": st.sampled_from([16000, 22050])},
    )


def export_settings() -> st.SearchStrategy[dict[str, Any]]:
    formats = st.sampled_from(["wav", "flac", ["wav", "ogg"]])
    return st.fixed_dictionaries(
        {}, optional={"format": formats, "loudness_lufs": st.just(-20), "bit_depth": st.sampled_from([16, 24])}
    )


def _nodes(draw: Draw, least: int, most: int, before: list[str]) -> dict[str, NodeText]:
    nodes: dict[str, NodeText] = {}
    for index in range(draw(st.integers(least, most))):
        nodes[f"n{index}"] = draw(node_texts([*before, *nodes]))
    return nodes


@st.composite
def node_texts(draw: Draw, earlier: list[str]) -> NodeText:
    """A node that takes its inputs from `earlier` ones: it can be rendered, whatever they are."""
    sources = ["generate", "generate", "file"]
    kinds = ["trim", "eq", "mix", "gain", "fade", "pan"]
    kind = draw(st.sampled_from(sources + kinds if earlier else sources))
    return NodeText(kind, {**draw(fields_of(kind)), **_references(draw, kind, earlier)})


def _references(draw: Draw, kind: str, earlier: list[str]) -> dict[str, Any]:
    if kind == "file":
        return {}
    if kind == "generate":
        return draw(takes_after(earlier))
    if kind != "mix":
        return {"input": draw(st.sampled_from(earlier))}
    return {"inputs": [draw(layers(earlier)) for _ in range(draw(st.integers(1, 3)))]}


@st.composite
def takes_after(draw: Draw, earlier: list[str]) -> dict[str, Any]:
    """What a take goes on from, if anything; it is longer than whatever came before it."""
    if not earlier or draw(st.integers(0, 3)):
        return {}
    # The draft backend follows no melodies: another one gives another key, and the same samples.
    if draw(st.booleans()):
        return {"melody": draw(st.sampled_from(earlier))}
    return {"continue_from": draw(st.sampled_from(earlier)), "duration": round(0.1 + 0.05 * len(earlier), 2)}


def layers(earlier: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    level = st.one_of(
        st.just({}),
        st.fixed_dictionaries({"weight": st.sampled_from([0.5, 0.8])}),
        st.fixed_dictionaries({"gain_db": LEVELS_DB}),
    )
    places = st.fixed_dictionaries({}, optional={"at": TIMES_S, "pan": st.sampled_from([-0.5, 0.25])})
    return st.builds(
        lambda node, level, place: {"node": node, **level, **place}, st.sampled_from(earlier), level, places
    )


def fields_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """All fields of a node but `kind` and its references."""
    if kind == "generate":
        return st.fixed_dictionaries(
            {"model": st.sampled_from(["draft/audio", "draft/music"]), "prompt": st.sampled_from(PROMPTS)},
            # The draft backend takes no notice of top_k: another value gives another key, and the same samples.
            optional={
                "seed": st.integers(0, 3),
                "temperature": st.sampled_from([0.8, 1.0]),
                "top_k": st.integers(1, 3),
            },
        )
    if kind == "file":
        return st.fixed_dictionaries({"path": st.sampled_from(RECORDINGS)})
    if kind == "trim":
        return st.fixed_dictionaries(
            {"duration": st.sampled_from([0.02, 0.025]), "start": TIMES_S, "pad": st.just(True)}
        )
    if kind == "eq":
        band = st.fixed_dictionaries(
            {
                "type": st.sampled_from(["peaking", "low_shelf"]),
                "freq_hz": st.sampled_from([300, 1000]),
                "gain_db": LEVELS_DB,
            }
        )
        return st.fixed_dictionaries({"bands": st.lists(band, min_size=1, max_size=2)})
    if kind == "gain":
        return st.fixed_dictionaries({"gain_db": LEVELS_DB})
    if kind == "fade":
        return st.fixed_dictionaries({}, optional={"fade_in": TIMES_S, "fade_out": TIMES_S})
    if kind == "pan":
        return st.fixed_dictionaries({"pan": st.sampled_from([-1.0, 0.0, 0.3])})
    return st.just({})


# Editing


def edit(draw: Draw, project: ProjectText) -> str:
    """Changes one thing that the project's files say; returns what."""
    name = draw(st.sampled_from(sorted(project.scenes)))
    scene = project.scenes[name]
    edits = [_field, _field, _rewire, _swap, _rename, _comment, _order, _settings, _export, _path, _recording, _shared]
    chosen = draw(st.sampled_from(edits))
    chosen(draw, project, scene)
    return f"{chosen.__name__[1:]} in {name}"


def _field(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """Another value for the fields of a node."""
    node = scene.nodes[draw(st.sampled_from(sorted(scene.nodes)))]
    references = ["input", "inputs", "melody", "continue_from"] + ["duration"] * ("continue_from" in node.fields)
    kept = {key: value for key, value in node.fields.items() if key in references}
    node.fields = {**draw(fields_of(node.kind)), **kept}


def _shared(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    _field(draw, project, project.shared)


def _rewire(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    names = list(scene.nodes)
    references = [(index, *found) for index, name in enumerate(names) for found in scene.nodes[name].inputs()]
    before = [f"base.{name}" for name in project.shared.nodes] if scene.include else []
    if references:
        index, holder, key = draw(st.sampled_from(references))
        # Nodes are kept in an order in which each needs only earlier ones, so that no cycle can arise.
        holder[key] = draw(st.sampled_from([*before, *names[:index]]))


def _swap(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """Turns the inputs of a mix round."""
    for node in scene.nodes.values():
        if node.kind == "mix":
            node.fields["inputs"].reverse()


def _rename(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    old = draw(st.sampled_from(sorted(scene.nodes)))
    new = f"x{old}" if len(old) < 6 else old[1:]
    if new in scene.nodes:
        return
    scene.nodes = {new if name == old else name: node for name, node in scene.nodes.items()}
    for node in scene.nodes.values():
        for holder, key in node.inputs():
            holder[key] = new if holder[key] == old else holder[key]
    for fields in scene.exports.values():
        fields["node"] = new if fields["node"] == old else fields["node"]


def _comment(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    scene.comment = draw(st.sampled_from(["", "louder", "quieter"]))


def _order(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    scene.order = draw(st.integers(0, 7))


def _settings(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    scene.settings = draw(settings_tables())


def _export(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """Other settings, or another node."""
    name = draw(st.sampled_from(sorted(scene.exports)))
    node = draw(st.sampled_from([scene.exports[name]["node"], *scene.nodes]))
    kept = {key: value for key, value in scene.exports[name].items() if key == "path"}
    scene.exports[name] = {"node": node, **draw(export_settings()), **kept}


def _path(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    name = draw(st.sampled_from(sorted(scene.exports)))
    scene.exports[name].pop("path", None)
    folder = draw(st.sampled_from(["", "music/", "music/old/"]))
    if folder:
        scene.exports[name]["path"] = folder + name


def _recording(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    project.recordings[draw(st.sampled_from(RECORDINGS))] = draw(st.integers(0, 3))
