"""The key of an action: what a result is stored under."""

from __future__ import annotations

from typing import Any

from soundgraph.core import digest

Manifest = dict[str, Any]


def action_key(found: Manifest) -> str:
    return digest.digest("action", found)
