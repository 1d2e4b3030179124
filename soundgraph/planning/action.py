"""Action keys: what a node's result depends on and nothing else, and how two actions differ, in words.

The key is a digest of the action, and `explain` prints the difference between two actions: there is one list of
what matters, so that the two cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundgraph import backends
from soundgraph.cache.action_key import Action
from soundgraph.core.digest import KEY_SCHEMA
from soundgraph.core.errors import PluginError
from soundgraph.core.files import digest_file
from soundgraph.core.params import file_fields, key_params
from soundgraph.nodes import KINDS, Form, get_kind
from soundgraph.scene.tables.scene import Node

_MISSING = object()


def action_of(node: Node, inputs: Mapping[str, str], salt: str = "", forms: Collection[Form] = ()) -> Action | None:
    """What the result of `node` depends on.

    inputs: the digest of each input's artifact, by role ("input", "inputs[0].node").
    salt: of the project; a new one disowns every earlier result.
    forms: of the inputs. Their digests stand for them as well; here they tell which version of the kind counts.

    Returns None for a generate node whose model's weights are not known here: no key can be formed for it.
    Raises OSError if a file that the node names cannot be read.

    Node names, comments, order in the file and output paths are not in it; nor are device, thread count and versions
    of libraries. The order of a list of inputs is: floating-point sums depend on it.
    """
    kind = node.kind
    params = key_params(node.params)
    version = kind.version_for(node.params, forms)
    action: Action = {"schema": KEY_SCHEMA, "kind": node.kind_name, "version": version, "params": params}
    # Another package of the same name is another thing; of a newer version of one, what the kind says of itself counts.
    if package := KINDS.package(node.kind_name):
        action["package"] = package
    if salt:
        action["salt"] = salt
    if node.model is not None:
        if not node.model.identity:
            return None
        params.pop("model", None)
        if node.model.stands_for:
            # What the draft takes no notice of is no part of its key; and what it takes, by the draft's own defaults.
            for field in node.model.params.model_fields:
                params.pop(field, None)
            params |= key_params(backends.own_params(node.params, node.model))
        version = backends.get(node.model.backend).version
        action["model"] = {"backend": node.model.backend, "version": version, "identity": node.model.identity}
        if package := backends.BACKENDS.package(node.model.backend):
            action["model"]["package"] = package
    if inputs:
        action["inputs"] = dict(inputs)
    files = files_of(node)
    if files:
        action["files"] = files
        action["decoder"] = kind.decoder(node.params) if kind.decoder else ""
    return action


def files_of(node: Node) -> dict[str, str]:
    """The digests of the files that a node names, by field. Raises OSError if one cannot be read."""
    fields = file_fields(type(node.params))
    return {field: digest_file(Path(getattr(node.params, field))) for field in fields}


@dataclass(frozen=True)
class Difference:
    """One field that differs. `old` or `new` is None where the field was absent; values are as they print."""

    field: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.field}: {self.new} added"
        if self.new is None:
            return f"{self.field}: {self.old} removed"
        return f"{self.field}: {self.old} -> {self.new}"


def differences(old: Action, new: Action) -> list[Difference]:
    """Every field in which two actions differ. A parameter that is absent stands for its kind's default.

    Fields are named as the user writes them ("prompt", "bands[0].gain_db"); the rest as "kind", "model.identity",
    "inputs.<role>", "files.<field>", "decoder", "salt".
    """
    before, after = dict(_fields(old)), dict(_fields(new))
    changed = []
    for field in [*before, *(field for field in after if field not in before)]:
        a, b = before.get(field, _MISSING), after.get(field, _MISSING)
        if a != b or type(a) is not type(b):
            changed.append(Difference(field, _spell(a, field, old, b), _spell(b, field, new, a)))
    return changed


def _fields(action: Action) -> Iterator[tuple[str, Any]]:
    for key, value in action.items():
        if key == "params":
            yield from _flat("", value)
        elif isinstance(value, dict):
            for name, item in value.items():
                yield f"{key}.{name}", item
        else:
            yield key, value


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _flat(f"{prefix}[{index}]", item)
    else:
        yield prefix, value


def _spell(value: Any, field: str, action: Action, other: Any) -> str | None:
    if value is not _MISSING:
        return json.dumps(value, ensure_ascii=False)
    default = _default(field, action)
    if default is _MISSING or default is None or default == other:
        return None
    return f"{json.dumps(default, ensure_ascii=False)} (default)"


def _default(field: str, action: Action) -> Any:
    """The built-in default of a top-level parameter of the action's kind, or of its model's backend."""
    try:
        fields = dict(get_kind(action["kind"]).params.model_fields)
        if "model" in action:
            fields |= backends.get(action["model"]["backend"]).params.model_fields
        info = fields[field]
    except (KeyError, PluginError):
        return _MISSING
    return _MISSING if info.is_required() else info.default
