"""Weights that a build needs and this machine lacks: fetched before anything runs, and pinned in `soundgraph.lock`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from soundgraph import backends
from soundgraph.backends import Model, Pin
from soundgraph.core import threads
from soundgraph.core.errors import NodeError, SceneError, UsageError, quote
from soundgraph.core.events import Listener, Remark, WeightsFetched
from soundgraph.core.path_names import is_spelled_as_path
from soundgraph.core.stopping import Stop
from soundgraph.core.units import size_words
from soundgraph.execution.outcome import RunOptions
from soundgraph.planning import scene_graph, schedule
from soundgraph.project import lockfile, model_names
from soundgraph.project.config import Project
from soundgraph.session import opening, refusals
from soundgraph.session.session import Session


def fetched(opened: Session, listener: Listener, options: RunOptions, stop: Stop) -> Session:
    """The same session with the weights of every model that has to run, fetched where they are missing.

    It says what it fetches, and how big that is, before it does. Raises what a build with these options would raise
    before it runs anything, such as SceneError for models that cannot be had or may not be used, before anything is
    fetched, UsageError if fetching fails, and StoppedError.
    """
    if all(model is None or model.here for model in _models(opened)):
        return opened
    try:
        plan = opened.plan(force=options.force)
    finally:
        opened.store.close()  # what comes of this may be another session; the same one opens it again
    absent = {
        model.id: model
        for name in plan.to_run()
        if (model := scene_graph.node_of(plan.graph, name).model) is not None and not model.here
    }
    if not absent:
        return opened
    if mistakes := refusals.before_running(opened, plan):
        raise SceneError(mistakes)
    refusals.check_folders(opened)
    refusals.check_ownership(opened, options.overwrite)
    schedule.loads(plan, budget=options.memory_budget, device=options.device)  # whether the models fit
    project = opened.project
    for model in absent.values():
        try:
            project = pull(project, model, listener, stop)
        except UsageError as error:
            raise UsageError(str(error), "build --draft renders stand-ins; see docs/draft.md") from error
    models = {model_id: found_again(model, project) for model_id, model in absent.items()}
    return opening.with_models(opened, project, models)


def pull(project: Project, model: Model, listener: Listener, stop: Stop) -> Project:
    """Fetches a model and pins it; the project as it is then. What is there already is not fetched again.

    What has arrived when it is stopped is where the next attempt goes on.
    Raises UsageError if it cannot be had, or is not what `soundgraph.lock` names, and StoppedError.
    """
    backend = backends.get(model.backend)

    def size_of(report: Callable[[WeightsFetched], None]) -> int | None:
        return backend.download_size(model, project.sources)

    def pull_it(report: Callable[[WeightsFetched], None]) -> Pin:
        return backend.pull(model, project.sources, lambda done, whole: report(WeightsFetched(model.id, done, whole)))

    try:
        if not model.here:
            size = threads.in_background(size_of, listener, stop)
            amount = "nobody knows how much" if size is None else size_words(size)
            listener(Remark(model.id, f"fetching {amount}"))
        pin = threads.in_background(pull_it, listener, stop)
    except NodeError as error:
        raise UsageError(str(error)) from error
    if is_spelled_as_path(model.id):  # what was fetched belongs to it; the folder itself is the user's to version
        return project
    known = project.pins.get(model.id)
    if known is not None and known.digest != pin.digest:
        what = f"the weights of {model.id} are {pin.digest[:12]}, and {lockfile.LOCK_FILE} names {known.digest[:12]}"
        raise UsageError(what, f"remove its line from {lockfile.LOCK_FILE} to accept them")
    if known != pin:
        try:
            lockfile.pin(project.root / lockfile.LOCK_FILE, model.id, pin)
        except OSError as error:
            raise UsageError(f"cannot write {lockfile.LOCK_FILE}: {error.strerror}") from error
        listener(Remark(model.id, f"pinned at {pin.revision[:12] or pin.digest[:12]} in {lockfile.LOCK_FILE}"))
    return dataclasses.replace(project, pins={**project.pins, model.id: pin})


def _models(opened: Session) -> list[Model | None]:
    return [node.model for scene in opened.scenes for node in scene.nodes.values()]


def found_again(model: Model, project: Project) -> Model:
    """What is known of a model once it was fetched. Raises UsageError."""
    try:
        again = model_names.resolve(model.id, {}, sources=project.sources)
    except model_names.UnknownModelError as error:
        raise UsageError(f"model {error}", error.hint) from error
    if not again.here:
        raise UsageError(f"the weights of {quote(model.id)} were fetched, and are not where they should be")
    return again
