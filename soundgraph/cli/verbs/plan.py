"""Show what a build would run, in which order models are loaded, and why each node runs.

A plan is a forecast: a node that is "maybe" has an input which has yet to run, and is left alone if that comes out as
it was.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass

from soundgraph.cli import shared_arguments
from soundgraph.core.text import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from soundgraph.backends import Device, Model
    from soundgraph.core.errors import Mistake
    from soundgraph.delivery.export_files import Outdated
    from soundgraph.planning.explaining import Past, Reason
    from soundgraph.planning.planner import Plan
    from soundgraph.planning.schedule import Schedule, Step
    from soundgraph.session.forecasting import Forecast
    from soundgraph.session.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    shared_arguments.add_policy_argument(parser)
    shared_arguments.add_load_arguments(parser)
    shared_arguments.add_json_argument(parser)
    parser.add_argument("--check", action="store_true", help="exit with 3 if there is anything to run or to write")
    parser.add_argument("--force", action="store_true", help="plan as build --force would")
    parser.add_argument(
        "-j", "--jobs", type=shared_arguments.count, metavar="N", help="forecast what build -j N would take"
    )
    parser.add_argument("-a", "--all", action="store_true", help="list the nodes that are up to date too")


@dataclass(frozen=True)
class _PlanReport:
    """All there is to say about a plan."""

    plan: Plan
    reasons: list[Reason]
    to_write: list[Outdated]
    schedule: Schedule
    downloads: list[Model]
    """The models that a build would fetch first."""
    missing: list[Mistake]
    absent: list[Mistake]
    """The pinned takes that a build would not go on without."""
    foreign: list[Mistake]
    """The files that a build would not write over."""
    forecast: Forecast
    current: bool
    """Whether a build would look no further than at its stamps."""
    options: argparse.Namespace
    budget: int | None


def run(options: argparse.Namespace) -> int:
    from soundgraph import backends
    from soundgraph.core.errors import EXIT_OK, EXIT_WORK_TO_DO, SceneError
    from soundgraph.planning import schedule
    from soundgraph.session import refusals

    session = shared_arguments.open_session(options)
    if refused := refusals.of_policy(session):
        raise SceneError(refused)
    plan = session.plan(force=options.force)
    budget = options.memory_budget or session.project.memory_budget_bytes
    loads = schedule.loads(plan, budget=budget, device=options.device)
    models = {step.model.id: step.model for step in loads.steps if not step.model.here}
    told = {*_open(plan), *session.left_pins(plan)}
    names = [name for name in plan.decisions if options.all or options.json or name in told]
    past, to_write = session.past(names), session.to_write(plan)
    report = _PlanReport(
        plan=plan,
        reasons=session.reasons(plan, names, past),
        to_write=to_write,
        schedule=loads,
        downloads=[model for model in models.values() if not backends.get(model.backend).missing(model)],
        missing=refusals.of_models(session, plan),
        absent=refusals.of_pins(session, plan),
        foreign=refusals.of_ownership(session),
        forecast=_forecast(session, plan, loads, past, to_write, options),
        current=not options.force and _is_current(options),
        options=options,
        budget=budget,
    )
    for line in _events(report) if options.json else _lines(report):
        print(line)
    work = bool(_open(plan) or report.to_write) and not report.current
    return EXIT_WORK_TO_DO if options.check and work else EXIT_OK


def _forecast(
    session: Session, plan: Plan, loads: Schedule, past: Past, to_write: list[Outdated], options: argparse.Namespace
) -> Forecast:
    from soundgraph.session import forecasting, history

    outdated = {file.path for file in to_write}
    files: dict[str, int] = {}
    for job in session.jobs:
        # What is made again only because it is asked to mostly comes out the same, and then nothing is written.
        runs = plan.decisions[job.node].record is None and not options.force
        files[job.node] = files.get(job.node, 0) + sum(runs or path in outdated for path in job.paths())
    return forecasting.forecast(
        plan,
        loads,
        past.records,
        forecasting.rates_of(history.read(session.root), options.device),
        files=files,
        jobs=options.jobs or session.project.build.workers or shared_arguments.processors(),
        device=options.device,
    )


def _open(plan: Plan) -> list[str]:
    """The nodes whose result is not there yet."""
    from soundgraph.planning.planner import Status

    return [name for name, decision in plan.decisions.items() if decision.status is not Status.HIT]


def _lines(report: _PlanReport) -> Iterator[str]:
    names = [reason.node for reason in report.reasons] + [file.path for file in report.to_write]
    width = max(map(len, names), default=0)
    statuses = max((len(reason.status.value) for reason in report.reasons), default=0)
    for reason in report.reasons:
        yield f"{reason.node:<{width}}  {reason.status.value:<{max(5, statuses)}}  {reason}"
    for file in report.to_write:
        yield f"{file.path:<{width}}  write  {file.why}"
    yield from _load_lines(report)
    if report.downloads:
        yield f"a build first downloads {', '.join(model.id for model in report.downloads)}"
    for what in dict.fromkeys(mistake.what for mistake in report.missing):
        yield f"cannot run here: {what}; build --draft renders stand-ins"
    yield _summary(report)
    if told := _told(report):
        yield told
    if report.absent and not report.current:
        takes = "a pinned take is" if len(report.absent) == 1 else f"{len(report.absent):,} pinned takes are"
        yield f"a build stops, since {takes} not in the cache: soundgraph cache import FILE, or soundgraph pin --remove"
    if report.foreign:
        files = "a file is" if len(report.foreign) == 1 else f"{len(report.foreign):,} files are"
        yield f"a build stops, since {files} in its way: {report.foreign[0].what}"
    if report.current and _open(report.plan):
        yield "a build has nothing to do: the files are as it left them, though their sounds are gone from the cache"


def _told(report: _PlanReport) -> str:
    """How long it will take; "" of a build that would do nothing, or end before anything runs."""
    from soundgraph.planning.planner import Status
    from soundgraph.session import forecasting

    if report.current or report.missing or report.absent or report.foreign:
        return ""
    return forecasting.words(report.forecast, unsure=not report.options.force and report.plan.count(Status.MAYBE) > 0)


def _load_lines(report: _PlanReport) -> Iterator[str]:
    from soundgraph.core.units import size_words

    names = {step.load: _name(step, report.options.device) for step in report.schedule.steps}
    place = 0
    for step in report.schedule.steps:
        nodes = counted(len(step.nodes), "node")
        if not step.reload_needed:
            yield f"  still there: {names[step.load]} for {nodes}"
            continue
        place += 1
        size = f", about {size_words(step.memory_bytes)}" if step.memory_bytes else ""
        stays = f", beside {', '.join(names[load] for load in step.beside)}" if step.beside else ""
        singly = "" if step.model.batches else ", one take after another by the library's own code"
        yield f"load {place}: {names[step.load]} for {nodes}{size}{stays}{singly}"
    peak = report.schedule.peak_bytes
    if peak and (report.schedule.loads > 1 or report.budget):
        of_budget = f" of {size_words(report.budget)}" if report.budget else ""
        yield f"models take about {size_words(peak)}{of_budget} at most"


def _name(step: Step, device: Device) -> str:
    """ "facebook/musicgen-small (int8)": the precision only where it is not the device's own."""
    from soundgraph.planning.schedule import OWN_PRECISION

    if step.model.draft:
        return f"{step.model.id} (draft)"
    own = step.precision is None or step.precision == OWN_PRECISION.get(device)
    return step.model.id if own else f"{step.model.id} ({step.precision})"


def _summary(report: _PlanReport) -> str:
    hits, misses, maybes = _counts(report.plan)
    if report.options.force:  # nothing is found again then, so each maybe runs
        misses, maybes = misses + maybes, 0
    runs = f"{misses:,} to run, {maybes:,} maybe" if report.plan.to_run() else "nothing to run"
    absent = f", {len(report.absent):,} absent" if report.absent else ""
    files = f", {counted(len(report.to_write), 'file')} to write" if report.to_write else ""
    loads = f", {loads_words(report.schedule, maybes > 0)}" if report.schedule.loads else ""
    return f"{counted(len(report.plan.decisions), 'node')}: {runs}{absent}, {hits:,} from cache{files}{loads}"


def loads_words(schedule: Schedule, unsure: bool) -> str:
    """ "2 model loads (the fewest possible)". unsure: whether it may turn out that some of it need not run."""
    loads = f"{'at most ' if unsure else ''}{counted(schedule.loads, 'model load')}"
    if schedule.loads == 1:
        return loads
    known = "the fewest possible" if schedule.proven else f"at least {schedule.lower_bound:,} are needed"
    return f"{loads} ({known}{' if all runs' if unsure else ''})"


def _counts(plan: Plan) -> tuple[int, int, int]:
    from soundgraph.planning.planner import Status

    return plan.count(Status.HIT), plan.count(Status.MISS), plan.count(Status.MAYBE)


def _events(report: _PlanReport) -> Iterator[str]:
    for reason in report.reasons:
        facts = {"node": reason.node, "status": reason.status.value, "reason": reason.reason, "why": str(reason)}
        seconds = _rounded(report.forecast.nodes.get(reason.node))
        yield _event("node", **facts, key=report.plan.decisions[reason.node].key, seconds=seconds)
    for file in report.to_write:
        yield _event("export", path=file.path, status="write", why=file.why)
    names = {step.load: step.model.id for step in report.schedule.steps}
    for step in report.schedule.steps:
        yield _event(
            "load",
            model=step.model.id,
            precision=step.precision,
            draft=step.model.draft,
            still_there=not step.reload_needed,
            nodes=list(step.nodes),
            unloads=[names[load] for load in step.evicts],
            beside=[names[load] for load in step.beside],
            memory_bytes=step.memory_bytes or None,
            batches=step.model.batches,
        )
    for model in report.downloads:
        yield _event("download", model=model.id)
    for mistake in [*report.missing, *report.absent, *report.foreign]:
        yield _event("missing", file=mistake.file, line=mistake.line, where=mistake.where, what=mistake.what)
    ahead = report.forecast
    yield _event(
        "forecast",
        seconds=_rounded(ahead.seconds),
        generating=_rounded(ahead.generating),
        processing=_rounded(ahead.processing),
        takes=ahead.takes,
        others=ahead.others,
        loads=ahead.loads,
        unknown_nodes=ahead.unknown_nodes,
        unknown_loads=ahead.unknown_loads,
        results=ahead.results,
    )
    hits, misses, maybes = _counts(report.plan)
    schedule = report.schedule
    yield _event(
        "summary",
        nodes=len(report.plan.decisions),
        hits=hits,
        misses=misses,
        maybes=maybes,
        loads=schedule.loads,
        loads_at_least=schedule.lower_bound,
        peak_bytes=schedule.peak_bytes,
        exports=len(report.to_write),
        current=report.current,
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)


def _event(event: str, **facts: object) -> str:
    return json.dumps({"event": event, **facts}, ensure_ascii=False)


def _is_current(options: argparse.Namespace) -> bool:
    """Whether a build would look no further than at its stamps."""
    from soundgraph.project import build_state, targets, up_to_date

    root = targets.project_root(options.targets)
    wanted = targets.select(root, options.targets)
    config = up_to_date.config_of(
        draft=options.draft,
        release=False,
        overrides=options.define,
        targets=options.targets,
        policy=options.policy,
    )
    stamps = build_state.load(root, config)
    return stamps is not None and up_to_date.is_complete(
        stamps, up_to_date.clean_scenes(stamps, wanted), wanted, options.targets
    )
