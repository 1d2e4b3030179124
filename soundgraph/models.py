"""From the name a scene gives to the model that it stands for."""

from __future__ import annotations

from collections.abc import Mapping

from soundgraph import backends
from soundgraph.backends import Model
from soundgraph.errors import did_you_mean, one_of, quote

BUILT_IN = {"music": "facebook/musicgen-small", "audio": "facebook/audiogen-medium"}
"""Logical names that every project has, and may point elsewhere."""

SIZES: dict[str, dict[str, str]] = {
    "music": {size: f"facebook/musicgen-{size}" for size in ("small", "medium", "large")},
    "audio": {"medium": "facebook/audiogen-medium"},
}
"""What `type` and `model_size` of an element stand for."""


class UnknownModelError(ValueError):
    """No model of that name; `str()` of it is what goes after the name of the field. hint: what to do next."""

    def __init__(self, what: str, hint: str = ""):
        super().__init__(what)
        self.hint = hint


def resolve(name: str, logical: Mapping[str, str], draft: bool = False) -> Model:
    """The model called `name`, or with `draft` the stand-in of it. Raises UnknownModelError.

    logical: the project's names for models.
    """
    model_id = logical.get(name, name)
    if is_folder(model_id):
        meant = f"{quote(name)} is" if model_id == name else f"{quote(name)} stands for {quote(model_id)},"
        raise UnknownModelError(
            f"{meant} the folder of a checkpoint, which this version cannot use",
            'name a published model, such as "music" or "facebook/musicgen-small"',
        )
    model = backends.find(model_id)
    if model is None:
        raise UnknownModelError(_unknown(name, logical))
    return model if model.draft or not draft else backends.stand_in(model)


def is_folder(model_id: str) -> bool:
    """Whether it is spelled as the folder of a checkpoint; nothing is looked up."""
    return model_id.startswith(("./", "../", "/")) or model_id in (".", "..")


def no_such_size(family: str, size: str) -> str:
    return f"model_size {quote(size)} does not exist for {family}: {_only(family)}"


def _only(family: str) -> str:
    if family == "audio":
        return f"the only AudioGen is {quote(SIZES['audio']['medium'])}"
    return f"there are {one_of(list(SIZES[family]))}"


def _unknown(name: str, logical: Mapping[str, str]) -> str:
    if "audiogen" in name.casefold():
        return f"{quote(name)} does not exist: {_only('audio')}"
    known = backends.known_ids()
    # "musicgen-small" without its owner is closer to what was meant than any logical name.
    owned = [model_id for model_id in known if model_id.rpartition("/")[2] == name]
    close = f"; did you mean {quote(owned[0])}?" if owned else did_you_mean(name, [*logical, *known])
    return f"{quote(name)} is not a model{close}"
