"""The benchmark's command line: measure, judge, and write the page."""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench import peers, questions, report, speed

_REPOSITORY = Path(__file__).resolve().parents[2]


def main(argv: Sequence[str]) -> int:
    """Run what was asked for. Exit code 0 when no target was missed, 1 when one was, 2 for a wrong call."""
    arguments = _parser().parse_args(argv)
    known = {tool.name: tool for tool in peers.tools()}
    names = arguments.tools.split(",") if arguments.tools else list(known)
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"unknown tool: {', '.join(unknown)}; known are {', '.join(known)}", file=sys.stderr)
        return 2
    page = Path(arguments.out)
    text = page.read_text() if page.exists() else ""
    if report.BEGIN not in text or report.END not in text:
        print(f"{page}: has no lines {report.BEGIN} and {report.END} to write between", file=sys.stderr)
        return 2
    started = time.monotonic()
    scratch = Path(arguments.scratch).resolve()
    scratch.mkdir(parents=True, exist_ok=True)

    ready, unavailable = [], {}
    for name in names:
        print(f"setting up {known[name].label}", file=sys.stderr, flush=True)
        try:
            known[name].install(scratch)
            ready.append(known[name])
        except peers.UnavailableError as why:
            unavailable[known[name].label] = str(why)

    starts, speeds, answers = {}, {}, {}
    limits = speed.Limits(arguments.repetitions, arguments.limit_s, arguments.budget_s)
    if "speed" in arguments.parts:
        starts = speed.baselines(scratch, 15)
        speeds = speed.compare(ready, arguments.scenes, scratch, limits)
    if "questions" in arguments.parts:
        for tool in ready:
            print(f"asking {tool.label}", file=sys.stderr, flush=True)
            answers[tool.name] = questions.ask(tool, scratch)

    took_min = (time.monotonic() - started) / 60
    versions = ", ".join(f"{tool.label} {tool.version()}" for tool in ready)
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{cpu()}, Python {platform.python_version()}, {platform.system()}",
        "versions": versions,
        "command": f"`python -m tests.bench {shlex.join(argv)}`".replace(" `", "`"),
        "limits": f"{limits.command_s:.0f} s a command; up to {limits.repetitions} repetitions, "
        f"as many as start within {limits.budget_s:.0f} s; the run took {took_min:.0f} minutes",
    }
    text = report.markdown(facts, ready, unavailable, speeds, starts, answers)
    _write_between(page, text)
    _write_raw(Path(arguments.raw), facts, unavailable, speeds, starts, answers)
    verdicts = report.targets(speeds, starts) if starts else []
    for verdict in verdicts:
        print(verdict)
    return 1 if any(verdict.met is False for verdict in verdicts) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Compare soundgraph with other build systems on the same graphs. Run it from the environment that "
        "soundgraph is installed in, on a machine with nothing else to do.",
    )
    parser.add_argument(
        "--scenes",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[10, 100, 1000],
        metavar="S,S,…",
        help="sizes, in scenes of 19 nodes (default 10,100,1000)",
    )
    parser.add_argument("--tools", metavar="NAME,…", help=f"default: {','.join(tool.name for tool in peers.tools())}")
    parser.add_argument(
        "--parts",
        type=lambda text: text.split(","),
        default=["speed", "questions"],
        help="what to do: speed,questions (default both)",
    )
    parser.add_argument("--repetitions", type=int, default=7, help="of all but first builds (default 7)")
    parser.add_argument(
        "--limit-s", type=float, default=120.0, help="a command that takes longer is stopped (default 120)"
    )
    parser.add_argument(
        "--budget-s", type=float, default=20.0, help="time after which a tool is not repeated (default 20)"
    )
    parser.add_argument(
        "--scratch",
        default=str(Path(tempfile.gettempdir()) / "soundgraph-bench"),
        help="where environments and projects go; environments are kept for the next run (default: %(default)s)",
    )
    parser.add_argument("--out", default=str(_REPOSITORY / "docs" / "benchmarks.md"), help="the page to write into")
    parser.add_argument("--raw", default=str(Path(__file__).parent / "results" / "latest.json"), help="raw figures")
    return parser


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{models[0]}, {len(models)} cores" if models else platform.machine()


def _write_between(page: Path, text: str) -> None:
    before, rest = page.read_text().split(report.BEGIN, 1)
    after = rest.split(report.END, 1)[1]
    page.write_text(f"{before}{report.BEGIN}\n{text}\n{report.END}{after}")


def _write_raw(
    path: Path,
    facts: Mapping[str, str],
    unavailable: Mapping[str, str],
    speeds: report.Speeds,
    starts: Mapping[str, speed.Series],
    answers: Mapping[str, Mapping[str, questions.Answer]],
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = {
        "facts": facts,
        "unavailable": unavailable,
        "speed": {
            size: {
                tool: {phase: figures(series) for phase, series in phases.items()} for tool, phases in by_tool.items()
            }
            for size, by_tool in speeds.items()
        },
        "starts": {name: figures(series) for name, series in starts.items()},
        "questions": {
            tool: {name: asdict(answer) for name, answer in found.items()} for tool, found in answers.items()
        },
    }
    path.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")


def figures(series: speed.Series) -> dict[str, object]:
    return {
        "cpu_s": [round(cost.cpu_s, 4) for cost in series.costs],
        "wall_s": [round(cost.wall_s, 3) for cost in series.costs],
        "peak_mib": round(series.peak_mib() or 0, 1),
        "trouble": series.trouble,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
