"""What `check` warns of."""

from __future__ import annotations

from pathlib import Path

import pytest

from soundgraph import cli

SCENE = """\
[nodes.bed]
kind = "generate"
model = "draft/audio"
prompt = "rain"

[nodes.again]
kind = "generate"
model = "draft/audio"
prompt = "rain"

[nodes.unused]
kind = "gain"
input = "bed"
gain_db = -3

[nodes.both]
kind = "mix"
inputs = [{ node = "bed" }, { node = "again" }]

[exports.bed]
node = "both"
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "soundgraph.toml").touch()
    (tmp_path / "graphs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_twins_and_nodes_that_nothing_delivers_are_pointed_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "graphs" / "x.toml").write_text(SCENE)
    assert cli.main(["check"]) == 0
    assert capsys.readouterr().out == (
        'warning: graphs/x.toml:6: nodes.again: says the same as "bed", so they share one take\n'
        "  give one of them another seed if they should differ\n"
        "warning: graphs/x.toml:11: nodes.unused: no export needs it, so it is never built\n"
        "1 scene, 4 nodes: no mistakes, 2 warnings\n"
    )


def test_strict_takes_warnings_for_mistakes(project: Path) -> None:
    (project / "graphs" / "x.toml").write_text(SCENE)
    assert cli.main(["check", "--strict"]) == 2


def test_a_sound_scene_is_passed_without_a_word(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clean = SCENE.replace('prompt = "rain"\n\n[nodes.unused]', 'prompt = "rain"\nseed = 2\n\n[nodes.unused]')
    start, end = clean.index("[nodes.unused]"), clean.index("[nodes.both]")
    (project / "graphs" / "x.toml").write_text(clean[:start] + clean[end:])
    assert cli.main(["check", "--strict"]) == 0
    assert capsys.readouterr().out == "1 scene, 3 nodes: no mistakes\n"


def test_a_scene_that_another_includes_may_deliver_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "graphs" / "bed.toml").write_text(SCENE[: SCENE.index("[nodes.again]")])
    (project / "graphs" / "x.toml").write_text('include = ["bed.toml"]\n[exports.x]\nnode = "bed.bed"\n')
    assert cli.main(["check", "--strict", "x"]) == 0
    assert cli.main(["check"]) == 0
    assert "graphs/bed.toml: delivers nothing" in capsys.readouterr().out


def test_twins_are_told_by_all_that_they_say_schedules_of_prompts_and_sounds_to_go_on_from_included(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = 'prompts = [{at = 0, text = "rain"}, {at = 1, text = "hail"}]\n'

    def take(name: str, more: str) -> str:
        return f'[nodes.{name}]\nkind = "generate"\nmodel = "draft/audio"\nduration = 2\n{more}'

    on = 'prompt = "wind"\ncontinue_from = '
    text = take("a", prompts) + take("b", prompts) + take("c", prompts.replace("hail", "snow"))
    text += take("d", f'{on}"a"\n') + take("e", f'{on}"c"\n')
    layers = ", ".join(f'{{node = "{name}"}}' for name in "abcde")
    scene = f'{text}[nodes.m]\nkind = "mix"\ninputs = [{layers}]\n[exports.m]\nnode = "m"\n'
    (project / "graphs" / "x.toml").write_text(scene)
    (project / "graphs" / "y.toml").write_text(scene.replace("exports.m", "exports.y"))  # each scene has its own
    assert cli.main(["check"]) == 0
    said = capsys.readouterr().out
    assert [line.split(": ")[1] for line in said.splitlines() if "says the same" in line] == [
        "graphs/x.toml:6",
        "graphs/y.toml:6",
    ]


def test_a_node_that_only_a_check_needs_is_built_and_told_as_no_oversight(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = '[nodes.{}]\nkind = "generate"\nmodel = "draft/audio"\nprompt = "{}"\n'
    scene = node.format("a", "rain") + node.format("b", "wind") + '[exports.x]\nnode = "a"\n'
    (project / "graphs" / "x.toml").write_text(scene)
    assert cli.main(["check", "--strict", "x"]) != 0
    assert "nodes.b: no export needs it" in capsys.readouterr().out
    (project / "graphs" / "x.toml").write_text(scene + '[[checks]]\nnode = "b"\nsilent = false\n')
    assert cli.main(["check", "--strict", "x"]) == 0


LOOP = """\
[nodes.hum]
kind = "tone"
freq_hz = 100
duration = 0.1

[exports.hum]
node = "hum"
format = ["wav", "flac"]
loop = true

[manifests.godot]
engine = "godot"
"""


def test_a_loop_for_two_engines_of_which_one_plays_the_guard_frame_too_is_pointed_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "graphs" / "x.toml").write_text(LOOP + '[manifests.unity]\nengine = "unity"\n')
    assert cli.main(["check"]) == 0
    assert capsys.readouterr().out == (
        "warning: graphs/x.toml:6: exports.hum: "
        "loops, and is one wav for godot, which needs a frame more behind it, and for unity\n"
        "  deliver it twice, once for each: unity plays that frame, too, and the loop ticks\n"
        "1 scene, 1 node: no mistakes, 1 warning\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loop = true\n", ""),
        ("loop = true", "loop = { start = 0.01 }"),  # Unity plays no part of a file
        ("loop = true", "loop = { end = 0.09 }"),
        ('format = ["wav", "flac"]', 'format = "ogg"'),
        ('engine = "unity"', 'engine = "wwise"'),
        ('engine = "godot"', 'engine = "unreal"'),
    ],
)
def test_other_loops_are_fine_for_all_engines(project: Path, old: str, new: str) -> None:
    scene = LOOP + '[manifests.other]\nengine = "unity"\n'
    assert old in scene
    (project / "graphs" / "x.toml").write_text(scene.replace(old, new))
    assert cli.main(["check", "--strict"]) == 0
