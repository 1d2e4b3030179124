"""Make a sound from a text prompt with a model."""

from __future__ import annotations

from pydantic import Field, field_validator

from soundgraph.kinds import Kind, Params


class Generate(Params):
    model: str = Field(
        min_length=1,
        description='a name from [models] of soundgraph.toml ("music" and "audio" are always there), a published id '
        'such as "facebook/musicgen-small", a draft model such as "draft/music", or the folder of a checkpoint',
    )
    prompt: str = Field(min_length=1, max_length=2000, description="what it should sound like, in words")

    @field_validator("prompt")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must say something")
        return value

    duration: float = Field(10.0, gt=0, le=3600, description="seconds, exact to the sample; the scene's if not given")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="another seed is another take; the scene's if not given")
    temperature: float = Field(
        1.0, gt=0, le=5, description="how freely the model chooses: lower is steadier, higher is wilder"
    )
    top_k: int = Field(250, ge=0, le=4096, description="choose among the k likeliest tokens; 0 for all of them")
    top_p: float = Field(
        0.0, ge=0, le=1, description="choose among the likeliest tokens that make up this share; 0 to use top_k"
    )
    cfg_coef: float = Field(3.0, ge=0, le=20, description="how closely to follow the prompt (classifier-free guidance)")


KIND = Kind(version=1, params=Generate, render=None, from_scene=("duration", "seed"))
