"""A pipe in the place of a file is not waited for: of a delivered one, the state, or a source."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from tests.helpers import CHAIN, Space, table

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")

_VERBS = (
    ("build",),
    ("build", "--json"),
    ("build", "--force"),
    ("plan",),
    ("plan", "--check"),
    ("check",),
    ("explain", "a"),
    ("outputs",),
    ("report",),
    ("stats",),
    ("show", "a:theme"),
)
_STATE = ("delivered", "history", "lock", "clock", "project", "stamps")
_FILES = ("build/theme.wav", "build/theme.wav.json", "build/theme.ogg", "build/theme.wav.import", "build/m.json")
_SOURCES = ("soundgraph.toml", "soundgraph.lock", "graphs/a.toml")


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    def give_up(_: int, frame: FrameType | None) -> None:
        raise AssertionError(f"waits in {frame}")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def built(space: Space) -> Space:
    text = CHAIN.replace("[exports.theme]", '[exports.theme]\nformat = ["wav", "ogg"]')
    space.scene(text + table("manifests.m", engine="json") + table("manifests.g", engine="godot"))
    space.write("soundgraph.toml", "")
    space.write("soundgraph.lock", "")
    space.settle()
    return space


def put_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.parametrize("name", [*_FILES, *_SOURCES, *(f".soundgraph/{name}" for name in _STATE)])
def test_a_pipe_is_not_waited_for(built: Space, name: str) -> None:
    for verb in _VERBS:
        path = next(iter((built.root / ".soundgraph").glob("stamps-*"))) if "stamps" in name else built.root / name
        put_pipe(path)
        built.run(*verb)
    if name in _FILES:
        built.run("build", "--overwrite")
        assert (built.root / name).is_file()
        assert built.run("build").code == 0


@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal", "cache.db-shm", "cache.db-journal"])
def test_a_pipe_in_the_place_of_the_index_is_set_aside(built: Space, name: str) -> None:
    for verb in (("build", "--force"), ("plan",), ("report",), ("cache", "verify"), ("cache", "stats")):
        put_pipe(built.cache / "index" / name)
        built.run(*verb)
    assert built.run("build", "--force").code == 0


@pytest.mark.parametrize("pattern", ["blobs/*/*", "records/*/*", "projects/*", "CACHEDIR.TAG", "locks"])
def test_a_pipe_in_the_cache_is_not_waited_for(built: Space, pattern: str) -> None:
    for verb in (("build", "--force"), ("plan",), ("report",), ("cache", "verify"), ("cache", "gc", "--dry-run")):
        for path in list(built.cache.glob(pattern)):
            put_pipe(path)
        built.run(*verb)
