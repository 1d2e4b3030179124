"""Models that soundgraph's own decoder does not serve, MAGNeT above all: audiocraft's own `generate`, one at a time.

audiocraft draws from torch's one random stream, in the order in which it happens to run. Here each run begins with a
seed of its own and leaves the stream as it was, so that a take is still the same after, before or without any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from soundgraph.backends.audiocraft.checkpoint import Loaded, attention

_FIRST_STEPS, _LATER_STEPS = 20, 10
"""MAGNeT's rounds of filling in, for the first codebook and for each of the others, as stock has them."""


@dataclass(frozen=True)
class Run:
    """One window."""

    text: str
    melody: Tensor | None
    """float32 (channels, n) at the model's rate, or None."""
    prompt: Tensor | None
    """int64 codes [K, T0] it goes on from, or None."""
    n_steps: int
    """Of the whole window, T0 included."""
    seed: int
    """Of the window, 0 to 2**64 - 1."""
    temperature: float
    top_k: int
    top_p: float
    cfg_coef: float


@torch.no_grad()
def generate(loaded: Loaded, run: Run, on_steps: Callable[[int], None]) -> Tensor | None:
    """The codes of a window, int64 [K, n_steps] on the CPU, prompt included. None if its logits were not all finite.

    on_steps: called with the steps made so far; it may raise, to stop.

    MAGNeT fills a window of one fixed length, so that is made whole and cut. It fills it in spans of several steps, and
    stock drops what is left over (2 of 500 steps): there the last step lasts on.
    """
    magnet = loaded.kind == "magnet"
    n_made = round(loaded.max_duration_s * loaded.codec.frame_rate) if magnet else run.n_steps

    def on_progress(done: int, of: int) -> None:
        on_steps(min(run.n_steps, _known(run) + (run.n_steps - _known(run)) * done // of))

    prompt = None if run.prompt is None else run.prompt[None].to(loaded.device)
    with _seeded(run.seed, loaded.device), attention(loaded.kind), _autocast(loaded), _watched(loaded.lm) as finite:
        codes = loaded.lm.generate(
            prompt,
            [_attributes(loaded, run)],
            max_gen_len=n_made,
            use_sampling=True,
            temp=run.temperature,
            top_k=min(run.top_k, loaded.lm.card),
            top_p=run.top_p,
            callback=on_progress,
            **(_magnet_only(loaded, run) if magnet else {"cfg_coef": run.cfg_coef}),
        )
    if not torch.stack(finite).all():
        return None
    codes = codes[0, :, : run.n_steps].to("cpu", torch.int64)
    left = run.n_steps - codes.shape[1]
    return cast(Tensor, torch.cat([codes, codes[:, -1:].expand(-1, left)], dim=1))


def _known(run: Run) -> int:
    return 0 if run.prompt is None else run.prompt.shape[1]


def _magnet_only(loaded: Loaded, run: Run) -> dict[str, Any]:
    return {
        "max_cfg_coef": run.cfg_coef,
        "min_cfg_coef": min(1.0, run.cfg_coef),
        "decoding_steps": [_FIRST_STEPS] + [_LATER_STEPS] * (loaded.lm.n_q - 1),
        "span_arrangement": "nonoverlap",
    }


def _attributes(loaded: Loaded, run: Run) -> Any:
    """What audiocraft conditions on: as `MusicGen._prepare_tokens_and_attributes` puts it together."""
    from audiocraft.modules.conditioners import ConditioningAttributes, WavCondition

    conditioners = loaded.lm.condition_provider
    text = {name: run.text if name == "description" else None for name in conditioners.text_conditions}
    attributes = ConditioningAttributes(text=text)
    for name in conditioners.wav_conditions:
        wav = torch.zeros(1, 1, 1) if run.melody is None else run.melody[None]
        length = 0 if run.melody is None else wav.shape[-1]
        attributes.wav[name] = WavCondition(
            wav.to(loaded.device),
            torch.tensor([length], device=loaded.device),
            [loaded.codec.sample_rate],
            [None],
            [0.0],
        )
    return attributes


@contextmanager
def _watched(lm: Any) -> Iterator[list[Tensor]]:
    """While this lasts, gathers for each run of a language model whether its logits are all finite.

    What is not becomes 0: a draw from it would be an error on a processor, and on CUDA the end of all that is there. To
    look at once, run by run, would be to wait for the device.
    """
    are_finite: list[Tensor] = []

    def look(_lm: Any, _given: Any, logits: Tensor) -> Tensor:
        finite = logits.isfinite()
        are_finite.append(finite.all())
        return torch.where(finite, logits, 0)

    hook = lm.register_forward_hook(look)
    try:
        yield are_finite
    finally:
        hook.remove()


@contextmanager
def _seeded(seed: int, device: str) -> Iterator[None]:
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _autocast(loaded: Loaded) -> torch.autocast:
    """As stock has it; on a CPU, too, where stock has float32 only: its layers are not all in one sort of numbers."""
    return torch.autocast(loaded.device, dtype=loaded.dtype, enabled=loaded.dtype != torch.float32)
