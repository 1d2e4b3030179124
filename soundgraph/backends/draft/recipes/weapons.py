"""Weapons: bows and arrows, blades, the handling of guns, and what bullets do after the shot."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import RICH, SOFT, air, band, burst, grains, scrape, series, tone
from soundgraph.backends.draft.recipes.bodies import creak, ring, thud
from soundgraph.backends.draft.recipes.recipe import sound

_CLACK = ring(1500, "tin", 0.05)
_CLICK = burst("crisp", 0.018)

RECIPES = {
    "bow": sound(
        "A bow: the string is drawn with a creak, let go with a twang, and the arrow leaves.",
        (0.0, 0.5, creak(0.6, (16, 40), "wood", 520, 0.8)),
        (0.62, 1.0, tone(0.35, (170, 150), RICH, 0.0, vibrato=(28.0, 0.03))),
        (0.62, 0.6, burst("crack", 0.03)),
        (0.63, 0.6, air(0.3, (3000, 1200), 0.15)),
        every_s=1.6,
    ),
    "arrow": sound(
        "An arrow flies past: a thin hiss that swells and falls, with feathers that flutter.",
        (0.0, 1.0, air(0.42, (3200, 4200, 2200), 0.6, 1.3)),
        (0.0, 0.4, band(0.42, (1500, 1900, 1100), 120, 0.6, (46.0, 0.7))),
    ),
    "arrow_hit": sound(
        "An arrow strikes wood: a dry knock, and the shaft that hums on.",
        (0.0, 1.0, ring(360, "wood", 0.12)),
        (0.0, 0.7, thud(130, 0.1, 0.7)),
        (0.0, 0.6, burst("crack", 0.03)),
        (0.01, 0.35, tone(0.4, (84, 80), RICH[:6], 0.0, vibrato=(31.0, 0.05))),
    ),
    "sheathe": sound(
        "A blade leaves its sheath: metal slides on metal, brighter and brighter, and rings at the end.",
        (0.0, 0.8, scrape(0.42, "hiss", 0.004, 0.8)),
        (0.0, 0.5, band(0.42, (2100, 4300), 250, 0.85)),
        (0.36, 0.7, ring(2450, "metal", 0.8)),
        every_s=1.2,
    ),
    "whip": sound(
        "A whip: a lash through the air, then a crack like a shot.",
        (0.0, 0.6, air(0.3, (500, 3500), 0.95)),
        (0.29, 1.0, burst("crack", 0.05)),
        (0.29, 0.5, burst("hiss", 0.14)),
    ),
    "chop": sound(
        "An axe bites into wood: a thick blow with splinters.",
        (0.0, 1.0, thud(105, 0.16, 1.0)),
        (0.0, 0.9, ring(240, "wood", 0.14)),
        (0.0, 0.6, burst("crack", 0.05)),
        (0.03, 0.3, grains(6, 0.2, burst("dry", 0.02))),
    ),
    "catapult": sound(
        "A catapult: ropes groan, the arm swings up and slams against its bar.",
        (0.0, 0.5, creak(0.7, (9, 22), "wood", 260, 0.7)),
        (0.7, 0.8, air(0.45, (200, 700), 0.8)),
        (1.1, 1.0, thud(58, 0.4, 1.0)),
        (1.1, 0.7, ring(150, "wood", 0.3)),
        every_s=2.4,
        level_db=2,
    ),
    "reload": sound(
        "A weapon is loaded: the magazine out, in, and the bolt drawn back and let go.",
        (0.0, 0.6, series(_CLACK, 0.0, 0.06)),
        (0.02, 0.3, scrape(0.12, "dry", 0.01, 0.3)),
        (0.45, 0.9, ring(620, "tin", 0.08)),
        (0.45, 0.6, thud(170, 0.07, 0.8)),
        (0.85, 0.7, scrape(0.1, "crisp", 0.008, 0.8)),
        (0.86, 0.6, _CLACK),
        (0.98, 1.0, ring(980, "tin", 0.09)),
        (0.98, 0.7, burst("crack", 0.03)),
        every_s=1.8,
        level_db=-2,
    ),
    "dry_fire": sound(
        "A trigger clicks on an empty chamber.",
        (0.0, 0.6, _CLICK),
        (0.05, 1.0, ring(1750, "tin", 0.05)),
        every_s=0.5,
        level_db=-4,
    ),
    "silenced": sound(
        "A silenced shot: a soft, short puff, and the slide that clacks.",
        (0.0, 1.0, air(0.12, (1400, 600), 0.08, 2.4)),
        (0.0, 0.5, thud(150, 0.06, 0.5)),
        (0.05, 0.35, _CLACK),
        every_s=0.5,
        level_db=-3,
    ),
    "ricochet": sound(
        "A bullet glances off: a hard ping, and a whine that sinks as it goes away.",
        (0.0, 0.8, burst("crack", 0.04)),
        (0.0, 0.6, ring(1850, "metal", 0.25)),
        (0.01, 1.0, tone(0.75, (2900, 2300, 900), SOFT, 0.06, vibrato=(38.0, 0.02))),
        (0.01, 0.3, band(0.7, (3100, 1100), 160, 0.06)),
        every_s=0.7,
    ),
    "flyby": sound(
        "A bullet or something fast flies past: a snap, and a hiss that drops in pitch.",
        (0.0, 1.0, air(0.3, (5200, 4200, 1100), 0.4, 1.4)),
        (0.08, 0.5, burst("hiss", 0.03)),
        (0.0, 0.4, tone(0.3, (1500, 1300, 500), SOFT, 0.4)),
        every_s=0.5,
    ),
    "casing": sound(
        "A cartridge case falls: thin rings, ever closer together.",
        (0.0, 1.0, series(ring(3600, "metal", 0.14), 0.0, 0.16, 0.27, 0.34, 0.38, 0.41, fading=0.25)),
        every_s=0.6,
        level_db=-4,
    ),
    "shield_hit": sound(
        "A blow on a shield or armour: a heavy clank with little ring, over a thud.",
        (0.0, 1.0, ring(310, "metal", 0.35)),
        (0.0, 0.8, thud(85, 0.2, 0.9)),
        (0.0, 0.5, burst("crack", 0.05)),
        (0.02, 0.2, grains(5, 0.2, ring(2100, "tin", 0.05))),
    ),
    "launch": sound(
        "A launch: a whoosh of flame that begins with a thump and flies off, sinking.",
        (0.0, 0.8, thud(75, 0.2, 0.8)),
        (0.0, 1.0, air(1.1, (700, 1800, 600), 0.12, 2.4)),
        (0.0, 0.5, scrape(1.1, "body", 0.02, 0.15)),
        every_s=1.6,
        level_db=2,
    ),
}
