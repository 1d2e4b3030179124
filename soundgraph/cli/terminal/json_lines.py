"""The events of a build for scripts: one JSON object a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, replace
from types import TracebackType
from typing import Self

from soundgraph.core import event_lines
from soundgraph.core.events import (
    Event,
    ExportDone,
    ModelLoaded,
    ModelLoading,
    NodeDone,
    NodeWaiting,
    Remark,
    Summary,
)

_DIGITS = 4
"""Of seconds, behind the point."""


class JsonLines:
    """Writes the events that `event_lines` has a name for. write: is given each line without its end."""

    def __init__(self, write: Callable[[str], object]):
        self._write = write

    def __call__(self, event: Event) -> None:
        if (line := json_line(event)) is not None:
            self._write(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def json_line(event: Event) -> str | None:
    """The line of an event; None for one that scripts are not told of."""
    match event:
        case ModelLoading(model):
            return event_lines.line("load", model)
        case ModelLoaded(model, about) if about:
            return event_lines.line("loaded", model, about)
        case NodeWaiting(node):
            return event_lines.line("waiting", node)
        case NodeDone(node, status, seconds, detail):
            return event_lines.line("node", node, status, round(seconds, _DIGITS), detail or None)
        case ExportDone(path, status, facts):
            return event_lines.line("export", path, status, **facts)
        case Remark(place, text):
            return event_lines.line("remark", place, text)
        case Summary(seconds=seconds):
            return event_lines.line("summary", *astuple(replace(event, seconds=round(seconds, _DIGITS))))
        case _:
            return None
