"""Make results again and compare them with those in the cache, sample by sample.

Nothing is kept of it. A take may come out otherwise on another device or with other versions: the difference is told
in dB below the take. Exit code 1 if any result differs or cannot be made again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from soundgraph.cli import shared_arguments

if TYPE_CHECKING:
    from soundgraph.execution.reproduce import Verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    shared_arguments.add_device_argument(parser)
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from soundgraph.cli.terminal import choice
    from soundgraph.core import events
    from soundgraph.core.errors import EXIT_NODE_FAILED, EXIT_OK
    from soundgraph.execution import reproduce

    session = shared_arguments.open_session(options)
    plan = session.plan()
    shared_arguments.release_collector()
    with contextlib.ExitStack() as stack:
        shown = events.ignore if options.json else stack.enter_context(choice.choose(False, sys.stderr))
        listener = events.UntilBroken(shown, lambda: None)  # what is found is told on stdout
        verified = reproduce.verify(plan, session.store.blobs, session.project.sources, options.device, listener)
        verdicts = {verdict.node: verdict for verdict in verified}
    session.store.close()
    for name in plan.decisions:
        verdict = verdicts[name]
        print(
            json.dumps({"event": "verify", **_facts(verdict)}, ensure_ascii=False) if options.json else _line(verdict)
        )
    count = Counter(verdict.status for verdict in verdicts.values())
    if not options.json:
        known = ("identical", "differs", "failed", "unmade")
        print(", ".join(f"{count[status]} {status}" for status in known if count[status]) or "nothing to verify")
    return EXIT_NODE_FAILED if count["differs"] or count["failed"] else EXIT_OK


def _line(verdict: Verdict) -> str:
    words = [verdict.node, verdict.status]
    if verdict.difference_db is not None:
        words.append(f"by {verdict.difference_db:.1f} dB" if math.isfinite(verdict.difference_db) else "from silence")
    if verdict.detail:
        words.append(f"({verdict.detail})")
    return "  ".join(words)


def _facts(verdict: Verdict) -> dict[str, object]:
    facts = asdict(verdict)
    if verdict.difference_db is not None and not math.isfinite(verdict.difference_db):
        facts["difference_db"] = None  # JSON has no infinity
    return facts
