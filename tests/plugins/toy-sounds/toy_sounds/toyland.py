"""A list of sounds for Toyland, a line each."""

from __future__ import annotations

from pydantic import Field

from soundgraph.engines import Engine, EngineParams, Handout  # type: ignore[attr-defined]


class Toyland(EngineParams):
    greeting: str = Field("hello", description="the first line of the list")


def files(handout: Handout) -> dict[str, bytes]:
    params: Toyland = handout.params
    lines = [params.greeting, *(f"{sound.name} {sound.file}" for sound in handout.sounds)]
    return {f"{handout.path}.toys": "".join(f"{line}\n" for line in lines).encode()}


def names(handout: Handout) -> list[str]:
    return [f"{handout.path}.toys"]


ENGINE = Engine(params=Toyland, formats=("au",), files=files, names=names)
