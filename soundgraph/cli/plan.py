"""Show what a build would run, in which order models are loaded, and why each node runs.

A plan is a forecast: a node that is "maybe" has an input which has yet to run, and is left alone if that comes out as
it was.
"""

from __future__ import annotations

import argparse
import json

from soundgraph.cli import common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_scene_arguments(parser)
    common.add_json_argument(parser)
    parser.add_argument("--check", action="store_true", help="exit with 3 if there is anything to run")
    parser.add_argument("--force", action="store_true", help="plan as build --force would")
    parser.add_argument("-a", "--all", action="store_true", help="list the nodes that are up to date too")


def run(options: argparse.Namespace) -> int:
    from soundgraph import schedule
    from soundgraph.errors import EXIT_OK, EXIT_WORK_TO_DO
    from soundgraph.planner import Status

    session = common.open_session(options)
    plan = session.plan(force=options.force)
    to_run = plan.to_run()
    groups = schedule.groups(plan)
    missing = session.mistakes_of_models(plan)
    listed = list(plan.decisions) if options.all or options.json else to_run
    reasons = session.reasons(plan, listed)
    hits, misses, maybes = (plan.count(status) for status in (Status.HIT, Status.MISS, Status.MAYBE))
    if options.json:
        for reason in reasons:
            facts = {"node": reason.node, "status": reason.status.value, "reason": reason.reason, "why": str(reason)}
            _print(event="node", **facts, key=plan.decisions[reason.node].key)
        for group in groups:
            _print(event="load", model=group.model.id, draft=group.model.draft, nodes=list(group.nodes))
        for mistake in missing:
            _print(event="missing", file=mistake.file, line=mistake.line, where=mistake.where, what=mistake.what)
        _print(event="summary", nodes=len(plan.decisions), hits=hits, misses=misses, maybes=maybes, loads=len(groups))
    else:
        width = max((len(reason.node) for reason in reasons), default=0)
        for reason in reasons:
            print(f"{reason.node:<{width}}  {reason.status.value:<5}  {reason}")
        for place, group in enumerate(groups, 1):
            draft = " (draft)" if group.model.draft else ""
            print(f"load {place}: {group.model.id}{draft} for {common.n(len(group.nodes), 'node')}")
        for model in dict.fromkeys(mistake.what for mistake in missing):
            print(f"cannot run here: {model}; build --draft renders stand-ins")
        runs = f"{misses:,} to run, {maybes:,} maybe" if to_run else "nothing to run"
        loads = f", {'at most ' if maybes else ''}{common.n(len(groups), 'model load')}" if groups else ""
        print(f"{common.n(len(plan.decisions), 'node')}: {runs}, {hits:,} from cache{loads}")
    return EXIT_WORK_TO_DO if options.check and to_run else EXIT_OK


def _print(**event: object) -> None:
    print(json.dumps(event, ensure_ascii=False))
