"""The part of `build` that runs when there is something to do: what it tells, and its exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

from soundgraph import cli
from soundgraph.cli import shared_arguments, up_to_date_output
from soundgraph.cli.terminal import choice
from soundgraph.core.errors import EXIT_INTERRUPTED, EXIT_NODE_FAILED, EXIT_OK
from soundgraph.core.events import Event, ScenesRead
from soundgraph.core.tracing import Recorder
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.project.build_request import BuildRequest, UpToDateCheck
from soundgraph.session import building
from soundgraph.session.building import BuildResult


def run(
    request: BuildRequest,
    check: UpToDateCheck,
    *,
    as_json: bool,
    recorder: Recorder | None = None,
    models: LoadedModels | None = None,
    watch: Callable[[ScenesRead], object] | None = None,
) -> int:
    """recorder: of --trace. models: they stay loaded. watch: is told what was read, before anything takes long."""
    reader = choice.choose(as_json, sys.stdout)

    def tell(event: Event) -> None:
        if isinstance(event, ScenesRead):
            if watch is not None:
                watch(event)
            shared_arguments.release_collector()
            if as_json:
                up_to_date_output.print_events(check.clean, check.root)
        reader(event)

    with reader:
        result = building.build(request, tell, check=check, models=models, trace=recorder)
    if recorder is not None:
        recorder.edges = result.outcome.plan.graph.edges
    return _exit_code(result)


def _exit_code(result: BuildResult) -> int:
    if result.outcome.interrupted:
        cli.say("interrupted; what was finished is kept")
        return EXIT_INTERRUPTED
    return EXIT_NODE_FAILED if result.outcome.failures else EXIT_OK
