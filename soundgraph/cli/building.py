"""The part of `build` that runs when there is something to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from soundgraph import builder, fetching, noop, session, stamp, stamping
from soundgraph.builder import Outcome
from soundgraph.cli import common, idle, terminal
from soundgraph.cli.build import Options
from soundgraph.errors import (
    EXIT_INTERRUPTED,
    EXIT_NODE_FAILED,
    EXIT_OK,
    SceneError,
)
from soundgraph.session import Idle
from soundgraph.stamp import SceneStamp, Stamps
from soundgraph.targets import Wanted
from soundgraph.tracing import Recorder, Tally


def run(
    options: argparse.Namespace | Options,
    root: str,
    wanted: Sequence[Wanted],
    clean: Mapping[str, SceneStamp],
    config: str,
    stamps: Stamps | None,
    recorder: Recorder | None = None,
) -> int:
    """wanted: the scenes to look at. clean: those that are asked for and known to be as they were left.

    recorder: of --trace.
    """
    trace = recorder or Tally()
    try:
        moment = stamp.read_clock(root)
    except OSError:
        moment = None  # nothing can be written there: no state is kept, and the next build looks at everything again
    with trace.span("scenes", common.n(len(wanted), "scene")):
        opened = session.open_session(
            Path(root), wanted, overrides=options.define, draft=options.draft, require=options.policy
        )
    if options.release and (mistakes := opened.mistakes_of_release()):
        raise SceneError(mistakes)
    if options.json:
        idle.print_events(clean, root)
    jobs = options.jobs or opened.project.build.workers or common.processors()
    progress = terminal.choose(options.json, sys.stdout)
    common.release_collector()
    with progress:
        how = builder.Options(
            jobs,
            options.keep_going,
            options.force,
            options.device,
            options.memory_budget or opened.project.memory_budget_bytes,
        )
        with trace.span("fetch", "weights"):
            opened = fetching.fetched(opened, progress, how)
        outcome = opened.build(how, progress, Idle(len(clean), *noop.counts(clean)), trace=trace)
    if recorder is not None:
        recorder.edges = outcome.plan.graph.edges
    if moment is not None:
        with trace.span("state", "stamps"):
            common.save_stamps(stamping.stamps_of(opened, outcome, stamps, moment), config)
    return _exit_code(outcome)


def _exit_code(outcome: Outcome) -> int:
    if outcome.interrupted:
        print("interrupted; what was finished is kept", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_NODE_FAILED if outcome.failures else EXIT_OK
