"""Animals and monsters with a throat: each has its size, its pitch and the way it moves."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import (
    PURE,
    RICH,
    SOFT,
    air,
    band,
    beat,
    blip,
    burst,
    grains,
    scrape,
    series,
    sway,
    tone,
)
from soundgraph.backends.draft.recipes.bodies import ring, thud, turning, voice, words
from soundgraph.backends.draft.recipes.recipe import again, sound, steady

_HOOF = ring(480, "wood", 0.06)

RECIPES = {
    "neigh": sound(
        "A horse neighs: a high shriek that shakes and sinks, and a snort.",
        (0.0, 1.0, voice(1.3, (500, 1050, 900, 480), "eia", 0.8, 0.25, 0.15, 0.25, (11.0, 0.7))),
        (1.25, 0.4, scrape(0.35, "middle", 0.02, 0.3, (21.0, 0.8))),
        every_s=2.6,
    ),
    "gallop": again(
        "Hooves at a gallop: three beats close together, and a gap.",
        (0.0, 1.0, series(thud(120, 0.09, 0.9), 0.0, 0.13, 0.25)),
        (0.0, 0.7, series(_HOOF, 0.0, 0.13, 0.25, bend=0.1)),
        (0.0, 0.15, series(burst("dry", 0.05), 0.0, 0.13, 0.25)),
        every_s=0.46,
        level_db=-3,
    ),
    "cat": again(
        "A cat meows: the pitch climbs, holds and falls, the mouth opens and closes.",
        (0.0, 1.0, voice(0.75, (480, 720, 700, 430), "iaau", 0.62, 0.05, 0.06, 0.35)),
        every_s=1.7,
        level_db=-3,
    ),
    "purr": steady(
        "A cat purrs: a soft rattle, some 25 times a second, that turns with each breath.",
        (0.0, 1.0, sway(scrape(None, "dull", 0.0, None, (25.0, 1.0)), 0.9, 0.6)),
        (0.0, 0.5, tone(None, (25,), tuple(1.0 for _ in range(16)), None, tremolo=(0.7, 0.6), rough=0.4)),
        level_db=-6,
    ),
    "hiss": sound(
        "An animal hisses: a sharp breath through teeth that fades slowly.",
        (0.0, 1.0, air(1.1, (4200, 5200, 3600), 0.15, 1.9)),
        (0.0, 0.2, voice(0.9, (160,), "i", 0.6, 0.0, 1.0, 0.2)),
        level_db=-4,
    ),
    "cow": sound(
        "A cow moos: a long, closed low tone that opens.",
        (0.0, 1.0, voice(1.6, (105, 150, 158, 120), "muuao", 1.25, 0.2, 0.05, 0.4)),
        every_s=3.0,
    ),
    "sheep": again(
        "A sheep or goat bleats: an open vowel that shakes fast.",
        (0.0, 1.0, voice(0.85, (290, 330, 270), "eee", 0.8, 0.2, 0.1, 0.25, (8.5, 0.9))),
        every_s=1.8,
    ),
    "pig": again(
        "A pig grunts: short snorts through the nose, one after another.",
        (0.0, 1.0, voice(0.22, (105, 140, 85), "eo", 0.9, 0.95, 0.5, 0.4)),
        (0.0, 0.5, scrape(0.2, "body", 0.008, 0.5, (42.0, 0.9))),
        (0.3, 0.7, voice(0.14, (120, 90), "e", 0.9, 0.95, 0.5, 0.4)),
        every_s=0.9,
    ),
    "donkey": sound(
        "A donkey brays: in high, out low, again and again.",
        *(
            row
            for index in range(3)
            for row in (
                (0.75 * index, 0.7, voice(0.28, (620, 700), "ii", 0.9, 0.4, 0.4, 0.5)),
                (0.75 * index + 0.32, 1.0, voice(0.4, (230, 200), "aa", 1.1, 0.6, 0.1, 0.3)),
            )
        ),
        every_s=3.2,
    ),
    "whimper": again(
        "A dog whimpers: thin, closed cries that rise and fall.",
        (0.0, 1.0, series(voice(0.3, (720, 980, 640), "imi", 0.6, 0.0, 0.15, 0.5), 0.0, 0.42)),
        every_s=1.3,
        level_db=-5,
    ),
    "roar": sound(
        "A great beast roars: a wide, rough throat that opens and sinks for two seconds.",
        (0.0, 1.0, voice(1.9, (95, 150, 120, 70), "uaho", 1.5, 0.95, 0.35, 0.25)),
        (0.0, 0.5, voice(1.9, (47, 75, 60, 38), "oa", 1.9, 0.9, 0.2, 0.25)),
        every_s=3.2,
        level_db=2,
    ),
    "dragon": sound(
        "A dragon: a vast roar with a screech on top, and the breath of a furnace.",
        (0.0, 1.0, voice(2.1, (60, 105, 90, 45), "oaau", 2.0, 1.0, 0.3, 0.3)),
        (0.1, 0.35, voice(1.7, (520, 880, 400), "ahe", 1.0, 0.8, 0.3, 0.35)),
        (0.3, 0.6, scrape(2.0, "body", 0.03, 0.5)),
        every_s=3.6,
        level_db=3,
    ),
    "goblin": again(
        "A goblin: a small, nasal, creaking voice that chatters and cackles.",
        (0.0, 1.0, words(4, (260, 330, 280), 0.11, 0.72, 0.55, 0.15)),
        (0.62, 0.8, series(voice(0.1, (420, 300), "e", 0.72, 0.6, 0.2), 0.0, 0.13, 0.26, fading=0.12)),
        every_s=1.7,
    ),
    "orc": sound(
        "An orc: a deep, rough shout out of a broad chest, and a snort.",
        (0.0, 1.0, voice(0.9, (95, 125, 80), "uao", 1.45, 0.85, 0.2, 0.2)),
        (0.95, 0.4, scrape(0.25, "body", 0.015, 0.4, (30.0, 0.8))),
        every_s=1.9,
    ),
    "zombie": sound(
        "A zombie: a hollow moan that creaks and drags.",
        (0.0, 1.0, voice(1.7, (95, 118, 82), "ouoa", 1.1, 0.7, 0.45, 0.4, (4.0, 0.3))),
        every_s=2.6,
    ),
    "ghost": sound(
        "A ghost: an airy voice that slides up and down, with wind in it.",
        (0.0, 0.8, voice(2.2, (320, 560, 480, 300), "uou", 1.0, 0.0, 0.55, 0.5, (5.5, 0.3))),
        (0.0, 0.5, band(2.3, (500, 1000, 450), 120, 0.5)),
        every_s=3.2,
        level_db=-2,
    ),
    "screech": sound(
        "A screech: a high, torn cry that sinks, as of a raptor, a dinosaur or a harpy.",
        (0.0, 1.0, voice(0.95, (1250, 1700, 900), "ihe", 0.55, 0.75, 0.3, 0.15)),
        (0.0, 0.4, voice(0.9, (620, 840, 450), "e", 0.8, 0.9, 0.3, 0.2)),
        every_s=1.7,
    ),
    "alien": again(
        "An alien: warbling, clicking syllables that no throat on earth makes.",
        (0.0, 1.0, tone(0.5, (320, 900, 260, 700), RICH[:6], 0.4, vibrato=(29.0, 0.12))),
        (0.1, 0.5, grains(9, 0.4, blip(500, 2200, 0.03, 0.5))),
        (0.45, 0.7, voice(0.35, (180, 420), "ui", 0.6, 0.6, 0.1, 0.3, (33.0, 0.9))),
        every_s=1.1,
    ),
    "elephant": sound(
        "An elephant trumpets: a brassy tone that breaks upward.",
        (0.0, 1.0, voice(1.2, (330, 620, 700, 480), "eaa", 0.9, 0.5, 0.15, 0.25, (23.0, 0.3))),
        (0.0, 0.4, tone(1.2, (330, 620, 700, 480), RICH, 0.3, rough=0.6)),
        every_s=2.6,
    ),
    "monkey": again(
        "A monkey: whoops that come faster and climb.",
        (0.0, 1.0, series(voice(0.14, (380, 720), "ua", 0.7, 0.1, 0.15, 0.5), 0.0, 0.24, 0.45, 0.63, bend=0.14)),
        every_s=1.7,
    ),
    "squeal": again(
        "A small animal squeaks: short, thin, high cries.",
        (0.0, 1.0, series(tone(0.06, (3300, 4300, 3600), SOFT, 0.5), 0.0, 0.1, 0.26)),
        every_s=0.9,
        level_db=-4,
    ),
    "snake": sound(
        "A snake: a hiss, and a dry rattle that whirrs.",
        (0.0, 0.7, air(1.3, (5000, 6200, 5000), 0.3, 1.6)),
        (0.2, 0.8, scrape(1.3, "crisp", 0.0, 0.5, (27.0, 1.0))),
        every_s=2.2,
        level_db=-4,
    ),
    "whale": sound(
        "A whale sings: slow, pure tones that slide over an octave, far under water.",
        (0.0, 1.0, tone(2.4, (210, 420, 300, 640), (1.0, 0.4, 0.25), 0.5, vibrato=(3.0, 0.01))),
        (0.4, 0.4, tone(2.4, (105, 150, 90), SOFT, 0.5)),
        every_s=3.8,
    ),
    "dolphin": again(
        "A dolphin: whistles that loop up, and a burst of clicks.",
        (0.0, 0.8, tone(0.4, (4200, 7500, 5200, 9000), PURE, 0.5)),
        (0.45, 0.7, series(burst("hiss", 0.008), *(0.022 * index for index in range(14)))),
        every_s=1.3,
    ),
    "skitter": again(
        "Many legs: dry ticks that hurry, stop, and hurry on, and a chitter.",
        (0.0, 1.0, grains(22, 0.5, burst("hiss", 0.008), ring(2600, "plastic", 0.015))),
        (0.1, 0.3, tone(0.3, (1900, 1500), RICH[:4], 0.4, tremolo=(38.0, 1.0))),
        every_s=0.85,
        level_db=-4,
    ),
    "golem": again(
        "A giant of stone or iron walks: each step shakes the ground, and stone grinds.",
        (0.0, 0.5, scrape(0.5, "body", 0.02, 0.7)),
        (0.45, 1.0, thud(38, 0.7, 1.0)),
        (0.45, 0.5, ring(190, "stone", 0.12)),
        (0.5, 0.2, grains(9, 0.4, ring(900, "stone"))),
        every_s=1.25,
        level_db=2,
    ),
    "swarm": steady(
        "A swarm of bats or locusts: leather wings by the dozen, and thin squeaks.",
        (0.0, 1.0, sway(scrape(None, "dull", 0.02, None, (14.0, 0.9)), 0.5)),
        (0.0, 0.5, beat(0.21, tone(0.03, (6200, 5200), PURE, 0.5), tone(0.04, (7000, 5600), PURE, 0.5), jitter=0.9)),
        (0.0, 0.2, turning(None, (31,), 0.6, "middle")),
    ),
}
