"""Links in a tree that came from somebody else: nothing is read or written through one that leads out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers import CHAIN, Space, export, node, noise

VERBS = [("build",), ("plan",), ("check",), ("cache", "stats"), ("cache", "verify"), ("cache", "clear", "--yes")]


@pytest.fixture
def outside(space: Space) -> Path:
    """A folder of the user's, beside the project."""
    folder = space.root.parent / "private"
    folder.mkdir()
    (folder / "diary.toml").write_text("secret = 'dear diary'\n")
    (folder / "voice.wav").write_bytes(noise().to_wav())
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def link(space: Space, place: str, to: Path) -> None:
    (space.root / place).parent.mkdir(parents=True, exist_ok=True)
    (space.root / place).symlink_to(to, target_is_directory=to.is_dir())


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("place", [".soundgraph", "cache"])
def test_nothing_is_written_through_a_link_to_another_folder(
    space: Space, outside: Path, place: str, verb: tuple[str, ...]
) -> None:
    space.scene(CHAIN)
    empty = outside / "empty"
    empty.mkdir()
    link(space, place, empty)
    found = space.run(*verb)
    assert found.code == 2
    assert len(found.err.splitlines()) == 2
    assert "link" in found.err
    assert not list(empty.iterdir())


@pytest.mark.parametrize("place", ["lock", "clock", "delivered", "history"])
def test_no_file_of_the_state_is_written_through_a_link(space: Space, outside: Path, place: str) -> None:
    before = contents(outside)
    space.scene(CHAIN)
    link(space, f".soundgraph/{place}", outside / "diary.toml")
    found = space.run("build")
    assert (found.code, found.err) == (
        2,
        f".soundgraph/{place} is a link, and soundgraph writes nothing through it\n  remove the link\n",
    )
    assert contents(outside) == before


@pytest.mark.parametrize("place", ["blobs", "records", "index", "locks", "projects", "blobs/{first}"])
def test_no_folder_of_the_cache_leads_out_of_it(space: Space, outside: Path, place: str) -> None:
    space.scene(CHAIN)
    assert space.build().code == 0
    place = place.format(first=next((space.root / "cache/blobs").iterdir()).name)
    (space.root / "cache" / place).rename(space.root.parent / "before")
    before = contents(outside)
    link(space, f"cache/{place}", outside)
    space.replace("soft rain", "heavy rain")
    for verb in ("build", "cache gc --older-than 0s", "cache clear --yes"):
        found = space.run(*verb.split())
        assert found.code == 2
        assert found.err.startswith(f"cache/{place} is a link that leads out of the cache\n")
    assert contents(outside) == before


def test_a_cache_elsewhere_is_what_soundgraph_toml_names(space: Space, outside: Path) -> None:
    space.scene(CHAIN)
    space.write("soundgraph.toml", f'[cache]\ndir = "{(outside / "cache").as_posix()}"')
    assert space.build().code == 0
    assert (outside / "cache" / "blobs").is_dir()


def test_a_cache_behind_a_link_within_the_project_is_fine(space: Space) -> None:
    space.scene(CHAIN)
    (space.root / "large").mkdir()
    link(space, "cache", space.root / "large")
    assert space.build().code == 0


@pytest.mark.parametrize("place", ["graphs/voice.wav", "graphs/sounds"])
def test_a_recording_behind_a_link_is_not_read(space: Space, outside: Path, place: str) -> None:
    path = "voice.wav" if place.endswith(".wav") else "sounds/voice.wav"
    space.scene(node("a", "file", path=path) + export("x", "a"))
    link(space, place, outside / "voice.wav" if place.endswith(".wav") else outside)
    found = space.run("build")
    assert found.code == 2
    assert "leads outside the project" in found.err


@pytest.mark.parametrize("verb", ["build", "check", "plan"])
def test_a_scene_behind_a_link_is_not_read(space: Space, outside: Path, verb: str) -> None:
    link(space, "graphs/diary.toml", outside / "diary.toml")
    found = space.run(verb)
    assert found.code == 2
    assert "secret" not in found.out + found.err
    assert "leads outside the project" in found.err


def test_an_included_file_behind_a_link_is_not_read(space: Space, outside: Path) -> None:
    space.scene('include = ["shared/diary.toml"]\n' + CHAIN)
    link(space, "graphs/shared", outside)
    found = space.run("check")
    assert found.code == 2
    assert "secret" not in found.out + found.err
    assert "leads outside the project" in found.err


@pytest.mark.parametrize("folder", ["build", "build/sub"])
def test_nothing_is_delivered_through_a_link(space: Space, outside: Path, folder: str) -> None:
    before = contents(outside)
    space.scene(CHAIN.replace("exports.theme]", "exports.theme]\npath = 'sub/theme'"))
    link(space, folder, outside)
    found = space.run("build")
    assert found.code in (1, 2)
    assert "link leads out of the project" in found.err + found.out
    assert contents(outside) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
@pytest.mark.parametrize("place", ["graphs/a.toml", "graphs/voice.wav", "soundgraph.lock", "soundgraph.toml"])
def test_a_pipe_is_not_waited_for(space: Space, place: str) -> None:
    space.scene(node("a", "file", path="voice.wav") + export("x", "a"))
    space.recording("graphs/voice.wav")
    (space.root / place).unlink(missing_ok=True)
    os.mkfifo(space.root / place)
    process = space.start("build")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, out
    assert "not a regular file" in err or "not a file that can be read" in err, err
