"""The generator's thread: a model is loaded, a batch is handed to it, and takes are handed back as they come."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Generator, Made, Model, OutOfMemoryError, Refused, Request
from soundgraph.core.errors import NodeError, StoreError
from soundgraph.core.stopping import Stop, StoppedError
from soundgraph.core.tracing import Trace
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.execution.result_buffer import LostError
from soundgraph.planning.schedule import Step

# Takes that wait for the loop, which may be waiting for the disk: drafts are made faster than some disks take them.
_AHEAD = 16

# How often who waits for the loop looks whether the build was interrupted.
_LOOK_S = 0.1


class TakeListener(Protocol):
    """Who asked for the takes. All of it is called in its thread."""

    def loading(self, model: Model) -> None:
        """A model is about to be loaded."""

    def loaded(self, model: Model, about: str, names: list[str]) -> None:
        """It is there, and takes of these nodes begin."""

    def advanced(self, name: str, made_s: float, whole_s: float) -> None: ...

    def made_room(self, model: Model, reason: str) -> None:
        """All other models were unloaded."""

    def made(self, name: str, sound: Audio, remarks: tuple[str, ...], facts: Mapping[str, Any]) -> None:
        """A take is done."""

    def caught(self, name: str, error: BaseException) -> None:
        """A node failed alone."""

    def broken(self, guilty: list[str], others: list[str], error: BaseException) -> None:
        """The batch ended. guilty: the nodes that it ended for; others: those that may be tried again."""

    def remark(self, model: Model, text: str) -> None:
        """Something about a model that fails no node."""

    def generated(self) -> None:
        """The step is over, however it ended."""


class _EnoughError(Exception):
    """Raised inside a generator to end it: no further take is wanted."""


class _LoadError(Exception):
    """A model could not be loaded; the cause says why."""


class Generating:
    """models: those loaded. request: what is asked for a node; raises LostError for an input that is gone.

    listener, post: whom to tell, and how to have something called in its thread. stop: heeded at the next chunk.
    enough: says that no further take is wanted.
    """

    def __init__(
        self,
        models: LoadedModels,
        request: Callable[[str], Request],
        listener: TakeListener,
        post: Callable[[Callable[[], None]], None],
        stop: Stop,
        enough: Callable[[], bool],
        trace: Trace,
    ):
        self._models, self._request, self._listener, self._post = models, request, listener, post
        self._stop, self._enough, self._trace = stop, enough, trace
        self._room = threading.Semaphore(_AHEAD)

    def run(self, step: Step, names: list[str]) -> None:
        """Makes the takes of the nodes, in the generator's thread."""
        left = list(names)
        try:
            self._models.keep(step.load, *step.beside)
            try:
                self._take(step, left)
            except OutOfMemoryError as error:
                if not self._models.keep(step.load):
                    raise
                self._post(partial(self._listener.made_room, step.model, str(error)))
                self._take(step, left)
            if left:
                raise RuntimeError(f"the backend {step.model.backend} did not answer the request of {left[0]}")
        except (StoppedError, _EnoughError):
            pass
        except BaseException as error:  # nothing is swallowed: the loop sorts it out
            # Takes are made in any order; of those that are left, which one broke it is most likely the first. What
            # cannot be loaded for one of them cannot be loaded for any.
            guilty = 1 if self._models.has(step.load) else len(left)
            with contextlib.suppress(Exception):  # nobody knows what state it is in, nor whether it can be let go
                self._models.unload(step.load)
            cause = error.__cause__ if isinstance(error, _LoadError) and error.__cause__ else error
            if left:
                self._post(partial(self._listener.broken, left[:guilty], left[guilty:], cause))
            else:  # all takes are there
                self._post(partial(self._listener.remark, step.model, f"failed after its last take: {cause}"))
        self._post(self._listener.generated)

    def _take(self, step: Step, left: list[str]) -> None:
        """Makes the takes of the nodes in `left`, and removes from it those that are settled."""
        names, requests = self._requests(left)
        if not names:
            return
        fresh = not self._models.has(step.load)
        if fresh:
            self._post(partial(self._listener.loading, step.model))
        generator = self._loaded(step, fresh)
        self._stop.check()  # loading takes long, and it may be long until the first report
        self._post(partial(self._listener.loaded, step.model, generator.about if fresh else "", names))
        with self._trace.span("batch", step.model.id, precision=step.precision, takes=len(names)):
            self._receive(step, generator, names, requests, left)

    def _loaded(self, step: Step, fresh: bool) -> Generator:
        try:
            if not fresh:
                return self._models.load(step.load, step.model, step.precision)
            with self._trace.span("load", step.model.id, precision=step.precision):
                return self._models.load(step.load, step.model, step.precision)
        except OutOfMemoryError:
            raise
        except Exception as error:
            raise _LoadError from error

    def _receive(
        self, step: Step, generator: Generator, names: list[str], requests: list[Request], left: list[str]
    ) -> None:
        for made in self._answers(generator, names, requests, left):
            name = names[made.index]
            left.remove(name)
            try:
                if isinstance(made, Refused):
                    raise NodeError(made.reason)
                result = artifact.make(made.audio.samples, made.audio.sample_rate)
                _ = result.digest
                self._trace.lap("take", name, model=step.model.id, precision=step.precision)
                self._hand_over(name, result, made)
            except NodeError as error:
                self._post(partial(self._listener.caught, name, error))
            self._stop.check()  # the take that was being made is kept
            if self._enough():
                raise _EnoughError

    def _answers(
        self, generator: Generator, names: list[str], requests: list[Request], left: list[str]
    ) -> Iterator[Made | Refused]:
        try:
            yield from generator.generate(requests, partial(self._report, names, requests))
        except OutOfMemoryError as error:
            if error.index is not None:  # it is the first that is to blame
                left.remove(names[error.index])
                left.insert(0, names[error.index])
            raise

    def _hand_over(self, name: str, result: Audio, made: Made) -> None:
        while not self._room.acquire(timeout=_LOOK_S) and not self._stop.is_requested():
            pass

        def hand_over() -> None:
            self._room.release()
            self._listener.made(name, result, made.remarks, made.facts)

        self._post(hand_over)

    def _requests(self, left: list[str]) -> tuple[list[str], list[Request]]:
        """Those of `left` whose inputs are there, and what is asked of the model for each."""
        names, requests = [], []
        for name in list(left):
            try:
                request = self._request(name)
            except (LostError, StoreError, OSError) as error:
                left.remove(name)
                self._post(partial(self._listener.caught, name, error))
                continue
            names.append(name)
            requests.append(request)
        return names, requests

    def _report(self, names: list[str], requests: list[Request], index: int, made_s: float) -> None:
        self._stop.check()
        self._post(partial(self._listener.advanced, names[index], made_s, requests[index].duration))
