"""The events of a build as lines of JSON: the names that scripts know them by, and their fields.

Standard library only, and little of it: a build with nothing to do writes such lines, too.
"""

from __future__ import annotations

FIELDS = {
    "load": ("model",),
    "loaded": ("model", "about"),
    "waiting": ("node",),
    "node": ("node", "status", "seconds", "detail"),
    "export": ("path", "status"),
    "remark": ("place", "text"),
    "summary": ("ran", "hits", "cutoffs", "failed", "skipped", "loads", "exports", "scenes", "seconds"),
}
"""By the name of an event. An export goes on with whatever is known of its file."""


def line(event: str, *values: object, **facts: object) -> str:
    """An event, without the end of the line. values: of its fields, in their order; None for one that is left out.

    facts: what else is known.
    """
    import json

    fields = {name: value for name, value in zip(FIELDS[event], values, strict=True) if value is not None}
    return json.dumps({"event": event, **fields, **facts}, ensure_ascii=False)
