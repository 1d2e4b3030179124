"""What a prompt for music means: tempo, key, mood, style and instruments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from soundgraph.backends.draft.matching import Phrases, denied, words_of
from soundgraph.backends.draft.music.styles import STYLES
from soundgraph.backends.draft.music.tables import ALONE, INSTRUMENTS, MOODS, SCALES, TEMPI

SLOWEST_BPM, FASTEST_BPM = 30, 300
_BPM = re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d{1,3})?)\s*-?\s*(?:bpm|beats\s+(?:per|a)\s+minute)")
_KEY = re.compile(rf"(?<![a-z])([a-g])\s*[- ]?(♯|#|sharp|♭|flat|b(?![a-z]))?\s*[- ]?({'|'.join(SCALES)})(?![a-z])")
_TONICS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


@dataclass(frozen=True)
class Score:
    """What a prompt says about the music; None, "" or () where it says nothing."""

    bpm: float | None
    """A tempo that was given in figures."""
    bpm_range: tuple[int, int]
    """Where the tempo lies otherwise."""
    tonic: int | None
    """The pitch class; 0 is C."""
    scale: str
    """A key of SCALES."""
    instruments: tuple[str, ...]
    """Keys of INSTRUMENTS."""
    energy: float
    """0 to 1."""
    beats: int
    """In a bar."""
    groove: str = "broken"
    """A name of grooves.GROOVES."""


@cache
def _phrases() -> Phrases:
    """From words to "mood:…", "tempo:…", "player:…", "style:…", "scale:…" and "alone:"."""
    phrases = Phrases()
    phrases.add_lines((f"mood:{name}", row[-1]) for name, row in MOODS.items())
    phrases.add_lines((f"tempo:{name}", row[-1]) for name, row in TEMPI.items())
    phrases.add_lines((f"player:{name}", text) for name, text in INSTRUMENTS.items())
    phrases.add_lines((f"style:{name}", row[-1]) for name, row in STYLES.items())
    phrases.add_lines((f"scale:{name}", name) for name in SCALES)
    phrases.add_lines((("alone:", ALONE),))
    return phrases


def read(prompt: str) -> Score | None:
    """What a prompt asks for; None when no word of it is known."""
    text = prompt.casefold()
    given_bpm, given_key = _BPM.search(text), _KEY.search(text)
    # Beats per minute are no drums.
    words = words_of(_BPM.sub(" ", text))
    said = _said(words)
    moods, tempi, named, styles, scales = (said[sort] for sort in ("mood", "tempo", "player", "style", "scale"))
    if not (given_bpm or given_key or moods or tempi or styles or named or scales):
        return None
    # "Soft piano music with a melancholic mood" is sad first of all: calm words say how, the others what.
    moods.sort(key=lambda name: name == "calm")
    # "theme" says that it is music and no more; other styles have a tempo of their own, which a mood makes no other.
    exact = [name for name in styles if name != "theme"]
    energy = min(MOODS[name][2] for name in moods) if moods else 0.8 if tempi == ["fast"] else 0.45
    energy = max(energy, 0.7) if {*exact} & _LOUD and "calm" not in moods else energy
    bpm = min(FASTEST_BPM, max(SLOWEST_BPM, float(given_bpm[1]))) if given_bpm else None
    tonic = None
    if given_key:
        sign = {"♯": 1, "#": 1, "sharp": 1, "♭": -1, "flat": -1, "b": -1}.get(given_key[2] or "", 0)
        tonic = (_TONICS[given_key[1]] + sign) % 12
    scale = given_key[3] if given_key else scales[0] if scales else MOODS[moods[0]][0] if moods else ""
    players = _players(named, exact, moods, alone=bool(said["alone"]), calm=energy < 0.3)
    players = [name for name in players if name not in _said(denied(prompt))["player"]]
    groove = STYLES[exact[0]][2] if exact else "broken"
    beats = 3 if groove == "waltz" or "waltz" in styles else 4
    return Score(
        bpm, _tempo(tempi, exact or styles, moods, energy), tonic, scale, tuple(players), energy, beats, groove
    )


def _tempo(tempi: list[str], styles: list[str], moods: list[str], energy: float) -> tuple[int, int]:
    """Beats a minute from and to, when they are not given in figures."""
    if tempi:
        return TEMPI[tempi[0]][0]
    if styles and styles[0] != "theme":
        low, high = STYLES[styles[0]][1]
        return (low, (low + high) // 2) if energy < 0.3 else (low, high)
    return MOODS[moods[-1]][1] if moods else STYLES[styles[0]][1] if styles else (84, 112)


_LOUD = frozenset(("metal", "punk", "dubstep", "breaks", "industrial", "electronic", "ska"))


def _said(words: list[str]) -> dict[str, list[str]]:
    """The names of each sort that words stand for, in their order, each once."""
    said: dict[str, list[str]] = {sort: [] for sort in ("mood", "tempo", "player", "style", "scale", "alone")}
    at = 0
    while at < len(words):
        match = _phrases().find(words, at)
        for means in match.means if match is not None else ():
            sort, _, name = means.partition(":")
            if name not in said[sort]:
                said[sort].append(name)
        at += match.size if match is not None else 1
    return said


def _players(named: list[str], styles: list[str], moods: list[str], alone: bool, calm: bool) -> list[str]:
    """Who plays: those named, and the band of each style that is named, unless somebody is to play alone."""
    band = [name for style in styles for name in STYLES[style][0].split()]
    if named:
        return named if alone else list(dict.fromkeys([*named, *band]))
    # A mood says better than "theme" who should play.
    players = list(dict.fromkeys(band)) if band else _usual(moods)
    return [name for name in players if name != "drums"] if calm else players


def _usual(moods: list[str]) -> list[str]:
    """Who plays when neither an instrument nor a style is named."""
    bands = {
        "calm": ["piano", "pad"],
        "dark": ["pad", "strings", "bass"],
        "epic": ["strings", "brass", "choir", "drums"],
        "happy": ["piano", "guitar", "bass", "drums"],
        "sad": ["piano", "strings"],
        "tense": ["strings", "bass", "drums"],
        "warm": ["guitar", "strings", "flute"],
    }
    return bands[moods[0]] if moods else STYLES["theme"][0].split()
