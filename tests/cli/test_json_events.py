"""The JSON lines of a build: one table of names and fields, which all who write them keep to, and the docs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from soundgraph.cli.terminal.json_lines import JsonLines
from soundgraph.core import event_lines, events
from tests.helpers import CHAIN, Space

DOCS = Path(__file__).parents[2] / "docs"

EVENTS: dict[events.Event, dict[str, Any] | None] = {
    events.ScenesRead(("/a.toml",), 1): None,
    events.Queued(3, 2): None,
    events.WeightsFetched("m", 1, 2): None,
    events.ModelLoading("m"): {"event": "load", "model": "m"},
    events.ModelLoaded("m", "cpu"): {"event": "loaded", "model": "m", "about": "cpu"},
    events.ModelLoaded("n"): None,
    events.NodeStarted("a:b"): None,
    events.NodeWaiting("a:b"): {"event": "waiting", "node": "a:b"},
    events.TakeProgress("a:b", 1.0, 2.0): None,
    events.NodeDone("a:b", "ran", 0.123456, "", "d1"): {
        "event": "node",
        "node": "a:b",
        "status": "ran",
        "seconds": 0.1235,
    },
    events.NodeDone("a:c", "failed", detail="no"): {
        "event": "node",
        "node": "a:c",
        "status": "failed",
        "seconds": 0.0,
        "detail": "no",
    },
    events.Remark("cache", "full"): {"event": "remark", "place": "cache", "text": "full"},
    events.Summary(1, 2, 3, 4, 5, 6, 7, 8, 0.99999): {
        "event": "summary",
        "ran": 1,
        "hits": 2,
        "cutoffs": 3,
        "failed": 4,
        "skipped": 5,
        "loads": 6,
        "exports": 7,
        "scenes": 8,
        "seconds": 1.0,
    },
}


def lines(*told: events.Event) -> list[dict[str, Any]]:
    printed: list[str] = []
    reader = JsonLines(printed.append)
    for event in told:
        reader(event)
    return [json.loads(line) for line in printed]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_a_line_as_documented(event: events.Event) -> None:
    line = EVENTS[event]
    assert lines(event) == ([] if line is None else [line])


def test_an_export_goes_on_with_what_is_known_of_its_file() -> None:
    facts = {"duration_s": 1.0, "true_peak_dbtp": None, "sidecar": "written"}
    told = lines(events.ExportDone("a.wav", "written", facts))
    assert told == [{"event": "export", "path": "a.wav", "status": "written", **facts}]


def test_every_event_is_looked_at_here() -> None:
    assert {type(event) for event in EVENTS} | {events.ExportDone} == set(get_args(events.Event))


def test_a_build_and_one_with_nothing_to_do_write_the_same_fields_in_the_same_order(space: Space) -> None:
    """Two writers: the second reads no scene, and imports no event."""
    space.scene(CHAIN)
    built, current = space.build(), space.build()
    for result in (built, current):
        assert result.code == 0
        for line in result.events:
            event, *fields = line
            assert event == "event"
            known = event_lines.FIELDS[line["event"]]
            assert [name for name in fields if name in known] == [name for name in known if name in fields]
            if line["event"] != "export":
                assert set(fields) <= set(known)
    assert {line["event"] for line in current.events} == {"node", "export", "summary"}
    whole = {line["event"]: list(line) for line in built.events}
    for line in current.events:
        if line["event"] != "export":
            assert list(line) == whole[line["event"]]


def test_the_docs_have_the_fields_of_the_table() -> None:
    text = (DOCS / "command-line.md").read_text(encoding="utf-8").partition("\n## build\n")[2].partition("\n## ")[0]
    for event, fields in event_lines.FIELDS.items():
        row = re.search(rf"^\| `{event}` \| (.*) \|$", text, re.MULTILINE)
        assert row is not None, event
        named = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[1]))
        assert tuple(named[: len(fields)]) == fields
