"""unity: the JSON, and the editor script compiled and run with a stand-in for the editor where mcs is installed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from soundgraph.engines.unity import Unity
from tests.engines.sounds import HOSTILE, deliver, sound, takes, text

needs_mono = pytest.mark.skipif(
    not (shutil.which("mcs") and shutil.which("mono")), reason="mcs and mono, which compile and run C#, are missing"
)


def manifest(sounds, path="unity", **params):
    found = json.loads(text("unity", path, sounds, f"{path}.json", **params))
    assert found["soundgraph_unity"] == 1
    return found["sounds"]


def script(sounds, path="unity", **params):
    files = deliver("unity", path, sounds, **params)
    (name,) = [each for each in files if each.endswith(".cs")]
    return name, files[name].decode("ascii")


def class_of(source):
    return re.search(r"public class (\w+) : AssetPostprocessor", source)[1]


def test_exports_are_sounds_of_clips_below_the_root():
    steps, theme = manifest([*takes(2), sound("theme.ogg")], root="Assets/Audio/")
    assert steps["name"] == "gravel"
    assert [(clip["take"], clip["asset"]) for clip in steps["clips"]] == [
        (1, "Assets/Audio/footsteps/gravel_01.wav"),
        (2, "Assets/Audio/footsteps/gravel_02.wav"),
    ]
    assert theme["clips"][0]["take"] == 0


def test_only_a_loop_of_the_whole_clip_is_told_to_loop():
    whole, part, none = (
        manifest([each])[0]["clips"][0]
        for each in (sound(loop={"start": 0, "end": 47999}), sound(loop={"start": 5, "end": 47999}), sound())
    )
    assert [clip["loops"] for clip in (whole, part, none)] == [True, False, False]
    assert [clip["hasLoopPoints"] for clip in (whole, part, none)] == [True, True, False]
    assert (part["loopStartSample"], part["loopEndSample"], part["samples"]) == (5, 47999, 48000)


def test_long_clips_are_streamed():
    short, long = manifest([sound("a.wav", duration_s=19.99), sound("b.wav", duration_s=20.0)])
    assert short["clips"][0]["loadType"] == "DecompressOnLoad"
    assert long["clips"][0]["loadType"] == "Streaming"
    assert manifest([sound()], stream_from=0)[0]["clips"][0]["loadType"] == "Streaming"


def test_nothing_is_null_which_unity_could_not_read():
    assert "null" not in text("unity", "unity", [sound(loudness_lufs=None)], "unity.json")


def test_the_script_lies_where_unity_compiles_for_its_editor_alone():
    assert script([sound()], "steps/unity")[0] == "steps/Editor/unityImporter.cs"
    assert script([sound()])[0] == "Editor/unityImporter.cs"


def test_two_manifests_define_two_classes():
    names = {class_of(script([sound()], path)[1]) for path in ("unity", "steps/unity", "steps/uni ty")}
    assert len(names) == 3
    assert all(re.fullmatch(r"[A-Za-z]\w*", name) for name in names)


def stripped(source):
    """C# without comments, and with empty strings."""
    return re.sub(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"', lambda match: '""' if match[0][0] == '"' else "", source)


@pytest.mark.parametrize("path", ["unity", "a b/Ωm@MENU@ 'q' {x}"])
def test_the_script_is_balanced(path):
    code = stripped(script([sound()], path)[1])
    assert "@" not in code
    opened = []
    for char in code:
        if char in "({[":
            opened.append(char)
        elif char in ")}]":
            assert opened.pop() + char in ("()", "{}", "[]")
    assert opened == []
    assert '"' not in code.replace('""', "")


@pytest.fixture
def editor(tmp_path):
    """Compile the script of a manifest with the stand-in, run it in a Unity project; what it said, line by line."""

    def run(sounds, path="unity", present=True, **params):
        files = deliver("unity", path, sounds, root="Assets/Audio", **params)
        for name, data in files.items():
            target = tmp_path / "Assets" / "Audio" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        assets = [f"Assets/Audio/{each.file}" for each in sounds]
        for asset in assets if present else []:
            (tmp_path / asset).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / asset).write_bytes(b"RIFF")
        (source,) = [f"Assets/Audio/{name}" for name in files if name.endswith(".cs")]
        stand_in = Path(__file__).parent / "unity_editor.cs"
        # 649, 169 and 414 are of fields of the stand-in that only one side touches.
        command = ["mcs", "-warnaserror", "-nowarn:649,169,414", "-langversion:6", "-out:editor.exe", source, stand_in]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        name = class_of(files[source.removeprefix("Assets/Audio/")].decode())
        command = ["mono", "editor.exe", name, "Assets/Audio/other.wav", *assets]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


@needs_mono
def test_the_script_sets_what_the_manifest_says_and_leaves_other_clips_alone(editor):
    both = [sound("a.wav", duration_s=30.0), sound("b.wav")]
    said = editor(both, compression="adpcm", quality=0.25)
    imported = ["import Assets/Audio/a.wav Streaming ADPCM 0.25 False"]
    imported.append("import Assets/Audio/b.wav DecompressOnLoad ADPCM 0.25 False")
    assert said == [
        "import Assets/Audio/other.wav DecompressOnLoad PCM 0 True",
        *imported,
        "menu Tools/soundgraph/Import unity",
        *imported,
        "log soundgraph: imported 2 files of Assets/Audio/unity.json",
    ]


@needs_mono
def test_the_script_survives_hostile_paths_and_missing_files(editor):
    path, file = "Ωm 'q' @MENU@ {x} %s 😀", "Ωm 'q' ${x}.wav"
    said = editor([sound(file)], path, present=False)
    assert f"warning soundgraph: there is no Assets/Audio/{file}" in said
    assert said[-1] == f"log soundgraph: imported 0 files of Assets/Audio/{path}.json"


def test_text_comes_back_as_it_was():
    assert manifest([sound(name=HOSTILE)])[0]["name"] == HOSTILE


@pytest.mark.parametrize("fields", [{"root": "audio"}, {"root": "Assets/../x"}, {"root": "/Assets"}, {"quality": 2.0}])
def test_mistakes_are_refused(fields):
    with pytest.raises(ValidationError):
        Unity(**fields)
