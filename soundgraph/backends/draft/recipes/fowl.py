"""Birds that have a call of their own."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import RICH, SOFT, band, burst, series, tone
from soundgraph.backends.draft.recipes.bodies import ring, voice
from soundgraph.backends.draft.recipes.recipe import again, sound

RECIPES = {
    "rooster": sound(
        "A rooster crows: four syllables, the third the highest, the last one long and sinking.",
        (0.0, 0.7, voice(0.18, (520, 640), "u", 0.6, 0.3, 0.1)),
        (0.22, 0.8, voice(0.16, (640, 720), "o", 0.6, 0.3, 0.1)),
        (0.42, 1.0, voice(0.4, (760, 980), "ua", 0.55, 0.35, 0.1)),
        (0.84, 1.0, voice(0.8, (920, 860, 560), "uo", 0.6, 0.4, 0.1, 0.15)),
        every_s=3.0,
    ),
    "chicken": again(
        "A hen clucks: short, throaty knocks, and now and then a long one that rises.",
        (0.0, 0.8, series(voice(0.07, (420, 360), "o", 0.6, 0.5, 0.1, 0.2), 0.0, 0.24, 0.44)),
        (0.7, 1.0, voice(0.3, (400, 720, 560), "oa", 0.6, 0.45, 0.1, 0.6)),
        every_s=1.6,
    ),
    "duck": again(
        "A duck or goose: nasal quacks, each softer than the one before.",
        (0.0, 1.0, series(voice(0.17, (235, 215), "ae", 0.75, 0.75, 0.1, 0.2), 0.0, 0.24, 0.46, fading=0.2)),
        every_s=1.4,
    ),
    "crow": again(
        "A crow: hoarse caws.",
        (0.0, 1.0, series(voice(0.32, (520, 600, 480), "aha", 0.62, 0.9, 0.35, 0.2), 0.0, 0.48)),
        every_s=1.8,
    ),
    "eagle": sound(
        "An eagle or hawk: a thin, piercing cry that sinks slowly.",
        (0.0, 1.0, tone(1.0, (2700, 3100, 2300), RICH[:5], 0.12, rough=0.35)),
        (0.0, 0.25, band(0.9, (2900, 2300), 350, 0.15)),
        every_s=2.0,
    ),
    "pigeon": again(
        "A pigeon or dove coos: a soft, rolling low tone.",
        (0.0, 0.7, tone(0.25, (420, 480), SOFT, 0.4, tremolo=(26.0, 0.6))),
        (0.3, 1.0, tone(0.65, (500, 460, 400), SOFT, 0.3, tremolo=(26.0, 0.7))),
        every_s=1.7,
        level_db=-4,
    ),
    "cuckoo": again(
        "A cuckoo: two soft notes, a third down.",
        (0.0, 1.0, tone(0.22, (690,), SOFT, 0.3)),
        (0.3, 0.9, tone(0.34, (555,), SOFT, 0.3)),
        every_s=1.5,
    ),
    "woodpecker": sound(
        "A woodpecker drums on a trunk: a dozen knocks in half a second.",
        (0.0, 1.0, series(ring(680, "wood", 0.05), *(0.052 * index for index in range(12)), fading=0.05)),
        (0.0, 0.4, series(burst("dry", 0.012), *(0.052 * index for index in range(12)), fading=0.05)),
        every_s=1.9,
    ),
    "parrot": again(
        "A parrot or jungle bird: squawks, and a whistle that slides.",
        (0.0, 1.0, series(voice(0.16, (780, 950, 700), "aie", 0.5, 0.7, 0.2, 0.2), 0.0, 0.25)),
        (0.62, 0.7, tone(0.4, (1500, 2600, 1300), SOFT, 0.5)),
        every_s=1.7,
    ),
    "turkey": again(
        "A turkey gobbles: a fast run of knocking vowels.",
        (
            0.0,
            1.0,
            series(voice(0.06, (520, 400), "o", 0.65, 0.4, 0.1, 0.3), *(0.075 * i for i in range(11)), fading=0.03),
        ),
        every_s=1.8,
    ),
    "loon": sound(
        "A loon or peacock: a wail that leaps up an octave and falls back.",
        (0.0, 1.0, tone(1.2, (480, 500, 900, 880, 500), (1.0, 0.3, 0.1), 0.4)),
        every_s=2.4,
    ),
}
