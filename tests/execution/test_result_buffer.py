"""What a build has made and somebody still needs: in memory up to a limit, and in the store beyond it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from soundgraph.audio.artifact import Audio
from soundgraph.cache.disk import guarded_sqlite
from soundgraph.cache.disk.blobs import DiskBlobs
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.execution import result_buffer
from soundgraph.execution.result_buffer import Results
from tests.helpers import Space, changed, export, generate, node, noise
from tests.probes import Probe


def record(sound: Audio, key: str) -> Record:
    return Record(key, sound.digest, sound.sample_rate, sound.channels, sound.n_samples, {"kind": "gain"})


@pytest.mark.parametrize("limit_sounds", [0, 1, 3])
def test_no_more_than_the_limit_is_held_and_all_of_it_can_be_had(tmp_path: Path, limit_sounds: int) -> None:
    store = DiskStore(tmp_path / "cache")
    sounds = [noise(seed=seed) for seed in range(8)]
    size = sounds[0].samples.nbytes
    with changed(result_buffer, "_HELD_BYTES", limit_sounds * size):
        found = Results(store)
        for place, sound in enumerate(sounds):
            found.add(record(sound, f"{place:064x}"), sound, uses=2)
            found.publish(takes=False)
            assert found.held_bytes <= (limit_sounds + 1) * size
        for sound in sounds:
            assert found.need(sound.digest).digest == sound.digest
    store.close()


def test_what_is_released_by_all_is_let_go(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "cache")
    found, sound = Results(store), noise()
    found.add(record(sound, "0" * 64), sound, uses=2)
    found.release(sound.digest)
    assert found.held_bytes == sound.samples.nbytes
    found.release(sound.digest)
    assert found.held_bytes == 0
    assert found.need(sound.digest) is sound  # until it is published
    store.close()


def test_the_limit_changes_no_result(space: Space) -> None:
    names = [f"n{place}" for place in range(12)]
    lines = [generate(name, f"rain {name}") for name in names]
    lines += [node(f"{name}_cut", "trim", input=name, duration=0.03) for name in names]
    lines.append(node("all", "mix", inputs=[{"node": f"{name}_cut"} for name in names]))
    lines += [export(name, f"{name}_cut") for name in names] + [export("all", "all")]
    space.scene("\n".join(lines))
    assert space.build().code == 0
    before = space.delivered()
    other = Space(space.root.parent / "other")
    other.scene("\n".join(lines))
    with changed(result_buffer, "_HELD_BYTES", 0), changed(result_buffer, "_GROUP_COUNT", 1):
        assert other.build().code == 0
    assert {path: data for path, data in other.delivered().items() if not path.endswith(".json")} == {
        path: data for path, data in before.items() if not path.endswith(".json")
    }


def test_a_build_whose_samples_are_damaged_whenever_they_are_read_ends(space: Space) -> None:
    lines = [generate("rain", "rain"), generate("wind", "wind"), export("both", "both")]
    space.scene("\n".join([*lines, node("both", "mix", inputs=[{"node": "rain"}, {"node": "wind"}])]))
    real = DiskBlobs.read

    def read(self: DiskBlobs, digest: str) -> Audio | None:
        self.file(digest).write_bytes(b"damaged")
        return real(self, digest)

    with (
        changed(result_buffer, "_HELD_BYTES", 0),
        changed(result_buffer, "_GROUP_COUNT", 1),
        changed(DiskBlobs, "read", read),
    ):
        found = space.build()
    (name,) = found.failed
    why = "its samples were gone from the cache, or damaged, 3 times: the disk may be failing"
    assert (found.code, found.skipped) == (1, ["a:both"])
    assert found.of("node")[-2]["detail"] == why
    assert name in ("a:rain", "a:wind")
    assert space.build().code == 0


def test_a_build_whose_takes_are_other_ones_each_time_and_never_last_ends_too(space: Space, probe: Probe) -> None:
    probe.changing = True
    lines = [generate("rain", "rain"), generate("wind", "wind"), export("both", "both")]
    space.scene("\n".join([*lines, node("both", "mix", inputs=[{"node": "rain"}, {"node": "wind"}])]))

    def read(self: DiskBlobs, digest: str) -> None:
        self.file(digest).unlink(missing_ok=True)
        assert len(probe.batches) < 9, "it goes on for ever"

    with (
        changed(result_buffer, "_HELD_BYTES", 0),
        changed(result_buffer, "_GROUP_COUNT", 1),
        changed(DiskBlobs, "read", read),
    ):
        found = space.build()
    assert (found.code, len(found.failed)) == (1, 1)


def test_an_index_that_somebody_holds_is_waited_for_once_and_nothing_is_lost(tmp_path: Path) -> None:
    store = DiskStore(tmp_path / "cache")
    sounds = [noise(seed=seed) for seed in range(5)]
    made = [record(sound, f"{place:064x}") for place, sound in enumerate(sounds)]
    found, waits = Results(store), []
    store.publish([(made[0], sounds[0])], takes=False)
    for one, sound in zip(made[1:], sounds[1:], strict=True):
        found.add(one, sound, uses=1)
    real = store.publish

    def publish(group: list[tuple[Record, Audio]], *, takes: bool) -> None:
        waits.append(len(group))
        real(group, takes=takes)

    store.index.close()
    with (
        changed(guarded_sqlite, "WAIT_S", 0),
        closing(sqlite3.connect(store.folder / "index" / "cache.db")) as database,
    ):
        database.execute("BEGIN EXCLUSIVE")
        with changed(store, "publish", publish):
            failures = found.publish(takes=False)
    assert ([one.key for one, _ in failures], waits) == ([one.key for one in made[1:]], [4])
    assert all(store.records.find(one.key) == one for one in made)
    store.close()


def test_results_for_which_there_is_no_memory_are_told_and_the_others_kept(tmp_path: Path) -> None:
    """Each is put together once more when it is written."""
    store = DiskStore(tmp_path / "cache")
    sounds = [noise(seed=seed) for seed in range(2)]
    real = store.publish

    def publish(group: list[tuple[Record, Audio]], *, takes: bool) -> None:
        if any(sound is sounds[0] for _, sound in group):
            raise MemoryError
        real(group, takes=takes)

    found = Results(store)
    for place, sound in enumerate(sounds):
        found.add(record(sound, f"{place:064x}"), sound, uses=1)
    with changed(store, "publish", publish):
        failures = found.publish(takes=False)
    assert [(one.digest, str(error)) for one, error in failures] == [
        (sounds[0].digest, "there is not enough memory to keep it")
    ]
    assert list(store.records.lookup([f"{place:064x}" for place in range(2)])) == [f"{1:064x}"]
    store.close()
