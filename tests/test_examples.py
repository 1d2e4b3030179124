"""The scenes in graphs/: they pass `check`, build as drafts, and come out as long and as loud as they say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile

import soundgraph
from soundgraph import cli
from soundgraph.api.building import Result
from soundgraph.audio.dsp.seam import AUDIBLE
from soundgraph.audio.formats import format_names
from soundgraph.nodes import kind_names

REPOSITORY = Path(__file__).parent.parent
SCENES = sorted(
    path.relative_to(REPOSITORY / "graphs").with_suffix("").as_posix()
    for path in (REPOSITORY / "graphs").rglob("*.toml")
)

# The length in seconds of every file that the examples deliver.
LENGTHS_S = {
    "ambience/cave.flac": 60.0,
    "ambience/cave.wav": 60.0,
    **{f"combat/swing_{take}.wav": 1.0 for take in (*range(1, 6), "heavy")},
    "dialogue/patrol_call.ogg": 14.0,
    "dialogue/patrol_call.wav": 14.0,
    **{f"foley/gravel_{take:02}.wav": 0.6 for take in range(1, 7)},
    "mobile/open.mp3": 0.6,
    "mobile/reward.mp3": 1.5,
    "mobile/reward.opus": 1.5,
    "mobile/tap.mp3": 0.6,
    "music/siege.ogg": 180.0,
    "ambience/night_meadow.ogg": 24.0,
    "ambience/rain_bed.ogg": 20.0,
    "ambience/thunderstorm.ogg": 20.0,
    "ambience/thunderstorm.wav": 20.0,
    "beach.ogg": 16.0,
    "beach.wav": 16.0,
    "beach/waves.ogg": 16.0,
    **{f"footsteps/{ground}_{foot}.wav": 0.5 for ground in ("grass", "gravel", "stone", "wood") for foot in (1, 2)},
    "footsteps/walk.ogg": 8.0,
    "music/harbour_intro.ogg": 10.0,
    "music/harbour_preview.flac": 35.0,
    "music/harbour_preview.ogg": 35.0,
    "music/harbour_sting.ogg": 5.0,
    "music/harbour_verse.ogg": 20.0,
    "old_house.ogg": 12.0,
    "old_house.wav": 12.0,
    "rainy_forest.ogg": 15.0,
    "rainy_forest.wav": 15.0,
    "ui/click.wav": 0.4,
    "ui/coin.wav": 0.8,
    "ui/confirm.wav": 0.8,
    "ui/denied.wav": 0.8,
    "ui/hover.wav": 0.4,
    "ui/level_up.wav": 1.8,
    "ui/swipe.wav": 0.8,
    "weapons/rifle_far.ogg": 0.12 + 3.0,
    "weapons/rifle_far.wav": 0.12 + 3.0,
    "weapons/rifle_near.ogg": 0.06 + 3.0,
    "weapons/rifle_near.wav": 0.06 + 3.0,
    "weapons/rifle_reload.ogg": 0.35 + 0.6,
    "weapons/rifle_reload.wav": 0.35 + 0.6,
}


class Project:
    """A copy of the examples, built once as drafts."""

    def __init__(self, root: Path):
        self.root = root
        shutil.copytree(REPOSITORY / "graphs", root / "graphs")
        self.first = self.build()

    def build(self, *targets: str) -> Result:
        # By file: an id is looked for under the current folder.
        files = [str(self.root / "graphs" / f"{target}.toml") for target in targets]
        return soundgraph.build(*files, draft=True, root=self.root, jobs=2)

    @property
    def delivered(self) -> dict[str, Path]:
        files = [path for path in self.first.files if path.suffix.removeprefix(".") in format_names()]
        return {path.relative_to(self.root / "build" / "draft").as_posix(): path for path in files}

    def sidecar(self, file: str) -> dict[str, Any]:
        path = self.delivered[file]
        facts: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
        return facts


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("examples"))


def test_there_is_an_example_of_each_sort_of_scene():
    assert set(SCENES) >= {
        "rainy_forest",
        "ambience/night_meadow",
        "music/harbour_theme",
        "ui/menu",
        "footsteps",
        "weapons/rifle",
        "old_house",
        "beach",
        "ambience/thunderstorm",
        "ambience/cave_loop",
        "combat/sword_swings",
        "dialogue/patrol_call",
        "foley/gravel_walk",
        "music/siege_cue",
        "ui/mobile_set",
    }


def test_check_finds_no_mistake_and_nothing_to_warn_of(project, monkeypatch, capsys):
    monkeypatch.chdir(project.root)
    assert cli.main(["check", "--strict"]) == 0
    assert "warning" not in capsys.readouterr().out


def test_every_node_kind_is_used_in_some_example_here_or_on_its_page():
    pages = {name: (REPOSITORY / "docs" / "nodes" / f"{name}.md").read_text(encoding="utf-8") for name in kind_names()}
    used = {name for name, text in pages.items() if f'kind = "{name}"' in text} | {
        node["kind"]
        for scene in SCENES
        for node in soundgraph.load_scene(REPOSITORY / "graphs" / f"{scene}.toml").to_dict().get("nodes", {}).values()
    }
    assert used == set(kind_names())


@pytest.mark.parametrize("scene", SCENES)
def test_a_second_build_runs_nothing_and_writes_nothing(project, scene):
    before = {path: path.stat().st_mtime_ns for path in project.delivered.values()}
    again = project.build(scene)
    assert again.ran == []
    assert again.loads == 0
    assert again.files
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_files_are_exactly_those_that_are_expected(project):
    assert sorted(project.delivered) == sorted(LENGTHS_S)


@pytest.mark.parametrize("file", sorted(LENGTHS_S))
def test_a_file_is_as_long_as_its_scene_says(project, file):
    found = soundfile.info(project.delivered[file])
    assert found.frames == round(LENGTHS_S[file] * found.samplerate)


@pytest.mark.parametrize("file", sorted(LENGTHS_S))
def test_a_file_is_as_loud_as_its_export_asks_on_an_independent_meter(project, file):
    facts = project.sidecar(file)
    samples, rate = soundfile.read(project.delivered[file], always_2d=True)
    target = facts["settings"].get("loudness_lufs")
    if target is None or any("LUFS" in remark for remark in facts["remarks"]):
        target = facts["loudness_lufs"]  # no target, or one that was missed and said so
    # Loudness is measured before encoding, and Vorbis takes up to 0.3 LU off sounds that are all noise.
    tolerance_lu = 0.1 if file.endswith((".wav", ".flac")) else 0.4
    assert pyloudnorm.Meter(rate).integrated_loudness(samples) == pytest.approx(target, abs=tolerance_lu)


def test_no_example_misses_its_loudness(project):
    assert {file: remarks for file in LENGTHS_S if (remarks := project.sidecar(file)["remarks"])} == {}


@pytest.mark.parametrize("file", sorted(LENGTHS_S))
def test_a_file_neither_clips_nor_is_silent(project, file):
    samples, _ = soundfile.read(project.delivered[file], always_2d=True)
    assert np.abs(samples).max() < 0.95
    assert np.sqrt((samples**2).mean()) > 10 ** (-60 / 20)
    assert project.sidecar(file)["true_peak_dbtp"] <= project.sidecar(file)["settings"]["true_peak_dbtp"]


@pytest.mark.parametrize("file", [file for file in sorted(LENGTHS_S) if file.endswith(".wav")])
def test_a_file_begins_and_ends_without_a_click(project, file):
    samples, _ = soundfile.read(project.delivered[file], always_2d=True)
    if project.sidecar(file).get("loop"):
        assert project.sidecar(file)["seam"] < AUDIBLE
        return
    assert max(np.abs(samples[0]).max(), np.abs(samples[-1]).max()) < 10 ** (-50 / 20)


def test_every_draft_says_that_it_is_one(project):
    assert all(project.sidecar(file)["draft"] for file in LENGTHS_S)


def test_a_storm_over_rain_that_was_built_before_does_not_make_the_rain_again(tmp_path):
    shutil.copytree(REPOSITORY / "graphs", tmp_path / "graphs")
    bed, storm = (str(tmp_path / "graphs" / name) for name in ("shared/rain_bed.toml", "ambience/thunderstorm.toml"))
    assert len(soundgraph.build(bed, draft=True).ran) == 4
    built = soundgraph.build(storm, draft=True)
    rain = {f"ambience/thunderstorm:rain_bed.{name}" for name in ("near", "far", "dull_far", "bed")}
    assert rain <= set(built.hits)
    assert not rain & set(built.ran)


def test_the_takes_of_a_step_are_alike_in_level_and_begin_together(project):
    sounds = [soundfile.read(project.delivered[f"foley/gravel_{take:02}.wav"])[0] for take in range(1, 7)]
    levels = [project.sidecar(f"foley/gravel_{take:02}.wav")["loudness_lufs"] for take in range(1, 7)]
    assert max(levels) - min(levels) < 0.5
    onsets = [np.argmax(np.abs(sound) > 0.1 * np.abs(sound).max()) / 48000 for sound in sounds]
    assert max(onsets) - min(onsets) < 0.01


def test_what_lies_under_a_step_does_not_break_off_before_its_fade(project):
    samples, _ = soundfile.read(project.delivered["foley/gravel_01.wav"])
    rms_db = [20 * np.log10(np.sqrt((part**2).mean())) for part in np.split(samples[9600:21600], 25)]  # 0.2 to 0.45 s
    assert np.diff(rms_db).min() > -6.0


def test_the_bed_steps_back_while_someone_speaks(project):
    call = project.build("dialogue/patrol_call")
    bed, ducked = call["bed"], call["ducked_bed"]
    under_speech, before = slice(round(3.0 * 48000), round(3.4 * 48000)), slice(0, 48000)
    for part, change_db in ((under_speech, -12.0), (before, 0.0)):
        power = (ducked[:, part].astype(float) ** 2).sum() / (bed[:, part].astype(float) ** 2).sum()
        assert 10 * np.log10(power) == pytest.approx(change_db, abs=0.2)


def test_the_long_cue_keeps_its_level(project):
    facts = project.sidecar("music/siege.ogg")
    assert facts["drift_lu"] < 1.0


def test_the_pieces_of_the_harbour_theme_follow_one_another_without_a_gap(project):
    cue = project.build("music/harbour_theme")
    pieces = np.concatenate([cue["intro"], cue["verse"]], axis=1)
    assert np.array_equal(pieces, cue["level"])
