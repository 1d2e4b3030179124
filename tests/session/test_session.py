"""Sessions: what is asked for, over scenes that were read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import chdir

import pytest

from soundgraph.core.errors import SceneError
from soundgraph.project import targets
from soundgraph.session import opening
from soundgraph.session.session import Session
from tests.helpers import CHAIN, Space, export, generate


def opened(space: Space, *wanted: str, draft: bool = False, overrides: Sequence[str] = ()) -> Session:
    with chdir(space.root):
        found = targets.select(str(space.root), wanted)
    return opening.open_session(space.root, found, draft=draft, overrides=overrides)


@pytest.mark.parametrize(
    ("wanted", "nodes", "exports"),
    [
        ("a", ["a:dark", "a:tune"], ["a:theme", "a:tune_file"]),
        ("a:theme", ["a:dark"], ["a:theme"]),
        ("a:cut", ["a:cut"], []),
        ("a:t*", ["a:dark", "a:tune"], ["a:theme", "a:tune_file"]),
        ("a:*e", ["a:dark", "a:tune"], ["a:theme", "a:tune_file"]),
        ("a:[rc]*", ["a:rain", "a:cut"], []),
    ],
)
def test_an_item_is_an_export_a_node_or_both(space: Space, wanted: str, nodes: list[str], exports: list[str]) -> None:
    space.scene(CHAIN + generate("tune", "piano", "draft/music") + export("tune_file", "tune"))
    found = opened(space, wanted)
    assert list(found.wanted) == nodes
    assert [job.owner for job in found.jobs] == exports
    assert (set(found.complete) == {"a"}) == (wanted == "a")


def test_a_scene_without_exports_is_built_up_to_its_ends_if_it_is_named(space: Space) -> None:
    space.scene(CHAIN.partition("[exports")[0])
    assert opened(space).wanted == ()
    assert opened(space, "a").wanted == ("a:dark",)
    assert opened(space, "a").jobs == []


def test_all_mistakes_of_all_scenes_are_told_at_once(space: Space) -> None:
    space.scene(CHAIN.replace('"cut"', '"cup"'))
    space.scene(CHAIN.replace("trim", "trimm"), "b")
    with pytest.raises(SceneError) as error:
        opened(space)
    assert [(mistake.file, mistake.where) for mistake in error.value.mistakes] == [
        ("graphs/a.toml", "nodes.dark"),
        ("graphs/b.toml", "nodes.cut"),
        ("graphs/b.toml", "exports.theme"),
    ]


def test_a_cycle_is_told_with_its_line(space: Space) -> None:
    space.scene(CHAIN.replace('input = "rain"', 'input = "dark"'))
    found = space.build()
    assert (found.code, found.err) == (2, "graphs/a.toml:7: nodes.cut: needs itself: cut <- dark <- cut\n")


def test_notes_tell_projects_and_drafts_apart(space: Space) -> None:
    space.scene(CHAIN)
    other = Space(space.root.parent / "other")
    other.scene(CHAIN)
    notes = {opened(one, draft=draft).note("a:rain") for one in (space, other) for draft in (False, True)}
    assert len(notes) == 4


def test_models_that_cannot_be_had_stop_a_build_before_anything_runs(space: Space) -> None:
    space.scene(CHAIN + generate("tune", "piano", "music") + export("tune", "tune"))
    before = space.tree()
    found = space.build()
    assert found.code == 2
    assert "facebook/musicgen-small" in found.err
    assert "--draft" in found.err
    assert space.tree() == before
    assert space.build("a:theme").code == 0, "what needs none of them can be built"


def test_takes_that_are_in_the_cache_need_no_model(space: Space) -> None:
    """A record is known by its key: whether the model could be loaded here is not asked."""
    space.scene(CHAIN.replace("draft/audio", "audio"))
    assert space.build("--draft").code == 0
    assert space.build("--draft").ran == []
