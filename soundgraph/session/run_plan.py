"""Runs what a session's plan says has to run, delivers the files, and keeps the state."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from soundgraph.core import stopping, toml_document
from soundgraph.core.errors import NodeError, SceneError, StoreError, UnwritableError
from soundgraph.core.events import ExportDone, Listener, Remark, UntilBroken
from soundgraph.core.files import STATE_FOLDER
from soundgraph.core.interrupts import Signals
from soundgraph.core.stopping import Stop, StoppedError
from soundgraph.core.tracing import Tally
from soundgraph.delivery import engine_manifests, ownership
from soundgraph.execution import builder
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.execution.outcome import Outcome, RunOptions, Site
from soundgraph.planning import pins
from soundgraph.planning.planner import Plan
from soundgraph.project import git_commit, lockfile
from soundgraph.session import cache_state, delivered_files, history, refusals
from soundgraph.session.session import Session

_TOLD = 10
"""How many damaged things of the cache are named; of the others it is said how many they are."""


class Current(NamedTuple):
    """How much of what is asked for was found to be current without looking at it."""

    scenes: int = 0
    nodes: int = 0
    files: int = 0


def run(
    session: Session,
    options: RunOptions,
    listener: Listener,
    current: Current = Current(),  # noqa: B008 - it never changes
    *,
    models: LoadedModels | None = None,
    trace: Tally | None = None,
    stop: Stop | None = None,
) -> Outcome:
    """Raises SceneError, before anything runs, for models that cannot be had or are not allowed; StoppedError where it
    is stopped before it has a plan. Later, what is finished is kept, and the outcome says that it was interrupted.

    current: what else is asked for and known to be current; for the summary. models: those that stay loaded when
    this is over. trace: is told what takes how long, and was made when the build began.
    """
    refusals.check_folders(session)
    refusals.check_ownership(session, options.overwrite)
    own = Stop()  # who has made the other one may use it for more than this build
    signals = Signals(own)
    told = UntilBroken(listener, own.request)
    try:
        with contextlib.ExitStack() as leases, (stop or Stop()).heard_by(own.request):
            outcome = _run(session, options, told, current, models, trace or Tally(), leases, own, signals)
    except StoppedError:
        if told.error is not None:
            raise told.error from None
        raise
    finally:
        signals.give_back()
    if told.error is not None:
        raise told.error
    return outcome


def _run(
    session: Session,
    options: RunOptions,
    listener: UntilBroken,
    current: Current,
    models: LoadedModels | None,
    trace: Tally,
    leases: contextlib.ExitStack,
    stop: Stop,
    signals: Signals,
) -> Outcome:
    """leases: will hold what keeps a collection from taking from the cache what this build uses.

    signals: taken once there is a plan, and until the state is kept: what was made, and delivered, is remembered.
    """
    store = session.store
    leases.enter_context(store.coordination.running())
    was_there = store.is_there
    told: set[str] = set()

    def plan_again(lost: frozenset[str], force: bool) -> Plan:
        # Once something was made or delivered, that has to be written down, whoever keeps the cache meanwhile.
        with stopping.heeding(None if lost else stop), trace.span("plan", "plan"), store.coordination.gate():
            stopping.refuse_to_begin()
            plan = session.plan(force=force, lost=lost)
            _tell_of_damage(session, listener)
            if mistakes := refusals.before_running(session, plan):
                raise SceneError(mistakes)
            records = [decision.record for decision in plan.decisions.values()]
            store.coordination.use([record.key for record in records if record is not None])
        _tell_of_pins(session, plan, listener, told, force)
        session.ledger.claim(ownership.claims(session.jobs, session.handovers))
        if plan.to_run():
            try:
                store.prepare()
            except UnwritableError as error:
                way_out = "build --keep-nothing delivers the files, and keeps no results"
                raise UnwritableError(f"{error}; {way_out}") from error
            if not was_there:
                leases.enter_context(store.coordination.running())
        cache_state.register(session)
        signals.take()
        return plan

    site = _site(session, models, trace, stop)
    try:
        outcome = builder.build(plan_again, session.jobs, options, site, listener)
        _tell_of_pins(session, _as_built(outcome), listener, told)
        with trace.span("handover", "manifests"):
            _deliver_manifests(session, outcome, listener)
        _keep_state(session, outcome, listener, trace)
    finally:
        _tell_of_damage(session, listener)
        store.close()
    if build := history.of_build(outcome, options, trace, draft=session.draft, current=current.nodes):
        with contextlib.suppress(OSError):  # a tree that cannot be written to has no history
            history.add(session.root, build)
    summary = outcome.summary()
    counts = {"hits": summary.hits + current.nodes, "exports": summary.exports + current.files}
    listener(replace(summary, scenes=len(session.scenes) + current.scenes, **counts))
    outcome.interrupted = outcome.interrupted or stop.is_requested()  # after the last node
    return outcome


def _site(session: Session, models: LoadedModels | None, trace: Tally, stop: Stop) -> Site:
    own = (session.project.output_dir, session.project.cache_dir, session.root / STATE_FOLDER)
    return Site(
        root=session.root,
        sources=session.project.sources,
        store=session.store,
        known=session.ledger.entries,
        note=session.note,
        ask=git_commit.asker(session.root, own, overridden=session.overridden),
        checks=session.checks,
        locate=session.line_of,
        models=models,
        trace=trace,
        stop=stop,
    )


def _keep_state(session: Session, outcome: Outcome, listener: Listener, trace: Tally) -> None:
    """What the next build needs to know. Where it cannot be kept, that is told."""
    try:
        with trace.span("state", "ledger"):
            delivered_files.keep_ledger(session, outcome, listener)  # first: a full cache must not lose it
        with trace.span("state", "notes"):
            cache_state.keep_last_keys(session, outcome)
        cache_state.keep_reach(session, outcome)
        cache_state.tell_of_size(session, listener)
    except (StoreError, OSError) as error:  # the files and results are there; only what is known of them is not
        listener(Remark("state", f"cannot be kept: {_why_unkept(session, error)}"))


def _why_unkept(session: Session, error: Exception) -> str:
    """In one line, with the way out where one is known."""
    if not isinstance(error, OSError):
        return str(error)
    folder = session.root / STATE_FOLDER
    if folder.exists() and not folder.is_dir():
        return f"{STATE_FOLDER} is a file, and has to be a folder: remove it"
    place = toml_document.display(Path(error.filename), session.root) if isinstance(error.filename, str) else ""
    return f"{place}: {error.strerror}" if place else str(error.strerror or error)


def _tell_of_damage(session: Session, listener: Listener) -> None:
    damage = session.store.damage()
    for line in damage[:_TOLD]:
        listener(Remark("cache", line))
    if (more := len(damage) - _TOLD) > 0:
        listener(Remark("cache", f"and {more:,} more; soundgraph cache verify finds all damage"))


def _tell_of_pins(session: Session, plan: Plan, listener: Listener, told: set[str], force: bool = False) -> None:
    """Remarks on the nodes that leave their pins, once on each, and on those that --force leaves alone."""
    for name, changes in session.left_pins(plan).items():
        if name not in told:
            told.add(name)
            listener(Remark(name, pins.leaving(changes)))
    if force and (held := [name for name, decision in plan.decisions.items() if decision.pin is not None]):
        takes = "1 pinned take is" if len(held) == 1 else f"{len(held):,} pinned takes are"
        what = f"{takes} not made again; soundgraph pin --remove TARGET gives up what it pins"
        listener(Remark(lockfile.LOCK_FILE, what))


def _deliver_manifests(session: Session, outcome: Outcome, listener: Listener) -> None:
    """Delivers the manifests whose files are all there."""
    for manifest in session.handovers:
        if outcome.interrupted or any(job.owner not in outcome.deliveries for job in manifest.jobs):
            continue
        try:
            files = engine_manifests.deliver(
                manifest,
                outcome.deliveries,
                outcome.drafts,
                outcome.records,
                session.ledger.entries,
                session.root,
            )
        except (NodeError, OSError) as error:
            outcome.failures[manifest.owner] = str(error)
            listener(ExportDone(f"{manifest.folder}/{manifest.manifest.path}", "failed", {"detail": str(error)}))
            continue
        outcome.handed[manifest.owner] = files
        for entry, status in files:
            listener(ExportDone(entry.path, status, {"engine": manifest.manifest.engine}))


def _as_built(outcome: Outcome) -> Plan:
    """The plan with what is known after it of nodes that were MAYBE: only then is it known whether they leave pins."""
    if not outcome.plan.pins:
        return outcome.plan
    decisions = {
        name: replace(decision, key=outcome.records[name].key, record=outcome.records[name])
        if name in outcome.records
        else decision
        for name, decision in outcome.plan.decisions.items()
    }
    return replace(outcome.plan, decisions=decisions)
