"""Licences, from the command line: what a policy refuses, when, and what is written beside a file that it lets pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from soundgraph import backends
from soundgraph.backends import Generator, Model
from tests.helpers import Space, changed, export, generate, node

SCENE = "\n".join(
    [
        generate("rain", model="audio"),
        node("dark_rain", "gain", input="rain", gain_db=-3.0),
        generate("tune", model="music"),
        node("master", "mix", inputs=[{"node": "dark_rain"}, {"node": "tune"}]),
        export("theme", "master"),
        export("bed", "dark_rain"),
    ]
)
REFUSED = """\
graphs/a.toml:3: nodes.rain: exports.theme <- master <- dark_rain <- rain: model "facebook/audiogen-medium" is \
CC-BY-NC-4.0, which does not allow commercial use; 1 more export rests on it
  a commercial build needs weights that allow it, or a recording in place of the take
graphs/a.toml:14: nodes.tune: exports.theme <- master <- tune: model "facebook/musicgen-small" is \
CC-BY-NC-4.0, which does not allow commercial use
  a commercial build needs weights that allow it, or a recording in place of the take
"""


def sidecar(space: Space, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(space.read(f"build/{name}.wav.json"))
    return found


@pytest.fixture
def weights(space: Space) -> Iterator[None]:
    """AudioCraft's models are there, under their licences; what they make is made by their stand-ins, without torch."""
    backend = backends.get("audiocraft")
    find = backend.find

    def found(model_id: str, sources: Any = None) -> Model | None:
        model = find(model_id, sources)
        return model and replace(model, here=True, identity=f"weights of {model_id}", revision="r1")

    def load(model: Model, *how: object) -> Generator:
        stand_in = backends.stand_in(model)
        return backends.get("draft").load(stand_in, *how)  # type: ignore[arg-type]

    with (
        changed(backend, "find", found),
        changed(backend, "missing", lambda model: ""),
        changed(backend, "load", load),
    ):
        yield


@pytest.mark.parametrize("verb", [("build",), ("build", "--force"), ("build", "-k"), ("plan",), ("check",)])
def test_a_commercial_policy_refuses_with_every_way_and_changes_nothing(space: Space, verb: tuple[str, ...]) -> None:
    space.scene(SCENE)
    before = space.tree()
    found = space.run(*verb, "--policy", "commercial")
    assert (found.code, found.out, found.err) == (2, "", REFUSED)
    assert space.tree() == before


def test_in_json_each_is_told_with_its_place(space: Space) -> None:
    space.scene(SCENE)
    found = space.run("check", "--json", "--policy", "commercial")
    assert [(one["file"], one["line"], one["where"]) for one in found.of("error")] == [
        ("graphs/a.toml", 3, "nodes.rain"),
        ("graphs/a.toml", 14, "nodes.tune"),
    ]


def test_the_project_may_require_it_of_everybody(space: Space) -> None:
    space.write("soundgraph.toml", '[policy]\nrequire = "commercial"\n')
    space.scene(SCENE)
    for verb in ("build", "plan", "check"):
        assert space.run(verb).err == REFUSED
    assert space.run("explain").code == 0, "to be told why is allowed"


def test_drafts_and_recordings_pass(space: Space) -> None:
    space.scene(SCENE)
    assert space.build("--draft", "--policy", "commercial").code == 0
    space.recording("sounds/door.wav")
    space.scene(node("door", "file", path="../sounds/door.wav") + export("door", "door"), "b")
    assert space.build("--policy", "commercial", "b").code == 0
    assert sidecar(space, "door")["licences"] == sidecar(space, "door")["models"] == []


def test_what_was_built_without_a_policy_is_not_found_current_under_one(space: Space, weights: None) -> None:
    space.scene(SCENE)
    space.settle()
    before = space.tree("build", "cache")
    for arguments in (["--policy", "commercial"], ["--policy=commercial"], ["--policy", "commercial", "a:bed"]):
        assert not space.is_noop(*arguments)
        assert space.build(*arguments).code == 2
    assert space.run("plan", "--policy", "commercial").code == 2
    assert space.is_noop(), "the other way round nothing changed"
    assert space.tree("build", "cache") == before


def test_a_policy_in_the_project_file_is_noticed_by_a_build_that_had_nothing_to_do(space: Space, weights: None) -> None:
    space.scene(SCENE)
    space.settle()
    space.write("soundgraph.toml", '[policy]\nallow_licenses = ["MIT"]\n')
    assert space.build().code == 2
    space.write("soundgraph.toml", '[policy]\nallow_licenses = ["CC-BY-NC-4.0"]\n')
    found = space.build()
    assert (found.code, found.ran) == (0, [])


def test_a_build_that_passed_a_policy_has_nothing_to_do_under_it(space: Space) -> None:
    space.scene(SCENE.replace('"audio"', '"draft/audio"').replace('"music"', '"draft/music"'))
    space.settle("--policy", "commercial")
    assert space.is_noop("--policy=commercial")
    assert not space.is_noop(), "its stamps say nothing of a build without it"


def test_a_sidecar_lists_models_and_licences_and_each_node_what_is_upstream(space: Space, weights: None) -> None:
    space.scene(SCENE)
    assert space.build().code == 0
    theme, bed = sidecar(space, "theme"), sidecar(space, "bed")
    audiogen = {
        "id": "facebook/audiogen-medium",
        "family": "audio",
        "backend": "audiocraft",
        "revision": "r1",
        "digest": "weights of facebook/audiogen-medium",
        "licence": "CC-BY-NC-4.0",
        "draft": False,
    }
    assert bed["models"] == [audiogen]
    assert bed["licences"] == theme["licences"] == ["CC-BY-NC-4.0"]
    assert theme["draft"] is False
    assert {name: one["models"] for name, one in theme["nodes"].items()} == {
        "rain": ["facebook/audiogen-medium"],
        "dark_rain": ["facebook/audiogen-medium"],
        "tune": ["facebook/musicgen-small"],
        "master": ["facebook/audiogen-medium", "facebook/musicgen-small"],
    }
    assert "generated" not in space.read("build/theme.wav.json").decode(), "how it was made is for the record"


def test_a_checkpoint_of_ones_own_passes_once_its_licence_is_stated_and_allowed(space: Space) -> None:
    from tests.backends.audiocraft import tiny

    tiny.make_audiogen(space.root / "weights" / "mine")
    space.scene(generate("rain", model="mine") + export("theme", "rain"))
    space.write("soundgraph.toml", '[models]\nmine = "./weights/mine"\n')
    assert space.run("check").code == 0
    unknown = space.run("check", "--policy", "commercial").err
    assert unknown == (
        "graphs/a.toml:3: nodes.rain: exports.theme <- rain: "
        'model "./weights/mine" has a licence that nobody has named\n'
        '  name it in soundgraph.toml: [models] mine = { model = "./weights/mine", license = "…" }\n'
    )
    stated = '[models]\nmine = { model = "./weights/mine", license = "%s" }\n'
    space.write("soundgraph.toml", stated % "CC-BY-NC-SA-4.0")
    assert "is CC-BY-NC-SA-4.0, which does not allow" in space.run("check", "--policy", "commercial").err
    space.write("soundgraph.toml", stated % "MIT")
    assert space.run("check", "--policy", "commercial").code == 0
    space.replace('"mine"', '"../weights/mine"')
    assert space.run("check", "--policy", "commercial").code == 0, "however the scene names it"
