"""What a prompt for a sound effect means: which sounds, and the character of each.

A describing word goes with the next sound named in its part of the prompt, or else with the last one: in "soft rain,
distant thunder" only the rain is soft. A part that names no sound describes all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

# A word listed with two sounds means both: "storm" is rain, wind and thunder.
SOUNDS: dict[str, str] = {
    "alarm": "alarm, siren, klaxon, ambulance",
    "applause": "applause, clap, clapping, ovation",
    "bark": "bark, dog, hound",
    "beep": "beep, bleep, blip, tone, ping, sonar",
    "bell": "bell, gong, church, toll",
    "birds": "bird, birdsong, songbird, sparrow, robin, seagull, gull",
    "breath": "breath, breathe, breathing, pant, sigh, snore",
    "bubbles": "bubble, bubbling, boil, boiling, potion, underwater",
    "chime": "chime, wind chime, notification, doorbell, jingle, glockenspiel",
    "clang": "clang, sword, blade, anvil, clash, armour, armor, shield, chain",
    "click": "click, tap, switch, snap, select, hover, toggle",
    "clock": "clock, tick, ticking, watch, metronome",
    "coin": "coin, pickup, pick up, collect, loot, gold, money",
    "confirm": "confirm, confirmation, success, accept, correct, ok, positive",
    "crickets": "cricket, cicada, grasshopper",
    "crowd": "crowd, murmur, people, chatter, talking, voice",
    "door": "door, gate, creak, creaking, hinge",
    "drip": "drip, dripping, droplet, water drop, leak",
    "electric": "electric, electricity, spark, zap, tesla, short circuit, arc",
    "engine": "engine, motor, car, truck, vehicle, tractor, motorcycle, generator, machine, boat, bus",
    "error": "error, wrong, fail, failure, denied, invalid, cancel, negative, buzzer",
    "explosion": "explosion, explode, exploding, blast, bomb, grenade, boom, detonation, cannon",
    "fire": "fire, flame, campfire, bonfire, torch, fireplace, burning, burn",
    "footsteps": "footstep, foot step, step, footfall, walk, marching, boot",
    "frogs": "frog, toad, croak",
    "glass": "glass, shatter, shattering, window, bottle",
    "growl": "growl, monster, beast, snarl, dragon, lion, bear, zombie",
    "gunshot": "gunshot, gun, gun shot, shot, weapon, rifle, pistol, shotgun, machine gun, gunfire, shoot, shooting",
    "heartbeat": "heartbeat, heart, heart beat, pulse",
    "helicopter": "helicopter, chopper, rotor, propeller",
    "howl": "howl, wolf, coyote, ghost",
    "hum": "hum, drone, ventilation, refrigerator, room tone, power supply",
    "impact": "impact, hit, punch, thud, thump, slam, smash, kick, knock, knocking",
    "insects": "insect, bee, housefly, mosquito, wasp, swarm, hive",
    "laser": "laser, blaster, phaser, ray, sci-fi, scifi",
    "magic": "magic, magical, sparkle, spell, fairy, shimmer, twinkle, enchant, wand",
    "ocean": "ocean, sea, wave, surf, beach, shore, tide",
    "owl": "owl, hoot",
    "powerup": "powerup, power up, level up, upgrade, fanfare, bonus, achievement",
    "rain": "rain, raindrop, drizzle, downpour, rainfall, shower, rainstorm, rainy, thunderstorm, storm",
    "rocket": "rocket, jet, plane, aircraft, thruster, turbine, airplane",
    "splash": "splash, splashing, dive, plunge",
    "static": "static, radio, noise, hiss, white noise, interference, glitch",
    "stream": "stream, river, brook, creek, waterfall, running water, flowing, fountain",
    "thunder": "thunder, lightning, thunderclap, thunderstorm, storm",
    "typing": "typing, keyboard, typewriter",
    "whoosh": "whoosh, swish, swoosh, swing, swipe, sweep, pass by, transition",
    "wind": "wind, howling wind, breeze, gust, blizzard, gale, rainstorm, storm, windy",
    "wings": "wing, flap, flapping, flutter",
}

# Places, and words that fit many sounds. They count only in a prompt that names no other: "forest" is birds and wind,
# "rainy forest" is rain; "a rumble" is thunder, "an engine's rumble" is not.
SETTINGS: dict[str, str] = {
    "birds": "chirp, chirping, tweet, forest, jungle, morning, garden",
    "clang": "metal",
    "click": "ui, menu, interface, button",
    "crickets": "night, meadow",
    "crowd": "tavern, market, restaurant, city",
    "drip": "cave, dungeon",
    "fire": "crackle, crackling",
    "footsteps": "running",
    "frogs": "swamp",
    "growl": "roar",
    "hum": "ambience, ambient, room, spaceship",
    "impact": "crash",
    "stream": "water",
    "thunder": "rumble",
    "wind": "forest, desert, mountain",
}

# (force, pace, pitch, distance), each from -1 to 1.
DESCRIBING: dict[str, tuple[tuple[float, float, float, float], str]] = {
    "loud": (
        (1.0, 0.0, 0.0, 0.0),
        "heavy, loud, strong, hard, violent, intense, powerful, torrential, fierce, raging, epic",
    ),
    "soft": ((-1.0, 0.0, 0.0, 0.0), "soft, light, gentle, quiet, faint, subtle, mild, calm, weak, delicate"),
    "fast": ((0.0, 1.0, 0.0, 0.0), "fast, quick, rapid, hurried, brisk, running, rushing, sprinting, racing"),
    "slow": ((0.0, -1.0, 0.0, 0.0), "slow, slowly, lazy, sluggish, leisurely, sneaking"),
    "low": ((0.0, 0.0, -1.0, 0.0), "deep, low, big, large, huge, giant, massive, dark"),
    "high": ((0.0, 0.0, 1.0, 0.0), "high, small, tiny, little, bright, thin, shrill"),
    "far": ((-0.3, 0.0, 0.0, 1.0), "distant, distance, far, faraway, muffled, background, indoors, behind"),
    "near": ((0.2, 0.0, 0.0, -1.0), "close, near, nearby, closeup"),
}

SURFACES: dict[str, str] = {
    "grass": "grass, leaves, leaf, forest, straw",
    "gravel": "gravel, stones, pebbles, rubble, sand, dirt",
    "metal": "metal, steel, iron, tin, grating",
    "snow": "snow, snowy, ice",
    "stone": "stone, concrete, tile, marble, pavement, street, dungeon",
    "water": "water, puddle, mud, wet",
    "wood": "wood, wooden, timber, plank, parquet",
}

SEVERAL = "several, many, repeated, repeatedly, series, multiple, burst, machine gun, constant, continuous, barrage"
ONE = "single, one, once, lone"

_TOKEN = re.compile(r"[a-z]+(?:-[a-z]+)*|[,.;:!?]")
_BREAKS = frozenset(",.;:!?") | {"and", "with", "while", "then", "over", "under", "plus", "as"}
_DENIALS = frozenset(("no", "without", "not"))


@dataclass(frozen=True)
class Character:
    """How a sound should be: force, pace, pitch and distance from -1 to 1 (0 when nothing was said).

    many: whether it happens several times (True), once (False), or as it usually does (None).
    surface: a key of SURFACES, or "".
    """

    force: float = 0.0
    pace: float = 0.0
    pitch: float = 0.0
    distance: float = 0.0
    many: bool | None = None
    surface: str = ""


@dataclass(frozen=True)
class Asked:
    """One sound that a prompt names."""

    sound: str
    character: Character


def listed(text: str) -> list[str]:
    """The words of one line of a table."""
    return text.split(", ")


@cache
def _sounds_by_word(settings: bool) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for sound, text in (SETTINGS if settings else SOUNDS).items():
        for word in listed(text):
            found[word] = (*found.get(word, ()), sound)
    return found


@cache
def _describing_by_word() -> Mapping[str, tuple[str, ...]]:
    """From a word to what it changes: names of DESCRIBING, "surface:…", "many:…"."""
    found: dict[str, tuple[str, ...]] = {}
    tables = [(name, text) for name, (_, text) in DESCRIBING.items()]
    tables += [(f"surface:{name}", text) for name, text in SURFACES.items()]
    tables += [("many:yes", SEVERAL), ("many:no", ONE)]
    for name, text in tables:
        for word in listed(text):
            found[word] = (*found.get(word, ()), name)
    return found


def stems(word: str) -> Iterator[str]:
    """The word, then what it may be a form of: "drops" is a "drop", "dripping" a "drip", "waves" a "wave"."""
    yield word
    for ending in ("s", "es", "ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            yield stem
            if stem[-1] == stem[-2]:
                yield stem[:-1]
            if ending in ("ing", "ed"):
                yield stem + "e"
    if word.endswith("ies"):
        yield word[:-3] + "y"


def known(word: str, table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What the table says of a word, or of the word it is a form of."""
    return next((table[stem] for stem in stems(word) if stem in table), ())


def tokens(prompt: str) -> list[str]:
    """The words and stops of a prompt in lower case, without what is denied: "no thunder" says nothing of thunder."""
    kept: list[str] = []
    denied = False
    for token in _TOKEN.findall(prompt.casefold()):
        if token in _DENIALS:
            denied = True
        elif token in _BREAKS or token == "but":
            denied = False
        if not denied:
            kept.append(token)
    return kept


def described(character: Character, names: tuple[str, ...]) -> Character:
    """The character after some describing words."""
    for name in names:
        if name.startswith("surface:"):
            character = replace(character, surface=name.removeprefix("surface:"))
        elif name.startswith("many:"):
            character = replace(character, many=name == "many:yes")
        else:
            force, pace, pitch, distance = DESCRIBING[name][0]
            character = replace(
                character,
                force=max(-1.0, min(1.0, character.force + force)),
                pace=max(-1.0, min(1.0, character.pace + pace)),
                pitch=max(-1.0, min(1.0, character.pitch + pitch)),
                distance=max(-1.0, min(1.0, character.distance + distance)),
            )
    return character


def read(prompt: str) -> list[Asked]:
    """The sounds a prompt names, each once, in the order of the words; [] when it names none that is known."""
    return _read(prompt, _sounds_by_word(settings=False)) or _read(prompt, _sounds_by_word(settings=True))


def describes(prompt: str) -> bool:
    """Whether a prompt holds a describing word that is known, such as "soft", whatever else it says."""
    return any(known(word, _describing_by_word()) for word in tokens(prompt))


def _read(prompt: str, sounds: Mapping[str, tuple[str, ...]]) -> list[Asked]:
    describing = _describing_by_word()
    asked: dict[str, Character] = {}
    last: tuple[str, ...] = ()  # the sounds of the last word that named any, in this part of the prompt
    waiting: tuple[str, ...] = ()  # what describing words since then said
    general: tuple[str, ...] = ()  # what parts without a sound said

    def settle() -> None:
        nonlocal last, waiting, general
        for sound in last:
            asked[sound] = described(asked[sound], waiting)
        general += () if last else waiting
        last, waiting = (), ()

    words = tokens(prompt)
    index = 0
    while index < len(words):
        word, pair = words[index], " ".join(words[index : index + 2])
        index += 1
        if word in _BREAKS:
            settle()
            continue
        found = known(pair, sounds)
        if found:
            waiting += known(pair, describing)
            index += 1
        else:
            found = known(word, sounds)
            waiting += known(word, describing)
        if not found:
            continue
        # "gunshots" are several; after another sound it is what that one does: "door slams".
        if word.endswith("s") and word not in sounds and not last:
            waiting += ("many:yes",)
        for sound in found:
            asked[sound] = described(asked.get(sound, Character()), waiting)
        last, waiting = found, ()
    settle()
    return [Asked(sound, described(character, general)) for sound, character in asked.items()]
