"""Random projects as plain values: drawn by hypothesis, written as TOML, and edited one thing at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from soundgraph.scene.reading import variations
from tests.helpers import Space, export, noise, table, toml

Draw = Any

PROMPTS = ("rain", "wind", "a door", "birds", "beep beep", "qwxz")
RECORDINGS = ("sounds/one.wav", "sounds/two.wav")
SCENES = ("a", "b", "forest/c")
SHARED = "shared/base.toml"
LEVELS_DB = st.sampled_from([-3.0, -6.0, 2.5])
TIMES_S = st.sampled_from([0.0, 0.005, 0.01])
ROLES = ("input", "to", "sidechain", "melody", "continue_from")
"""Fields that name one node, in the order of every model that has several of them."""
LONGEST_S = 0.5
"""Of any node: sequences of sequences would come to minutes."""


@dataclass
class NodeText:
    kind: str
    fields: dict[str, Any]

    def inputs(self) -> Iterator[tuple[dict[str, Any], str]]:
        """(the table that holds a reference, the field it is in), in order."""
        for role in ROLES:
            if role in self.fields:
                yield self.fields, role
        for layer in self.fields.get("inputs", ()):
            yield layer, "node"


@dataclass(frozen=True)
class Shape:
    """What can be told of a node's sound from the text alone: how many takes, how many channels, how long at most."""

    takes: int
    channels: int
    longest_s: float


@dataclass
class SceneText:
    """What a scene file says. order: of its tables, by header; comment: somewhere between them.

    nodes: each after those it needs.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, NodeText] = field(default_factory=dict)
    exports: dict[str, dict[str, Any]] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
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
        tables += [table("[checks]", **fields) for fields in self.checks]
        tables += [table(f"manifests.{name}", **fields) for name, fields in self.manifests.items()]
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

    def nodes_of(self, scene: SceneText) -> dict[str, tuple[SceneText, str, NodeText]]:
        """(the text it stands in, what its name begins with in the scene, itself), each after those it needs."""
        nodes: dict[str, tuple[SceneText, str, NodeText]] = {}
        if scene.include:
            nodes = {f"base.{node}": (self.shared, "base.", text) for node, text in self.shared.nodes.items()}
        nodes.update({node: (scene, "", text) for node, text in scene.nodes.items()})
        return nodes

    def shapes(self, scene: SceneText) -> dict[str, Shape]:
        """Of each node of a scene, by the name it is written by."""
        found: dict[str, Shape] = {}
        for name, (home, prefix, text) in self.nodes_of(scene).items():
            found[name] = self.shape(home, prefix, text, found)
        return found

    def shape(self, home: SceneText, prefix: str, text: NodeText, known: dict[str, Shape]) -> Shape:
        """known: of the nodes that it needs."""
        fields = text.fields
        references = [prefix + holder[key] for holder, key in text.inputs()]
        inputs = [known[base_of(reference)] for reference in references]
        many = [shape.takes for reference, shape in zip(references, inputs, strict=True) if "#" not in reference]
        count = max([fields.get("variations", 1), *many])
        if text.kind == "generate":
            return Shape(count, 1, fields.get("duration", home.settings.get("duration", 10.0)))
        if text.kind == "file":
            return Shape(1, _recorded_channels(self.recordings[fields["path"]]), 0.03)
        longest = max(shape.longest_s for shape in inputs)
        if text.kind == "trim":
            longest = fields["duration"]
        elif text.kind in ("sequence", "crossfade"):
            longest = sum(shape.longest_s for shape in inputs)
        longest += 0.01 * (text.kind in ("mix", "sequence", "delay")) + 0.05 * (text.kind == "reverb")
        longest += fields.get("before", 0.0) + fields.get("after", 0.0)
        channels = max(shape.channels for shape in (inputs[:1] if text.kind == "duck" else inputs))
        if text.kind in ("mix", "pan", "stereo", "reverb") or fields.get("ping_pong"):
            channels = 2
        return Shape(count, 1 if text.kind == "mono" else channels, longest)

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
            files[path] = noise(0.03, 8000, _recorded_channels(seed), seed).to_wav()
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


def base_of(reference: str) -> str:
    return reference.partition("#")[0]


def _recorded_channels(seed: int) -> int:
    return 1 + seed % 2


# Drawing


@st.composite
def projects(draw: Draw) -> ProjectText:
    shared = SceneText(draw(settings_tables()), _nodes(draw, 1, 3, []))
    names = draw(st.lists(st.sampled_from(SCENES), min_size=1, max_size=2, unique=True))
    recordings = {path: index for index, path in enumerate(RECORDINGS)}
    project = ProjectText({name: draw(scenes(name, shared)) for name in names}, shared, recordings)
    put_right(project)
    return project


@st.composite
def scenes(draw: Draw, name: str, shared: SceneText) -> SceneText:
    include = [SHARED] if draw(st.booleans()) else []
    before = [f"base.{node}" for node in shared.nodes] if include else []
    nodes = _nodes(draw, 2, 6, before)
    exports = {}
    for index in range(draw(st.integers(1, 2))):
        fields = {"node": draw(references([*nodes, *before])), **draw(export_settings())}
        export_name = f"{name.replace('/', '_')}_{index}"
        exports[export_name] = fields
        if draw(st.booleans()):
            fields["path"] = f"{export_name}_{{take}}"
    scene = SceneText(draw(settings_tables()), nodes, exports, include=include)
    for _ in range(draw(st.sampled_from([0, 1, 2]))):
        scene.checks.append(draw(checks([*nodes, *before], list(exports))))
    for index in range(draw(st.sampled_from([0, 0, 1, 2]))):
        scene.manifests[f"m{index}"] = draw(manifests(f"{name}_{index}", list(exports)))
    return scene


@st.composite
def checks(draw: Draw, nodes: list[str], exports: list[str]) -> dict[str, Any]:
    """An entry of [[checks]]: most limits are kept by most sounds."""
    limits = draw(
        st.sampled_from(
            [
                {"max_duration": 3600, "min_loudness_lufs": -40},
                {"min_duration": 0.015, "max_true_peak_dbtp": 60},
                {"max_duration": 0.055},
                {"min_duration": 0.035},
                {"max_true_peak_dbtp": -10},
            ]
        )
    )
    pick = draw(st.sampled_from(["", "", "#1", "#2"]))
    if draw(st.booleans()):
        return {"node": draw(st.sampled_from(nodes)) + pick, **limits, **draw(st.sampled_from([{}, {"silent": False}]))}
    return {"export": draw(st.sampled_from(exports)) + pick, **limits}


@st.composite
def manifests(draw: Draw, path: str, exports: list[str]) -> dict[str, Any]:
    chosen = draw(st.sampled_from([{}, {}, {"exports": [exports[-1]]}]))
    # Not godot: its .import files are merged with what stood there before: tests/engines/test_godot.py has these.
    return {"engine": draw(st.sampled_from(["json", "wwise"])), "path": f"lists/{path}", **chosen}


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


EFFECTS = (
    *("trim", "eq", "gain", "fade", "pan", "reverse", "pad", "delay", "width", "mono", "stereo", "resample", "reverb"),
    *("compressor", "normalize", "limiter"),
)
PAIRS = {"crossfade": "to", "duck": "sidechain"}
"""Kinds of two inputs, and what the second is called."""


@st.composite
def node_texts(draw: Draw, earlier: list[str]) -> NodeText:
    """A node that takes its inputs from `earlier` ones: it can be rendered, whatever they are."""
    sources = ["generate", "generate", "file"]
    kind = draw(st.sampled_from([*sources, *EFFECTS, "mix", "mix", *PAIRS, "sequence"] if earlier else sources))
    return NodeText(kind, {**draw(fields_of(kind)), **_references(draw, kind, earlier)})


def _references(draw: Draw, kind: str, earlier: list[str]) -> dict[str, Any]:
    if kind == "file":
        return {}
    if kind == "generate":
        return draw(takes_after(earlier))
    if kind == "mix":
        return {"inputs": [draw(layers(earlier)) for _ in range(draw(st.integers(1, 3)))]}
    if kind == "sequence":
        first = {"node": draw(references(earlier))}
        return {"inputs": [first, *(draw(clips(earlier)) for _ in range(draw(st.integers(0, 2))))]}
    roles = ["input", PAIRS[kind]] if kind in PAIRS else ["input"]
    return {role: draw(references(earlier)) for role in roles}


def references(earlier: list[str]) -> st.SearchStrategy[str]:
    """A node with all its takes, or now and then one take of it."""
    return st.builds(lambda name, pick: name + pick, st.sampled_from(earlier), st.sampled_from(["", "", "", "#2"]))


@st.composite
def takes_after(draw: Draw, earlier: list[str]) -> dict[str, Any]:
    """What a take goes on from, or the melody it follows, if anything."""
    if not earlier or draw(st.integers(0, 3)):
        return {}
    # The draft backend follows no melodies: another one gives another key, and the same samples.
    if draw(st.booleans()):
        return {"melody": draw(references(earlier))}
    return {"continue_from": draw(references(earlier))}


def layers(earlier: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    level = st.one_of(
        st.just({}),
        st.fixed_dictionaries({"weight": st.sampled_from([0.5, 0.8])}),
        st.fixed_dictionaries({"gain_db": LEVELS_DB}),
    )
    places = st.fixed_dictionaries({}, optional={"at": TIMES_S, "pan": st.sampled_from([-0.5, 0.25])})
    return st.builds(lambda node, level, place: {"node": node, **level, **place}, references(earlier), level, places)


def clips(earlier: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """No sound is shorter than 0.02 s, so that two crossfades fit into each."""
    places = st.sampled_from([{}, {"gap": 0.005}, {"crossfade": 0.01}, {"crossfade": 0.005}, {"at": 0.01}])
    return st.builds(lambda node, place: {"node": node, **place}, references(earlier), places)


def fields_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """All fields of a node but `kind` and its references."""
    if kind == "generate":
        return st.fixed_dictionaries(
            {
                "model": st.sampled_from(["draft/audio", "draft/music"]),
                "prompt": st.sampled_from(PROMPTS),
                # Mostly 2, so that nodes of equally many takes meet.
                "variations": st.sampled_from([1, 1, 2, 2, 2, 3]),
            },
            # The draft backend takes no notice of precision: another value gives another key, and the same samples.
            optional={
                # The last is that of a second take of seed 0: two nodes then share a take.
                "seed": st.sampled_from([0, 1, 2, variations.seed_of(0, 2)]),
                "temperature": st.sampled_from([0.8, 1.0]),
                "precision": st.sampled_from(["float32", "float16", "int8"]),
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
    required, optional = _OTHERS.get(kind, ({}, {}))
    return st.fixed_dictionaries(required, optional=optional)


_OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "pad": ({"before": TIMES_S}, {"after": TIMES_S}),
    "delay": ({"time_ms": st.sampled_from([5, 10]), "feedback": st.just(0)}, {"ping_pong": st.booleans()}),
    "width": ({"width": st.sampled_from([0.0, 0.5, 2.0])}, {}),
    "mono": ({}, {"method": st.sampled_from(["average", "power"])}),
    "resample": ({"sample_rate": st.sampled_from([8000, 11025, 48000])}, {}),
    "reverb": ({"decay": st.just(0.05), "size_m": st.just(1)}, {"seed": st.integers(0, 1)}),
    "compressor": ({"threshold_db": st.sampled_from([-30, -6])}, {"makeup_db": LEVELS_DB}),
    "normalize": ({"rms_dbfs": st.sampled_from([-20, -30])}, {}),
    "limiter": ({"ceiling_dbtp": st.sampled_from([-12, -1])}, {}),
    "crossfade": ({"duration": st.just(0.01)}, {"curve": st.sampled_from(["linear", "measured"])}),
    "duck": ({"threshold_db": st.sampled_from([-40, -10])}, {"lookahead_ms": st.just(0)}),
}
"""Fields that have to be, and fields that may be there."""


# Editing


def edit(draw: Draw, project: ProjectText) -> str:
    """Changes one thing that the project's files say; returns what."""
    name = draw(st.sampled_from(sorted(project.scenes)))
    scene = project.scenes[name]
    edits = [_field, _field, _rewire, _swap, _rename, _comment, _order, _settings, _export, _path, _recording, _shared]
    edits += 2 * [_variations, _pick, _check, _check, _manifest]
    chosen = draw(st.sampled_from(edits))
    chosen(draw, project, scene)
    put_right(project)
    return f"{chosen.__name__[1:]} in {name}"


def _field(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """Another value for the fields of a node."""
    node = scene.nodes[draw(st.sampled_from(sorted(scene.nodes)))]
    kept = {key: value for key, value in node.fields.items() if key in (*ROLES, "inputs")}
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
        if node.kind in PAIRS:
            one, other = "input", PAIRS[node.kind]
            node.fields[one], node.fields[other] = node.fields[other], node.fields[one]


def _rename(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    old = draw(st.sampled_from(sorted(scene.nodes)))
    new = f"x{old}" if len(old) < 6 else old[1:]
    if new in scene.nodes:
        return
    scene.nodes = {new if name == old else name: node for name, node in scene.nodes.items()}
    holders = [found for node in scene.nodes.values() for found in node.inputs()]
    holders += [(fields, "node") for fields in [*scene.exports.values(), *scene.checks] if "node" in fields]
    for holder, key in holders:
        if base_of(holder[key]) == old:
            holder[key] = new + holder[key].removeprefix(old)


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
    path = (
        draw(st.sampled_from(["", "music/", "music/old/"]))
        + name
        + draw(st.sampled_from(["", "_{take}", "_{take:02}"]))
    )
    if path != name:
        scene.exports[name]["path"] = path


def _variations(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """More or fewer takes of a node."""
    homes = [scene, project.shared] if scene.include else [scene]
    nodes = [node for home in homes for node in home.nodes.values() if node.kind == "generate"]
    if nodes:
        node = nodes[draw(st.integers(0, len(nodes) - 1))]
        node.fields["variations"] = draw(st.sampled_from([1, 2, 2, 3, 4]))


def _pick(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """Names one take where all were meant, another one, or all of them again."""
    holders = [found for node in scene.nodes.values() for found in node.inputs()]
    holders += [(fields, "node") for fields in scene.exports.values()]
    holder, key = holders[draw(st.integers(0, len(holders) - 1))]
    holder[key] = base_of(holder[key]) + draw(st.sampled_from(["", "#1", "#2", "#3"]))


def _check(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """One more, one less, or another one."""
    nodes = list(project.nodes_of(scene))
    how = draw(st.sampled_from(["add", "change", "remove"])) if scene.checks else "add"
    if how != "add":
        scene.checks.pop()
    if how != "remove" and len(scene.checks) < 3:
        scene.checks.append(draw(checks(nodes, list(scene.exports))))


def _manifest(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    """One more, one less, or another one."""
    name = draw(st.sampled_from(["m0", "m1"]))
    place = f"{next(own for own, other in project.scenes.items() if other is scene)}_{name}"
    if name in scene.manifests and draw(st.booleans()):
        del scene.manifests[name]
    else:
        scene.manifests[name] = draw(manifests(place, list(scene.exports)))


def _recording(draw: Draw, project: ProjectText, scene: SceneText) -> None:
    project.recordings[draw(st.sampled_from(RECORDINGS))] = draw(st.integers(0, 3))


# Putting right what an edit elsewhere has made a mistake: those are tested by themselves.


def put_right(project: ProjectText) -> None:
    """Changes what makes a scene a mistake, or a node fail, since a node that it is about is another one now."""
    for scene in (project.shared, *project.scenes.values()):
        own = list(scene.nodes.values())
        for node in own:
            _put_node_right(project, scene, node)
        shapes = project.shapes(scene)
        for name, fields in scene.exports.items():
            _put_take_right(fields, "node", shapes[base_of(fields["node"])].takes)
            path = fields.get("path", name)
            if takes_of_export(fields, shapes) > 1 and not variations.has_place(path):
                fields["path"] = f"{path}_{{take}}"
        for check in scene.checks:
            if "node" in check:
                _put_take_right(check, "node", shapes[base_of(check["node"])].takes)
            else:
                _put_take_right(check, "export", takes_of_export(scene.exports[base_of(check["export"])], shapes))
        _put_manifests_right(scene)


def takes_of_export(fields: dict[str, Any], shapes: dict[str, Shape]) -> int:
    return 1 if "#" in fields["node"] else shapes[fields["node"]].takes


def formats(fields: dict[str, Any]) -> list[str]:
    """Of an export."""
    found = fields.get("format", "wav")
    return found if isinstance(found, list) else [found]


def _put_take_right(holder: dict[str, Any], key: str, count: int) -> None:
    """A take that is not there becomes the last one."""
    base, mark, take = holder[key].partition("#")
    if mark and int(take) > count:
        holder[key] = f"{base}#{count}"


def _put_node_right(project: ProjectText, scene: SceneText, node: NodeText) -> None:
    # Only those before it are right already; it needs none after it.
    shapes: dict[str, Shape] = {}
    for name, (home, prefix, text) in project.nodes_of(scene).items():
        if text is node:
            break
        shapes[name] = project.shape(home, prefix, text, shapes)
    many = node.fields.get("variations", 1)
    for holder, key in node.inputs():
        count = shapes[base_of(holder[key])].takes
        _put_take_right(holder, key, count)
        if "#" in holder[key] or count == 1:
            continue
        if many > 1 and count != many:
            holder[key] += "#1"
        many = max(many, count) if "#" not in holder[key] else many
    if node.kind == "generate":
        node.fields.pop("duration", None)
    if "continue_from" in node.fields:
        longest = shapes[base_of(node.fields["continue_from"])].longest_s
        node.fields["duration"] = round(longest + 0.05, 3)
    if node.kind == "width" and shapes[base_of(node.fields["input"])].channels != 2:
        node.kind, node.fields = "stereo", {"input": node.fields["input"]}
    if project.shape(scene, "", node, shapes).longest_s > LONGEST_S:
        holder, key = next(node.inputs())
        node.kind, node.fields = "trim", {"input": holder[key], "duration": 0.02, "start": 0.0, "pad": True}


def _put_manifests_right(scene: SceneText) -> None:
    """An engine that does not import what is delivered, or that writes a file that another one writes, becomes json."""
    settled: set[str] = set()
    for fields in scene.manifests.values():
        about = [scene.exports[base_of(name)] for name in fields.get("exports", scene.exports)]
        if fields["engine"] == "godot" and "godot" in settled:
            fields["engine"] = "json"
        if not all("wav" in formats(export) for export in about):
            fields["engine"] = "json"
        settled.add(fields["engine"])
