from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.nn.functional import gelu

from soundgraph.backends.audiocraft.layers import additive


@pytest.fixture(params=[1, 2, 3])
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("width", [4096, 6144, 100])
def test_gelu_of_a_row_is_the_same_wherever_threads_divide_the_work(
    width: int, dtype: torch.dtype, n_threads: int
) -> None:
    """Torch's own: the rows of a batch go through it together, and were it otherwise, hear of one another."""
    x = (3 * torch.randn(16, 1, width, generator=torch.Generator().manual_seed(0))).to(dtype)

    together = gelu(x)

    assert all(torch.equal(gelu(x[rows:]), together[rows:]) for rows in range(16))


def test_what_is_not_seen_gets_no_share() -> None:
    seen = torch.tensor([[True, False, True]])

    shares = torch.softmax(torch.tensor([[1.0, 50.0, 1.0]]) + additive(seen, torch.float32), dim=-1)

    assert shares.tolist() == [[0.5, 0.0, 0.5]]
