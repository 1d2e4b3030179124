"""What a build spends its time on, as spans: called in whatever thread does the work."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol


class Trace(Protocol):
    def span(self, category: str, name: str, **facts: Any) -> AbstractContextManager[Any]:
        """Something that takes time, from now until the block ends.

        category: "plan", "node" (a kind's own work), "load" and "batch" (a model's), "take" (one of a batch is done),
        "read" (a sound out of the cache), "publish" (into it), "check", "export".
        """


class Off:
    """Keeps nothing."""

    _NOTHING = nullcontext()

    def span(self, category: str, name: str, **facts: Any) -> AbstractContextManager[Any]:
        return self._NOTHING
