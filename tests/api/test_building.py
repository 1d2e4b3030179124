"""The Python API: what it builds is what a scene file would build."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundgraph
from soundgraph.api import building, pipeline, scene
from soundgraph.core.errors import SceneError, UsageError
from soundgraph.planning.planner import Status
from tests.probes import Probe

SCENE = """
[scene]
duration = 0.1
seed = 4

[nodes.rain]
kind = "generate"
model = "draft/audio"
prompt = "heavy rain"

[nodes.dark]
kind = "eq"
input = "rain"
bands = [{ type = "high_shelf", freq_hz = 2000, gain_db = -6.0 }]

[nodes.master]
kind = "mix"
inputs = [{ node = "dark", weight = 0.5 }, { node = "rain", gain_db = -6.0, at = 0.05, pan = 0.5 }]

[exports.rain]
node = "master"
loudness_lufs = -23
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "soundgraph.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _in_code() -> soundgraph.Scene:
    scene = soundgraph.Scene("rain", duration=0.1, seed=4)
    rain = scene.generate("heavy rain", model="draft/audio")
    dark = scene.eq(rain, [{"type": "high_shelf", "freq_hz": 2000, "gain_db": -6.0}])
    master = scene.mix([(dark, 0.5), {"node": rain, "gain_db": -6.0, "at": 0.05, "pan": 0.5}], name="master")
    scene.export("rain", master, loudness_lufs=-23)
    return scene


def _write(root: Path) -> Path:
    path = root / "graphs" / "rain.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(SCENE)
    return path


@pytest.mark.parametrize("module", [building, pipeline, scene])
def test_the_examples_in_docstrings_run(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted > 0
    assert found.failed == 0


def test_a_scene_in_code_is_the_scene_in_its_file(project: Path) -> None:
    built = soundgraph.build(_in_code())
    assert len(built.ran) == 3
    again = soundgraph.build(_write(project))
    assert again.ran == []
    np.testing.assert_array_equal(again["master"], built["master"])


def test_results_are_arrays_shaped_channels_by_samples(project: Path) -> None:
    built = soundgraph.build(_in_code())
    assert built["master"].dtype == np.float32
    assert built["master"].shape == (2, round(0.15 * 48000))
    assert built.audio("rain:generate_1").sample_rate == 16000


def test_files_are_delivered_where_a_build_delivers_them(project: Path) -> None:
    (path,) = soundgraph.build(_in_code()).files
    assert path == project / "build" / "rain.wav"
    assert soundfile.info(path).frames == round(0.15 * 48000)


def test_a_loaded_scene_plans_and_builds(project: Path) -> None:
    scene = soundgraph.load_scene(_write(project))
    assert scene.id == "rain"
    assert scene.to_dict()["nodes"]["rain"]["prompt"] == "heavy rain"
    plan = soundgraph.plan(scene)
    assert [plan.count(status) for status in (Status.HIT, Status.MISS, Status.MAYBE)] == [0, 1, 2]
    assert soundgraph.build(scene).loads == 1
    assert soundgraph.plan(scene).to_run() == []


def test_files_and_nodes_are_in_the_order_of_the_scene_whatever_was_done_first(project: Path) -> None:
    scene = soundgraph.Scene("order", sample_rate=8000)
    long = scene.add("noise", "long", duration=5.0)
    short = scene.add("tone", "short", freq_hz=440.0, duration=0.05)
    for name in ("e", "a", "c"):
        scene.export(name, long)
    scene.export("b", short)
    for jobs in (1, 4):
        built = soundgraph.build(scene, jobs=jobs, force=True)
        assert [path.name for path in built.files] == ["e.wav", "a.wav", "c.wav", "b.wav"]
        assert built.ran == built.nodes == ["order:long", "order:short"]


def test_overrides_are_a_list(project: Path) -> None:
    with pytest.raises(soundgraph.SoundgraphError, match="overrides must be a list of texts"):
        soundgraph.build("forest", overrides="scene.seed=3")


def test_an_id_that_cannot_be_one_is_refused_in_a_sentence() -> None:
    with pytest.raises(soundgraph.SoundgraphError) as caught:
        soundgraph.Scene("a b")
    assert str(caught.value) == (
        '"a b" cannot be the id of a scene\n  each part of it takes letters, digits, _ and -, at most 100 of them'
    )


def test_planning_changes_nothing_on_disk(project: Path) -> None:
    _write(project)
    before = sorted(project.rglob("*"))
    soundgraph.plan()
    assert sorted(project.rglob("*")) == before


def test_a_scene_without_exports_gives_the_sounds_nothing_uses() -> None:
    scene = soundgraph.Scene("x", duration=0.05)
    kept = scene.generate("beep", model="draft/audio")
    scene.gain(scene.generate("click", model="draft/audio"), 3.0, name="louder")
    built = soundgraph.build(scene)
    assert set(built.nodes) == {"x:generate_1", "x:generate_2", "x:louder"}
    assert built[kept].shape == (1, 800)
    assert built.files == []


def test_the_flat_form_from_a_dict_builds() -> None:
    scene = soundgraph.Scene.from_dict(
        {
            "name": "night",
            "duration": 0.1,
            "elements": [
                {"type": "audio", "prompt": "crickets", "weight": 0.7, "save": True},
                {"type": "music", "prompt": "calm pad"},
            ],
        }
    )
    built = soundgraph.build(scene, draft=True)
    assert [path.relative_to(Path.cwd()).as_posix() for path in built.files] == [
        "build/draft/night.wav",
        "build/draft/night/audio_1.wav",
    ]


def test_the_same_from_json_is_the_same_scene() -> None:
    data = {"name": "n", "duration": 0.1, "elements": [{"type": "audio", "prompt": "wind", "weight": 0.5}]}
    first = soundgraph.build(soundgraph.Scene.from_dict(data), draft=True)
    again = soundgraph.build(soundgraph.Scene.from_json(json.dumps(data)), draft=True)
    assert (len(first.ran), again.ran) == (2, [])
    with pytest.raises(soundgraph.SoundgraphError, match="not valid JSON"):
        soundgraph.Scene.from_json("{")


def test_mistakes_are_told_at_once() -> None:
    scene = soundgraph.Scene("x", sample_rate=1)
    scene.gain("nowhere", 900.0)
    with pytest.raises(soundgraph.SceneError) as caught:
        soundgraph.plan(scene)
    assert len(caught.value.mistakes) == 3


def test_a_name_given_twice_is_refused() -> None:
    scene = soundgraph.Scene("x")
    scene.generate("a", name="a")
    with pytest.raises(soundgraph.SoundgraphError, match='has a node called "a" already'):
        scene.generate("b", name="a")


def test_a_failure_raises_and_keeps_what_was_made(project: Path) -> None:
    scene = soundgraph.Scene("x", duration=0.05)
    good = scene.generate("beep", model="draft/audio", name="good")
    scene.trim(good, start=1.0, name="bad")
    scene.gain(good, 1.0, name="fine")
    with pytest.raises(soundgraph.BuildError) as caught:
        soundgraph.build(scene)
    assert list(caught.value.failures) == ["x:bad"]
    built = soundgraph.build(scene, keep_going=True)
    assert list(built.failures) == ["x:bad"]
    assert "x:good" in built.hits
    with pytest.raises(soundgraph.SoundgraphError, match="no sound of a node"):
        built["bad"]


def test_an_override_has_to_match_in_one_of_the_scenes() -> None:
    first, second = soundgraph.Scene("one", duration=0.05), soundgraph.Scene("two", duration=0.05)
    first.generate("beep", model="draft/audio", name="a")
    second.generate("beep", model="draft/audio", name="b")
    built = soundgraph.build(first, second, overrides=["nodes.a.seed=3"])
    assert len(built.ran) == 2
    with pytest.raises(soundgraph.SceneError):
        soundgraph.build(first, second, overrides=["nodes.c.seed=3"])


def test_a_build_of_files_leaves_what_scenes_in_code_delivered(project: Path) -> None:
    (path,) = soundgraph.build(_in_code()).files
    (project / "graphs").mkdir()
    (project / "graphs" / "other.toml").write_text(SCENE.replace("[exports.rain]", "[exports.other]"))
    soundgraph.build()
    assert path.exists()


def test_takes_checks_and_manifests_in_code(project: Path) -> None:
    scene = soundgraph.Scene("steps", duration=0.2)
    step = scene.generate("footstep", model="draft/audio", name="step", variations=2)
    scene.export("step", step, path="step_{take}")
    scene.check(node=step, silent=False)
    scene.manifest("all", "json", exports=["step"])
    result = soundgraph.build(scene)
    assert [path.name for path in result.files] == ["step_1.wav", "step_2.wav", "all.json"]
    assert all(path.is_file() for path in result.files)
    assert result["step"].shape == result["step#2"].shape
    scene.check(export="step", max_duration=0.1)
    with pytest.raises(soundgraph.BuildError, match=r"its length is 0\.2 s, over max_duration = 0\.1"):
        soundgraph.build(scene)


def test_importing_soundgraph_imports_nothing_else() -> None:
    import subprocess
    import sys

    code = "import sys, soundgraph; print(sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'pydantic'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_everything_public_is_there() -> None:
    for name in soundgraph.__all__:
        assert getattr(soundgraph, name) is not None
    assert callable(soundgraph.plan)
    assert callable(soundgraph.build)


@pytest.mark.parametrize("of", ["export", "manifest", "file"])
def test_half_of_a_pair_of_characters_is_no_name_of_a_file(tmp_path: Path, of: str) -> None:
    """TOML cannot hold one; a dict can."""
    scene = soundgraph.Scene("x")
    tone = scene.file("\udcff.wav") if of == "file" else scene.add("tone", freq_hz=440, duration=0.1)
    scene.export("x", tone, **({"path": "\udcff"} if of == "export" else {}))
    if of == "manifest":
        scene.manifest("m", "json", path="\udcff")
    with pytest.raises(SceneError):
        soundgraph.build(scene, root=tmp_path)


def test_a_preview_is_what_a_build_gives_and_keeps_nothing(project: Path) -> None:
    found = soundgraph.preview(_in_code(), "master")
    assert sorted(path.name for path in project.iterdir()) == ["soundgraph.toml"]
    assert found.digest == soundgraph.build(_in_code()).audio("master").digest
    part = soundgraph.preview(_write(project), "master", start_s=0.05, seconds=0.01)
    np.testing.assert_array_equal(part.samples, found.samples[:, 2400:2880])
    assert soundgraph.preview(_in_code(), "rain:master").digest == found.digest
    assert (
        soundgraph.preview("rain:master", "dark", overrides=["nodes.rain.seed=9"]).digest
        != soundgraph.preview("rain", "dark").digest
    )


def test_previews_share_what_they_make_and_nobody_can_alter_it(probe: Probe) -> None:
    scene = soundgraph.Scene("probed", duration=0.1)
    rain = scene.generate("rain that no other test asks for", model="draft/audio")
    first = soundgraph.preview(scene, rain)
    first.samples[:] = 0.0
    assert soundgraph.preview(scene, rain).samples.any()
    assert len(probe.batches) == 1


@pytest.mark.parametrize(
    ("targets", "node", "message"),
    [
        ("rain", "drak", 'no scene has a node "rain:drak"; did you mean "rain:dark"'),
        ("graphs", "dark", 'a preview is of one scene, and "graphs" stands for 2'),
    ],
)
def test_a_preview_is_of_one_node_of_one_scene(project: Path, targets: str, node: str, message: str) -> None:
    _write(project).with_name("snow.toml").write_text(SCENE.replace("exports.rain", "exports.snow"))
    with pytest.raises(UsageError, match=message):
        soundgraph.preview(targets, node)
