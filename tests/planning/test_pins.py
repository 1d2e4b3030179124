"""Pinned takes: what is pinned is what is delivered, on any machine and whatever its cache holds, or nothing is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import soundgraph
from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Device, Made, Model, Precision, Report, Request, Sources
from soundgraph.cache.disk.blobs import DiskBlobs
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.core.errors import BuildError, SceneError
from soundgraph.core.params import Params
from soundgraph.planning.pins import Pins
from soundgraph.project import lockfile
from soundgraph.project.lockfile import Take
from soundgraph.session import run_plan
from tests.helpers import Space, changed, export, generate, is_take, node

MODEL = Model(
    "fickle/audio", "fickle", "audio", 8000, 1, None, "CC0-1.0", "its weights", conditioning=("continuation",)
)


class Fickle:
    """A backend that never gives the same sound twice, as a GPU need not.

    made: the prompts that it was asked for. again: what it gives instead, for once as before.
    """

    name = "fickle"
    version = 1
    draft = False
    params = Params

    def __init__(self) -> None:
        self.made: list[str] = []
        self.again: Audio | None = None

    def models(self) -> Sequence[Model]:
        return [MODEL]

    def find(self, model_id: str, sources: Sources) -> Model | None:
        return MODEL if model_id == MODEL.id else None

    def missing(self, model: Model) -> str:
        return ""

    def load(self, model: Model, sources: Sources, device: Device, precision: Precision | None) -> Loaded:
        return Loaded(self)


class Loaded:
    about = ""

    def __init__(self, backend: Fickle):
        self.backend = backend

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made]:
        for index, request in enumerate(requests):
            self.backend.made.append(request.prompt)
            samples = np.frombuffer(os.urandom(2 * 400), np.int16).astype(np.float32)[None] / 40000
            yield Made(index, self.backend.again or Audio(samples, 8000))

    def unload(self) -> None: ...


@pytest.fixture(scope="module")
def installed() -> Iterator[Fickle]:
    found, names, get = Fickle(), backends.names(), backends.get
    with (
        changed(backends, "names", lambda: (*names, "fickle")),
        changed(backends, "get", lambda name: found if name == "fickle" else get(name)),
    ):
        yield found


@pytest.fixture
def fickle(installed: Fickle) -> Fickle:
    installed.made.clear()
    installed.again = None
    return installed


def take_of(name: str, prompt: str = "rain", **fields: object) -> str:
    return generate(name, prompt, MODEL.id, **fields)


RAIN = take_of("rain", "soft rain") + export("plain", "rain")
SCENE = RAIN + node("cut", "trim", input="rain", duration=0.04) + export("theme", "cut")


def pins(space: Space) -> dict[str, Take]:
    return dict(lockfile.read(space.root / "soundgraph.lock").takes)


def pinned(space: Space, scene: str = SCENE) -> dict[str, bytes]:
    """A project that is built and pinned; returns what it delivered."""
    space.scene(scene)
    assert space.build().code == 0
    assert space.run("pin").code == 0
    return sounds(space)


def sounds(space: Space) -> dict[str, bytes]:
    return {path: data for path, data in space.delivered().items() if path.endswith(".wav")}


def absence(space: Space, name: str, line: int = 1) -> str:
    scene, _, short = name.rpartition(":")
    return (
        f"graphs/{scene}.toml:{line}: nodes.{short}: its pinned take {pins(space)[name].digest[:12]} is not in the "
        f"cache\n  bring it with soundgraph cache import FILE, or give it up: soundgraph pin --remove {name}\n"
    )


def set_cache_aside(space: Space) -> Path:
    """The cache as it would be after it was collected, or on another machine; returns where the old one is."""
    aside = space.root.parent / f"aside-{len(list(space.root.parent.iterdir()))}"
    space.cache.rename(aside)
    return aside


def bring(space: Space, other: Path) -> None:
    """All takes of another cache, as an import brings them: no record that is there is replaced."""
    shutil.copytree(other / "blobs", space.cache / "blobs", dirs_exist_ok=True)
    shutil.copy(other / "CACHEDIR.TAG", space.cache)
    for path in (other / "records").glob("??/*.json"):
        record = Record.from_json(path.read_bytes())
        if record is not None and is_take(record):
            place = space.cache / "records" / record.key[:2]
            place.mkdir(parents=True, exist_ok=True)
            alone = not (place / f"{record.key}.json").exists()
            name = f"{record.key}.json" if alone else f"{record.key}.{record.digest[:16]}.json"
            shutil.copy(path, place / name)


def lose(space: Space, *names: str) -> None:
    """Removes the sounds of pinned takes; their records stay."""
    for name in names:
        blob_of(space, name).unlink()


def blob_of(space: Space, name: str) -> Path:
    return DiskStore(space.cache).blobs.file(pins(space)[name].digest)


# Pinning


def test_a_pin_is_the_digest_of_the_take_and_a_line_for_each(space: Space, fickle: Fickle) -> None:
    space.scene(take_of("step", variations=2) + node("cut", "trim", input="step", duration=0.04))
    space.scene(export("step", "cut", path="step_{take}") + (space.root / "graphs/a.toml").read_text())
    space.build()
    found = space.run("pin")
    assert (found.code, found.out.splitlines()[-1]) == (0, "soundgraph.lock: 2 new")
    result = soundgraph.build("a", root=space.root)
    assert {name: take.digest for name, take in pins(space).items()} == {
        name: result.audio(name).digest for name in ("a:step", "a:step#2")
    }
    assert space.run("cache", "verify").code == 0


def test_pinning_again_touches_nothing_and_a_build_after_it_has_nothing_to_do(space: Space, fickle: Fickle) -> None:
    pinned(space)
    before = (space.root / "soundgraph.lock").stat()
    assert space.run("pin").out == "soundgraph.lock: 1 as before\n"
    assert (space.root / "soundgraph.lock").stat() == before
    space.settle()
    space.run("pin", "--remove", "a:rain")
    assert not space.is_noop()  # what is pinned may decide what is delivered
    found = space.build()
    assert (found.ran, found.exports) == ([], {"build/plain.wav": "current", "build/theme.wav": "current"})
    space.settle()


def test_a_lock_that_goes_away_during_a_build_leaves_no_stamp(space: Space, fickle: Fickle) -> None:
    pinned(space)
    space.age()
    real = run_plan.run

    def build(*given: Any, **more: Any) -> Any:
        outcome = real(*given, **more)
        (space.root / "soundgraph.lock").unlink()
        return outcome

    with changed(run_plan, "run", build):
        space.build()
    assert not space.is_noop()


def test_a_take_that_is_not_built_is_not_pinned_and_no_other_either(space: Space, fickle: Fickle) -> None:
    space.scene(RAIN)
    space.scene(
        "\n" + take_of("wind", "wind") + take_of("hail", "hail") + export("b", "wind") + export("c", "hail"), "b"
    )
    space.build("a")
    found = space.run("pin")
    assert (found.code, found.err) == (
        2,
        "graphs/b.toml:2: nodes.wind and 1 more: no take to pin: not built as the scene is now, or its sound is gone "
        "from the cache\n  soundgraph build graphs/b.toml comes first\n",
    )
    assert pins(space) == {}
    assert space.run("pin", "a").code == 0
    assert list(pins(space)) == ["a:rain"]


def test_a_damaged_take_is_not_pinned(space: Space, fickle: Fickle) -> None:
    space.scene(RAIN)
    space.build()
    (blob,) = (space.cache / "blobs").rglob("*.wav")
    blob.write_bytes(blob.read_bytes()[:-1])
    assert "no take to pin" in space.run("pin").err
    assert pins(space) == {}


def test_what_became_of_each_pin_is_printed_as_json(space: Space, fickle: Fickle) -> None:
    pinned(space)
    old = pins(space)["a:rain"]
    space.replace("soft", "heavy")
    space.build()
    (event,) = space.run("pin", "--json").of("pin")
    new = pins(space)["a:rain"]
    before = {"key": old.key, "digest": old.digest}
    assert event == {
        "event": "pin",
        "node": "a:rain",
        "status": "changed",
        "key": new.key,
        "digest": new.digest,
        "before": before,
    }
    assert old.digest != new.digest


def test_targets_are_pinned_with_what_they_are_made_from(space: Space, fickle: Fickle) -> None:
    space.scene(SCENE + take_of("wind", "wind") + export("wind", "wind"))
    space.build()
    space.run("pin", "a:theme")
    assert list(pins(space)) == ["a:rain"]


def test_a_pin_of_a_node_that_is_no_more_is_warned_of_and_dropped_when_all_is_pinned(
    space: Space, fickle: Fickle
) -> None:
    pinned(space)
    lockfile.update(space.root / "soundgraph.lock", takes={"b:wind": Take("b:wind", "1" * 64, "2" * 64)})
    space.replace("rain", "hail")
    space.build()
    assert (
        'warning: soundgraph.lock:2: pins a take of "a:rain", and there is no such node\n'
        "  soundgraph pin drops it, and pins what is asked for now\n"
        'warning: soundgraph.lock:3: pins a take of "b:wind"'
    ) in space.run("check").out
    space.run("pin", "a")
    assert sorted(pins(space)) == ["a:hail", "a:rain", "b:wind"]
    assert "b:wind  dropped  222222222222, since there is no such node\n" in space.run("pin").out
    assert sorted(pins(space)) == ["a:hail"]
    assert "warning" not in space.run("check").out


def test_pins_of_scenes_outside_graphs_are_left_alone(space: Space, fickle: Fickle) -> None:
    space.scene(RAIN)
    space.write("other.toml", RAIN.replace("plain", "other"))
    space.build()
    space.build("other.toml")
    space.run("pin", "other.toml")
    space.run("pin")
    assert sorted(pins(space)) == ["a:rain", "other:rain"]
    (space.root / "other.toml").unlink()
    space.run("pin")
    assert sorted(pins(space)) == ["a:rain"]


# Taking pins back


@pytest.mark.parametrize(
    ("target", "left"),
    [
        ("a:rain", ["a:wind", "b:rain", "gone/x:y"]),  # as a:rain means all takes wherever else it is said
        ("a:rain#1", ["a:rain#2", "a:wind", "b:rain", "gone/x:y"]),
        ("a:rain#2", ["a:rain", "a:wind", "b:rain", "gone/x:y"]),
        ("a:r*", ["a:wind", "b:rain", "gone/x:y"]),
        ("a", ["b:rain", "gone/x:y"]),
        ("graphs/a.toml", ["b:rain", "gone/x:y"]),
        ("a:all", ["a:wind", "b:rain", "gone/x:y"]),
        ("gone/x", ["a:rain", "a:rain#2", "a:wind", "b:rain"]),
        ("gone/*:y", ["a:rain", "a:rain#2", "a:wind", "b:rain"]),
        ("*:rain", ["a:wind", "gone/x:y"]),
        ("*", []),
    ],
)
def test_pins_are_taken_back_by_node_scene_export_or_pattern(
    space: Space, fickle: Fickle, target: str, left: list[str]
) -> None:
    space.scene(take_of("rain", variations=2) + take_of("wind", "wind") + export("all", "rain", path="{take}"))
    space.scene(RAIN, "b")
    takes = {name: Take(name, "1" * 64, "2" * 64) for name in ("a:rain", "a:rain#2", "a:wind", "b:rain", "gone/x:y")}
    lockfile.update(space.root / "soundgraph.lock", takes=takes)
    found = space.run("pin", "--remove", target)
    assert (found.code, sorted(pins(space))) == (0, left)


def test_taking_back_what_is_not_pinned_is_told(space: Space, fickle: Fickle) -> None:
    pinned(space, SCENE + take_of("wind", "wind"))
    before = space.read("soundgraph.lock")
    for target, message in [
        ("a:wind", 'no pin is meant by "a:wind"\n  soundgraph pin --list shows them all\n'),
        ("a:rian", 'graphs/a.toml has no node or export called "rian"; did you mean "rain"?\n'),
        ("x", 'no scene is called "x"\n  scenes are the .toml files under graphs/\n'),
    ]:
        found = space.run("pin", "--remove", "a:rain", target)
        assert (found.code, found.err) == (2, message)
    assert space.run("pin", "--remove").err.startswith("pin --remove needs a target\n")
    assert space.read("soundgraph.lock") == before


def test_a_pin_can_be_taken_back_while_its_scene_is_broken(space: Space, fickle: Fickle) -> None:
    pinned(space)
    space.scene("[nodes")
    assert space.run("pin", "--remove", "a:rain").code == 0
    assert pins(space) == {}


# Replay


@pytest.mark.parametrize("flags", [(), ("-k",), ("--force",), ("--force", "-k")])
def test_without_its_pinned_take_a_build_stops_before_anything_runs(
    space: Space, fickle: Fickle, flags: tuple[str, ...]
) -> None:
    pinned(space, SCENE + take_of("wind", "wind") + export("wind", "wind") + take_of("hail", "hail"))
    set_cache_aside(space)
    space.scene((space.root / "graphs/a.toml").read_text() + export("hail", "hail"))  # not pinned, and could be made
    delivered = space.delivered()
    fickle.made.clear()
    found = space.build(*flags)
    wind = SCENE.count("\n") + 1
    assert (found.code, found.err) == (2, absence(space, "a:rain") + absence(space, "a:wind", wind))
    assert fickle.made == []
    assert space.delivered() == delivered
    assert not space.exists("cache/records")


def test_the_way_to_give_up_the_first_take_is_not_one_that_gives_up_all(space: Space, fickle: Fickle) -> None:
    pinned(space, take_of("step", variations=2) + export("step", "step", path="step_{take}"))
    lose(space, "a:step")
    (space.root / "build/step_1.wav").unlink()
    *_, give_up = space.build().err.strip().split("soundgraph pin --remove ")
    assert give_up.strip("'") == "a:step#1"
    assert space.run("pin", "--remove", "a:step#1").code == 0
    assert sorted(pins(space)) == ["a:step#2"]


def test_an_imported_take_gives_the_very_same_files(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space)
    aside = set_cache_aside(space)
    shutil.rmtree(space.root / "build")
    assert space.build().code == 2
    space.scene(RAIN.replace("soft", "hard").replace("plain", "other"), "b")
    space.build("b")  # there is an index by then, which does not know of what is brought
    (space.root / "graphs/b.toml").unlink()
    bring(space, aside)
    fickle.made.clear()
    found = space.build()
    assert (found.code, found.ran, fickle.made) == (0, ["a:cut"], [])
    assert sounds(space) == delivered


def test_the_takes_of_a_clone_do_not_take_the_place_of_pinned_ones(space: Space, fickle: Fickle) -> None:
    """Both made one for the same words, and one of them was approved."""
    delivered = pinned(space)
    clone = Space(space.root.parent / "clone")
    clone.scene(SCENE)
    clone.build()
    assert sounds(clone) != delivered
    own = sounds(clone)
    shutil.copy(space.root / "soundgraph.lock", clone.root)
    found = clone.build()
    assert (found.code, found.err, sounds(clone)) == (2, absence(clone, "a:rain"), own)
    bring(clone, space.cache)
    found = clone.build()
    assert (found.code, found.ran, found.hits) == (0, ["a:cut"], ["a:rain"])
    assert sounds(clone) == delivered
    clone.settle()
    clone.run("pin", "--remove", "a:rain")
    clone.build()
    assert sounds(clone) == own  # its own take is in the cache as before


def test_all_absent_takes_are_told_even_if_one_goes_on_from_another(space: Space, fickle: Fickle) -> None:
    pinned(space, take_of("one") + take_of("two", "go on", continue_from="one") + export("x", "two"))
    set_cache_aside(space)
    second = take_of("one").count("\n") + 1
    assert space.build().err == absence(space, "a:one") + absence(space, "a:two", second)


def test_plan_and_explain_say_what_is_absent(space: Space, fickle: Fickle) -> None:
    pinned(space)
    set_cache_aside(space)
    (space.root / "build/plain.wav").unlink()
    lines = space.run("plan").out.splitlines()
    what = f"its pinned take {pins(space)['a:rain'].digest[:12]} is not in the cache"
    assert lines == [
        f"a:rain  absent  {what}",
        "a:cut   miss    never built",
        "2 nodes: 1 to run, 0 maybe, 1 absent, 0 from cache",
        "a build stops, since a pinned take is not in the cache: soundgraph cache import FILE, or soundgraph pin "
        "--remove",
    ]
    assert space.run("plan", "--check").code == 3
    assert space.run("explain", "a:rain").out == f"a:rain  absent  {what}\n"
    (event,) = space.run("plan", "--json").of("missing")
    assert event == {"event": "missing", "file": "graphs/a.toml", "line": 1, "where": "nodes.rain", "what": what}
    for form in ("text", "mermaid", "dot", "svg"):
        assert "absent" in space.run("graph", "-f", form).out


# Lost sounds


def test_a_lost_sound_of_a_pinned_take_stops_a_build_that_needs_it(space: Space, fickle: Fickle) -> None:
    pinned(space)
    lose(space, "a:rain")
    fickle.made.clear()
    for change in (("0.04", "0.03"), ("0.03", "0.04")):
        space.replace(*change)
        found = space.build()
        assert (found.code, found.err) == ((2, absence(space, "a:rain")) if change[1] == "0.03" else (0, ""))
    (space.root / "build/plain.wav").unlink()
    assert space.build().err == absence(space, "a:rain")
    assert fickle.made == []


def test_a_lost_sound_that_nothing_needs_stops_nobody(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space)
    lose(space, "a:rain")
    space.scene("# a comment\n" + SCENE)
    found = space.build()
    assert (found.code, found.ran, sounds(space)) == (0, [], delivered)
    assert space.run("pin", "--list").out.endswith("missing from the cache\nsoundgraph.lock: 1 pin\n")


def test_a_damaged_sound_of_a_pinned_take_fails_its_node_and_is_not_made_again(space: Space, fickle: Fickle) -> None:
    pinned(space)
    blob = blob_of(space, "a:rain")
    blob.write_bytes(b"damaged")
    space.replace("0.04", "0.03")
    fickle.made.clear()
    for flags in ((), ("-k",)):
        found = space.build(*flags)
        if flags:  # by now it has been set aside
            assert (found.code, found.err) == (2, absence(space, "a:rain"))
            continue
        (event,) = (event for event in found.of("node") if event["status"] == "failed")
        detail = event["detail"].replace("\n", "\n  ")
        assert (found.code, f"graphs/a.toml:1: nodes.rain: {detail}\n") == (1, absence(space, "a:rain"))
    assert fickle.made == []


def test_a_build_that_cannot_go_on_without_a_pinned_take_fails_even_if_what_it_missed_first_is_back(
    space: Space, fickle: Fickle
) -> None:
    space.scene(SCENE + take_of("wind", "wind") + export("wind", "wind"))
    space.build()
    space.run("pin")
    (space.root / "build/wind.wav").unlink()
    space.replace("duration = 0.04", "duration = 0.03")
    real, wind = DiskBlobs.read, blob_of(space, "a:wind")

    def read(self: DiskBlobs, digest: str) -> Audio | None:
        if digest in wind.name or not wind.exists():
            return real(self, digest)
        wind.unlink()  # gone for good, while the other one is back when it is looked for again
        return None

    with changed(DiskBlobs, "read", read):
        found = space.build("-k")
    assert (found.code, found.failed) == (1, ["a:rain"])
    (why,) = (event["detail"] for event in found.of("node") if event["status"] == "failed")
    assert f"nodes.wind: its pinned take {pins(space)['a:wind'].digest[:12]} is not in the cache" in why
    assert fickle.made == ["soft rain", "wind"]


def test_what_was_made_from_a_pinned_take_and_is_lost_is_not_made_from_another(space: Space, fickle: Fickle) -> None:
    pinned(space)
    lose(space, "a:rain")
    for blob in (space.cache / "blobs").rglob("*.wav"):  # that of the node below
        blob.write_bytes(b"damaged")
    (space.root / "build/theme.wav").unlink()
    fickle.made.clear()
    found = space.build()
    assert (found.code, found.failed, fickle.made) == (1, ["a:cut"], [])
    (event,) = (event for event in found.of("node") if event["status"] == "failed")
    take = pins(space)["a:rain"].digest[:12]
    assert event["detail"] == (
        f"its samples are gone from the cache, and nodes.rain: its pinned take {take} is not in the cache\n"
        "bring it with soundgraph cache import FILE, or give it up: soundgraph pin --remove a:rain"
    )


def test_a_build_stops_where_a_pinned_take_and_what_was_made_from_it_are_gone(space: Space, fickle: Fickle) -> None:
    pinned(space, SCENE + node("end", "gain", input="cut", gain_db=-6.0) + export("end", "end"))
    for blob in (space.cache / "blobs").rglob("*.wav"):
        blob.unlink()
    space.scene("# a comment\n" + (space.root / "graphs/a.toml").read_text())
    assert space.build().code == 0  # nothing reads any of them
    (space.root / "build/end.wav").unlink()
    fickle.made.clear()
    found = space.build("-k")
    assert (found.code, found.err, fickle.made) == (2, absence(space, "a:rain", 2), [])
    assert "a build stops, since a pinned take is not in the cache" in space.run("plan").out


def test_a_lost_sound_that_only_a_check_wants_is_not_made_again(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space)
    lose(space, "a:rain")
    space.scene(SCENE + '[[checks]]\nnode = "rain"\nmax_true_peak_dbtp = 6.0\n')
    fickle.made.clear()
    found = space.build()
    assert (found.code, found.failed, fickle.made, sounds(space)) == (1, ["a:rain"], [], delivered)


# Keys that are known late


LATE = (
    node("door", "file", path="../door.wav")
    + node("creak", "trim", input="door", duration=0.03)
    + take_of("more", "a door", continue_from="creak")
    + export("x", "more")
)


def forget(space: Space, name: str) -> None:
    """Removes the record of a node: it has to run, and what goes on from it has no key until then."""
    for path in (space.cache / "records").rglob("*.json"):
        record = Record.from_json(path.read_bytes())
        if record is not None and record.made["node"] == name:
            path.unlink()
    shutil.rmtree(space.cache / "index")


def test_a_node_whose_key_turns_out_to_be_pinned_has_the_pinned_take(space: Space, fickle: Fickle) -> None:
    space.recording("door.wav")
    delivered = pinned(space, LATE)
    space.run("pin", "--remove", "*")
    line = space.read("soundgraph.lock")
    space.build("--force")
    assert sounds(space) != delivered
    space.run("pin")  # the second one; now back to the first
    first = next(
        found
        for path in (space.cache / "records").rglob("*.json")
        if (found := Record.from_json(path.read_bytes())) is not None
        if is_take(found) and found.digest != pins(space)["a:more"].digest
    )
    lockfile.update(space.root / "soundgraph.lock", takes={"a:more": Take("a:more", first.key, first.digest)})
    assert line != space.read("soundgraph.lock")
    for flags in ((), ("--force",)):
        forget(space, "a:creak")
        fickle.made.clear()
        found = space.build(*flags)
        assert (found.code, found.cutoffs, fickle.made) == (0, ["a:more"], [])
        assert sounds(space) == delivered


def test_a_node_whose_key_turns_out_to_be_pinned_is_not_made_without_that_take(space: Space, fickle: Fickle) -> None:
    space.recording("door.wav")
    delivered = pinned(space, LATE)
    lockfile.update(
        space.root / "soundgraph.lock",
        takes={"a:more": pins(space)["a:more"]._replace(digest="0123456789ab" + "0" * 52)},
    )
    forget(space, "a:creak")
    fickle.made.clear()
    found = space.build()
    (event,) = (event for event in found.of("node") if event["status"] == "failed")
    assert (found.code, event["node"], event["detail"].splitlines()[0]) == (
        1,
        "a:more",
        "its pinned take 0123456789ab is not in the cache",
    )
    assert (fickle.made, sounds(space)) == ([], delivered)


def test_a_node_whose_key_turns_out_to_be_another_says_that_it_leaves_its_pin(space: Space, fickle: Fickle) -> None:
    space.recording("door.wav")
    pinned(space, LATE)
    space.replace("0.03", "0.02")
    found = space.build()
    assert (found.ran, found.remarks) == (
        ["a:creak", "a:more"],
        ['a:more: leaves its pin: continue_from: "creak" -> "creak" with other samples'],
    )


# Leaving a pin


def test_another_prompt_leaves_the_pin_and_says_so_everywhere(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space)
    before = space.read("soundgraph.lock")
    space.replace("soft", "heavy")
    change = 'prompt: "soft rain" -> "heavy rain"'
    assert space.run("plan").out.splitlines()[0] == f"a:rain  miss   {change}; leaves its pin"
    found = space.build()
    assert (found.code, found.ran, found.remarks) == (0, ["a:cut", "a:rain"], [f"a:rain: leaves its pin: {change}"])
    assert space.read("soundgraph.lock") == before
    assert space.run("plan").out.splitlines()[0] == f"a:rain  hit    current; leaves its pin: {change}"
    assert space.run("explain", "a:rain").out == f"a:rain  hit  current; leaves its pin: {change}\n"
    assert space.run("pin", "--list").out.splitlines()[0].endswith(f"left: {change}")
    space.scene(SCENE)
    fickle.made.clear()
    found = space.build()
    assert (found.code, found.ran, found.remarks, fickle.made) == (0, [], [], [])
    assert sounds(space) == delivered
    assert space.run("explain", "a:rain").out == "a:rain  hit  current; pinned\n"


def test_an_override_leaves_the_pin_for_that_build(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space)
    found = space.build("-D", "nodes.rain.seed=9")
    assert found.remarks == ["a:rain: leaves its pin: seed: 0 (default) -> 9"]
    assert found.ran == ["a:cut", "a:rain"]
    space.build()
    assert sounds(space) == delivered


def test_a_pin_whose_take_is_unknown_here_is_left_without_saying_why(space: Space, fickle: Fickle) -> None:
    pinned(space)
    set_cache_aside(space)
    space.replace("soft", "heavy")
    assert space.build().remarks == ["a:rain: leaves its pin"]


# --force, drafts, names


def test_force_leaves_pinned_takes_alone_and_says_so(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space, SCENE + take_of("wind", "wind") + export("wind", "wind"))
    space.run("pin", "--remove", "a:wind")
    fickle.made.clear()
    found = space.build("--force")
    assert (found.ran, fickle.made) == (["a:cut", "a:wind"], ["wind"])
    assert found.remarks == [
        "soundgraph.lock: 1 pinned take is not made again; soundgraph pin --remove TARGET gives up what it pins"
    ]
    assert sounds(space).pop("build/plain.wav") == delivered["build/plain.wav"]


def test_what_force_made_while_nothing_was_pinned_does_not_outlive_the_pin(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space)
    line = space.read("soundgraph.lock")
    space.run("pin", "--remove", "a")
    space.build("--force")
    assert sounds(space) != delivered
    space.write("soundgraph.lock", line)
    found = space.build()
    assert (found.code, found.hits, sounds(space)) == (0, ["a:cut", "a:rain"], delivered)


def test_verifying_the_cache_leaves_a_pinned_take_that_is_not_the_current_one(space: Space, fickle: Fickle) -> None:
    delivered = pinned(space)
    line = space.read("soundgraph.lock")
    space.run("pin", "--remove", "a")
    space.build("--force")
    space.write("soundgraph.lock", line)
    assert space.run("cache", "verify").code == 0
    assert space.build().code == 0
    assert sounds(space) == delivered


def test_verify_compares_with_the_pinned_take(space: Space, fickle: Fickle) -> None:
    pinned(space)
    line, result = space.read("soundgraph.lock"), soundgraph.build("a", root=space.root)
    approved = result.audio("rain")
    space.run("pin", "--remove", "a")
    space.build("--force")
    space.write("soundgraph.lock", line)
    fickle.again = approved
    assert space.run("verify", "a:rain").out.startswith("a:rain  identical")
    set_cache_aside(space)
    assert "its pinned take is not in the cache" in space.run("verify", "a:rain").out


def test_drafts_do_not_look_at_pins(space: Space, fickle: Fickle) -> None:
    pinned(space)
    set_cache_aside(space)
    found = space.build("--draft")
    assert (found.code, found.ran, found.remarks) == (0, ["a:cut", "a:rain"], [])
    assert space.run("plan", "--draft").code == 0


def test_a_node_that_says_the_same_as_a_pinned_one_has_its_take(space: Space, fickle: Fickle) -> None:
    """After a renaming, and in another scene: else two nodes that say the same would sound otherwise."""
    delivered = pinned(space, RAIN)
    line = space.read("soundgraph.lock")
    space.run("pin", "--remove", "a")
    space.build("--force")
    space.write("soundgraph.lock", line)
    space.replace("rain]", "shower]")
    space.replace('"rain"', '"shower"')
    space.scene(RAIN.replace("plain", "other"), "b")
    space.build()
    found = sounds(space)
    assert found["build/plain.wav"] == found["build/other.wav"] == delivered["build/plain.wav"]
    space.run("pin")
    assert {take.digest for take in pins(space).values()} == {line.split()[-1].decode()}
    assert sorted(pins(space)) == ["a:shower", "b:rain"]


def test_of_unlike_takes_of_one_action_the_first_by_name_is_for_a_node_without_a_pin() -> None:
    one, two = Take("a:one", "1" * 64, "2" * 64), Take("a:two", "1" * 64, "3" * 64)
    for known in ([one, two], [two, one]):
        found = Pins({take.node: take for take in known})
        assert [found.of(name, "1" * 64) for name in ("a:one", "a:two", "b:new")] == [one, two, one]


def test_the_python_api_keeps_to_pins(space: Space, fickle: Fickle) -> None:
    pinned(space)
    set_cache_aside(space)
    with pytest.raises(SceneError, match=r"its pinned take .* is not in the cache"):
        soundgraph.build("a", root=space.root)
    assert soundgraph.plan("a", root=space.root).absent() == ["a:rain"]


def test_the_states_of_pins_are_listed(space: Space, fickle: Fickle) -> None:
    space.recording("door.wav")
    space.scene(LATE)
    space.scene(RAIN, "b")
    space.scene(RAIN.replace("soft", "some").replace("plain", "c"), "c")
    space.scene(RAIN.replace("soft", "hard").replace("plain", "d"), "d")
    space.build()
    space.run("pin")
    lockfile.update(space.root / "soundgraph.lock", takes={"x:y": Take("x:y", "1" * 64, "2" * 64)})
    lose(space, "b:rain")
    space.replace("some", "no", "c")
    forget(space, "a:creak")
    states = {
        event["node"]: (event["status"], event["why"]) for event in space.run("pin", "--list", "--json").of("pin")
    }
    assert states == {
        "a:more": ("undecided", ""),
        "b:rain": ("missing", ""),
        "c:rain": ("left", 'prompt: "some rain" -> "no rain"'),
        "d:rain": ("held", ""),
        "x:y": ("gone", ""),
    }
    words = space.run("pin", "--list", "b", "d:rain").out
    assert [line.split()[0] for line in words.splitlines()] == ["b:rain", "d:rain", "soundgraph.lock:"]


# At random


STEPS = ("build", "force", "pin", "unpin", "edit", "lose sounds", "lose all", "keep", "bring", "lose index")


@settings(max_examples=12 if os.environ.get("SOUNDGRAPH_TESTS") != "thorough" else 300)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=6, max_size=14))
def test_a_pinned_key_never_has_another_sound(
    tmp_path_factory: pytest.TempPathFactory, installed: Fickle, steps: list[str]
) -> None:
    space = Space(tmp_path_factory.mktemp("random") / "project")
    space.scene(SCENE)
    kept = space.root.parent / "kept"
    space.build()
    space.run("pin")
    as_delivered: dict[str, bytes] = {}
    for step in ["keep", *steps, "build"]:
        if step in ("build", "force"):
            before = space.delivered()
            try:
                result = soundgraph.build("a", root=space.root, force=step == "force")
            except (SceneError, BuildError) as error:  # the second where what is made from it was lost, too
                refusal = str(error)
            else:
                refusal = ""
            if refusal:
                assert "its pinned take" in refusal
                assert space.delivered() == before
                continue
            record = result._outcome.records["a:rain"]  # noqa: SLF001 - the key is nobody else's business
            digest = record.digest
            approved = {take.key: take.digest for take in pins(space).values()}
            assert approved.get(record.key, digest) == digest
            # The file is made from that very sound.
            assert as_delivered.setdefault(digest, space.read("build/plain.wav")) == space.read("build/plain.wav")
            sidecar = json.loads(space.read("build/plain.wav.json"))
            assert digest in json.dumps(sidecar)
        else:
            _disturb(space, kept, step)


def _disturb(space: Space, kept: Path, step: str) -> None:
    if step == "pin":
        space.run("pin")
    elif step == "unpin":
        space.run("pin", "--remove", "*")
    elif step == "edit":
        text = (space.root / "graphs/a.toml").read_text()
        space.scene(text.replace("soft", "heavy") if "soft" in text else text.replace("heavy", "soft"))
    elif step == "keep":
        shutil.rmtree(kept, ignore_errors=True)
        if space.exists("cache/records") and space.exists("cache/blobs"):
            shutil.copytree(space.cache, kept)
    elif step == "bring" and kept.exists():
        space.cache.mkdir(exist_ok=True)
        bring(space, kept)
    elif step == "lose index":
        shutil.rmtree(space.cache / "index", ignore_errors=True)
    elif step == "lose sounds":
        shutil.rmtree(space.cache / "blobs", ignore_errors=True)
    elif step == "lose all":
        shutil.rmtree(space.cache, ignore_errors=True)


def test_a_pinned_take_whose_sound_is_lost_when_its_key_is_known_is_not_taken(space: Space) -> None:
    """The sound that it goes on from is damaged, too, so that the plan cannot know its key."""
    scene = node("cut", "tone", freq_hz=440, duration=0.03)
    scene += generate("two", continue_from="cut") + export("x", "cut") + export("y", "two")
    space.scene(scene)
    assert space.build().code == 0
    assert space.run("pin").code == 0
    for path in (space.root / "build").glob("*.wav"):
        path.unlink()  # so that both are read
    for path in (space.cache / "blobs").rglob("*.wav"):
        path.write_bytes(path.read_bytes()[:-4] + b"\0\1\2\3")
    found = space.run("build", "--json", "-j", "2")  # both are found out at once
    told = [event["status"] for event in found.events if event["event"] == "node" and event["node"] == "a:two"]
    assert (found.code, told) == (1, ["hit", "failed"])
    assert "is not in the cache" in found.out
    assert not space.exists("build/y.wav")
