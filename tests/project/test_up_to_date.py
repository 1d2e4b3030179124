"""A build with nothing to do ends on its stamps, and never ends on them wrongly."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soundgraph.core import programs
from soundgraph.core.files import read_clock
from soundgraph.delivery import export_files
from soundgraph.execution import builder
from soundgraph.execution.outcome import Outcome
from soundgraph.project import build_state, up_to_date
from soundgraph.session import building
from tests.helpers import CHAIN, Space, changed, for_ffmpeg, g722, generate, node, noise
from tests.helpers import export as exported

TWO = CHAIN.replace("exports.theme", "exports.other")


def test_nothing_is_done_twice(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    again = space.build()
    assert again.code == 0
    assert again.ran == []
    assert again.exports == {"build/theme.wav": "current"}
    assert again.summary["hits"] == 3


def test_in_words_it_says_so_in_one_line(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    assert space.run("build").out == "a: nothing to do (3 nodes, 1 file current)\n"


@pytest.mark.parametrize("path", ["build/theme.wav", "build/theme.wav.json"])
@pytest.mark.parametrize("how", ["deleted", "altered", "replaced by a folder"])
def test_a_delivered_file_that_is_not_as_it_was_left_is_restored_without_running_a_node(
    space: Space, path: str, how: str
) -> None:
    space.scene(CHAIN)
    space.settle()
    before = space.delivered()
    if how == "altered":
        space.write(path, before[path][:-1] + b"!")
    else:
        (space.root / path).unlink()
    if how == "replaced by a folder":
        (space.root / path).mkdir()
        assert space.build().code == 2  # before anything runs
        (space.root / path).rmdir()
    found = space.build()
    assert (found.code, found.ran, found.loads) == (0, [], 0)
    if path.endswith(".wav"):
        assert found.exports == {path: "restored"}
    assert space.delivered() == before


def test_a_file_that_would_not_change_keeps_its_mtime(space: Space) -> None:
    space.scene(CHAIN + "# \n")
    space.build()
    before = (space.root / "build/theme.wav").stat()
    space.replace("# ", "# a comment")
    assert space.build().exports == {"build/theme.wav": "current"}
    after = (space.root / "build/theme.wav").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


# What was read


@pytest.mark.parametrize("place", ["scene", "project file", "include", "recording"])
def test_an_edit_of_anything_that_was_read_is_noticed(space: Space, place: str) -> None:
    space.write("shared/base.toml", generate("bed", "wind"))
    space.recording("sounds/door.wav")
    space.scene(
        'include = ["../shared/base.toml"]\n'
        + node("door", "file", path="../sounds/door.wav")
        + node("all", "mix", inputs=[{"node": "door"}, {"node": "base.bed"}])
        + exported("theme", "all")
    )
    space.settle()
    if place == "scene":
        space.replace("base.bed", "door")
    elif place == "project file":
        space.write("soundgraph.toml", "[defaults.mix]\nchannels = 1\n")
    elif place == "include":
        space.write("shared/base.toml", generate("bed", "rain"))
    else:
        space.recording("sounds/door.wav", noise(seed=1))
    found = space.build()
    assert found.ran
    assert found.exports == {"build/theme.wav": "written"}


@pytest.mark.skipif(os.name != "posix", reason="the program that stands for ffmpeg is a shell script")
@pytest.mark.parametrize("how", ["upgraded", "removed", "another first", "first one gone", "relinked"])
def test_another_ffmpeg_is_noticed_by_the_scenes_that_are_read_through_it(
    space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    folders = [tmp_path / name for name in ("first", "second", "third")]
    second, third = folders[1], for_ffmpeg(folders[2] / "real", version="3")
    if how == "first one gone":
        for_ffmpeg(folders[0], version="2")
    if how == "relinked":
        second.mkdir()
        (second / "ffmpeg").symlink_to(for_ffmpeg(tmp_path / "old"))
    else:
        for_ffmpeg(second, version="3" if how == "first one gone" else "1")
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, folders), os.environ["PATH"]]))
    space.write("sounds/door.wav", g722())
    space.scene(node("door", "file", path="../sounds/door.wav") + exported("door", "door"))
    space.recording("sounds/plain.wav")
    space.scene(node("plain", "file", path="../sounds/plain.wav") + exported("plain", "plain"), "other")
    space.settle()
    if how == "upgraded":
        for_ffmpeg(second, version="2")
    elif how == "removed":
        (second / "ffmpeg").unlink()
        third.rename(folders[2] / "ffmpeg")
    elif how == "another first":
        for_ffmpeg(folders[0], version="2")
    elif how == "first one gone":
        (folders[0] / "ffmpeg").unlink()
    else:
        (second / "ffmpeg").unlink()
        (second / "ffmpeg").symlink_to(third)
    assert space.is_noop("other")
    assert not space.is_noop("a")
    assert space.build().ran == ["a:door"]
    space.settle()
    assert space.is_noop()


@pytest.mark.skipif(os.name != "posix", reason="the program that stands for ffmpeg is a shell script")
def test_a_file_made_through_an_ffmpeg_that_is_gone_is_not_current(
    space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin") + os.pathsep + "/usr/bin-that-is-not-there")
    for_ffmpeg(tmp_path / "bin").write_text((tmp_path / "bin" / "ffmpeg").read_text().replace(" cat ", " /bin/cat "))
    space.write("sounds/door.wav", g722())
    space.scene(node("door", "file", path="../sounds/door.wav") + exported("door", "door"))
    space.settle()
    program = tmp_path / "bin" / "ffmpeg"
    program.rename(tmp_path / "ffmpeg")
    assert space.build().code == 2
    (tmp_path / "ffmpeg").rename(program)
    assert space.build().exports == {"build/door.wav": "current"}


def test_programs_are_looked_for_only_by_scenes_that_are_read_through_them(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    with changed(programs, "find", None):
        assert space.is_noop()


@pytest.mark.parametrize("variable", ["HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "TORCH_HOME", "HOME"])
def test_weights_that_are_looked_for_elsewhere_are_looked_for(
    space: Space, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    space.scene(CHAIN)
    space.settle()
    monkeypatch.setenv(variable, str(space.root / "elsewhere"))
    assert not space.is_noop()
    monkeypatch.undo()
    assert space.is_noop()


def test_an_edit_of_equal_size_within_the_same_tick_of_the_clock_is_noticed(space: Space) -> None:
    """Every stat of the scene stays as it was: only its content tells."""
    path = space.scene(CHAIN)
    frozen = path.stat()
    real = os.stat

    def stat(name: str, **more: object) -> os.stat_result:
        return frozen if os.fspath(name) == str(path) else real(name, **more)  # type: ignore[arg-type]

    moment = max(frozen.st_mtime_ns, frozen.st_ctime_ns)
    clock = lambda root: moment  # noqa: E731
    with changed(build_state, "read_clock", clock), changed(building, "read_clock", clock), changed(os, "stat", stat):
        space.build()
        space.build()
        path.write_text(CHAIN.replace("soft rain", "hard rain"))
        found = space.build()
    assert "a:rain" in found.ran


def test_an_edit_whose_mtime_is_set_back_is_noticed(space: Space) -> None:
    path = space.scene(CHAIN)
    space.settle()
    before = path.stat()
    space.replace("soft rain", "hard rain")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "a:rain" in space.build().ran


def test_a_file_that_was_put_in_place_of_a_delivered_one_in_the_same_tick_is_noticed(space: Space) -> None:
    """Written, and altered before the clock moved on: equal size, equal stat. The next builds compare content."""
    space.scene(CHAIN)
    space.age()
    path = space.root / "build/theme.wav"
    real = os.stat
    space.build()
    frozen, good = path.stat(), path.read_bytes()

    def stat(name: str, **more: object) -> os.stat_result:
        return frozen if os.fspath(name) == str(path) else real(name, **more)  # type: ignore[arg-type]

    with changed(os, "stat", stat):
        path.write_bytes(good[:-1] + b"!")
        assert space.build().exports == {"build/theme.wav": "restored"}
        assert path.read_bytes() == good


def test_a_delivered_file_that_was_altered_before_the_build_ended_is_noticed(space: Space) -> None:
    space.scene(CHAIN)
    space.age()
    real = builder.build

    def build(*arguments: object) -> Outcome:
        outcome = real(*arguments)  # type: ignore[arg-type]
        space.write("build/theme.wav", space.read("build/theme.wav")[:-1] + b"!")
        space.age()
        return outcome

    with changed(builder, "build", build):
        space.build()
    assert space.build().exports == {"build/theme.wav": "restored"}


@pytest.mark.parametrize("how", ["edited", "deleted", "replaced by an older file"])
def test_an_edit_during_a_build_is_noticed(space: Space, how: str) -> None:
    other = space.write("elsewhere/base.toml", generate("bed", "heavy rain"))
    included = space.write("shared/base.toml", generate("bed", "wind"))
    space.scene('include = ["../shared/base.toml"]\n' + exported("theme", "base.bed"))
    space.age()
    real = export_files.deliver

    def deliver(*arguments: object) -> object:
        if how == "edited":
            included.write_text(generate("bed", "rain"))
        elif how == "deleted":
            included.unlink(missing_ok=True)
        elif other.exists():
            other.replace(included)
        return real(*arguments)  # type: ignore[arg-type]

    with changed(export_files, "deliver", deliver):
        assert space.build().code == 0
    space.age()
    found = space.build()
    if how == "deleted":
        assert found.code == 2
    else:
        assert found.ran == ["a:base.bed"]


def test_a_project_file_that_vanishes_during_a_build_is_noticed(space: Space) -> None:
    space.write("soundgraph.toml", '[build]\noutput = "out"\n')
    space.scene(CHAIN)
    (space.root / ".git").mkdir()
    space.age()
    real = export_files.deliver

    def deliver(*arguments: object) -> object:
        (space.root / "soundgraph.toml").unlink(missing_ok=True)
        return real(*arguments)  # type: ignore[arg-type]

    with changed(export_files, "deliver", deliver):
        assert space.build().code == 0
    space.age()
    assert space.build().exports == {"build/theme.wav": "written"}


def test_a_scene_without_exports_that_others_include_does_not_stand_in_the_way(space: Space) -> None:
    space.scene(generate("bed", "wind"), "shared/base")
    space.scene('include = ["shared/base.toml"]\n' + exported("theme", "base.bed"))
    space.settle()


def test_a_scene_without_exports_is_built_when_it_is_named_all_the_same(space: Space) -> None:
    space.scene(generate("bed", "wind"), "shared/base")
    space.scene(
        'include = ["shared/base.toml"]\n' + exported("theme", "base.bed").replace("base.bed", "own") + generate("own")
    )
    space.settle()
    assert space.build("shared/base").ran == ["shared/base:bed"]


# Scenes that come and go


def test_the_files_of_a_scene_that_is_gone_are_removed(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(TWO, "b")
    space.settle()
    (space.root / "graphs/b.toml").unlink()
    found = space.build()
    assert sorted(space.delivered()) == ["build/theme.wav", "build/theme.wav.json"]
    assert found.ran == []
    assert any("build/other.wav" in remark for remark in found.remarks)


def test_so_are_those_of_a_scene_that_was_too_young_for_a_stamp(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    path = space.scene(TWO, "b")
    moment = read_clock(str(space.root))
    with changed(building, "read_clock", lambda root: min(moment, path.stat().st_ctime_ns)):
        space.build()
    path.unlink()
    space.build()
    assert sorted(space.delivered()) == ["build/theme.wav", "build/theme.wav.json"]


def test_a_new_scene_is_built_and_the_others_are_counted_as_hits(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    space.scene(generate("bed", "wind") + exported("bed", "bed"), "b")
    found = space.build()
    assert found.ran == ["b:bed"]
    assert found.hits == ["a:cut", "a:dark", "a:rain"]
    assert found.summary["hits"] == 3


def test_an_export_under_another_name_takes_its_old_file_away(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    space.replace("exports.theme", "exports.music")
    found = space.build()
    assert (found.ran, found.exports) == ([], {"build/music.wav": "written"})
    assert sorted(space.delivered()) == ["build/music.wav", "build/music.wav.json"]


def test_but_not_if_it_was_altered_by_hand(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    space.write("build/theme.wav", b"mine")
    space.replace("exports.theme", "exports.music")
    space.build()
    assert space.read("build/theme.wav") == b"mine"
    assert not space.exists("build/theme.wav.json")


def test_a_build_of_one_scene_leaves_the_files_of_others_alone(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(TWO, "b")
    space.build()
    space.replace("soft", "hard")
    space.build("a")
    assert space.exists("build/other.wav")
    space.settle()


def test_a_failed_build_removes_nothing(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("exports.theme", "exports.music")
    space.replace("duration = 0.04", "duration = 0.4")
    assert space.build().code == 1
    assert space.exists("build/theme.wav")


def test_an_export_that_moves_to_another_scene_stays(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(TWO, "b")
    space.settle()
    space.replace("exports.theme", "exports.gone")
    space.replace("exports.other", "exports.theme", "b")
    space.build()
    assert sorted(space.delivered()) == [
        f"build/{name}" for name in ("gone.wav", "gone.wav.json", "theme.wav", "theme.wav.json")
    ]


# Targets


def test_a_part_that_was_built_is_a_no_op_and_the_whole_is_not(space: Space) -> None:
    space.scene(CHAIN + exported("raw", "rain"))
    space.age()
    space.build("a:raw")
    assert space.is_noop("a:raw")
    assert not space.is_noop("a:theme")
    assert not space.is_noop()
    assert space.build().exports == {"build/raw.wav": "current", "build/theme.wav": "written"}


def test_a_node_with_the_name_of_an_export_is_built_when_it_is_asked_for(space: Space) -> None:
    space.scene(CHAIN + generate("theme", "wind"))
    space.settle()
    assert space.build("a:theme").ran == ["a:theme"]


# Configurations


def test_a_draft_never_takes_a_real_files_place(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    before = space.delivered()
    space.build("--draft")
    after = space.delivered()
    assert {path: after[path] for path in before} == before
    assert sorted(after.keys() - before.keys()) == ["build/draft/theme.wav", "build/draft/theme.wav.json"]
    space.settle("--draft")
    space.settle()


def test_files_of_drafts_and_real_files_are_removed_each_by_their_own_build(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.build("--draft")
    space.replace("exports.theme", "exports.music")
    space.build()
    assert space.exists("build/draft/theme.wav")
    assert not space.exists("build/theme.wav")
    space.build("--draft")
    assert not space.exists("build/draft/theme.wav")
    assert space.exists("build/music.wav")


def test_an_override_is_another_configuration_and_leaves_no_trace(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    before = space.delivered()
    override = ("-D", "nodes.rain.prompt=wind")
    assert "a:rain" in space.build(*override).ran
    assert space.delivered() != before
    assert space.is_noop(*override)
    found = space.build()
    assert (found.ran, found.exports) == ([], {"build/theme.wav": "written"})
    assert space.delivered() == before


def test_an_override_that_only_a_scene_without_changes_has_a_place_for_is_no_mistake(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(generate("bed") + exported("bed", "bed"), "b")
    override = ("-D", "nodes.rain.seed=3")
    space.settle(*override)
    space.replace('"rain"', '"wind"', "b")
    found = space.build(*override)
    assert (found.code, found.ran) == (0, ["b:bed"])


def test_the_name_of_a_state_tells_configurations_apart() -> None:
    def name(
        draft: bool = False, release: bool = False, overrides: tuple[str, ...] = (), targets: tuple[str, ...] = ()
    ) -> str:
        return up_to_date.config_of(draft=draft, release=release, overrides=overrides, targets=targets)

    different = [
        name(),
        name(draft=True),
        name(release=True),
        name(overrides=("scene.seed=1",)),
        name(overrides=("scene.seed=1",), draft=True),
        name(overrides=("scene.seed=1",), targets=("a",)),
        name(overrides=("scene.seed=1", "scene.duration=1")),
    ]
    assert len(set(different)) == len(different)
    assert name() == name(targets=("a",))


@pytest.mark.parametrize(
    "variable",
    [
        "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "AUDIOCRAFT_CACHE_DIR", "TORCH_HOME",
        "XDG_CACHE_HOME", "HOME", "SOUNDGRAPH_WEIGHTS_DIR",
    ],
)  # fmt: skip
def test_what_decides_where_weights_are_is_part_of_the_name_of_a_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    """Elsewhere may be other weights, of which the files that were read before do not tell."""

    def name(draft: bool) -> str:
        return up_to_date.config_of(draft=draft, release=False, overrides=(), targets=())

    monkeypatch.delenv(variable, raising=False)
    before, draft = name(False), name(True)
    for value in ("one", "two"):
        monkeypatch.setenv(variable, str(tmp_path / value))
        assert name(False) != before
        assert name(True) == draft, "a draft has no weights"
        before = name(False)
