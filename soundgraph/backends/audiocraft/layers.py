"""The layers of a language model, with keys and values kept from step to step instead of computed or copied again.

Shapes below: R rows (two for each take: the conditional ones first, then those of the null condition), n positions,
H heads of D numbers, S slots of the memory, L positions of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from soundgraph.backends.audiocraft.linear import Linear, pack

_QUERIES = 128
"""Positions of a prefill that look back at a time: what all of them would take at once grows with their square."""

KeysValues = tuple[Tensor, Tensor]
"""Each shaped (R, H, positions, D)."""


class Memory:
    """The keys and values of a batch of rows, allocated once. What is not written yet is zero.

    keys, values: of what was generated, by layer, shaped (R, H, S, D). texts: of what it is conditioned on, by layer,
    shaped (R, H, L, D); none for a model that has no cross-attention.
    """

    def __init__(self, layers: Layers, n_rows: int, n_slots: int, n_text: int, like: Tensor):
        shape = (n_rows, layers.n_heads, n_slots, layers.head_dim)
        self.keys = [like.new_zeros(shape) for _ in range(layers.n_layers)]
        self.values = [like.new_zeros(shape) for _ in range(layers.n_layers)]
        text = (n_rows, layers.n_heads, n_text, layers.head_dim)
        self.texts: list[KeysValues] = [
            (like.new_zeros(text), like.new_zeros(text)) for _ in range(layers.n_layers if n_text else 0)
        ]

    def clear(self) -> None:
        for tensor in (*self.keys, *self.values, *(each for pair in self.texts for each in pair)):
            tensor.zero_()

    def keep(self, rows: Tensor) -> None:
        """Forgets all rows but these. One layer after another, so that never two whole memories are there at once."""
        for layer, (keys, values) in enumerate(zip(self.keys, self.values, strict=True)):
            self.keys[layer], self.values[layer] = keys[rows], values[rows]
        self.texts = [(keys[rows], values[rows]) for keys, values in self.texts]


@dataclass(frozen=True)
class DecodeStep:
    """One more position of every row."""

    memory: Memory
    slot: Tensor
    """Where in the memory it belongs: an int64 tensor of one number, so that a CUDA graph can be told a new one."""
    window: int
    """How many slots to look at."""
    mask: Tensor
    """0 where a row may look and -inf elsewhere, shaped (R, 1, 1, S)."""
    text_mask: Tensor | None
    """0 where a row may look and -inf elsewhere, shaped (R, 1, 1, L)."""

    def remember(self, layer: int, keys: Tensor, values: Tensor) -> KeysValues:
        all_keys, all_values = self.memory.keys[layer], self.memory.values[layer]
        all_keys.index_copy_(2, self.slot, keys)
        all_values.index_copy_(2, self.slot, values)
        return all_keys[:, :, : self.window], all_values[:, :, : self.window]

    def text(self, layer: int) -> KeysValues:
        return self.memory.texts[layer]


@dataclass(frozen=True)
class Prefill:
    """The positions that precede a take's first step, for its two rows alone."""

    memory: Memory
    rows: Tensor
    """Which two of the memory."""
    start: int
    """The slot of the first position."""
    mask: Tensor
    """Causal, shaped (n, n)."""
    text_mask: Tensor | None

    def remember(self, layer: int, keys: Tensor, values: Tensor) -> KeysValues:
        slots = slice(self.start, self.start + keys.shape[2])
        self.memory.keys[layer][self.rows, :, slots] = keys
        self.memory.values[layer][self.rows, :, slots] = values
        return keys, values

    def text(self, layer: int) -> KeysValues:
        keys, values = self.memory.texts[layer]
        return keys[self.rows], values[self.rows]


class Layers:
    """The transformer of a language model; its weights are taken out of the model, layer by layer."""

    def __init__(self, lm: Any, int8: bool):
        """int8: whether to keep the weights in 8 bits."""
        modules = list(lm.transformer.layers)
        lm.transformer.layers = torch.nn.ModuleList()
        self.n_layers = len(modules)
        self.n_heads: int = modules[0].self_attn.num_heads
        self.head_dim: int = lm.dim // self.n_heads

        def linear(weight: Tensor, bias: Tensor | None) -> Linear:
            return pack(weight, bias, int8)

        self._layers = []
        while modules:
            self._layers.append(_Layer(modules.pop(0), linear))

    def __call__(self, x: Tensor, step: DecodeStep | Prefill) -> Tensor:
        """x: shaped (R, n, dim), n = 1 in a step. The result has the same shape."""
        for index, layer in enumerate(self._layers):
            x = layer(x, index, step)
        return x

    def linears(self) -> Iterator[Linear]:
        for layer in self._layers:
            yield from layer.linears()

    def texts(self, cross: Tensor) -> Iterator[KeysValues]:
        """The keys and values of a text, layer by layer. cross: shaped (2, L, dim)."""
        for layer in self._layers:
            assert layer.cross is not None, "only a model with cross-attention is given a text this way"
            yield layer.cross.keys_values(cross)


class _Layer:
    """One layer: self-attention, attention to the text if there is any, and a network for each position alone."""

    def __init__(self, module: Any, linear: Callable[[Tensor, Tensor | None], Linear]):
        self._first = module.norm_first
        self._norm1, self._norm2 = module.norm1, module.norm2
        self._scale1, self._scale2 = module.layer_scale_1, module.layer_scale_2
        self._self = _Attention(module.self_attn, linear)
        self.cross: _Attention | None = None
        if module.cross_attention is not None:
            self.cross = _Attention(module.cross_attention, linear)
            self._norm_cross, self._scale_cross = module.norm_cross, module.layer_scale_cross
        self._up = linear(module.linear1.weight, module.linear1.bias)
        self._down = linear(module.linear2.weight, module.linear2.bias)
        self._activation = module.activation

    def __call__(self, x: Tensor, index: int, step: DecodeStep | Prefill) -> Tensor:
        if self._first:
            x = x + self._scale1(self._look_back(self._norm1(x), index, step))
            if self.cross is not None:
                x = x + self._scale_cross(self.cross.look(self._norm_cross(x), step.text(index), step.text_mask))
            return x + self._scale2(self._down(self._activation(self._up(self._norm2(x)))))
        given = x
        x = self._norm1(x + self._scale1(self._look_back(x, index, step)))
        if self.cross is not None:
            # What asks is what the layer was given, not what it has become: as audiocraft has it.
            x = self._norm_cross(x + self._scale_cross(self.cross.look(given, step.text(index), step.text_mask)))
        return self._norm2(x + self._scale2(self._down(self._activation(self._up(x)))))

    def linears(self) -> Iterator[Linear]:
        yield from self._self.linears
        if self.cross is not None:
            yield from self.cross.linears
        yield from (self._up, self._down)

    def _look_back(self, x: Tensor, index: int, step: DecodeStep | Prefill) -> Tensor:
        queries, keys, values = self._self.queries_keys_values(x)
        keys, values = step.remember(index, keys, values)
        return self._self.attend(queries, keys, values, step.mask)


class _Attention:
    """Attention of many heads as product, softmax, product.

    Not scaled_dot_product_attention: on a processor with several threads, a row's result from that depends on its place
    in the batch.
    """

    def __init__(self, module: Any, linear: Callable[[Tensor, Tensor | None], Linear]):
        inner = module if module.custom else module.mha
        weight, bias = inner.in_proj_weight, inner.in_proj_bias
        dim = weight.shape[1]
        self._n_heads = module.num_heads
        self._norms = (module.q_layer_norm, module.k_layer_norm) if module.qk_layer_norm else None
        self._scale = (dim // self._n_heads) ** -0.5
        parts = (slice(dim), slice(dim, None)) if module.cross_attention else (slice(None),)
        self._in = [linear(weight[part], None if bias is None else bias[part]) for part in parts]
        self._out = linear(inner.out_proj.weight, inner.out_proj.bias)
        self.linears = [*self._in, self._out]

    def queries_keys_values(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        queries, keys, values = self._in[0](x).chunk(3, dim=-1)
        if self._norms is not None:
            queries, keys = self._norms[0](queries), self._norms[1](keys)
        return self._heads(queries), self._heads(keys), self._heads(values)

    def keys_values(self, x: Tensor) -> KeysValues:
        keys, values = self._in[1](x).chunk(2, dim=-1)
        if self._norms is not None:
            keys = self._norms[1](keys)
        return self._heads(keys), self._heads(values)

    def look(self, x: Tensor, text: KeysValues, mask: Tensor | None) -> Tensor:
        queries = self._in[0](x)
        if self._norms is not None:
            queries = self._norms[0](queries)
        return self.attend(self._heads(queries), *text, mask)

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """queries: shaped (R, H, n, D). mask: added to the scores, shaped (…, 1 or n, S). Returns (R, n, dim)."""
        queries = queries * self._scale
        if queries.shape[2] == 1:
            # Keys on the left: their rows lie in memory as the product reads them.
            scores = (keys @ queries.transpose(2, 3)).transpose(2, 3)
            attended = self._weigh(scores, values, mask)
        else:
            parts = []
            for start in range(0, queries.shape[2], _QUERIES):
                some = slice(start, start + _QUERIES)
                part_mask = mask if mask is None or mask.shape[-2] == 1 else mask[..., some, :]
                parts.append(self._weigh(queries[:, :, some] @ keys.transpose(2, 3), values, part_mask))
            attended = torch.cat(parts, dim=2)
        return self._out(attended.transpose(1, 2).flatten(2))

    def _weigh(self, scores: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:
            scores = scores + mask
        return torch.softmax(scores, dim=-1) @ values

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self._n_heads, -1)).transpose(1, 2)


def additive(seen: Tensor, dtype: torch.dtype) -> Tensor:
    """What is added to scores: 0 where `seen`, -inf elsewhere."""
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, float("-inf"))
