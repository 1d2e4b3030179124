"""Styles of music: who plays, how fast and in which pattern; naming an instrument silences nobody."""

from __future__ import annotations

import numpy as np
import pytest

from soundgraph.backends.draft.music import score
from soundgraph.backends.draft.music.grooves import GROOVES
from soundgraph.backends.draft.music.percussion import STROKES
from soundgraph.backends.draft.music.styles import STYLES
from soundgraph.backends.draft.music.tables import INSTRUMENTS
from soundgraph.backends.draft.vocabulary.lines import listed
from tests.backends.test_draft_music import RATE, hear, spectra


def read(prompt: str) -> score.Score:
    found = score.read(prompt)
    assert found is not None
    return found


def test_the_tables_of_styles_agree_with_each_other():
    for players, (low, high), groove, _ in STYLES.values():
        assert set(players.split()) <= set(INSTRUMENTS)
        assert groove in GROOVES
        assert 30 <= low < high <= 300
    for groove in GROOVES.values():
        for stroke, steps in groove.drums:  # type: ignore[attr-defined]
            assert stroke in STROKES
            assert set(steps) <= set("xo.")
            assert len(steps) in (12, 16)


@pytest.mark.parametrize("style", STYLES)
def test_each_word_of_a_style_means_it(style):
    for word in listed(STYLES[style][-1]):
        found = read(word)
        if style != "theme":
            assert set(STYLES[style][0].split()) - {"drums"} <= set(found.instruments), word


@pytest.mark.parametrize(
    ("prompt", "players"),
    [
        ("reggae with an organ solo", {"organ", "guitar", "bass", "drums"}),
        ("jazz with saxophone", {"brass", "piano", "bass", "drums"}),
        ("rock with a flute", {"flute", "guitar", "bass", "drums"}),
        ("orchestral battle with a choir", {"strings", "brass", "choir", "drums"}),
        ("piano house", {"piano", "lead", "pad", "bass", "drums"}),
    ],
)
def test_naming_one_instrument_does_not_silence_the_others_of_a_style(prompt, players):
    prompt = prompt.replace(" solo", "")
    assert set(read(prompt).instruments) == players


@pytest.mark.parametrize(
    ("prompt", "players"),
    [
        ("solo piano jazz", {"piano"}),
        ("jazz, only bass", {"bass"}),
        ("rock without drums", {"guitar", "bass"}),
        ("metal, no bass", {"distortion", "drums"}),
        ("piano music", {"piano"}),
        ("harp and flute", {"harp", "flute"}),
    ],
)
def test_who_is_alone_or_left_out_is(prompt, players):
    assert set(read(prompt).instruments) == players


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("drum and bass", "breaks"),
        ("heavy metal", "metal"),
        ("rock and roll", "rock"),
        ("bossa nova", "bossa"),
        ("big band", "swing"),
        ("hip hop beat", "hip-hop"),
        ("sea shanty", "polka"),
        ("dark dubstep", "dubstep"),
        ("happy reggae", "dub"),
    ],
)
def test_a_style_keeps_its_tempo_and_its_pattern(prompt, style):
    found = read(prompt)
    assert found.bpm_range == STYLES[style][1]
    assert found.groove == STYLES[style][2]


def test_a_calm_mood_takes_the_slower_half_of_a_style():
    low, high = STYLES["jazz"][1]
    assert read("sad jazz").bpm_range == (low, (low + high) // 2)


def test_drum_and_bass_are_a_style_and_beats_per_minute_no_drums():
    assert "pad" in read("drum and bass").instruments
    assert read("piano at 90 beats per minute").instruments == ("piano",)


def energies(prompt: str, bpm: int, beats: list[float], low_hz: float, high_hz: float) -> list[float]:
    """How much sounds in a band just after each of some beats, over the bars of a piece."""
    x = hear(f"{prompt}, {bpm} bpm", 12.0)
    n, hop = 1024, 128
    power = (spectra(x, n, hop) ** 2)[:, int(low_hz * n / RATE) : int(high_hz * n / RATE)].sum(axis=1)
    rise = np.maximum(np.diff(power, prepend=0.0), 0)
    found = []
    for beat in beats:
        places = [(4 * bar + beat) * 60 / bpm * RATE / hop for bar in range(1, 4)]
        # A frame is heard from its middle on.
        found.append(float(np.mean([rise[max(0, int(at) - 5) : int(at) + 4].max() for at in places])))
    return found


def test_reggae_leaves_the_first_beat_empty_and_drops_on_the_third():
    one, three = energies("solo drums reggae", 76, [0, 2], 40, 160)
    assert three > 5 * one


def test_house_has_a_kick_on_every_beat_and_dubstep_on_the_first():
    house = energies("solo drums house", 124, [0, 1, 2, 3], 40, 160)
    assert min(house) > 0.4 * max(house)
    dubstep = energies("solo drums dubstep", 140, [0, 1, 3], 40, 110)
    assert dubstep[0] > 5 * max(dubstep[1:])


def test_swing_is_late_on_the_second_half_of_the_beat():
    late = energies("solo drums swing", 120, [1.5, 1.66], 5000, 14000)
    assert late[1] > 2 * late[0]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_can_be_played(style):
    x = hear(listed(STYLES[style][-1])[0], 4.0)
    assert 0.02 < x.std() < 0.5
    assert np.abs(x).max() < 0.95


def test_styles_sound_unlike_each_other():
    prints = {}
    for style in STYLES:
        if style == "theme":
            continue
        x = hear(f"{listed(STYLES[style][-1])[0]} in C minor", 6.0)
        bands = np.log10(spectra(x, 1024, 512)[:, 2:400].mean(axis=0) + 1e-6)
        prints[style] = bands - bands.mean()
    assert len({tuple(np.round(row[::20], 2)) for row in prints.values()}) == len(prints)
