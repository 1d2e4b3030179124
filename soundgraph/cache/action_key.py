"""The key of an action: what a result is stored under."""

from __future__ import annotations

from typing import Any

from soundgraph.core import digest

Action = dict[str, Any]
"""All that a result depends on, and nothing else."""


def action_key(action: Action) -> str:
    return digest.digest("action", action)
