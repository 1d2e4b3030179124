"""The one way to build, whichever front end asks: scenes are read and checked, weights fetched, nodes run, files
delivered, and what the next build needs to know is kept. Prints nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from soundgraph.core import events, interrupts, path_names, stopping, system
from soundgraph.core.errors import SceneError, UsageError
from soundgraph.core.events import Listener, Remark, ScenesRead
from soundgraph.core.files import read_clock
from soundgraph.core.stopping import Stop
from soundgraph.core.text import counted
from soundgraph.core.tracing import Tally
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.execution.outcome import Outcome, RunOptions
from soundgraph.project import depfile, up_to_date
from soundgraph.project.build_request import BuildRequest, UpToDateCheck
from soundgraph.project.depfile import Rule
from soundgraph.session import build_files, fetch_weights, opening, refusals, run_plan, write_stamps
from soundgraph.session.run_plan import Current
from soundgraph.session.session import Session


@dataclass(frozen=True)
class BuildResult:
    """What a build came to."""

    session: Session
    """Over the scenes that were looked at."""
    outcome: Outcome

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for is there."""
        return not (self.outcome.interrupted or self.outcome.failures)

    @property
    def failures(self) -> dict[str, str]:
        """Why nodes or exports failed: in the order of the plan and the scenes, not that of the threads."""
        failures = self.outcome.failures
        owners = [*self.outcome.plan.decisions, *(job.owner for job in self.session.jobs), *failures]
        return {owner: failures[owner] for owner in owners if owner in failures}


def build(
    request: BuildRequest,
    listener: Listener = events.ignore,
    stop: Stop | None = None,
    *,
    check: UpToDateCheck | None = None,
    models: LoadedModels | None = None,
    trace: Tally | None = None,
) -> BuildResult:
    """Builds what is asked for. Nodes and exports that fail are in the result; what was finished is kept.

    stop: a wish to stop, which any thread can make; what is finished by then is kept, and the outcome says that it was
    interrupted. check: of this request; without it, every scene is looked at. models: they stay loaded afterwards, for
    the next build; without it, they are unloaded at the end. trace: is told what takes how long.

    Raises SceneError with every mistake, and for what a build is refused for; UsageError for what is asked wrongly,
    and for weights that cannot be fetched; StoreError for the cache; StoppedError where it is stopped before anything
    could run.
    """
    check = check or UpToDateCheck(request, looks_at_all=True)
    trace, stop = trace or Tally(), stop or Stop()
    moment = _moment(request, check)
    scenes = counted(len(check.dirty()) + len(request.tables), "scene")
    with stopping.heeding(stop), trace.span("scenes", scenes):
        session = opening.open_session(
            Path(check.root),
            check.dirty(),
            tables=request.tables,
            overrides=request.overrides,
            draft=request.draft,
            require=request.policy,
        )
    interrupts.check()
    stop.check()
    listener(ScenesRead(tuple(str(path) for scene in session.scenes for path in scene.read), moment))
    rules = None if request.depfile is None else _rules_to_write(request.depfile, check, session)
    if request.since is not None:
        from soundgraph.session.diffing import comparison  # few builds need git

        with stopping.heeding(stop):
            session = comparison.since(session, request.since)
    if request.release and (mistakes := refusals.of_release(session)):
        raise SceneError(mistakes)
    if request.since is not None:
        left_out = f"{counted(len(session.left_out), 'export')} left out, {len(session.jobs):,} to look at"
        listener(Remark(f"since {request.since}", left_out))
    options = RunOptions(
        jobs=request.jobs or session.project.build.workers or len(system.processors()),
        keep_going=request.keep_going,
        force=request.force,
        device=request.device,
        memory_budget=request.memory_budget or session.project.memory_budget_bytes,
        overwrite=request.overwrite,
    )
    if models is not None:
        models.load_from(session.project.sources)
    with trace.span("fetch", "weights"):
        session = replace(fetch_weights.fetched(session, listener, options, stop), keeps=not request.keep_nothing)
    if models is not None:
        models.sources = session.project.sources  # with pins of what was fetched
    current = Current(len(check.clean), *up_to_date.counts(check.clean))
    outcome = run_plan.run(session, options, listener, current, models=models, trace=trace, stop=stop)
    if moment is not None:
        with trace.span("state", "stamps"):
            check.save(write_stamps.stamps_of(session, outcome, check.stamps, moment))
    result = BuildResult(session, outcome)
    if request.depfile is not None and rules is not None and result.is_whole:
        depfile.write(request.depfile, rules, check.root)
    return result


def _moment(request: BuildRequest, check: UpToDateCheck) -> int | None:
    """Before anything is read, by the clock that stamps are told by; None where no state is to be kept.

    Where nothing can be written there is no state, and the next build looks at everything again. Nor is there any of
    scenes that are asked for by their tables: it tells of files.
    """
    if request.tables:
        return None
    try:
        return read_clock(check.root)
    except OSError:
        return None


def _rules_to_write(path: str, check: UpToDateCheck, session: Session) -> list[Rule]:
    """The rules of a depfile. Raises UsageError for what could not be written after hours of work."""
    rules = build_files.rules(check, session)
    depfile.check(path, rules, check.root)
    real = path_names.folded(os.path.realpath(path))
    for delivered in session.delivers():
        if path_names.folded(os.path.realpath(session.root / delivered)) == real:
            raise UsageError(f"cannot write the depfile {path}: a scene delivers that file")
    return rules
