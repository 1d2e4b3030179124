"""The part of `build` that runs when there is something to do."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from soundgraph import cli
from soundgraph.cli import shared_arguments, up_to_date_output
from soundgraph.cli.terminal import plain_lines
from soundgraph.core import interrupts, path_names
from soundgraph.core.errors import EXIT_INTERRUPTED, EXIT_NODE_FAILED, EXIT_OK, SceneError, UsageError
from soundgraph.core.events import Remark
from soundgraph.core.files import read_clock
from soundgraph.core.tracing import Recorder, Tally
from soundgraph.execution import builder
from soundgraph.execution.builder import Outcome
from soundgraph.execution.loaded_models import Residents
from soundgraph.project import up_to_date
from soundgraph.project.build_request import BuildRequest, Options
from soundgraph.session import fetch_weights, opening, refusals, run_plan, write_stamps
from soundgraph.session.run_plan import Current
from soundgraph.session.session import Session


class Keeper(Protocol):
    """Whoever builds again and again in one process."""

    def read(self, opened: Session, moment: int | None) -> None:
        """Scenes were read; nothing that takes long has begun. moment: of `files.read_clock`, before the first was."""

    def residents(self, opened: Session) -> Residents:
        """The models that are loaded, and stay so."""


def run(
    options: argparse.Namespace | Options,
    asked: BuildRequest,
    recorder: Recorder | None = None,
    keeper: Keeper | None = None,
) -> int:
    """recorder: of --trace. keeper: whoever will build again in this process."""
    root, wanted, clean = asked.root, asked.dirty(), asked.clean
    trace = recorder or Tally()
    try:
        moment = read_clock(root)
    except OSError:
        moment = None  # nothing can be written there: no state is kept, and the next build looks at everything again
    with trace.span("scenes", shared_arguments.n(len(wanted), "scene")):
        opened = opening.open_session(
            Path(root), wanted, overrides=options.define, draft=options.draft, require=options.policy
        )
    interrupts.check()
    if keeper is not None:
        keeper.read(opened, moment)
    rules = None
    if options.depfile is not None:
        from soundgraph.cli import build_files
        from soundgraph.project import depfile

        rules = build_files.rules(asked, opened)
        depfile.check(options.depfile, rules, root)
        _refuse_delivered(options.depfile, opened)
    if options.since is not None:
        from soundgraph.session import diffing

        opened = diffing.since(opened, options.since)
    if options.release and (mistakes := refusals.of_release(opened)):
        raise SceneError(mistakes)
    if options.json:
        up_to_date_output.print_events(clean, root)
    jobs = options.jobs or opened.project.build.workers or shared_arguments.processors()
    listener = plain_lines.choose(options.json, sys.stdout)
    shared_arguments.release_collector()
    with listener:
        how = builder.Options(
            jobs,
            options.keep_going,
            options.force,
            options.device,
            options.memory_budget or opened.project.memory_budget_bytes,
            options.overwrite,
        )
        if options.since is not None:
            left_out = f"{shared_arguments.n(len(opened.left_out), 'export')} left out, {len(opened.jobs):,} to look at"
            listener(Remark(f"since {options.since}", left_out))
        with trace.span("fetch", "weights"):
            opened = replace(fetch_weights.fetched(opened, listener, how), keeps=not options.keep_nothing)
        residents = keeper.residents(opened) if keeper is not None else None
        idle_part = Current(len(clean), *up_to_date.counts(clean))
        outcome = run_plan.run(opened, how, listener, idle_part, residents=residents, trace=trace)
    if recorder is not None:
        recorder.edges = outcome.plan.graph.edges
    if moment is not None:
        with trace.span("state", "stamps"):
            shared_arguments.save_stamps(write_stamps.stamps_of(opened, outcome, asked.stamps, moment), asked.config)
    code = _exit_code(outcome)
    if options.depfile is not None and rules is not None and code == EXIT_OK:
        from soundgraph.project import depfile

        depfile.write(options.depfile, rules, root)
    return code


def _refuse_delivered(depfile: str, opened: Session) -> None:
    """Raises UsageError for a depfile in the place of a file that this build delivers."""
    real = path_names.folded(os.path.realpath(depfile))
    for path in opened.delivers():
        if path_names.folded(os.path.realpath(opened.root / path)) == real:
            raise UsageError(f"cannot write the depfile {depfile}: a scene delivers that file")


def _exit_code(outcome: Outcome) -> int:
    if outcome.interrupted:
        cli.say("interrupted; what was finished is kept")
        return EXIT_INTERRUPTED
    return EXIT_NODE_FAILED if outcome.failures else EXIT_OK
