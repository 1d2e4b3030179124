"""The generator's thread: however a model ends, the build goes on, or ends with words."""

from __future__ import annotations

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
