"""From the name a scene gives to the model that it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from soundgraph import backends
from soundgraph.backends import Model, Sources
from soundgraph.core.errors import did_you_mean, one_of, quote

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


def resolve(name: str, logical: Mapping[str, str], draft: bool = False, sources: Sources | None = None) -> Model:
    """The model called `name`, or with `draft` the stand-in of it. Raises UnknownModelError.

    logical: the project's names for models. sources: where weights are.
    """
    model_id = logical.get(name, name)
    try:
        model = backends.find(model_id, sources)
    except ValueError as error:
        meant = quote(name) if model_id == name else f"{quote(name)} stands for {quote(model_id)}, which"
        raise UnknownModelError(f"{meant} {error}") from error
    if model is None:
        # Perhaps it is of a package that cannot be used.
        broken = [refusal.what for _, refusal in backends.BACKENDS.refused()]
        raise UnknownModelError(_unknown(name, logical), broken[0] if broken else "")
    return model if model.draft or not draft else backends.stand_in(model)


def misfits(params: Any, model: Model) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) of what a generate node asks of its model and cannot have.

    params: of the node, valid in themselves.
    """
    if params.melody is not None and "melody" not in model.conditioning:
        melodic = [known.id for known in _all_models() if "melody" in known.conditioning and not known.draft]
        yield "melody", f"melody cannot be used: {params.model} follows no melodies; {one_of(melodic)} do"
    if params.continue_from is not None and "continuation" not in model.conditioning:
        yield "continue_from", f"continue_from cannot be used: {params.model} cannot go on from a sound"
    if params.prompts is not None:
        if len(params.prompts) > 1 and not model.longer:
            yield "prompts", f"prompts cannot be used: {params.model} makes a piece at once, from one prompt"
        late = [step.at for step in params.prompts if step.at >= params.duration]
        if late:
            yield "prompts", f"prompts has a text at {late[0]:g} s, and duration is {params.duration:g} s"
    if not model.longer and model.max_duration_s is not None and params.duration > model.max_duration_s:
        yield "duration", f"duration must be {model.max_duration_s:g} s at most, which is all that {params.model} makes"


def _all_models() -> list[Model]:
    return [model for name in backends.names() for model in backends.models_of(name)]


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
