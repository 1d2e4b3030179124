"""Runs checks on sounds, and keeps what was measured of them, so that a later build need not listen again.

A figure is kept, never a verdict: whether it keeps the limits is asked anew in each build.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from soundgraph.audio.artifact import Audio
from soundgraph.cache.store import Notes
from soundgraph.core.errors import NodeError
from soundgraph.scene.tables import check_settings
from soundgraph.scene.tables.scene import Origin, SceneCheck

# Raised when something is measured in another way.
_VERSION = 3

Locate = Callable[[Origin], int]
"""The line on which something was written; asked only of a check that failed."""

Note = tuple[str, str]
"""(name, text) for the cache."""


def run(
    demanded: Sequence[SceneCheck],
    identity: str,
    read: Callable[[], Audio],
    notes: Notes,
    locate: Locate,
    loop: tuple[int, int] | None = None,
) -> Note | None:
    """Checks a sound.

    identity: of its samples, or of the file it comes from: what was measured is kept under it.
    read: gives the sound; asked only if it was never measured. loop: its first sample, and the one after its last.

    Returns what to keep; None where it is kept already. Raises NodeError with every limit that is not kept.
    """
    start, stop = loop or (0, None)
    name = f"measured {_VERSION} {identity}" + (f" {start} {stop}" if loop else "")
    measured = _known(notes.get([name]).get(name))
    note = None
    if measured is None:
        measured = check_settings.measure(read(), start, stop)
        note = name, json.dumps(measured)
    faults = []
    for check in demanded:
        for fault in check.settings.faults(measured):
            line = locate(check.origin)
            place = f"{check.origin.file}:{line}" if line else check.origin.file
            faults.append(": ".join(filter(None, (place, f"checks[{check.place}]", fault))))
    if faults:
        raise CheckError("; ".join(faults), note)
    return note


class CheckError(NodeError):
    """A sound does not keep a limit. note: what was measured of it, to be kept all the same."""

    def __init__(self, what: str, note: Note | None):
        super().__init__(what)
        self.note = note


def _known(text: str | None) -> dict[str, Any] | None:
    try:
        figures = json.loads(text or "null")
    except ValueError:
        return None
    return figures if isinstance(figures, dict) and figures.keys() >= {"duration_s", "seam"} else None
