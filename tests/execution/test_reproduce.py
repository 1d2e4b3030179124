"""Verifying: what is made again is compared with what is recorded, in the batch width that it was made in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from soundgraph import backends
from soundgraph.audio.artifact import make
from soundgraph.backends import Device, Made, Model, Precision, Refused, Report, Request, Sources
from soundgraph.execution import reproduce
from tests.helpers import CHAIN, Space, changed, export, generate, node


class Fickle:
    """The draft backend, whose takes come out at another level once they have been recorded."""

    name, version, draft, params = "draft", 1, True, backends.get("draft").params

    def __init__(self) -> None:
        self.gain = 1.0
        self.refuses = ""
        self.widths: list[int | None] = []
        self.loads = 0
        self._real = backends.get("draft")

    def models(self) -> Sequence[Model]:
        return self._real.models()

    def find(self, model_id: str, sources: Sources) -> Model | None:
        return self._real.find(model_id, sources)

    def missing(self, model: Model) -> str:
        return ""

    def load(self, model: Model, sources: Sources, device: Device, precision: Precision | None) -> _Loaded:
        self.loads += 1
        return _Loaded(self, self._real.load(model, sources, device, precision))


class _Loaded:
    about = ""

    def __init__(self, backend: Fickle, real: backends.Generator):
        self.backend, self.real = backend, real

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        for made in self.real.generate(requests, report):
            if self.backend.refuses:
                yield Refused(made.index, self.backend.refuses)
                continue
            assert isinstance(made, Made)
            self.backend.widths.append(requests[made.index].width)
            sound = make(made.audio.samples * np.float32(self.backend.gain), made.audio.sample_rate)
            yield Made(made.index, sound, made.remarks, {"device": "cpu", "width": 4})

    def unload(self) -> None:
        self.real.unload()


@pytest.fixture
def fickle() -> Iterator[Fickle]:
    found = Fickle()
    real = backends.get
    with changed(backends, "get", lambda name: found if name == "draft" else real(name)):
        yield found


def test_what_was_just_built_is_identical_down_to_the_last_node(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    found = space.run("verify")
    assert (found.code, found.out) == (0, "a:rain  identical\na:cut  identical\na:dark  identical\n3 identical\n")


def test_a_take_that_comes_out_otherwise_is_told_in_decibels_below_the_recorded_one(
    space: Space, fickle: Fickle
) -> None:
    space.scene(generate("rain") + node("loud", "gain", input="rain", gain_db=6.0) + export("x", "loud"))
    space.build()
    fickle.gain = 1.001
    found = space.run("verify")
    # A thousandth of the samples: 20 log10(0.001). What is made from the recorded take is as it was.
    assert (found.code, found.out) == (1, "a:rain  differs  by -60.0 dB\na:loud  identical\n1 identical, 1 differs\n")
    assert fickle.loads == 2


def test_a_take_is_made_in_a_batch_as_wide_as_the_recorded_one(space: Space, fickle: Fickle) -> None:
    space.scene(generate("rain") + export("x", "rain"))
    space.build()
    space.run("verify")
    assert fickle.widths == [None, 4]


def test_verifying_leaves_the_cache_and_the_files_as_they_are(space: Space, fickle: Fickle) -> None:
    space.scene(generate("rain") + export("x", "rain"))
    space.build()
    before = space.tree("cache/blobs", "cache/records", "build")
    fickle.gain = 0.5
    space.run("verify")
    assert space.tree("cache/blobs", "cache/records", "build") == before


def test_what_is_not_built_as_the_scene_is_now_cannot_be_compared(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("soft rain", "hail")
    found = space.run("verify")
    assert found.code == 0
    assert found.out.endswith("3 unmade\n")
    assert "a:rain  unmade  (not built as the scene is now: build it first)" in found.out


def test_what_cannot_be_made_again_fails_in_words(space: Space, fickle: Fickle) -> None:
    space.scene(generate("rain") + export("x", "rain"))
    space.build()
    fickle.refuses = "it cannot be done"
    found = space.run("verify")
    assert (found.code, found.out) == (1, "a:rain  failed  (it cannot be done)\n1 failed\n")


def test_scripts_get_an_object_a_line(space: Space, fickle: Fickle) -> None:
    space.scene(generate("rain") + generate("hail", "hail") + export("x", "rain") + export("y", "hail"))
    space.build()
    fickle.gain = 2.0
    found = space.run("verify", "--json", "a:rain")
    (line,) = map(json.loads, found.out.splitlines())
    assert line == {"event": "verify", "node": "a:rain", "status": "differs", "difference_db": 0.0, "detail": ""}


def test_differences_are_measured_by_their_energy() -> None:
    rng = np.random.default_rng(0)
    sound = make(rng.standard_normal((2, 4000)).astype(np.float32) * 0.1, 8000)
    other = make(sound.samples + rng.standard_normal((2, 4000)).astype(np.float32) * 1e-5, 8000)
    found = reproduce.compared("a", sound, other)
    expected = 20 * math.log10(
        np.std(other.samples.astype(float) - sound.samples) / np.sqrt(np.mean(sound.samples.astype(float) ** 2))
    )
    assert found.difference_db == pytest.approx(expected, abs=0.01)
    assert reproduce.compared("a", sound, sound).status == "identical"
    shorter = reproduce.compared("a", sound, make(sound.samples[:, :100], 8000))
    assert shorter.detail == "100 samples at 8000 Hz in 2 channels instead of 4000 samples at 8000 Hz in 2 channels"
    silence = reproduce.compared(
        "a", make(np.zeros((1, 10), np.float32), 8000), make(np.ones((1, 10), np.float32), 8000)
    )
    assert silence.difference_db == math.inf


def test_a_budget_that_would_be_of_no_use_is_not_taken(space: Space) -> None:
    space.scene(CHAIN)
    assert space.run("verify", "--memory-budget", "1 GB").code == 2
