from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from soundgraph.backends.audiocraft import compat
from soundgraph.backends.audiocraft.sampling import noise, sample

CARD = 40


def logits(n_rows: int, seed: int = 0, card: int = CARD) -> Tensor:
    """Shaped (n_rows, 1, card), with no two alike in a row."""
    return 2 * torch.randn(n_rows, 1, card, generator=torch.Generator().manual_seed(seed))


def draw(scores: Tensor, uniform: Tensor, temperature: float = 1.0, top_k: int = 0, top_p: float = 0.0) -> Tensor:
    """Each row with the same parameters. uniform: one number for each row."""
    n = len(scores)
    return sample(
        scores, uniform[:, None], torch.full((n,), temperature), torch.full((n,), top_k), torch.full((n,), top_p)
    )[:, 0]


def many(scores: Tensor, n: int = 4000, **parameters: Any) -> list[int]:
    """What n numbers spread evenly over [0, 1) choose from one row's scores, in their order."""
    return draw(scores.expand(n, 1, -1), (torch.arange(n) + 0.5) / n, **parameters).tolist()


def test_noise_is_of_its_seed_and_window_only() -> None:
    first = noise(7, 0, 100, 4)

    assert np.array_equal(noise(7, 0, 100, 4), first)
    assert np.array_equal(noise(7, 0, 30, 4), first[:30])
    assert not np.array_equal(noise(8, 0, 100, 4), first)
    assert not np.array_equal(noise(7, 1, 100, 4), first)
    assert noise(2**63 - 1, 0, 1, 4).shape == (1, 4)


def test_noise_never_changes() -> None:
    numbers = noise(1, 0, 1, 4) * 2**24

    assert numbers.tolist() == [[5093026, 14238970, 2619506, 521879]]


def test_noise_is_even_and_exact_in_float32() -> None:
    numbers = noise(3, 0, 20000, 4)
    counts = np.histogram(numbers, bins=64, range=(0, 1))[0]
    expected = numbers.size / 64

    assert (((counts - expected) ** 2) / expected).sum() < 103  # chi-square, 63 degrees of freedom: 99.9 %
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert np.array_equal(numbers.astype(np.float32).astype(np.float64), numbers)
    assert abs(np.corrcoef(numbers[:, 0], numbers[:, 1])[0, 1]) < 0.02
    assert abs(np.corrcoef(numbers[:-1, 0], numbers[1:, 0])[0, 1]) < 0.02


@pytest.mark.parametrize("temperature", [0.7, 1.0, 1.8])
@pytest.mark.parametrize(("top_k", "top_p"), [(0, 0.0), (7, 0.0), (0, 0.6), (3, 0.9)])
def test_tokens_are_as_frequent_as_their_probabilities(temperature: float, top_k: int, top_p: float) -> None:
    scores = logits(1)
    n = 20000
    uniform = torch.from_numpy(noise(11, 0, n, 1)[:, 0]).float()
    chosen = draw(scores.expand(n, 1, -1), uniform, temperature, top_k, top_p)

    wanted = np.exp(scores[0, 0].double().numpy() / temperature)
    wanted /= wanted.sum()
    order = np.argsort(-wanted)
    before = np.cumsum(wanted[order]) - wanted[order]
    kept = before <= top_p if top_p else np.arange(CARD) < (top_k or CARD)
    wanted[order[~kept]] = 0
    wanted *= n / wanted.sum()
    got = np.bincount(chosen.numpy(), minlength=CARD)
    some = wanted >= 5
    chi_square = ((got[some] - wanted[some]) ** 2 / wanted[some]).sum()
    assert not got[wanted == 0].any()
    assert chi_square < some.sum() - 1 + 3.5 * np.sqrt(2 * some.sum())


@pytest.mark.parametrize("top_k", [1, 2, 7, CARD])
def test_top_k_keeps_the_tokens_that_audiocraft_keeps(top_k: int) -> None:
    compat.prepare()
    from audiocraft.utils.utils import sample_top_k

    scores = logits(1, seed=3)
    torch.manual_seed(0)
    stock = {int(sample_top_k(torch.softmax(scores, -1), top_k)) for _ in range(3000)}

    ours = set(many(scores, top_k=top_k))
    assert stock <= ours
    assert ours == set(torch.topk(scores[0, 0], top_k).indices.tolist())


@pytest.mark.parametrize("top_p", [0.05, 0.5, 0.9])
def test_top_p_keeps_the_tokens_that_audiocraft_keeps(top_p: float) -> None:
    compat.prepare()
    from audiocraft.utils.utils import sample_top_p

    scores = logits(1, seed=4)
    torch.manual_seed(0)
    stock = {int(sample_top_p(torch.softmax(scores, -1), top_p)) for _ in range(3000)}

    assert stock == set(many(scores, top_p=top_p, top_k=1))


def test_a_greater_number_never_chooses_a_likelier_token() -> None:
    scores = logits(1, seed=5)
    rank = torch.argsort(scores[0, 0], descending=True).argsort()

    ranks = rank[many(scores)]

    assert (ranks[1:] >= ranks[:-1]).all()
    assert ranks[0] == 0


@pytest.mark.parametrize("parameters", [{"top_k": 1}, {"temperature": 0.0}, {"temperature": 0.0, "top_p": 0.9}])
def test_greedy_is_the_likeliest_token_whatever_the_number(parameters: dict[str, Any]) -> None:
    scores = logits(1, seed=6)

    assert set(many(scores, **parameters)) == {int(scores.argmax())}


def test_of_equal_tokens_the_lower_comes_first() -> None:
    scores = torch.tensor([[[0.0, 1.0, -0.0, 1.0, 0.0]]])

    assert set(many(scores, top_k=1)) == {1}
    assert set(many(scores, top_k=3)) == {0, 1, 3}
    assert set(many(scores, top_k=4)) == {0, 1, 2, 3}


def test_a_sharp_distribution_and_the_greatest_number_choose_a_token_that_can_be() -> None:
    scores = torch.full((1, 1, CARD), -1e4)
    scores[0, 0, 9] = 50.0

    assert draw(scores, torch.tensor([1 - 2.0**-24])).tolist() == [9]
    assert draw(scores, torch.tensor([0.0])).tolist() == [9]


def test_numbers_that_are_none_still_choose_a_token() -> None:
    chosen = draw(torch.full((1, 1, CARD), float("nan")), torch.tensor([0.5]))

    assert 0 <= int(chosen) < CARD


def test_a_rows_tokens_are_its_own() -> None:
    scores = torch.cat([logits(6, seed=8, card=300)] * 2, dim=1)
    uniform = torch.from_numpy(noise(1, 0, 6, 2)).float()
    parameters = [
        torch.tensor([0.5, 1.0, 1.5, 1.0, 0.0, 2.0]),
        torch.tensor([0, 5, 250, 1, 0, 9000]),
        torch.tensor([0.3, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ]

    together = sample(scores, uniform, *parameters)

    for row in range(6):
        one = slice(row, row + 1)
        alone = sample(scores[one], uniform[one], *(each[one] for each in parameters))
        assert torch.equal(together[one], alone)
