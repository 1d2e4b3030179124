"""Make a sound from a text prompt with a model."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator, model_validator

from soundgraph.core.params import NodeRef, Params
from soundgraph.nodes import Kind


def _says_something(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise ValueError("must say something")
    return text


class PromptAt(Params):
    """What a long piece should sound like from a moment on."""

    at: float = Field(ge=0, le=3600, description="seconds from the start of the node's sound")
    text: str = Field(min_length=1, max_length=2000, description="what it should sound like from then on, in words")

    _text = field_validator("text")(_says_something)


class Generate(Params):
    # What a model takes beyond these is for its backend to say: soundgraph/backends/. tests/backends/ holds both to it.
    model: str = Field(
        min_length=1,
        description='a name from [models] of soundgraph.toml ("music" and "audio" are always there), a published id '
        'such as "facebook/musicgen-small", a draft model such as "draft/music", or the folder of a checkpoint',
    )
    prompt: str | None = Field(None, min_length=1, max_length=2000, description="what it should sound like, in words")
    prompts: list[PromptAt] | None = Field(
        None, min_length=1, max_length=100, description="instead of prompt: what it should sound like from when on"
    )
    melody: NodeRef | None = Field(
        None, description="a node whose melody is followed; for the melody models (musicgen-melody and its like)"
    )
    continue_from: NodeRef | None = Field(
        None, description="a node whose sound this one begins with, sample by sample, and goes on from"
    )
    precision: Literal["float32", "float16", "bfloat16", "int8"] | None = Field(
        None,
        description="numbers to compute with: int8 is several times as fast as float32 on a processor and sounds "
        "another way; the device's own (float32 on a processor, float16 on a GPU) if not given",
    )
    duration: float = Field(10.0, gt=0, le=3600, description="seconds, exact to the sample; the scene's if not given")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="another seed is another take; the scene's if not given")
    variations: int = Field(
        1, ge=1, le=1000, description="how many takes: the first with this seed, the others with seeds made from it"
    )

    _prompt = field_validator("prompt")(_says_something)

    @model_validator(mode="after")
    def _one_way_to_prompt(self) -> Generate:
        if self.prompts is None:
            if self.prompt is None:
                raise ValueError("prompt is missing")
            return self
        if self.prompt is not None:
            raise ValueError("has both prompt and prompts; give one of them")
        moments = [step.at for step in self.prompts]
        if moments[0] != 0:
            raise ValueError(f"prompts begin at {moments[0]:g} s; the first has to say at = 0")
        if any(later <= earlier for earlier, later in pairwise(moments)):
            raise ValueError("prompts are not in order of time")
        return self


KIND = Kind(version=1, params=Generate, render=None, from_scene=("duration", "seed"))
