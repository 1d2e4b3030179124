"""One use case builds, whoever asks: the command line, the API, a pipeline and a watch leave the same behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import soundgraph
from soundgraph.core import events
from soundgraph.core.errors import SceneError, UsageError
from soundgraph.core.events import Event, ScenesRead, Summary
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.project.build_request import BuildRequest, SceneTable, UpToDateCheck
from soundgraph.project.delivered import Ledger
from soundgraph.session import building, history
from tests.helpers import CHAIN, Space, export, generate
from tests.probes import Probe


def request_for(space: Space, *targets: str, depfile: str | None = None, since: str | None = None) -> BuildRequest:
    return BuildRequest(targets, root=str(space.root), jobs=1, depfile=depfile, since=since)


def by_command_line(space: Space) -> None:
    assert space.build("a").code == 0


def by_api(space: Space) -> None:
    soundgraph.build("a", root=space.root)


def by_use_case(space: Space) -> None:
    building.build(request_for(space, "a"))


FRONT_ENDS = [by_command_line, by_api, by_use_case]


@pytest.mark.parametrize("build", FRONT_ENDS)
def test_each_front_end_leaves_the_same_behind(space: Space, build: Callable[[Space], None]) -> None:
    other = Space(space.root.parent / "other")
    for each in (space, other):
        each.scene(CHAIN)
    build(space)
    other.build("a")
    assert space.delivered() == other.delivered()
    assert space.tree("cache/blobs") == other.tree("cache/blobs") != {}
    assert Ledger(space.root).entries == Ledger(other.root).entries
    (kept,), (expected,) = history.read(space.root), history.read(other.root)
    assert (kept.nodes, kept.files, kept.jobs) == (expected.nodes, expected.files, expected.jobs)


@pytest.mark.parametrize("build", FRONT_ENDS)
def test_what_one_has_built_another_need_not_look_at(space: Space, build: Callable[[Space], None]) -> None:
    space.scene(CHAIN)
    space.age()
    build(space)
    assert space.is_noop("a")
    space.replace("soft", "heavy")
    assert not space.is_noop("a")


def test_a_script_tells_what_the_command_line_tells(space: Space) -> None:
    space.scene(CHAIN)
    other = Space(space.root.parent / "other")
    other.scene(CHAIN)
    told: list[Event] = []
    result = soundgraph.build("a", root=space.root, listener=told.append)
    printed = other.build("a")
    assert result.ran == ["a:rain", "a:cut", "a:dark"]
    assert sorted(result.ran) == printed.ran
    summary = told[-1]
    assert isinstance(summary, Summary)
    for name, count in printed.summary.items():
        if name not in ("event", "seconds"):
            assert getattr(summary, name) == count, name


def test_of_a_scene_in_code_no_state_is_kept_that_a_file_would_be_judged_by(space: Space) -> None:
    path = space.scene(CHAIN)
    space.age()
    scene = soundgraph.load_scene(path)
    scene.export("rain", "rain")
    soundgraph.build(scene, root=space.root)
    assert space.exists("build/rain.wav")
    assert not space.is_noop("a")
    assert space.build("a").code == 0
    assert not space.exists("build/rain.wav")


def test_a_script_looks_at_what_is_current_since_it_wants_the_sounds(space: Space) -> None:
    space.scene(CHAIN)
    space.settle("a")
    result = soundgraph.build("a", root=space.root)
    assert result["rain"].size
    assert (result.ran, len(result.hits)) == ([], 3)


def test_nothing_is_printed(space: Space, capfd: pytest.CaptureFixture[str]) -> None:
    space.scene(CHAIN)
    building.build(request_for(space))
    assert capfd.readouterr() == ("", "")


def test_what_was_read_is_told_before_anything_runs(space: Space) -> None:
    path = space.scene(CHAIN)
    told: list[Event] = []
    building.build(request_for(space), told.append)
    first = told[0]
    assert isinstance(first, ScenesRead)
    assert str(path) in first.files
    assert first.moment is not None
    assert [type(event) for event in told].count(ScenesRead) == 1


def test_only_what_is_not_current_is_looked_at_if_a_check_says_what_is(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(CHAIN.replace("exports.theme", "exports.other"), "b")
    space.settle()
    space.replace("soft", "heavy", "b")
    request = request_for(space)
    told: list[Event] = []
    result = building.build(request, told.append, check=UpToDateCheck(request))
    assert [scene.id for scene in result.session.scenes] == ["b"]
    summary = told[-1]
    assert isinstance(summary, Summary)
    assert (summary.scenes, summary.hits, summary.exports) == (2, 3, 2)


@pytest.mark.parametrize("build", [by_command_line, by_use_case])
def test_models_are_unloaded_at_the_end(space: Space, probe: Probe, build: Callable[[Space], None]) -> None:
    space.scene(CHAIN)
    build(space)
    assert (len(probe.loads), len(probe.unloads)) == (1, 1)


def test_models_that_are_handed_in_stay_loaded_for_the_next_build(space: Space, probe: Probe) -> None:
    models = LoadedModels("auto")
    space.scene(CHAIN)
    building.build(request_for(space), models=models)
    space.replace("soft", "heavy")
    building.build(request_for(space), models=models)
    assert (len(probe.loads), len(probe.unloads)) == (1, 0)
    models.unload_all()
    assert len(probe.unloads) == 1


@pytest.mark.parametrize("scene_first", [True, False])
def test_a_pipeline_and_its_scenes_load_a_model_once_in_all(space: Space, probe: Probe, scene_first: bool) -> None:
    elements = [{"type": "audio", "prompt": "wind"}]
    with soundgraph.Pipeline(draft=True, root=space.root) as pipeline:
        steps: list[Callable[[], object]] = [
            lambda: pipeline.scene({"name": "n", "duration": 0.1, "elements": elements}),
            lambda: pipeline.generate("rain", model="audio", duration=0.1),
        ]
        for step in steps if scene_first else reversed(steps):
            step()
        assert (len(probe.loads), probe.unloads) == (1, [])
    assert probe.unloads == probe.loads


def test_a_depfile_is_written_once_all_is_there(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(space.root)
    space.scene(CHAIN)
    building.build(request_for(space, depfile="a.d"))
    written = space.read("a.d").decode()
    assert written.startswith("build/theme.wav: \\\n")
    assert "  graphs/a.toml" in written
    space.build("--depfile", "b.d")
    assert space.read("b.d").decode() == written


def test_a_depfile_in_the_place_of_a_sound_is_refused_before_anything_runs(space: Space) -> None:
    space.scene(CHAIN)
    (space.root / "build").mkdir()
    with pytest.raises(UsageError, match="a scene delivers that file"):
        building.build(request_for(space, depfile=str(space.root / "build/theme.wav")))
    assert not space.exists("cache")


def test_a_depfile_is_not_written_where_something_failed(space: Space, probe: Probe) -> None:
    probe.broken = {"soft rain"}
    space.scene(CHAIN)
    result = building.build(request_for(space, depfile=str(space.root / "a.d")))
    assert not result.is_whole
    assert not space.exists("a.d")


def test_a_release_is_refused_before_anything_runs(space: Space) -> None:
    space.scene(CHAIN)
    request = BuildRequest(root=str(space.root), release=True)
    with pytest.raises(SceneError, match="rests on a draft"):
        building.build(request)
    assert not space.exists("cache")


@pytest.mark.parametrize(("jobs", "taken"), [(None, 3), (2, 2)])
def test_how_many_nodes_at_once_is_asked_for_or_stands_in_the_project(
    space: Space, jobs: int | None, taken: int
) -> None:
    space.write("soundgraph.toml", "[build]\nworkers = 3\n")
    space.scene(CHAIN)
    building.build(BuildRequest(root=str(space.root), jobs=jobs))
    assert history.read(space.root)[-1].jobs == taken


def test_failures_are_told_in_the_order_of_the_plan(space: Space, probe: Probe) -> None:
    names = [f"n{number}" for number in range(6)]
    probe.broken = {f"rain {name}" for name in names}
    space.scene("".join(generate(name, f"rain {name}") + export(name, name) for name in names))
    request = BuildRequest(root=str(space.root), keep_going=True)
    result = building.build(request)
    nodes = [owner for owner in result.failures if owner in result.outcome.plan.decisions]
    assert nodes == [name for name in result.outcome.plan.decisions if name in nodes]
    assert len(nodes) == 6


def test_scenes_by_their_tables_are_built_beside_those_in_files(space: Space) -> None:
    space.scene(CHAIN)
    table = {"nodes": {"wind": {"kind": "generate", "model": "draft/audio", "prompt": "wind", "duration": 0.05}}}
    request = BuildRequest(["a"], root=str(space.root), tables=[SceneTable("made", table)])
    result = building.build(request, events.ignore)
    assert {"a:rain", "made:wind"} <= result.outcome.records.keys()


def test_mistakes_of_scenes_by_their_tables_are_told_all_at_once(space: Space) -> None:
    space.scene(CHAIN.replace("trim", "trimm"))
    tables = [SceneTable(name, {"nodes": {"wind": {"kind": kind}}}) for name, kind in (("b", "winnd"), ("c", "winddd"))]
    with pytest.raises(SceneError) as error:
        building.build(BuildRequest(["a"], root=str(space.root), tables=tables))
    told = "\n".join(mistake.what for mistake in error.value.mistakes)
    assert all(f'"{kind}"' in told for kind in ("trimm", "winnd", "winddd"))


def test_a_project_that_nothing_can_be_written_to_keeps_no_state(
    space: Space, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(root: str) -> int:
        raise OSError(30, os.strerror(30), root)

    monkeypatch.setattr(building, "read_clock", fails)
    space.scene(CHAIN)
    space.age()
    assert building.build(request_for(space)).is_whole
    assert not space.is_noop()
