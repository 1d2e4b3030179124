"""What a build says while it works: the `Progress` protocol, and its quiet and JSON forms.

The plain and live forms, which a person reads, are in `cli`. All of it is called from one thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass
class Summary:
    """The counts of a build. hits: found by the plan; cutoffs: found once their inputs had been made again.

    scenes: all that were asked for, those included that were as they had been left.
    """

    ran: int = 0
    hits: int = 0
    cutoffs: int = 0
    failed: int = 0
    skipped: int = 0
    loads: int = 0
    exports: int = 0
    scenes: int = 0
    seconds: float = 0.0


class Progress(Protocol):
    def begin(self, nodes: int, to_run: int) -> None:
        """How many nodes there are, and at most how many of them will run."""

    def load(self, model: str) -> None:
        """A model is about to be loaded."""

    def loaded(self, model: str, about: str) -> None:
        """It is there. about: how it is loaded ("cpu, float32, 8 at a time"), or ""."""

    def download(self, model: str, done_bytes: int, whole_bytes: int) -> None:
        """The weights of a model are being fetched."""

    def start(self, node: str) -> None:
        """A node is being rendered."""

    def waiting(self, node: str) -> None:
        """Another build is making it, in the same cache."""

    def advance(self, node: str, made_s: float, whole_s: float) -> None:
        """Seconds of sound made so far, and in all."""

    def node(self, node: str, status: str, seconds: float, detail: str) -> None:
        """A node is settled: "ran", "hit", "cutoff", "failed" or "skipped".

        detail: why it failed, or what --force found.
        """

    def export(self, path: str, status: str, facts: Mapping[str, Any]) -> None:
        """A file is delivered: "written", "current", "restored" or "failed". path: relative to the project's root."""

    def remark(self, place: str, text: str) -> None:
        """Something worth knowing that stops nothing."""

    def end(self, summary: Summary) -> None: ...


class Quiet:
    """Says nothing."""

    def begin(self, nodes: int, to_run: int) -> None: ...
    def load(self, model: str) -> None: ...
    def loaded(self, model: str, about: str) -> None: ...
    def download(self, model: str, done_bytes: int, whole_bytes: int) -> None: ...
    def start(self, node: str) -> None: ...
    def waiting(self, node: str) -> None: ...
    def advance(self, node: str, made_s: float, whole_s: float) -> None: ...
    def node(self, node: str, status: str, seconds: float, detail: str) -> None: ...
    def export(self, path: str, status: str, facts: Mapping[str, Any]) -> None: ...
    def remark(self, place: str, text: str) -> None: ...
    def end(self, summary: Summary) -> None: ...


class Unbroken:
    """Hands on what it is told until that cannot be written: a reader has left, a terminal was closed, a disk is full.

    From then on nothing is told, and `error` says why: whoever works can keep what it has before it stops.
    broken: is called then.
    """

    def __init__(self, progress: Progress, broken: Callable[[], None]):
        self._progress, self._broken = progress, broken
        self.error: OSError | None = None

    def __getattr__(self, name: str) -> Callable[..., None]:
        method = getattr(self._progress, name)

        def tell(*arguments: Any) -> None:
            if self.error is not None:
                return
            try:
                method(*arguments)
            except OSError as error:
                self.error = error
                self._broken()

        return tell


class JsonLines(Quiet):
    """One JSON object a line, for scripts. write: is given each line without its end."""

    def __init__(self, write: Callable[[str], object]):
        self._write = write

    def load(self, model: str) -> None:
        self._event("load", model=model)

    def loaded(self, model: str, about: str) -> None:
        if about:
            self._event("loaded", model=model, about=about)

    def waiting(self, node: str) -> None:
        self._event("waiting", node=node)

    def node(self, node: str, status: str, seconds: float, detail: str) -> None:
        more = {"detail": detail} if detail else {}
        self._event("node", node=node, status=status, seconds=round(seconds, 4), **more)

    def export(self, path: str, status: str, facts: Mapping[str, Any]) -> None:
        self._event("export", path=path, status=status, **facts)

    def remark(self, place: str, text: str) -> None:
        self._event("remark", place=place, text=text)

    def end(self, summary: Summary) -> None:
        facts = asdict(summary)
        facts["seconds"] = round(summary.seconds, 4)
        self._event("summary", **facts)

    def _event(self, event: str, **fields: Any) -> None:
        self._write(json.dumps({"event": event, **fields}, ensure_ascii=False))
