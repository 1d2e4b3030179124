"""The generator's thread: however a model ends, the build goes on, or ends with words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from soundgraph.audio.artifact import Audio
from soundgraph.backends import Made, Refused, Report, Request
from soundgraph.cache.result_record import Record
from soundgraph.execution import generator_thread
from soundgraph.execution.result_buffer import Results
from tests.helpers import Space, changed, export, generate
from tests.probes import Probe, Probed


def test_a_model_that_broke_and_cannot_be_unloaded_holds_nothing_up(space: Space, probe: Probe) -> None:
    def unload(self: Probed) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    probe.broken = {"rain"}
    space.scene(generate("a", "rain") + export("a", "a") + generate("b", "wind") + export("b", "b"))
    with changed(Probed, "unload", unload):
        found = space.build("-k")
    assert (found.code, found.failed, found.ran) == (1, ["a:a"], ["a:b"])


def test_a_model_that_breaks_after_its_last_take_is_told_of_and_fails_nothing(space: Space, probe: Probe) -> None:
    real = Probed.generate

    def generate_and_break(self: Probed, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        yield from real(self, requests, report)
        raise RuntimeError("cannot tidy up")

    space.scene(generate("a", "rain") + export("a", "a"))
    with changed(Probed, "generate", generate_and_break):
        found = space.build()
    assert (found.code, found.ran, found.failed) == (0, ["a:a"], [])
    assert any("failed after its last take: cannot tidy up" in remark for remark in found.remarks)


def test_takes_wait_for_a_loop_that_is_slower_than_the_model(space: Space, probe: Probe) -> None:
    """Each holds its samples: a thousand drafts of a minute would be 20 GB."""
    behind, made, handed = [], [0], [0]
    real_generate, real_add = Probed.generate, Results.add

    def count(self: Probed, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        for take in real_generate(self, requests, report):
            made[0] += 1
            yield take

    def add(self: Results, record: Record, sound: Audio, uses: int) -> None:
        behind.append(made[0] - handed[0])
        handed[0] += 1
        real_add(self, record, sound, uses)

    space.scene("".join(generate(f"n{n}", f"rain {n}") + export(f"n{n}", f"n{n}") for n in range(100)))
    with changed(Probed, "generate", count), changed(Results, "add", add), changed(generator_thread, "_AHEAD", 2):
        assert space.build().code == 0
    assert handed == [100]
    assert max(behind) <= 2 + 2  # one that is being made, and one that is being handed over
