"""Electronics: telephones, computers, robots, and the machines of the future."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import (
    HOLLOW,
    PURE,
    RICH,
    SOFT,
    air,
    band,
    beat,
    burst,
    grains,
    scrape,
    series,
    sway,
    tone,
)
from soundgraph.backends.draft.recipes.bodies import creak, ring, thud
from soundgraph.backends.draft.recipes.recipe import again, sound, steady

_BUZZ = tuple(1.0 for _ in range(16))

RECIPES = {
    "robot": again(
        "A robot: chirps and falling tones that talk, a servo between them.",
        (0.0, 0.9, tone(0.16, (700, 1900), HOLLOW, None)),
        (0.2, 0.8, tone(0.12, (1500, 520), HOLLOW, None)),
        (0.35, 0.9, tone(0.22, (900, 1100, 600), HOLLOW, None, vibrato=(27.0, 0.15))),
        (0.6, 0.5, tone(0.28, (340, 560, 520), RICH[:8], None)),
        (0.9, 0.5, ring(1200, "tin", 0.04)),
        every_s=1.25,
    ),
    "robot_step": again(
        "A robot or mech walks: a servo whirrs, a heavy foot of metal comes down.",
        (0.0, 0.5, tone(0.35, (240, 420, 330), RICH[:8], None, rough=0.2)),
        (0.36, 1.0, thud(58, 0.3, 0.9)),
        (0.36, 0.7, ring(360, "tin", 0.18)),
        (0.42, 0.3, air(0.2, (4800, 3800), 0.1)),
        every_s=0.85,
        level_db=1,
    ),
    "computer": again(
        "A computer thinks: a chatter of short tones at random pitches.",
        (0.0, 1.0, grains(11, 0.7, *(tone(0.04, (hz,), HOLLOW, None) for hz in (880, 1175, 1480, 1760, 2350)))),
        (0.0, 0.3, grains(14, 0.7, burst("crisp", 0.006))),
        every_s=0.8,
        level_db=-2,
    ),
    "hard_drive": steady(
        "A hard drive: a spinning hum, and a head that seeks in dry clicks.",
        (0.0, 0.5, tone(None, (120,), SOFT, None)),
        (0.0, 0.2, scrape(None, "middle", 0.0, None)),
        (0.0, 1.0, beat(0.11, ring(1500, "plastic", 0.02), burst("dry", 0.012), jitter=0.9)),
        (0.0, 0.6, beat(0.74, series(ring(1100, "tin", 0.015), *(0.02 * i for i in range(6))), jitter=0.8)),
        level_db=-3,
    ),
    "boot": sound(
        "A machine starts up: a hum that climbs, lights that tick on, and a chord.",
        (0.0, 0.7, tone(1.2, (60, 220, 240), RICH[:8], 0.7)),
        (0.1, 0.4, series(burst("crisp", 0.012), 0.0, 0.2, 0.35, 0.45)),
        *((1.0, 0.5, tone(0.9, (hz,), SOFT, 0.1)) for hz in (440, 554, 659)),
        every_s=2.4,
    ),
    "power_down": sound(
        "A machine goes off: every tone of it sinks and slows to nothing.",
        (0.0, 1.0, tone(1.4, (440, 190, 45), RICH[:10], 0.08)),
        (0.0, 0.4, tone(1.4, (1320, 570, 135), SOFT, 0.08)),
        (1.2, 0.5, thud(80, 0.2, 0.6)),
        every_s=2.0,
    ),
    "glitch": again(
        "A glitch: shreds of tone and noise that stutter and break off.",
        (0.0, 1.0, series(tone(0.035, (1250, 1200), _BUZZ, None), 0.0, 0.05, 0.1, 0.15)),
        (0.22, 0.9, scrape(0.08, "crisp", 0.0, None, (67.0, 1.0))),
        (0.34, 0.9, series(tone(0.02, (330, 2600), HOLLOW, None), 0.0, 0.03, 0.06)),
        (0.46, 0.6, burst("hiss", 0.05)),
        every_s=0.65,
    ),
    "phone": sound(
        "A telephone rings: two bells that a clapper beats, for a second, and again.",
        *(
            (at_s, gain, tone(1.0, (hz,), (1.0, 0.1, 0.4, 0.0, 0.2), None, tremolo=(22.0, 0.9)))
            for at_s in (0.0, 1.5)
            for hz, gain in ((1320, 1.0), (1590, 0.8))
        ),
        every_s=3.0,
    ),
    "ringtone": sound(
        "A mobile phone: a short tune of clear tones, twice.",
        *(
            (start + 0.13 * index, 0.9, tone(0.16, (hz,), SOFT, None))
            for start in (0.0, 0.85)
            for index, hz in enumerate((988, 1319, 1175, 1568))
        ),
        every_s=2.2,
    ),
    "dial": again(
        "A telephone is dialled: pairs of tones, one for each digit.",
        *(
            (0.17 * index, 0.8, tone(0.1, (hz,), PURE, None))
            for index, pair in enumerate(((697, 1336), (852, 1209), (770, 1477), (941, 1336)))
            for hz in pair
        ),
        every_s=0.9,
    ),
    "vibrating": again(
        "A phone vibrates on a table: a low buzz that rattles.",
        (0.0, 1.0, tone(0.45, (165,), _BUZZ[:8], None, rough=0.2)),
        (0.0, 0.4, creak(0.45, (82,), "wood", 420, 0.5)),
        every_s=0.95,
        level_db=-3,
    ),
    "modem": steady(
        "A modem: whistling carriers, and a harsh noise that carries data.",
        (0.0, 0.5, tone(None, (2100, 2100, 1180, 1180, 2225), PURE, None)),
        (0.0, 0.8, sway(band(None, (1800, 1200, 1700), 700, None, (31.0, 0.7)), 0.3)),
        (0.0, 0.3, tone(None, (980, 1650, 1180, 980), HOLLOW, None, vibrato=(37.0, 0.1))),
        level_db=-2,
    ),
    "morse": again(
        "Morse code: short and long tones at one pitch.",
        *(
            (at_s, 1.0, tone(seconds, (720,), PURE, None))
            for at_s, seconds in ((0.0, 0.07), (0.14, 0.07), (0.28, 0.07), (0.45, 0.21), (0.73, 0.21), (1.01, 0.21))
        ),
        every_s=1.4,
    ),
    "radio_voice": again(
        "Radio traffic: a click, clipped syllables in a narrow band, a squelch of noise.",
        (0.0, 0.7, scrape(0.1, "middle", 0.0, None)),
        (0.12, 1.0, series(band(0.14, (1500, 1700, 1200), 800, 0.4, (130.0, 0.9)), 0.0, 0.17, 0.36, 0.5, 0.72)),
        (1.02, 0.9, scrape(0.2, "dry", 0.0, None)),
        every_s=1.5,
        level_db=-2,
    ),
    "camera": sound(
        "A camera: the shutter opens and shuts, and the film or mirror runs.",
        (0.0, 1.0, ring(2100, "tin", 0.025)),
        (0.0, 0.5, burst("crisp", 0.02)),
        (0.08, 0.9, ring(1650, "tin", 0.03)),
        (0.12, 0.35, tone(0.22, (420, 520), RICH[:8], None)),
        every_s=0.8,
        level_db=-4,
    ),
    "tv_off": sound(
        "An old screen goes on or off: a thump of static, and a very high whine that dies.",
        (0.0, 0.8, thud(110, 0.1, 0.7)),
        (0.0, 1.0, scrape(0.3, "crisp", 0.004, 0.05)),
        (0.02, 0.3, tone(0.9, (7200, 6200), PURE, 0.0)),
    ),
    "scanner": again(
        "A scanner: a tone that sweeps up and down, with ticks that follow.",
        (0.0, 1.0, tone(0.9, (420, 1500, 420), HOLLOW, None, tremolo=(17.0, 0.7))),
        (0.0, 0.3, series(tone(0.03, (2600,), PURE, None), 0.0, 0.225, 0.45, 0.675)),
        every_s=0.95,
    ),
    "hologram": steady(
        "A hologram or a field: thin, high tones that shimmer, with a faint crackle.",
        (0.0, 0.8, tone(None, (880, 884, 878), SOFT, None, vibrato=(6.0, 0.006), tremolo=(11.0, 0.5))),
        (0.0, 0.6, tone(None, (1320, 1324), SOFT, None, tremolo=(7.0, 0.6))),
        (0.0, 0.2, scrape(None, "hiss", 0.01, None)),
        level_db=-4,
    ),
    "warp": sound(
        "A leap through space: everything is drawn up to a scream, a boom, and a trail.",
        (0.0, 0.8, tone(1.1, (70, 180, 1900), RICH[:8], 0.95)),
        (0.0, 0.6, air(1.1, (300, 5000), 0.96)),
        (1.08, 1.0, thud(40, 1.0, 0.6)),
        (1.08, 0.7, air(1.3, (3500, 300), 0.05, 2.4)),
        every_s=3.0,
        level_db=1,
    ),
    "sci_fi_door": sound(
        "A door of the future: air lets go, it slides with a tone, and seals.",
        (0.0, 0.8, air(0.2, (5000, 4000), 0.1)),
        (0.08, 0.9, air(0.45, (700, 2200), 0.7)),
        (0.08, 0.5, tone(0.42, (190, 420), RICH[:7], None)),
        (0.5, 0.9, thud(90, 0.14, 0.7)),
        (0.5, 0.3, air(0.2, (5000, 4200), 0.06)),
        every_s=1.3,
    ),
    "ufo": steady(
        "A flying saucer: a pure tone that wobbles wide and slowly.",
        (0.0, 1.0, tone(None, (520, 560, 500), SOFT, None, vibrato=(4.2, 0.14))),
        (0.0, 0.4, tone(None, (260, 280, 250), SOFT, None, vibrato=(4.2, 0.14))),
    ),
    "beam": steady(
        "A beam: a hard, bright, even tone with an electric edge.",
        (0.0, 1.0, tone(None, (185,), _BUZZ[:12], None, vibrato=(9.0, 0.01), tremolo=(46.0, 0.4))),
        (0.0, 0.4, tone(None, (1480,), HOLLOW, None, tremolo=(23.0, 0.6))),
        (0.0, 0.25, scrape(None, "hiss", 0.006, None)),
    ),
    "buzzing": steady(
        "Mains hum or a neon tube: an even, rough buzz.",
        (0.0, 1.0, tone(None, (100,), _BUZZ, None, tremolo=(1.7, 0.15))),
        (0.0, 0.15, scrape(None, "crisp", 0.02, None)),
        level_db=-4,
    ),
    "heart_monitor": again(
        "A monitor beside a bed: one even beep each second.",
        (0.0, 1.0, tone(0.12, (990,), PURE, None)),
        every_s=0.95,
    ),
    "taser": sound(
        "A taser or stun gun: a fast, hard crackle.",
        (0.0, 1.0, series(burst("crack", 0.02), *(0.032 * index for index in range(24)))),
        (0.0, 0.4, tone(0.75, (32,), _BUZZ, None)),
        every_s=1.1,
    ),
}
