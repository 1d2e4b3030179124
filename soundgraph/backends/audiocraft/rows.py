"""What is asked of the decoder, one window of one take, and how its codebooks are laid out step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundgraph.backends.audiocraft.conditions import Conditions


@dataclass(frozen=True)
class BatchRow:
    """One window of one take."""

    conditions: Conditions
    prompt: Tensor | None
    """Codes that it goes on from, int64, shaped (K, T0), or None."""
    n_frames: int
    """Of the whole window, more than T0."""
    noise: NDArray[np.float64]
    """See `sampling.noise`; shaped (`Decoder.n_steps(n_frames)`, K)."""
    temperature: float
    top_k: int
    top_p: float
    cfg_coef: float

    @property
    def n_prompt(self) -> int:
        return 0 if self.prompt is None else self.prompt.shape[1]


class Pattern:
    """Codebook k lags by `delays[k]` steps, after a first step of special tokens: audiocraft's delay pattern."""

    def __init__(self, delays: list[int], special: int):
        self.delays = delays
        self._special = special

    def n_steps(self, n_frames: int) -> int:
        """How many steps follow the first one, those of a prompt included."""
        return n_frames + max(self.delays)

    def first_step(self, row: BatchRow) -> int:
        """The first step that has a token to choose."""
        return 1 + row.n_prompt + min(self.delays)

    def n_chosen(self, row: BatchRow) -> int:
        """How many steps have."""
        return 1 + self.n_steps(row.n_frames) - self.first_step(row)

    def n_before(self, row: BatchRow) -> int:
        """How many positions precede the one that the first token is chosen after."""
        prefix = row.conditions.prefix
        return (0 if prefix is None else prefix.shape[1]) + self.first_step(row) - 1

    def frames_there(self, row: BatchRow, step: int) -> int:
        """How many frames are complete, a prompt's included, when the tokens of a step are chosen."""
        return min(row.n_frames, max(row.n_prompt, step - max(self.delays)))

    def sequence(self, row: BatchRow) -> Tensor:
        """Tokens step by step: int64 on the CPU, shaped (K, 1 + steps), -1 where they are to be chosen."""
        sequence = torch.full((len(self.delays), 1 + self.n_steps(row.n_frames)), self._special, dtype=torch.int64)
        for k, delay in enumerate(self.delays):
            sequence[k, 1 + delay : 1 + delay + row.n_frames] = -1
            if row.prompt is not None:
                sequence[k, 1 + delay : 1 + delay + row.n_prompt] = row.prompt[k].cpu()
        return sequence

    def codes(self, row: BatchRow, chosen: Tensor) -> Tensor:
        """The codes of a finished row: int64 on the CPU, shaped (K, n_frames).

        chosen: its tokens from the step before its first one on, shaped (K, 1 + `n_chosen` or more).
        """
        sequence = self.sequence(row)
        start = self.first_step(row) - 1
        sequence[:, start:] = chosen[:, : sequence.shape[1] - start].cpu()
        return torch.stack([sequence[k, 1 + delay :][: row.n_frames] for k, delay in enumerate(self.delays)])
