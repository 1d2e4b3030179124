"""Previews: the very samples that a build would publish, and no trace of having been made."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.core.errors import NodeError, UsageError
from soundgraph.core.stopping import Stop, StoppedError
from soundgraph.session import previewing
from soundgraph.session.previewing import NotGeneratedError, RenderedSounds, SoundWindow
from soundgraph.session.session import Session
from tests.helpers import CHAIN, Space, changed, export, generate, node, noise
from tests.planning.test_keys import EXAMPLES
from tests.planning.test_pins import Fickle, pinned, take_of
from tests.random import oracle, projects
from tests.random.projects import ProjectText
from tests.session.test_session import opened


class Told(RenderedSounds):
    """Tells how many sounds were made. stop: is requested as soon as one was."""

    def __init__(self, stop: Stop | None = None):
        super().__init__()
        self.made, self._stop = 0, stop

    def put(self, key: str, sound: Audio) -> None:
        super().put(key, sound)
        self.made += 1
        if self._stop is not None:
            self._stop.request()


@pytest.fixture
def fickle() -> Iterator[Fickle]:
    found, names, get = Fickle(), backends.names(), backends.get
    with (
        changed(backends, "names", lambda: (*names, "fickle")),
        changed(backends, "get", lambda name: found if name == "fickle" else get(name)),
    ):
        yield found


def preview(space: Space, name: str, *, draft: bool = False, overrides: Sequence[str] = (), **options: Any) -> Audio:
    session = opened(space, "a", draft=draft, overrides=overrides)
    try:
        return previewing.preview(session, name, **options)
    finally:
        session.store.close()


def built(space: Space, name: str) -> str:
    """The digest of what a build publishes of a node."""
    assert space.build(name).code == 0
    record = opened(space, "a").plan(targets=[name]).decisions[name].record
    assert record is not None
    return record.digest


def traces(root: Path) -> dict[Path, tuple[int, bytes]]:
    """All files and folders: when each was changed, and what is in it.

    Not of the index's folder itself: who reads it by SQL has a file of SQLite's own beside it for so long.
    """
    paths = [path for path in (root, *root.rglob("*")) if path.name != "index"]
    return {path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in paths}


# The same samples


@pytest.mark.parametrize("kind_name", sorted(EXAMPLES))
def test_a_preview_of_every_kind_is_what_a_build_publishes(space: Space, kind_name: str) -> None:
    if kind_name == "speech" and shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    space.recording("graphs/door.wav")
    suited = {
        "file": {"path": "door.wav"},
        "generate": {"model": "draft/audio"},
        "loop": {"duration": 0.5},
        "width": {"input": "wide"},
    }
    table = {**EXAMPLES[kind_name], **suited.get(kind_name, {})}
    inputs = generate("a", "rain", duration=1.0) + generate("b", "wind", duration=1.0, seed=2)
    inputs += node("wide", "stereo", input="a")
    space.scene(inputs + node("n", kind_name, **table) + export("x", "n"))
    found = preview(space, "a:n")
    assert found.digest == built(space, "a:n")
    assert preview(space, "a:n").digest == found.digest


@settings(max_examples=15)
@given(project=projects.projects(), data=st.data())
def test_previews_of_random_graphs_are_what_every_node_should_be(project: ProjectText, data: Any) -> None:
    """By an oracle that knows nothing of keys: before a build, and after one of a part."""
    oracle.forget()
    with tempfile.TemporaryDirectory(prefix="soundgraph-previews-") as folder:
        space = Space(Path(folder))
        project.write(space)
        expected = {name: result.content for name, result in oracle.results_of(project).items()}
        some = data.draw(st.sampled_from(sorted(expected)))
        for _ in range(2):
            session = opened(space, *project.scenes)
            rendered = RenderedSounds(most_bytes=data.draw(st.sampled_from([0, 20_000, 2**28])))
            assert {name: previewing.preview(session, name, rendered=rendered).digest for name in expected} == expected
            session.store.close()
            space.build(some)


def test_a_preview_goes_on_from_what_is_in_the_cache(space: Space) -> None:
    space.scene(CHAIN)
    space.build("a:cut")
    told = Told()
    digest = preview(space, "a:dark", rendered=told).digest
    assert (digest, told.made) == (built(space, "a:dark"), 1)


def test_overrides_and_drafts_are_previewed_as_they_are_asked_for(space: Space) -> None:
    space.scene(CHAIN.replace("draft/audio", "facebook/audiogen-medium"))
    soft = preview(space, "a:dark", draft=True)
    hard = preview(space, "a:dark", draft=True, overrides=['nodes.rain.prompt="hard rain"'])
    assert soft.digest != hard.digest
    space.build("--draft", "-D", 'nodes.rain.prompt="hard rain"')
    assert preview(space, "a:dark", draft=True, overrides=['nodes.rain.prompt="hard rain"']).digest == hard.digest


def test_a_sound_that_is_damaged_is_made_again(space: Space) -> None:
    space.scene(CHAIN)
    digest = built(space, "a:dark")
    for blob in space.cache.glob("blobs/??/*.wav"):
        content = blob.read_bytes()
        blob.write_bytes(content[:-1] + bytes([content[-1] ^ 0x40]))
    assert preview(space, "a:dark").digest == digest


# No trace


@pytest.mark.parametrize("before", ["nothing", "a part", "all"])
def test_a_preview_writes_nothing(space: Space, before: str) -> None:
    space.scene(CHAIN)
    if before != "nothing":
        space.build(*(["a:cut"] if before == "a part" else []))
    files = traces(space.root)
    for window in (SoundWindow(), SoundWindow(0.01, 0.01)):
        preview(space, "a:dark", window=window)
    assert traces(space.root) == files


def test_a_preview_takes_no_claim_and_waits_for_none(space: Space) -> None:
    space.scene(CHAIN)
    session = opened(space, "a")
    session.store.prepare()
    key = str(session.plan().decisions["a:rain"].key)
    with session.store.coordination.running():
        assert session.store.coordination.claim(key)
        assert preview(space, "a:dark").n_samples == 640
        session.store.coordination.release([key])


# What it refuses


def test_takes_that_are_not_generated_are_named_and_not_made(space: Space, fickle: Fickle) -> None:
    mix = node("both", "mix", inputs=[{"node": "rain"}, {"node": "wind"}])
    space.scene(take_of("rain") + take_of("wind", "wind") + mix + export("x", "both"))
    with pytest.raises(NotGeneratedError) as error:
        preview(space, "a:both")
    assert error.value.nodes == ("a:rain", "a:wind")
    assert str(error.value) == (
        "a:both cannot be previewed before a:rain, a:wind are generated\n"
        "  soundgraph build a:rain a:wind does that; a preview of the draft needs no model"
    )
    space.build("a:rain")
    fickle.made.clear()
    with pytest.raises(NotGeneratedError, match="before a:wind is generated"):
        preview(space, "a:both")
    assert fickle.made == []
    space.build("a:wind")
    assert preview(space, "a:both").digest == built(space, "a:both")
    assert fickle.made == ["wind"]


def test_a_take_whose_sound_is_damaged_has_to_be_generated(space: Space, fickle: Fickle) -> None:
    space.scene(take_of("rain") + node("cut", "trim", input="rain", duration=0.04) + export("x", "cut"))
    space.build("a:rain")
    (blob,) = space.cache.glob("blobs/??/*.wav")
    blob.write_bytes(blob.read_bytes()[:-4])
    with pytest.raises(NotGeneratedError) as error:
        preview(space, "a:cut")
    assert error.value.nodes == ("a:rain",)


def test_a_take_that_goes_on_from_a_sound_is_found_once_that_sound_is_there(space: Space, fickle: Fickle) -> None:
    space.scene(
        generate("rain", model="draft/audio@8000x1", duration=0.1)
        + node("cut", "trim", input="rain", duration=0.02)
        + take_of("more", continue_from="cut")
        + node("soft", "gain", input="more", gain_db=-6.0)
        + export("x", "soft")
    )
    with pytest.raises(NotGeneratedError) as error:
        preview(space, "a:soft")
    assert error.value.nodes == ("a:more",)
    digest = built(space, "a:soft")
    decisions = opened(space, "a").plan().decisions
    for name in ("a:cut", "a:soft"):  # as after a collection
        key = str(decisions[name].key)
        (space.cache / "records" / key[:2] / f"{key}.json").unlink()
    shutil.rmtree(space.cache / "index")
    assert opened(space, "a").plan().decisions["a:more"].key is None
    assert preview(space, "a:soft").digest == digest


def test_a_pinned_take_that_is_not_here_is_not_replaced(space: Space, fickle: Fickle) -> None:
    pinned(space)
    shutil.rmtree(space.cache)
    with pytest.raises(UsageError, match=r"a:rain: its pinned take .* is not in the cache"):
        preview(space, "a:cut")
    assert len(fickle.made) == 1


def test_a_node_that_fails_is_named(space: Space) -> None:
    space.scene(generate("rain") + node("cut", "trim", input="rain", start=2.0, duration=1.0) + export("x", "cut"))
    with pytest.raises(NodeError, match=r"^a:cut: reads up to 3 s of an input that lasts"):
        preview(space, "a:cut")


def test_a_node_that_there_is_not_is_refused(space: Space) -> None:
    space.scene(CHAIN)
    with pytest.raises(UsageError, match='no scene has a node "a:drak"; did you mean "a:dark"'):
        preview(space, "a:drak")


# Stopping


def test_a_preview_stops_between_nodes(space: Space) -> None:
    space.scene(CHAIN)
    stop = Stop()
    told = Told(stop)
    with pytest.raises(StoppedError):
        preview(space, "a:dark", stop=stop, rendered=told)
    assert told.made == 1
    with pytest.raises(StoppedError):
        preview(space, "a:dark", stop=stop, rendered=told)
    assert told.made == 1


# Parts of sounds


@pytest.mark.parametrize("is_built", [False, True])
def test_a_window_is_that_part_of_the_same_samples(space: Space, is_built: bool) -> None:
    space.recording("graphs/door.wav", noise(1.0, 44100, 2))
    space.scene(node("door", "file", path="door.wav") + node("x", "gain", input="door", gain_db=-3.0))
    if is_built:
        assert space.build("a:x").code == 0
    whole = preview(space, "a:x").samples
    for start_s, seconds, first, end in [
        (0.0, 0.5, 0, 22050),
        (0.5, None, 22050, 44100),
        (0.1234567, 0.2, 5444, 14264),
        (0.9, 5.0, 39690, 44100),
        (1.0, 1.0, 44100, 44100),
        (1e300, 1e300, 44100, 44100),
        (0.3, 0.0, 13230, 13230),
    ]:
        part = preview(space, "a:x", window=SoundWindow(start_s, seconds))
        assert part.sample_rate == 44100
        np.testing.assert_array_equal(part.samples, whole[:, first:end])
        assert part.samples.flags["C_CONTIGUOUS"]


@given(
    start_s=st.floats(0, 2),
    lengths=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    sample_rate=st.sampled_from([8000, 44100, 48000]),
)
def test_windows_side_by_side_share_no_sample_and_leave_none_out(
    start_s: float, lengths: list[float], sample_rate: int
) -> None:
    at, parts = start_s, []
    for seconds in lengths:
        parts.append(SoundWindow(at, seconds).samples(sample_rate, 2 * sample_rate))
        at += seconds
    assert all(one[1] == other[0] for one, other in pairwise(parts))
    assert all(0 <= first <= end <= 2 * sample_rate for first, end in parts)


@pytest.mark.parametrize("times", [(-0.1, None), (0.0, -1.0), (math.nan, None), (0.0, math.inf)])
def test_a_window_that_is_no_part_of_any_sound_is_refused(times: tuple[float, float | None]) -> None:
    with pytest.raises(UsageError, match="must be a number of seconds from 0"):
        SoundWindow(*times)


# What previews share


def test_the_next_preview_makes_only_what_changed(space: Space) -> None:
    space.scene(CHAIN)
    told = Told()
    preview(space, "a:dark", rendered=told)
    assert told.made == 3
    space.replace("gain_db = -3.0", "gain_db = -6.0")
    found = preview(space, "a:dark", rendered=told)
    assert told.made == 4
    assert found.digest == built(space, "a:dark")


def test_nodes_that_say_the_same_are_made_once(space: Space) -> None:
    space.scene(generate("one") + generate("two") + node("x", "mix", inputs=[{"node": "one"}, {"node": "two"}]))
    told = Told()
    assert preview(space, "a:x", rendered=told).digest == built(space, "a:x")
    assert told.made == 2


def test_what_was_used_last_is_held_up_to_a_limit() -> None:
    first, second, third = (noise(seed=seed) for seed in range(3))
    sounds = RenderedSounds(most_bytes=2 * first.samples.nbytes)
    sounds.put("first", first)
    sounds.put("second", second)
    sounds.put("second", second)
    assert sounds.get("first") is first
    sounds.put("third", third)
    assert (sounds.get("first"), sounds.get("second"), sounds.get("third")) == (first, None, third)
    sounds.put("long", noise(seconds=1.0))
    assert sounds.get("long") is sounds.get("third") is None
    sounds.put("first", first)
    assert sounds.get("first") is first


def test_a_session_is_as_it_was(space: Space) -> None:
    space.scene(CHAIN)
    session: Session = opened(space, "a")
    before = (session.wanted, session.plan().to_run())
    previewing.preview(session, "a:cut")
    assert (session.wanted, session.plan().to_run()) == before
