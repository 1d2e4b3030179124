"""From what was measured to the page: a table of kinds, a table of builds, and whether the targets were met."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.kinds.cases import UNMEASURED
from tests.bench.kinds.worker import OURS

BEGIN, END = "<!-- rendering -->", "<!-- /rendering -->"
# No kind slower than this times the slowest of those that do the same; a build with two jobs keeps so many cores busy.
SPEED_TARGET, CORES_TARGET = 0.5, 1.7

_PAGES = Path(__file__).resolve().parents[3] / "docs" / "nodes"


def costs(found: Mapping[str, Any]) -> dict[str, float]:
    """CPU seconds by label, the median of the turns."""
    return {label: statistics.median(turns) for label, turns in found["turns"].items() if turns}


def against(found: Mapping[str, Any]) -> list[float]:
    """How many times as fast as each peer, the slowest peer first: over 1 is faster. A cost of nothing is left out."""
    known = costs(found)
    peers = [cost for label, cost in known.items() if label != OURS and cost > 0]
    return [cost / known[OURS] for cost in sorted(peers, reverse=True)] if known[OURS] > 0 else []


def slow(run: Mapping[str, Any]) -> list[str]:
    """The cases that miss the target."""
    return [name for name, found in run["cases"].items() if (ratios := against(found)) and ratios[0] < SPEED_TARGET]


def says_why(case: str) -> bool:
    """Whether the page of the case's kind has a paragraph on what it costs."""
    page = _PAGES / f"{case.partition(',')[0]}.md"
    return any(line.startswith("Speed: ") for line in page.read_text(encoding="utf-8").splitlines())


def cores(run: Mapping[str, Any]) -> dict[str, float]:
    """How many processors a build keeps busy, by setting: CPU time over wall time, the median of the rounds."""
    return {
        name: statistics.median(cost["cpu_s"] / cost["wall_s"] for cost in found)
        for name, found in run["builds"].items()
        if found
    }


def verdicts(run: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """(what was asked for and found, whether it was met)."""
    missed = slow(run)
    names = ", ".join(f"{name} ({'its page says why' if says_why(name) else 'unexplained'})" for name in missed)
    told = f"no kind under {SPEED_TARGET:g} x the slowest that does the same, unless its page says why: "
    found = [(told + (names or "none is"), all(map(says_why, missed)))]
    busy = cores(run).get("-j 2")
    if busy is not None:
        free = statistics.median(cost["free"] for cost in run["builds"]["-j 2"])
        told = f"two jobs keep over {CORES_TARGET:g} processors busy: {busy:.2f} of {free:.2f} that were free"
        found.append((told, busy > CORES_TARGET))
    return found


def page(text: str, run: Mapping[str, Any] | None) -> str:
    """The page with what stands between its markers made anew. Raises ValueError for a page without them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN} and {END} to write between")
    return f"{before}{BEGIN}\n{markdown(run) if run else 'Nothing was measured yet.'}\n{END}{after}"


def markdown(run: Mapping[str, Any]) -> str:
    facts = "\n".join(f"- {name}: {value}" for name, value in run["facts"].items())
    judged = "\n".join(f"- {'met' if met else '**missed**'}: {told}" for told, met in verdicts(run))
    rows = [_row(name, found, run["seconds"]) for name, found in run["cases"].items()]
    header = ("Kind", "× real time", "× the slowest", "× the fastest", "Memory", "Next to")
    notes = [f"{name}: {found['note']}" for name, found in run["cases"].items() if found["note"]]
    notes += [f"{name} is not measured: {why}" for name, why in UNMEASURED.items()]
    builds = [
        [
            f"`{name}`",
            f"{statistics.median(cost['wall_s'] for cost in found):.1f}",
            f"{statistics.median(cost['cpu_s'] for cost in found):.1f}",
            f"{cores(run)[name]:.2f}",
            f"{statistics.median(cost['free'] for cost in found):.2f}",
        ]
        for name, found in run["builds"].items()
        if found
    ]
    return "\n\n".join(
        [
            facts,
            judged,
            _table(header, rows),
            "\n".join(f"- {note}" for note in notes),
            f"Builds of {run['scenes']} scenes from an empty cache:",
            _table(("", "Wall s", "CPU s", "Processors busy", "Processors free"), builds),
        ]
    )


def _row(name: str, found: Mapping[str, Any], seconds: float) -> list[str]:
    ours = costs(found)[OURS]
    ratios = against(found)
    peers = "; ".join(f"{peer['tool']} `{peer['does']}`" for peer in found["peers"] if peer["measured"])
    return [
        name,
        f"{seconds / ours:,.0f}" if ours > 0 else "",
        f"{ratios[0]:.2f}" if ratios else "",
        f"{ratios[-1]:.2f}" if ratios else "",
        f"{found['memory'] / found['bytes']:.1f}",
        peers.replace("|", "\\|"),
    ]


def _table(header: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [list(header), ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
