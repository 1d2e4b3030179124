"""The builder: what runs, in which thread and how often, what fails, and what is kept of it."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, make
from soundgraph.backends import Made, Model, OutOfMemoryError, Refused, Report, Request
from soundgraph.cache.disk import files
from soundgraph.cache.disk.blobs import DiskBlobs
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Store
from soundgraph.core.files import write_atomically
from soundgraph.core.stopping import Stop
from soundgraph.delivery import export_files
from soundgraph.execution import build_round, result_buffer
from soundgraph.execution.build_round import Round
from soundgraph.nodes import Kind, get_kind
from soundgraph.scene.reading import node_tables
from tests.helpers import CHAIN, Result, Space, changed, export, generate, node
from tests.probes import Probe, Probed


def takes(*prompts: str, model: str = "draft/audio") -> str:
    """A scene that delivers one take of each prompt, and all of them mixed."""
    names = [f"n{index}" for index in range(len(prompts))]
    return "\n".join(
        [
            *(generate(name, prompt, model) for name, prompt in zip(names, prompts, strict=True)),
            node("all", "mix", inputs=[{"node": name} for name in names]),
            export("all", "all"),
            *(export(name, name) for name in names),
        ]
    )


# What runs


def test_a_chain_runs_once_and_is_delivered(space: Space) -> None:
    space.scene(CHAIN)
    found = space.build()
    assert found.ran == ["a:cut", "a:dark", "a:rain"]
    assert found.exports == {"build/theme.wav": "written"}
    assert found.summary == {**found.summary, "ran": 3, "hits": 0, "failed": 0, "loads": 1, "exports": 1}


def test_a_node_that_came_out_the_same_does_not_run_its_users(space: Space) -> None:
    space.scene(CHAIN.replace("soft rain", 'soft rain"\nprecision = "int8" # "'))
    space.build()
    space.replace("int8", "float32")  # a draft takes no notice of it
    found = space.build()
    assert (found.ran, found.cutoffs, found.hits) == (["a:rain"], ["a:cut", "a:dark"], [])
    assert found.exports == {"build/theme.wav": "current"}


def test_a_build_holds_a_limited_number_of_claims_and_makes_all_takes(
    space: Space, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_round, "_AT_ONCE", 2)
    space.scene(takes("rain", "wind", "fire", "bell", "door"))
    assert len(space.build().ran) == 6
    assert probe.batches == [["rain", "wind"], ["fire", "bell"], ["door"]]
    assert probe.loads == ["draft/audio"]


def test_two_nodes_that_say_the_same_run_once_in_one_scene_and_across_scenes(space: Space, probe: Probe) -> None:
    space.scene(takes("rain", "rain"))
    space.scene(takes("rain").replace("exports.", "exports.b_"), "b")
    found = space.build()
    assert len(probe.batches) == 1
    assert probe.batches[0] == ["rain"]
    assert len([name for name in found.ran if name.split(":")[1].startswith("n")]) == 1
    assert len(found.hits) == 2
    assert found.code == 0


def test_nodes_below_twins_are_twins_too(space: Space) -> None:
    gain = node("loud", "gain", input="rain", gain_db=3.0) + node("loud2", "gain", input="rain2", gain_db=3.0)
    space.scene(generate("rain") + generate("rain2") + gain + export("x", "loud") + export("y", "loud2"))
    found = space.build()
    assert found.ran == ["a:loud", "a:rain"]
    assert found.hits == ["a:loud2", "a:rain2"]
    assert space.read("build/x.wav") == space.read("build/y.wav")


def test_a_node_whose_input_turns_out_to_be_known_is_a_twin_of_what_runs(space: Space, probe: Probe) -> None:
    """Its key is known only once its input has run, and then another node is making the same."""
    scene = generate("a1", "rain", precision="int8") + generate("a2", "rain", precision="float16")
    scene += node("loud", "gain", input="a1", gain_db=3.0) + node("loud2", "gain", input="a2", gain_db=3.0)
    space.scene(scene + export("x", "loud") + export("y", "loud2"))
    found = space.build()
    assert found.ran == ["a:a1", "a:a2", "a:loud"]
    assert found.hits == ["a:loud2"]


def test_two_nodes_that_turn_out_to_be_the_same_are_made_once(space: Space, probe: Probe) -> None:
    """Neither key is known to the plan; when both are, nothing of them has been made."""
    space.scene(
        node("t", "tone", freq_hz=440, duration=0.05)
        + node("short", "trim", input="t", duration=0.02)
        + node("longer", "trim", input="t", duration=0.03)
        + node("as_short", "trim", input="longer", duration=0.02)
        + generate("one", continue_from="short")
        + generate("two", continue_from="as_short")
        + export("x", "one")
        + export("y", "two")
    )
    found = space.build()
    assert probe.batches == [["rain"]]
    assert (len(found.ran), len(found.hits)) == (5, 1)
    assert space.read("build/x.wav") == space.read("build/y.wav")


def test_one_input_used_twice_is_counted_once(space: Space) -> None:
    twice = [{"node": "rain"}, {"node": "rain", "at": 0.01}]
    space.scene(generate("rain") + node("all", "mix", inputs=twice) + export("x", "all"))
    assert space.build().ran == ["a:all", "a:rain"]


def test_any_number_of_jobs_gives_the_same_files(space: Space) -> None:
    scenes = {name: takes(f"{name} rain", "wind", "a door").replace("exports.", f"exports.{name}_") for name in "abc"}
    for name, text in scenes.items():
        space.scene(text, name)
    found = space.build()
    other = Space(space.root.parent / "other")
    for name, text in scenes.items():
        other.scene(text, name)
    again = other.build("-j", "4")
    assert again.statuses == found.statuses
    assert other.delivered() == space.delivered()


# Models


def test_while_a_result_is_put_away_another_node_is_at_work(space: Space) -> None:
    space.scene(
        node("low", "tone", freq_hz=100, duration=0.1)
        + node("high", "tone", freq_hz=400, duration=0.1)
        + node("all", "mix", inputs=[{"node": "low"}, {"node": "high"}])
        + export("all", "all")
    )
    tone, put = get_kind("tone"), Store.publish
    both, beside = threading.Barrier(2), []

    def render(params: Any, inputs: list[Audio]) -> Audio:
        if beside:  # the second one: the first is being put away
            both.wait(10)
        beside.append(params.freq_hz)
        return tone.render(params, inputs)  # type: ignore[misc]

    def get(name: str, real: Any = get_kind) -> Kind:
        return Kind(1, tone.params, render, tone.from_scene) if name == "tone" else real(name)

    def slow(self: Store, found: Any, *, takes: bool) -> None:
        if len(beside) == 1:
            both.wait(10)
        put(self, found, takes=takes)

    with (
        changed(node_tables, "get_kind", get),
        changed(Store, "publish", slow),
        changed(result_buffer, "_GROUP_COUNT", 1),
    ):
        found = space.build("-j", "1")
    assert (found.code, len(found.ran)) == (0, 3)
    assert space.build().ran == []


def test_each_model_is_loaded_once_across_scenes_and_unloaded(space: Space, probe: Probe) -> None:
    for name in "abc":
        scene = takes(f"{name}1", f"{name}2").replace("exports.", f"exports.{name}_")
        space.scene(scene + generate("tune", f"{name} tune", "draft/music") + export(f"{name}_tune", "tune"), name)
    found = space.build()
    assert sorted(probe.loads) == sorted(probe.unloads) == ["draft/audio", "draft/music"]
    assert found.loads == 2
    assert sorted(map(len, probe.batches)) == [3, 6]


def goes_on(name: str, prompt: str, of: str, model: str = "draft/audio") -> str:
    return generate(name, prompt, model, continue_from=of)


def test_a_take_that_goes_on_from_another_gets_its_samples(space: Space, probe: Probe) -> None:
    space.scene(
        generate("one", "rain")
        + node("loud", "gain", input="one", gain_db=6.0)
        + goes_on("two", "wind", "loud")
        + export("x", "two")
    )
    assert space.build().ran == ["a:loud", "a:one", "a:two"]
    given = probe.asked["wind"].continue_from
    assert given is not None
    assert probe.asked["wind"].melody is None
    assert np.allclose(given.samples, sum(b"rain") / 20000 * 10 ** (6 / 20))
    assert probe.loads == ["draft/audio"]  # still there for the second


def test_another_sound_to_go_on_from_makes_another_take(space: Space, probe: Probe) -> None:
    space.scene(generate("one", "rain") + goes_on("two", "wind", "one") + export("x", "two"))
    space.build()
    space.replace("rain", "hail")
    assert space.build().ran == ["a:one", "a:two"]
    assert space.build("--force").ran == ["a:one", "a:two"]


def test_models_in_turns_are_loaded_as_often_as_the_graph_needs(space: Space, probe: Probe) -> None:
    space.scene(
        generate("one", "rain")
        + goes_on("two", "tune", "one", "draft/music")
        + goes_on("three", "wind", "two")
        + generate("four", "hail")
        + export("x", "three")
        + export("y", "four")
    )
    found = space.build()
    assert found.code == 0
    assert probe.loads == ["draft/audio", "draft/music", "draft/audio"]
    assert found.loads == 3


def test_a_take_that_turns_out_to_be_the_twin_of_one_in_a_later_turn_holds_nobody_up(
    space: Space, probe: Probe
) -> None:
    """Planned as A[y], B[m, z], A[x, w]; but m is a cutoff, and x, which then is y's twin, is known before y is."""
    made_by_m = make(np.full((1, 800), sum(b"m") / 20000, np.float32), 32000)
    space.recording("same.wav", made_by_m)
    space.recording("source.wav")
    first = node("file", "file", path="../source.wav") + node("t", "trim", input="file")
    space.scene(first + generate("m", "m", "draft/music", melody="t") + export("m", "m"))
    space.build()
    rest = (
        node("same", "file", path="../same.wav")
        + node("v", "trim", input="same")
        + node("u", "trim", input="v", pad=True, duration=0.025)
        + generate("y", "p", melody="u")
        + generate("x", "p", melody="m")
        + generate("z", "z", "draft/music", melody="y")
        + generate("w", "w", melody="z")
        + "".join(export(name, name) for name in "xw")
    )
    space.replace('input = "file"', 'input = "file"\npad = true\nduration = 0.05')
    space.scene((space.root / "graphs/a.toml").read_text() + rest)
    found = space.build()
    assert found.cutoffs == ["a:m"]
    assert (found.skipped, found.code) == ([], 0)
    assert sorted(probe.batches[1:]) == [["p"], ["w"], ["z"]]


def test_with_room_for_both_models_stay(space: Space, probe: Probe) -> None:
    space.scene(
        generate("one", "rain")
        + goes_on("two", "tune", "one", "draft/music")
        + goes_on("three", "wind", "two")
        + export("x", "three")
    )
    found = space.build("--memory-budget", "1 GB")
    assert found.code == 0
    assert probe.loads == ["draft/audio", "draft/music"]
    assert sorted(probe.unloads) == sorted(probe.loads)


def test_a_model_that_does_not_fit_beside_the_others_gets_the_memory_for_itself(space: Space, probe: Probe) -> None:
    probe.no_room = {"tune"}
    first = generate("one", "rain") + goes_on("two", "tune", "one", "draft/music")
    space.scene(first + goes_on("three", "wind", "two") + export("x", "three"))
    found = space.build("--memory-budget", "1 GB")
    assert (found.code, found.ran) == (0, ["a:one", "a:three", "a:two"])
    assert probe.loads == ["draft/audio", "draft/music", "draft/audio"]
    assert found.remarks == ["draft/music: out of memory: one take does not fit; other models were unloaded"]


def test_one_that_does_not_fit_at_all_fails_in_words(space: Space, probe: Probe) -> None:
    probe.load_error = OutOfMemoryError("out of memory: draft/audio needs 4 GB")
    space.scene(takes("rain", "wind"))
    found = space.build("-k")
    assert found.code == 1
    assert found.of("node")[0]["detail"] == "out of memory: draft/audio needs 4 GB"


def test_a_model_that_does_not_fit_at_all_is_tried_once_for_all_its_takes(space: Space, probe: Probe) -> None:
    asked = []
    real = probe.load

    def load(model: Model, *rest: Any) -> Probed:
        asked.append(model.id)
        if model.family == "audio":
            raise OutOfMemoryError("model draft/audio does not fit into this machine's memory")
        return real(model, *rest)

    probe.load = load  # type: ignore[method-assign]
    space.scene(takes("rain", "wind", "hail") + generate("tune", "tune", "draft/music") + export("tune", "tune"))
    found = space.build("-k")
    assert (found.failed, found.ran) == (["a:n0", "a:n1", "a:n2"], ["a:tune"])
    assert sorted(asked) == ["draft/audio", "draft/music"]


def test_a_lost_take_of_a_model_that_cannot_be_had_fails_and_what_was_delivered_is_remembered(
    space: Space, probe: Probe
) -> None:
    space.recording("door.wav")
    door = node("door", "file", path="../door.wav") + node("creak", "trim", input="door", duration=0.03)
    space.scene(CHAIN + door + export("creak", "creak"))
    space.build()
    records = map(Record.from_json, space.tree("cache/records").values())
    (rain,) = [record.digest for record in records if record is not None and record.made["node"] == "a:rain"]
    next((space.cache / "blobs").rglob(f"{rain}.wav")).unlink()
    space.replace("duration = 0.04", "duration = 0.02")
    last = node("soft", "gain", input="creak", gain_db=-3.0) + export("soft", "soft")  # it runs first
    space.scene((space.root / "graphs/a.toml").read_text() + last)
    probe.missing = lambda model: "AudioCraft is not installed"  # type: ignore[method-assign]
    found = space.build()
    assert (found.code, found.failed, found.skipped) == (1, ["a:rain"], ["a:cut", "a:dark"])
    (failed,) = [event["detail"] for event in found.of("node") if event["status"] == "failed"]
    assert failed == "its samples are gone from the cache, and AudioCraft is not installed"
    assert found.exports["build/soft.wav"] == "written"
    assert "build/soft.wav" in (space.root / ".soundgraph/delivered").read_text()
    probe.missing = lambda model: ""  # type: ignore[method-assign]
    assert space.build().code == 0


def test_no_model_is_loaded_for_a_take_whose_input_is_lost(space: Space, probe: Probe) -> None:
    space.scene(generate("one", "one") + generate("two", "two", continue_from="one") + export("x", "two"))
    space.build()
    space.replace('"two"\nduration', '"more"\nduration')
    for path in (space.cache / "blobs").rglob("*.wav"):
        path.unlink()
    found = space.build()
    assert (found.code, found.ran, found.loads) == (0, ["a:one", "a:two"], 1)


def test_an_interrupt_while_a_model_is_loaded_makes_no_take(space: Space, probe: Probe) -> None:
    real, request, noticed = probe.load, Stop.request, threading.Event()

    def load(*given: Any) -> Probed:
        os.kill(os.getpid(), signal.SIGINT)
        assert noticed.wait(10)
        return real(*given)

    def notice(self: Any) -> None:
        request(self)
        noticed.set()

    probe.load = load  # type: ignore[method-assign]
    space.scene(takes("rain"))
    with changed(Stop, "request", notice):
        assert space.build().code == 130
    assert probe.batches == []
    assert probe.unloads == ["draft/audio"]


def test_a_request_that_is_refused_fails_alone(space: Space, probe: Probe) -> None:
    probe.refused = {"rain"}
    space.scene(takes("rain", "wind"))
    found = space.build("-k")
    assert (found.code, found.failed, found.ran) == (1, ["a:n0"], ["a:n1"])
    assert next(event for event in found.of("node") if event["status"] == "failed")["detail"] == "cannot go on to rain"


def test_how_a_take_was_made_is_kept_with_it_and_not_in_its_key(space: Space, probe: Probe) -> None:
    space.scene(generate("rain") + export("x", "rain"))
    space.build()
    (record,) = [Record.from_json(content) for path, content in space.tree("cache").items() if path.endswith(".json")]
    assert record is not None
    assert record.made["generated"] == {"device": "none", "width": 3}
    assert "device" not in json.dumps(record.action)


def test_a_build_without_generate_nodes_to_run_loads_nothing(space: Space, probe: Probe) -> None:
    space.scene(takes("rain"))
    space.build()
    space.replace("exports.all", "exports.other")
    assert space.build().loads == 0
    assert len(probe.loads) == 1


def test_takes_may_come_in_any_order(space: Space, probe: Probe) -> None:
    space.scene(takes("rain", "wind", "a door"))
    probe.backwards = True
    space.build()
    other = Space(space.root.parent / "other")
    other.scene(takes("rain", "wind", "a door"))
    probe.backwards = False
    other.build()
    assert other.delivered() == space.delivered()


# Failing


def long(name: str, input: str) -> str:  # noqa: A002
    """A node that fails: it reads past the end of its input."""
    return node(name, "trim", input=input, duration=9.0)


def test_a_node_that_fails_ends_the_build_and_what_it_does_not_need_is_kept(space: Space) -> None:
    space.scene(generate("rain") + long("bad", "rain") + export("x", "bad") + export("y", "rain"))
    found = space.build()
    assert found.code == 1
    assert (found.ran, found.failed) == (["a:rain"], ["a:bad"])
    reason = next(event["detail"] for event in found.of("node") if event["status"] == "failed")
    assert reason.startswith("reads up to 9 s of an input that lasts 0.05 s")
    assert "Traceback" not in found.err
    space.replace("duration = 9.0", "duration = 0.02")
    again = space.build()
    assert (again.code, again.ran) == (0, ["a:bad"])


def test_with_keep_going_everything_else_is_built(space: Space) -> None:
    text = (
        generate("rain") + long("bad", "rain") + node("worse", "gain", input="bad", gain_db=1.0) + export("x", "worse")
    )
    space.scene(text)
    space.scene(CHAIN, "b")
    found = space.build("--keep-going")
    assert found.code == 1
    assert (found.failed, found.skipped) == (["a:bad"], ["a:worse"])
    assert found.ran == ["a:rain", "b:cut", "b:dark", "b:rain"]
    assert sorted(found.exports) == ["build/theme.wav"]
    assert space.build("--keep-going").code == 1, "a failure is told again"


def test_without_it_nothing_more_is_started(space: Space) -> None:
    space.scene(generate("rain") + long("bad", "rain") + export("x", "bad"))
    space.scene(
        generate("bed", "wind", "draft/music") + node("z", "gain", input="bed", gain_db=1.0) + export("z", "z"), "b"
    )
    found = space.build()
    assert found.code == 1
    assert "b:z" in found.skipped


def test_a_take_that_fails_leaves_the_others_of_its_model_to_be_made(space: Space, probe: Probe) -> None:
    space.scene(takes("one", "two", "three"))
    probe.broken.add("two")
    found = space.build("--keep-going")
    assert (found.code, found.ran, found.failed) == (1, ["a:n0", "a:n2"], ["a:n1"])
    assert found.skipped == ["a:all"]
    assert found.exports == {"build/n0.wav": "written", "build/n2.wav": "written"}
    assert len(probe.loads) == len(probe.unloads) == 2
    probe.broken.clear()
    assert space.build().ran == ["a:all", "a:n1"]


def test_without_keep_going_they_are_not_asked_for(space: Space, probe: Probe) -> None:
    space.scene(takes("one", "two", "three"))
    probe.broken.add("two")
    found = space.build()
    assert (found.code, found.ran, found.failed) == (1, ["a:n0"], ["a:n1"])
    assert probe.loads == probe.unloads == ["draft/audio"]


def test_a_take_that_is_no_sound_fails_alone(space: Space, probe: Probe) -> None:
    space.scene(takes("one", "two", "three"))
    probe.nan.add("two")
    found = space.build("--keep-going")
    assert (found.code, found.ran, found.failed) == (1, ["a:n0", "a:n2"], ["a:n1"])
    assert probe.loads == ["draft/audio"]


def test_a_model_that_cannot_be_loaded_fails_all_that_need_it_and_is_tried_once(space: Space, probe: Probe) -> None:
    space.scene(takes("one", "two"))
    probe.load_error = MemoryError()
    found = space.build("--keep-going")
    assert (found.code, found.failed) == (1, ["a:n0", "a:n1"])
    assert found.loads == 1
    assert "there is not enough memory for it" in found.of("node")[0]["detail"]


def test_a_backend_that_forgets_a_request_is_a_bug_and_not_a_success(space: Space, probe: Probe) -> None:
    space.scene(takes("one", "two"))

    def forget(self: Probed, requests: Sequence[Request], report: Report) -> Iterator[Made]:
        yield Made(0, make(np.zeros(100), 16000))

    with changed(Probed, "generate", forget):
        found = space.build()
    assert (found.code, found.ran, found.failed) == (1, ["a:n0"], ["a:n1"])
    (told,) = [event["detail"] for event in found.of("node") if event["node"] == "a:n1"]
    assert "did not answer the request of a:n1" in told


@pytest.mark.parametrize("error", [RuntimeError("no\nroom"), ZeroDivisionError(), AssertionError("odd"), KeyError("x")])
def test_whatever_a_take_ends_with_the_others_are_made_and_delivered(
    space: Space, probe: Probe, error: Exception
) -> None:
    space.scene(takes("one", "two", "three"))
    space.scene(CHAIN, "b")
    real = Probed.generate

    def generate_or_break(self: Probed, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        for index, request in enumerate(requests):
            if request.prompt == "two":
                raise error
            for made in real(self, [request], report):
                assert isinstance(made, Made)
                yield replace(made, index=index)

    with changed(Probed, "generate", generate_or_break):
        found = space.build("-k")
    assert (found.code, found.failed, found.skipped) == (1, ["a:n1"], ["a:all"])
    assert found.ran == ["a:n0", "a:n2", "b:cut", "b:dark", "b:rain"]
    assert sorted(found.exports) == ["build/n0.wav", "build/n2.wav", "build/theme.wav"]
    (told,) = [event["detail"] for event in found.of("node") if event["node"] == "a:n1"]
    assert told.startswith(f"a bug in soundgraph, please report it: {type(error).__name__}")


def test_a_bug_in_a_kind_fails_its_node_and_what_was_made_is_kept(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(generate("bed", "wind", "draft/music") + export("z", "bed"), "b")
    eq = get_kind("eq")

    def broken(params: object, inputs: list[Audio]) -> Audio:
        raise ZeroDivisionError

    def get(name: str, real: Any = get_kind) -> Kind:
        return Kind(1, eq.params, broken) if name == "eq" else real(name)

    with changed(node_tables, "get_kind", get):
        found = space.build("-k")
    assert (found.code, found.failed, found.ran) == (1, ["a:dark"], ["a:cut", "a:rain", "b:bed"])
    assert list(found.exports) == ["build/z.wav"]
    assert space.build().ran == ["a:dark"]


def test_a_recording_that_breaks_off_fails_and_leaves_the_rest_whole(space: Space) -> None:
    recording = space.recording("sounds/door.wav")
    whole = recording.read_bytes()
    recording.write_bytes(whole[: len(whole) // 2])
    space.scene(CHAIN + node("door", "file", path="../sounds/door.wav") + export("door", "door"))
    found = space.build("-k")
    assert (found.code, found.failed) == (1, ["a:door"])
    assert found.exports == {"build/theme.wav": "written"}
    recording.write_bytes(whole)
    again = space.build()
    assert (again.code, again.ran) == (0, ["a:door"])


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Nothing can be written to the cache after so many files."""
    real = files.write_file
    left = [after]

    def write(*arguments: Any, **more: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device", str(arguments[0]))
        real(*arguments, **more)

    with changed(files, "write_file", write):
        yield


@pytest.mark.parametrize("after", [0, 1, 3, 4, 5])
@pytest.mark.parametrize("more", [(), ("-k",), ("-j", "4")])
def test_a_full_disk_fails_the_nodes_that_could_not_be_kept(space: Space, after: int, more: tuple[str, ...]) -> None:
    space.scene(CHAIN)
    with full_disk(after):
        found = space.build(*more)
    assert found.code == 1
    assert "No space left on device" in found.out
    assert "Traceback" not in found.err
    assert found.of("summary")
    assert not space.is_noop()
    again = space.build()
    assert again.code == 0
    assert space.run("cache", "verify").code == 0
    assert space.build().ran == []


def test_an_export_that_cannot_be_written_fails_and_its_node_is_kept(space: Space) -> None:
    """What stood there before is told before anything runs; this came up in the meantime."""
    space.scene(CHAIN)
    real = write_atomically

    def write(path: str, content: bytes, **more: Any) -> None:
        if path.endswith("theme.wav"):
            raise OSError(errno.EISDIR, "Is a directory", path)
        real(path, content, **more)

    with changed(export_files, "write_atomically", write):
        found = space.build()
    assert found.code == 1
    assert found.exports == {"build/theme.wav": "failed"}
    assert found.summary["failed"] == 1
    again = space.build()
    assert (again.code, again.ran, again.exports) == (0, [], {"build/theme.wav": "written"})


# Lost in the middle


def test_an_artifact_that_is_lost_while_the_build_runs_is_made_again(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.replace("duration = 0.04", "duration = 0.03")
    space.replace("-3.0", "-4.0")
    real = DiskBlobs.read
    gone: list[str] = []

    def read(self: DiskBlobs, digest: str) -> Audio | None:
        if not gone:
            gone.append(digest)
            self.file(digest).unlink()
        return real(self, digest)

    with changed(DiskBlobs, "read", read):
        found = space.build()
    assert (found.code, found.ran) == (0, ["a:cut", "a:dark", "a:rain"])
    assert [event["status"] for event in found.of("node") if event["node"] == "a:rain"] == ["hit", "ran"]


def test_a_whole_lost_cache_of_samples_is_made_again_in_one_build(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    for blob in space.cache.glob("blobs/??/*.wav"):
        blob.unlink()
    space.replace("[exports.theme]", "[exports.theme]\nbit_depth = 16")
    found = space.build()
    assert (found.code, found.ran) == (0, ["a:cut", "a:dark", "a:rain"])


# --force


def details(found: Result) -> dict[str, str]:
    return {event["node"]: event.get("detail", "") for event in found.of("node")}


def test_force_runs_everything_again_and_says_that_it_came_out_the_same(space: Space) -> None:
    space.scene(CHAIN)
    space.settle()
    found = space.build("--force")
    assert (found.code, found.ran) == (0, ["a:cut", "a:dark", "a:rain"])
    assert set(details(found).values()) == {"the same samples as before"}
    assert found.exports == {"build/theme.wav": "current"}


def test_force_keeps_other_samples_and_names_the_old_ones(space: Space, probe: Probe) -> None:
    probe.changing = True
    space.scene(takes("rain"))
    space.build()
    before = json.loads(space.read("build/n0.wav.json"))["digest"]
    found = space.build("--force")
    assert details(found)["a:n0"] == f"other samples than before, which are kept as {before}"
    assert (space.cache / "blobs" / before[:2] / f"{before}.wav").exists()
    after = json.loads(space.read("build/n0.wav.json"))["digest"]
    assert after != before
    again = space.build()
    assert (again.ran, json.loads(space.read("build/n0.wav.json"))["digest"]) == ([], after)


def test_twins_are_forced_once(space: Space, probe: Probe) -> None:
    space.scene(takes("rain", "rain"))
    space.build()
    found = space.build("--force")
    assert probe.batches == [["rain"], ["rain"]]
    assert len(found.ran) == 2


# Interrupting


def test_an_interrupt_at_any_step_of_the_loop_keeps_what_was_finished(space: Space) -> None:
    """Ctrl-C comes while a result is being taken in: it is kept, and the build ends."""
    import signal

    space.scene(CHAIN)
    real = Round.made

    def made(self: Round, name: str, *arguments: Any) -> None:
        if name == "a:rain":
            signal.raise_signal(signal.SIGINT)
        real(self, name, *arguments)

    with changed(Round, "made", made):
        found = space.build()
    assert (found.code, found.ran, found.skipped) == (130, ["a:rain"], ["a:cut", "a:dark"])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = space.build()
    assert (again.code, again.ran) == (0, ["a:cut", "a:dark"])


def test_a_chain_of_thousands_of_nodes_builds_and_cuts_off(space: Space) -> None:
    deep = 3000
    chain = [generate("n0", "rain")]
    chain += [node(f"n{place}", "gain", input=f"n{place - 1}", gain_db=0.0) for place in range(1, deep)]
    space.scene("\n".join([*chain, export("x", f"n{deep - 1}")]))
    assert space.build().code == 0
    # A trim at the head that changes nothing: all below it comes out of the cache once that is known.
    space.replace('input = "n0"', 'input = "head"')
    space.scene((space.root / "graphs" / "a.toml").read_text() + node("head", "trim", input="n0", duration=0.05))
    found = space.build()
    assert found.code == 0
    assert found.ran == ["a:head"]
