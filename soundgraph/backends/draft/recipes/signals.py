"""Interface and game signals: what a menu, an inventory or a score says with a few notes."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import HOLLOW, PURE, SOFT, air, burst, grains, scrape, series, tone
from soundgraph.backends.draft.recipes.bodies import ring, thud
from soundgraph.backends.draft.recipes.recipe import Part, sound

_BRIGHT = (1.0, 0.05, 0.3, 0.0, 0.12)


def _tune(*notes: tuple[float, float, float], partials: tuple[float, ...] = HOLLOW) -> tuple[Part, ...]:
    """Notes of (seconds from the start, Hz, seconds)."""
    return tuple((at_s, 0.9, tone(seconds, (hz,), partials, 0.0)) for at_s, hz, seconds in notes)


RECIPES = {
    "equip": sound(
        "Something is equipped: cloth and leather, a buckle that snaps, and a short tone of steel.",
        (0.0, 0.5, scrape(0.16, "dry", 0.02, 0.6)),
        (0.12, 1.0, ring(1350, "tin", 0.06)),
        (0.12, 0.6, thud(150, 0.08, 0.8)),
        (0.14, 0.5, ring(2500, "metal", 0.4)),
        every_s=0.9,
        level_db=-2,
    ),
    "inventory": sound(
        "A bag or inventory is opened: a flap of cloth, small things that shift, two soft tones up.",
        (0.0, 0.7, scrape(0.2, "dry", 0.02, 0.4)),
        (0.1, 0.4, grains(6, 0.2, ring(2200, "tin", 0.05))),
        (0.1, 0.6, tone(0.12, (523,), SOFT, 0.1)),
        (0.2, 0.7, tone(0.2, (784,), SOFT, 0.1)),
        every_s=0.9,
        level_db=-2,
    ),
    "purchase": sound(
        "Something is bought: a till's clack and bell, and coins.",
        (0.0, 0.7, ring(900, "tin", 0.06)),
        (0.0, 0.5, thud(170, 0.08, 0.8)),
        (0.12, 1.0, tone(0.9, (2640,), _BRIGHT, 0.0)),
        (0.2, 0.5, grains(6, 0.4, ring(3600, "metal", 0.18))),
        every_s=1.2,
    ),
    "coins": sound(
        "Coins fall in a heap: bright rings, many and close.",
        (
            0.0,
            1.0,
            grains(18, 0.8, ring(3500, "metal", 0.2), ring(4300, "metal", 0.15), ring(2800, "metal", 0.2), early=1),
        ),
        every_s=1.1,
        level_db=-2,
    ),
    "countdown": sound(
        "A countdown: three equal beeps, a second apart when there is time, and a higher, longer one.",
        (0.0, 0.9, tone(0.14, (660,), HOLLOW, None)),
        (0.6, 0.9, tone(0.14, (660,), HOLLOW, None)),
        (1.2, 0.9, tone(0.14, (660,), HOLLOW, None)),
        (1.8, 1.0, tone(0.6, (1320,), HOLLOW, None)),
        every_s=3.0,
    ),
    "game_over": sound(
        "A game is lost: four notes that step down, the last one low and long.",
        *_tune((0.0, 392, 0.24), (0.24, 349, 0.24), (0.48, 311, 0.24)),
        (0.72, 1.0, tone(1.1, (262, 240), HOLLOW, 0.0, vibrato=(5.5, 0.02))),
        (0.72, 0.6, tone(1.1, (131, 120), HOLLOW, 0.0)),
        every_s=2.4,
    ),
    "victory": sound(
        "A game is won: a bright fanfare that leaps up and holds.",
        *_tune((0.0, 523, 0.16), (0.14, 523, 0.16), (0.28, 523, 0.16)),
        *((0.44, 0.6, tone(1.2, (hz,), HOLLOW, 0.05, vibrato=(5.5, 0.008))) for hz in (523, 659, 784, 1047)),
        every_s=2.2,
    ),
    "open_menu": sound(
        "A menu opens: a soft tone that slides up in a breath of air.",
        (0.0, 1.0, tone(0.2, (380, 760), SOFT, 0.5)),
        (0.0, 0.3, air(0.22, (900, 3000), 0.7)),
        every_s=0.7,
        level_db=-2,
    ),
    "close_menu": sound(
        "A menu closes: a soft tone that slides down in a breath of air.",
        (0.0, 1.0, tone(0.2, (760, 380), SOFT, 0.4)),
        (0.0, 0.3, air(0.22, (3000, 900), 0.3)),
        every_s=0.7,
        level_db=-2,
    ),
    "unlocked": sound(
        "Something is unlocked: a lock's click, then three clear notes up.",
        (0.0, 0.7, ring(1250, "tin", 0.05)),
        (0.0, 0.4, thud(180, 0.06, 0.7)),
        *_tune((0.12, 659, 0.2), (0.24, 880, 0.2), (0.36, 1319, 0.7), partials=_BRIGHT),
        every_s=1.4,
    ),
    "alert": sound(
        "An alert: two pairs of hard, equal tones that call for attention.",
        *((at_s, 1.0, tone(0.09, (932,), HOLLOW, None)) for at_s in (0.0, 0.13, 0.4, 0.53)),
        every_s=1.1,
    ),
    "damage": sound(
        "A player is hurt: a dull blow, and a rough tone that drops.",
        (0.0, 0.9, thud(100, 0.14, 0.9)),
        (0.0, 1.0, tone(0.22, (420, 120), HOLLOW, 0.0, rough=0.4)),
        every_s=0.6,
    ),
    "blip": sound(
        "A very short tone: one letter of a text, one step of a list.",
        (0.0, 1.0, tone(0.035, (880,), HOLLOW, None)),
        every_s=0.12,
        level_db=-3,
    ),
    "arcade": sound(
        "An old arcade game: fast square tones that run up and down.",
        *_tune(*((0.05 * i, hz, 0.06) for i, hz in enumerate((330, 440, 550, 660, 880, 660, 990, 1320)))),
        (0.45, 0.8, tone(0.3, (1320, 330), HOLLOW, None)),
        every_s=1.1,
    ),
    "slot_machine": sound(
        "A slot machine: a lever, reels that tick slower and slower, bells and coins.",
        (0.0, 0.6, ring(620, "tin", 0.1)),
        (0.15, 0.7, series(ring(1900, "plastic", 0.02), *(0.05 * i + 0.002 * i * i for i in range(16)))),
        (1.5, 1.0, series(tone(0.3, (1760,), _BRIGHT, 0.0), *(0.09 * i for i in range(6)))),
        (1.6, 0.5, grains(14, 0.8, ring(3500, "metal", 0.18))),
        every_s=3.0,
    ),
    "pinball": sound(
        "A pinball table: a flipper's clack, bumpers that ring and buzz.",
        (0.0, 0.8, thud(140, 0.08, 0.9)),
        (0.2, 1.0, tone(0.3, (1175,), _BRIGHT, 0.0)),
        (0.35, 0.9, tone(0.3, (1568,), _BRIGHT, 0.0)),
        (0.45, 0.7, tone(0.2, (220,), tuple(1.0 for _ in range(12)), None)),
        (0.7, 0.9, series(tone(0.2, (1319,), _BRIGHT, 0.0), 0.0, 0.08, 0.16)),
        every_s=1.3,
    ),
    "referee": sound(
        "A referee's whistle: a shrill tone with a pea that makes it trill.",
        (0.0, 1.0, tone(0.75, (2750, 2850, 2800), SOFT, None, vibrato=(38.0, 0.035), tremolo=(38.0, 0.6))),
        (0.0, 0.3, tone(0.75, (3150, 3250, 3200), PURE, None, tremolo=(38.0, 0.6))),
        (0.0, 0.15, air(0.7, (4500,), 0.3)),
        every_s=1.2,
    ),
    "kettle": sound(
        "A kettle: steam that starts to whistle, and climbs.",
        (0.0, 0.5, air(1.6, (2500, 3500), 0.8)),
        (0.2, 1.0, tone(1.5, (1500, 2100, 2350, 2350), SOFT, 0.8, vibrato=(9.0, 0.006))),
        every_s=2.2,
    ),
    "clapperboard": sound(
        "A light bat of wood snaps shut: one flat, bright clack.",
        (0.0, 1.0, ring(1150, "wood", 0.06)),
        (0.0, 0.8, burst("crack", 0.025)),
        every_s=0.8,
    ),
    "doorbell": sound(
        "A doorbell: ding, and a third lower dong.",
        (0.0, 1.0, tone(1.1, (659,), _BRIGHT, 0.0)),
        (0.5, 1.0, tone(1.5, (523,), _BRIGHT, 0.0)),
        every_s=2.2,
    ),
    "alarm_bell": sound(
        "An electric bell: a hammer that beats a gong, many times a second.",
        (0.0, 1.0, series(ring(1150, "metal", 0.35), *(0.055 * i for i in range(24)))),
        every_s=1.5,
    ),
}
