"""What a take is to sound like, encoded by the model's own conditioners, for this take alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Conditions:
    """What a window is to sound like, as the model takes it. The first row is conditional, the second the null
    condition."""

    cross: Tensor | None
    """What is attended to, shaped (2, L, dim); None for a model without cross-attention."""
    cross_mask: Tensor | None
    """What of it counts: bool, shaped (2, L)."""
    prefix: Tensor | None
    """What is put before the first token, shaped (2, P, dim), or None."""


def encode(lm: Any, text: str | None, melody: tuple[Tensor, int] | None) -> Conditions:
    """As audiocraft does for a batch of this take only.

    text: None for no condition. melody: samples shaped (channels, n), any rate, and their rate; for models that follow
    one.
    """
    from audiocraft.modules.conditioners import ClassifierFreeGuidanceDropout, ConditioningAttributes, WavCondition

    provider, fuser = lm.condition_provider, lm.fuser
    like = lm.emb[0].weight
    wave, rate = melody or (torch.zeros(1, 1), 0)
    length = torch.tensor([wave.shape[1] if melody else 0], device=like.device)
    attributes = ConditioningAttributes(text={"description": text})
    for name in provider.wav_conditions:
        rates = [rate or provider.conditioners[name].sample_rate]
        attributes.wav[name] = WavCondition(wave[None].to(like.device), length, rates, [None], [0.0])
    # Both rows at once, as there: what a text encoder gives for the one depends, in its last bits, on the other.
    both = [attributes, *ClassifierFreeGuidanceDropout(p=1.0)([attributes])]
    parts: dict[str, list[Tensor]] = {"cross": [], "prepend": []}
    with _own_chance():
        embedded = provider(provider.tokenize(both))
    for name, (embedding, _mask) in embedded.items():
        parts[fuser.cond2fuse[name]].append(embedding.to(like))
    # What is prepended later comes first.
    prefix = torch.cat(parts["prepend"][::-1], dim=1) if parts["prepend"] else None
    if not parts["cross"]:
        return Conditions(None, None, prefix)
    cross = torch.cat(parts["cross"], dim=1)
    if fuser.cross_attention_pos_emb:
        positions = sinusoids(cross.shape[1], cross.shape[2], 10000, like.device)
        cross = cross + (fuser.cross_attention_pos_emb_scale * positions).to(cross)
    # All of it counts: the conditioners have applied their masks, to the embeddings, and a lone prompt's positions are
    # all attended to, those of the null condition too, which are zero.
    return Conditions(cross, torch.ones(cross.shape[:2], dtype=torch.bool, device=cross.device), prefix)


@contextmanager
def _own_chance() -> Iterator[None]:
    """Python's random numbers are the same in here each time, and those outside go on as if nothing had been drawn.

    demucs takes the stems of a melody out of it at an offset that it draws from them: a take would hear how many
    melodies came before its own.
    """
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)


def sinusoids(n: int, dim: int, max_period: float, device: torch.device) -> Tensor:
    """What tells positions apart: float32, shaped (n, dim).

    As audiocraft's `create_sin_embedding`, which computes in the model's numbers, though: in bfloat16, positions beyond
    256 would fall together.
    """
    position = torch.arange(n, dtype=torch.float32, device=device)[:, None]
    place = torch.arange(dim // 2, dtype=torch.float32, device=device)[None]
    period = torch.full([], max_period, dtype=torch.float32, device=device)
    phase = position / period ** (place / (dim // 2 - 1))
    return torch.cat([torch.cos(phase), torch.sin(phase)], dim=-1)
