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
    common.add_policy_argument(parser)
    common.add_json_argument(parser)
    parser.add_argument("--check", action="store_true", help="exit with 3 if there is anything to run or to write")
    parser.add_argument("--force", action="store_true", help="plan as build --force would")
    parser.add_argument("-a", "--all", action="store_true", help="list the nodes that are up to date too")


def run(options: argparse.Namespace) -> int:
    from soundgraph import schedule
    from soundgraph.errors import EXIT_OK, EXIT_WORK_TO_DO, SceneError
    from soundgraph.planner import Status

    session = common.open_session(options)
    if refused := session.mistakes_of_policy():
        raise SceneError(refused)
    plan = session.plan(force=options.force)
    to_run, to_write = plan.to_run(), session.to_write(plan)
    groups = schedule.groups(plan)
    missing = session.mistakes_of_models(plan)
    current = not options.force and _is_current(options)
    listed = list(plan.decisions) if options.all or options.json else to_run
    reasons = session.reasons(plan, listed)
    hits, misses, maybes = (plan.count(status) for status in (Status.HIT, Status.MISS, Status.MAYBE))
    if options.json:
        for reason in reasons:
            facts = {"node": reason.node, "status": reason.status.value, "reason": reason.reason, "why": str(reason)}
            _print(event="node", **facts, key=plan.decisions[reason.node].key)
        for file in to_write:
            _print(event="export", path=file.path, status="write", why=file.why)
        for group in groups:
            _print(event="load", model=group.model.id, draft=group.model.draft, nodes=list(group.nodes))
        for mistake in missing:
            _print(event="missing", file=mistake.file, line=mistake.line, where=mistake.where, what=mistake.what)
        counts = {"nodes": len(plan.decisions), "hits": hits, "misses": misses, "maybes": maybes}
        _print(event="summary", **counts, loads=len(groups), exports=len(to_write), current=current)
    else:
        width = max(
            (len(name) for name in [reason.node for reason in reasons] + [file.path for file in to_write]), default=0
        )
        for reason in reasons:
            print(f"{reason.node:<{width}}  {reason.status.value:<5}  {reason}")
        for file in to_write:
            print(f"{file.path:<{width}}  write  {file.why}")
        for place, group in enumerate(groups, 1):
            draft = " (draft)" if group.model.draft else ""
            print(f"load {place}: {group.model.id}{draft} for {common.n(len(group.nodes), 'node')}")
        for model in dict.fromkeys(mistake.what for mistake in missing):
            print(f"cannot run here: {model}; build --draft renders stand-ins")
        if options.force:  # nothing is found again then, so each maybe runs
            misses, maybes = misses + maybes, 0
        runs = f"{misses:,} to run, {maybes:,} maybe" if to_run else "nothing to run"
        files = f", {common.n(len(to_write), 'file')} to write" if to_write else ""
        loads = f", {'at most ' if maybes else ''}{common.n(len(groups), 'model load')}" if groups else ""
        print(f"{common.n(len(plan.decisions), 'node')}: {runs}, {hits:,} from cache{files}{loads}")
        if current and to_run:
            print(
                "a build has nothing to do: the files are as it left them, though their sounds are gone from the cache"
            )
    return EXIT_WORK_TO_DO if options.check and (to_run or to_write) and not current else EXIT_OK


def _is_current(options: argparse.Namespace) -> bool:
    """Whether a build would look no further than at its stamps."""
    from soundgraph import noop, stamp, targets

    root = targets.project_root(options.targets)
    wanted = targets.select(root, options.targets)
    config = noop.config_of(
        draft=options.draft,
        release=False,
        overrides=options.define,
        targets=options.targets,
        policy=options.policy,
    )
    stamps = stamp.load(root, config)
    return stamps is not None and noop.is_complete(stamps, noop.clean_scenes(stamps, wanted), wanted, options.targets)


def _print(**event: object) -> None:
    print(json.dumps(event, ensure_ascii=False))
