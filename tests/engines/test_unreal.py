"""unreal: the script, run with a stand-in for the editor's module."""

import ast
import json
import runpy
import sys

import pytest
from pydantic import ValidationError

from soundgraph.core.errors import NodeError
from soundgraph.engines import unreal
from tests.engines.sounds import HOSTILE, sound, takes, text
from tests.engines.unreal_editor import Editor, SoundNodeMixer


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Deliver sounds and the script for them, and run that in the editor; the script lies in a folder beside theirs."""
    editor = Editor()
    monkeypatch.setitem(sys.modules, "unreal", editor)

    def run(sounds, missing=(), **params):
        for each in sounds:
            path = tmp_path / "build" / each.file
            path.parent.mkdir(parents=True, exist_ok=True)
            if each.file not in missing:
                path.write_bytes(b"RIFF....WAVE")
        script = tmp_path / "build" / "engine" / "unreal.py"
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(text("unreal", "engine/unreal", sounds, "engine/unreal.py", **params), encoding="utf-8")
        editor.lines.clear()
        editor.saved.clear()
        runpy.run_path(str(script))
        return editor

    return run


def test_an_export_is_a_sound_wave_below_the_destination(build, tmp_path):
    editor = build([sound("ui/click.wav")], destination="/Game/Sound")
    assert list(editor.assets) == ["/Game/Sound/ui/click"]
    assert editor.sources["/Game/Sound/ui/click"] == str(tmp_path / "build" / "ui" / "click.wav")
    assert editor.saved == ["/Game/Sound/ui/click"]
    assert editor.lines == ["log: soundgraph: 1 of 1 sounds are up to date"]


def test_takes_are_waves_and_a_cue_that_picks_among_them(build):
    editor = build(takes())
    folder = "/Game/Audio/footsteps"
    assert set(editor.assets) == {f"{folder}/{name}" for name in ("gravel_01", "gravel_02", "gravel_03", "SC_gravel")}
    chooser = editor.assets[f"{folder}/SC_gravel"].properties["first_node"]
    players = chooser.properties["child_nodes"]
    assert [player.properties["sound_wave_asset_ptr"] for player in players] == [
        editor.assets[f"{folder}/gravel_{number:02}"] for number in (1, 2, 3)
    ]
    assert chooser.properties["weights"] == [1.0, 1.0, 1.0]
    assert chooser.properties["randomize_without_replacement"] is True
    assert editor.saved[-1] == f"{folder}/SC_gravel"


def test_a_second_run_adds_new_takes_and_keeps_what_was_set_by_hand(build):
    editor = build(takes(2))
    cue = editor.assets["/Game/Audio/footsteps/SC_gravel"]
    chooser = cue.properties["first_node"]
    chooser.properties["weights"] = [3.0, 1.0]
    chooser.properties["randomize_without_replacement"] = False
    build(takes(3))
    assert cue.properties["first_node"] is chooser
    assert len(chooser.properties["child_nodes"]) == 3
    assert chooser.properties["weights"] == [3.0, 1.0, 1.0]
    assert chooser.properties["randomize_without_replacement"] is False


def test_a_cue_that_was_rebuilt_by_hand_is_left_alone(build):
    editor = build(takes(2))
    cue = editor.assets["/Game/Audio/footsteps/SC_gravel"]
    cue.properties["first_node"] = mixer = SoundNodeMixer()
    build(takes(3))
    assert cue.properties["first_node"] is mixer
    assert editor.lines[0] == (
        "error: soundgraph: gravel: /Game/Audio/footsteps/SC_gravel does not begin with a Random node any more; "
        "it was left as it is"
    )


def test_a_loop_of_the_whole_wave_loops_and_goes_when_it_goes(build):
    editor = build([sound(loop={"start": 0, "end": 47999})])
    assert editor.assets["/Game/Audio/gravel"].properties["looping"] is True
    build([sound()])
    assert editor.assets["/Game/Audio/gravel"].properties["looping"] is False


def test_a_loop_of_a_part_is_told_and_not_set(build):
    editor = build([sound(loop={"start": 12000, "end": 47999})])
    assert editor.assets["/Game/Audio/gravel"].properties["looping"] is False
    assert editor.lines[0].startswith(
        "warning: soundgraph: /Game/Audio/gravel loops from 0.250000 s for 0.750000 s. A sound wave can only loop"
    )


def test_what_is_missing_is_told_and_the_rest_is_imported(build):
    editor = build([sound("a.wav"), sound("b.wav")], missing=["a.wav"])
    assert list(editor.assets) == ["/Game/Audio/b"]
    assert editor.lines[0].startswith("error: soundgraph: a: there is no ")
    assert editor.lines[1] == "log: soundgraph: 1 of 2 sounds are up to date"


def test_hostile_names_stay_in_their_strings(build):
    name = HOSTILE.replace("/", "|")
    editor = build([sound(f"{name}.wav", name=name)])
    (place,) = editor.assets
    assert place.removeprefix("/Game/Audio/").replace("_", "").replace("-", "").isalnum()
    assert place.isascii()
    assert editor.lines == ["log: soundgraph: 1 of 1 sounds are up to date"]


def test_the_script_is_of_a_python_that_unreal_4_26_has():
    script = text("unreal", "unreal", takes(), "unreal.py")
    assert script.isascii()
    ast.parse(script, feature_version=(3, 7))
    start = script.index('r"""') + 4
    assert json.loads(script[start : script.index('"""', start)])["sounds"][0]["name"] == "gravel"


def test_assets_that_would_share_a_name_are_refused():
    with pytest.raises(NodeError) as caught:
        text("unreal", "unreal", [sound("a b.wav"), sound("A_b.wav")], "unreal.py")
    assert str(caught.value) == (
        'two assets would be called "/Game/Audio/A_b" in Unreal; give an export another name or path'
    )
    with pytest.raises(NodeError):
        text("unreal", "unreal", [sound("SC_x.wav"), sound("x_1.wav", name="x", take=1)], "unreal.py")


@pytest.mark.parametrize("channels", [3, 5, 7, 9])
def test_channel_counts_without_a_layout_are_refused(channels):
    with pytest.raises(NodeError) as caught:
        text("unreal", "unreal", [sound(channels=channels)], "unreal.py")
    assert str(caught.value) == f"gravel has {channels} channels, and Unreal imports 1, 2, 4, 6 or 8"


@pytest.mark.parametrize("fields", [{"destination": "Game/Audio"}, {"destination": "/"}, {"cue_prefix": "a b"}])
def test_mistakes_are_refused(fields):
    with pytest.raises(ValidationError):
        unreal.Unreal(**fields)
    assert unreal.Unreal(destination="/Game/Audio/").destination == "/Game/Audio"
