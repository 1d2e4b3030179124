"""What a prompt says happens in the order that it says, and heard so: measured from the sound."""

from __future__ import annotations

import numpy as np
import pytest

from soundgraph.backends.draft.words import read
from tests.backends.test_draft_effects import SEEDS, band_db, centroid_hz, hear, levels

RATE = 32000


def order(prompt: str) -> list[tuple[str, int]]:
    """Each sound of a prompt, and its step."""
    return [(asked.sound, asked.step) for asked in read(prompt)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("footsteps then a gunshot", [("footsteps", 0), ("gunshot", 1)]),
        ("footsteps, and then a gunshot", [("footsteps", 0), ("gunshot", 1)]),
        ("footsteps followed by a gunshot", [("footsteps", 0), ("gunshot", 1)]),
        ("footsteps before a gunshot", [("footsteps", 0), ("gunshot", 1)]),
        ("a gunshot after footsteps", [("footsteps", 0), ("gunshot", 1)]),
        ("after footsteps, a gunshot", [("footsteps", 0), ("gunshot", 1)]),
        ("before a gunshot, footsteps", [("footsteps", 0), ("gunshot", 1)]),
        ("Footsteps. After that a gunshot.", [("footsteps", 0), ("gunshot", 1)]),
        ("footsteps -> gunshot", [("gunshot", 0), ("footsteps", 0)]),
        ("rain, thunder, then wind and finally a scream", [("rain", 0), ("thunder", 0), ("wind", 1), ("scream", 2)]),
        ("a jump next to a river", [("jump", 0)]),
        ("bell ending with a splash", [("bell", 0), ("splash", 1)]),
        ("one gunshot after another", [("gunshot", 0)]),
        ("then a bell", [("bell", 0)]),
        ("after", []),
    ],
)
def test_words_of_time_put_sounds_in_steps(prompt, expected):
    assert sorted(order(prompt), key=lambda row: (row[1], row[0])) == sorted(expected, key=lambda row: (row[1], row[0]))


@pytest.mark.parametrize(
    "prompt",
    ["sword whoosh and clang", "a whoosh, then a clang", "whoosh clang", "whoosh with a clang", "sword swing hits"],
)
def test_what_leads_up_to_a_blow_comes_before_it(prompt):
    asked = read(prompt)
    assert asked[0].sound == "whoosh"
    assert (asked[0].step, asked[0].turn) < (asked[1].step, asked[1].turn)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat purring, then hissing", [("purr", 0), ("hiss", 1)]),
        ("baby laughing and then crying", [("laugh", 0), ("baby", 1)]),
        ("porcelain vase knocked over and breaking", [("impact", 0), ("ceramic", 0)]),
        ("ice shards fly past and shattered against a wall", [("whoosh", 0), ("ice", 0)]),
        ("a steam train whistle then chugging", [("train_whistle", 0), ("steam_engine", 1)]),
        # What is named anew is nobody's act, and neither is a plural.
        ("wind, then a scream", [("wind", 0), ("scream", 1)]),
        ("wind, screams", [("wind", 0), ("scream", 0)]),
    ],
)
def test_who_was_spoken_of_does_what_follows(prompt, expected):
    assert order(prompt) == expected


def test_a_sword_that_swings_does_not_clang():
    assert [one.sound for one in read("sword swing")] == ["whoosh"]
    assert [one.sound for one in read("A sword swings through the air, a short whoosh")] == ["whoosh"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("seconds", [0.6, 1.5, 4.0])
def test_an_arrow_flies_before_it_hits(seed, seconds):
    x = hear("arrow whoosh and impact", seconds, seed)
    blow = int(np.argmax(np.abs(x)))
    assert blow > 0.15 * RATE
    before, after = x[:blow], x[blow : blow + RATE // 5]
    assert before.std() > 0.01
    assert centroid_hz(before) > 3 * centroid_hz(after)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_door_creaks_before_it_slams(seed):
    level = levels(hear("wooden door creaks open and slams", 3.0, seed), 0.05)
    slam = int(np.argmax(level))
    assert slam * 0.05 > 0.5
    assert level[: slam - 1].max() > 0.02
    assert level[slam + 12 :].max() < 0.05 * level.max()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("seconds", [2.0, 6.0])
def test_footsteps_end_where_the_next_thing_begins(seed, seconds):
    x = hear("footsteps on gravel, then a scream", seconds, seed)
    late = x[int(0.9 * len(x)) :] if seconds < 3 else x[int(0.85 * len(x)) :]
    early = x[: int(0.5 * len(x))]
    tilts = [band_db(part, 600, 1500) - band_db(part, 8000, 15000) for part in (late, early)]
    assert tilts[0] > tilts[1] + 6


def test_rain_goes_on_under_a_blow_that_follows_it():
    x = hear("rain, then a gunshot", 6.0)
    level = levels(x, 0.25)
    assert level[1:-1].min() > 0.2 * np.median(level)
    assert np.argmax(level) > 12


def test_one_place_gives_way_to_another():
    x = hear("crickets then ocean waves", 8.0)
    early, late = x[: 3 * RATE], x[5 * RATE :]
    assert band_db(early, 3800, 5200) > band_db(late, 3800, 5200) + 6
    assert band_db(late, 100, 1000) > band_db(early, 100, 1000) + 10


@pytest.mark.parametrize("seconds", [0.3, 0.8, 2.0, 8.0])
def test_two_clicks_are_two_however_short_the_take(seconds):
    x = hear("a metal click, then another", seconds)
    level = levels(x, 0.01)
    loud = np.flatnonzero(level > 0.3 * level.max())
    assert loud[-1] - loud[0] >= 5


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0, 5.0])
def test_a_chain_of_events_fits_into_any_take(seconds):
    x = hear("whoosh, then a bell, then an explosion, then a scream", seconds)
    quarters = np.array_split(x, 4) if seconds < 2 else [x[: RATE // 2], x[2 * RATE : 3 * RATE]]
    assert all(part.std() > 0.001 for part in quarters)


def test_what_happens_at_once_is_layered():
    for prompt in ("wind with birds", "wind and birds", "an explosion with a scream"):
        asked = read(prompt)
        assert len({one.step for one in asked}) == 1
    together, one_by_one = read("explosion with a scream"), read("explosion and a scream")
    assert together[0].turn == together[1].turn
    assert one_by_one[0].turn < one_by_one[1].turn
