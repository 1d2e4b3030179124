"""What holds for every kind with inputs, found in the folder: no sound breaks it, and its page says how it behaves."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tomllib
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.core.params import Params, reference_fields, references
from soundgraph.nodes import Kind, get_kind, kind_names

REPOSITORY = Path(__file__).parents[2]
PAGES = REPOSITORY / "docs" / "nodes"

RATES = [8000, 11025, 44100, 48000, 192000]
CHANNELS = [1, 2, 6]

# Fields that take the place of those in a page's example where those take longer than the point needs.
INSTEAD: dict[str, dict[str, object]] = {"reverb": {"decay": 0.3}}

ROWS = [
    *("Latency", "Tail", "Length", "Channels", "Rate"),
    *("Empty and one-sample clips", "Silence", "Full scale", "NaN"),
]


@cache
def examples(name: str) -> tuple[Params, ...]:
    """The parameters of every node of that kind in the scenes of its page, and the same with all that need not be given
    at its default."""
    model = get_kind(name).params
    found = []
    for block in re.findall(
        r"^```toml\n(.*?)^```$", (PAGES / f"{name}.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    ):
        for table in tomllib.loads(block).get("nodes", {}).values():
            if table.pop("kind") == name:
                found.append(model.model_validate({**table, **INSTEAD.get(name, {})}))
                required = {field: table[field] for field, of in model.model_fields.items() if of.is_required()}
                with contextlib.suppress(ValidationError):  # some need one field of several
                    found.append(model.model_validate({**required, **INSTEAD.get(name, {})}))
    assert found, f"docs/nodes/{name}.md has no scene (```toml) with a node of that kind"
    return tuple(found)


def takes_inputs(name: str) -> bool:
    return get_kind(name).render is not None and bool(reference_fields(get_kind(name).params))


WITH_INPUTS = [name for name in kind_names() if takes_inputs(name)]


def render(name: str, params: Params, *sounds: Audio) -> Audio | None:
    """The result for these inputs, in turn until there are enough; None where the kind refuses them, in words."""
    kind: Kind = get_kind(name)
    assert kind.render is not None
    count = len(references(params))
    inputs = [sounds[index % len(sounds)] for index in range(count)]
    before = [audio.samples.tobytes() for audio in inputs]
    try:
        result = kind.render(params, inputs)
    except NodeError:
        result = None
    assert [audio.samples.tobytes() for audio in inputs] == before, "the inputs were written to"
    return result


def check(result: Audio | None) -> None:
    if result is None:
        return
    assert type(result.sample_rate) is int
    assert result.sample_rate > 0
    assert result.samples.dtype == np.float32
    assert result.samples.ndim == 2
    assert result.channels >= 1
    assert result.samples.flags.c_contiguous
    assert np.isfinite(result.samples).all()


def sealed(samples: np.ndarray, rate: int) -> Audio:
    """A sound that cannot be written to, as those are that come from the store."""
    audio = make(samples, rate)
    audio.samples.flags.writeable = False
    return audio


def noise(channels: int, rate: int, seconds: float) -> np.ndarray:
    """Full scale: half of it lies at ±1."""
    drawn = np.random.default_rng(1).standard_normal((channels, round(seconds * rate)))
    return np.clip(1.5 * drawn, -1.0, 1.0)


@cache
def sounds(channels: int, rate: int) -> dict[str, Audio]:
    full = noise(channels, rate, 0.1)
    return {
        "empty": sealed(full[:, :0], rate),
        "one sample": sealed(np.ones((channels, 1)), rate),
        "silence": sealed(0.0 * full, rate),
        "full scale": sealed(full, rate),
        "20 dB over": sealed(10.0 * full, rate),
    }


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", WITH_INPUTS)
def test_a_kind_gives_a_sound_or_says_why_not(name, rate, channels):
    for params in examples(name):
        for audio in sounds(channels, rate).values():
            check(render(name, params, audio))


@pytest.mark.parametrize("name", WITH_INPUTS)
def test_a_kind_takes_inputs_that_differ_or_says_why_not(name):
    other = {(1, 44100): sounds(1, 44100), (2, 11025): sounds(2, 11025)}
    for params in examples(name):
        for content, audio in sounds(2, 48000).items():
            for form in other:
                check(render(name, params, audio, other[form]["full scale"]))
                check(render(name, params, other[form]["full scale"], other[form][content], audio))


@cache
def long_noise(channels: int) -> Audio:
    """Eight seconds at a low rate, for kinds that need some length: noise that comes and goes."""
    swell = 0.2 * (1.1 + np.sin(2 * np.pi * np.arange(8 * 16000) / 16000 / 1.7))
    return sealed(noise(channels, 16000, 8.0) * swell, 16000)


@pytest.mark.parametrize("name", WITH_INPUTS)
def test_the_example_of_a_kind_gives_the_same_sound_twice(name):
    for params in examples(name):
        first, second = (
            [render(name, params, audio) for audio in (long_noise(1), long_noise(2), sounds(2, 16000)["full scale"])]
            for _ in range(2)
        )
        assert any(result is not None and result.n_samples for result in first), "nothing but refusals"
        assert [result and result.digest for result in first] == [result and result.digest for result in second]


def digests() -> dict[str, list[str | None]]:
    """Of what each kind makes of a short sound, stereo and mono."""
    return {
        name: [
            result and result.digest
            for params in examples(name)
            for channels in (1, 2)
            for result in [render(name, params, sealed(noise(channels, 48000, 0.5), 48000))]
        ]
        for name in WITH_INPUTS
    }


def test_another_process_on_a_plainer_processor_gives_the_same_sounds():
    from numpy._core import _multiarray_umath as umath  # type: ignore[attr-defined]

    # Everything numpy would choose at run time on this machine, switched off.
    dispatched = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]
    plain = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(dispatched),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "7",
    }
    program = "import json; from tests.nodes import test_every_kind as t; print(json.dumps(t.digests()))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=REPOSITORY, env={**os.environ, **plain}, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == digests()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", WITH_INPUTS)
def test_no_kind_hands_on_what_is_not_a_number(name, value):
    # Past make(), which lets none in. That numpy warns of it is fine: nobody will see it.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for params in examples(name):
            for channels in (1, 2):
                for spoilt in (slice(None), slice(3000, 3001)):
                    samples = noise(channels, 48000, 0.2).astype(np.float32)
                    samples[:, spoilt] = value
                    check(render(name, params, Audio(samples, 48000)))


# Pages


@pytest.mark.parametrize("name", kind_names())
def test_the_page_of_a_kind_says_how_it_behaves(name):
    parts = re.split(r"^## (.*)$", (PAGES / f"{name}.md").read_text("utf-8"), flags=re.MULTILINE)
    section = dict(zip(parts[1::2], parts[2::2], strict=True)).get("How it behaves")
    assert section is not None, f"docs/nodes/{name}.md has no section: ## How it behaves"
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [row[0] for row in rows[2:]] == ROWS, f"docs/nodes/{name}.md: the rows of How it behaves"
    assert all(len(row) == 2 and row[1] for row in rows[2:])
