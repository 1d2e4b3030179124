"""The buffers that a batch of takes is decoded in, and the graphs recorded with them on CUDA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from soundgraph.backends.audiocraft.layers import Memory


class Batch:
    """Room for some takes. Where each has two places, its null row's is as far behind as there are takes.

    positions: shaped (slots, dim). tokens: int64, shaped (takes, K, slots + 1), -1 where to be chosen, from each take's
    first step on. uniform: its random numbers for them, shaped (takes, slots, K). first: each row's first slot.
    text_mask: 0 where a row looks at its text and -inf elsewhere, shaped (rows, 1, 1, L), or None without a text.
    start: the slot of the first step. step, slot: of the current one, tensors of one number.
    sums: of all the logits of a take so far, which stay NaN or infinite once one of them was.
    """

    def __init__(self, memory: Memory, positions: Tensor, n_codebooks: int):
        n_rows, _, n_slots, _ = memory.keys[0].shape
        n_takes, device = n_rows // 2, positions.device
        self.memory = memory
        self.positions = positions
        self.start = 0
        self.step = torch.zeros(1, dtype=torch.int64, device=device)
        self.slot = torch.zeros(1, dtype=torch.int64, device=device)
        self.first = torch.zeros(n_rows, dtype=torch.int64, device=device)
        self.tokens = torch.zeros(n_takes, n_codebooks, n_slots + 1, dtype=torch.int64, device=device)
        self.uniform = torch.zeros(n_takes, n_slots, n_codebooks, device=device)
        self.temperature = torch.ones(n_takes, device=device)
        self.top_k = torch.ones(n_takes, dtype=torch.int64, device=device)
        self.top_p = torch.zeros(n_takes, device=device)
        self.cfg_coef = torch.ones(n_takes, device=device)
        self.sums = torch.zeros(n_takes, device=device)
        self.text_mask = positions.new_zeros(n_rows, 1, 1, memory.texts[0][0].shape[2]) if memory.texts else None

    def holds(self, n_slots: int, n_text: int) -> bool:
        """Whether it has so many slots, and exactly such texts, whose length is part of how a row is computed."""
        return n_slots <= len(self.positions) and n_text == (0 if self.text_mask is None else self.text_mask.shape[-1])

    def clear(self, special: int) -> None:
        """Takes all rows out. An empty one reads special tokens and looks at zeros, anything but at nothing."""
        self.memory.clear()
        self.tokens.fill_(special)
        self.first.zero_()
        self.sums.zero_()
        if self.text_mask is not None:
            self.text_mask.zero_()

    def at(self, index: int) -> None:
        self.step.fill_(index)
        self.slot.fill_(self.start + index)

    def keep(self, places: list[int]) -> None:
        """Leaves out all takes but these."""
        takes = torch.tensor(places, device=self.first.device)
        rows = torch.cat([takes, takes + len(self.temperature)])
        self.memory.keep(rows)
        self.first = self.first[rows]
        if self.text_mask is not None:
            self.text_mask = self.text_mask[rows]
        for name in ("tokens", "uniform", "temperature", "top_k", "top_p", "cfg_coef", "sums"):
            setattr(self, name, getattr(self, name)[takes])


class Graphs:
    """CUDA graphs of a step, one for each window, and the buffers they were recorded with."""

    def __init__(self, batch: Batch):
        self.batch = batch
        self._graphs: dict[int, Any] = {}

    def replay(self, window: int, step: Callable[[], None]) -> None:
        """Does the step, by its graph if it has one. A step can be done twice, so the recording may begin with it."""
        if window in self._graphs:
            self._graphs[window].replay()
            return
        # Libraries set themselves up at a first call, which must not be recorded.
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        self._graphs[window] = graph
