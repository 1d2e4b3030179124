"""The record of a result that was just made: what it is, what its key is made of, and how it came to be."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from soundgraph import __version__
from soundgraph.audio.artifact import Audio
from soundgraph.cache.action_key import Action
from soundgraph.cache.result_record import Record


def made_record(
    key: str,
    action: Action,
    sound: Audio,
    *,
    node: str,
    note: str,
    inputs: Mapping[str, str],
    seconds: float,
    remarks: tuple[str, ...],
    facts: Mapping[str, Any] | None,
) -> Record:
    """node: its id. note: the name under which its last key is kept. inputs: the names of nodes, by role.
    seconds: that it took. facts: what the backend tells of a take.
    """
    made = {
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        **_made_here(),
        "node": node,
        "note": note,
        "inputs": dict(inputs),
        "seconds": round(seconds, 4),
    }
    if facts:
        made["generated"] = dict(facts)
    return Record(key, sound.digest, sound.sample_rate, sound.channels, sound.n_samples, action, made, remarks)


@cache
def _made_here() -> dict[str, str]:
    """Facts about this process that are kept with a record, and are no part of its key."""
    import numpy as np

    machine = os.uname().machine if hasattr(os, "uname") else ""
    return {
        "soundgraph": __version__,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "numpy": np.__version__,
        "platform": f"{sys.platform} {machine}".strip(),
    }
