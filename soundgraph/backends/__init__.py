"""What a generator backend is, and which one serves a model.

A backend is a folder `backends/<name>/` whose `__init__` holds a `BACKEND`. Planning asks it about models; only `load`
may import anything heavy.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from soundgraph.audio import Audio

Family = Literal["music", "audio"]


@dataclass(frozen=True)
class Model:
    """What is known of a model without loading it.

    id: a published id ("facebook/musicgen-small"), "draft/music", or the path of a checkpoint's folder.
    backend: the name of the backend that serves it.
    family: "music" or "audio" (sound effects).
    sample_rate: of what it generates, in Hz. channels: 1 or 2.
    max_duration_s: the longest piece it makes in one window; None for no limit.
    licence: SPDX identifier of the weights' licence, "" where there are no weights.
    identity: what the model's weights are, as it enters the key; "" while it is not known.
    draft: whether what it makes is a stand-in.
    """

    id: str
    backend: str
    family: Family
    sample_rate: int
    channels: int
    max_duration_s: float | None
    licence: str
    identity: str
    draft: bool = False

    @property
    def weights(self) -> tuple[str, str]:
        """What is loaded: the same for two ids of one model."""
        return self.backend, self.identity or self.id


@dataclass(frozen=True)
class Request:
    """One take to generate.

    duration: in seconds; the result has `audio.n_samples(duration, model.sample_rate)` samples.
    """

    prompt: str
    duration: float
    seed: int
    temperature: float
    top_k: int
    top_p: float
    cfg_coef: float

    @classmethod
    def of(cls, params: Iterable[tuple[str, Any]]) -> Request:
        """The request that the parameters of a generate node make."""
        return cls(**{name: value for name, value in params if name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Made:
    """A finished take: which request it answers, the sound, and remarks that the build should print."""

    index: int
    audio: Audio
    remarks: tuple[str, ...] = ()


Report = Callable[[int, float], None]
"""Called with a request's index and the seconds of audio made for it so far."""


class Generator(Protocol):
    """A loaded model."""

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made]:
        """Yields each take as it is finished, in any order. What a take sounds like depends on its own request only."""

    def unload(self) -> None:
        """Gives the memory back."""


class Backend(Protocol):
    name: str
    version: int
    """Raised whenever the same request to the same weights would give other samples."""

    def models(self) -> Sequence[Model]:
        """Every model it knows by name."""

    def find(self, model_id: str) -> Model | None:
        """The model of that id, if this backend serves it."""

    def missing(self, model: Model) -> str:
        """Why this model cannot be loaded here and now, as one line; "" when it can."""

    def load(self, model: Model) -> Generator: ...


@cache
def names() -> tuple[str, ...]:
    """All backends, sorted: the folders beside this file."""
    return tuple(sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py")))


@cache
def get(name: str) -> Backend:
    """The backend called `name`."""
    backend: Backend = importlib.import_module(f"soundgraph.backends.{name}").BACKEND
    return backend


def find(model_id: str) -> Model | None:
    """The model of that id, from whichever backend serves it; None when none does."""
    for name in names():
        model = get(name).find(model_id)
        if model is not None:
            return model
    return None


def known_ids() -> list[str]:
    """Every model id that some backend knows by name."""
    return [model.id for name in names() for model in get(name).models()]


def stand_in(model: Model) -> Model:
    """The draft model of the same family, rate and channel count."""
    found = find(f"draft/{model.family}@{model.sample_rate}x{model.channels}")
    assert found is not None, "the draft backend serves every family, rate and channel count"
    return found
