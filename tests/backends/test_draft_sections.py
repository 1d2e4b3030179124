"""Drafts of several parts: prompts one after another, sounds that are gone on from, melodies that are not followed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Made, Refused, Request
from soundgraph.backends.draft import BACKEND, DraftParams
from soundgraph.backends.draft.sections import faded, sections, tail

RATE = 16_000


def answers(*requests: Request, model_id: str = "draft/audio") -> list[Made | Refused]:
    model = BACKEND.find(model_id)
    assert model is not None
    return list(BACKEND.load(model).generate(requests, lambda index, seconds: None))


def made(*prompts: tuple[float, str], model_id: str = "draft/audio", **fields: Any) -> Made:
    (answer,) = answers(request(*prompts, **fields), model_id=model_id)
    assert isinstance(answer, Made)
    return answer


def request(*prompts: tuple[float, str], duration: float = 4.0, **fields: Any) -> Request:
    return Request(prompts, duration, **{"seed": 1, "params": DraftParams(), **fields})


def samples(*prompts: tuple[float, str], **fields: Any) -> np.ndarray:
    return made(*prompts, **fields).audio.samples


def sine(hz: float, n: int, rate: int = RATE, level: float = 0.5, channels: int = 1, phase: float = 0.0) -> Audio:
    wave = level * np.sin(2 * np.pi * (hz * np.arange(n) / rate + phase))
    return artifact.make(np.tile(wave, (channels, 1)), rate)


# Prompts one after another


def test_one_prompt_in_a_schedule_is_the_take_of_that_prompt() -> None:
    assert made((0.0, "rain")).audio.digest == made((0.0, "rain"), (4.0, "never heard")).audio.digest


@pytest.mark.parametrize("model_id", ["draft/audio", "draft/audio@44100x2", "draft/music"])
def test_a_schedule_is_exactly_as_long_as_asked_and_on_the_grid(model_id: str) -> None:
    model = BACKEND.find(model_id)
    assert model is not None
    found = samples(
        (0.0, "rain"), (0.7, "wind, piano"), (0.8, "drums"), (2.0, "?"), duration=2.34567, model_id=model_id
    )
    assert found.shape == (model.channels, artifact.n_samples(2.34567, model.sample_rate))
    scaled = found.astype(np.float64) * 2**20
    assert (scaled == np.round(scaled)).all()
    assert 0.1 < np.abs(found).max() <= 10 ** (-0.9 / 20)


def test_each_part_is_what_its_own_text_says() -> None:
    # A hum is low, a hiss is high, and neither is the other's.
    found = samples((0.0, "hum"), (2.0, "radio static"))[0]
    low, high = ((np.abs(np.fft.rfft(part)) ** 2) for part in (found[: 2 * RATE], found[-RATE:]))
    split_low, split_high = len(low) // 8, len(high) // 8
    assert low[:split_low].sum() > 20 * low[split_low:].sum()
    assert high[split_high:].sum() > high[:split_high].sum()


def test_what_comes_before_a_change_does_not_depend_on_what_comes_after_it() -> None:
    one = samples((0.0, "rain"), (2.0, "soft wind"))
    other = samples((0.0, "rain"), (2.0, "soft heartbeat"))
    assert np.array_equal(one[:, : 2 * RATE], other[:, : 2 * RATE])
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("n", [1, 2, 255, 8000])
def test_a_change_holds_the_level(n: int) -> None:
    # Of sounds that have nothing to do with each other: the squares of the gains add up to 1.
    rise = faded(n).astype(np.float64)
    assert np.abs(rise**2 + rise[::-1] ** 2 - 1).max() < 1e-6
    assert (np.diff(rise) > 0).all()


def test_two_parts_of_one_text_are_not_the_same_sound_twice() -> None:
    found = samples((0.0, "rain"), (2.0, "wind"), (3.0, "rain"), duration=5.0)
    assert not np.array_equal(found[:, RATE // 2 : RATE], found[:, 3 * RATE + RATE // 2 : 4 * RATE])


def test_a_change_does_not_click() -> None:
    found = samples((0.0, "hum"), (1.5, "hum"), (3.0, "hum"))[0]
    bend = np.abs(np.diff(found, 2))
    for at in (1.5, 2.0, 3.0, 3.5):
        place = int(at * RATE)
        assert bend[place - 200 : place + 200].max() < 2 * bend[RATE // 2 : RATE].max()


def test_parts_shorter_than_a_crossfade_meet_two_at_a_time() -> None:
    found = sections([(0.0, "a"), (1.0, "b"), (1.1, "c"), (3.0, "d")], 4 * RATE, RATE)
    assert [(part.text, part.start, part.stop, part.fade) for part in found] == [
        ("a", 0, 16_000, 0),
        ("b", 16_000, 17_600, 1_600),
        ("c", 17_600, 48_000, 8_000),
        ("d", 48_000, 64_000, 8_000),
    ]


def test_a_text_that_never_comes_to_sound_is_no_part_and_not_remarked_on() -> None:
    assert made((0.0, "rain"), (4.0, "xyzzy"), (9.0, "plugh")).remarks == ()
    assert len(made((0.0, "rain"), (1.0, "xyzzy"), (2.0, "plugh"), (3.0, "xyzzy")).remarks) == 2


def test_a_schedule_is_the_same_in_any_batch() -> None:
    one = request((0.0, "rain"), (1.0, "wind"))
    alone = answers(one)[0]
    _, after = answers(request((0.0, "bell")), one)
    assert isinstance(alone, Made)
    assert isinstance(after, Made)
    assert alone.audio.digest == after.audio.digest


# A sound to go on from


@pytest.mark.parametrize("model_id", ["draft/audio@16000x2", "draft/music@16000x1"])
def test_what_is_given_is_kept_to_the_sample(model_id: str) -> None:
    channels = 2 if model_id.endswith("2") else 1
    given = artifact.make(np.random.default_rng(3).uniform(-0.9, 0.9, (channels, 12_345)), RATE)
    found = made((0.0, "rain, piano"), continue_from=given, model_id=model_id)
    assert np.array_equal(found.audio.samples[:, :12_345], given.samples)
    assert found.audio.n_samples == 4 * RATE
    assert found.remarks == ()
    new = found.audio.samples[:, 12_345:].astype(np.float64) * 2**20
    assert (new == np.round(new)).all()
    assert np.abs(new).max() > 0.1 * 2**20


@pytest.mark.parametrize("hz", [40.0, 97.0, 440.0, 2500.0])
@pytest.mark.parametrize("phase", [0.0, 0.13, 0.25, 0.6])
def test_it_goes_on_without_a_click(hz: float, phase: float) -> None:
    given = sine(hz, RATE, phase=phase)
    found = samples((0.0, "soft hum"), continue_from=given)[0]
    bend = np.abs(np.diff(found, 2))
    before = bend[: RATE - 2].max()
    # As smooth at the join as in itself; what the draft adds is far below a step of what is given.
    assert bend[RATE - 2 : RATE + 1500].max() < 1.6 * before + 0.004


def test_a_step_is_what_the_last_test_would_hear() -> None:
    given = sine(440.0, RATE, phase=0.25)
    found = samples((0.0, "soft hum"), continue_from=given)[0]
    found[RATE:] = 0.0
    assert np.abs(np.diff(found, 2))[RATE - 2 : RATE + 1].max() > 0.3


def test_noise_goes_on_at_its_level() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (1, RATE)).astype(np.float32)
    carried = tail(noise, 2000, RATE)
    assert 0.05 < carried.std() < 0.2
    assert np.abs(carried).max() < 2 * np.abs(noise).max()


@pytest.mark.parametrize("n", [1, 2, 7, 31, 100, 500])
def test_even_a_few_samples_can_be_gone_on_from(n: int) -> None:
    given = artifact.make(np.full((1, n), 0.25), RATE)
    found = samples((0.0, "wind"), duration=0.5, continue_from=given)
    assert np.array_equal(found[:, :n], given.samples)
    assert abs(found[0, n] - 0.25) < 0.01


def test_a_sound_of_another_rate_and_width_is_converted_and_that_is_told() -> None:
    given = sine(440.0, 48_000, 48_000, channels=2)
    found = made((0.0, "wind"), continue_from=given)
    assert found.remarks == (
        "draft: the sound it goes on from was converted from 48 kHz stereo to the model's 16 kHz mono",
    )
    middle = slice(2000, 14_000)
    assert np.abs(found.audio.samples[0, middle] - sine(440.0, RATE).samples[0, middle]).max() < 1e-4
    wide = made((0.0, "wind"), continue_from=sine(440.0, RATE), model_id="draft/audio@16000x2")
    assert np.array_equal(wide.audio.samples[0, :RATE], wide.audio.samples[1, :RATE])
    assert "from 16 kHz mono to the model's 16 kHz stereo" in wide.remarks[0]


@pytest.mark.parametrize("n", [RATE, RATE + 1])
def test_a_take_that_would_be_over_before_it_could_go_on_is_refused_and_the_others_are_made(n: int) -> None:
    short = request((0.0, "wind"), duration=1.0, continue_from=sine(440.0, n))
    refused, other = answers(short, request((0.0, "rain")))
    assert refused == Refused(
        0,
        f"the sound to go on from is {n / RATE:g} s long, so duration, which is that of the whole, "
        "has to be more than 1 s",
    )
    assert isinstance(other, Made)


def test_prompts_count_from_the_start_of_the_given_sound() -> None:
    given = sine(440.0, 2 * RATE)
    found = samples((0.0, "never heard"), (1.0, "rain"), (3.0, "soft wind"), continue_from=given)
    assert np.array_equal(
        found[:, : 3 * RATE], samples((0.0, "bell"), (1.0, "rain"), (3.0, "hum"), continue_from=given)[:, : 3 * RATE]
    )


def test_another_given_sound_is_another_take_but_the_same_one_is_the_same() -> None:
    digests = [made((0.0, "rain"), continue_from=sine(hz, RATE)).audio.digest for hz in (440.0, 440.0, 441.0)]
    assert digests[0] == digests[1] != digests[2]


def test_a_continuation_of_its_own_text_is_not_the_beginning_again() -> None:
    first = made((0.0, "footsteps"), duration=2.0).audio
    found = samples((0.0, "footsteps"), continue_from=first)
    assert not np.array_equal(found[:, 3 * RATE :], first.samples[:, RATE:])


# A melody


def test_a_melody_is_left_aside_and_that_is_told() -> None:
    plain, asked = (
        made((0.0, "piano"), model_id="draft/music"),
        made((0.0, "piano"), model_id="draft/music", melody=sine(440.0, RATE)),
    )
    assert asked.audio.digest == plain.audio.digest
    assert asked.remarks == ("draft: a draft does not follow melodies",)


# As in `test_draft.py`: if one of these changes, raise `DraftBackend.version` with it.


def test_a_schedule_is_what_it_was_when_the_version_was_set() -> None:
    found = made(
        (0.0, "heavy rain"), (1.0, "wind"), (1.2, "rain, bell"), duration=2.1, seed=42, model_id="draft/audio@16000x2"
    )
    assert (BACKEND.version, found.audio.digest[:16]) == (2, "55b950c8a5d78776")


def test_a_continuation_is_what_it_was_when_the_version_was_set() -> None:
    given = made((0.0, "calm piano in D minor"), duration=1.0, seed=42, model_id="draft/music").audio
    found = made((0.0, "epic drums"), duration=2.1, seed=42, continue_from=given, model_id="draft/music@32000x2")
    assert (BACKEND.version, found.audio.digest[:16]) == (2, "3a3ded5090c80379")
