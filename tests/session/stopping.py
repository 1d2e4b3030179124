"""A build in a thread of its own, that another thread stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from soundgraph.core.events import Event
from soundgraph.core.stopping import Stop, StoppedError
from soundgraph.project.build_request import BuildRequest
from soundgraph.session import building
from soundgraph.session.building import BuildResult
from tests.helpers import Space

SOON_S = 0.5
"""A build ends so soon after a wish to stop."""

_PATIENCE_S = 60
"""That a build never comes to the point at which it is to be stopped is a failure, and no reason to wait for ever."""


_TRIES = 5
"""A machine may have other things to do: of so many tries, one has to be soon enough."""


class StoppedBuild:
    """What came of a build that was stopped."""

    result: BuildResult | None = None
    error: BaseException | None = None
    took_s: float = 0.0
    """From the wish to the end of the build."""

    @property
    def was_stopped(self) -> bool:
        if self.result is None:
            return isinstance(self.error, StoppedError)
        return self.result.outcome.interrupted


def stopped_soon(space: Space, stopped: Callable[[Space], StoppedBuild]) -> StoppedBuild:
    """The first build that ended soon enough after the wish. stopped: a build in a project of its own."""
    waits_s = []
    for attempt in range(_TRIES):
        build = stopped(Space(space.root / f"try{attempt}"))
        assert build.was_stopped
        if build.took_s < SOON_S:
            return build
        waits_s.append(build.took_s)
    raise AssertionError(f"no build ended soon enough after the wish to stop: {waits_s} s")


def stopped_once(
    space: Space, is_due: Callable[[Event], bool], *, also: threading.Event | None = None, draft: bool = False
) -> StoppedBuild:
    """Builds the scene "a" in a thread, and stops it from this one once it has told what `is_due` says yes to.

    also: what is waited for besides.
    """
    stop, due, build = Stop(), threading.Event(), StoppedBuild()

    def listen(event: Event) -> None:
        if is_due(event):
            due.set()

    def in_thread() -> None:
        try:
            request = BuildRequest(["a"], root=str(space.root), jobs=2, draft=draft)
            build.result = building.build(request, listen, stop=stop)
        except BaseException as error:
            build.error = error
            due.set()

    thread = threading.Thread(target=in_thread)
    thread.start()
    assert due.wait(_PATIENCE_S)
    assert also is None or also.wait(_PATIENCE_S)
    began = time.perf_counter()
    stop.request()
    thread.join(_PATIENCE_S)
    build.took_s = time.perf_counter() - began
    assert not thread.is_alive()
    return build
