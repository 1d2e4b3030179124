"""The part of `build` that runs when there is something to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from soundgraph import noop, session, stamp
from soundgraph.builder import Options, Outcome
from soundgraph.cli import common, terminal
from soundgraph.errors import (
    EXIT_INTERRUPTED,
    EXIT_NODE_FAILED,
    EXIT_OK,
    SceneError,
)
from soundgraph.stamp import Stamps
from soundgraph.targets import Wanted


def run(options: argparse.Namespace, root: str, wanted: Sequence[Wanted], config: str, stamps: Stamps | None) -> int:
    try:
        moment = stamp.read_clock(root)
    except OSError:
        moment = None  # nothing can be written there: no state is kept, and the next build looks at everything again
    # An override may match in one scene only: with overrides all scenes are read.
    clean = noop.clean_scenes(stamps, wanted) if stamps and not options.force and not options.define else {}
    dirty = [scene for scene in wanted if scene.id not in clean]
    opened = session.open_session(Path(root), dirty, overrides=options.define, draft=options.draft)
    if options.release and (mistakes := opened.mistakes_of_release()):
        raise SceneError(mistakes)
    jobs = options.jobs or opened.project.build.workers or common.processors()
    progress = terminal.choose(options.json, sys.stdout)
    with progress:
        outcome = opened.build(Options(jobs, options.keep_going, options.force), progress)
    if moment is not None:
        stamp.save(opened.stamps(outcome, stamps, moment), config)
    return _exit_code(outcome)


def _exit_code(outcome: Outcome) -> int:
    if outcome.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_NODE_FAILED if outcome.failures else EXIT_OK
