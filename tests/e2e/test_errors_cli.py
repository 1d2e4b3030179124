"""Every broken scene through the command line: exit code 2, the whole message, nothing changed on disk."""

# ruff: noqa: E501

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soundgraph import cli

from .broken_scenes import BROKEN, Broken


def _contents(root: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return root


def _arguments(broken: Broken, project: Path) -> list[str]:
    (project / "soundgraph.toml").touch()  # nothing above it is taken for the project
    targets = [str(path.relative_to(project)) for path in broken.write(project)]
    return [*(targets if broken.scenes else []), *(word for it in broken.overrides for word in ("-D", it))]


# What is wrong with these is the path that was asked for, not the scene: the command line says so in its own words.
TOLD_AS_TARGETS = {
    "a scene that does not exist",
    "a folder for a scene",
    "a scene outside the project",
    "two scenes of one id",
}


def test_the_names_of_targets_are_those_of_the_table() -> None:
    assert {broken.name for broken in BROKEN} >= TOLD_AS_TARGETS


@pytest.mark.parametrize("verb", ["check", "build"])
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_broken_scene_ends_with_2_and_its_message(
    broken: Broken, verb: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = _arguments(broken, project)
    before = _contents(project.parent)
    assert cli.main([verb, *arguments]) == 2
    said = capsys.readouterr()
    if broken.name not in TOLD_AS_TARGETS:
        assert said.err == broken.message + "\n"
    assert "Traceback" not in said.err
    assert said.out == ""
    assert _contents(project.parent) == before


CYCLE = """
[nodes.a]
kind = "gain"
gain_db = 1
input = "c"

[nodes.b]
kind = "gain"
gain_db = 1
input = "a"

[nodes.c]
kind = "gain"
gain_db = 1
input = "b"

[nodes.d]
kind = "mix"
inputs = [{ node = "d" }]

[exports.x]
node = "a"
"""


def test_cycles_are_told_with_their_path(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "graphs").mkdir()
    (project / "graphs" / "x.toml").write_text(CYCLE)
    assert cli.main(["check"]) == 2
    assert capsys.readouterr().err == (
        "graphs/x.toml:2: nodes.a: needs itself: a <- c <- b <- a\ngraphs/x.toml:17: nodes.d: needs itself: d <- d\n"
    )


def test_json_tells_each_mistake_as_an_object(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "graphs").mkdir()
    (project / "graphs" / "x.toml").write_text('[nodes.a]\nkind = "gain"\ngain_db = "loud"\ninput = "b"\n')
    assert cli.main(["build", "--json"]) == 2
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["event"], event["file"], event["line"], event["where"]) for event in events] == [
        ("error", "graphs/x.toml", 3, "nodes.a"),
        ("error", "graphs/x.toml", 4, "nodes.a"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["biuld"], 'there is no verb "biuld"; did you mean "build"?\n  soundgraph --help lists them\n'),
        (["build", "nope"], 'no scene is called "nope"\n  scenes are the .toml files under graphs/\n'),
        (["build", "rian"], 'no scene is called "rian"; did you mean "rain"?\n  scenes are the .toml files under graphs/\n'),
        (["build", "graphs/rian.toml"], 'there is no scene file "graphs/rian.toml"; did you mean "graphs/rain.toml"?\n'),
        (["build", "rain:beb"], 'graphs/rain.toml has no node or export called "beb"; did you mean "bed"?\n'),
        (["build", "--draft", "--release"], "--draft and --release exclude each other: a release must not deliver drafts\n"),
        (["show", "recordings/dor.m4a"], 'there is no file "recordings/dor.m4a"\n'),
        (["build", "--drft", "rain"], 'build has no option "--drft"; did you mean "--draft"?\n  soundgraph build --help lists what it takes\n'),
        (["pin", "--qqqq=3"], 'pin has no option "--qqqq"\n  soundgraph pin --help lists what it takes\n'),
        (["build", "-j"], "build: argument -j/--jobs: expected one argument\n  soundgraph build --help lists what it takes\n"),
        (["kinds", "qwxz"], 'unknown kind "qwxz"\n  soundgraph kinds lists them\n'),
        (["kinds", "tirm"], 'unknown kind "tirm"; did you mean "trim"?\n  soundgraph kinds lists them\n'),
        (["new", "../x"], '"../x" cannot be the name of a scene\n  a name takes letters, digits, _ and -; "/" stands between folders\n'),
        (["-C", "nowhere", "build"], 'cannot work in "nowhere": No such file or directory\n'),
    ],
)  # fmt: skip
def test_a_wrong_call_ends_with_2_and_says_what_to_do(
    arguments: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "soundgraph.toml").touch()
    (project / "graphs").mkdir()
    (project / "graphs" / "rain.toml").write_text(
        '[nodes.bed]\nkind = "generate"\nmodel = "draft/audio"\nprompt = "rain"\n[exports.bed]\nnode = "bed"\n'
    )
    before = _contents(project)
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert (said.err, said.out) == (message, "")
    assert _contents(project) == before


def test_models_that_cannot_be_had_are_told_once_for_each_file(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "soundgraph.toml").touch()
    (project / "graphs").mkdir()
    nodes = "".join(f'[nodes.{name}]\nkind = "generate"\nmodel = "audio"\nprompt = "{name}"\n' for name in "abc")
    mix = '[nodes.m]\nkind = "mix"\ninputs = [{node = "a"}, {node = "b"}, {node = "c"}]\n[exports.m]\nnode = "m"\n'
    (project / "graphs" / "x.toml").write_text(nodes + mix)
    before = _contents(project)
    assert cli.main(["build"]) == 2
    assert capsys.readouterr().err == (
        'graphs/x.toml:3: nodes.a and 2 more: model "facebook/audiogen-medium" is not on this machine '
        "(facebook/audiogen-medium, t5-large), and HF_HUB_OFFLINE keeps it from being fetched\n"
        "  build --draft renders stand-ins; see docs/draft.md\n"
    )
    assert _contents(project) == before


def test_a_release_tells_the_takes_of_an_export_in_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "soundgraph.toml").touch()
    (project / "graphs").mkdir()
    (project / "graphs" / "x.toml").write_text(
        '[nodes.a]\nkind = "generate"\nmodel = "draft/audio"\nprompt = "a"\nvariations = 3\n'
        '[nodes.b]\nkind = "match"\ninput = "a"\nto = "a#1"\n[exports.x]\nnode = "b"\npath = "x_{take}"\n'
    )
    assert cli.main(["build", "--release"]) == 2
    assert capsys.readouterr().err == (
        "graphs/x.toml:10: exports.x and 2 more: rests on a draft (a), which a release must not deliver\n"
        "  give those nodes a real model, or build without --release\n"
    )


def test_a_release_refuses_an_export_with_a_draft_upstream(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "soundgraph.toml").touch()
    (project / "graphs").mkdir()
    (project / "graphs" / "x.toml").write_text(
        '[nodes.a]\nkind = "generate"\nmodel = "draft/audio"\nprompt = "a"\n'
        '[nodes.b]\nkind = "gain"\ninput = "a"\ngain_db = 1\n[exports.x]\nnode = "b"\n'
    )
    before = _contents(project)
    assert cli.main(["build", "--release"]) == 2
    assert capsys.readouterr().err == (
        "graphs/x.toml:9: exports.x: rests on a draft (a), which a release must not deliver\n"
        "  give those nodes a real model, or build without --release\n"
    )
    assert _contents(project) == before
