"""People: voices without words, and what mouths, noses and throats do."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import SOFT, air, band, beat, blip, burst, grains, scrape, series, tone
from soundgraph.backends.draft.recipes.bodies import thud, voice, words
from soundgraph.backends.draft.recipes.recipe import again, sound, steady

RECIPES = {
    "scream": sound(
        "A scream: an open, high vowel at full force that breaks and sinks at the end.",
        (0.0, 1.0, voice(1.3, (720, 1050, 1000, 640), "aaha", 0.85, 0.3, 0.15, 0.2)),
        (0.0, 0.3, voice(1.25, (1440, 2100, 1900, 1200), "h", 0.8, 0.5, 0.3, 0.2)),
        every_s=2.2,
        level_db=2,
    ),
    "shout": sound(
        "A shout: a short, hard vowel from the chest.",
        (0.0, 1.0, voice(0.5, (190, 290, 200), "ea", 0.95, 0.25, 0.12, 0.15)),
        every_s=1.2,
    ),
    "laugh": sound(
        "A laugh: ha after ha, five times a second, each with a breath, sinking.",
        (
            0.0,
            1.0,
            series(voice(0.13, (235, 190), "a", 0.92, 0.05, 0.25, 0.25), *(0.2 * i for i in range(7)), fading=0.07),
        ),
        (0.0, 0.2, series(air(0.06, (1600,), 0.5), *(0.2 * i - 0.04 if i else 0.0 for i in range(7)), fading=0.07)),
        every_s=2.2,
    ),
    "evil_laugh": sound(
        "A villain's laugh: slow, deep and rough.",
        (
            0.0,
            1.0,
            series(voice(0.28, (120, 95), "ao", 1.3, 0.45, 0.2, 0.2), *(0.36 * i for i in range(5)), fading=0.04),
        ),
        every_s=2.6,
    ),
    "cry": sound(
        "Someone cries: a shaking wail that sinks, and sobs caught between breaths.",
        (0.0, 1.0, voice(0.9, (420, 460, 300), "aeu", 0.85, 0.1, 0.25, 0.3, (7.0, 0.6))),
        (0.95, 0.5, series(air(0.1, (900, 1700), 0.7), 0.0, 0.17, 0.33)),
        (1.4, 0.7, voice(0.6, (360, 250), "ua", 0.85, 0.1, 0.3, 0.3, (7.0, 0.6))),
        every_s=2.6,
    ),
    "baby": sound(
        "A baby cries: an open, nasal wail that rises and falls, and a gasp.",
        (0.0, 1.0, voice(0.8, (400, 560, 520, 380), "aea", 0.6, 0.25, 0.1, 0.3)),
        (0.85, 0.3, air(0.16, (1200, 2200), 0.6)),
        (1.05, 1.0, voice(0.9, (420, 580, 540, 360), "eaa", 0.6, 0.3, 0.1, 0.3)),
        every_s=2.4,
    ),
    "grunt": sound(
        "A grunt of effort or pain: a short, pressed, low vowel that stops.",
        (0.0, 1.0, voice(0.28, (135, 150, 95), "ou", 1.0, 0.5, 0.25, 0.15)),
        (0.22, 0.15, air(0.14, (1100, 700), 0.3)),
        every_s=0.9,
    ),
    "moan": sound(
        "A moan: a long, closed vowel that sinks.",
        (0.0, 1.0, voice(1.3, (165, 180, 120), "oum", 0.95, 0.15, 0.2, 0.35)),
        every_s=2.2,
        level_db=-2,
    ),
    "gasp": sound(
        "A gasp: breath drawn in fast, through an open throat.",
        (0.0, 1.0, voice(0.38, (100,), "ua", 0.8, 0.0, 1.0, 0.7)),
        (0.0, 0.5, air(0.36, (900, 2400), 0.75)),
        level_db=-4,
    ),
    "cough": sound(
        "A cough: hard bursts from the throat, each with a rasp after it.",
        (0.0, 1.0, series(voice(0.2, (170, 110), "ae", 1.0, 0.8, 0.75, 0.08), 0.0, 0.36)),
        (0.0, 0.9, series(burst("middle", 0.12), 0.0, 0.36, fading=0.2)),
        (0.0, 0.4, series(thud(130, 0.08, 0.8), 0.0, 0.36)),
        every_s=1.4,
    ),
    "sneeze": sound(
        "A sneeze: breath drawn in by steps, then a burst of spray.",
        (0.0, 0.4, voice(0.5, (180, 230), "aa", 0.9, 0.0, 0.7, 0.8, (4.0, 0.6))),
        (0.55, 1.0, air(0.4, (3500, 1500), 0.06, 2.6)),
        (0.53, 0.8, voice(0.22, (330, 200), "au", 0.9, 0.3, 0.4, 0.15)),
        every_s=1.6,
    ),
    "whisper": again(
        "A whisper: breathy syllables that cannot be understood.",
        (0.0, 1.0, words(7, (120,), 0.15, 0.9, 0.0, 1.0)),
        every_s=1.6,
        level_db=-8,
    ),
    "talk": again(
        "Someone talks: syllables at a speaking pace that cannot be understood.",
        (0.0, 1.0, words(9, (125, 135, 105), 0.16, 1.0, 0.0, 0.06)),
        every_s=2.1,
    ),
    "hum_tune": again(
        "Someone sings or hums: a closed voice on a few notes of a tune.",
        *(
            (0.45 * i, 0.9, voice(0.5, (hz,), "ma", 0.9, 0.0, 0.06, 0.3, (5.5, 0.1)))
            for i, hz in enumerate((220, 262, 247, 196))
        ),
        every_s=2.1,
    ),
    "yawn": sound(
        "A yawn: a breath in, and a long open vowel that sinks and closes.",
        (0.0, 0.4, voice(0.7, (100,), "ua", 0.9, 0.0, 1.0, 0.7)),
        (0.65, 1.0, voice(1.2, (260, 280, 120), "aoum", 0.95, 0.0, 0.3, 0.25)),
        every_s=2.6,
        level_db=-3,
    ),
    "snore": again(
        "A snore: a rattling breath in, a soft one out.",
        (0.0, 1.0, scrape(1.1, "body", 0.0, 0.6, (29.0, 1.0))),
        (0.0, 0.5, voice(1.1, (58, 66), "o", 1.1, 0.9, 0.5, 0.6)),
        (1.4, 0.3, air(1.0, (900, 500), 0.3)),
        every_s=2.8,
        level_db=-3,
    ),
    "burp": sound(
        "A burp: a low rattle from the throat that opens.",
        (0.0, 1.0, voice(0.5, (90, 105, 70), "uoa", 1.15, 1.0, 0.2, 0.35)),
        every_s=1.0,
    ),
    "hiccup": again(
        "A hiccup: a voice that leaps up and is cut off.",
        (0.0, 1.0, voice(0.11, (260, 520), "i", 0.85, 0.0, 0.2, 0.8)),
        (0.09, 0.5, burst("dull", 0.03)),
        every_s=1.2,
    ),
    "kiss": sound(
        "A kiss: a small suck of lips, and a smack.",
        (0.0, 0.5, band(0.14, (1500, 2600), 500, 0.9)),
        (0.13, 1.0, tone(0.03, (900, 1900), SOFT, 0.0)),
        (0.13, 0.7, burst("crisp", 0.02)),
        every_s=0.7,
        level_db=-6,
    ),
    "spit": sound(
        "Someone spits: a hawk of the throat, and a short spray.",
        (0.0, 0.4, voice(0.3, (90,), "a", 1.0, 1.0, 0.9, 0.6)),
        (0.36, 1.0, burst("crisp", 0.06)),
        (0.36, 0.5, tone(0.04, (400, 900), SOFT, 0.3)),
        level_db=-3,
    ),
    "vomit": sound(
        "Someone is sick: a retch from the throat, and a wet gush.",
        (0.0, 0.9, voice(0.6, (140, 190, 90), "euo", 1.05, 1.0, 0.4, 0.6)),
        (0.5, 1.0, scrape(0.6, "wet", 0.03, 0.2)),
        (0.5, 0.5, grains(20, 0.7, blip(250, 800, 0.05))),
        every_s=1.8,
    ),
    "sniff": again(
        "A sniff: short breaths in through the nose.",
        (0.0, 1.0, series(air(0.17, (1500, 3200), 0.6, 1.4), 0.0, 0.26)),
        every_s=1.3,
        level_db=-6,
    ),
    "whistling": again(
        "Someone whistles: a thin tone that slides up and down.",
        (0.0, 1.0, tone(0.35, (1400, 2300), SOFT, 0.4)),
        (0.42, 1.0, tone(0.5, (2300, 2400, 1300), SOFT, 0.3)),
        (0.0, 0.08, band(0.9, (1400, 2300, 1300), 250, 0.5)),
        every_s=1.5,
    ),
    "cheer": steady(
        "A crowd cheers: many voices shout at once over a roar, with whistles.",
        (0.0, 1.0, scrape(None, "middle", 0.25, None)),
        *(
            (0.0, 0.5, beat(period_s, voice(0.9, (lo, hi, lo), "aea", size, 0.2, 0.2, 0.4), jitter=0.9))
            for period_s, lo, hi, size in ((0.31, 210, 300, 0.95), (0.37, 330, 460, 0.8), (0.43, 270, 380, 0.9))
        ),
        (0.0, 0.15, beat(0.9, tone(0.4, (2100, 3000, 2200), SOFT, 0.4), jitter=0.9)),
        level_db=1,
    ),
    "boo": steady(
        "A crowd boos: low, round vowels that sink, many at once.",
        (0.0, 0.6, scrape(None, "body", 0.3, None)),
        *(
            (0.0, 0.7, beat(period_s, voice(1.3, (hz, 0.8 * hz), "uu", 1.0, 0.15, 0.15, 0.35), jitter=0.9))
            for period_s, hz in ((0.33, 160), (0.39, 200), (0.47, 130))
        ),
    ),
    "crowd_gasp": sound(
        "A crowd gasps or sighs: many breaths drawn in together.",
        *(
            (0.02 * i, 0.7, voice(0.6, (100,), "ua", size, 0.0, 1.0, 0.6))
            for i, size in enumerate((0.7, 0.85, 1.0, 1.1))
        ),
        (0.0, 0.5, voice(0.6, (250, 330), "oa", 0.85, 0.0, 0.4, 0.5)),
    ),
    "children": again(
        "Children play: high voices that shout and laugh.",
        (0.0, 1.0, words(4, (330, 420, 350), 0.15, 0.65, 0.0, 0.15)),
        (0.3, 0.8, voice(0.4, (520, 760, 480), "ia", 0.62, 0.1, 0.15, 0.3)),
        (0.8, 0.7, series(voice(0.1, (480, 380), "i", 0.62, 0.0, 0.25), 0.0, 0.15, 0.3, 0.45)),
        every_s=1.3,
    ),
}
