"""What a generator backend is, and which one serves a model.

A backend is a folder `backends/<name>/` whose `__init__` holds a `BACKEND`. Planning asks it about models; only `load`
may import anything heavy. A package offers one by an entry point of the group `soundgraph.backends`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field, ValidationError

from soundgraph.core.errors import NodeError, PluginError, quote
from soundgraph.core.params import Params, file_fields, reference_fields
from soundgraph.core.registry import Registry

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

Family = Literal["music", "audio"]
Conditioning = Literal["text", "melody", "continuation"]
Precision = Literal["float32", "float16", "bfloat16", "int8"]
Device = Literal["auto", "cuda", "mps", "cpu"]
Temperature = Annotated[
    float, Field(gt=0, le=5, description="how freely the model chooses: lower is steadier, higher is wilder")
]

EVERY_MODEL_TAKES = frozenset(
    ("model", "prompt", "prompts", "melody", "continue_from", "precision", "duration", "seed", "variations")
)
"""The fields that each generate node may have, so that no backend has one of that name for itself.

`melody` and `continue_from` name nodes, which the graph has to know, and which models take them is a fact of a model
and not of a backend: `Model.conditioning`. `precision` is here since planning puts loads in order by it."""


@dataclass(frozen=True)
class Pin:
    """A line of `soundgraph.lock`: which version of a published model a project has settled on."""

    revision: str
    """Of its repository."""
    digest: str
    """The identity of its weights: a SHA-256."""
    others: tuple[str, ...] = ()
    """"repository@revision" of the parts that came out of other repositories, such as its text encoder."""


@dataclass(frozen=True)
class Sources:
    """Where a project's weights come from."""

    root: Path | None = None
    """Of the project; the folder of a checkpoint is relative to it. None where there is no project."""
    weights_dir: Path | None = None
    """A folder with checkpoints by published name, looked at before the hub's cache; None for none."""
    pins: Mapping[str, Pin] = field(default_factory=dict)
    """By model id."""


@dataclass(frozen=True)
class Model:
    """What is known of a model without loading it."""

    id: str
    """A published id ("facebook/musicgen-small"), "draft/music", or the path of a checkpoint's folder."""
    backend: str
    """The name of the backend that serves it."""
    family: Family
    """"music" or "audio" (sound effects)."""
    sample_rate: int
    """Of what it generates, in Hz."""
    channels: int
    """1 or 2."""
    max_duration_s: float | None
    """The longest piece it makes in one window; None for no limit."""
    licence: str
    """SPDX identifier of the weights' licence; "" where there are no weights or nobody said."""
    identity: str
    """What the model's weights are, as it enters the key; "" while it is not known. A SHA-256 of what may be pinned."""
    conditioning: tuple[Conditioning, ...] = ("text",)
    """What it can be given beside its parameters."""
    longer: bool = True
    """Whether it makes pieces longer than `max_duration_s`, window by window."""
    batches: bool = True
    """Whether it makes several takes at a time; else one after another, by the stock code of its library."""
    defaults: tuple[tuple[str, Any], ...] = ()
    """Of its own, for fields of a generate node that a scene leaves open."""
    memory: tuple[tuple[Precision, int], ...] = ()
    """About how many bytes it takes while it is loaded, by precision."""
    revision: str = ""
    """Of its repository, if it is a published one and that is known."""
    here: bool = True
    """Whether its weights are on this machine."""
    stands_for: str = field(default="", compare=False)
    """Of a draft made in place of another model: the backend of that one, by whose parameters its nodes are checked.
    Like the fields below, no part of what makes two models equal."""
    trouble: str = field(default="", compare=False)
    """What keeps weights that are here from being used, or what is not here; "" for nothing."""
    read: tuple[Path, ...] = field(default=(), compare=False)
    """The files that were looked at to know all this."""
    passed: tuple[Path, ...] = field(default=(), compare=False)
    """Places, mostly empty, that come before those: what appears there is used in their stead."""

    @property
    def draft(self) -> bool:
        """Whether what it makes is a stand-in, never to be shipped: as its backend says of all that it makes."""
        return is_draft(self.backend)

    @property
    def params(self) -> type[Params]:
        """What its nodes may say beyond what every generate node may."""
        return get(self.stands_for or self.backend).params

    @property
    def weights(self) -> tuple[str, str]:
        """The same for two ids of one model."""
        return self.backend, self.identity or self.id

    def memory_bytes(self, precision: Precision) -> int:
        """About how much memory it takes while it is loaded; 0 where nobody knows."""
        return dict(self.memory).get(precision, 0)


@dataclass(frozen=True)
class Request:
    """One take to generate."""

    prompts: tuple[tuple[float, str], ...]
    """(from when on in seconds, text): the first from 0 on, then in order of time."""
    duration: float
    """In seconds; the result has `audio.n_samples(duration, model.sample_rate)` samples."""
    seed: int
    params: Any
    """What the backend takes beyond this: an instance of its `params`."""
    melody: Audio | None = None
    """A sound whose melody is to be followed."""
    continue_from: Audio | None = None
    """A sound that the take begins with, sample by sample."""
    width: int | None = None
    """Of the batch to make it in, where an earlier take is to be made again as it was; else the backend chooses."""

    @property
    def prompt(self) -> str:
        """What it begins with, in words."""
        return self.prompts[0][1]

    @classmethod
    def of(cls, params: Any, model: Model, inputs: Mapping[str, Audio], width: int | None = None) -> Request:
        """The request that the parameters of a generate node make. model: of the node. inputs: sounds by role."""
        schedule = tuple((step.at, step.text) for step in params.prompts or ())
        return cls(
            prompts=schedule or ((0.0, params.prompt),),
            duration=params.duration,
            seed=params.seed,
            params=own_params(params, model),
            melody=inputs.get("melody"),
            continue_from=inputs.get("continue_from"),
            width=width,
        )


@dataclass(frozen=True)
class Made:
    """A finished take."""

    index: int
    """Which request it answers."""
    audio: Audio
    remarks: tuple[str, ...] = ()
    """What the build should print."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """How it was made (device, batch width, versions): kept with it, and no part of its key."""


@dataclass(frozen=True)
class Refused:
    """A request that cannot be met, and why, as one line; the others go on."""

    index: int
    reason: str


class OutOfMemoryError(NodeError):
    """A model, or a single take of it, did not fit into the memory there is. `str()` of it names both.

    A build unloads its other models and tries once more.
    """

    index: int | None = None
    """Of the request, where it was a take."""


Report = Callable[[int, float], None]
"""Called with a request's index and the seconds of audio made for it so far. It may raise, to stop the generator."""


class Generator(Protocol):
    """A loaded model."""

    @property
    def about(self) -> str:
        """How it is loaded, for a person: "cpu, float32, 8 at a time"; "" where there is nothing to say."""

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        """Yields each take as it is finished, in any order. What a take sounds like depends on its own request only.

        Raises OutOfMemoryError.
        """

    def unload(self) -> None:
        """Gives the memory back."""


class Backend(Protocol):
    name: str
    version: int
    """Raised whenever the same request to the same weights would give other samples."""
    draft: bool
    """Whether all that it makes are stand-ins: cheap, the same on every machine, and never to be shipped."""
    params: type[Params]
    """What nodes may say to its models beyond `EVERY_MODEL_TAKES`; `Params` itself for nothing. It names neither nodes
    nor files. What differs from its defaults is part of a take's key: `version` is raised when a default changes."""

    def models(self) -> Sequence[Model]:
        """Every model it knows by name."""

    def find(self, model_id: str, sources: Sources) -> Model | None:
        """The model of that id, if this backend serves it. Raises ValueError for a folder that cannot be used.

        Looks at files, never at a network.
        """

    def missing(self, model: Model) -> str:
        """Why this model cannot be loaded here and now, as one line; "" when it can."""

    def download_size(self, model: Model, sources: Sources) -> int | None:
        """How many bytes `pull` would fetch; None if nobody says. Raises NodeError where it cannot be asked."""

    def pull(self, model: Model, sources: Sources, report: Callable[[int, int], None]) -> Pin:
        """Fetches the weights that are not on this machine, at the revision that is pinned, and says which they are.

        report: called with the bytes fetched and the bytes to fetch; it may raise, to stop. Raises NodeError.
        """

    def load(self, model: Model, sources: Sources, device: Device, precision: Precision | None) -> Generator:
        """Puts a model on a device. precision: None for the device's own.

        Raises NodeError for weights or a precision that cannot be used, OutOfMemoryError.
        """


_METHODS = ("models", "find", "missing", "download_size", "pull", "load")


def _wrong_backend(thing: Any) -> str:
    for name, sort in (("name", str), ("version", int), ("draft", bool)):
        if not isinstance(getattr(thing, name, None), sort):
            return f"has no {name} that is {_ARTICLED[sort]}"
    params = getattr(thing, "params", None)
    if not (isinstance(params, type) and issubclass(params, Params)):
        return "has no params that are soundgraph.core.params.Params"
    params.model_rebuild()
    if taken := sorted(params.model_fields.keys() & {"kind", *EVERY_MODEL_TAKES}):
        return f"takes {quote(taken[0])} in a way of its own, and every generate node has that"
    if named := (*reference_fields(params), *file_fields(params)):
        return f"takes {quote(named[0])}, which names a node or a file"
    absent = [name for name in _METHODS if not callable(getattr(thing, name, None))]
    return f"has no {absent[0]}: see soundgraph.backends.Backend" if absent else ""


_ARTICLED = {str: "a text", int: "a whole number", bool: "true or false"}

BACKENDS: Registry[Backend] = Registry("backend", __name__, "BACKEND", "soundgraph.backends", _wrong_backend)


def names() -> tuple[str, ...]:
    """The backends that are soundgraph's own, sorted: the folders beside this file."""
    return BACKENDS.own


def get(name: str) -> Backend:
    """The backend called `name`, of soundgraph or of an installed package.

    Raises KeyError if there is none, PluginError for one of a package that cannot be used.
    """
    return BACKENDS.get(name)


def is_draft(name: str) -> bool:
    """Whether all that the backend of that name makes are stand-ins.

    False for one that is not installed here, or cannot be used: its takes may have cost hours on another machine.
    """
    try:
        return get(name).draft
    except (KeyError, PluginError):
        return False


def own_params(params: Params, model: Model) -> Params:
    """What the backend of a model takes of the parameters of a generate node beyond what every model takes.

    Of a draft in place of another model, what is not for the draft to take is left out.
    """
    own = get(model.backend).params
    given = {name: getattr(params, name) for name in own.model_fields if name in type(params).model_fields}
    try:
        return own.model_validate(given)
    except ValidationError as error:
        if not model.stands_for:
            raise
        # A model may take more of a field than its stand-in.
        refused = {part["loc"][0] for part in error.errors() if part["loc"]}
        return own.model_validate({name: value for name, value in given.items() if name not in refused})


def find(model_id: str, sources: Sources | None = None) -> Model | None:
    """The model of that id, from whichever backend serves it; None when none does.

    Raises ValueError for the folder of a checkpoint that cannot be used.
    """
    sources = sources or Sources()
    refusal: ValueError | None = None
    for name in names():
        try:
            model = get(name).find(model_id, sources)
        except ValueError as error:  # the folder may be of a sort that an installed package can use
            refusal = error
            continue
        if model is not None:
            return model
    for name in BACKENDS.from_packages():
        model = get(name).find(model_id, sources)
        if model is not None:
            return replace(model, backend=name)  # whatever the package calls it
    if refusal is not None:
        raise refusal
    return None


def models_of(name: str) -> list[Model]:
    """Every model that a backend knows by name."""
    return [replace(model, backend=name) for model in get(name).models()]


def known_ids() -> list[str]:
    """Every model id that some backend knows by name."""
    return [model.id for name in (*names(), *BACKENDS.from_packages()) for model in models_of(name)]


def stand_in(model: Model) -> Model:
    """The draft model of the same family, rate and channel count; it takes what the other takes, and no more."""
    draft = find(f"draft/{model.family}@{model.sample_rate}x{model.channels}")
    assert draft is not None, "the draft backend serves every family, rate and channel count"
    return replace(
        draft,
        max_duration_s=None if model.longer else model.max_duration_s,
        conditioning=model.conditioning,
        longer=model.longer,
        stands_for=model.backend,
        defaults=model.defaults,
        read=model.read,
    )
