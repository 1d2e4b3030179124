"""Builds: passes over a plan, until nothing that it counts on turns out to be lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from soundgraph.core.errors import (
    SceneError,
    UnwritableError,
)
from soundgraph.core.events import (
    Listener,
    NodeDone,
    Queued,
)
from soundgraph.delivery.export_files import Job
from soundgraph.execution import lost_results
from soundgraph.execution.build_round import Round
from soundgraph.execution.outcome import Outcome, RunOptions, Site
from soundgraph.planning.planner import Plan

# A sound that was made again, and is lost again, so many times is given up: what keeps it is not to be trusted.
_MOST_LOSSES = 3
_LOST_AGAIN = f"its samples were gone from the cache, or damaged, {_MOST_LOSSES} times: the disk may be failing"

PlanAgain = Callable[[frozenset[str], bool], Plan]
"""Plans with a set of lost artifacts, and with --force or without."""


def build(plan_again: PlanAgain, jobs: Sequence[Job], options: RunOptions, site: Site, tell: Listener) -> Outcome:
    """Runs what the plan says has to run, and delivers `jobs`.

    An artifact that turns out to be missing or damaged ends the round: what is done is kept, the rest is planned again.
    A failing node fails the build, not the cache: everything finished before it, and beside it, is kept.
    A wish to stop does so at the next node or chunk; what is finished is kept, `interrupted` is set.
    """
    started = time.perf_counter()
    lost: frozenset[str] = frozenset()
    losses: Counter[str] = Counter()
    plan = plan_again(lost, options.force)
    outcome = Outcome(plan)
    tell(Queued(len(plan.decisions), len(plan.to_run())))
    while True:
        left = [job for job in jobs if job.owner not in outcome.deliveries]
        lost_now = Round(plan, left, options, site, tell, outcome).run()
        if not lost_now:
            break
        # By action: a take that is made again may be another one each time.
        made_by = {record.digest: record.key for record in outcome.records.values() if record.digest in lost_now}
        losses.update({made_by.get(digest, digest) for digest in lost_now})
        if again := {digest for digest in lost_now if losses[made_by.get(digest, digest)] >= _MOST_LOSSES}:
            lost_results.fail(outcome, again, lambda name: _LOST_AGAIN, tell)
            break
        # One that was lost earlier and has been made again is lost no more.
        lost = frozenset(digest for digest in lost | lost_now if not site.store.blobs.has(digest))
        try:
            plan = plan_again(lost, False)
        except SceneError as error:  # they cannot be made again here; what was made and delivered is to be remembered
            lost_results.fail(outcome, lost | lost_now, partial(lost_results.reason, plan, error.mistakes), tell)
            break
        except UnwritableError as error:  # nor can they be kept
            why = f"its samples are gone from the cache, and {error}"
            lost_results.fail(outcome, lost | lost_now, lambda name: why, tell)  # noqa: B023 - it is called here
            break
        outcome.plan = plan
        options = replace(options, force=False)  # what was made again is not made once more
    for name in plan.decisions:
        if name not in outcome.statuses:
            outcome.statuses[name] = "skipped"
            tell(NodeDone(name, "skipped"))
    outcome.seconds = time.perf_counter() - started
    return outcome
