"""Provenance: what a delivered file was made from, told by walking the graph it was made by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from soundgraph.cache.result_record import Record
from soundgraph.delivery import provenance
from soundgraph.project import targets
from soundgraph.session import opening
from tests.helpers import CHAIN, Space, export, generate, node


def facts(space: Space, path: str = "build/theme.wav") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(space.read(f"{path}.json"))
    return found


def test_a_sidecar_names_scene_nodes_prompts_seeds_models_and_digests(space: Space) -> None:
    space.scene(CHAIN.replace("duration = 0.05", "duration = 0.05\nseed = 9"))
    space.build()
    found = facts(space)
    assert found["scene"] == "a"
    assert found["export"] == "theme"
    assert found["node"] == "dark"
    assert found["draft"] is True
    assert found["sha256"] == hashlib.sha256(space.read("build/theme.wav")).hexdigest()
    assert [model["id"] for model in found["models"]] == ["draft/audio"]
    assert list(found["nodes"]) == ["rain", "cut", "dark"], "each after its inputs"
    rain = found["nodes"]["rain"]
    assert (rain["kind"], rain["model"]) == ("generate", "draft/audio")
    assert (rain["params"]["prompt"], rain["params"]["seed"]) == ("soft rain", 9)
    assert found["nodes"]["cut"]["inputs"] == {"input": "rain"}
    assert found["digest"] == found["nodes"]["dark"]["digest"]
    for one in found["nodes"].values():
        blob = space.read(f"cache/blobs/{one['digest'][:2]}/{one['digest']}.wav")
        assert hashlib.sha256(blob).hexdigest() == one["digest"]


def test_each_node_names_the_models_upstream_of_it(space: Space) -> None:
    recording = space.recording("sounds/door.wav")
    assert recording.exists()
    layers = [{"node": "cut"}, {"node": "tune"}, {"node": "door"}]
    parts = generate("rain") + node("cut", "trim", input="rain", duration=0.04) + generate("tune", model="draft/music")
    parts += node("door", "file", path="../sounds/door.wav") + node("all", "mix", inputs=layers)
    space.scene(parts + export("theme", "all"))
    space.build()
    nodes = facts(space)["nodes"]
    assert {name: found.get("models") for name, found in nodes.items()} == {
        "rain": ["draft/audio"],
        "cut": ["draft/audio"],
        "tune": ["draft/music"],
        "door": None,
        "all": ["draft/audio", "draft/music"],
    }


def test_models_are_told_with_revision_digest_and_licence(space: Space) -> None:
    """Published weights, those of a folder, and a draft, which has none."""
    space.scene(CHAIN)
    opened = opening.open_session(space.root, targets.select(str(space.root), ["a"]))
    record = Record("key", "digest", 16000, 1, 800, {}, {}, ())
    name = "a:rain"
    made = opened.graph.nodes[name]["node"]
    told = []
    for changes in (
        {"id": "some/model", "revision": "r1", "identity": "d1", "licence": "CC-BY-NC-4.0"},
        {"id": "./mine", "identity": "d2", "licence": ""},
    ):
        opened.graph.nodes[name]["node"] = replace(made, model=replace(made.model, backend="audiocraft", **changes))
        told.append(provenance.ancestry(opened.graph, name, {name: record}))
    rest = {"family": "audio", "backend": "audiocraft", "draft": False}
    assert [found["models"] for found in told] == [
        [{"id": "some/model", "revision": "r1", "digest": "d1", "licence": "CC-BY-NC-4.0", **rest}],
        [{"id": "./mine", "revision": "", "digest": "d2", "licence": "NOASSERTION", **rest}],
    ]
    assert [found["licences"] for found in told] == [["CC-BY-NC-4.0"], ["NOASSERTION"]]
    opened.graph.nodes[name]["node"] = made
    draft = provenance.ancestry(opened.graph, name, {name: record})
    assert (draft["draft"], draft["licences"], draft["models"][0]["licence"]) == (True, [], "")


def test_what_a_generate_node_leaves_out_is_not_told_and_what_it_takes_in_is_told_once(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    params = facts(space)["nodes"]["rain"]["params"]
    assert {"prompt", "seed", "temperature", "duration"} <= params.keys()
    assert None not in params.values()
    assert not {"model", "melody", "continue_from"} & params.keys()


def test_it_names_nothing_that_was_not_used(space: Space) -> None:
    space.scene(CHAIN + generate("tune", "piano", "draft/music") + export("tune", "tune"))
    space.build()
    assert "tune" not in facts(space)["nodes"]
    assert [model["id"] for model in facts(space, "build/tune.wav")["models"]] == ["draft/music"]


def test_a_recording_is_named_by_its_bytes_and_is_no_draft(space: Space) -> None:
    recording = space.recording("sounds/door.wav")
    space.scene(node("door", "file", path="../sounds/door.wav") + export("theme", "door"))
    found = space.build()
    assert "draft" not in found.of("export")[0]
    assert facts(space)["draft"] is False
    digest = hashlib.sha256(recording.read_bytes()).hexdigest()
    assert facts(space)["nodes"]["door"]["files_sha256"] == {"path": digest}


def test_equal_samples_keep_their_own_ancestry(space: Space) -> None:
    """A recording of a draft is no draft: an artifact does not know where it came from, a graph does."""
    space.scene(generate("rain") + export("theme", "rain"))
    space.build()
    blob = space.read(f"cache/blobs/{facts(space)['digest'][:2]}/{facts(space)['digest']}.wav")
    space.write("sounds/rain.wav", blob)
    space.scene(node("rain", "file", path="../sounds/rain.wav") + export("recorded", "rain"), "b")
    space.build()
    recorded = facts(space, "build/recorded.wav")
    assert recorded["digest"] == facts(space)["digest"]
    assert (recorded["draft"], facts(space)["draft"]) == (False, True)
    assert recorded["models"] == []


def test_a_rename_changes_the_sidecar_and_not_the_sound(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    before = space.read("build/theme.wav")
    space.replace('"rain"', '"drizzle"')
    space.replace("nodes.rain", "nodes.drizzle")
    found = space.build()
    assert found.of("export")[0]["status"] == "current"
    assert found.of("export")[0]["sidecar"] == "written"
    assert "drizzle" in facts(space)["nodes"]
    assert space.read("build/theme.wav") == before


def test_a_sidecar_is_the_same_on_any_day_and_in_any_place(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    other = Space(space.root.parent / "other place")
    other.scene(CHAIN)
    other.build("-j", "3")
    assert other.read("build/theme.wav.json") == space.read("build/theme.wav.json")
    assert str(space.root) not in space.read("build/theme.wav.json").decode()


def test_a_release_refuses_what_a_draft_is_part_of_and_delivers_nothing(space: Space) -> None:
    recording = space.recording("sounds/door.wav")
    assert recording.exists()
    space.scene(CHAIN)
    space.scene(node("door", "file", path="../sounds/door.wav") + export("door", "door"), "b")
    found = space.build("--release")
    assert found.code == 2
    assert "exports.theme: rests on a draft (rain), which a release must not deliver" in found.err
    assert not space.exists("build")
    assert space.build("--release", "b").code == 0
    assert facts(space, "build/door.wav")["draft"] is False
    assert space.build("--release", "--draft").code == 2


def test_a_release_is_refused_even_where_everything_is_current(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    assert space.build("--release").code == 2
