"""The benchmark's tables in Markdown, and the verdicts on the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.peers import Tool
from tests.bench.projects import NODES_PER_SCENE
from tests.bench.questions import Answer
from tests.bench.speed import ADOPT, CHANGED, FIRST, IMPORTS, NOOP, PLAN_BUILT, PLAN_NEW, Series

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"

Speeds = Mapping[int, Mapping[str, Mapping[str, Series]]]

_START = "python -c pass"
_IMPORTS = f"python -c '{IMPORTS}'"
_HELP = "soundgraph --help"


@dataclass(frozen=True)
class Target:
    """What was promised, what was measured, and whether it holds; `met` is None where it was not measured."""

    promise: str
    measured: str
    met: bool | None

    def __str__(self) -> str:
        verdict = "not measured" if self.met is None else "met" if self.met else "MISSED"
        return f"{verdict}: {self.promise}: {self.measured}"


def targets(speeds: Speeds, starts: Mapping[str, Series]) -> list[Target]:
    """The project's promises about speed, held against the largest size that was measured."""
    size = max(speeds, default=0)
    at_size = speeds.get(size, {})

    def least(tool: str, phase: str) -> float | None:
        return at_size[tool][phase].least_cpu_s() if tool in at_size and phase in at_size[tool] else None

    ninja, noop, changed = least("ninja", NOOP), least("soundgraph", NOOP), least("soundgraph", CHANGED)
    start, imports, help_s = (starts[name].least_cpu_s() for name in (_START, _IMPORTS, _HELP))
    plans = [least("soundgraph", phase) for phase in (PLAN_BUILT, PLAN_NEW)]
    nodes = f"{size * NODES_PER_SCENE:,} nodes"

    return [
        _target(
            f"no-op build at {nodes}: at most 0.5 × ninja's CPU time",
            [noop, ninja],
            lambda a, b: (f"{a / b:.2f} × ({_ms(a)} against {_ms(b)} ms)", a <= 0.5 * b),
        ),
        _target(
            f"one prompt changed at {nodes}, beyond what the imports cost: at most 2 × ninja's no-op",
            [changed, imports, ninja],
            lambda a, b, c: (f"{(a - b) / c:.2f} × ({_ms(a)} − {_ms(b)} against {_ms(c)} ms)", a - b <= 2 * c),
        ),
        _target(
            f"`soundgraph plan` from cold at {nodes}: under 5 s of CPU time",
            plans,
            lambda a, b: (f"{a:.2f} s with a full cache, {b:.2f} s with an empty one", max(a, b) < 5),
        ),
        _target(
            "`soundgraph --help`: under 3 × `python -c pass`",
            [help_s, start],
            lambda a, b: (f"{a / b:.2f} × ({_ms(a)} against {_ms(b)} ms)", a < 3 * b),
        ),
    ]


def _target(promise: str, values: Sequence[float | None], judge) -> Target:  # type: ignore[no-untyped-def]
    if any(value is None for value in values):
        return Target(promise, "–", None)
    measured, met = judge(*values)
    return Target(promise, measured, met)


def markdown(
    facts: Mapping[str, str],
    tools: Sequence[Tool],
    unavailable: Mapping[str, str],
    speeds: Speeds,
    starts: Mapping[str, Series],
    answers: Mapping[str, Mapping[str, Answer]],
) -> str:
    """Everything between the markers of the page. CPU times are the least of the repetitions, the median behind it."""
    parts = ["\n".join(f"- {name}: {value}" for name, value in facts.items())]
    if unavailable:
        parts.append("\n".join(f"- {name} could not be measured: {why}" for name, why in unavailable.items()))
    if starts:
        parts.append("## Targets\n\n" + _table(["Target", "Measured", ""], _target_rows(targets(speeds, starts))))
    for phase, title in (
        (NOOP, "No-op build, CPU ms"),
        (CHANGED, "One prompt changed, CPU ms"),
        (FIRST, "First build, CPU s"),
    ):
        if speeds:
            parts.append(f"## {title}\n\n" + _speed_table(phase, tools, speeds))
    if speeds:
        parts.append("## Peak memory of a no-op build, MiB\n\n" + _memory_table(tools, speeds))
    plan_rows = [
        [f"`soundgraph {phase}`, {size * NODES_PER_SCENE:,} nodes", *_start_cells(series[phase])]
        for size, by_tool in speeds.items()
        for series in [by_tool.get("soundgraph", {})]
        for phase in (PLAN_BUILT, PLAN_NEW)
        if phase in series
    ]
    start_rows = [[f"`{name}`", *_start_cells(series)] for name, series in starts.items()]
    if start_rows or plan_rows:
        header = ["Process", "CPU ms", "Peak MiB"]
        parts.append("## Starting, importing, planning\n\n" + _table(header, start_rows + plan_rows))
    if answers:
        parts.append("## The same questions\n\n" + _question_table(tools, answers))
    return "\n\n".join(parts)


def _speed_table(phase: str, tools: Sequence[Tool], speeds: Speeds) -> str:
    header = ["", *(f"{size * NODES_PER_SCENE:,} nodes" for size in speeds)]
    rows = []
    for tool in tools:
        cells = []
        for by_tool in speeds.values():
            series = by_tool[tool.name]
            one, adopted = series[phase], bool(series[ADOPT].costs)
            if not one.costs:
                cells.append(one.trouble or ("–" if phase != FIRST else "not run"))
            elif phase == FIRST:
                cells.append(f"{one.least_cpu_s():.2f}")
            else:
                cells.append(f"{_ms(one.least_cpu_s())} ({_ms(one.median_cpu_s())}){' ¹' if adopted else ''}")
        rows.append([tool.label, *cells])
    return _table(header, rows)


def _memory_table(tools: Sequence[Tool], speeds: Speeds) -> str:
    header = ["", *(f"{size * NODES_PER_SCENE:,} nodes" for size in speeds)]
    rows = [[tool.label, *(_mib(by_tool[tool.name][NOOP]) for by_tool in speeds.values())] for tool in tools]
    return _table(header, rows)


def _question_table(tools: Sequence[Tool], answers: Mapping[str, Mapping[str, Answer]]) -> str:
    asked = [tool for tool in tools if tool.name in answers]
    questions = list(answers[asked[0].name]) if asked else []
    rows = [
        [
            tool.label,
            *(f"{'yes' if answer.good else '**no**'}: {answer.detail}" for answer in answers[tool.name].values()),
        ]
        for tool in asked
    ]
    settings = "\n".join(f"- {tool.label}: {tool.setting}." for tool in asked)
    return _table(["", *questions], rows) + "\n\nHow each was set up for this:\n\n" + settings


def _target_rows(found: Sequence[Target]) -> list[list[str]]:
    return [
        [
            target.promise,
            target.measured,
            "not measured" if target.met is None else "met" if target.met else "**missed**",
        ]
        for target in found
    ]


def _start_cells(series: Series) -> list[str]:
    if not series.costs:
        return [series.trouble or "–", "–"]
    return [f"{_ms(series.least_cpu_s())} ({_ms(series.median_cpu_s())})", _mib(series)]


def _mib(series: Series) -> str:
    peak = series.peak_mib()
    # The launcher's own size: see launcher.py.
    return "–" if peak is None else "≤ 9" if peak < 9 else f"{peak:.0f}"


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{1000 * seconds:.1f}" if seconds < 0.1 else f"{1000 * seconds:,.0f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
