from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from soundgraph.backends import Model
from soundgraph.backends.audiocraft import checkpoint, stock
from soundgraph.backends.audiocraft.stock import Run
from soundgraph.backends.audiocraft.weights import WeightFiles

from . import tiny

RUN = Run("rain", None, None, 60, 7, 1.0, 250, 0.0, 3.0)


def load(folder: Path, rate: int = 32000) -> checkpoint.Loaded:
    files = WeightFiles(folder / "state_dict.bin", folder / "compression_state_dict.bin")
    model = Model(str(folder), "audiocraft", "music", rate, 1, 10.0, "", "")
    return checkpoint.load(files, model, "cpu", torch.float32)


@pytest.fixture(scope="module")
def fixed(checkpoints: Path) -> checkpoint.Loaded:
    """A MAGNeT of 2 s: 100 steps, in spans of 3."""
    return load(tiny.make_magnet(checkpoints / "magnet_2s", seconds=2))


@pytest.fixture(scope="module")
def lm(musicgen: Path) -> checkpoint.Loaded:
    return load(musicgen)


def made(loaded: checkpoint.Loaded, run: Run) -> torch.Tensor:
    return stock.generate(loaded, run, lambda steps: None)


def test_a_magnet_window_is_made_whole_and_cut(fixed: checkpoint.Loaded) -> None:
    whole = made(fixed, replace(RUN, n_steps=100))
    part = made(fixed, replace(RUN, n_steps=60))

    assert whole.shape == (4, 100)
    assert torch.equal(part, whole[:, :60])
    assert 0 <= whole.min() <= whole.max() < tiny.CARD


def test_what_a_magnet_leaves_over_at_its_end_lasts_on(fixed: checkpoint.Loaded) -> None:
    codes = made(fixed, replace(RUN, n_steps=100))

    assert torch.equal(codes[:, 99], codes[:, 98])
    assert not torch.equal(codes[:, 97], codes[:, 98])


def test_a_magnet_gives_what_audiocraft_gives_with_that_seed(fixed: checkpoint.Loaded) -> None:
    from audiocraft.models import MAGNeT

    model = MAGNeT(name="tiny", compression_model=fixed.codec, lm=fixed.lm)
    model.set_generation_params(top_k=0, top_p=0.8, temperature=2.0, max_cfg_coef=5.0)
    torch.manual_seed(7)
    with checkpoint.attention("magnet"):
        _, want = model.generate(["rain"], return_tokens=True)

    got = made(fixed, replace(RUN, n_steps=99, top_k=0, top_p=0.8, temperature=2.0, cfg_coef=5.0))

    assert torch.equal(got, want[0])


@pytest.mark.parametrize("which", ["fixed", "lm"])
def test_a_take_is_the_same_whatever_was_made_before(which: str, request: pytest.FixtureRequest) -> None:
    loaded: Any = request.getfixturevalue(which)
    first = made(loaded, RUN)
    other = made(loaded, replace(RUN, seed=8, text="wind"))
    torch.rand(3)

    assert torch.equal(made(loaded, RUN), first)
    assert not torch.equal(other, first)


def test_the_stream_of_random_numbers_and_the_sort_of_attention_are_left_as_they_were(fixed: checkpoint.Loaded) -> None:
    from audiocraft.modules import transformer

    torch.manual_seed(1)
    want = torch.rand(4)
    torch.manual_seed(1)
    made(fixed, RUN)

    assert torch.equal(torch.rand(4), want)
    assert transformer._efficient_attention_backend == "torch"


def test_a_language_model_goes_on_from_a_prompt(lm: checkpoint.Loaded) -> None:
    prompt = torch.randint(0, tiny.CARD, (4, 20), generator=torch.Generator().manual_seed(1))

    codes = made(lm, replace(RUN, prompt=prompt))

    assert codes.shape == (4, 60)
    assert torch.equal(codes[:, :20], prompt)


@pytest.mark.parametrize("which", ["fixed", "lm"])
def test_progress_rises_to_the_end(which: str, request: pytest.FixtureRequest) -> None:
    seen: list[int] = []
    stock.generate(request.getfixturevalue(which), RUN, seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 60
    assert len(set(seen)) > 40


@pytest.mark.parametrize("which", ["fixed", "lm"])
def test_a_run_can_be_stopped_and_the_model_used_again(which: str, request: pytest.FixtureRequest) -> None:
    loaded: Any = request.getfixturevalue(which)
    want = made(loaded, RUN)

    def stop(steps: int) -> None:
        if steps > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stock.generate(loaded, RUN, stop)
    assert torch.equal(made(loaded, RUN), want)


@pytest.mark.parametrize("seed", [0, 2**63 - 1, 2**64 - 1])
def test_seeds_of_any_size_are_taken(lm: checkpoint.Loaded, seed: int) -> None:
    assert made(lm, replace(RUN, seed=seed, n_steps=5)).shape == (4, 5)
