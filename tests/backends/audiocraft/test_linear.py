from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from soundgraph.backends.audiocraft import linear
from soundgraph.backends.audiocraft.linear import Int8, Packed, PlainLinear, pack, same_at_any_width
from soundgraph.core.errors import NodeError

SHAPES = [(1024, 1024), (4096, 1024), (64, 256)]
"""Of MusicGen-small and of the tiny models: (n_in, n_out)."""


def weights(n_in: int, n_out: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_out, n_in, generator=generator) / n_in**0.5, torch.randn(n_out, generator=generator)


def inputs(rows: int, n_in: int, seed: int = 1) -> Tensor:
    """Rows of very unlike magnitude."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, n_in, generator=generator) * 10.0 ** torch.linspace(-3, 3, rows)[:, None]


@contextmanager
def threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("n_in", "n_out"), SHAPES)
@pytest.mark.parametrize("with_bias", [False, True])
def test_packed_weights_give_what_torch_gives(n_in: int, n_out: int, with_bias: bool) -> None:
    weight, bias = weights(n_in, n_out)
    x = inputs(3, n_in).view(3, 1, n_in)

    got = pack(weight, bias if with_bias else None)(x)

    want = functional.linear(x.double(), weight.double(), bias.double() if with_bias else None)
    assert got.shape == (3, 1, n_out)
    assert got.dtype == torch.float32
    # The error of float32 is relative to the sum of magnitudes, not to the sum.
    magnitude = functional.linear(x.double().abs(), weight.double().abs(), bias.double().abs())
    assert ((got - want).abs() < 1e-6 * magnitude).all()


@pytest.mark.parametrize(("n_in", "n_out"), SHAPES)
def test_int8_is_near_float32_for_each_row(n_in: int, n_out: int) -> None:
    weight, bias = weights(n_in, n_out)
    x = inputs(5, n_in)

    got = pack(weight, None, int8=True)(x)

    want = functional.linear(x, weight)
    assert (functional.cosine_similarity(got, want, dim=1) > 0.9998).all()
    assert (((got - want).norm(dim=1) / want.norm(dim=1)) < 0.02).all()
    biased = pack(weight, bias, int8=True)(x)
    assert torch.equal(biased, got + bias)


@pytest.mark.parametrize(("n_in", "n_out"), SHAPES)
def test_an_int8_row_is_the_same_alone_and_among_any_others(n_in: int, n_out: int) -> None:
    layer = pack(*weights(n_in, n_out), int8=True)
    x = inputs(17, n_in)
    with threads(1):
        alone = torch.cat([layer(x[row : row + 1]) for row in range(17)])

    for n_threads in (1, 2, 3):
        with threads(n_threads):
            assert torch.equal(layer(x), alone)
            assert torch.equal(layer(x.flip(0)).flip(0), alone)
            for rows in range(2, 17):
                assert torch.equal(layer(x[-rows:]), alone[-rows:])


def test_int8_sums_are_those_of_whole_numbers() -> None:
    weight = torch.randint(-127, 128, (48, 4096), generator=torch.Generator().manual_seed(0)).float()
    weight[:, 0] = 127.0  # so that the scales of weights and inputs are 1
    x = torch.randint(-127, 128, (3, 4096), generator=torch.Generator().manual_seed(1)).float()
    x[:, 0] = -127.0

    got = Int8(weight, None)(x)

    assert torch.equal(got.double(), (x.double() @ weight.double().t()).float().double())


def test_int8_without_fast_products_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    weight, bias = weights(1024, 256)
    x = inputs(4, 1024)
    want = Int8(weight, bias)(x)

    monkeypatch.setattr(linear, "_has_fast_products", lambda: False)
    assert torch.equal(Int8(weight, bias)(x), want)


def test_silence_stays_silent_in_int8() -> None:
    weight, _ = weights(64, 32)
    weight[3] = 0
    layer = Int8(weight, None)

    assert torch.equal(layer(torch.zeros(2, 64)), torch.zeros(2, 32))
    assert not layer(torch.ones(2, 64))[:, 3].any()


def test_int8_elsewhere_than_on_a_processor_is_refused_in_words() -> None:
    weight = torch.zeros(8, 8, device="meta")

    with pytest.raises(NodeError) as error:
        pack(weight, None, int8=True)

    assert str(error.value) == (
        "int8 is for a processor, and this model is on meta\n  build with --device cpu, or with another precision"
    )


def test_without_onednn_torch_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here(self: Packed, weight: Tensor, bias: Tensor | None) -> None:
        raise AttributeError("no _reorder_linear_weight")

    monkeypatch.setattr(Packed, "__init__", none_here)

    assert isinstance(pack(*weights(64, 64)), PlainLinear)


class _Neighbourly(Int8):
    """A layer whose rows hear of one another, in the last bit."""

    def __call__(self, x: Tensor) -> Tensor:
        return super().__call__(x) * (1 + 2.0**-23 * (len(x) > 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_said_to_be_the_same_at_any_width_is(dtype: torch.dtype) -> None:
    for n_in, n_out in SHAPES:
        weight, bias = (each.to(dtype) for each in weights(n_in, n_out))
        layer = pack(weight, bias)
        if same_at_any_width([layer], 8):
            x = inputs(16, n_in, seed=2).to(dtype)
            whole = layer(x)
            assert all(torch.equal(layer(x[:rows]), whole[:rows]) for rows in range(2, 17, 2))


def test_one_layer_that_is_not_the_same_at_any_width_is_noticed() -> None:
    weight, _ = weights(64, 256)
    good = Int8(weight, None)

    assert same_at_any_width([good], 8)
    assert not same_at_any_width([good, _Neighbourly(weights(32, 32)[0], None)], 8)
    assert same_at_any_width([_Neighbourly(weights(32, 32)[0], None)], 2)
