"""Targets: files, folders, ids and patterns, each with or without an item, as scenes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from soundgraph.core.errors import UsageError
from soundgraph.project import targets
from tests.helpers import CHAIN, Space


@pytest.fixture
def project(space: Space) -> Iterator[Space]:
    for name in ("a", "b", "forest/rain", "forest/wind"):
        space.scene(CHAIN.replace("exports.theme", f"exports.{name.replace('/', '_')}"), name)
    space.write("loose.toml", CHAIN.replace("exports.theme", "exports.loose"))
    with contextlib.chdir(space.root):
        yield space


def select(project: Space, *wanted: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(found.id, found.items) for found in targets.select(str(project.root), wanted)]


ALL = [("a", ()), ("b", ()), ("forest/rain", ()), ("forest/wind", ())]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((), ALL),
        (("a",), [("a", ())]),
        (("graphs/a.toml",), [("a", ())]),
        (("./graphs/../graphs/a.toml",), [("a", ())]),
        (("graphs",), ALL),
        (("graphs/forest",), ALL[2:]),
        (("graphs/forest/",), ALL[2:]),
        (("forest/*",), ALL[2:]),
        (("*n",), [("forest/rain", ())]),
        (("[ab]",), ALL[:2]),
        (("?",), ALL[:2]),
        (("loose.toml",), [("loose", ())]),
        (("a:rain",), [("a", ("rain",))]),
        (("graphs/a.toml:rain",), [("a", ("rain",))]),
        (("forest/*:d*",), [("forest/rain", ("d*",)), ("forest/wind", ("d*",))]),
        (("a:rain", "a:cut", "a:rain"), [("a", ("rain", "cut"))]),
        (("a:rain", "a"), [("a", ())]),
        (("a", "a:rain"), [("a", ())]),
        (("b", "a"), [("b", ()), ("a", ())]),
        (("a", "graphs/a.toml", "a"), [("a", ())]),
    ],
)
def test_a_target_names_scenes(project: Space, wanted: tuple[str, ...], found: list[object]) -> None:
    assert select(project, *wanted) == found


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("c", 'no scene is called "c"'),
        ("forest/rian", 'no scene is called "forest/rian"; did you mean "forest/rain"?'),
        ("graphs/aa.toml", 'there is no scene file "graphs/aa.toml"; did you mean "graphs/a.toml"?'),
        ("build", 'there are no scenes in "build"'),
        ("../elsewhere", 'no scene is called "../elsewhere"'),
        ("..", "lies outside the project"),
        ("x*", 'no scene is called "x*"'),
        ("", 'no scene is called ""'),
        (":rain", 'no scene is called ""'),
    ],
)
def test_one_that_names_nothing_is_told(project: Space, wanted: str, message: str) -> None:
    (project.root / "build").mkdir()
    with pytest.raises(UsageError) as error:
        select(project, wanted)
    assert message in str(error.value)
    assert project.run("build", wanted).code == 2


def test_an_item_that_is_not_in_its_scene_is_told_with_what_was_meant(project: Space) -> None:
    found = project.run("build", "a:rian")
    assert (found.code, found.err) == (2, 'graphs/a.toml has no node or export called "rian"; did you mean "rain"?\n')


def test_a_scenes_id_comes_before_a_folder_of_the_same_name(project: Space) -> None:
    (project.root / "a").mkdir()
    assert select(project, "a") == [("a", ())]
    with pytest.raises(UsageError, match="there are no scenes in"):
        select(project, "a/")


def test_a_scene_that_is_a_link_has_one_id_however_it_is_named(project: Space) -> None:
    project.write("shared/rain.toml", CHAIN)
    (project.root / "graphs/linked.toml").symlink_to(project.root / "shared/rain.toml")
    assert select(project, "graphs/linked.toml") == select(project, "linked") == [("linked", ())]


def test_it_does_not_matter_where_in_the_project_one_stands(project: Space) -> None:
    with contextlib.chdir(project.root / "graphs" / "forest"):
        assert targets.project_root([]) == str(project.root)
        assert select(project, "rain.toml") == [("forest/rain", ())]
        assert select(project, "../a.toml") == [("a", ())]
        assert select(project, "a") == [("a", ())]


def test_the_project_of_a_path_is_the_one_it_lies_in(project: Space, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        assert targets.project_root(["project/graphs/a.toml:rain"]) == str(project.root)
        assert targets.project_root(["project"]) == str(project.root)
        assert select(project, "project/graphs/a.toml") == [("a", ())]


def test_hidden_files_and_links_to_folders_are_not_looked_at(project: Space) -> None:
    project.scene(CHAIN, ".hidden")
    project.scene(CHAIN, ".git/c")
    (project.root / "graphs/loop").symlink_to(project.root / "graphs", target_is_directory=True)
    assert select(project) == ALL


def test_a_project_without_scenes_says_how_to_make_one(space: Space) -> None:
    found = space.run("build")
    assert found.code == 2
    assert "soundgraph new NAME makes one" in found.err
