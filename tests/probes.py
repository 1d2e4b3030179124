"""A backend that counts what is asked of it: the fixture `probe` puts it in place of the draft one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Device, Made, Model, OutOfMemoryError, Precision, Refused, Report, Request, Sources
from soundgraph.core.errors import NodeError


class Probe:
    """A backend in place of the draft one, that counts what is asked of it.

    broken: prompts that it fails at. nan: prompts that it answers with what is no sound. changing: whether each take of
    a request is another.
    """

    name = "draft"
    version = 1
    draft = True
    params = backends.get("draft").params

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.unloads: list[str] = []
        self.batches: list[list[str]] = []
        self.broken: set[str] = set()
        self.nan: set[str] = set()
        self.refused: set[str] = set()
        self.load_error: BaseException | None = None
        self.no_room: set[str] = set()  # prompts that do not fit beside another model
        self.asked: dict[str, Request] = {}
        self.changing = False
        self.backwards = False
        self._real = backends.get("draft")

    def models(self) -> Sequence[Model]:
        return self._real.models()

    def find(self, model_id: str, sources: Sources) -> Model | None:
        return self._real.find(model_id, sources)

    def missing(self, model: Model) -> str:
        return ""

    def load(self, model: Model, sources: Sources, device: Device, precision: Precision | None) -> Probed:
        if self.load_error is not None:
            raise self.load_error
        self.loads.append(model.id)
        return Probed(self, model)


class Probed:
    about = ""

    def __init__(self, probe: Probe, model: Model):
        self.probe, self.model = probe, model

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        self.probe.batches.append([request.prompt for request in requests])
        order = list(enumerate(requests))
        for index, request in reversed(order) if self.probe.backwards else order:
            self.probe.asked[request.prompt] = request
            if request.prompt in self.probe.no_room and len(self.probe.loads) - len(self.probe.unloads) > 1:
                raise OutOfMemoryError("out of memory: one take does not fit")
            if request.prompt in self.probe.refused:
                yield Refused(index, f"cannot go on to {request.prompt}")
                continue
            if request.prompt in self.probe.broken:
                raise NodeError(f"cannot make {request.prompt}")
            report(index, request.duration)
            level = sum(request.prompt.encode()) / 20000 + len(self.probe.batches) * self.probe.changing / 100
            if request.prompt in self.probe.nan:
                level = float("nan")
            sound = Audio(np.full((1, 800), level, np.float32), self.model.sample_rate)
            yield Made(index, sound, facts={"device": "none", "width": 3})

    def unload(self) -> None:
        self.probe.unloads.append(self.model.id)
