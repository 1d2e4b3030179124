"""Fights and flesh: bodies that fall, bones that break, blades in flesh, slime."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import air, band, blip, burst, grains, scrape, series, tone
from soundgraph.backends.draft.recipes.bodies import creak, ring, thud, voice
from soundgraph.backends.draft.recipes.recipe import again, sound

_SQUISH = blip(240, 700, 0.035, 1.8)
_SNAP = burst("crack", 0.02)

RECIPES = {
    "punch": sound(
        "A punch on a body: a flat smack on a deep, short thud, and cloth.",
        (0.0, 1.0, thud(78, 0.16, 1.0)),
        (0.0, 0.7, burst("body", 0.07)),
        (0.0, 0.35, burst("crack", 0.03)),
        (0.03, 0.15, scrape(0.12, "dry", 0.02, 0.2)),
        every_s=0.6,
    ),
    "slap": sound(
        "A slap: a bright, flat crack of skin, with no weight under it.",
        (0.0, 1.0, burst("middle", 0.06)),
        (0.0, 0.8, burst("crack", 0.03)),
        every_s=0.6,
    ),
    "body_fall": sound(
        "A body falls: knees, then the whole weight, an arm last.",
        (0.0, 0.5, thud(95, 0.15, 1.0)),
        (0.2, 1.0, thud(52, 0.32, 1.0)),
        (0.2, 0.4, scrape(0.3, "body", 0.03, 0.15)),
        (0.43, 0.4, thud(110, 0.12, 1.0)),
        every_s=1.4,
    ),
    "bone": sound(
        "A bone breaks: a wet crunch of several snaps, one of them hard.",
        (0.0, 0.7, grains(9, 0.22, ring(950, "bone"), _SNAP, early=1)),
        (0.1, 1.0, ring(620, "bone", 0.07)),
        (0.1, 0.9, burst("crack", 0.04)),
        (0.08, 0.35, grains(6, 0.3, _SQUISH)),
        every_s=0.9,
    ),
    "rattle": again(
        "Bones knock together: dry, hollow clicks in loose handfuls.",
        (0.0, 1.0, grains(9, 0.42, ring(1100, "bone", 0.06), ring(780, "bone", 0.07), ring(1500, "wood", 0.04))),
        every_s=0.75,
        level_db=-3,
    ),
    "flesh": sound(
        "Flesh: something wet is torn and squeezed, with drops after it.",
        (0.0, 1.0, scrape(0.4, "wet", 0.02, 0.25)),
        (0.0, 0.7, grains(16, 0.45, _SQUISH, early=1)),
        (0.0, 0.5, thud(105, 0.12, 0.8)),
        (0.3, 0.25, grains(8, 0.6, blip(500, 1200, 0.03))),
        every_s=1.0,
    ),
    "stab": sound(
        "A blade goes in: a thin slice of metal, and a wet stop.",
        (0.0, 0.6, scrape(0.12, "hiss", 0.004, 0.7)),
        (0.1, 1.0, thud(120, 0.1, 0.8)),
        (0.1, 0.8, scrape(0.22, "wet", 0.015, 0.15)),
        (0.12, 0.4, grains(8, 0.25, _SQUISH)),
        every_s=0.8,
    ),
    "splat": sound(
        "A splat: a wet slap, and what drips and slides off.",
        (0.0, 1.0, burst("wet", 0.16)),
        (0.0, 0.7, thud(130, 0.1, 0.6)),
        (0.03, 0.6, grains(18, 0.45, _SQUISH, early=2)),
        every_s=0.9,
    ),
    "slime": again(
        "Slime: it squelches, low and wet, with suction and slow bubbles.",
        (0.0, 1.0, band(0.5, (220, 520, 260), 180, 0.4)),
        (0.02, 0.8, grains(14, 0.5, blip(140, 420, 0.08, 1.9))),
        (0.1, 0.4, scrape(0.4, "wet", 0.025, 0.5)),
        every_s=0.95,
    ),
    "squelch": again(
        "Mud: a foot or hand goes in with a slap and is pulled out with a suck.",
        (0.0, 0.8, burst("wet", 0.12)),
        (0.0, 0.5, thud(95, 0.12, 0.6)),
        (0.2, 0.9, band(0.22, (300, 900), 220, 0.8)),
        (0.2, 0.5, grains(7, 0.25, blip(300, 900, 0.04))),
        every_s=0.8,
    ),
    "gulp": again(
        "A swallow: a hollow knock in the throat that leaps up.",
        (0.0, 1.0, tone(0.13, (160, 420), shape=0.6)),
        (0.06, 0.6, blip(300, 420, 0.06, 1.4)),
        (0.0, 0.2, burst("wet", 0.06)),
        every_s=0.6,
        level_db=-4,
    ),
    "crunch": again(
        "Something crisp is bitten: a burst of small breaks, then softer ones as it is chewed.",
        (0.0, 1.0, grains(16, 0.16, burst("dry", 0.018), burst("crisp", 0.012))),
        (0.0, 0.4, thud(190, 0.06, 0.7)),
        (0.28, 0.45, grains(9, 0.14, burst("dry", 0.018), _SQUISH)),
        (0.52, 0.35, grains(8, 0.14, burst("middle", 0.02), _SQUISH)),
        every_s=0.95,
        level_db=-3,
    ),
    "sip": again(
        "A drink: a slurp with air in it, and a swallow.",
        (0.0, 0.8, band(0.4, (900, 1500), 500, 0.7, (33.0, 0.9))),
        (0.05, 0.5, grains(12, 0.35, blip(700, 1500, 0.02))),
        (0.5, 1.0, tone(0.12, (170, 380), shape=0.6)),
        every_s=1.1,
        level_db=-4,
    ),
    "strangle": sound(
        "A choked throat: a creaking rasp that breaks off.",
        (0.0, 1.0, creak(0.9, (45, 28, 16), "skin", 620, 0.3)),
        (0.0, 0.5, voice(0.9, (95, 75), "ue", 0.9, 0.8, 0.5, 0.3)),
    ),
    "fart": sound(
        "A fart: a flapping buzz that sinks and sputters.",
        (0.0, 1.0, tone(0.7, (115, 90, 60), tuple(1.0 for _ in range(12)), 0.15, tremolo=(17.0, 0.5), rough=0.9)),
        (0.0, 0.2, air(0.7, (500, 250), 0.2)),
        (0.6, 0.4, series(tone(0.05, (70,), tuple(1.0 for _ in range(10)), None), 0.0, 0.08, 0.18)),
        every_s=1.1,
    ),
}
