"""A music box: a sine of a pitch that the prompt and the seed decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Literal

import numpy as np
from pydantic import Field

from soundgraph.audio.artifact import make
from soundgraph.backends import Device, Made, Model, Pin, Precision, Report, Request, Sources
from soundgraph.core.params import Params

BOX = Model("toy/box", "toybox", "music", 8000, 1, None, "CC0-1.0", sha256(b"the one box that there is").hexdigest())


class ToyParams(Params):
    wound_up: int = Field(3, ge=1, le=9, description="how often the key is turned: more turns, a higher pitch")
    finish: Literal["brass", "tin"] = Field("brass", description="what the box is made of: tin is softer")


class Toybox:
    name = "toybox"
    version = 5
    draft = False
    params = ToyParams

    def models(self) -> Sequence[Model]:
        return [BOX]

    def find(self, model_id: str, sources: Sources) -> Model | None:
        return BOX if model_id == BOX.id else None

    def missing(self, model: Model) -> str:
        return ""

    def download_size(self, model: Model, sources: Sources) -> int | None:
        return 0

    def pull(self, model: Model, sources: Sources, report: Callable[[int, int], None]) -> Pin:
        return Pin("", model.identity)

    def load(self, model: Model, sources: Sources, device: Device, precision: Precision | None) -> Player:
        return Player(model)


class Player:
    about = ""

    def __init__(self, model: Model):
        self._model = model

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made]:
        rate = self._model.sample_rate
        for index, request in enumerate(requests):
            own: ToyParams = request.params
            at = np.arange(round(request.duration * rate)) / rate
            pitch_hz = 200.0 * own.wound_up + len(request.prompt) + request.seed % 50
            level = 0.5 if own.finish == "brass" else 0.25
            yield Made(index, make(level * np.sin(2 * np.pi * pitch_hz * at)[None], rate))

    def unload(self) -> None: ...


BACKEND = Toybox()
