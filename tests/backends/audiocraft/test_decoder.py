from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from soundgraph.backends import Model, Precision
from soundgraph.backends.audiocraft import checkpoint, compat
from soundgraph.backends.audiocraft.batch import Graphs
from soundgraph.backends.audiocraft.decoder import BatchRow, Conditions, Decoder
from soundgraph.backends.audiocraft.rows import Pattern
from soundgraph.backends.audiocraft.sampling import noise
from soundgraph.backends.audiocraft.weights import WeightFiles

from . import tiny
from .melody_libraries import melody_libraries

STEREO = {"n_q": 8, "delays": [0, 0, 1, 1, 2, 2, 3, 3]}
NORM_LAST = {"norm_first": False, "bias_ff": True, "bias_attn": True, "bias_proj": True, "layer_scale": 0.3}
QK_NORM = {"qk_layer_norm": True, "qk_layer_norm_cross": True}
LARGE = {
    "dim": 1024,
    "num_heads": 16,
    "card": 2048,
    "weight_init": None,
    "depthwise_init": None,
    "zero_bias_init": False,
}
"""Two layers of MusicGen-small's size: kernels are others than for tiny ones."""


@cache
def _built(**changes: Any) -> Any:
    compat.prepare()
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    changes = {key: list(value) if isinstance(value, tuple) else value for key, value in changes.items()}
    config = OmegaConf.create({**tiny.lm_config(**changes), "device": "cpu", "dtype": "float32"})
    del config.conditioners.args
    torch.manual_seed(0)
    lm = builders.get_lm_model(config).eval()
    with torch.no_grad():
        for linear in lm.linears:  # all but flat otherwise
            linear.weight.mul_(4.0)
    return lm


def language_model(**changes: Any) -> Any:
    """A language model of audiocraft's, its text through a LUT. changes: to `tiny.lm_config`."""
    return deepcopy(
        _built(**{key: tuple(value) if isinstance(value, list) else value for key, value in changes.items()})
    )


def load(folder: Path, **files: Path) -> checkpoint.Loaded:
    model = Model(str(folder), "audiocraft", "music", 32000, 1, 30.0, "", "")
    found = WeightFiles(folder / "state_dict.bin", folder / "compression_state_dict.bin", **files)
    return checkpoint.load(found, model, "cpu", torch.float32)


def row(
    decoder: Decoder,
    conditions: Conditions,
    n_frames: int = 30,
    *,
    seed: int = 0,
    prompt: Tensor | None = None,
    temperature: float = 1.0,
    top_k: int = 250,
    top_p: float = 0.0,
    cfg_coef: float = 3.0,
) -> BatchRow:
    n_codebooks = len(decoder._pattern.delays)
    numbers = noise(seed, 0, decoder.n_steps(n_frames), n_codebooks)
    return BatchRow(conditions, prompt, n_frames, numbers, temperature, top_k, top_p, cfg_coef)


def silent(index: int, frames: int) -> None:
    """Nobody to report to."""


def run(decoder: Decoder, rows: Sequence[BatchRow]) -> list[Tensor]:
    """The codes of each row, in the order of the rows."""
    codes = dict(decoder.run(rows, silent))
    return [codes[index] for index in range(len(rows))]


def random_prompt(lm: Any, n: int, seed: int = 5) -> Tensor | None:
    if not n:
        return None
    return torch.randint(0, lm.card, (lm.n_q, n), generator=torch.Generator().manual_seed(seed))


def stock_greedy(lm: Any, text: str | None, n_frames: int, prompt: Tensor | None, cfg_coef: float = 3.0) -> Tensor:
    from audiocraft.modules.conditioners import ConditioningAttributes

    given = None if prompt is None else prompt[None]
    conditions = [ConditioningAttributes(text={"description": text})]
    codes: Tensor = lm.generate(given, conditions, max_gen_len=n_frames, use_sampling=False, cfg_coef=cfg_coef)
    return codes[0]


# The likeliest tokens are audiocraft's


@pytest.mark.parametrize(
    "changes",
    [
        {},
        STEREO,
        NORM_LAST,
        {"delays": [1, 2, 2, 5]},
        QK_NORM,
        {"memory_efficient": False, "custom": True, "attention_as_float32": True},
        {"memory_efficient": False, "bias_attn": True, "activation": "relu"},
    ],
    ids=["as published", "stereo", "norm last", "odd delays", "qk norm", "own attention", "torch attention"],
)
def test_the_likeliest_tokens_are_those_of_audiocraft(changes: dict[str, Any]) -> None:
    stock = language_model(**changes)
    decoder = Decoder(language_model(**changes), "float32", 3)

    for cfg_coef in (3.0, 1.0, 0.0):
        for n_prompt in (0, 1, 7):
            prompt = random_prompt(stock, n_prompt)
            want = stock_greedy(stock, "rain", 40, prompt, cfg_coef)
            rain = row(decoder, decoder.condition("rain"), 40, prompt=prompt, top_k=1, cfg_coef=cfg_coef)
            assert torch.equal(run(decoder, [rain])[0], want), (cfg_coef, n_prompt)


@pytest.mark.parametrize("text", ["rain", "a much longer prompt, to be spelt out in some sixty pieces!", None])
@pytest.mark.parametrize("n_prompt", [0, 70])
def test_the_likeliest_tokens_are_those_of_audiocraft_with_a_t5(
    text: str | None, n_prompt: int, musicgen_t5: Path
) -> None:
    assert_the_likeliest_tokens_are_those_of_audiocraft(musicgen_t5, text, n_prompt)


@pytest.mark.parametrize("changes", [NORM_LAST, QK_NORM], ids=["norm last", "qk norm"])
def test_the_likeliest_tokens_are_those_of_audiocraft_with_a_t5_and_other_layers(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    # A text of several pieces: with the one of a LUT, it does not matter what asks.
    folder = tiny.make_musicgen(tmp_path / "model", description=tiny.t5(), **changes)

    assert_the_likeliest_tokens_are_those_of_audiocraft(folder, "heavy rain", 5)


def assert_the_likeliest_tokens_are_those_of_audiocraft(folder: Path, text: str | None, n_prompt: int) -> None:
    stock = load(folder, text_encoder=folder / "t5-small").lm
    prompt = random_prompt(stock, n_prompt)
    want = stock_greedy(stock, text, 90, prompt)
    decoder = Decoder(stock, "float32", 2)
    told = row(decoder, decoder.condition(text), 90, prompt=prompt, top_k=1)
    assert torch.equal(run(decoder, [told])[0], want)


@pytest.mark.parametrize("n_prompt", [0, 9])
def test_the_likeliest_tokens_are_those_of_audiocraft_with_a_text_before_the_codes(n_prompt: int) -> None:
    def prepended() -> Any:
        lm = language_model(cross_attention=False)
        lm.fuser.fuse2cond.update(cross=[], prepend=["description"])
        lm.fuser.cond2fuse["description"] = "prepend"
        for layer in lm.transformer.layers:
            layer.cross_attention = None
        return lm

    stock, decoder = prepended(), Decoder(prepended(), "float32", 2)
    prompt = random_prompt(stock, n_prompt)

    conditions = decoder.condition("rain")

    assert conditions.cross is None
    assert conditions.prefix is not None
    got = run(decoder, [row(decoder, conditions, 30, prompt=prompt, top_k=1)])[0]
    assert torch.equal(got, stock_greedy(stock, "rain", 30, prompt))


@pytest.mark.parametrize("seconds", [None, 0.7])
def test_the_likeliest_tokens_are_those_of_audiocraft_with_a_melody(seconds: float | None, checkpoints: Path) -> None:
    folder = tiny.make_melody(checkpoints / "melody_of_2_s", seconds=2)
    from audiocraft.modules.conditioners import ConditioningAttributes, WavCondition

    wave = None
    if seconds:
        wave = torch.sin(torch.arange(int(seconds * 32000)) * 0.05).expand(1, -1)
    with melody_libraries():
        stock = load(folder, stems=folder / tiny.STEMS_FILE).lm  # type: ignore[attr-defined]
        attributes = ConditioningAttributes(text={"description": "rain"})
        given = WavCondition(torch.zeros(1, 1, 1), torch.tensor([0]), [32000], [None], [])
        if wave is not None:
            given = WavCondition(wave[None], torch.tensor([wave.shape[1]]), [32000], [None], [])
        attributes.wav["self_wav"] = given
        random.seed(0)  # demucs draws from it; the decoder gives it this state itself
        want = stock.generate(None, [attributes], max_gen_len=30, use_sampling=False, cfg_coef=3.0)[0]
        decoder = Decoder(stock, "float32", 2)
        conditions = decoder.condition("rain", None if wave is None else (wave, 32000))

    assert conditions.prefix is not None
    assert conditions.prefix.shape[1] > 2
    assert torch.equal(run(decoder, [row(decoder, conditions, 30, top_k=1)])[0], want)


def test_of_what_is_prepended_the_last_comes_first(musicgen: Path) -> None:
    lm = language_model()
    decoder = Decoder(lm, "float32", 1)
    lm.fuser.fuse2cond.update(cross=[], prepend=["description", "second"])
    lm.fuser.cond2fuse.update(description="prepend", second="prepend")
    told = {"description": (torch.ones(2, 1, 64), None), "second": (torch.zeros(2, 2, 64), None)}

    with patch.object(type(lm.condition_provider), "forward", lambda self, tokenized: told):
        prefix = decoder.condition("rain").prefix

    assert prefix is not None
    assert prefix[0, :, 0].tolist() == [0.0, 0.0, 1.0]


def test_positions_of_a_text_are_told_apart_where_audiocraft_tells_them() -> None:
    def positioned() -> Any:
        lm = language_model()
        lm.fuser.cross_attention_pos_emb = True
        lm.fuser.cross_attention_pos_emb_scale = 0.5
        return lm

    stock, decoder = positioned(), Decoder(positioned(), "float32", 1)

    got = run(decoder, [row(decoder, decoder.condition("rain"), 30, top_k=1)])[0]

    assert torch.equal(got, stock_greedy(stock, "rain", 30, None))


def test_a_lone_model_without_conditions_is_not_guided() -> None:
    def bare() -> Any:
        lm = language_model()
        lm.condition_provider.conditioners.clear()
        lm.fuser.fuse2cond["cross"] = []
        for layer in lm.transformer.layers:
            layer.cross_attention = None
        return lm

    stock, decoder = bare(), Decoder(bare(), "float32", 1)
    conditions = decoder.condition("rain")

    assert conditions == Conditions(None, None, None)
    got = run(decoder, [row(decoder, conditions, 30, top_k=1)])[0]
    assert torch.equal(got, stock_greedy(stock, "rain", 30, None))


@pytest.mark.parametrize("delays", [[0, 1, 2, 3], [0, 0, 1, 1, 2, 2, 3, 3], [1, 2, 2, 5], [0, 0, 0, 0]])
@pytest.mark.parametrize("n_prompt", [0, 1, 6])
def test_codebooks_are_laid_out_as_audiocraft_does(delays: list[int], n_prompt: int) -> None:
    compat.prepare()
    from audiocraft.modules.codebooks_patterns import DelayedPatternProvider

    theirs = DelayedPatternProvider(len(delays), delays).get_pattern(9)
    ours = Pattern(delays, special=99)
    codes = torch.randint(0, 99, (len(delays), 9), generator=torch.Generator().manual_seed(0))
    known = codes.clone()
    known[:, n_prompt:] = -1
    it = BatchRow(
        Conditions(None, None, None), codes[:, :n_prompt] if n_prompt else None, 9, noise(0, 0, 1, 1), 1, 1, 1, 1
    )

    full, _, _ = theirs.build_pattern_sequence(codes[None], 99)
    want, _, _ = theirs.build_pattern_sequence(known[None], 99)
    assert torch.equal(ours.sequence(it), want[0])
    assert ours.first_step(it) == theirs.get_first_step_with_timesteps(n_prompt)
    assert ours.n_steps(9) + 1 == full.shape[-1]
    assert torch.equal(ours.codes(it, full[0, :, ours.first_step(it) - 1 :]), codes)


# A take is the same alone, in any batch, in any order


@contextmanager
def threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    yield
    torch.set_num_threads(before)


def made_up(lm: Any, length: int, seed: int) -> Conditions:
    """Conditions as of a text of so many pieces."""
    text = torch.randn(1, length, lm.dim, generator=torch.Generator().manual_seed(seed))
    cross = torch.cat([text, torch.zeros_like(text)]).to(lm.emb[0].weight.dtype)
    return Conditions(cross, torch.ones(2, length, dtype=torch.bool), None)


def mixed_rows(lm: Any, decoder: Decoder, n_frames: int, prompts: bool) -> list[BatchRow]:
    """Eight that can share a batch, and are alike in nothing else."""
    chance = random.Random(1)
    return [
        row(
            decoder,
            made_up(lm, chance.randint(1, 16), seed),
            n_frames - chance.randint(0, n_frames // 2),
            seed=seed,
            prompt=random_prompt(lm, chance.randint(1, n_frames // 4), seed) if prompts else None,
            temperature=chance.choice([0.8, 1.0, 1.3]),
            top_k=chance.choice([0, 1, 50, 250]),
            top_p=chance.choice([0.0, 0.0, 0.7]),
            cfg_coef=chance.choice([0.0, 1.0, 3.0, 6.0]),
        )
        for seed in range(8)
    ]


def assert_the_same_in_any_batch(
    decoder: Decoder, rows: list[BatchRow], n_batches: int, n_threads: tuple[int, ...]
) -> None:
    with threads(n_threads[0]):
        alone = [run(decoder, [each])[0] for each in rows]
    assert len({tuple(codes.flatten().tolist()) for codes in alone}) == len(rows)
    chance = random.Random(2)
    for which in range(n_batches):
        chosen = chance.sample(range(len(rows)), decoder.width if which == 0 else chance.randint(1, decoder.width))
        with threads(n_threads[which % len(n_threads)]):
            together = run(decoder, [rows[index] for index in chosen])
        for index, codes in zip(chosen, together, strict=True):
            assert torch.equal(codes, alone[index]), (chosen, index)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("narrows", [False, True], ids=["fixed width", "as wide as it has takes"])
@pytest.mark.parametrize("prompts", [False, True], ids=["from nothing", "prompted"])
def test_a_take_is_the_same_in_any_batch(precision: Precision, narrows: bool, prompts: bool) -> None:
    lm = language_model()
    decoder = Decoder(lm.bfloat16() if precision == "bfloat16" else lm, precision, 8)
    if narrows and not decoder.narrows:
        pytest.skip("on this processor a take's last bits depend on how many are computed together")
    decoder.narrows = narrows

    assert_the_same_in_any_batch(decoder, mixed_rows(lm, decoder, 20, prompts), 5, (1,))


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_a_take_is_the_same_in_any_batch_of_a_large_model(precision: Precision) -> None:
    lm = language_model(**LARGE)
    decoder = Decoder(lm.bfloat16() if precision == "bfloat16" else lm, precision, 8)
    rows = mixed_rows(lm, decoder, 5, True)

    assert_the_same_in_any_batch(decoder, rows, 2, (1, 2))
    if decoder.narrows:
        decoder.narrows = False
        with threads(1):
            wide = run(decoder, rows[:1])
            decoder.narrows = True
            assert torch.equal(run(decoder, rows[:1])[0], wide[0])


def test_texts_of_unlike_length_and_prefixes_keep_to_themselves() -> None:
    lm = language_model()
    decoder = Decoder(lm, "float32", 4)
    prefix = torch.randn(2, 5, lm.dim, generator=torch.Generator().manual_seed(0))
    short, long = row(decoder, made_up(lm, 16, 0)), row(decoder, made_up(lm, 17, 0))
    after = row(decoder, replace(made_up(lm, 3, 0), prefix=prefix))
    later = row(decoder, replace(made_up(lm, 3, 0), prefix=prefix[:, :2]), prompt=random_prompt(lm, 61))

    assert decoder.class_of(short) == decoder.class_of(row(decoder, made_up(lm, 1, 0), 99, seed=3))
    assert len({decoder.class_of(each) for each in (short, long, after)}) == 3
    assert decoder.class_of(after) == decoder.class_of(later)
    with pytest.raises(ValueError, match="one class"):
        run(decoder, [short, long])
    with pytest.raises(ValueError, match="width 4"):
        run(decoder, [short] * 5)


def test_starts_that_differ_share_a_batch() -> None:
    lm = language_model()
    decoder = Decoder(lm, "int8", 4)
    prefix = torch.randn(2, 40, lm.dim, generator=torch.Generator().manual_seed(0))
    rows = [
        row(decoder, replace(made_up(lm, 3, 0), prefix=prefix)),
        row(decoder, replace(made_up(lm, 3, 0), prefix=prefix[:, :7]), seed=1),
        row(decoder, replace(made_up(lm, 3, 0), prefix=prefix), 20, seed=2, prompt=random_prompt(lm, 11)),
        row(decoder, made_up(lm, 3, 0), 60, seed=3, prompt=random_prompt(lm, 50)),
    ]

    assert_the_same_in_any_batch(decoder, rows, 4, (1,))


def test_a_take_does_not_depend_on_its_width_where_the_decoder_says_so() -> None:
    lm = language_model()
    decoder = Decoder(lm, "int8", 8)
    rows = mixed_rows(lm, decoder, 16, False)
    wide = run(decoder, rows)

    for width in range(1, 8):
        decoder.width = width
        assert all(
            torch.equal(codes, wide[start + index])
            for start in range(0, 8, width)
            for index, codes in enumerate(run(decoder, rows[start : start + width]))
        )


def test_audiocraft_lets_a_take_hear_its_neighbours_and_the_decoder_does_not(musicgen_t5: Path) -> None:
    from audiocraft.modules.conditioners import ConditioningAttributes

    loaded = load(musicgen_t5, text_encoder=musicgen_t5 / "t5-small")
    texts = ["rain", "heavy rain on a tin roof at night", "wind", "a door"]

    def stock(texts: list[str], **how: Any) -> Tensor:
        torch.manual_seed(7)
        conditions = [ConditioningAttributes(text={"description": text}) for text in texts]
        codes: Tensor = loaded.lm.generate(None, conditions, max_gen_len=40, **how)
        return codes

    # One stream of random numbers: the same prompt four times, of which the first should be what it is alone.
    batch = stock(["rain"] * 4)
    assert not torch.equal(batch[1:2], stock(["rain"]))
    # Padding that is attended to: greedily, there are no random numbers.
    assert not torch.equal(stock(texts, use_sampling=False)[0], stock(["rain"], use_sampling=False)[0])
    # A batch of codes becomes another sound, if only by its last bits, than each of them alone.
    with torch.inference_mode():
        sounds = loaded.codec.decode(batch)
        alone = torch.cat([loaded.codec.decode(codes[None]) for codes in batch])
    assert (sounds - alone).abs().max() < 1e-5
    codec_differs = not torch.equal(sounds, alone)

    greedy = stock(["rain"], use_sampling=False)[0]
    decoder = Decoder(loaded.lm, "float32", 4)
    for top_k in (250, 1):
        rows = [
            row(decoder, decoder.condition(text), 40, seed=7, top_k=top_k) for text in ["rain"] * 2 + ["wind", "bee"]
        ]
        together = run(decoder, rows)
        assert torch.equal(together[0], together[1])
        assert torch.equal(together[0], run(decoder, rows[:1])[0])
        if top_k == 1:
            assert torch.equal(together[0], greedy)
    assert codec_differs


# What else is promised


def test_a_prompt_is_kept_and_gone_on_from() -> None:
    lm = language_model()
    decoder = Decoder(lm, "float32", 2)
    prompt = random_prompt(lm, 12)
    assert prompt is not None
    whole = run(decoder, [row(decoder, made_up(lm, 4, 0), 40, prompt=prompt)])[0]

    assert whole.shape == (4, 40)
    assert whole.dtype == torch.int64
    assert torch.equal(whole[:, :12], prompt)
    assert whole.min() >= 0
    assert whole.max() < lm.card
    other = run(decoder, [row(decoder, made_up(lm, 4, 0), 40, prompt=(prompt + 1) % lm.card)])[0]
    assert not torch.equal(other[:, 12:], whole[:, 12:])


def test_going_on_from_its_own_beginning_gives_the_rest(musicgen: Path) -> None:
    lm = language_model(**STEREO)
    decoder = Decoder(lm, "float32", 1)
    whole = run(decoder, [row(decoder, made_up(lm, 4, 0), 50)])[0]

    for n_prompt in (1, 20, 49):
        rest = row(decoder, made_up(lm, 4, 0), 50, prompt=whole[:, :n_prompt])
        assert torch.equal(run(decoder, [rest])[0], whole)


@pytest.mark.parametrize(
    "parameter", [{"seed": 1}, {"temperature": 2.0}, {"top_k": 2}, {"top_p": 0.1}, {"cfg_coef": 0.0}]
)
def test_each_parameter_is_heard(parameter: dict[str, Any]) -> None:
    lm = language_model()
    decoder = Decoder(lm, "float32", 1)
    conditions = made_up(lm, 4, 0)

    plain, other = (run(decoder, [row(decoder, conditions, **given)])[0] for given in ({}, parameter))

    assert not torch.equal(plain, other)


@pytest.mark.parametrize("narrows", [False, True])
def test_rows_are_given_when_they_are_finished_and_frames_only_grow(narrows: bool) -> None:
    lm = language_model()
    decoder = Decoder(lm, "float32", 4)
    decoder.narrows = narrows
    lengths = [25, 5, 40, 25]
    prompts = [20, 2, 20, 24]
    rows = [
        row(decoder, made_up(lm, 2, seed), n, seed=seed, prompt=random_prompt(lm, n_prompt))
        for seed, (n, n_prompt) in enumerate(zip(lengths, prompts, strict=True))
    ]
    told: list[tuple[int, int]] = []

    order = []
    for index, codes in decoder.run(rows, lambda index, frames: told.append((index, frames))):
        assert told[-1] == (index, lengths[index]) or (index, lengths[index]) in told
        assert codes.shape[1] == lengths[index]
        order.append(index)

    assert order == [3, 1, 0, 2]
    for index, (length, n_prompt) in enumerate(zip(lengths, prompts, strict=True)):
        frames = [n for which, n in told if which == index]
        assert frames == sorted(frames)
        assert frames[0] >= n_prompt
        assert frames.count(length) == 1
        assert frames[-1] == length


def test_whoever_is_told_of_frames_can_stop_it() -> None:
    lm = language_model()
    decoder = Decoder(lm, "float32", 2)

    def enough(index: int, frames: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(decoder.run([row(decoder, made_up(lm, 2, 0))], enough))


def test_the_model_gives_its_layers_away_and_still_encodes() -> None:
    lm = language_model()
    decoder = Decoder(lm, "int8", 1)

    assert not lm.transformer.layers
    assert not lm.linears
    assert decoder.condition("rain").cross is not None
    floats = sum(each.numel() for each in lm.parameters())
    assert floats == sum(each.weight.numel() for each in lm.emb) + 2 * lm.dim + sum(
        each.numel() for each in lm.condition_provider.parameters()
    )


@pytest.mark.parametrize("precision", ["int8", "bfloat16"])
def test_other_numbers_give_nearly_the_same_logits_at_a_large_size(precision: Precision) -> None:
    def scores(lm: Any, precision: Precision) -> Tensor:
        decoder = Decoder(lm, precision, 2)
        seen: list[Tensor] = []
        heads = decoder._heads

        def listen(x: Tensor) -> Tensor:
            seen.append(heads(x).float())
            return heads(x)

        decoder._heads = listen  # type: ignore[assignment]
        prompt = random_prompt(lm, 9)
        run(decoder, [row(decoder, made_up(lm, 5, 3), 10, prompt=prompt)])
        return seen[0].flatten(0, 1)

    exact = scores(language_model(**LARGE), "float32")
    lm = language_model(**LARGE)
    near = scores(lm.bfloat16() if precision == "bfloat16" else lm, precision)

    assert (torch.nn.functional.cosine_similarity(near, exact, dim=1) > 0.999).all()


def test_doing_each_step_twice_and_using_buffers_again_changes_nothing() -> None:
    """What CUDA graphs rest on, tried without them: recording one does a step that is then done again."""
    lm = language_model()
    decoder = Decoder(lm, "float32", 2)
    decoder.narrows = False
    first = [
        row(decoder, made_up(lm, 16, 0), 40, prompt=random_prompt(lm, 9)),
        row(decoder, made_up(lm, 2, 1), 30, prompt=random_prompt(lm, 3)),
    ]
    second = [row(decoder, made_up(lm, 3, 2), 20, seed=4)]
    want = [run(decoder, first), run(decoder, second)]

    def twice(self: Graphs, window: int, step: Callable[[], None]) -> None:
        step()
        step()

    decoder._graphed = True
    with patch.object(Graphs, "replay", twice):
        got = [run(decoder, first), run(decoder, second)]
        graphs = decoder._graphs
        run(decoder, second)

    assert graphs is not None
    assert decoder._graphs is graphs
    for ours, theirs in zip(chain(*got), chain(*want), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"positional_embedding": "rope"}, "its positions are told by rope"),
        (
            {"past_context": 100, "memory_efficient": False, "custom": True},
            "its tokens do not look at all that came before",
        ),
        ({"causal": False}, "its tokens do not look at all that came before"),
        ({"kv_repeat": 2}, "its heads share their keys"),
        ({"activation": "elu"}, "its activation is neither gelu nor relu"),
    ],
)
def test_what_it_does_not_serve_is_refused(changes: dict[str, Any], reason: str) -> None:
    lm = language_model(**{key: value for key, value in changes.items() if key != "activation"})
    if "activation" in changes:
        lm.transformer.layers[0].activation = torch.nn.functional.elu

    assert Decoder.refuses(lm) == reason
    with pytest.raises(ValueError, match=reason):
        Decoder(lm, "float32", 1)


def test_other_patterns_conditions_and_models_are_refused(magnet: Path) -> None:
    lm = language_model()
    lm.pattern_provider.flatten_first = 1
    assert Decoder.refuses(lm) == "its codebooks are interleaved in another way than by delays"

    lm = language_model()
    lm.fuser.fuse2cond["sum"] = ["description"]
    assert Decoder.refuses(lm) == "its conditions are combined with its input by sum"

    lm = language_model()
    lm.condition_provider.conditioners["genre"] = lm.condition_provider.conditioners["description"]
    assert Decoder.refuses(lm) == 'its condition "genre" is neither the description nor a sound'

    assert Decoder.refuses(load(magnet).lm) == "it is a MagnetLMModel, not one that goes on from token to token"


def test_published_shapes_are_served() -> None:
    assert Decoder.refuses(language_model()) == ""
    assert Decoder.refuses(language_model(**STEREO)) == ""
