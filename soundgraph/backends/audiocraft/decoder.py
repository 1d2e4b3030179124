"""The decode loop: tokens of several takes at a time, each of which comes out as it would alone.

It runs the weights of audiocraft's own language models, and its likeliest tokens are those of `lm.generate`. What
differs is what that one does anew at each step (the text's keys and values, a copy of all keys and values so far), and
what lets one take of a batch be heard in another: one stream of random numbers, padding that is attended to.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from soundgraph.backends import Precision
from soundgraph.backends.audiocraft.batch import Batch, Graphs
from soundgraph.backends.audiocraft.conditions import Conditions, encode, sinusoids
from soundgraph.backends.audiocraft.layers import DecodeStep, Layers, Memory, Prefill, additive
from soundgraph.backends.audiocraft.linear import pack, same_at_any_width
from soundgraph.backends.audiocraft.rows import BatchRow, Pattern
from soundgraph.backends.audiocraft.sampling import sample

__all__ = ["BatchRow", "Conditions", "Decoder"]

_START = 64
"""What is there before the first step, a prefix or a prompt, takes up a multiple of this many slots.

How many of them stay empty is a row's own matter, so rows whose starts differ a little can share a batch.
"""

_WINDOW = {"cpu": 64}
_OTHER_WINDOW = 256
"""Steps look at a multiple of this many slots. On CUDA each size of window is a graph to record."""

_SHORTEST_TEXT = 16
_REPORT_EVERY = 10


class Decoder:
    """Makes tokens with a language model, up to `width` takes at a time.

    narrows: whether a batch is only as wide as it has takes, and gets narrower as they are finished. Elsewhere it is
    always `width`, some of it empty or finished: there a take's last bits depend on how many are computed together.

    On CUDA each step is replayed from a graph. That path was not run on the machine it was written on.
    """

    def __init__(self, lm: Any, precision: Precision, width: int):
        """lm: audiocraft's LMModel in evaluation mode, on its device and in its numbers; float32 for int8.

        Its layers are taken out of it, so that no weights are there twice: it can encode conditions after this, and
        not generate. Raises NodeError for int8 elsewhere than on a processor, ValueError for a model it does not serve.
        """
        if reason := self.refuses(lm):
            raise ValueError(reason)
        self._lm = lm
        self._card: int = lm.card
        self._pattern = Pattern([int(delay) for delay in lm.pattern_provider.delays], lm.card)
        self._embeddings = [embedding.weight.detach() for embedding in lm.emb]
        self._like = self._embeddings[0][:0]
        self._device = self._like.device
        self._graphed = self._device.type == "cuda"
        self._window = _WINDOW.get(self._device.type, _OTHER_WINDOW)
        self._out_norm = lm.out_norm
        biases = [head.bias for head in lm.linears]
        # One product for all codebooks. A model has biases for all of its heads or for none.
        bias = None if biases[0] is None else torch.cat(biases)
        self._int8 = precision == "int8"
        self._heads = pack(torch.cat([head.weight for head in lm.linears]), bias, self._int8)
        lm.linears = torch.nn.ModuleList()
        self._layers = Layers(lm, self._int8)
        self._graphs: Graphs | None = None
        self.width = width

    @property
    def width(self) -> int:
        """How many takes there are room for. It can be changed between runs."""
        return self._width

    @width.setter
    def width(self, width: int) -> None:
        self._width = width
        self._graphs = None
        self.narrows = self._int8 or (
            self._device.type == "cpu" and same_at_any_width([*self._layers.linears(), self._heads], width)
        )

    @staticmethod
    def refuses(lm: Any) -> str:
        """Why this decoder does not serve a language model; "" if it does."""
        from audiocraft.models.lm import LMModel
        from audiocraft.modules.codebooks_patterns import DelayedPatternProvider
        from audiocraft.modules.conditioners import TextConditioner, WaveformConditioner

        if type(lm) is not LMModel:
            return f"it is a {type(lm).__name__}, not one that goes on from token to token"
        pattern = lm.pattern_provider
        if not isinstance(pattern, DelayedPatternProvider) or pattern.flatten_first or pattern.empty_initial:
            return "its codebooks are interleaved in another way than by delays"
        for name, conditioner in lm.condition_provider.conditioners.items():
            text = isinstance(conditioner, TextConditioner) and name == "description"
            if not text and not isinstance(conditioner, WaveformConditioner):
                return f'its condition "{name}" is neither the description nor a sound'
            if name not in lm.fuser.cond2fuse:
                return f'its condition "{name}" is combined with nothing'
        crossed = {lm.fuser.cond2fuse[name] for name in lm.condition_provider.conditioners} & {"cross"}
        if lm.transformer.layers[0].cross_attention is not None and not crossed:
            return "it looks at a condition that it has not"
        for how in ("sum", "input_interpolate"):
            if lm.fuser.fuse2cond.get(how):
                return f"its conditions are combined with its input by {how}"
        return _refuses_transformer(lm.transformer, lm.emb[0].weight.dtype)

    def n_steps(self, n_frames: int) -> int:
        """How many steps a window of so many frames has, those of a prompt included: the length of its noise."""
        return self._pattern.n_steps(n_frames)

    @torch.inference_mode()
    def condition(self, text: str | None, melody: tuple[Tensor, int] | None = None) -> Conditions:
        """What a take should sound like, encoded as audiocraft does for a batch of it alone.

        text: None for no condition. melody: samples shaped (channels, n), any rate, and their rate; for models that
        follow one.
        """
        return encode(self._lm, text, melody)

    def class_of(self, row: BatchRow) -> Hashable:
        """Rows of one class can share a batch. It depends on a row itself only, and so do the shapes it is run in."""
        return _text_length(row), _round_up(self._pattern.n_before(row), _START)

    @torch.inference_mode()
    def run(
        self, rows: Sequence[BatchRow], on_frames: Callable[[int, int], None]
    ) -> Iterator[tuple[int, Tensor | None]]:
        """Yields each row's index and its codes, int64, shaped (K, n_frames), on the CPU, as soon as it is finished.

        None instead of codes for a row whose logits were not all finite: whatever is chosen by such is a token like any
        other, and no sound made of it would tell.

        rows: 1 to `width`, of one class. on_frames: called with a row's index and how many frames of its window are
        there, its prompt included; it may raise, to stop. On CUDA, one run is to end before the next one begins.
        """
        if not 1 <= len(rows) <= self.width or len({self.class_of(row) for row in rows}) != 1:
            raise ValueError(f"{len(rows)} rows do not make a batch of one class and width {self.width}")
        batch = self._fill(rows)
        last = [self._pattern.n_chosen(row) - 1 for row in rows]
        live = list(range(len(rows)))  # the batch's first takes are these rows
        over: set[int] = set()  # rows that are finished, or never will be
        for index in range(max(last) + 1):
            self._advance(batch, index)
            if index not in last and (index + 1) % _REPORT_EVERY:
                continue
            self._report(rows, [row for row in live if row not in over], index, on_frames)
            # Not looked at after each step: it is a wait for the device.
            finite = batch.sums.isfinite().tolist()
            for place, row in enumerate(live):
                if row not in over and (last[row] == index or not finite[place]):
                    over.add(row)
                    yield row, self._pattern.codes(rows[row], batch.tokens[place]) if finite[place] else None
            places = [place for place, row in enumerate(live) if row not in over]
            if not places:
                return
            if self.narrows and len(places) < len(live):
                live = [live[place] for place in places]
                batch.keep(places)

    def _report(
        self, rows: Sequence[BatchRow], which: list[int], index: int, on_frames: Callable[[int, int], None]
    ) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)  # what is only queued is not there yet
        for row in which:
            step = self._pattern.first_step(rows[row]) + index
            on_frames(row, self._pattern.frames_there(rows[row], step))

    def _advance(self, batch: Batch, index: int) -> None:
        """One step of all rows."""
        window = _round_up(batch.start + index + 1, self._window)
        batch.at(index)
        if self._graphs is not None:
            self._graphs.replay(window, lambda: self._step(batch, window))
        else:
            self._step(batch, window)

    def _step(self, batch: Batch, window: int) -> None:
        """Reads the tokens of a step and writes those of the next one. Doing it twice does no harm."""
        x = self._embed(batch.tokens.index_select(2, batch.step))
        x = torch.cat([x, x])
        x += batch.positions.index_select(0, batch.slot - batch.first)[:, None]
        slots = torch.arange(window, device=self._device)
        mask = additive((slots <= batch.slot) & (slots >= batch.first[:, None]), x.dtype)[:, None, None]
        x = self._layers(x, DecodeStep(batch.memory, batch.slot, window, mask, batch.text_mask))
        if self._out_norm is not None:
            x = self._out_norm(x)
        logits = self._heads(x).float().view(2, -1, len(self._embeddings), self._card)
        guided = logits[1] + (logits[0] - logits[1]) * batch.cfg_coef[:, None, None]
        batch.sums.add_(guided.sum(dim=(1, 2)))
        uniform = batch.uniform.index_select(1, batch.step)[:, 0]
        chosen = sample(guided, uniform, batch.temperature, batch.top_k, batch.top_p)
        # Prompts and special tokens are there from the start; only what is not known yet is written.
        known = batch.tokens.index_select(2, batch.step + 1)[..., 0]
        batch.tokens.index_copy_(2, batch.step + 1, torch.where(known < 0, chosen, known)[..., None])

    def _embed(self, tokens: Tensor) -> Tensor:
        """The input of positions. tokens: shaped (rows, K, n); returns (rows, n, dim)."""
        x = functional.embedding(tokens[:, 0], self._embeddings[0])
        for k, weight in enumerate(self._embeddings[1:], start=1):
            x = x + functional.embedding(tokens[:, k], weight)
        return x

    def _fill(self, rows: Sequence[BatchRow]) -> Batch:
        """A batch of these rows, all of them before their first step."""
        start = _round_up(self._pattern.n_before(rows[0]), _START)
        n_slots = start + max(self._pattern.n_chosen(row) for row in rows)
        n_takes = len(rows) if self.narrows else self.width
        batch = self._empty_batch(n_takes, _round_up(n_slots, self._window), _text_length(rows[0]))
        batch.start = start
        for take, row in enumerate(rows):
            rows_of_take = torch.tensor([take, n_takes + take], device=self._device)
            known = self._pattern.first_step(row) - 1
            sequence = self._pattern.sequence(row).to(self._device)
            n = self._pattern.n_chosen(row)
            batch.tokens[take, :, : n + 1] = sequence[:, known:]
            batch.uniform[take, :n] = torch.from_numpy(row.noise[known : known + n]).float().to(self._device)
            batch.temperature[take] = row.temperature
            batch.top_k[take] = row.top_k
            batch.top_p[take] = row.top_p
            batch.cfg_coef[take] = row.cfg_coef
            batch.first[rows_of_take] = start - self._pattern.n_before(row)
            self._remember_text(row.conditions, batch, rows_of_take)
            self._prefill(row.conditions, batch, rows_of_take, sequence[:, :known])
        return batch

    def _empty_batch(self, n_takes: int, n_slots: int, n_text: int) -> Batch:
        """A new one; on CUDA that of before, if it is large enough, since graphs were recorded with it."""
        if not self._graphed:
            return self._new_batch(n_takes, n_slots, n_text)
        if self._graphs is None or not self._graphs.batch.holds(n_slots, n_text):
            self._graphs = None  # gives its memory back first
            self._graphs = Graphs(self._new_batch(n_takes, _round_up(n_slots, 1024), n_text))
        self._graphs.batch.clear(self._card)
        return self._graphs.batch

    def _new_batch(self, n_takes: int, n_slots: int, n_text: int) -> Batch:
        transformer = self._lm.transformer
        positions = sinusoids(n_slots, self._like.shape[1], transformer.max_period, self._device)
        memory = Memory(self._layers, 2 * n_takes, n_slots, n_text, self._like)
        batch = Batch(memory, (transformer.positional_scale * positions).to(self._like), len(self._embeddings))
        batch.tokens.fill_(self._card)
        return batch

    def _remember_text(self, conditions: Conditions, batch: Batch, rows: Tensor) -> None:
        if conditions.cross is None or conditions.cross_mask is None or batch.text_mask is None:
            return
        n = conditions.cross.shape[1]
        for layer, (keys, values) in enumerate(self._layers.texts(conditions.cross)):
            all_keys, all_values = batch.memory.texts[layer]
            all_keys[rows, :, :n] = keys
            all_values[rows, :, :n] = values
        seen = functional.pad(conditions.cross_mask, (0, batch.text_mask.shape[-1] - n))
        batch.text_mask[rows] = additive(seen, batch.text_mask.dtype)[:, None, None]

    def _prefill(self, conditions: Conditions, batch: Batch, rows: Tensor, tokens: Tensor) -> None:
        """Runs what precedes a take's first step, for its two rows alone: no other row has a say in the shapes.

        tokens: shaped (K, n); perhaps none, where there is no prompt.
        """
        x = self._embed(tokens[None]).expand(2, -1, -1)
        if conditions.prefix is not None:
            x = torch.cat([conditions.prefix.to(x), x], dim=1)
        n = x.shape[1]
        if n:
            x = x + batch.positions[:n]
            causal = torch.ones(n, n, dtype=torch.bool, device=self._device).tril()
            text_mask = None if batch.text_mask is None else batch.text_mask[rows]
            self._layers(x, Prefill(batch.memory, rows, batch.start - n, additive(causal, x.dtype), text_mask))


def _refuses_transformer(transformer: Any, dtype: torch.dtype) -> str:
    layer = transformer.layers[0]
    if transformer.positional_embedding != "sin":
        return f"its positions are told by {transformer.positional_embedding}"
    if not layer.self_attn.causal or layer.self_attn.past_context is not None:
        return "its tokens do not look at all that came before"
    if layer.self_attn.kv_repeat != 1:
        return "its heads share their keys"
    if layer.self_attn.attention_as_float32 and dtype != torch.float32:
        return "its attention is in other numbers than the rest of it"
    if layer.activation not in (functional.gelu, functional.relu):
        return "its activation is neither gelu nor relu"
    return ""


def _text_length(row: BatchRow) -> int:
    """What a text's positions are padded to: a power of two, by its own length; 0 for none."""
    cross = row.conditions.cross
    return 0 if cross is None else max(_SHORTEST_TEXT, 1 << (cross.shape[1] - 1).bit_length())


def _round_up(n: int, step: int) -> int:
    return -(-n // step) * step
