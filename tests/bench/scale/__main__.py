"""The benchmark's command line: measure, judge, write the page and its plot."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import peers
from tests.bench.__main__ import cpu, figures
from tests.bench.peers import Soundgraph
from tests.bench.scale import growing, report, shapes
from tests.bench.speed import Limits

_REPOSITORY = Path(__file__).resolve().parents[3]
_QUICK = 0.04


def main(argv: Sequence[str]) -> int:
    """Exit code 0 when no target was missed, 1 when one was, 2 for a wrong call."""
    arguments = _parser().parse_args(argv)
    kept, page, picture = Path(arguments.raw), Path(arguments.out), Path(arguments.plot)
    run = json.loads(kept.read_text()) if arguments.page else _measure(arguments, argv)
    if not arguments.page:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    try:
        text = report.page(page.read_text(), run)
    except (OSError, ValueError) as error:
        print(f"{page}: {error}", file=sys.stderr)
        return 2
    page.write_text(text)
    picture.write_text(report.picture(run))
    judged = report.verdicts(run)
    for told, met in judged:
        print(f"{'met' if met else 'missed'}: {told}")
    return 0 if all(met for _, met in judged) else 1


def _measure(arguments: argparse.Namespace, argv: Sequence[str]) -> dict[str, Any]:
    started = time.monotonic()
    scratch = Path(arguments.scratch).resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    tools = []
    for tool in peers.tools():
        if tool.name == "soundgraph" or tool.name in report.PEERS:
            try:
                tool.install(scratch)
                tools.append(tool)
            except peers.UnavailableError as why:
                print(f"{tool.label}: {why}", file=sys.stderr)
    ours = next(tool for tool in tools if isinstance(tool, Soundgraph))
    share = _QUICK if arguments.quick else 1.0
    found_shapes = shapes.verbs(ours, scratch, share)
    found_memory = shapes.memory(ours, scratch, share)
    growth: dict[str, Any] = {}
    for count in [2, 5] if arguments.quick else arguments.scenes:
        found = growing.measure(tools, count, scratch, Limits(arguments.repetitions, 3600, arguments.budget_s))
        growth[str(count)] = {
            tool: {phase: figures(series) for phase, series in phases.items()} for tool, phases in found.items()
        }
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{cpu()}, {sys.platform}",
        "versions": ", ".join(f"{tool.label} {tool.version()}" for tool in tools),
        "command": f"`python -m tests.bench.scale {shlex.join(argv)}`".replace(" `", "`"),
        "limits": f"up to {arguments.repetitions} repetitions, as many as start within {arguments.budget_s:.0f} s; "
        f"the run took {(time.monotonic() - started) / 60:.0f} minutes",
    }
    return {"facts": facts, "growth": growth, "shapes": found_shapes, "memory": found_memory}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.scale",
        description="Measure soundgraph, ninja and make as a project grows, and scenes of an unusual shape. Wants a "
        "quiet machine, 15 GB of disk, and about 25 minutes.",
    )
    parser.add_argument(
        "--scenes",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[100, 1000, 10000],
        metavar="S,S,…",
        help="sizes, in scenes of 19 nodes (default 100,1000,10000)",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that all of it runs")
    parser.add_argument("--page", action="store_true", help="measure nothing: write the page from the raw figures")
    parser.add_argument("--repetitions", type=int, default=5, help="of all but first builds (default 5)")
    parser.add_argument("--budget-s", type=float, default=20.0, help="time after which one thing is not repeated")
    parser.add_argument(
        "--scratch",
        default=str(Path(tempfile.gettempdir()) / "soundgraph-bench-scale"),
        help="where projects go; removed as they are done with (default: %(default)s)",
    )
    parser.add_argument("--out", default=str(_REPOSITORY / "docs" / "benchmarks.md"), help="the page to write into")
    parser.add_argument("--plot", default=str(_REPOSITORY / "docs" / "images" / "growth.svg"), help="the plot")
    parser.add_argument("--raw", default=str(Path(__file__).parent / "results" / "latest.json"), help="raw figures")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
