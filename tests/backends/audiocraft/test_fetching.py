"""Builds and scripts that fetch a model first: tiny weights from a hub on loopback, under a published name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import soundgraph
from soundgraph.backends.audiocraft import repositories
from soundgraph.core.events import Remark
from soundgraph.core.stopping import StoppedError
from tests.helpers import Space, export, generate, node
from tests.session.stopping import StoppedBuild, stopped_once, stopped_soon

from . import stub_hub, tiny
from .stub_hub import StubHub

MODEL = "facebook/musicgen-small"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, musicgen_t5: Path) -> Iterator[StubHub]:
    """A hub with a MusicGen and its T5."""
    monkeypatch.setenv("SOUNDGRAPH_CACHE_HOME", str(tmp_path / "remembered"))
    with stub_hub.alone(tmp_path / "caches", monkeypatch) as running:
        running.publish_folder(MODEL, musicgen_t5)
        for name in (tiny.T5_NAME, "t5-base"):  # its own, and the one that the catalogue expects
            running.publish_folder(repositories.names_of(name)[0], musicgen_t5 / tiny.T5_NAME)
        yield running


SCENE = (
    generate("tune", "calm piano", "music", 0.2)
    + node("soft", "gain", input="tune", gain_db=-3.0)
    + export("x", "soft")
)


def test_a_build_fetches_what_is_missing_says_how_much_and_pins_it(space: Space, served: StubHub) -> None:
    space.scene(SCENE)
    planned = space.run("plan")
    assert planned.out.count(f"a build first downloads {MODEL}") == 1
    assert served.requests == []
    first = space.build()
    assert (first.code, first.ran) == (0, ["a:soft", "a:tune"]), first.err
    told = [words for words in first.remarks if words.startswith(f"{MODEL}: fetching ")]
    assert len(told) == 1
    assert told[0].endswith(" MB")
    assert space.read("soundgraph.lock").decode().count(f"model {MODEL} ") == 1
    served.requests.clear()
    again = space.build()
    assert (again.ran, again.remarks, served.requests) == ([], [], [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--memory-budget", "1 GB"), "the memory budget is 1.0 GB"),
        (("--policy", "commercial"), "CC-BY-NC-4.0"),
        ((), "cannot deliver into build: it is not a folder"),
    ],
)
def test_nothing_is_fetched_for_a_build_that_is_refused(
    space: Space, served: StubHub, arguments: tuple[str, ...], message: str
) -> None:
    space.scene(SCENE)
    if not arguments:
        space.write("build", "")
    found = space.build(*arguments)
    assert (found.code, served.fetched()) == (2, [])
    assert message in found.err


def test_takes_of_a_pinned_model_are_found_without_its_weights(space: Space, served: StubHub, tmp_path: Path) -> None:
    space.scene(SCENE)
    space.build()
    (tmp_path / "caches").rename(tmp_path / "gone")
    served.requests.clear()
    space.replace("-3.0", "-4.0")
    assert space.build().ran == ["a:soft"]
    assert served.requests == []


def test_a_pipeline_keeps_the_take_of_a_model_that_it_fetched_and_loads_it_once(space: Space, served: StubHub) -> None:
    with soundgraph.Pipeline(root=space.root) as pipeline:
        first = pipeline.generate("calm piano", duration=0.2)
        assert pipeline.loaded == [MODEL]
        pipeline.generate("drums", duration=0.2)
        assert pipeline.loaded == [MODEL]
        pipeline.unload("music")
        assert pipeline.loaded == []
        assert pipeline.generate("calm piano", duration=0.2).digest == first.digest
        assert pipeline.loaded == []  # out of the cache
    space.scene(SCENE)
    assert space.build().ran == ["a:soft"]


def test_a_build_in_a_thread_that_waits_for_a_silent_hub_can_be_stopped(space: Space, served: StubHub) -> None:
    def stopped(project: Space) -> StoppedBuild:
        project.scene(SCENE)
        served.is_silent.clear()
        build = stopped_once(project, lambda event: isinstance(event, Remark), also=served.is_silent)
        assert isinstance(build.error, StoppedError)
        return build

    served.falls_silent = True
    stopped_soon(space, stopped)
    served.falls_silent = False
    served.speaks_again.set()
    space.scene(SCENE)
    assert space.build().ran == ["a:soft", "a:tune"]  # what is not whole is no weight
