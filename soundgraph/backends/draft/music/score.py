"""What a prompt for music means: tempo, key, mood and instruments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from soundgraph.backends.draft.words import known, listed, tokens

# A mood: the scale it prefers, beats a minute from and to, the energy from 0 to 1, and its words.
MOODS: dict[str, tuple[str, tuple[int, int], float, str]] = {
    "calm": (
        "major",
        (64, 80),
        0.2,
        "calm, peaceful, relaxing, gentle, soft, quiet, dreamy, meditative, lullaby, soothing, serene",
    ),
    "dark": (
        "minor",
        (68, 88),
        0.4,
        "dark, ominous, gloomy, grim, creepy, eerie, horror, scary, sinister, mysterious, dungeon",
    ),
    "epic": (
        "minor",
        (96, 120),
        0.9,
        "epic, heroic, battle, boss, cinematic, trailer, war, powerful, dramatic, combat",
    ),
    "happy": (
        "major",
        (112, 132),
        0.7,
        "happy, cheerful, joyful, upbeat, playful, bright, fun, uplifting, triumphant, victory, hopeful, funny",
    ),
    "sad": (
        "minor",
        (60, 76),
        0.2,
        "sad, melancholic, melancholy, sorrow, lonely, mournful, tragic, emotional, nostalgic, bittersweet",
    ),
    "tense": (
        "phrygian",
        (100, 124),
        0.7,
        "tense, suspense, tension, chase, anxious, urgent, dangerous, danger, stealth, action",
    ),
    "warm": (
        "major",
        (84, 104),
        0.4,
        "warm, romantic, village, pastoral, cozy, town, folk, adventure, exploration, magical, fantasy",
    ),
}

# Beats a minute from and to.
TEMPI: dict[str, tuple[tuple[int, int], str]] = {
    "slow": ((58, 74), "slow, slowly, adagio, largo, lento"),
    "medium": ((88, 104), "medium, moderate, andante, mid-tempo, midtempo"),
    "fast": ((128, 152), "fast, quick, energetic, driving, allegro, presto, rapid, frantic"),
}

INSTRUMENTS: dict[str, str] = {
    "bass": "bass, bassline",
    "bells": "bell, celesta, music box, glockenspiel, chime, vibraphone, marimba",
    "brass": "brass, horn, trumpet, trombone, tuba",
    "choir": "choir, chorus, voice, vocal, chant, monk",
    "drums": "drum, percussion, beat, drumkit, taiko, timpani, rhythm",
    "flute": "flute, whistle, ocarina, recorder, clarinet, oboe, woodwind",
    "guitar": "guitar, lute, banjo, ukulele, mandolin",
    "harp": "harp, pluck, plucked, kalimba, zither",
    "lead": "synth, synthesizer, lead, arpeggio, melody",
    "organ": "organ, accordion, harmonium",
    "pad": "pad, ambient, drone, atmosphere, atmospheric, ambience, soundscape, texture",
    "piano": "piano, keys, keyboard, rhodes",
    "strings": "string, violin, viola, cello, quartet",
}

# A style: who plays when no instrument is named, beats a minute from and to, and its words.
STYLES: dict[str, tuple[tuple[str, ...], tuple[int, int], str]] = {
    "chip": (("lead", "bass", "drums"), (120, 144), "chiptune, 8-bit, arcade, retro, videogame, pixel"),
    "electronic": (
        ("lead", "pad", "bass", "drums"),
        (120, 132),
        "electronic, techno, house, edm, trance, dance, synthwave, cyberpunk",
    ),
    "folk": (("guitar", "flute", "bass"), (96, 116), "folk, medieval, celtic, tavern, acoustic, country"),
    "hip-hop": (("piano", "bass", "drums"), (80, 92), "hip-hop, hiphop, lofi, lo-fi, chill, trap"),
    "jazz": (("piano", "bass", "drums"), (100, 132), "jazz, swing, blues, lounge"),
    "rock": (("guitar", "bass", "drums"), (116, 140), "rock, metal, punk, band"),
    "score": (
        ("strings", "brass", "choir", "drums"),
        (84, 112),
        "orchestra, orchestral, symphonic, symphony, cinematic, trailer, film",
    ),
    "theme": (
        ("piano", "strings"),
        (84, 104),
        "music, theme, song, tune, track, score, title, menu, loop, background, cue, jingle",
    ),
    "waltz": (("strings", "piano"), (132, 160), "waltz"),
}

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

SLOWEST_BPM, FASTEST_BPM = 30, 300
_BPM = re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d{1,3})?)\s*-?\s*(?:bpm|beats\s+(?:per|a)\s+minute)")
_KEY = re.compile(rf"(?<![a-z])([a-g])\s*[- ]?(♯|#|sharp|♭|flat|b(?![a-z]))?\s*[- ]?({'|'.join(SCALES)})(?![a-z])")
_TONICS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


@dataclass(frozen=True)
class Score:
    """What a prompt says about the music; None, "" or () where it says nothing.

    bpm: a tempo that was given in figures. bpm_range: where the tempo lies otherwise. tonic: pitch class, 0 = C.
    scale: a key of SCALES. instruments: keys of INSTRUMENTS. energy: 0 to 1. beats: in a bar.
    """

    bpm: float | None
    bpm_range: tuple[int, int]
    tonic: int | None
    scale: str
    instruments: tuple[str, ...]
    energy: float
    beats: int


def read(prompt: str) -> Score | None:
    """What a prompt asks for; None when no word of it is known."""
    text = prompt.casefold()
    given_bpm, given_key = _BPM.search(text), _KEY.search(text)
    words = tokens(prompt)
    words += [" ".join(pair) for pair in pairwise(words)] + re.findall(r"8-bit", text)
    moods = _named(words, {name: row[-1] for name, row in MOODS.items()})
    # "Soft piano music with a melancholic mood" is sad first of all: calm words say how, the others what.
    moods.sort(key=lambda name: name == "calm")
    tempi = _named(words, {name: row[-1] for name, row in TEMPI.items()})
    styles = _named(words, {name: row[-1] for name, row in STYLES.items()})
    players = _named(words, INSTRUMENTS)
    scales = [word for word in words if word in SCALES]
    if not (given_bpm or given_key or moods or tempi or styles or players or scales):
        return None

    ranges = [TEMPI[name][0] for name in tempi[:1]] or [MOODS[name][1] for name in moods[-1:]]
    ranges = ranges or [STYLES[name][1] for name in styles[:1]]
    bpm = min(FASTEST_BPM, max(SLOWEST_BPM, float(given_bpm[1]))) if given_bpm else None
    tonic = None
    if given_key:
        sign = {"♯": 1, "#": 1, "sharp": 1, "♭": -1, "flat": -1, "b": -1}.get(given_key[2] or "", 0)
        tonic = (_TONICS[given_key[1]] + sign) % 12
    scale = given_key[3] if given_key else scales[0] if scales else MOODS[moods[0]][0] if moods else ""
    energy = min(MOODS[name][2] for name in moods) if moods else 0.8 if tempi == ["fast"] else 0.45
    if not players:
        # "theme" says that it is music and no more: a mood says better who should play.
        exact = [name for name in styles if name != "theme"]
        players = list(STYLES[exact[0]][0]) if exact else _usual(moods)
        if energy < 0.3:
            players = [name for name in players if name != "drums"]
    return Score(bpm, (ranges or [(84, 112)])[0], tonic, scale, tuple(players), energy, 3 if "waltz" in styles else 4)


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
    return bands[moods[0]] if moods else list(STYLES["theme"][0])


def _named(words: list[str], table: dict[str, str]) -> list[str]:
    """The rows of a table that some word names, in the order of the words."""
    rows: dict[str, tuple[str, ...]] = {}
    for name, text in table.items():
        for word in listed(text):
            rows[word] = (*rows.get(word, ()), name)
    return list(dict.fromkeys(name for word in words for name in known(word, rows)))
