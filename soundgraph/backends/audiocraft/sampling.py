"""Choosing tokens: a take's own random numbers, and the choice that each of them makes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def noise(seed: int, window: int, n_steps: int, n_codebooks: int) -> NDArray[np.float64]:
    """The random numbers of one window of a take, shaped (n_steps, n_codebooks), in [0, 1).

    seed: of the take, 0 to 2**64 - 1. window: which part of a long piece, 0 for the first. More steps leave the numbers
    of the first ones as they are.

    They are made on the processor whatever the device, and have 24 bits, so that float32 holds them exactly: each
    device chooses with the same numbers, none of which rounds to 1.
    """
    # The raw bits of a bit generator are the part of numpy's random numbers that never changes between its releases.
    bits = np.random.Philox(key=np.array([seed, window], np.uint64)).random_raw(n_steps * n_codebooks)
    return (bits >> np.uint64(40)).astype(np.float64).reshape(n_steps, n_codebooks) * 2.0**-24


def sample(logits: Tensor, uniform: Tensor, temperature: Tensor, top_k: Tensor, top_p: Tensor) -> Tensor:
    """The tokens that random numbers choose: int64, shaped (rows, codebooks).

    logits: float32, shaped (rows, codebooks, card). uniform: float32 in [0, 1), shaped (rows, codebooks).
    temperature, top_k, top_p: one for each row. top_p goes before top_k where both are given, and 0 switches either
    off; top_k = 1 and a temperature of 0 take the likeliest token. Of equally likely ones the lower comes first.

    A greater number never chooses a likelier token: what is drawn is the inverse of the distribution over tokens in
    the order of their likelihood. Each row's tokens depend on its own numbers only, which is what torch.multinomial
    and its one stream for a whole batch cannot give.
    """
    tokens = _by_likelihood(logits)
    greedy = temperature <= 0
    ordered = logits.gather(-1, tokens) / torch.where(greedy, 1.0, temperature)[:, None, None]
    probabilities = torch.softmax(ordered, dim=-1)
    before = torch.cumsum(probabilities, dim=-1) - probabilities
    rank = torch.arange(logits.shape[-1], device=logits.device)
    limit = torch.where(greedy, 1, torch.where(top_k > 0, top_k, logits.shape[-1]))[:, None, None]
    by_share = ((top_p > 0) & ~greedy)[:, None, None]
    kept = torch.where(by_share, before <= top_p[:, None, None], rank < limit)
    reached = torch.cumsum(probabilities * kept, dim=-1)
    passed = (reached <= uniform[..., None] * reached[..., -1:]).sum(dim=-1)
    # Not a number in the logits compares with nothing: the choice must stay a token even then.
    choice = torch.minimum(passed, kept.sum(dim=-1) - 1)
    return tokens.gather(-1, choice[..., None])[..., 0]


def _by_likelihood(logits: Tensor) -> Tensor:
    """All tokens, the likeliest first, of equals the lower one: int64, shaped like the logits."""
    if logits.device.type != "cpu":
        return torch.sort(logits, dim=-1, descending=True, stable=True).indices
    # numpy sorts whole numbers twenty times as fast as torch does anything. A float's bits, those below the sign
    # inverted where it is set, have the order of the floats (+ 0.0: -0.0 equals 0.0); with the token below them no two
    # are equal, and it does not matter whether a sort is stable.
    bits = (logits + 0.0).view(torch.int32)
    order = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    keys = (~order).to(torch.int64) << 32 | torch.arange(logits.shape[-1])
    return torch.from_numpy(np.sort(keys.numpy(), axis=-1)) & 0xFFFFFFFF
