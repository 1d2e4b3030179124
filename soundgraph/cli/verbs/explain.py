"""Say why a node would run, or why not: the exact field that changed, with its old and new value."""

from __future__ import annotations

import argparse
import json

from soundgraph.cli import shared_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    session = shared_arguments.open_session(options)
    plan = session.plan()
    # One node that was asked for is told alone; a scene or an export with all it needs.
    exported = {job.node for job in session.jobs}
    alone = [name for name in session.wanted if name not in exported]
    names = alone if alone and not exported else list(plan.decisions)
    for reason in session.reasons(plan, names):
        if options.json:
            changes = [{"field": change.field, "old": change.old, "new": change.new} for change in reason.changes]
            print(
                json.dumps(
                    {
                        "event": "explain",
                        "node": reason.node,
                        "status": reason.status.value,
                        "reason": reason.reason,
                        "changes": changes,
                        "waits_for": list(reason.waits_for),
                        "note": reason.note,
                    },
                    ensure_ascii=False,
                )
            )
        else:
            print(f"{reason.node}  {reason.status.value}  {reason}")
    for file in session.to_write(plan):
        if options.json:
            print(json.dumps({"event": "export", "path": file.path, "status": "write", "why": file.why}))
        else:
            print(f"{file.path}  write  {file.why}")
    return 0
