"""What a scene means once it has been read: includes, defaults, overrides, shorthand, and what was looked at."""

# ruff: noqa: E501

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundgraph import backends
from soundgraph.cache.action_key import action_key
from soundgraph.core import toml_document
from soundgraph.core.errors import SceneError
from soundgraph.core.params import references
from soundgraph.nodes import get_kind, kind_names
from soundgraph.planning.action import action_of
from soundgraph.project.config import Project, load_project
from soundgraph.project.settings_tables import BuildSettings, CacheSettings, PolicySettings
from soundgraph.scene.loader import Lines, Loader, clashes, load_data, load_scene, load_scenes, scene_id
from soundgraph.scene.reading.elements import element_model
from soundgraph.scene.tables.export_settings import ExportSettings
from soundgraph.scene.tables.scene import CheckedScene, Origin, SceneSettings

RAIN = """\
[nodes.rain]
kind = "generate"
model = "audio"
prompt = "rain"
"""


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def load(root: Path, text: str, *overrides: str, draft: bool = False, **files: str) -> CheckedScene:
    """The scene x of `text`, beside other files whose names are given with __ for the slash."""
    write(root, {f"{name.replace('__', '/')}.toml": content for name, content in files.items()})
    write(root, {"graphs/x.toml": text})
    return load_scene(root / "graphs/x.toml", load_project(root), overrides, draft)


def said(root: Path, text: str, *overrides: str, **files: str) -> str:
    with pytest.raises(SceneError) as caught:
        load(root, text, *overrides, **files)
    return str(caught.value)


def params(scene: CheckedScene, name: str) -> dict[str, Any]:
    return scene.nodes[name].params.model_dump()


def keys(scene: CheckedScene) -> dict[str, str]:
    """The action key of every node, inputs standing for themselves by their own keys."""
    found: dict[str, str] = {}

    def key(name: str) -> str:
        if name not in found:
            node = scene.nodes[name]
            inputs = {role: key(other) for role, other in references(node.params)}
            wanted = action_of(node, inputs)
            assert wanted is not None
            found[name] = action_key(wanted)
        return found[name]

    for name in scene.nodes:
        key(name)
    return found


# Scenes, settings, defaults.


def test_a_scene_has_its_settings_nodes_and_exports(tmp_path: Path) -> None:
    scene = load(
        tmp_path, "[scene]\nsample_rate = 44100\n" + RAIN + '[exports.out]\nnode = "rain"\nformat = ["wav", "ogg"]\n'
    )
    assert (scene.id, scene.path, scene.settings.sample_rate) == ("x", tmp_path / "graphs/x.toml", 44100)
    assert scene.nodes["rain"].kind_name == "generate"
    assert scene.nodes["rain"].model == backends.find("facebook/audiogen-medium")
    assert scene.nodes["rain"].origin == Origin("graphs/x.toml", ("nodes", "rain"))
    assert scene.exports["out"].files() == ["out.wav", "out.ogg"]
    assert scene.exports["out"].origin == Origin("graphs/x.toml", ("exports", "out"))


@pytest.mark.parametrize(
    ("path", "name"),
    [("graphs/x.toml", "x"), ("graphs/forest/rain.toml", "forest/rain"), ("x.toml", "x"), ("music/x.toml", "music/x")],
)
def test_a_scene_is_called_by_its_path_under_graphs(path: str, name: str) -> None:
    assert scene_id(Path("/game", path), Path("/game")) == name


def test_an_export_is_delivered_where_its_path_says(tmp_path: Path) -> None:
    scene = load(tmp_path, RAIN + '[exports.out]\nnode = "rain"\npath = "music/theme"\n')
    assert scene.exports["out"].files() == ["music/theme.wav"]


def test_a_node_takes_its_own_value_before_the_defaults_and_those_before_the_scenes(tmp_path: Path) -> None:
    project = "[defaults.generate]\nduration = 1\ntemperature = 0.1\ntop_k = 11\n"
    text = (
        "[scene]\nduration = 9\nseed = 9\n[defaults.generate]\nduration = 2\ntemperature = 0.2\n"
        + RAIN
        + "duration = 3\n"
    )
    found = params(load(tmp_path, text, soundgraph=project), "rain")
    assert [found[name] for name in ("duration", "temperature", "top_k", "seed")] == [3, 0.2, 11, 9]


def test_defaults_of_a_scene_go_before_its_settings(tmp_path: Path) -> None:
    assert (
        params(load(tmp_path, "[scene]\nduration = 9\n[defaults.generate]\nduration = 2\n" + RAIN), "rain")["duration"]
        == 2
    )


def test_a_mix_takes_its_rate_from_the_scene(tmp_path: Path) -> None:
    mix = '[nodes.all]\nkind = "mix"\ninputs = [{ node = "rain" }]\n'
    assert params(load(tmp_path, "[scene]\nsample_rate = 22050\n" + RAIN + mix), "all")["sample_rate"] == 22050


def test_a_scene_without_exports_can_be_read(tmp_path: Path) -> None:
    assert load(tmp_path, RAIN).exports == {}


def test_names_may_have_letters_of_any_alphabet(tmp_path: Path) -> None:
    assert list(load(tmp_path, RAIN.replace("nodes.rain", 'nodes."pluie_forêt-2"')).nodes) == ["pluie_forêt-2"]


# Models.


def test_a_projects_name_for_a_model_is_used(tmp_path: Path) -> None:
    scene = load(
        tmp_path, RAIN.replace('"audio"', '"theme"'), soundgraph='[models]\ntheme = "facebook/musicgen-large"\n'
    )
    assert scene.nodes["rain"].model == backends.find("facebook/musicgen-large")


def test_as_a_draft_every_model_is_its_stand_in(tmp_path: Path) -> None:
    stereo = RAIN.replace("nodes.rain", "nodes.theme").replace('"audio"', '"facebook/musicgen-stereo-small"')
    scene = load(tmp_path, RAIN + stereo, draft=True)
    made = {
        name: (node.model.draft, node.model.sample_rate, node.model.channels)
        for name, node in scene.nodes.items()
        if node.model
    }
    assert made == {"rain": (True, 16000, 1), "theme": (True, 32000, 2)}


def test_a_draft_model_that_is_asked_for_stays_what_it_is(tmp_path: Path) -> None:
    text = RAIN.replace('"audio"', '"draft/music"')
    assert load(tmp_path, text).nodes["rain"].model == load(tmp_path, text, draft=True).nodes["rain"].model


def test_a_checkpoint_of_the_project_is_looked_at_where_it_is_used(tmp_path: Path) -> None:
    assert said(tmp_path, RAIN.replace('"audio"', '"mine"'), soundgraph='[models]\nmine = "/no/weights"\n') == (
        'graphs/x.toml:3: nodes.rain: model "mine" stands for "/no/weights", which does not exist: there is no folder /no/weights'
    )


def test_a_wrong_model_of_the_projects_defaults_is_reported_once_and_there(tmp_path: Path) -> None:
    project = '[defaults.generate]\nmodel = "nope"\n'
    text = RAIN.replace('model = "audio"\n', "")
    assert said(tmp_path, text + text.replace("nodes.rain", "nodes.b"), soundgraph=project) == (
        'soundgraph.toml:2: defaults.generate: model "nope" is not a model'
    )


# Includes.


def test_included_nodes_have_their_files_name_before_their_own(tmp_path: Path) -> None:
    scene = load(
        tmp_path,
        'include = ["shared/storm.toml"]\n[nodes.low]\nkind = "gain"\ngain_db = -3\ninput = "storm.bed"\n',
        graphs__shared__storm=RAIN
        + '[nodes.bed]\nkind = "gain"\ngain_db = -1\ninput = "rain"\n[exports.rain]\nnode = "rain"\n',
    )
    assert set(scene.nodes) == {"low", "storm.rain", "storm.bed"}
    assert params(scene, "storm.bed")["input"] == "storm.rain"
    assert scene.exports == {}
    assert scene.nodes["storm.bed"].origin == Origin("graphs/shared/storm.toml", ("nodes", "bed"))


def test_references_in_lists_of_an_include_are_its_own_too(tmp_path: Path) -> None:
    scene = load(
        tmp_path,
        'include = ["b.toml"]\n',
        graphs__b=RAIN + '[nodes.m]\nkind = "mix"\ninputs = [{ node = "rain", weight = 0.5 }]\n',
    )
    assert references(scene.nodes["b.m"].params) == [("inputs[0].node", "b.rain")]


# What only some models take


DRAFT = '[nodes.rain]\nkind = "generate"\nmodel = "draft/audio"\nprompt = "rain"\n'


def test_a_default_that_a_model_does_not_take_is_for_the_nodes_of_others(tmp_path: Path) -> None:
    text = "[defaults.generate]\ntop_k = 5\n" + DRAFT + RAIN.replace("nodes.rain", "nodes.take")
    scene = load(tmp_path, text, soundgraph="[defaults.generate]\ncfg_coef = 4\n")
    assert not {"top_k", "cfg_coef"} & params(scene, "rain").keys()
    assert [params(scene, "take")[name] for name in ("top_k", "cfg_coef")] == [5, 4.0]


def test_a_draft_is_checked_by_what_the_model_takes_that_it_stands_for(tmp_path: Path) -> None:
    scene = load(tmp_path, RAIN + "top_k = 5\n", draft=True)
    assert params(scene, "rain")["top_k"] == 5
    assert keys(scene) == keys(load(tmp_path, RAIN, draft=True))
    with pytest.raises(SceneError, match="top_k must be at least 0"):
        load(tmp_path, RAIN + "top_k = -5\n", draft=True)


def test_of_a_node_whose_model_is_unknown_nothing_is_said_but_that(tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        load(tmp_path, RAIN.replace('"audio"', '"audiox"') + "top_k = 5\n")
    assert [mistake.where for mistake in caught.value.mistakes] == ["nodes.rain"]
    assert "audiox" in str(caught.value)


def test_every_field_that_each_model_takes_is_known_as_such() -> None:
    """No backend may have one of that name for itself."""
    assert frozenset(get_kind("generate").params.model_fields) == backends.EVERY_MODEL_TAKES


def test_included_nodes_keep_the_settings_and_defaults_of_their_file(tmp_path: Path) -> None:
    scene = load(
        tmp_path,
        f'include = ["b.toml"]\n[scene]\nseed = 1\n[defaults.generate]\ntemperature = 0.1\n{RAIN}',
        "scene.duration=7",
        graphs__b="[scene]\nduration = 3\n[defaults.generate]\ntop_k = 5\n" + RAIN,
    )
    fields = ("seed", "temperature", "top_k", "duration")
    assert [params(scene, "rain")[name] for name in fields] == [1, 0.1, 250, 7]
    assert [params(scene, "b.rain")[name] for name in fields] == [0, 1.0, 5, 3]


def test_a_node_has_the_same_key_where_it_is_written_and_where_it_is_included(tmp_path: Path) -> None:
    low = '[nodes.low]\nkind = "gain"\ngain_db = -3\ninput = "rain"\n'
    text = RAIN.replace('"audio"', '"draft/audio"') + low
    own = keys(load(tmp_path, text))
    included = keys(load(tmp_path, 'include = ["b.toml"]\n', graphs__b=text))
    assert {f"b.{name}": key for name, key in own.items()} == included


def test_includes_nest_and_one_file_may_come_in_twice(tmp_path: Path) -> None:
    scene = load(
        tmp_path,
        'include = ["b.toml", "c.toml"]\n[nodes.low]\nkind = "gain"\ngain_db = -3\ninput = "b.d.rain"\n',
        graphs__b='include = ["d.toml"]\n',
        graphs__c='include = ["d.toml"]\n[nodes.up]\nkind = "gain"\ngain_db = 1\ninput = "d.rain"\n',
        graphs__d=RAIN,
    )
    assert set(scene.nodes) == {"low", "b.d.rain", "c.d.rain", "c.up"}
    assert params(scene, "c.up")["input"] == "c.d.rain"


def test_a_scene_cannot_be_blown_up_by_includes_of_includes(tmp_path: Path) -> None:
    def level(n: int) -> str:
        return "include = [" + ", ".join(f'"n{n + 1}_{i}.toml"' for i in range(4)) + "]\n"

    files = {f"graphs__n{n}_{i}": level(n) for n in range(1, 7) for i in range(4)}
    files |= {f"graphs__n7_{i}": RAIN for i in range(4)}
    assert "a scene may include 200 files, all told" in said(tmp_path, level(0), **files)


def test_shorthand_can_be_included(tmp_path: Path) -> None:
    scene = load(
        tmp_path, 'include = ["b.toml"]\n', graphs__b='[[elements]]\ntype = "audio"\nprompt = "a"\nsave = true\n'
    )
    assert set(scene.nodes) == {"b.audio_1", "b.master"}
    assert scene.exports == {}


# What was read.


def test_a_scene_lists_every_file_that_can_change_it(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    soundfile.write(tmp_path / "recordings/door.wav", np.zeros(100), 8000)
    scene = load(
        tmp_path,
        'include = ["b.toml"]\n[nodes.door]\nkind = "file"\npath = "../recordings/door.wav"\n',
        graphs__b='include = ["c.toml"]\n',
        graphs__c=RAIN,
    )
    names = [
        "soundgraph.toml",
        "soundgraph.lock",
        "graphs/x.toml",
        "graphs/b.toml",
        "graphs/c.toml",
        "recordings/door.wav",
    ]
    assert sorted(scene.read) == sorted(tmp_path / name for name in names)
    assert params(scene, "door")["path"] == str(tmp_path / "recordings/door.wav")


def test_a_recording_of_an_include_is_looked_for_beside_that_file(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    soundfile.write(tmp_path / "shared/door.wav", np.zeros(100), 8000)
    scene = load(
        tmp_path, 'include = ["../shared/b.toml"]\n', shared__b='[nodes.door]\nkind = "file"\npath = "door.wav"\n'
    )
    assert params(scene, "b.door")["path"] == str(tmp_path / "shared/door.wav")


def test_a_recording_behind_a_link_inside_the_project_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "graphs").mkdir()
    soundfile.write(tmp_path / "door.wav", np.zeros(100), 8000)
    (tmp_path / "graphs/link.wav").symlink_to(tmp_path / "door.wav")
    scene = load(tmp_path, '[nodes.door]\nkind = "file"\npath = "link.wav"\n')
    assert params(scene, "door")["path"] == str(tmp_path / "graphs/link.wav")


def test_a_project_behind_a_link_can_be_built(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    scene = load(tmp_path / "link", 'include = ["b.toml"]\n', graphs__b=RAIN)
    assert list(scene.nodes) == ["b.rain"]


def test_included_files_and_the_projects_file_are_read_once_for_many_scenes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {f"graphs/{i}.toml": 'include = ["s/b.toml"]\n' for i in range(5)} | {"graphs/s/b.toml": RAIN})
    parsed: list[str] = []
    parse = toml_document.loads
    monkeypatch.setattr(toml_document, "loads", lambda text: (parsed.append(text), parse(text))[1])
    scenes = load_scenes([tmp_path / f"graphs/{i}.toml" for i in range(5)], Project(tmp_path))
    assert [list(scene.nodes) for scene in scenes] == [["b.rain"]] * 5
    assert parsed.count(RAIN) == 1
    assert len(parsed) == 6


# Overrides.


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ('nodes.rain.prompt="wind"', "prompt", "wind"),
        ("nodes.rain.prompt=soft rain, = wind", "prompt", "soft rain, = wind"),
        ('nodes."rain".prompt = "wind"', "prompt", "wind"),
        ("nodes.rain.temperature=0.5", "temperature", 0.5),
        ("nodes.rain.seed = 3", "seed", 3),
        ("scene.seed=9", "seed", 9),
        ("scene.duration=2", "duration", 2.0),
        ("defaults.generate.cfg_coef=4", "cfg_coef", 4.0),
        ("nodes.rain.prompt=1\nseed = 2", "prompt", "1\nseed = 2"),
    ],
)
def test_an_override_goes_before_what_the_scene_says(override: str, field: str, value: object, tmp_path: Path) -> None:
    assert params(load(tmp_path, RAIN, override), "rain")[field] == value


def test_an_override_of_a_default_leaves_what_a_node_says(tmp_path: Path) -> None:
    assert params(load(tmp_path, RAIN + "top_k = 3\n", "defaults.generate.top_k=9"), "rain")["top_k"] == 3


def test_an_override_reaches_into_lists_and_included_nodes(tmp_path: Path) -> None:
    dark = '[nodes.dark]\nkind = "eq"\ninput = "rain"\nbands = [{ type = "peaking", freq_hz = 100, gain_db = 1 }]\n'
    scene = load(
        tmp_path,
        'include = ["b.toml"]\n',
        "nodes.b.dark.bands.0.freq_hz=200",
        "nodes.b.rain.prompt=wind",
        graphs__b=RAIN + dark,
    )
    assert params(scene, "b.dark")["bands"][0]["freq_hz"] == 200
    assert params(scene, "b.rain")["prompt"] == "wind"


def test_an_override_of_an_export_changes_what_is_delivered(tmp_path: Path) -> None:
    scene = load(tmp_path, RAIN + '[exports.out]\nnode = "rain"\n', 'exports.out.format=["ogg"]')
    assert scene.exports["out"].files() == ["out.ogg"]


def test_an_override_may_mend_what_a_scene_says_wrongly(tmp_path: Path) -> None:
    assert params(load(tmp_path, RAIN + "seed = -1\n", "nodes.rain.seed=1"), "rain")["seed"] == 1


def test_an_override_has_to_match_in_one_scene_of_many(tmp_path: Path) -> None:
    write(tmp_path, {"graphs/a.toml": RAIN, "graphs/b.toml": RAIN.replace("nodes.rain", "nodes.wind")})
    both = [tmp_path / "graphs/a.toml", tmp_path / "graphs/b.toml"]
    scenes = load_scenes(both, Project(tmp_path), ["nodes.wind.seed=5"])
    assert [params(scene, next(iter(scene.nodes)))["seed"] for scene in scenes] == [0, 5]
    with pytest.raises(SceneError) as caught:
        load_scenes(both[:1], Project(tmp_path), ["nodes.wind.seed=5"])
    assert str(caught.value) == '-D nodes.wind.seed: no scene has a node "wind"'


def test_an_override_matches_only_a_node_whose_kind_has_the_field(tmp_path: Path) -> None:
    trim = '[nodes.rain]\nkind = "trim"\ninput = "a"\n' + RAIN.replace("nodes.rain", "nodes.a")
    write(tmp_path, {"graphs/a.toml": RAIN, "graphs/b.toml": trim})
    scenes = load_scenes(
        [tmp_path / "graphs/a.toml", tmp_path / "graphs/b.toml"], Project(tmp_path), ["nodes.rain.prompt=wind"]
    )
    assert params(scenes[0], "rain")["prompt"] == "wind"


def test_a_loader_says_which_overrides_its_scenes_had_a_place_for(tmp_path: Path) -> None:
    write(tmp_path, {"graphs/a.toml": RAIN})
    loader = Loader(Project(tmp_path), ["nodes.rain.seed=1", "nodes.wind.seed=1"])
    loader.scene(tmp_path / "graphs/a.toml")
    assert [override.key for override in loader.matched] == ["nodes.rain.seed"]
    assert [mistake.where for mistake in loader.unmatched()] == ["-D nodes.wind.seed"]


def test_an_index_that_is_not_there_leads_nowhere(tmp_path: Path) -> None:
    mix = '[nodes.all]\nkind = "mix"\ninputs = [{ node = "rain" }]\n'
    assert said(tmp_path, RAIN + mix, "nodes.all.inputs.1.weight=2") == (
        "-D nodes.all.inputs.1.weight: leads nowhere: there is nothing of that name"
    )


# Shorthand, and scenes from data.

ELEMENTS = """\
[scene]
duration = 4.0
[[elements]]
name = "piano"
type = "music"
model_size = "small"
prompt = "Soft piano"
weight = 0.6
temperature = 0.7
[[elements]]
type = "audio"
prompt = "Rain"
duration = 3.0
save = true
"""

LONGHAND = """\
[scene]
duration = 4.0
[nodes.piano]
kind = "generate"
model = "facebook/musicgen-small"
prompt = "Soft piano"
temperature = 0.7
[nodes.audio_2]
kind = "generate"
model = "audio"
prompt = "Rain"
duration = 3.0
[nodes.master]
kind = "mix"
inputs = [{ node = "piano", weight = 0.6 }, { node = "audio_2" }]
[exports.x]
node = "master"
[exports.audio_2]
node = "audio_2"
path = "x/audio_2"
"""

DATA = {
    "name": "x",
    "duration": 4.0,
    "elements": [
        {
            "name": "piano",
            "type": "music",
            "model_size": "small",
            "prompt": "Soft piano",
            "weight": 0.6,
            "temperature": 0.7,
        },
        {"type": "audio", "prompt": "Rain", "duration": 3.0, "save": True},
    ],
}


def _meaning(scene: CheckedScene) -> object:
    nodes = {name: (node.kind_name, node.params, node.model) for name, node in scene.nodes.items()}
    return scene.id, scene.settings, nodes, {name: (it.settings.node, it.files()) for name, it in scene.exports.items()}


def test_shorthand_means_what_its_longhand_means_action_keys_included(tmp_path: Path) -> None:
    short, long = load(tmp_path, ELEMENTS, draft=True), load(tmp_path, LONGHAND, draft=True)
    assert _meaning(short) == _meaning(long)
    assert keys(short) == keys(long)


def test_a_dict_and_its_json_mean_what_the_file_means(tmp_path: Path) -> None:
    expected = _meaning(load(tmp_path, ELEMENTS))
    assert _meaning(load_data(DATA, "", Project(tmp_path))) == expected
    assert _meaning(load_data(json.loads(json.dumps(DATA)), "x", Project(tmp_path))) == expected
    assert _meaning(load_data({**DATA, "elements": tuple(DATA["elements"])}, "", Project(tmp_path))) == expected  # type: ignore[arg-type]


def test_a_scene_file_read_as_a_dict_means_the_same(tmp_path: Path) -> None:
    assert _meaning(load_data(tomllib.loads(LONGHAND), "x", Project(tmp_path))) == _meaning(load(tmp_path, LONGHAND))


def test_data_is_left_as_it_was(tmp_path: Path) -> None:
    before = json.dumps(DATA)
    load_data(DATA, "", Project(tmp_path), ["scene.seed=3", "nodes.piano.prompt=loud piano"])
    assert json.dumps(DATA) == before


def test_mistakes_in_data_have_a_table_but_neither_file_nor_line(tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        load_data(
            {"nodes": {"a": {"kind": "gain", "gain_db": "loud", "input": "b"}}, "colour": 3}, "x", Project(tmp_path)
        )
    assert str(caught.value) == (
        'unknown field "colour"\nnodes.a: gain_db must be a number, not a string\nnodes.a: input "b" is not a node'
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "a scene must be a dict, not list"),
        ({"name": 3}, "name: must be a string"),
        ({"duration": 3, "scene": {"duration": 4}}, "duration: is given a second time in scene"),
        ({"nodes": {"a": None}}, "nodes.a: must be a table, not nothing"),
        (
            {"nodes": {"a": {"kind": "generate", "model": "audio", "prompt": b"a"}}},
            "nodes.a: prompt must be a string, not a Python bytes",
        ),
    ],
)
def test_data_of_the_wrong_shape_is_refused_in_words(data: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SceneError) as caught:
        load_data(data, "x", Project(tmp_path))
    assert str(caught.value) == message


def test_name_and_duration_at_the_top_are_for_data_only(tmp_path: Path) -> None:
    assert said(tmp_path, "duration = 3\n" + RAIN) == (
        'graphs/x.toml:1: unknown field "duration"\n  write it under [scene]'
    )


def test_elements_and_nodes_can_be_written_side_by_side_and_the_export_refined(tmp_path: Path) -> None:
    scene = load(
        tmp_path,
        '[[elements]]\ntype = "audio"\nprompt = "a"\n' + RAIN + '[exports.x]\nformat = "ogg"\nloudness_lufs = -23\n',
    )
    assert set(scene.nodes) == {"audio_1", "master", "rain"}
    assert scene.exports["x"].files() == ["x.ogg"]
    assert scene.exports["x"].settings.node == "master"


def test_the_shorthand_of_a_scene_in_a_folder_is_delivered_in_that_folder(tmp_path: Path) -> None:
    write(tmp_path, {"graphs/forest/rain.toml": '[[elements]]\ntype = "audio"\nprompt = "a"\nsave = true\n'})
    scene = load_scene(tmp_path / "graphs/forest/rain.toml", Project(tmp_path))
    assert [export.files() for export in scene.exports.values()] == [["forest/rain.wav"], ["forest/rain/audio_1.wav"]]


def test_a_saved_element_may_not_take_the_place_of_the_mix(tmp_path: Path) -> None:
    assert said(tmp_path, '[[elements]]\ntype = "audio"\nprompt = "a"\nname = "x"\nsave = true\n') == (
        'graphs/x.toml:5: elements[0]: "x" cannot be saved: the mix is delivered as that; give the element another name'
    )


# Clashes and lines.


def test_files_that_two_scenes_deliver_are_found_with_both_places(tmp_path: Path) -> None:
    text = '[exports.{}]\nnode = "rain"\npath = "{}"\n'
    write(
        tmp_path,
        {
            f"graphs/{n}.toml": RAIN + text.format(n, p)
            for n, p in (("a", "m/t"), ("b", "M/T"), ("c", "m/t"), ("d", "m/t.WAV/x"), ("e", "z"))
        },
    )
    scenes = load_scenes(sorted((tmp_path / "graphs").glob("*.toml")), Project(tmp_path))
    assert [str(mistake) for mistake in clashes(scenes, Lines(tmp_path))] == [
        'graphs/b.toml:5: exports.b: "M/T.wav" is the same as "m/t.wav" on Windows and macOS, which is delivered by graphs/a.toml:5: exports.a',
        'graphs/c.toml:5: exports.c: "m/t.wav" is also delivered by graphs/a.toml:5: exports.a',
        'graphs/d.toml:5: exports.d: "m/t.WAV/x.wav" needs a folder where a file is delivered by graphs/a.toml:5: exports.a',
    ]


def test_a_line_is_0_where_there_is_no_file_to_read_it_from(tmp_path: Path) -> None:
    assert Lines(tmp_path)(Origin("", ("nodes", "a"))) == 0
    assert Lines(tmp_path)(Origin("gone.toml", ("nodes", "a"))) == 0


# Anything at all.

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["generate", "mix", "rain", "audio", "../x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "nodes",
                    "rain",
                    "kind",
                    "input",
                    "inputs",
                    "node",
                    "prompt",
                    "model",
                    "type",
                    "format",
                    "path",
                    "bands",
                    "mix",
                ]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "scene": JUNK,
            "nodes": st.dictionaries(st.text(max_size=4), JUNK, max_size=3) | JUNK,
            "exports": JUNK,
            "elements": st.lists(JUNK, max_size=3) | JUNK,
            "defaults": st.dictionaries(st.sampled_from(kind_names()), JUNK, max_size=2) | JUNK,
            "include": JUNK,
        },
    )
)
def test_whatever_is_written_is_read_or_refused_in_words(tmp_path: Path, data: dict[str, Any]) -> None:
    try:
        load_data(data, "x", Project(tmp_path))
    except SceneError as error:
        said = [str(mistake).splitlines() for mistake in error.mistakes]
    else:
        said = [[""]]
    assert said
    assert all(1 <= len(lines) <= 3 for lines in said)


# The reference.

REFERENCE = Path(__file__).parents[2] / "docs/scene-format.md"


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL))
def test_every_whole_example_of_the_reference_can_be_built(text: str, tmp_path: Path) -> None:
    assert load(tmp_path, text).exports


def test_parts_of_the_reference_that_are_not_whole_hold_too(tmp_path: Path) -> None:
    checks, manifests, include, refined, project = re.findall(
        r"```toml partial\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL
    )
    harbour = '[nodes.a]\nkind = "generate"\nmodel = "audio"\nprompt = "a"\n[exports.harbour]\nnode = "a"\n'
    scene = load(tmp_path, harbour + checks + manifests)
    assert [check.names for check in scene.checks] == [("harbour",)]
    assert [(found.engine, found.exports) for found in scene.manifests] == [("godot", ("harbour",))]
    scene = load(tmp_path, include, graphs__shared__rain=RAIN.replace("nodes.rain", "nodes.bed"), soundgraph=project)
    assert set(scene.nodes) == {"rain.bed", "low_rain"}
    short = '[[elements]]\ntype = "audio"\nprompt = "a"\n'
    write(tmp_path, {"graphs/forest.toml": short + refined})
    assert load_scene(tmp_path / "graphs/forest.toml", Project(tmp_path)).exports["forest"].files() == ["forest.ogg"]


def test_the_data_of_the_reference_is_a_scene(tmp_path: Path) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    scene = load_data(ast.literal_eval(text), "", Project(tmp_path))
    assert [export.files() for export in scene.exports.values()] == [["forest.wav"], ["forest/audio_2.wav"]]


def test_the_reference_names_every_field_and_its_default() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    for model in (SceneSettings, ExportSettings, CacheSettings, BuildSettings, PolicySettings, element_model()):
        for name, field in model.model_fields.items():
            assert f"`{name}`" in page, name
            if (
                isinstance(field.default, (str, int, float))
                and model is not element_model()
                and field.default is not False
            ):
                shown = json.dumps(field.default)
                assert re.search(rf"`{name}` \| `?{re.escape(shown)}`? \|", page), (name, shown)
    for kind in kind_names():
        assert f"(nodes/{kind}.md)" in page


# Text that is not saved yet.


def test_a_scene_is_read_from_text_that_is_not_on_the_disk(tmp_path: Path) -> None:
    write(tmp_path, {"graphs/x.toml": "this is not TOML", "soundgraph.toml": ""})
    path = tmp_path / "graphs/x.toml"
    scene = load_scene(path, load_project(tmp_path), texts={path: RAIN})
    assert params(scene, "rain")["prompt"] == "rain"
    new = tmp_path / "graphs/new.toml"  # a file that nobody has saved ever
    assert load_scene(new, load_project(tmp_path), texts={new: RAIN}).id == "new"


def test_an_include_is_read_from_text_that_is_not_on_the_disk(tmp_path: Path) -> None:
    write(tmp_path, {"graphs/x.toml": 'include = ["parts/a.toml", "b.toml"]\n', "graphs/b.toml": "not TOML"})
    texts = {tmp_path / "graphs/parts/a.toml": RAIN, tmp_path / "graphs/b.toml": RAIN}
    scene = load_scene(tmp_path / "graphs/x.toml", load_project(tmp_path), texts=texts)
    assert set(scene.nodes) == {"a.rain", "b.rain"}


def test_mistakes_in_text_that_is_not_on_the_disk_have_its_lines(tmp_path: Path) -> None:
    write(tmp_path, {"graphs/x.toml": 'include = ["a.toml"]\n' + RAIN, "graphs/a.toml": RAIN})
    texts = {tmp_path / "graphs/a.toml": "# one\n# two\n" + RAIN.replace("prompt", "promt")}
    with pytest.raises(SceneError) as caught:
        load_scene(tmp_path / "graphs/x.toml", load_project(tmp_path), texts=texts)
    assert [(mistake.file, mistake.line) for mistake in caught.value.mistakes] == [("graphs/a.toml", 6)]
    rain = Origin("graphs/a.toml", ("nodes", "rain"))
    assert (Lines(tmp_path)(rain), Lines(tmp_path, texts)(rain)) == (1, 3)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\ufeff" + RAIN, "begins with a byte order mark"),
        ("a = '\ud800'", "is not UTF-8"),
        ("#" * 5_000_000, "is over 4 MB"),
    ],
)
def test_the_same_is_asked_of_text_that_is_not_on_the_disk(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(SceneError, match=what):
        load_scene(path, Project(tmp_path), texts={path: text})
