"""Show where the time of the last builds went, and what the cache saved.

Builds that had nothing to do are not counted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from soundgraph.cli import shared_arguments
from soundgraph.core.text import counted

if TYPE_CHECKING:
    from soundgraph.session.history import Build

_BAR = 30
_ROWS = 12
_SLOWEST = 5

_WORDS = {
    "scenes": "reading scenes",
    "fetch": "fetching weights",
    "plan": "planning",
    "load": "loading",
    "take": "takes of",
    "node": "",
    "read": "reading the cache",
    "publish": "writing the cache",
    "check": "checks",
    "export": "exports",
    "handover": "manifests",
    "state": "keeping state",
}
"""What is shown of each category of spans. A batch is none of them: its takes are."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", type=_builds, default=20, metavar="N", help="the last N builds (default: 20)")
    shared_arguments.add_json_argument(parser)


def _builds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 200:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number from 1 to 200')
    return int(text)


@dataclass(frozen=True)
class _SpentRow:
    """What time went into."""

    category: str
    what: str
    times: int
    seconds: float
    """Added up over threads, which work side by side."""


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from soundgraph.project import targets
    from soundgraph.session import history

    builds = history.read(Path(targets.project_root([])))[-options.n :]
    if options.json:
        for build in builds:
            print(json.dumps({"event": "build", **asdict(build)}, ensure_ascii=False))
        print(json.dumps(_summary(builds), ensure_ascii=False))
    elif not builds:
        print("no build that did anything is remembered here")
    else:
        for line in _lines(builds):
            print(line)
    return 0


def _summary(builds: Sequence[Build]) -> dict[str, object]:
    return {
        "event": "summary",
        "builds": len(builds),
        "seconds": round(sum(build.seconds for build in builds), 4),
        "cpu_seconds": round(sum(build.cpu_seconds for build in builds), 4),
        "saved_results": sum(build.saved_results for build in builds),
        "saved_seconds": round(sum(build.saved_seconds for build in builds), 4),
        "bytes_read": sum(build.bytes_read for build in builds),
        "spent": [asdict(row) for row in _rows(builds)],
        "slowest": [{"node": node, "seconds": seconds} for node, seconds in _slowest(builds)],
    }


def _rows(builds: Sequence[Build]) -> list[_SpentRow]:
    """The most time first."""
    sums: dict[tuple[str, str], tuple[int, float]] = {}
    for build in builds:
        for span in build.spent:
            times, seconds = sums.get((span.category, span.what), (0, 0.0))
            sums[span.category, span.what] = times + span.times, seconds + span.seconds
    rows = [_SpentRow(*key, times, round(seconds, 4)) for key, (times, seconds) in sums.items() if key[0] in _WORDS]
    return sorted(rows, key=lambda row: (-row.seconds, row.category, row.what))


def _slowest(builds: Sequence[Build]) -> list[tuple[str, float]]:
    """The nodes that took longest, each by its last run."""
    last = {node: seconds for build in builds for node, seconds in build.slowest}
    return sorted(last.items(), key=lambda item: (-item[1], item[0]))[:_SLOWEST]


def _lines(builds: Sequence[Build]) -> Iterator[str]:
    from soundgraph.core.text import one_line

    seconds, cpu = sum(build.seconds for build in builds), sum(build.cpu_seconds for build in builds)
    times = f"{_lasted(seconds)}, {_lasted(cpu)} of processor time"
    yield f"{counted(len(builds), 'build')} from {_day(builds[0])} to {_day(builds[-1])}: {times}"
    rows = _rows(builds)
    whole = sum(row.seconds for row in rows) or 1.0
    shown, rest = rows[:_ROWS], rows[_ROWS:]
    if rest:
        shown.append(_SpentRow("rest", "", sum(row.times for row in rest), sum(row.seconds for row in rest)))
    names = [one_line(_name(row)) for row in shown]
    spans = [_lasted(row.seconds) for row in shown]
    counts = [f"{row.times:,}" for row in shown]
    wide, deep, long = (max(map(len, column), default=0) for column in (names, counts, spans))
    for row, name, count, span in zip(shown, names, counts, spans, strict=True):
        bar = "#" * round(_BAR * row.seconds / whole)
        yield f"  {name:<{wide}}  {count:>{deep}}  {span:>{long}}  {row.seconds / whole:>4.0%}  {bar}".rstrip()
    if slowest := _slowest(builds):
        yield f"slowest: {', '.join(f'{one_line(node)} {_lasted(seconds)}' for node, seconds in slowest)}"
    if from_cache := sum(build.saved_results for build in builds):
        saved = sum(build.saved_seconds for build in builds)
        yield f"from the cache: {counted(from_cache, 'result')} that once took {_lasted(saved)} to make"


def _name(row: _SpentRow) -> str:
    if row.category == "rest":
        return "all else"
    return f"{_WORDS[row.category]} {row.what}".strip()


def _day(build: Build) -> str:
    """In this machine's own time."""
    from datetime import datetime

    return datetime.fromisoformat(build.at).astimezone().strftime("%Y-%m-%d %H:%M")


def _lasted(seconds: float) -> str:
    from soundgraph.session.forecasting import lasting

    return lasting(seconds) if seconds >= 0.1 else f"{seconds:.2f} s"  # a forecast says no less than 0.1 s
