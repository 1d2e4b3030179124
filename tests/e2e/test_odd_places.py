"""Odd folders, systems and moments: what a studio's machines do to a build."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import soundgraph
from tests.helpers import CHAIN, Space, export, generate, node


@pytest.mark.parametrize("name", ["Mein $HOME Spiel", "${PATH}", "~", "a b", "épée", "100%", "[x]", "#1"])
def test_a_project_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    space = Space(tmp_path / "around" / name)
    space.scene(CHAIN)
    assert len(space.build().ran) == 3
    assert space.build("--force").exports == {"build/theme.wav": "current"}
    assert [path.name for path in (tmp_path / "around").iterdir()] == [name]


def test_a_deleted_file_comes_back_from_a_cache_that_cannot_be_written(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    (space.root / "build" / "theme.wav").unlink()
    folders = [path for path in (space.cache, *space.cache.rglob("*")) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o500)
    try:
        assert space.run("plan").code == 0
        found = space.build()
        assert found.exports == {"build/theme.wav": "restored"}
    finally:
        for folder in folders:
            folder.chmod(0o700)


@pytest.mark.parametrize("what", ["blob", "record"])
def test_a_folder_in_the_place_of_a_cache_entry_is_set_aside(space: Space, what: str) -> None:
    space.scene(CHAIN)
    space.build()
    for path in space.cache.glob("blobs/??/*.wav" if what == "blob" else "records/??/*.json"):
        path.unlink()
        path.mkdir()
    (space.root / "build" / "theme.wav").unlink()
    space.replace("-3.0", "-4.0")
    assert space.build().code == 0
    space.replace("-4.0", "-3.0")
    assert space.build().code == 0
    space.run("cache", "verify", "--repair")
    assert space.run("cache", "verify").code == 0


def test_record_files_that_are_gone_are_written_again_from_the_index(space: Space) -> None:
    import shutil

    space.scene(CHAIN)
    space.build()
    shutil.rmtree(space.cache / "records")
    assert space.run("cache", "verify", "--repair").code == 1
    assert space.run("cache", "verify").code == 0
    shutil.rmtree(space.cache / "index")
    space.replace("theme", "other")
    assert space.build().ran == []


@pytest.mark.parametrize("place", [".soundgraph", ".soundgraph/delivered", "cache/index", "cache/index/cache.db"])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_state_of_the_wrong_sort_is_no_bug(space: Space, place: str, kind: str) -> None:
    import shutil

    space.scene(CHAIN)
    space.build()
    path = space.root / place
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if kind == "file":
        path.write_text("in the way")
    else:
        path.mkdir()
    space.replace("-3.0", "-4.0")
    found = space.build()
    assert "Traceback" not in found.err
    assert found.code in (0, 1)


def test_a_folder_of_scenes_that_cannot_be_read_is_told(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    space.scene(CHAIN, "sub/a")
    space.build()
    scandir = os.scandir

    def refuse(path: str) -> object:  # as the system does: a test that runs as root may read everything
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = space.build()
    assert found.code == 1
    assert found.err == f"{space.root}/graphs/sub: Permission denied\n"
    assert space.exists("build/theme.wav")


def test_a_closed_or_full_standard_output_is_no_bug(space: Space) -> None:
    space.scene(CHAIN)
    command = f'"{sys.executable}" -m soundgraph'
    for words in (f"{command} build >&-", f"{command} plan -a > /dev/full", f"{command} --help > /dev/full"):
        found = subprocess.run(words, shell=True, cwd=space.root, capture_output=True, text=True)
        assert "Traceback" not in found.stderr, words
    assert space.exists("build/theme.wav")


def test_a_terminal_of_another_alphabet_is_no_bug(space: Space) -> None:
    space.scene(CHAIN, "épée")
    found = space.fresh("plan", "-a", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert found.code == 0
    assert "Traceback" not in found.err


def test_sigterm_keeps_what_is_finished_like_ctrl_c(space: Space) -> None:
    slow = """
import os, signal
from soundgraph.backends.draft import takes
real, count = takes._take, 0
def take(model, request):
    global count
    count += 1
    if count == 3:
        os.kill(os.getpid(), signal.SIGTERM)
    return real(model, request)
takes._take = take
"""
    space.scene(
        "\n".join(
            [
                *(generate(f"n{place}", f"rain {place}") for place in range(6)),
                node("all", "mix", inputs=[{"node": f"n{place}"} for place in range(6)]),
                export("x", "all"),
            ]
        )
    )
    found = space.fresh("build", "--json", code=slow)
    assert found.code == 130
    assert found.code != -signal.SIGTERM
    kept = len(found.ran)
    assert 0 < kept < 6
    assert len(space.build().hits) == kept


def test_an_override_removes_nothing(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.build("-D", "exports.theme.path=try/one")
    assert space.exists("build/theme.wav")
    assert space.exists("build/try/one.wav")


def test_builds_at_once_remember_all_they_delivered(tmp_path: Path) -> None:
    space = Space(tmp_path / "p")
    names = ["a", "b", "c", "d"]
    for name in names:
        space.scene(CHAIN.replace("theme", name).replace("soft", name), name)
    running = [space.start("build", name) for name in names]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    for process in running:
        process.communicate()
    for name in names[1:]:
        (space.root / "graphs" / f"{name}.toml").unlink()
    space.build()
    assert sorted(path.name for path in (space.root / "build").iterdir()) == ["a.wav", "a.wav.json"]


def test_a_shared_cache_may_be_opened_to_a_group(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.cache.chmod(0o770)
    space.replace("-3.0", "-4.0")
    space.build()
    assert stat.S_IMODE(space.cache.stat().st_mode) == 0o770


# Plans tell files too


def test_a_plan_tells_the_files_that_would_be_written_and_why(space: Space) -> None:
    space.scene(CHAIN + "loudness_lufs = -23\n")
    assert space.run("plan", "--check").code == 3
    space.build()
    assert space.run("plan", "--check").code == 0
    space.replace("loudness_lufs = -23", "loudness_lufs = -16")
    found = space.run("plan", "--check")
    assert found.code == 3
    assert "build/theme.wav  write  loudness_lufs: -23.0 -> -16.0\n" in found.out
    assert "1 file to write" in found.out
    assert "loudness_lufs: -23.0 -> -16.0" in space.run("explain", "a").out
    space.build()
    (space.root / "build" / "theme.wav").unlink()
    assert "build/theme.wav  write  gone\n" in space.run("plan").out
    space.build()
    space.write("build/theme.wav", b"noise")
    found = space.run("plan", "--json", "--check")
    assert found.code == 3
    assert [(event["path"], event["why"]) for event in found.of("export")] == [
        ("build/theme.wav", "altered since it was delivered")
    ]


def test_a_plan_agrees_with_a_build_that_has_nothing_to_do_though_the_cache_is_gone(space: Space) -> None:
    import shutil

    space.scene(CHAIN)
    space.settle()
    shutil.rmtree(space.cache)
    assert space.run("build").out.startswith("a: nothing to do")
    found = space.run("plan", "--check")
    assert found.code == 0
    assert "a build has nothing to do" in found.out


def test_the_events_of_a_build_with_nothing_to_do_carry_the_figures(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    (event,) = space.build().of("export")
    assert event["status"] == "current"
    assert event["draft"] is True
    assert event["duration_s"] == pytest.approx(0.04)
    assert "loudness_lufs" in event


def test_states_of_many_overrides_do_not_pile_up(space: Space) -> None:
    space.scene(CHAIN)
    for seed in range(25):
        space.build("-D", f"scene.seed={seed}")
    assert len(list((space.root / ".soundgraph").glob("stamps-*"))) == 20


# New scenes


@pytest.mark.parametrize("names", [("forest/rain", "city/rain"), ("épée",), ("a", "b/a", "b/c/a")])
def test_new_scenes_build_side_by_side(space: Space, names: tuple[str, ...]) -> None:
    for name in names:
        assert space.run("new", name).code == 0
    found = space.build("--draft")
    assert found.code == 0
    assert sorted(found.exports) == sorted(f"build/draft/{name}.wav" for name in names)
    assert space.run("check", "--strict").code == 0


# Scenes in code


def test_two_scenes_in_code_of_one_id_are_refused(space: Space) -> None:
    scenes = [soundgraph.Scene("s", duration=0.05), soundgraph.Scene("s", duration=0.05)]
    for scene, prompt in zip(scenes, ("rain", "thunder"), strict=True):
        scene.generate(prompt, model="draft/audio")
    with pytest.raises(soundgraph.SceneError, match="has the same id as another scene"):
        soundgraph.build(*scenes, root=space.root)


def test_what_is_added_to_a_loaded_scene_is_built_with_it(space: Space) -> None:
    path = space.scene(CHAIN)
    before = path.read_text()
    scene = soundgraph.load_scene(path)
    scene.export("quiet", scene.gain("dark", -6.0, name="quiet"))
    built = soundgraph.build(scene, root=space.root)
    assert {file.name for file in built.files} == {"theme.wav", "quiet.wav"}
    assert path.read_text() == before


def test_a_scene_in_code_leaves_the_files_of_a_scene_with_its_id(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    scene = soundgraph.Scene("a", duration=0.05)
    scene.export("other", scene.generate("wind", model="draft/audio"))
    soundgraph.build(scene, root=space.root)
    assert space.exists("build/theme.wav")


def test_scenes_in_code_and_from_files_build_together(space: Space) -> None:
    space.scene(CHAIN)
    scene = soundgraph.Scene("code", duration=0.05)
    scene.export("code", scene.generate("wind", model="draft/audio"))
    built = soundgraph.build(scene, "a", root=space.root)
    assert {file.name for file in built.files} == {"theme.wav", "code.wav"}


@pytest.mark.parametrize(
    "call",
    [
        lambda: soundgraph.Scene.from_dict(None),  # type: ignore[arg-type]
        lambda: soundgraph.Scene("a:b"),
        lambda: soundgraph.Scene(5),  # type: ignore[arg-type]
        lambda: soundgraph.Scene("a").mix([("g", 1, 2)]),  # type: ignore[list-item]
        lambda: soundgraph.build([soundgraph.Scene("a")]),  # type: ignore[arg-type]
        lambda: soundgraph.build(soundgraph.Scene("a"), jobs=0),
        lambda: soundgraph.build(soundgraph.Scene("a"), root="/nonexistent/folder"),
        lambda: soundgraph.Pipeline(draft=True).mix([[0.0, 1.0]]),  # type: ignore[list-item]
    ],
)
def test_wrong_types_are_answered_in_words(space: Space, call: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(space.root)
    with pytest.raises(soundgraph.SoundgraphError):
        call()  # type: ignore[operator]
