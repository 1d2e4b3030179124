"""The tables of the page, its plot, and the verdicts on the targets, all from the figures of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.bench.projects import NODES_PER_SCENE
from tests.bench.scale import plot
from tests.bench.scale.growing import GC, GC_DRY, LOOK, STATS, VERIFY
from tests.bench.speed import CHANGED, FIRST, NOOP, PLAN_BUILT, PLAN_NEW

BEGIN, END = "<!-- scale -->", "<!-- /scale -->"

OURS = (NOOP, CHANGED, PLAN_NEW, PLAN_BUILT, LOOK, STATS, VERIFY, GC_DRY, GC, FIRST)
PEERS = ("ninja", "make")

_DRAWN = {NOOP: "no-op build", CHANGED: "one prompt changed", PLAN_BUILT: "plan from cold", VERIFY: VERIFY}
_DRAWN |= {GC_DRY: GC_DRY, FIRST: FIRST}

_LARGE = 1000
"""Scenes from which on builds are compared with ninja's: below, both do nothing but start."""

_LARGEST = 10_000

_MORE_AT_MOST = 1.25
"""How many times as much a node may cost at the next size: noise, larger tables, and what a log n leaves."""

_HELD_MIB = 256 + 64
"""How much more memory ten times the sounds may take: what a build holds at most, and what its own lists take."""

Run = Mapping[str, Any]


def least_s(run: Run, size: str, tool: str, phase: str) -> float | None:
    """The least CPU time of the repetitions; None where it was not measured."""
    times = run["growth"].get(size, {}).get(tool, {}).get(phase, {}).get("cpu_s", [])
    return min(times, default=None)


def verdicts(run: Run) -> list[tuple[str, bool]]:
    """What was promised with what was measured, and whether it holds."""
    found: list[tuple[str, bool]] = []
    sizes = sorted(run["growth"], key=int)
    for size in (size for size in sizes if int(size) >= _LARGE):
        nodes = f"{int(size) * NODES_PER_SCENE:,} nodes"
        # One change takes the imports of what a build needs, whatever the size: it is compared where those are little.
        for phase, most in ((NOOP, 0.5), *([(CHANGED, 2.0)] if int(size) >= _LARGEST else [])):
            ours, ninja = least_s(run, size, "soundgraph", phase), least_s(run, size, "ninja", phase)
            if ours is not None and ninja is not None:
                told = f"{phase} at {nodes}: at most {most} × ninja's CPU time"
                found.append((f"{told}: {ours / ninja:.2f} × ({_s(ours)} against {_s(ninja)})", ours <= most * ninja))
    if "1000" in sizes:
        plans = [least_s(run, "1000", "soundgraph", phase) for phase in (PLAN_BUILT, PLAN_NEW)]
        if None not in plans:
            full, empty = (time or 0.0 for time in plans)
            told = "`soundgraph plan` from cold at 19,000 nodes: under 3 s of CPU time"
            found.append((f"{told}: {_s(full)} with a full cache, {_s(empty)} with an empty one", max(full, empty) < 3))
    if len(sizes) > 1:
        found += _growth(run, sizes[-2], sizes[-1])
    found += _shapes(run)
    return found


def _growth(run: Run, small: str, large: str) -> list[tuple[str, bool]]:
    found = []
    for phase in OURS:
        before, after = least_s(run, small, "soundgraph", phase), least_s(run, large, "soundgraph", phase)
        if before is not None and after is not None:
            more = after / before / (int(large) / int(small))
            nodes = int(small) * NODES_PER_SCENE
            told = f"{phase}: no worse than linear: a node costs {more:.2f} × what it does among {nodes:,}"
            found.append((told, more <= _MORE_AT_MOST))
    return found


def _shapes(run: Run) -> list[tuple[str, bool]]:
    found = []
    for name, verbs in run["shapes"].items():
        troubles = [f"{verb}: {cost['trouble']}" for verb, cost in verbs.items() if "trouble" in cost]
        found.append((f"{_title(name)}: {'; '.join(troubles) or 'every verb came to its end'}", not troubles))
    for name, sizes in run["memory"].items():
        peaks = {size: cost.get("peak_mib") for size, cost in sizes.items()}
        if len(peaks) == 2 and all(peaks.values()):
            (few, less), (many, most) = peaks.items()
            told = f"{_title(name)}: {many} sounds take at most {_HELD_MIB} MiB more than {few}"
            found.append((f"{told}: {most:,.0f} against {less:,.0f} MiB", most - less <= _HELD_MIB))
    return found


def page(text: str, run: Run) -> str:
    """The page with the figures between its markers. Raises ValueError if it has none."""
    if BEGIN not in text or END not in text:
        raise ValueError(f"has no lines {BEGIN} and {END} to write between")
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{_markdown(run)}\n{END}{rest.split(END, 1)[1]}"


def picture(run: Run) -> str:
    """The plot."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for tool, phase, label in [
        *(("soundgraph", phase, label) for phase, label in _DRAWN.items()),
        ("ninja", NOOP, "ninja: no-op build"),
        ("ninja", FIRST, "ninja: first build"),
    ]:
        for size in sorted(run["growth"], key=int):
            time = least_s(run, size, tool, phase)
            if time:
                lines.setdefault(label, []).append((int(size) * NODES_PER_SCENE, time))
    return plot.picture(lines, [label for label in lines if label.startswith("ninja")])


def _markdown(run: Run) -> str:
    sizes = sorted(run["growth"], key=int)
    header = ["", *(f"{int(size) * NODES_PER_SCENE:,} nodes" for size in sizes)]
    rows = [[phase, *(_cell(run, size, "soundgraph", phase) for size in sizes)] for phase in OURS]
    for tool in PEERS:
        for phase in (NOOP, CHANGED, FIRST):
            rows.append([f"{tool}: {phase}", *(_cell(run, size, tool, phase) for size in sizes)])
    memory = [[phase, *(_peak(run, size, "soundgraph", phase) for size in sizes)] for phase in OURS]
    memory += [[f"{tool}: {NOOP}", *(_peak(run, size, tool, NOOP) for size in sizes)] for tool in PEERS]
    return "\n\n".join(
        [
            "\n".join(f"- {name}: {value}" for name, value in run["facts"].items()),
            "\n".join(f"- {'met' if met else '**missed**'}: {told}" for told, met in verdicts(run)),
            "CPU time, user and system, the least of the repetitions:",
            _table(header, rows),
            "Peak memory, MiB:",
            _table(header, memory),
            "Single scenes:",
            _table(
                ["", "CPU time", "Peak MiB"],
                [
                    [f"{_title(name)}: {verb}", _s(cost["cpu_s"]), f"{cost['peak_mib']:,.0f}"]
                    if "cpu_s" in cost
                    else [f"{_title(name)}: {verb}", cost["trouble"], "–"]
                    for name, verbs in (*run["shapes"].items(), *run["memory"].items())
                    for verb, cost in verbs.items()
                ],
            ),
        ]
    )


def _title(name: str) -> str:
    return {
        "wide": "a scene of 5,000 nodes",
        "chain": "a chain 2,000 deep",
        "pairs": "sounds of 1 MiB in pairs, nodes",
        "mixed": "sounds of 1 MiB mixed into one, nodes",
    }.get(name, name)


def _cell(run: Run, size: str, tool: str, phase: str) -> str:
    time = least_s(run, size, tool, phase)
    trouble: str = run["growth"][size].get(tool, {}).get(phase, {}).get("trouble", "")
    return trouble or "–" if time is None else _s(time)


def _peak(run: Run, size: str, tool: str, phase: str) -> str:
    peak = run["growth"][size].get(tool, {}).get(phase, {}).get("peak_mib", 0)
    # The launcher's own size: see launcher.py.
    return "–" if not peak else "≤ 9" if peak < 9 else f"{peak:,.0f}"


def _s(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.2f} s" if seconds < 100 else f"{seconds:.0f} s"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
