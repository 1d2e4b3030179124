"""Traces: a Chrome trace of a build, however it ends, and the sums of spans."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import defaultdict
from typing import Any

import jsonschema
import pytest

from soundgraph.core import tracing
from soundgraph.core.tracing import Off, Recorder, Spent, Tally, Trace
from soundgraph.execution.build_round import Round
from tests.helpers import CHAIN, Space, changed, export, generate
from tests.probes import Probe

NUMBER = {"type": "number", "minimum": 0}
WHERE = {"pid": {"type": "integer"}, "tid": {"type": "integer"}}

# What the trace event format asks of each sort of event that is written.
FORMAT = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "traceEvents": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["ph", "pid", "name"],
                "properties": {**WHERE, "name": {"type": "string"}, "cat": {"type": "string"}, "ts": NUMBER},
                "oneOf": [
                    {"properties": {"ph": {"const": "X"}, "dur": NUMBER}, "required": ["ts", "dur", "tid", "cat"]},
                    {
                        "properties": {
                            "ph": {"const": "M"},
                            "name": {"pattern": "^(process|thread)_(name|sort_index)$"},
                        },
                        "required": ["args"],
                    },
                    {
                        "properties": {
                            "ph": {"const": "C"},
                            "args": {"type": "object", "additionalProperties": NUMBER},
                        },
                        "required": ["ts", "args"],
                    },
                    {"properties": {"ph": {"const": "s"}}, "required": ["ts", "tid", "cat", "id"]},
                    {
                        "properties": {"ph": {"const": "f"}, "bp": {"const": "e"}},
                        "required": ["ts", "tid", "cat", "id"],
                    },
                ],
            },
        },
    },
}

Events = list[dict[str, Any]]


def traced(space: Space, *arguments: str, code: int = 0) -> Events:
    """The events of a build's trace, which is checked against the format."""
    path = space.root / "trace.json"
    found = space.build("--trace", str(path), *arguments)
    assert found.code == code, found.err
    trace = json.loads(path.read_text())
    jsonschema.validate(trace, FORMAT)
    events: Events = trace["traceEvents"]
    check_nesting(events)
    return events


def spans(events: Events, *categories: str) -> Events:
    return [event for event in events if event["ph"] == "X" and (not categories or event["cat"] in categories)]


def check_nesting(events: Events) -> None:
    """In a row, a span lies within another one or beside it; all lie within the whole build."""
    (whole,) = spans(events, "build")
    rows: dict[int, Events] = defaultdict(list)
    for event in spans(events):
        rows[event["tid"]].append(event)
        assert event["ts"] >= whole["ts"]
        assert end(event) <= end(whole) + 0.002
    for row in rows.values():
        around: Events = []
        for event in sorted(row, key=lambda event: (event["ts"], -event["dur"])):
            while around and end(around[-1]) <= event["ts"] + 0.002:
                around.pop()
            assert not around or end(event) <= end(around[-1]) + 0.002, (event, around[-1])
            around.append(event)


def end(event: dict[str, Any]) -> float:
    return float(event["ts"] + event["dur"])


# The trace of a build


def test_each_node_load_take_and_file_is_in_the_trace(space: Space) -> None:
    space.scene(CHAIN)
    events = traced(space)
    assert sorted(event["name"] for event in spans(events, "node", "take")) == ["a:cut", "a:dark", "a:rain"]
    assert [event["name"] for event in spans(events, "export")] == ["a:theme"]
    kinds_of = {event["name"]: event["args"]["kind"] for event in spans(events, "node")}
    assert kinds_of == {"a:cut": "trim", "a:dark": "eq"}
    for category in ("scenes", "plan", "load", "batch", "publish", "state"):
        assert spans(events, category), category


def test_a_take_lies_in_its_batch_and_begins_where_the_one_before_it_ended(space: Space, probe: Probe) -> None:
    space.scene(
        "".join(generate(f"n{place}", f"rain {place}") + export(f"x{place}", f"n{place}") for place in range(3))
    )
    events = traced(space)
    (batch,) = spans(events, "batch")
    takes = spans(events, "take")
    assert batch["args"]["takes"] == len(takes) == 3
    assert takes[0]["ts"] == batch["ts"]
    assert [take["ts"] for take in takes[1:]] == pytest.approx([end(take) for take in takes[:-1]], abs=0.002)
    assert {take["tid"] for take in takes} == {batch["tid"]}


def test_rows_are_named_by_what_works_in_them(space: Space) -> None:
    space.scene(CHAIN)
    events = traced(space)
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert sorted(names.values()) == ["build", "generator 0", "worker 0"]
    assert {names[event["tid"]] for event in spans(events, "take")} == {"generator 0"}
    assert {names[event["tid"]] for event in spans(events, "node", "export")} == {"worker 0"}
    assert {names[event["tid"]] for event in spans(events, "plan")} == {"build"}


def test_arrows_lead_from_a_node_to_what_it_goes_into(space: Space) -> None:
    space.scene(CHAIN)
    events = traced(space)
    at = {event["name"]: event for event in spans(events, "node", "take")}
    starts = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert starts.keys() == ends.keys()
    arrows = set()
    for number, start in starts.items():
        (begun,) = [name for name, span in at.items() if span["ts"] <= start["ts"] < end(span)]
        (met,) = [name for name, span in at.items() if span["ts"] == ends[number]["ts"]]
        arrows.add((begun, met))
    assert arrows == {("a:rain", "a:cut"), ("a:cut", "a:dark")}


def test_counters_tell_how_many_threads_are_at_work_and_what_was_read(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("-3.0", "-2.0")
    events = traced(space)
    busy = [event["args"]["threads"] for event in events if event["ph"] == "C" and event["name"] == "busy threads"]
    assert max(busy) >= 1
    assert busy[-1] == 0
    (read,) = [event["args"]["bytes read"] for event in events if event["ph"] == "C" and event["name"] == "bytes read"]
    assert read == 4 * round(0.04 * 16000)  # what was cut, as float32


# However it ends


def test_a_build_with_a_failure_has_a_trace(space: Space, probe: Probe) -> None:
    probe.broken.add("soft rain")
    space.scene(CHAIN)
    assert spans(traced(space, code=1), "batch")


def test_a_build_with_nothing_to_do_has_a_trace(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    assert [event["cat"] for event in spans(traced(space))] == ["stamps", "build"]


def test_a_mistake_in_a_scene_leaves_a_trace_of_what_came_before(space: Space) -> None:
    space.scene("[nodes.a]\nkind = 'revreb'")
    assert [event["cat"] for event in spans(traced(space, code=2))] == ["stamps", "imports", "scenes", "build"]


def test_an_interrupted_build_has_a_trace(space: Space) -> None:
    real = Round.made

    def stop(self: Any, name: str, *rest: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        real(self, name, *rest)

    space.scene(CHAIN)
    with changed(Round, "made", stop):
        events = traced(space, code=130)
    assert [event["name"] for event in spans(events, "node", "take")] == ["a:rain"]


@pytest.mark.parametrize(("path", "why"), [("none/t.json", "No such file or directory"), ("graphs", "Is a directory")])
def test_a_trace_that_cannot_be_written_is_told_before_anything_runs(space: Space, path: str, why: str) -> None:
    space.scene(CHAIN)
    found = space.run("build", "--trace", path)
    assert (found.code, found.out, found.err) == (2, "", f"cannot write the trace {path}: {why}\n")
    assert not space.exists("cache")


def test_what_is_no_trace_is_not_replaced_by_one(space: Space) -> None:
    scene = space.scene(CHAIN)
    os.mkfifo(space.root / "pipe")
    for path in ("graphs/a.toml", "pipe"):
        found = space.run("build", "--trace", path)
        assert (found.code, found.out) == (2, "")
        assert found.err == f"cannot write the trace {path}: it is there, and is no trace\n"
    assert scene.read_text() == CHAIN
    space.write("trace.json", "")
    assert traced(space)


def test_a_build_that_is_killed_leaves_no_earlier_trace(space: Space) -> None:
    space.scene(CHAIN)
    traced(space)
    space.replace("soft rain", "rain")
    kill = "import os\nfrom soundgraph.execution import builder\nbuilder.build = lambda *_: os._exit(9)"
    assert space.fresh("build", "--trace", "trace.json", code=kill).code == 9
    assert spans(json.loads(space.read("trace.json"))["traceEvents"]) == []


def test_a_traced_build_delivers_the_same(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    other = Space(space.root.parent / "other")
    other.scene(CHAIN)
    traced(other)
    assert other.delivered() == space.delivered()


# Sums


@pytest.mark.parametrize("made", [Tally, Recorder])
def test_spans_are_summed_by_kind_and_by_model(made: type[Tally]) -> None:
    tally = made()
    tally.add("node", "a:x", 10, 30, {"kind": "eq"})
    tally.add("node", "a:y", 10, 20, {"kind": "eq"})
    tally.add("load", "small", 0, 5, {"precision": "int8"})
    tally.add("take", "a:z", 5, 9, {"model": "small", "precision": None})
    tally.add("export", "a:x", 0, 1, {})
    tally.count("bytes read", 4)
    tally.count("bytes read", 8)
    assert tally.spent() == {
        ("node", "eq"): Spent(2, 30),
        ("load", "small (int8)"): Spent(1, 5),
        ("take", "small"): Spent(1, 4),
        ("export", ""): Spent(1, 1),
    }
    assert tally.counted == {"bytes read": 12}


@pytest.mark.parametrize("made", [Tally, Recorder])
def test_time_in_a_span_within_another_one_is_summed_once(made: type[Tally], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0, 10, 11, 15, 20, 22, 30, 100])
    monkeypatch.setattr(tracing, "perf_counter_ns", lambda: next(clock))
    tally = made()
    with tally.span("export", "a:x"):  # from 10 to 30
        with tally.span("read", "one"):  # 4
            pass
        with tally.span("read", "other"):  # 2
            pass
    tally.lap("stamps", "a")
    assert tally.spent() == {("export", ""): Spent(1, 14), ("read", ""): Spent(2, 6), ("stamps", ""): Spent(1, 70)}


@pytest.mark.parametrize("made", [Tally, Recorder])
def test_a_lap_is_no_time_of_the_span_that_it_is_in(made: type[Tally], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0, 10, 15, 30])
    monkeypatch.setattr(tracing, "perf_counter_ns", lambda: next(clock))
    tally = made()
    with tally.span("batch", "small"):
        tally.lap("take", "a:x", model="small")
    assert tally.spent() == {("batch", "small"): Spent(1, 15), ("take", "small"): Spent(1, 5)}


@pytest.mark.parametrize("made", [Tally, Recorder])
def test_no_span_of_many_threads_is_lost(made: type[Tally]) -> None:
    tally = made()

    def work() -> None:
        for _ in range(2000):
            with tally.span("node", "a:x", kind="eq"):
                tally.count("bytes read", 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.spent()["node", "eq"].times == tally.counted["bytes read"] == 8000


@pytest.mark.parametrize("made", [Tally, Recorder, Off])
def test_an_error_goes_through_a_span(made: type[Trace]) -> None:
    with pytest.raises(KeyError), made().span("node", "a:x"):
        raise KeyError


def test_a_name_that_is_no_text_is_written(space: Space) -> None:
    recorder = Recorder()
    recorder.add("read", "a\udc80b", 0, 1, {})
    recorder.write(str(space.root / "trace.json"))
    assert "a\\udc80b" in space.read("trace.json").decode()
    json.loads(space.read("trace.json"))
