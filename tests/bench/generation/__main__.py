"""The benchmark's command line: write the weights, measure, judge, and write the page."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.generation import checkpoints, compare, report, scene
from tests.bench.generation.compare import Plan
from tests.bench.generation.parties import OURS, STOCK, TRANSFORMERS
from tests.bench.generation.sizes import PROMPTS, SIZES

_REPOSITORY = Path(__file__).resolve().parents[3]
_PARTIES = {
    "cpu": (STOCK, TRANSFORMERS, "float32", "bfloat16", "int8"),
    "cuda": (STOCK, TRANSFORMERS, "float16"),
}
_BATCHES = {"cpu": (1, 4, 8), "cuda": (1, 2, 4, 8, 16, 32, 64)}
_SCENE = "scene"


def main(argv: Sequence[str]) -> int:
    """Run what was asked for. Exit code 0 when no target was missed, 1 when one was, 2 for a wrong call."""
    arguments = _parser().parse_args(argv)
    raw, page = Path(arguments.raw), Path(arguments.out)
    runs: dict[str, Any] = json.loads(raw.read_text()) if raw.exists() else {}
    try:
        text = report.page(page.read_text(), runs)
    except (OSError, ValueError) as error:
        print(f"{page}: {error}", file=sys.stderr)
        return 2
    if arguments.page:
        page.write_text(text)
        return 0
    names = arguments.only or [*_PARTIES[arguments.device], _SCENE]
    run = _measure(arguments, names, shlex.join(argv))
    runs[f"{arguments.device} {arguments.size}"] = run
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text(json.dumps(runs, indent=1, ensure_ascii=False) + "\n")
    page.write_text(report.page(page.read_text(), runs))
    verdicts = report.targets(run)
    for verdict in verdicts:
        print(verdict)
    return 1 if any(verdict.met is False for verdict in verdicts) else 0


def _measure(arguments: argparse.Namespace, names: Sequence[str], command: str) -> dict[str, Any]:
    device, size = arguments.device, arguments.size
    scratch = Path(arguments.scratch).resolve()
    root = scratch / "checkpoints"
    if not checkpoints.is_written(root, size):
        _say(f"writing random weights of {size}'s size")
        writer = [sys.executable, "-W", "ignore", "-m", "tests.bench.generation.checkpoints", str(root), size]
        subprocess.run(writer, cwd=_REPOSITORY, env={**os.environ, **checkpoints.environment(root)}, check=True)

    began_s = time.monotonic()
    plan = Plan(
        batches=arguments.batches or _BATCHES[device],
        contexts_s=(0.0, SIZES[size].seconds / 2) if arguments.contexts is None else arguments.contexts,
        rounds=arguments.rounds,
        steps=arguments.steps,
        warm_up=arguments.warm_up,
        lone_width=arguments.lone_width,
        grain=10 if device == "cuda" else 1,
    )
    parties = [name for name in names if name != _SCENE]
    later_s = len(PROMPTS) * arguments.seconds if _SCENE in names else 0.0
    found = compare.compare(parties, root, size, device, arguments.threads, plan, later_s)
    cost = scene.run(root, size, device, arguments.seconds, scratch) if _SCENE in names else None
    said = [found["stock"], *(party.get("versions", "") for party in found["parties"].values())]
    versions = [text for text in dict.fromkeys(said) if text]
    return {
        "size": size,
        "device": device,
        "facts": {
            "date": time.strftime("%Y-%m-%d"),
            "machine": found["machine"],
            "versions": ", ".join(versions),
            "command": f"`python -m tests.bench.generation {command}`".replace(" `", "`"),
            "limits": f"{plan.rounds} turns of {plan.steps} steps after {plan.warm_up}, {arguments.threads} threads; "
            f"the run took {(time.monotonic() - began_s) / 60:.0f} minutes",
        },
        "contexts_s": list(plan.contexts_s),
        "parties": found["parties"],
        "floor": found["floor"],
        "scene": cost,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.generation",
        description="Compare generating with stock audiocraft and with transformers, from random weights of published "
        "sizes. Run it on a machine with nothing else to do, and 16 GB of memory for musicgen-small.",
    )
    parser.add_argument("--size", choices=SIZES, default="musicgen-small", help="default: %(default)s")
    parser.add_argument("--device", choices=_PARTIES, default="cpu", help="default: %(default)s")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        metavar="NAME,…",
        help=f"what to measure, of {', '.join((STOCK, TRANSFORMERS, *OURS, _SCENE))} (default: all for the device)",
    )
    parser.add_argument("--batches", type=_numbers(int), metavar="N,N,…", help="default: 1,4,8; on a GPU 1 to 64")
    parser.add_argument(
        "--contexts", type=_numbers(float), metavar="S,S,…", help="seconds (default: 0 and half the longest piece)"
    )
    parser.add_argument("--rounds", type=int, default=4, help="turns of each party (default %(default)s)")
    parser.add_argument("--steps", type=int, default=4, help="steps of a turn (default %(default)s)")
    parser.add_argument("--warm-up", type=int, default=3, help="steps that are not counted (default %(default)s)")
    parser.add_argument(
        "--lone-width", type=int, default=8, help="batch width of a lone float32 take (default %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="of each of the twelve sounds (default %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: one for each core")
    parser.add_argument(
        "--scratch",
        default=str(Path(tempfile.gettempdir()) / "soundgraph-bench-generation"),
        help="where weights and projects go; weights are kept for the next run (default: %(default)s)",
    )
    parser.add_argument("--out", default=str(_REPOSITORY / "docs" / "benchmarks.md"), help="the page to write into")
    parser.add_argument("--raw", default=str(Path(__file__).parent / "results" / "latest.json"), help="raw figures")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page from the raw figures")
    return parser


def _numbers(kind: type) -> Any:
    return lambda text: tuple(kind(part) for part in text.split(","))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
