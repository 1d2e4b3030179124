"""Which models are loaded, in what order, and for which nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soundgraph import loader, schedule, session
from soundgraph.project import load_project
from soundgraph.schedule import Group
from soundgraph.targets import Wanted


def _scene(*models: str) -> dict[str, Any]:
    nodes: dict[str, Any] = {
        f"n{place}": {"kind": "generate", "model": model, "prompt": f"rain {place}", "duration": 0.02}
        for place, model in enumerate(models)
    }
    layers = [{"node": name} for name in nodes]
    return {"nodes": {**nodes, "mix": {"kind": "mix", "inputs": layers}}, "exports": {"x": {"node": "mix"}}}


def _groups(root: Path, **scenes: dict[str, Any]) -> list[Group]:
    (root / "soundgraph.toml").touch()
    project = load_project(root)
    loaded = []
    for name, data in scenes.items():
        data["exports"] = {name: {"node": "mix"}}
        loaded.append(loader.load_data(data, name, project))
    opened = session.session_of(project, loaded, [Wanted(name, "", named=True) for name in scenes])
    return schedule.groups(opened.plan())


def test_nodes_of_one_model_share_a_load_across_scenes(tmp_path: Path) -> None:
    found = _groups(
        tmp_path, a=_scene("draft/audio", "draft/music", "draft/audio"), b=_scene("draft/music", "draft/audio")
    )
    assert {group.model.id: group.nodes for group in found} == {
        "draft/audio": ("a:n0", "a:n2", "b:n1"),
        "draft/music": ("a:n1", "b:n0"),
    }
    assert len(found) == 2


def test_two_names_of_one_model_are_one_load(tmp_path: Path) -> None:
    (found,) = _groups(tmp_path, a=_scene("draft/audio", "draft/audio@16000x1"))
    assert found.nodes == ("a:n0", "a:n1")


def test_the_model_with_most_to_make_comes_first(tmp_path: Path) -> None:
    found = _groups(tmp_path, a=_scene("draft/music", "draft/audio", "draft/audio"))
    assert [group.model.family for group in found] == ["audio", "music"]


def test_what_is_cached_needs_no_load(tmp_path: Path) -> None:
    import soundgraph

    scene = soundgraph.Scene.from_dict(_scene("draft/audio", "draft/music"), "a")
    assert soundgraph.build(scene, root=tmp_path).loads == 2
    assert schedule.groups(soundgraph.plan(scene, root=tmp_path)) == []
