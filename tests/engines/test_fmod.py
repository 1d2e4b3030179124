"""fmod: the script, run in node with a stand-in for FMOD Studio's objects."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from soundgraph.core.errors import NodeError
from soundgraph.engines._fmod_script import SCRIPT
from soundgraph.engines.fmod import Fmod
from tests.engines.sounds import HOSTILE, sound, takes, text

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node, which runs the script, is not installed")


@pytest.fixture
def studio(tmp_path):
    """Run the script for some sounds, then that for others, in one project; what the project holds after that."""

    def run(sounds, again=None, assets=(), cannot_import=(), **params):
        files = []
        for number, each in enumerate([sounds, again] if again else [sounds]):
            files.append(tmp_path / f"{number}.js")
            files[-1].write_text(text("fmod", "fmod", each, "fmod.js", **params), encoding="utf-8")
        state = {
            "filePath": "C:\\Game\\Sound\\Game.fspro",
            "assets": list(assets),
            "cannotImport": list(cannot_import),
            "again": str(files[1]) if again else None,
        }
        harness = Path(__file__).parent / "studio.js"
        command = [NODE, str(harness), str(files[0]), json.dumps(state)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@needs_node
def test_an_export_is_an_event_with_a_single_instrument(studio):
    found = studio([sound("ui/click.wav", duration_s=0.25)])
    assert found["imported"] == ["C:/Game/Sound/../build/ui/click.wav"]
    instrument = {"kind": "SingleSound", "start": 0, "length": 0.25, "files": ["click.wav"]}
    assert found["events"] == [{"event": "click", "banks": [], "regions": [], "sounds": [instrument]}]
    assert found["menu"] == ["soundgraph\\Import fmod"]
    done = "message: soundgraph: 1 events done, 0 failed; the console says more"
    assert found["said"] == ["event:/click: made", done]


@needs_node
def test_takes_are_a_multi_instrument_in_their_folder_and_bank(studio):
    found = studio(takes(), folder="SFX/Steps", bank="Walk")
    (sfx,) = found["events"]
    (steps,) = sfx["items"]
    assert (sfx["folder"], steps["folder"]) == ("SFX", "Steps")
    (event,) = steps["items"]
    assert event["banks"] == ["Walk"]
    assert [each["kind"] for each in event["sounds"]] == ["MultiSound"]
    assert event["sounds"][0]["files"] == ["gravel_01.wav", "gravel_02.wav", "gravel_03.wav"]


@needs_node
def test_a_second_run_adds_new_takes_and_nothing_else(studio):
    found = studio(takes(3), again=takes(4), folder="SFX", bank="Walk")
    (event,) = found["events"][0]["items"]
    assert event["sounds"][0]["files"] == [f"gravel_{number:02}.wav" for number in (1, 2, 3, 4)]
    assert len(found["imported"]) == 4
    assert "event:/SFX/gravel: 1 takes added" in found["said"]
    same = studio(takes(3), again=takes(3))
    assert "event:/gravel: nothing to add" in same["said"]
    assert len(same["events"]) == 1
    assert len(same["imported"]) == 3


@needs_node
def test_a_loop_is_a_loop_region_of_its_seconds(studio):
    found = studio([sound("theme.wav", duration_s=2.0, loop={"start": 24000, "end": 71999})])
    assert found["events"][0]["regions"] == [{"position": 0.5, "length": 1, "name": "loop", "loopMode": 1}]


@needs_node
def test_takes_that_loop_differently_have_no_region(studio):
    alike = takes(2, loop={"start": 0, "end": 47999})
    assert len(studio(alike)["events"][0]["regions"]) == 1
    found = studio([*takes(1), sound("footsteps/gravel_02.wav", name="gravel", take=2, loop={"start": 0, "end": 9})])
    assert found["events"][0]["regions"] == []
    assert found["said"][0] == "event:/gravel: made, without a loop region: its takes loop differently"


@needs_node
def test_a_build_inside_the_assets_folder_is_not_imported(studio):
    there = ["build/footsteps/gravel_01.wav", "build/footsteps/gravel_02.wav"]
    found = studio(takes(2), assets=there, build_folder="Assets/build")
    assert found["imported"] == []
    assert found["events"][0]["sounds"][0]["files"] == there
    top = studio(takes(1), assets=["footsteps/gravel_01.wav"], build_folder="Assets")
    assert top["imported"] == []


@needs_node
def test_what_fails_is_told_and_the_rest_is_made(studio):
    found = studio([sound("bad.wav"), sound("good.wav")], cannot_import=["bad.wav"])
    assert [each["event"] for each in found["events"]] == ["good"]
    assert found["said"] == [
        "error: bad: cannot import C:/Game/Sound/../build/bad.wav",
        "event:/good: made",
        "message: soundgraph: 1 events done, 1 failed; the console says more",
    ]


@needs_node
def test_hostile_names_come_back_as_they_were(studio):
    name = HOSTILE.replace("/", "|")
    found = studio([sound(f"{name}.wav", name=name)])
    assert found["events"][0]["event"] == name
    assert found["events"][0]["sounds"][0]["files"] == [f"{name}.wav"]


def test_the_manifest_in_the_script_is_json():
    script = text("fmod", "fmod", takes(), "fmod.js")
    head, tail = SCRIPT.split("@MANIFEST@")
    data = json.loads(script.removeprefix(head).removesuffix(tail))
    assert data["events"][0]["files"] == [each.file for each in takes()]


def test_the_script_keeps_to_the_javascript_that_studio_knows():
    code = re.sub(r"//.*", "", SCRIPT)
    for newer in (r"=>", r"\blet\b", r"\bconst\b", r"\bclass\b", "`", r"\.\.\.", r"\bfor \(.* of\b"):
        assert not re.search(newer, code), newer


def test_files_of_one_name_are_refused_unless_they_lie_in_assets():
    twins = [sound("a/step.wav", name="a"), sound("b/STEP.wav", name="b")]
    with pytest.raises(NodeError) as caught:
        text("fmod", "fmod", twins, "fmod.js")
    assert str(caught.value) == (
        '"a/step.wav" and "b/STEP.wav" share a name, and FMOD imports files into one folder; '
        "give one export another path, or build into the project's Assets folder"
    )
    assert text("fmod", "fmod", twins, "fmod.js", build_folder="Assets/build")


@pytest.mark.parametrize("fields", [{"build_folder": "/abs"}, {"folder": "../x"}, {"bank": "a\tb"}])
def test_mistakes_are_refused(fields):
    with pytest.raises(ValidationError):
        Fmod(**fields)
