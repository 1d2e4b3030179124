"""`soundgraph outputs` lists what a build delivers, and reads, whether or not it was built."""

from __future__ import annotations

import json

import pytest

from soundgraph.session import opening
from tests.helpers import CHAIN, Space, changed, export, generate, node

MANIFEST = '[manifests.game]\nengine = "json"\nexports = ["theme"]\n'


def two(space: Space) -> None:
    space.scene(CHAIN + export("bed", "rain", format=["wav", "ogg"]) + MANIFEST)
    space.recording("sounds/door.wav")
    space.scene(node("door", "file", path="../../sounds/door.wav") + export("door", "door"), "deep/b")


LISTED = "build/theme.wav\nbuild/bed.wav\nbuild/bed.ogg\nbuild/door.wav\n"
READ = "graphs/a.toml\ngraphs/deep/b.toml\nsoundgraph.toml\nsounds/door.wav\n"


def test_what_it_lists_is_what_a_build_delivers(space: Space) -> None:
    two(space)
    listed = space.run("outputs").out
    assert listed == LISTED
    assert not space.exists("build")
    space.build()
    there = {path for path in space.delivered() if not path.endswith(".json")}
    assert set(listed.split()) == there
    assert set(space.run("outputs", "--all").out.split()) == set(space.delivered())


@pytest.mark.parametrize("state", ["never built", "current", "one scene edited"])
@pytest.mark.parametrize(("argument", "expected"), [((), LISTED), (("--inputs",), READ)], ids=["outputs", "inputs"])
def test_it_says_the_same_whatever_is_known_of_the_scenes(
    space: Space, state: str, argument: tuple[str, ...], expected: str
) -> None:
    two(space)
    if state != "never built":
        space.settle()
    if state == "one scene edited":
        space.replace("soft rain", "heavy rain")
    assert space.run("outputs", *argument).out == expected


def test_of_scenes_that_are_as_they_were_left_none_is_read(space: Space) -> None:
    two(space)
    space.settle()

    def never(*_: object, **more: object) -> None:
        raise AssertionError("scenes were read")

    with changed(opening, "open_session", never):
        assert space.run("outputs").out == LISTED


def test_targets_drafts_and_overrides_are_those_of_a_build(space: Space) -> None:
    two(space)
    assert space.run("outputs", "a:bed").out == "build/bed.wav\nbuild/bed.ogg\n"
    assert space.run("outputs", "--draft", "deep/b").out == "build/draft/door.wav\n"
    assert space.run("outputs", "a:bed", "-D", "exports.bed.format=flac").out == "build/bed.flac\n"


def test_paths_are_those_from_the_current_folder(space: Space) -> None:
    two(space)
    assert space.run("-C", "graphs", "outputs", "deep/b").out == "../build/door.wav\n"
    assert space.run("-C", "graphs", "outputs", "--inputs", "a").out == "a.toml\n../soundgraph.toml\n"


def test_for_scripts_there_are_zero_bytes_and_json(space: Space) -> None:
    space.scene(generate("bed") + export("bed", "bed", path="a b"))
    assert space.run("outputs", "-0").out == "build/a b.wav\0"
    found = space.run("outputs", "--json", "--all").out
    assert [json.loads(line) for line in found.splitlines()] == [
        {"event": "export", "path": "build/a b.wav"},
        {"event": "sidecar", "path": "build/a b.wav.json"},
    ]


def test_a_mistake_is_told_and_lists_nothing(space: Space) -> None:
    two(space)
    space.replace("duration", "durration")
    found = space.run("outputs")
    assert (found.code, found.out) == (2, "")
    assert "durration" in found.err


def test_inputs_and_all_exclude_each_other(space: Space) -> None:
    two(space)
    assert space.run("outputs", "--all", "--inputs").code == 2
