"""Policies: which licences of weights are refused, and how the way from an export to them is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import soundgraph
from soundgraph.core.errors import SceneError, UsageError
from soundgraph.delivery import licences
from soundgraph.project import targets
from soundgraph.project.config import load_project
from soundgraph.session import opening, refusals
from soundgraph.session.session import Session
from tests.helpers import Space, export, generate, node

REAL = "facebook/audiogen-medium"

FOREST = "\n".join(
    [
        generate("rain", model="audio"),
        node("dark_rain", "gain", input="rain", gain_db=-3.0),
        generate("wind", model="draft/audio"),
        node("master", "mix", inputs=[{"node": "dark_rain"}, {"node": "wind"}]),
        export("theme", "master"),
    ]
)


def refused(space: Space, *words: str, require: str | None = None, draft: bool = False) -> list[str]:
    wanted = targets.select(str(space.root), list(words))
    opened = opening.open_session(space.root, wanted, draft=draft, require=require)
    return [str(mistake) for mistake in refusals.of_policy(opened)]


# Licences


@pytest.mark.parametrize(
    "licence",
    ["CC-BY-NC-4.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-ND-3.0-IGO", "cc-by-nc-4.0", "PolyForm-Noncommercial-1.0.0"],
)
def test_licences_for_non_commercial_use_are_known_by_their_name(licence: str) -> None:
    assert not licences.is_commercial(licence)


@pytest.mark.parametrize(
    "licence", ["MIT", "CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0", "NCSA", "Apache-2.0", "ISC", "NCBI-PD"]
)
def test_other_licences_are_not(licence: str) -> None:
    assert licences.is_commercial(licence)


# What is refused


def test_without_a_policy_nothing_is_refused(space: Space) -> None:
    space.scene(FOREST)
    assert refused(space) == []


def test_a_commercial_build_is_refused_with_the_way_from_the_export_to_the_model(space: Space) -> None:
    space.scene(FOREST)
    assert refused(space, require="commercial") == [
        "graphs/a.toml:3: nodes.rain: exports.theme <- master <- dark_rain <- rain: "
        f'model "{REAL}" is CC-BY-NC-4.0, which does not allow commercial use\n'
        "  a commercial build needs weights that allow it, or a recording in place of the take"
    ]


def test_the_project_can_require_it_too(space: Space) -> None:
    space.write("soundgraph.toml", '[policy]\nrequire = "commercial"\n')
    space.scene(FOREST)
    assert refused(space) == refused(space, require="commercial") != []


def test_what_the_project_allows_is_all_that_is_allowed(space: Space) -> None:
    space.write("soundgraph.toml", '[policy]\nallow_licenses = ["MIT", "Apache-2.0"]\n')
    space.scene(FOREST)
    (said,) = refused(space)
    assert said.endswith(
        f'rain: model "{REAL}" is CC-BY-NC-4.0, which is not allowed\n'
        "  soundgraph.toml allows MIT, Apache-2.0 ([policy] allow_licenses)"
    )
    space.write("soundgraph.toml", '[policy]\nallow_licenses = ["cc-by-nc-4.0"]\n')
    assert refused(space) == []
    assert len(refused(space, require="commercial")) == 1, "what is allowed at home is not allowed in a shop"
    space.write("soundgraph.toml", "[policy]\nallow_licenses = []\n")
    assert refused(space)[0].endswith("soundgraph.toml allows none ([policy] allow_licenses)")


def test_all_offending_nodes_are_told_at_once_and_each_once(space: Space) -> None:
    space.scene(FOREST + export("bed", "dark_rain") + export("raw", "rain"))
    space.scene(generate("tune", model="music") + export("tune", "tune"), "b")
    found = refused(space, require="commercial")
    assert [said.split(": ")[0] for said in found] == ["graphs/a.toml:3", "graphs/b.toml:3"]
    assert found[0].splitlines()[0].endswith("does not allow commercial use; 2 more exports rest on it")
    assert 'nodes.tune: exports.tune <- tune: model "facebook/musicgen-small" is' in found[1]


def test_the_shortest_of_several_ways_is_told(space: Space) -> None:
    layers = node("all", "mix", inputs=[{"node": "dark_rain"}, {"node": "rain"}])
    space.scene(generate("rain", model="audio") + node("dark_rain", "gain", input="rain", gain_db=-3.0) + layers)
    space.write("graphs/a.toml", space.read("graphs/a.toml").decode() + export("theme", "all"))
    assert "exports.theme <- all <- rain: " in refused(space, require="commercial")[0]


def test_a_long_way_is_told_by_its_ends(space: Space) -> None:
    chain = [node(f"n{i}", "gain", input=f"n{i - 1}" if i else "rain", gain_db=-0.1) for i in range(300)]
    space.scene(generate("rain", model="audio") + "".join(chain) + export("theme", "n299"))
    (said,) = refused(space, require="commercial")
    assert "exports.theme <- n299 <- n298 <- n297 <- n296 <- (293 more) <- n2 <- n1 <- n0 <- rain: " in said


def test_an_included_node_is_told_once_where_it_is_written_with_the_scene_of_the_export(space: Space) -> None:
    space.write("graphs/shared/rain.toml", generate("bed", model="audio"))
    for name in ("a", "b"):
        space.scene('include = ["shared/rain.toml"]\n' + export(name, "rain.bed"), name)
    (said,) = refused(space, "a", "b", require="commercial")
    assert said.startswith("graphs/shared/rain.toml:3: nodes.rain.bed: a:exports.a <- rain.bed: model ")
    assert "; 1 more export rests on it\n" in said


def test_only_what_is_asked_for_is_judged(space: Space) -> None:
    space.scene(FOREST + export("wind", "wind"))
    assert refused(space, "a:wind", require="commercial") == []
    assert len(refused(space, "a:theme", require="commercial")) == 1


def test_a_node_that_is_asked_for_by_itself_is_refused_without_a_way(space: Space) -> None:
    space.scene(FOREST)
    (said,) = refused(space, "a:rain", require="commercial")
    assert said.startswith(f'graphs/a.toml:3: nodes.rain: model "{REAL}" is CC-BY-NC-4.0, which')


def test_drafts_have_no_weights_and_are_fine(space: Space) -> None:
    space.write("soundgraph.toml", "[policy]\nallow_licenses = []\n")
    space.scene(FOREST)
    assert refused(space, require="commercial", draft=True) == []
    space.scene(FOREST.replace('model = "audio"', 'model = "draft/audio"'))
    assert refused(space, require="commercial") == []


# Licences that the project states


def unlicensed(opened: Session, model_id: str) -> Session:
    """The same session, in which the weights are a folder that says nothing of a licence."""
    for name in opened.graph:
        found = opened.graph.nodes[name]["node"]
        if found.model is not None:
            model = opened.project.licensed(replace(found.model, id=model_id, licence=""))
            opened.graph.nodes[name]["node"] = replace(found, model=model)
    return opened


@pytest.mark.parametrize("rule", ['require = "commercial"', 'allow_licenses = ["MIT"]'])
def test_weights_of_an_unknown_licence_are_refused_until_the_project_states_it(space: Space, rule: str) -> None:
    space.scene(generate("rain", model="audio") + export("theme", "rain"))
    wanted = targets.select(str(space.root), [])
    space.write("soundgraph.toml", f"[policy]\n{rule}\n")
    opened = unlicensed(opening.open_session(space.root, wanted), "./weights/mine")
    assert [str(mistake) for mistake in refusals.of_policy(opened)] == [
        "graphs/a.toml:3: nodes.rain: exports.theme <- rain: "
        'model "./weights/mine" has a licence that nobody has named\n'
        '  name it in soundgraph.toml: [models] audio = { model = "./weights/mine", license = "…" }'
    ]
    stated = '[models]\nmine = { model = "./weights/mine", license = "%s" }\n'
    space.write("soundgraph.toml", stated % "MIT" + f"[policy]\n{rule}\n")
    opened = unlicensed(opening.open_session(space.root, wanted), "./weights/mine")
    assert refusals.of_policy(opened) == []
    space.write("soundgraph.toml", stated % "CC-BY-NC-SA-4.0" + f"[policy]\n{rule}\n")
    opened = unlicensed(opening.open_session(space.root, wanted), "./weights/mine")
    assert len(refusals.of_policy(opened)) == 1


def test_a_stated_licence_holds_for_the_folder_however_it_is_spelled(space: Space) -> None:
    space.write("soundgraph.toml", '[models]\nmine = { model = "./weights/mine/", license = "MIT" }\n')
    project = load_project(space.root)
    space.scene(generate("rain", model="audio"))
    opened = opening.open_session(space.root, targets.select(str(space.root), ["a"]))
    model = replace(opened.scenes[0].nodes["rain"].model, licence="")  # type: ignore[type-var]
    for spelled in ("./weights/mine", "./weights/../weights/mine", str(space.root / "weights" / "mine")):
        assert project.licensed(replace(model, id=spelled)).licence == "MIT"
    assert project.licensed(replace(model, id="./weights/other")).licence == ""


FOLDERS_ONLY = "license is for the folder of a checkpoint; of"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            'model = "facebook/musicgen-small", license = "MIT"',
            f'{FOLDERS_ONLY} "facebook/musicgen-small" the weights are CC-BY-NC-4.0',
        ),
        ('model = "draft/audio", license = "MIT"', f'{FOLDERS_ONLY} "draft/audio" there are no weights'),
        (
            'model = "./w", license = "MIT or so"',
            'license must be one SPDX identifier such as "MIT", not "MIT or so"',
        ),
        ('model = "./w", licence = "MIT"', 'unknown field "licence"; did you mean "license"?'),
        ('license = "MIT"', "model is missing"),
    ],
)
def test_a_table_of_models_that_says_something_wrong_is_refused(tmp_path: Path, entry: str, said: str) -> None:
    (tmp_path / "soundgraph.toml").write_text(f"[models]\nmine = {{ {entry} }}\n")
    with pytest.raises(SceneError) as caught:
        load_project(tmp_path)
    assert str(caught.value) == f"soundgraph.toml:2: models: mine: {said}"


def test_two_names_for_a_folder_agree_on_its_licence(tmp_path: Path) -> None:
    table = '[models]\na = { model = "./w", license = "MIT" }\nb = { model = "./w", license = "%s" }\n'
    (tmp_path / "soundgraph.toml").write_text(table % "MIT")
    assert load_project(tmp_path).licences == {"./w": "MIT"}
    (tmp_path / "soundgraph.toml").write_text(table % "ISC")
    with pytest.raises(SceneError, match=r'toml:3: models: b: license differs from that of another name for "\./w"'):
        load_project(tmp_path)


def test_python_asks_for_a_policy_as_the_command_line_does(space: Space) -> None:
    space.scene(FOREST)
    scene = soundgraph.Scene("made")
    scene.export("theme", scene.generate("rain", name="rain"))
    for what in ("a", scene):
        for call in (soundgraph.build, soundgraph.plan):
            with pytest.raises(
                SceneError, match=r"exports\.theme <- .*rain: model .* which does not allow commercial use"
            ):
                call(what, policy="commercial", root=space.root)
    assert soundgraph.build(scene, policy="commercial", draft=True, root=space.root).files


def test_scenes_made_in_code_are_told_apart(space: Space) -> None:
    made = [soundgraph.Scene(name) for name in ("one", "two")]
    for scene in made:
        scene.export(scene.id, scene.generate("rain", name="rain"))
    with pytest.raises(SceneError) as caught:
        soundgraph.build(*made, policy="commercial", root=space.root)
    assert [mistake.what.split(":")[0] for mistake in caught.value.mistakes] == [
        "exports.one <- rain",
        "exports.two <- rain",
    ]


def test_a_policy_that_does_not_exist_is_refused(space: Space) -> None:
    with pytest.raises(UsageError, match='there is no policy "comercial"'):
        load_project(space.root).under("comercial")
    space.write("soundgraph.toml", '[policy]\nrequire = "comercial"\n')
    with pytest.raises(SceneError, match='policy: require must be "commercial", not "comercial"'):
        load_project(space.root)
