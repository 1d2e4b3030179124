"""Draw the graph of what is asked for, coloured by what a build would do and grouped by model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from soundgraph.cli import shared_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    parser.add_argument("-f", "--format", choices=("text", "mermaid", "dot", "svg"), help="default: by -o, else text")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write to FILE instead of standard output")


def run(options: argparse.Namespace) -> int:
    from soundgraph.core.errors import UsageError, one_of
    from soundgraph.planning import schedule
    from soundgraph.views import diagram

    session = shared_arguments.open_session(options)
    plan = session.plan()
    exports: dict[str, list[str]] = {}
    for job in session.jobs:
        exports.setdefault(job.node, []).extend(job.export.files())
    by_suffix = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid"}
    suffix = options.output.suffix if options.output else ""
    if suffix == ".toml" or (options.output and not options.format and suffix not in (".txt", *by_suffix)):
        known = one_of([".txt", *by_suffix])
        raise UsageError(f"cannot draw into {options.output}: its suffix is not {known}", "-f says what to draw")
    form = options.format or by_suffix.get(suffix, "text")
    steps = schedule.loads(plan, budget=session.project.memory_budget_bytes).steps
    if form == "text":
        text = diagram.text(plan, steps, exports, colour=not options.output and shared_arguments.coloured(sys.stdout))
    else:
        text = getattr(diagram, form)(plan, steps, exports)
    if options.output is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return 0
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {options.output}: {error.strerror}") from error
    return 0
