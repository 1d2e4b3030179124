"""The history of builds: what is kept of each, for how long, and what damage does to it."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundgraph.session import history
from soundgraph.session.history import EXPORT, KEEP, Build, TimeSpent, WorkDone
from tests.helpers import CHAIN, Space, export, generate
from tests.probes import Probe

BUILD = Build(
    at="2026-11-20T10:00:00+00:00",
    seconds=12.5,
    cpu_seconds=20.0,
    draft=True,
    device="auto",
    jobs=2,
    nodes={"hit": 1, "ran": 2},
    current=3,
    files={"written": 1},
    bytes_read=4,
    saved_results=1,
    saved_seconds=8.0,
    spent=[TimeSpent("load", "draft/audio", 1, 0.5)],
    made=[WorkDone("eq", 2, 1.0, 10.0)],
    slowest=[("a:x", 0.75)],
)


def last(space: Space) -> Build:
    return history.read(space.root)[-1]


def line_of(**fields: Any) -> str:
    return json.dumps({**json.loads(BUILD.to_json()), **fields})


# What is kept


def test_a_build_is_read_as_it_was_written() -> None:
    assert Build.from_json(BUILD.to_json()) == BUILD
    assert "\n" not in BUILD.to_json()


def test_a_build_tells_what_ran_and_what_it_took(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    found = last(space)
    assert (found.nodes, found.files) == ({"ran": 3}, {"written": 1})
    assert (found.draft, found.device, found.jobs) == (False, "auto", 1)
    assert [(one.what, one.nodes) for one in found.made] == [("draft/audio", 1), ("eq", 1), ("trim", 1), (EXPORT, 1)]
    assert {one.what: one.sound_s for one in found.made}["trim"] == 0.04
    assert sorted(name for name, _ in found.slowest) == ["a:cut", "a:dark", "a:rain"]
    loads = [(one.what, one.times) for one in found.spent if one.category == "load"]
    assert loads == [("draft/audio", 1)]
    assert 0 < sum(one.seconds for one in found.spent if one.category == "node") <= found.seconds


def test_a_build_with_nothing_to_do_leaves_no_line(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    before = space.read(".soundgraph/history")
    space.build()
    (space.root / "graphs/a.toml").touch()
    space.build()  # looks at everything, and finds nothing
    assert space.read(".soundgraph/history") == before


def test_a_build_that_only_writes_a_file_again_leaves_a_line(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    (space.root / "build/theme.wav").unlink()
    space.build()
    assert last(space).files == {"restored": 1}


def test_what_the_cache_saved_is_what_making_it_took(space: Space) -> None:
    """What was not in the cache, and a node that shares the take of another one of this build, are no part of it."""
    space.scene(CHAIN)
    space.build()
    first = dict(last(space).slowest)
    space.scene(
        CHAIN + generate("other", "wind") + generate("twin", "wind") + export("o", "other") + export("t", "twin")
    )
    space.build()
    found = last(space)
    assert found.nodes == {"hit": 4, "ran": 1}
    assert found.saved_results == 3
    assert found.saved_seconds == pytest.approx(sum(first.values()), abs=0.001)


def test_two_nodes_with_one_result_saved_it_once(space: Space) -> None:
    space.scene(generate("rain") + export("x", "rain"))
    space.build()
    space.scene(generate("rain") + export("x", "rain") + generate("again") + export("y", "again"))
    space.build()
    assert (last(space).nodes, last(space).saved_results) == ({"hit": 2}, 1)


def test_scenes_that_were_not_looked_at_are_counted_apart(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    space.scene(CHAIN.replace("theme", "other").replace("soft", "heavy"), "b")
    space.build()
    found = last(space)
    assert (found.nodes, found.current, found.saved_results) == ({"ran": 3}, 3, 0)


def test_a_build_that_fails_leaves_a_line(space: Space, probe: Probe) -> None:
    probe.broken.add("soft rain")
    space.scene(CHAIN)
    space.build()
    assert last(space).nodes == {"failed": 1, "skipped": 2}


# The file


def test_the_last_builds_are_kept(tmp_path: Path) -> None:
    for jobs in range(KEEP + 3):
        history.add(tmp_path, Build(**{**BUILD.__dict__, "jobs": jobs + 1}))
    assert [build.jobs for build in history.read(tmp_path)] == list(range(4, KEEP + 4))
    assert (tmp_path / ".soundgraph/history").read_bytes().count(b"\n") == KEEP


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x00\xff\xfe",
        b"[1, 2]",
        b"{}",
        b"[" * 100_000,
        BUILD.to_json()[:-30].encode(),
        line_of(history=2).encode(),
        line_of(seconds="NaN").encode(),
        line_of(seconds=-1).encode(),
        line_of(seconds=1e300).encode(),
        line_of(jobs=[]).encode(),
        line_of(jobs=float("inf")).encode(),
        line_of(at="yesterday").encode(),
        line_of(made=[[1, 2]]).encode(),
        line_of(nodes=[1]).encode(),
    ],
)
def test_a_damaged_line_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    good = BUILD.to_json().encode()
    (tmp_path / ".soundgraph").mkdir()
    (tmp_path / ".soundgraph/history").write_bytes(b"\n".join([good, damage, good]))
    assert history.read(tmp_path) == [BUILD, BUILD]
    history.add(tmp_path, BUILD)
    assert history.read(tmp_path) == [BUILD] * 3


def test_a_truncated_file_loses_its_last_line_only(tmp_path: Path) -> None:
    history.add(tmp_path, BUILD)
    history.add(tmp_path, BUILD)
    path = tmp_path / ".soundgraph/history"
    whole = path.read_bytes()
    half = len(whole) // 2
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert len(history.read(tmp_path)) == (length >= half - 1) + (length >= len(whole) - 1)


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert Build.from_json(text) is None


def _add_some(root: str, who: int) -> None:
    for number in range(10):
        history.add(Path(root), Build(**{**BUILD.__dict__, "jobs": 100 * who + number}))


@pytest.mark.skipif(os.name == "nt", reason="there are no locks for it there: lines may be lost")
def test_builds_at_once_lose_no_line(tmp_path: Path) -> None:
    several = multiprocessing.get_context("spawn")
    processes = [several.Process(target=_add_some, args=(str(tmp_path), who)) for who in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    expected = [100 * who + number for who in range(3) for number in range(10)]
    assert sorted(build.jobs for build in history.read(tmp_path)) == expected


def test_a_tree_that_cannot_be_written_to_is_built_all_the_same(space: Space) -> None:
    space.scene(CHAIN)
    space.write(".soundgraph/history/in the way", "")
    assert space.build().code == 0
    assert space.exists("build/theme.wav")
