"""What the last builds of a working tree did and how long it took: `.soundgraph/history`, a line of JSON a build.

Only builds that did something are in it. Losing it means that forecasts and `soundgraph stats` know less.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns, process_time_ns
from typing import Any, NamedTuple

from soundgraph.cache.result_record import Record
from soundgraph.core.files import STATE_FOLDER, open_regular, write_atomically
from soundgraph.core.tracing import Tally, model_label
from soundgraph.execution.outcome import Outcome, RunOptions
from soundgraph.planning import scene_graph, schedule
from soundgraph.project import delivered

KEEP = 200
"""Builds."""

EXPORT = ":export"
"""Stands for a kind in `WorkDone` for the files that were written; no kind can be called so."""

_FORM = 1
_MAX_BYTES = 8_000_000
_SLOWEST = 10


class TimeSpent(NamedTuple):
    """What a build spent its time on."""

    category: str
    """Of a span of the trace."""
    what: str
    """A kind for "node"; a model for "load", "batch" and "take"; else ""."""
    times: int
    seconds: float
    """In all, added up over threads."""


class WorkDone(NamedTuple):
    """What ran, added up by what it was."""

    what: str
    """A kind, or a model for generate nodes; or EXPORT, of which the nodes are files."""
    nodes: int
    """How many."""
    seconds: float
    """Of work, in all."""
    sound_s: float
    """Of sound, in all."""


@dataclass(frozen=True)
class Build:
    """A build that did something."""

    at: str
    """When it ended, in UTC, as ISO 8601."""
    seconds: float
    """By the clock."""
    cpu_seconds: float
    draft: bool
    device: str
    """What was asked for."""
    jobs: int
    """How many nodes were processed at once."""
    nodes: dict[str, int]
    """How many, by status."""
    current: int
    """Nodes of scenes that were not looked at, as their stamps held."""
    files: dict[str, int]
    """How many, by status."""
    bytes_read: int
    """Of sounds out of the cache."""
    saved_results: int
    """How many results were found in the cache."""
    saved_seconds: float
    """How long making them took once."""
    spent: list[TimeSpent] = field(default_factory=list)
    made: list[WorkDone] = field(default_factory=list)
    slowest: list[tuple[str, float]] = field(default_factory=list)
    """(node, seconds) of what ran, the slowest first."""

    def to_json(self) -> str:
        return json.dumps({"history": _FORM, **asdict(self)}, ensure_ascii=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str | bytes) -> Build | None:
        """None for a line that is damaged, or of another version."""
        try:
            data = json.loads(text)
            if data.pop("history") != _FORM:
                return None
            return Build(
                at=datetime.fromisoformat(data["at"]).isoformat(),
                seconds=_amount(data["seconds"]),
                cpu_seconds=_amount(data["cpu_seconds"]),
                draft=bool(data["draft"]),
                device=str(data["device"]),
                jobs=int(data["jobs"]),
                nodes={str(name): int(count) for name, count in data["nodes"].items()},
                current=int(data["current"]),
                files={str(name): int(count) for name, count in data["files"].items()},
                bytes_read=int(data["bytes_read"]),
                saved_results=int(data["saved_results"]),
                saved_seconds=_amount(data["saved_seconds"]),
                spent=[TimeSpent(str(a), str(b), int(times), _amount(s)) for a, b, times, s in data["spent"]],
                made=[WorkDone(str(what), int(n), _amount(s), _amount(sound)) for what, n, s, sound in data["made"]],
                slowest=[(str(node), _amount(s)) for node, s in data["slowest"]],
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None


def _amount(value: Any) -> float:
    """Raises ValueError for what no build can have taken."""
    amount = float(value)
    if not 0 <= amount < 1e12:
        raise ValueError(value)
    return amount


def of_build(outcome: Outcome, options: RunOptions, tally: Tally, *, draft: bool, current: int = 0) -> Build | None:
    """What is to be kept of a build; None if it had nothing to do. tally: of its spans, from its beginning."""
    nodes = Counter(outcome.statuses.values())
    files = Counter(file.status for delivered in outcome.deliveries.values() for file in delivered)
    files.update(status for handed in outcome.handed.values() for _, status in handed)
    if not (nodes["ran"] or nodes["failed"] or outcome.loads or outcome.failures or files.keys() - {"current"}):
        return None
    ran = {name: outcome.records[name] for name, status in outcome.statuses.items() if status == "ran"}
    saved = _saved(outcome, {record.key for record in ran.values()})
    slowest = sorted(((name, seconds_of(record)) for name, record in ran.items()), key=lambda run: (-run[1], run[0]))
    return Build(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round((perf_counter_ns() - tally.began_ns) / 1e9, 4),
        cpu_seconds=round((process_time_ns() - tally.began_cpu_ns) / 1e9, 4),
        draft=draft,
        device=options.device,
        jobs=options.jobs,
        nodes=dict(sorted(nodes.items())),
        current=current,
        files=dict(sorted(files.items())),
        bytes_read=tally.counted.get("bytes read", 0),
        saved_results=len(saved),
        saved_seconds=round(sum(map(seconds_of, saved)), 4),
        spent=[TimeSpent(*key, sums.times, round(sums.ns / 1e9, 4)) for key, sums in sorted(tally.spent().items())],
        made=[*_made(outcome, options, ran), *_exported(outcome, tally)],
        slowest=slowest[:_SLOWEST],
    )


def _saved(outcome: Outcome, ran: set[str]) -> list[Record]:
    """The results that a build from an empty cache would have had to make, and this one found; each once."""
    records = {
        record.key: record
        for name, status in outcome.statuses.items()
        if status in ("hit", "cutoff") and (record := outcome.records.get(name)) is not None
    }
    return [record for key, record in records.items() if key not in ran]


def _made(outcome: Outcome, options: RunOptions, ran: dict[str, Record]) -> Iterator[WorkDone]:
    sums: dict[str, list[float]] = {}
    for name, record in ran.items():
        node = scene_graph.node_of(outcome.plan.graph, name)
        what = node.kind_name
        if node.model is not None:
            what = model_label(node.model.id, schedule.precision_of(node, options.device))
        sums_of_kind = sums.setdefault(what, [0, 0.0, 0.0])
        sums_of_kind[0] += 1
        sums_of_kind[1] += seconds_of(record)
        sums_of_kind[2] += record.n_samples / record.sample_rate
    for what, (nodes, seconds, sound_s) in sorted(sums.items()):
        yield WorkDone(what, int(nodes), round(seconds, 4), round(sound_s, 4))


def _exported(outcome: Outcome, tally: Tally) -> Iterator[WorkDone]:
    lasted = [
        _amount(delivery.facts.get("duration_s") or 0)
        for deliveries in outcome.deliveries.values()
        for delivery in deliveries
        if delivery.status != "current"
    ]
    if lasted:
        seconds = tally.spent()["export", ""].ns / 1e9
        yield WorkDone(EXPORT, len(lasted), round(seconds, 4), round(sum(lasted), 4))


def seconds_of(record: Record) -> float:
    """How long making it took; 0 where that is not known."""
    try:
        return _amount(record.made.get("seconds", 0))
    except (TypeError, ValueError):
        return 0.0


def add(root: Path, build: Build) -> None:
    """Adds a build, and forgets the oldest beyond `KEEP`. Builds at once do not lose each other's lines.

    Raises OSError if it cannot be written.
    """
    path = _path(root)
    path.parent.mkdir(exist_ok=True)
    with delivered.locked(path.with_name("lock")):
        # Written anew rather than appended to: a build that is killed leaves no half line for the next to end.
        lines = [*_lines(path)[-(KEEP - 1) :], build.to_json().encode()]
        write_atomically(str(path), b"".join(line + b"\n" for line in lines))


def read(root: Path) -> list[Build]:
    """The last builds, the oldest first. Lines that are damaged are left out."""
    builds = [Build.from_json(line) for line in _lines(_path(root))[-KEEP:]]
    return [build for build in builds if build is not None]


def _path(root: Path) -> Path:
    return root / STATE_FOLDER / "history"


def _lines(path: Path) -> list[bytes]:
    try:
        with open_regular(str(path)) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MAX_BYTES))
            return [line for line in file.read(_MAX_BYTES).split(b"\n") if line.strip()]
    except OSError:
        return []
