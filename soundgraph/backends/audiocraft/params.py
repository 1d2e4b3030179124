"""What nodes may say to MusicGen, AudioGen and MAGNeT beyond what they may say to every model."""

from __future__ import annotations

from pydantic import Field

from soundgraph.backends import Temperature
from soundgraph.core.params import Params


class AudioCraftParams(Params):
    """How a token is chosen among those that the language model thinks likely."""

    temperature: Temperature = 1.0
    top_k: int = Field(250, ge=0, le=4096, description="choose among the k likeliest tokens; 0 for all of them")
    top_p: float = Field(
        0.0, ge=0, le=1, description="choose among the likeliest tokens that make up this share; 0 to use top_k"
    )
    cfg_coef: float = Field(3.0, ge=0, le=20, description="how closely to follow the prompt (classifier-free guidance)")
