"""The parties of the comparison: each loads the same weights in its own way, and generates step by step.

A party tells after each decode step that it is done with it, so that steps of several parties can take turns and only
they are counted: encoding the text, taking in the context and decoding to sound are not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast
from unittest.mock import patch

from soundgraph.backends import Precision
from tests.bench.generation import checkpoints
from tests.bench.generation.sizes import CODEBOOKS, PROMPTS, SIZES

OnStep = Callable[[int], None]
"""Called with how many steps were done since the last call."""

TOP_K, TEMPERATURE, GUIDANCE = 250, 1.0, 3.0


@dataclass(frozen=True)
class Order:
    """What to generate.

    rows: takes at a time. width: of the batch they are made in; the others have no such thing.
    context: frames that each take goes on from. frames: of the whole take, context included.
    greedy: choose the likeliest token instead of drawing one.
    """

    rows: int
    width: int
    context: int
    frames: int
    greedy: bool = False

    @property
    def prompts(self) -> list[str]:
        return [PROMPTS[row % len(PROMPTS)] for row in range(self.rows)]

    def codes(self, card: int) -> Any:
        """The context: random codes [rows, CODEBOOKS, context], the same for every party."""
        import torch

        random = torch.Generator().manual_seed(2)
        # Drawn row by row: the first row is the same however many there are.
        drawn = [torch.randint(card, (CODEBOOKS, self.context), generator=random) for _ in range(self.rows)]
        return torch.stack(drawn)


class Party(Protocol):
    versions: str

    def prepare(self, order: Order) -> None:
        """Get ready for an order, if loading has not done all of that."""

    def run(self, order: Order, on_step: OnStep) -> Any:
        """Generate; `on_step` is called after each step, first when the context has been taken in, and may raise to
        end it. Returns int64 codes [rows, CODEBOOKS, frames] on the CPU."""


class Stock:
    """audiocraft as it is: `generate` of its language model, with the prompts as one list."""

    def __init__(self, root: Path, name: str, device: str):
        from soundgraph.backends.audiocraft import compat

        compat.prepare()
        import audiocraft
        import torch
        from audiocraft.models import AudioGen, MusicGen

        kind = MusicGen if SIZES[name].family == "music" else AudioGen
        self.model = kind.get_pretrained(str(checkpoints.folder_of(root, name)), device=device)
        self.versions = f"audiocraft {audiocraft.__version__}, torch {torch.__version__}"

    def prepare(self, order: Order) -> None:
        """Nothing is left to do."""

    def run(self, order: Order, on_step: OnStep) -> Any:
        lm = self.model.lm
        attributes, _ = self.model._prepare_tokens_and_attributes(order.prompts, None)
        with self.model.autocast:
            codes = lm.generate(
                order.codes(lm.card).to(self.model.device) if order.context else None,
                attributes,
                max_gen_len=order.frames,
                use_sampling=not order.greedy,
                temp=TEMPERATURE,
                top_k=TOP_K,
                cfg_coef=GUIDANCE,
                callback=lambda done, total: on_step(1),
            )
        return codes.cpu()

    def step_bytes(self) -> int:
        """Bytes of the weights that a step has to read: of the layers and the heads."""
        weights = [*self.model.lm.transformer.parameters(), *self.model.lm.linears.parameters()]
        return sum(weight.numel() * weight.element_size() for weight in weights)


class Transformers:
    """MusicgenForConditionalGeneration of transformers, its `generate` with a criterion that counts the steps."""

    def __init__(self, root: Path, name: str, device: str):
        import torch
        import transformers

        folder = checkpoints.transformers_folder_of(root, name)
        dtype = torch.float32 if device == "cpu" else torch.float16
        model = transformers.MusicgenForConditionalGeneration.from_pretrained(folder, dtype=dtype)
        self.model = model.eval().to(device)
        self.tokenizer = transformers.T5Tokenizer.from_pretrained(folder)
        self.versions = f"transformers {transformers.__version__}"

    def prepare(self, order: Order) -> None:
        """Nothing is left to do."""

    def run(self, order: Order, on_step: OnStep) -> Any:
        import torch
        import transformers

        tokens = self.tokenizer(order.prompts, return_tensors="pt", padding=True).to(self.model.device)
        card = self.model.config.decoder.vocab_size
        context = {}
        if order.context:
            codes = order.codes(card).reshape(order.rows * CODEBOOKS, order.context)
            context["decoder_input_ids"] = codes.to(self.model.device)
        settings = {"do_sample": False} if order.greedy else {"top_k": TOP_K, "temperature": TEMPERATURE}
        steps = _Steps(on_step)
        with torch.inference_mode():
            self.model.generate(
                **tokens,
                **context,
                **settings,
                # A place for the first token, and one for each delay of a codebook.
                max_length=order.frames + CODEBOOKS,
                stopping_criteria=transformers.StoppingCriteriaList([steps]),
            )
        # Codebook k is k places late, behind the first token.
        drawn = steps.tokens.reshape(order.rows, CODEBOOKS, -1)
        made = [drawn[:, book, book + 1 + order.context : book + 1 + order.frames] for book in range(CODEBOOKS)]
        return torch.cat([order.codes(card), torch.stack(made, dim=1).cpu()], dim=-1)


class _Steps:
    """What transformers asks after each step whether to stop; it keeps the tokens so far. (A streamer would be the
    plainer way: this model's `generate` takes one and calls it once.)"""

    def __init__(self, on_step: OnStep):
        self.tokens: Any = None
        self._on_step = on_step

    def __call__(self, tokens: Any, scores: Any, **kwargs: Any) -> Any:
        import torch

        self.tokens = tokens
        self._on_step(1)
        return torch.zeros(len(tokens), dtype=torch.bool, device=tokens.device)


class Ours:
    """soundgraph's decoder, as a build runs it."""

    def __init__(self, root: Path, name: str, device: str, precision: Precision):
        import soundgraph
        from soundgraph import backends
        from soundgraph.backends import Sources

        self._sources = Sources()
        folder = str(checkpoints.folder_of(root, name))
        model = backends.find(folder, self._sources)
        if model is None:
            raise FileNotFoundError(folder)
        self._model, self._device, self._precision = model, device, precision
        self._loaded: Any = None
        self._decoder: Any = None
        self.versions = f"soundgraph {soundgraph.__version__}"
        self._load(1)

    def prepare(self, order: Order) -> None:
        if self._decoder.width != order.width:
            self._load(order.width)

    def _load(self, width: int) -> None:
        """A decoder takes the weights out of the model, so that one of another width needs them loaded again."""
        from soundgraph.backends.audiocraft import checkpoint, engines, weights

        if self._loaded is not None:
            self._decoder = None
            checkpoint.free(self._loaded)
        files = weights.locate(self._model, self._sources)
        dtype = checkpoint.dtype_for(self._device, self._precision)
        self._loaded = checkpoint.load(files, self._model, self._device, dtype)
        # The decoder of the engine that a build runs its takes with, made ready as it makes it ready.
        engine: Any = engines.engine_for(self._loaded, self._model, self._precision, width)
        self._decoder = engine._decoder

    def run(self, order: Order, on_step: OnStep) -> Any:
        import torch

        from soundgraph.backends.audiocraft import decoder
        from soundgraph.backends.audiocraft.sampling import noise

        context = order.codes(self._loaded.lm.card)
        rows = [
            decoder.BatchRow(
                conditions=self._decoder.condition(prompt, None),
                prompt=context[index] if order.context else None,
                n_frames=order.frames,
                noise=noise(index, 0, self._decoder.n_steps(order.frames), CODEBOOKS),
                temperature=TEMPERATURE,
                top_k=1 if order.greedy else TOP_K,
                top_p=0.0,
                cfg_coef=GUIDANCE,
            )
            for index, prompt in enumerate(order.prompts)
        ]
        # On a processor it costs nothing to report each step; a GPU would have to be waited for.
        every = 1 if self._device == "cpu" else decoder._REPORT_EVERY
        with patch.object(decoder, "_REPORT_EVERY", every):
            found = dict(self._decoder.run(rows, lambda index, frames: on_step(every) if index == 0 else None))
        return torch.stack([found[index] for index in range(order.rows)])


STOCK, TRANSFORMERS = "stock", "transformers"
OURS: tuple[Precision, ...] = ("float32", "bfloat16", "int8", "float16")


def load(party: str, root: Path, name: str, device: str) -> Party:
    """Load the weights of one size as `party` does: "stock", "transformers", or soundgraph's in a precision."""
    if party == STOCK:
        return Stock(root, name, device)
    if party == TRANSFORMERS:
        return Transformers(root, name, device)
    return Ours(root, name, device, cast("Precision", party))
