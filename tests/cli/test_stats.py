"""`soundgraph stats`: whole outputs, from a history that is written by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from soundgraph.session import history
from soundgraph.session.history import Build, TimeSpent
from tests.helpers import CHAIN, Space

FIRST = Build(
    at="2026-11-20T10:00:00+00:00",
    seconds=100.0,
    cpu_seconds=130.0,
    draft=False,
    device="auto",
    jobs=2,
    nodes={"ran": 3},
    current=0,
    files={"written": 1},
    bytes_read=100,
    saved_results=2,
    saved_seconds=600.0,
    spent=[
        TimeSpent("batch", "small", 1, 60.0),
        TimeSpent("take", "small", 3, 60.0),
        TimeSpent("load", "small", 1, 15.0),
        TimeSpent("node", "eq", 4, 15.0),
    ],
    slowest=[("a:rain", 30.0), ("a:dark", 5.0)],
)
SECOND = Build(
    **{
        **FIRST.__dict__,
        "at": "2026-11-21T11:30:00+00:00",
        "saved_seconds": 1200.0,
        "spent": [TimeSpent("load", "small", 2, 10.0)],
        "slowest": [("a:rain", 3.0)],
    }
)


def test_it_says_where_the_time_went(space: Space) -> None:
    days = [datetime.fromisoformat(build.at).astimezone().strftime("%Y-%m-%d %H:%M") for build in (FIRST, SECOND)]
    history.add(space.root, FIRST)
    history.add(space.root, SECOND)
    assert space.run("stats").out.splitlines() == [
        f"2 builds from {days[0]} to {days[1]}: 3 min, 4 min of processor time",
        "  takes of small  3  60 s   60%  ##################",
        "  loading small   3  25 s   25%  ########",
        "  eq              4  15 s   15%  ####",
        "slowest: a:dark 5.0 s, a:rain 3.0 s",
        "from the cache: 4 results that once took 30 min to make",
    ]


def test_it_is_about_as_many_builds_as_asked_for(space: Space) -> None:
    history.add(space.root, FIRST)
    history.add(space.root, SECOND)
    found = space.run("stats", "-n", "1", "--json")
    assert [event["at"] for event in found.of("build")] == [SECOND.at]
    assert found.summary["builds"] == 1
    assert found.summary["spent"] == [{"category": "load", "what": "small", "times": 2, "seconds": 10.0}]
    assert found.summary["slowest"] == [{"node": "a:rain", "seconds": 3.0}]
    assert found.summary["saved_seconds"] == 1200.0


@pytest.mark.parametrize("number", ["0", "-1", "x", "201"])
def test_a_number_that_is_none_is_refused(space: Space, number: str) -> None:
    assert space.run("stats", "-n", number).code == 2


def test_without_a_history_it_says_so(space: Space) -> None:
    assert space.run("stats").out == "no build that did anything is remembered here\n"
    found = space.run("stats", "--json")
    assert (found.code, found.summary["builds"]) == (0, 0)


def test_after_a_build_it_names_what_ran(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    text = space.run("stats").out
    assert text.startswith("1 build from ")
    for row in ("takes of draft/audio", "loading draft/audio", "trim", "exports"):
        assert f"  {row} " in text, row


def test_a_hostile_name_does_not_reach_the_terminal(space: Space) -> None:
    history.add(space.root, Build(**{**FIRST.__dict__, "slowest": [("a:\x1b[2J", 1.0)]}))
    assert "\x1b" not in space.run("stats").out
