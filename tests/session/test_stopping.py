"""A build in a thread of its own ends soon after another thread wishes it, and keeps what is finished."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import soundgraph
from soundgraph.backends import Made, Model, Refused, Report, Request
from soundgraph.core.events import Event, NodeWaiting, TakeProgress
from soundgraph.core.stopping import Stop, StoppedError
from soundgraph.project import open_cache
from soundgraph.project.build_request import BuildRequest
from soundgraph.project.config import load_project
from soundgraph.session import building
from tests.helpers import CHAIN, Space, export, for_ffmpeg, g722, generate, node
from tests.probes import Probe, Probed
from tests.session.stopping import StoppedBuild, stopped_once, stopped_soon


class Slow(Probe):
    """Its takes are made in many chunks, each of which waits until somebody looks at it."""

    chunks = 0

    def load(self, model: Model, *how: object) -> Probed:
        super().load(model, *how)  # type: ignore[arg-type]
        return SlowGenerator(self, model)


class SlowGenerator(Probed):
    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        assert isinstance(self.probe, Slow)
        yield from super().generate(requests[:1], lambda index, made_s: None)
        while True:
            self.probe.chunks += 1
            report(1, 0.001)
            threading.Event().wait(0.01)  # as long as a chunk takes


@pytest.fixture
def slow(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> Slow:
    from soundgraph import backends

    generator = Slow()
    monkeypatch.setattr(backends.get("draft"), "load", generator.load)
    return generator


def test_a_batch_is_left_at_its_next_chunk(space: Space, slow: Slow) -> None:
    def stopped(project: Space) -> StoppedBuild:
        slow.chunks = 0
        project.scene(
            generate("one", "one", "draft/audio", 0.1)
            + generate("two", "two", "draft/audio", 0.1)
            + export("x", "one")
            + export("y", "two")
        )
        build = stopped_once(project, lambda event: isinstance(event, TakeProgress) and slow.chunks > 2)
        assert build.result is not None
        assert build.result.outcome.statuses == {"a:one": "ran", "a:two": "skipped"}
        assert [*(project.root / "cache" / "records").rglob("*.json")] != []  # the finished take
        return build

    stopped_soon(space, stopped)


def test_a_wait_for_another_build_ends(space: Space, probe: Probe) -> None:
    def stopped(project: Space) -> StoppedBuild:
        project.scene(CHAIN)
        other = open_cache.open_folder(load_project(project.root))
        other.prepare()
        key = soundgraph.plan("a", root=project.root).decisions["a:rain"].key
        assert key is not None
        assert other.coordination.claim(key)
        build = stopped_once(project, lambda event: isinstance(event, NodeWaiting))
        other.close()
        return build

    stopped_soon(space, stopped)


def test_a_wait_for_a_collection_ends(space: Space, probe: Probe) -> None:
    """A collection is alone in a cache while it removes: who wants to read there waits at the gate."""

    def stopped(project: Space) -> StoppedBuild:
        project.scene(CHAIN)
        other = open_cache.open_folder(load_project(project.root))
        other.prepare()
        with other.coordination.gate(alone=True):
            build = stopped_once(project, lambda event: True)
        assert isinstance(build.error, StoppedError)
        other.close()
        return build

    stopped_soon(space, stopped)


def test_a_program_that_hangs_while_scenes_are_read_ends(
    space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = for_ffmpeg(tmp_path / "bin", hangs="-frames:a")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    space.write("sounds/door.wav", g722())
    space.scene(node("door", "file", path="../sounds/door.wav") + export("door", "door"))
    stop, errors = Stop(), []

    def build() -> None:
        try:
            building.build(BuildRequest(["a"], root=str(space.root)), stop=stop)
        except StoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=build, daemon=True)
    thread.start()
    while thread.is_alive() and not (program.parent / "started").exists():
        thread.join(0.01)
    stop.request()
    thread.join(30)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert not space.exists("build")


def test_a_wish_that_was_made_before_lets_nothing_begin(space: Space) -> None:
    space.scene(CHAIN)
    stop = Stop()
    stop.request()
    with pytest.raises(StoppedError):
        soundgraph.build("a", root=space.root, stop=stop)
    assert not space.exists("cache/blobs")
    assert not space.exists("build")


def test_a_script_that_stops_a_build_is_told_so_and_finds_what_was_finished(space: Space) -> None:
    space.scene(CHAIN)
    stop = Stop()

    def listen(event: Event) -> None:
        if getattr(event, "status", "") == "ran":
            stop.request()

    with pytest.raises(StoppedError):
        soundgraph.build("a", root=space.root, stop=stop, listener=listen)
    assert space.build("a").hits == ["a:rain"]
