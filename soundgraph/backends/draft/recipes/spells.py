"""Magic: what appears, grows, heals, burns and freezes, and the hum of what is held by it."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import (
    HOLLOW,
    PURE,
    RICH,
    SOFT,
    air,
    band,
    blip,
    burst,
    grains,
    scrape,
    series,
    sway,
    tone,
)
from soundgraph.backends.draft.recipes.bodies import ring, thud, voice
from soundgraph.backends.draft.recipes.recipe import sound, steady

_SPARKLE = ring(2300, "glass", 0.5)

RECIPES = {
    "teleport": sound(
        "A teleport: a shimmer that is sucked up into a point, a thump, and a glint where it comes out.",
        (0.0, 0.7, tone(0.6, (240, 700, 2600), SOFT, shape=0.92, vibrato=(23.0, 0.05))),
        (0.0, 0.6, air(0.6, (400, 4000), 0.92)),
        (0.56, 0.9, thud(70, 0.3, 0.4)),
        (0.58, 0.5, tone(0.6, (1900, 1300), SOFT, shape=0.0, tremolo=(19.0, 0.9))),
        (0.58, 0.3, grains(8, 0.5, _SPARKLE, early=2)),
        every_s=1.8,
        level_db=-4,
    ),
    "portal": steady(
        "A portal: a deep hum that turns round and round, with a windy, glassy edge.",
        (0.0, 1.0, tone(None, (62,), RICH[:7], None, tremolo=(1.3, 0.6))),
        (0.0, 0.7, tone(None, (93.6,), SOFT, None, vibrato=(0.7, 0.02), tremolo=(1.3, 0.7))),
        (0.0, 0.5, sway(band(None, (900, 1400, 700, 1200), 220, None, (2.6, 0.7)), 0.8)),
        (0.0, 0.2, tone(None, (1870,), PURE, None, vibrato=(5.0, 0.01), tremolo=(5.2, 0.9))),
    ),
    "heal": sound(
        "A healing spell: a warm chord that swells, and soft bells that climb over it.",
        *((0.0, 0.6, tone(1.5, (hz,), SOFT, shape=0.45, vibrato=(5.0, 0.004))) for hz in (262, 330, 392)),
        (0.15, 0.7, series(tone(0.9, (784,), SOFT, 0.0), 0.0, 0.14, 0.28, 0.42, 0.56, bend=0.18)),
        (0.0, 0.15, air(1.4, (1500, 5000), 0.5)),
        every_s=2.0,
    ),
    "fireball": sound(
        "A fireball: it flares up, roars through the air, and bursts.",
        (0.0, 0.7, air(0.75, (300, 900, 500), 0.3, 2.4)),
        (0.0, 0.5, scrape(0.8, "body", 0.02, 0.4)),
        (0.0, 0.4, grains(14, 0.7, burst("crack", 0.02))),
        (0.68, 1.0, thud(52, 0.6, 1.0)),
        (0.68, 0.8, burst("body", 0.9)),
        (0.7, 0.3, grains(14, 0.8, burst("crack", 0.015), early=2)),
        every_s=1.8,
        level_db=2,
    ),
    "freeze": sound(
        "A freezing spell: a glassy sweep down, and crystals that crackle as they grow.",
        (0.0, 0.6, tone(0.7, (3600, 1500), SOFT, shape=0.2, tremolo=(31.0, 0.8))),
        (0.0, 0.5, air(0.6, (6000, 2500), 0.2)),
        (0.15, 0.9, grains(26, 0.8, ring(2600, "glass", 0.1), burst("crisp", 0.012))),
        (0.75, 0.6, ring(3100, "glass", 0.5)),
        every_s=1.6,
    ),
    "cast": sound(
        "A spell is cast: it gathers in a rising hum and is let go with a rush and a glitter.",
        (0.0, 0.7, tone(0.45, (160, 420), HOLLOW, shape=0.85, vibrato=(17.0, 0.03))),
        (0.4, 0.9, air(0.5, (700, 3200, 1500), 0.2)),
        (0.42, 0.5, grains(12, 0.6, _SPARKLE, early=2)),
        every_s=1.5,
    ),
    "summon": sound(
        "Something is summoned: deep voices rise to a blow that opens the ground.",
        (0.0, 0.8, voice(1.3, (70, 90, 130), "uoa", 0.9, 0.4, 0.3, 0.85)),
        (0.0, 0.5, scrape(1.3, "rumble", 0.08, 0.9)),
        (1.2, 1.0, thud(45, 0.9, 0.7)),
        (1.2, 0.4, tone(0.9, (880, 860), HOLLOW, 0.0, tremolo=(13.0, 0.7))),
        every_s=2.6,
    ),
    "curse": sound(
        "A curse: dark tones a tritone apart that sink, with whispering breath.",
        (0.0, 0.7, tone(1.3, (220, 150), RICH[:8], 0.3, vibrato=(6.0, 0.03), rough=0.4)),
        (0.0, 0.6, tone(1.3, (311, 200), HOLLOW, 0.3, vibrato=(5.0, 0.03), rough=0.3)),
        (0.1, 0.6, voice(1.1, (100,), "uieo", 1.1, 0.0, 1.0, 0.5, (7.0, 0.8))),
        every_s=1.8,
    ),
    "buff": sound(
        "A strengthening: three tones step up on a swell of air.",
        (0.0, 0.8, series(tone(0.5, (330,), HOLLOW, 0.15), 0.0, 0.13, 0.26, bend=0.42)),
        (0.0, 0.4, air(0.7, (600, 3500), 0.8)),
        every_s=1.2,
    ),
    "debuff": sound(
        "A weakening: three tones step down and go sour.",
        (0.0, 0.8, series(tone(0.5, (520, 500), HOLLOW, 0.1, rough=0.3), 0.0, 0.15, 0.3, bend=-0.42)),
        (0.0, 0.4, air(0.8, (2500, 400), 0.2)),
        every_s=1.3,
    ),
    "barrier": steady(
        "A field of force: a steady electric hum with a bright, beating edge.",
        (0.0, 1.0, tone(None, (110,), RICH[:9], None, tremolo=(7.0, 0.25))),
        (0.0, 0.6, tone(None, (220.9,), SOFT, None, vibrato=(0.8, 0.01))),
        (0.0, 0.3, band(None, (2600,), 300, None, (7.0, 0.6))),
    ),
    "charging": sound(
        "Power is gathered: a tone and a tremble that rise for a second and more, ever faster.",
        (0.0, 1.0, tone(1.6, (90, 160, 900), HOLLOW, 0.95)),
        (0.0, 0.5, tone(1.6, (180, 330, 1800), SOFT, 0.95, tremolo=(21.0, 0.9))),
        (0.0, 0.35, air(1.6, (400, 5000), 0.95)),
        every_s=2.0,
    ),
    "poof": sound(
        "A puff of smoke: soft air that opens at once.",
        (0.0, 1.0, air(0.45, (1200, 500), 0.12, 2.4)),
        (0.0, 0.5, thud(120, 0.14, 0.6)),
        (0.05, 0.2, grains(6, 0.4, _SPARKLE)),
        level_db=-2,
    ),
    "choir": sound(
        "Voices from above: an ah of several, an octave apart, that swells.",
        *((0.0, 0.6, voice(2.2, (hz,), "a", 0.85, 0.0, 0.08, 0.5, (5.0, 0.15))) for hz in (262, 330, 393, 525)),
        (0.2, 0.2, grains(10, 1.8, _SPARKLE)),
        every_s=3.0,
    ),
    "drain": sound(
        "Life or power drains: a tone that sinks and slows to a stop.",
        (0.0, 1.0, tone(1.1, (620, 260, 60), HOLLOW, None, tremolo=(11.0, 0.6))),
        (0.0, 0.4, air(1.0, (2200, 200), 0.1)),
        (0.1, 0.3, grains(12, 0.9, blip(300, 700, 0.05, 0.7))),
        every_s=1.6,
    ),
}
