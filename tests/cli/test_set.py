"""`set`: fields of a scene's file are changed, and nothing else; what would be wrong is not written."""

from __future__ import annotations

import json
import os
import stat

import pytest

from tests.helpers import Space

SCENE = """\
# Rain on a roof.
[nodes.rain]
kind   = "generate"
model  = "audio"
prompt = "Heavy rain"  # for now
duration = 1.0

[nodes.cut]
kind  = "trim"   # the quiet part
input = "rain"
start = 0.1
end   = 0.5

[exports.roof]
node = "cut"
"""


def written(space: Space) -> str:
    return (space.root / "graphs/a.toml").read_bytes().decode()


def test_a_field_is_changed_and_all_else_stays(space: Space) -> None:
    space.scene(SCENE)
    found = space.run("set", "a", 'nodes.rain.prompt="soft rain"', "nodes.cut.end=0.75")
    assert (found.code, found.err) == (0, "")
    assert written(space) == SCENE.replace("Heavy rain", "soft rain").replace("0.5", "0.75")
    assert found.out == (
        'graphs/a.toml:5\n  - prompt = "Heavy rain"  # for now\n  + prompt = "soft rain"  # for now\n'
        "graphs/a.toml:12\n  - end   = 0.5\n  + end   = 0.75\n"
    )


def test_a_value_without_quotes_is_text_and_a_new_field_stands_behind_the_others(space: Space) -> None:
    space.scene(SCENE)
    assert (
        space.run("set", "graphs/a.toml", "nodes.rain.prompt=soft rain", "nodes.rain.seed=4", "scene.seed=9").code == 0
    )
    expected = SCENE.replace("Heavy rain", "soft rain").replace("duration = 1.0\n", "duration = 1.0\nseed = 4\n")
    assert written(space) == expected.replace("# Rain on a roof.\n", "[scene]\nseed = 9\n\n# Rain on a roof.\n")


def test_unset_takes_a_field_or_a_table_out(space: Space) -> None:
    space.scene(SCENE)
    assert space.run("set", "a", "--unset", "nodes.cut.end").code == 0
    assert written(space) == SCENE.replace("end   = 0.5\n", "")
    found = space.run("set", "a", "--unset", "nodes.cut.nothing")
    assert (found.code, found.err) == (2, "graphs/a.toml: --unset nodes.cut.nothing: there is no nodes.cut.nothing\n")


def test_what_runs_again_is_what_was_changed(space: Space) -> None:
    space.scene(SCENE.replace('"audio"', '"draft/audio"'))
    space.build()
    space.run("set", "a", "nodes.cut.end=0.75")
    assert space.build().ran == ["a:cut"]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("nodes.cut.end=soon", "graphs/a.toml:12: nodes.cut: end must be a number, not a string\n"),
        ("nodes.cut.inputt=rain", "graphs/a.toml:13: nodes.cut: "),
        ("nodes.cut.input=rian", 'graphs/a.toml:10: nodes.cut: input "rian" is not a node; did you mean "rain"?\n'),
        ("nodes.rain=1", "graphs/a.toml: nodes.rain: nodes.rain is a table; set its fields\n"),
        ("nodes.cut.end", 'nodes.cut.end: has no value\n  write KEY=VALUE, as in "scene.seed=9"\n'),
        ("nodez.cut.end=1", "graphs/a.toml:17: "),
    ],
)
def test_what_would_make_the_scene_wrong_is_told_and_not_written(space: Space, assignment: str, message: str) -> None:
    space.scene(SCENE)
    found = space.run("set", "a", "nodes.rain.seed=1", assignment)
    assert found.code == 2
    assert message.split(":", maxsplit=1)[0] in found.err
    assert message.split(": ", 1)[1] in found.err
    assert written(space) == SCENE


def test_a_mistake_that_was_there_before_does_not_keep_another_from_being_mended(space: Space) -> None:
    space.scene(SCENE.replace("start = 0.1", "start = -1").replace("end   = 0.5", 'end   = "x"'))
    assert space.run("set", "a", "nodes.cut.end=0.5").code == 0
    assert space.run("check").code == 2
    assert space.run("set", "a", "nodes.cut.start=0.1").code == 0
    assert space.run("check").code == 0


def test_a_node_that_stands_elsewhere_is_refused_with_its_place(space: Space) -> None:
    space.scene('[nodes.wind]\nkind = "noise"\nduration = 1.0\n', "shared")
    space.scene('include = ["shared.toml"]\n[exports.a]\nnode = "shared.wind"\n')
    found = space.run("set", "a", "nodes.shared.wind.duration=2.0")
    assert found.code == 2
    assert 'node "shared.wind" stands in graphs/shared.toml: set nodes.wind.duration there' in found.err
    space.scene('[[elements]]\ntype = "music"\nprompt = "slow"\nduration = 1.0\n', "b")
    found = space.run("set", "b", "nodes.music_1.prompt=fast")
    assert 'node "music_1" comes from [[elements]]: set elements.0.prompt' in found.err
    assert space.run("set", "b", "elements.0.prompt=fast").code == 0
    assert 'prompt = "fast"' in (space.root / "graphs/b.toml").read_text()


def test_nothing_is_written_for_show_and_json_has_the_lines(space: Space) -> None:
    space.scene(SCENE)
    found = space.run("set", "a", "nodes.cut.end=0.75", "--dry-run", "--json")
    assert json.loads(found.out) == {
        "event": "edit",
        "file": "graphs/a.toml",
        "line": 12,
        "old": ["end   = 0.5"],
        "new": ["end   = 0.75"],
    }
    assert written(space) == SCENE
    assert space.run("set", "a", "nodes.cut.end=0.5").out == "graphs/a.toml: nothing to change\n"


def test_windows_line_ends_links_and_modes_stay(space: Space) -> None:
    space.scene(SCENE)
    path = space.root / "graphs/a.toml"
    path.unlink()
    real = space.root / "graphs/kept.txt"
    real.write_bytes(SCENE.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    path.symlink_to("kept.txt")
    assert space.run("set", "a", "nodes.cut.end=0.75").code == 0
    assert path.is_symlink()
    assert real.read_bytes() == SCENE.replace("0.5", "0.75").replace("\n", "\r\n").encode()
    if os.name == "posix":
        assert stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["b", "a:rain", "*", "graphs"])
def test_one_scene_is_named(space: Space, name: str) -> None:
    space.scene(SCENE)
    found = space.run("set", name, "scene.seed=1")
    assert found.code == 2
    assert "Traceback" not in found.err
    assert space.run("set", "a").code == 2
