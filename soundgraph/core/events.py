"""What a build tells while it works: small values, handed one by one to whoever listens.

A live display, lines of text and JSON lines are readers of them, in `cli`. All are handed over in one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ScenesRead:
    """The scenes are read, and nothing that takes long has begun."""

    files: tuple[str, ...]
    """All that was read for them, or looked for and absent. Absolute."""
    moment: int | None
    """Of `files.read_clock`, before the first was read; None where no state is kept."""


@dataclass(frozen=True, slots=True)
class Queued:
    """The plan is made."""

    nodes: int
    """How many nodes there are."""
    to_run: int
    """At most how many of them will run."""


@dataclass(frozen=True, slots=True)
class WeightsFetched:
    """The weights of a model are being fetched."""

    model: str
    done_bytes: int
    whole_bytes: int


@dataclass(frozen=True, slots=True)
class ModelLoading:
    """A model is about to be loaded."""

    model: str


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """A model is there."""

    model: str
    about: str = ""
    """How it is loaded: "cpu, float32, 8 at a time"."""


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node is being rendered."""

    node: str


@dataclass(frozen=True, slots=True)
class NodeWaiting:
    """Another build is making a node, in the same cache."""

    node: str


@dataclass(frozen=True, slots=True)
class TakeProgress:
    """So much of a take is made."""

    node: str
    made_s: float
    whole_s: float


@dataclass(frozen=True, slots=True)
class NodeDone:
    """A node is settled."""

    node: str
    status: str
    """"ran", "hit", "cutoff", "failed" or "skipped"."""
    seconds: float = 0.0
    detail: str = ""
    """Why it failed, or what --force found."""
    digest: str = ""
    """Of its sound, if it has one."""


@dataclass(frozen=True, slots=True)
class ExportDone:
    """A file is delivered, or could not be."""

    path: str
    """Relative to the project's root."""
    status: str
    """"written", "current", "restored" or "failed"."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was measured of it, and why it failed."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth knowing that stops nothing."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of a build; the last event."""

    ran: int = 0
    hits: int = 0
    """Found by the plan."""
    cutoffs: int = 0
    """Found once their inputs had been made again."""
    failed: int = 0
    skipped: int = 0
    loads: int = 0
    exports: int = 0
    scenes: int = 0
    """All that were asked for, those included that were as they had been left."""
    seconds: float = 0.0


Event = (
    ScenesRead
    | Queued
    | WeightsFetched
    | ModelLoading
    | ModelLoaded
    | NodeStarted
    | NodeWaiting
    | TakeProgress
    | NodeDone
    | ExportDone
    | Remark
    | Summary
)

Listener = Callable[[Event], object]


def ignore(event: Event) -> None:
    """Listens to nothing."""


class UntilBroken:
    """Hands on what it is told until that cannot be written: a reader has left, a terminal was closed, a disk is full.

    From then on nothing is told, and `error` says why: whoever works can keep what it has before it stops.
    broken: is called then.
    """

    def __init__(self, listener: Listener, broken: Callable[[], None]):
        self._listener, self._broken = listener, broken
        self.error: OSError | None = None

    def __call__(self, event: Event) -> None:
        if self.error is not None:
            return
        try:
            self._listener(event)
        except OSError as error:
            self.error = error
            self._broken()
