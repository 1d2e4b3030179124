from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Request
from soundgraph.backends.audiocraft import pieces
from soundgraph.backends.audiocraft.params import AudioCraftParams
from soundgraph.backends.audiocraft.pieces import CannotError, Clock, Piece, lay_out

MUSIC = Clock(sample_rate=32000, hop=640, per_frame=1, max_steps=1500)
EFFECTS = Clock(sample_rate=16000, hop=320, per_frame=1, max_steps=500)
TURNS = Clock(sample_rate=32000, hop=320, per_frame=2, max_steps=3000)


def request(duration: float, *prompts: tuple[float, str], given: Audio | None = None) -> Request:
    return Request(prompts or ((0.0, "rain"),), duration, 0, AudioCraftParams(), continue_from=given)


def sound(seconds: float, rate: int = 32000, channels: int = 1, seed: int = 0) -> Audio:
    n = artifact.n_samples(seconds, rate)
    return artifact.make(np.random.default_rng(seed).normal(0, 0.1, (channels, n)), rate)


def spans(piece: Piece) -> list[tuple[int, int, int]]:
    return [(window.start, window.context, window.end) for window in piece.windows]


@pytest.mark.parametrize(
    ("seconds", "want"),
    [
        (0.005, [(0, 0, 1)]),
        (0.02, [(0, 0, 1)]),
        (2.3, [(0, 0, 115)]),
        (30.0, [(0, 0, 1500)]),
        (31.7, [(0, 0, 1500), (900, 600, 1585)]),
        (75.0, [(0, 0, 1500), (900, 600, 2400), (1800, 600, 3300), (2700, 600, 3750)]),
    ],
)
def test_windows_are_those_of_stock_musicgen(seconds: float, want: list[tuple[int, int, int]]) -> None:
    assert spans(lay_out(request(seconds), "music", MUSIC)) == want


def test_a_sound_effect_keeps_half_a_window_of_context() -> None:
    assert spans(lay_out(request(17.0), "audio", EFFECTS)) == [(0, 0, 500), (250, 250, 750), (500, 250, 850)]


def test_a_length_that_is_no_whole_number_of_frames_is_covered() -> None:
    piece = lay_out(request(2.301), "audio", EFFECTS)

    assert piece.n_steps == 116
    assert piece.n_samples == 36816


def test_a_sound_of_no_samples_needs_no_window() -> None:
    assert lay_out(request(0.00001), "audio", EFFECTS).windows == ()


@pytest.mark.parametrize("clock", [MUSIC, TURNS])
def test_windows_follow_one_another_without_a_gap_and_hold_the_model_to_its_maximum(clock: Clock) -> None:
    prompts = ((0.0, "a"), (9.99, "b"), (10.0, "c"), (44.4, "d"), (44.41, "e"), (200.0, "f"))
    piece = lay_out(request(123.456, *prompts), "music", clock)

    assert piece.windows[0].start + piece.windows[0].context == 0
    for before, after in pairwise(piece.windows):
        assert after.start + after.context == before.end
        assert after.context == min(before.end, clock.max_steps * 2 // 5)
        assert after.index == before.index + 1
    assert all(window.context < window.n_steps <= clock.max_steps for window in piece.windows)
    assert all(value % clock.per_frame == 0 for window in piece.windows for value in (window.start, window.end))
    assert piece.windows[-1].end * clock.hop >= piece.n_samples


def test_a_window_says_what_holds_at_its_first_new_frame_and_ends_where_that_changes() -> None:
    piece = lay_out(request(75.0, (0.0, "dawn"), (20.0, "noon"), (40.01, "dusk")), "music", MUSIC)

    assert [(window.text, window.start + window.context, window.end) for window in piece.windows] == [
        ("dawn", 0, 1000),
        ("noon", 1000, 1900),
        ("noon", 1900, 2001),  # 40.01 s is in the middle of a frame, which belongs to what holds at its start
        ("dusk", 2001, 2901),
        ("dusk", 2901, 3750),
    ]


@pytest.mark.parametrize("moment", [1.1, 0.58, 2.3, 4.02, 8.06])
def test_a_moment_on_a_frame_begins_that_frame_though_floats_round(moment: float) -> None:
    piece = lay_out(request(10.0, (0.0, "a"), (moment, "b")), "music", MUSIC)

    assert piece.windows[0].end == round(moment * 50)


def test_of_two_texts_within_a_frame_the_later_holds() -> None:
    piece = lay_out(request(2.0, (0.0, "a"), (1.001, "b"), (1.002, "c")), "music", MUSIC)

    assert [window.text for window in piece.windows] == ["a", "c"]


def test_context_of_a_continuation_ends_exactly_where_the_given_sound_ends() -> None:
    piece = lay_out(request(8.0, given=sound(3.0)), "music", MUSIC, 96001)

    assert (piece.given_steps, piece.origin) == (150, 1)
    assert spans(piece) == [(0, 150, 400)]
    assert piece.origin + 400 * 640 >= piece.n_samples


def test_a_long_given_sound_gives_as_much_context_as_any_later_window_has() -> None:
    piece = lay_out(request(90.0, given=sound(1.0)), "music", MUSIC, 60 * 32000)

    assert piece.given_steps == 600
    assert piece.origin == 48 * 32000
    assert spans(piece) == [(0, 600, 1500), (900, 600, 2100)]


def test_texts_that_were_over_before_a_continuation_began_are_left_out() -> None:
    prompts = ((0.0, "a"), (2.0, "b"), (5.0, "c"))
    piece = lay_out(request(8.0, *prompts, given=sound(3.0)), "music", MUSIC, 3 * 32000)

    assert [(window.text, piece.seconds(window.end)) for window in piece.windows] == [("b", 5.0), ("c", 8.0)]


@pytest.mark.parametrize(
    ("duration", "n_given", "why"),
    [
        (3.0, 96000, "the sound to go on from is 3 s long, so duration, which is that of the whole, has to be more "),
        (2.5, 96000, "has to be more than 2.5 s"),
        (3.0, 639, "the sound to go on from is 19.9688 ms long, less than one frame of the model, which is 20 ms"),
        (3.0, 0, "the sound to go on from is 0 ms long, less than one frame"),
    ],
)
def test_a_continuation_that_cannot_be_says_why(duration: float, n_given: int, why: str) -> None:
    with pytest.raises(CannotError) as caught:
        lay_out(request(duration, given=sound(1.0)), "music", MUSIC, n_given)
    assert why in str(caught.value)


def test_progress_runs_from_what_is_given_to_the_whole() -> None:
    piece = lay_out(request(8.01, given=sound(3.0)), "music", MUSIC, 96001)

    assert piece.seconds(piece.given_steps) == 96001 / 32000
    assert piece.seconds(piece.n_steps) == 8.01


def test_a_melody_in_one_window_is_told_as_it_is() -> None:
    melody = np.arange(10, dtype=np.float32)[None]
    piece = lay_out(request(10.0), "music", MUSIC)

    assert pieces.melody_for(piece, piece.windows[0], melody, 100) is melody


def test_a_melody_starts_over_where_it_ends_and_moves_with_the_windows() -> None:
    melody = np.arange(1000, dtype=np.float32)[None]
    piece = lay_out(request(40.0), "music", MUSIC)

    first, second = (pieces.melody_for(piece, window, melody, 30 * 32000) for window in piece.windows)

    assert first.shape == second.shape == (1, 30 * 32000)
    assert first[0, :3].tolist() == [0, 1, 2]
    assert second[0, 0] == 18 * 32000 % 1000
    assert np.array_equal(second[0, 1000:], second[0, :-1000])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("n_given", [96000, 96123, 640])
def test_a_join_keeps_what_was_given_and_ends_in_what_was_decoded(channels: int, n_given: int) -> None:
    given = sound(n_given / 32000, channels=channels)
    piece = lay_out(request(6.0, given=given), "music", MUSIC, n_given)
    decoded = sound(piece.n_steps / 50, channels=channels, seed=1).samples

    whole = pieces.join(given.samples, decoded, piece)

    assert whole.shape == (channels, 192000)
    assert whole.dtype == np.float32
    assert np.array_equal(whole[:, :n_given], given.samples)
    assert np.array_equal(
        whole[:, n_given + 640 :], decoded[:, piece.given_steps * 640 + 640 :][:, : 192000 - n_given - 640]
    )


@pytest.mark.parametrize("n_given", [96000, 96123, 700])
def test_no_seam_is_left_where_given_and_decoded_sound_differ(n_given: int) -> None:
    """Steps from sample to sample, and their changes, at the join, against those elsewhere."""
    t = np.arange(192640) / 32000
    tone = 0.3 * np.sin(2 * np.pi * 220 * t) + 0.1 * np.sin(2 * np.pi * 1310 * t)
    # A codec's error: a wave of its own, another level, an offset.
    coded = 0.9 * tone + 0.05 * np.sin(2 * np.pi * 470 * t + 1) + 0.02
    given = artifact.make(tone[:n_given], 32000)
    piece = lay_out(request(6.0, given=given), "music", MUSIC, n_given)
    decoded = coded[piece.origin :].astype(np.float32)[None]

    whole = pieces.join(given.samples, decoded, piece)[0].astype(np.float64)

    for order in (1, 2):
        change = np.abs(np.diff(whole, order))
        at_join = change[n_given - 3 : n_given + 2].max()
        assert at_join <= 1.2 * change.max(initial=0, where=np.abs(np.arange(change.size) - n_given) > 700)
        cut = np.abs(np.diff(np.concatenate([tone[:n_given], coded[n_given:192000]]), order))
        assert cut[n_given - 3 : n_given + 2].max() > 1.5 * at_join  # and without the join it can be seen
