"""The house and its furniture: doors, locks, drawers, chests, chains."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import burst, grains, scrape, series
from soundgraph.backends.draft.recipes.bodies import creak, ring, thud
from soundgraph.backends.draft.recipes.recipe import again, sound

_CLICK = burst("crisp", 0.014)
_FLAP = burst("dry", 0.05)

RECIPES = {
    "lock": sound(
        "A key turns in a lock: it scrapes in, turns with clicks, and the bolt falls.",
        (0.0, 0.4, series(_CLICK, 0.0, 0.04, 0.09, 0.13)),
        (0.3, 0.5, scrape(0.2, "dry", 0.02, 0.5)),
        (0.5, 1.0, ring(820, "tin", 0.07)),
        (0.5, 0.7, thud(180, 0.07, 0.7)),
        every_s=1.2,
        level_db=-3,
    ),
    "jingle": again(
        "Keys or small metal things jingle: thin rings in handfuls.",
        (0.0, 1.0, grains(12, 0.4, ring(3300, "metal", 0.16), ring(4700, "metal", 0.12), ring(2500, "tin", 0.08))),
        every_s=0.65,
        level_db=-4,
    ),
    "chains": again(
        "A chain rattles: heavy links that fall on one another.",
        (0.0, 1.0, grains(15, 0.55, ring(850, "metal", 0.2), ring(1300, "metal", 0.15), ring(620, "tin", 0.1))),
        (0.0, 0.3, scrape(0.55, "dry", 0.02, 0.4)),
        every_s=0.75,
    ),
    "chest": sound(
        "A chest opens: the latch, a lid that creaks up, and a glint of what is in it.",
        (0.0, 0.8, ring(700, "tin", 0.08)),
        (0.0, 0.5, thud(160, 0.08, 0.8)),
        (0.15, 0.8, creak(0.75, (14, 34, 55), "wood", 290, 0.5)),
        (0.9, 0.6, thud(110, 0.16, 0.8)),
        (0.95, 0.25, grains(6, 0.4, ring(2700, "glass", 0.4))),
        every_s=1.8,
    ),
    "drawer": sound(
        "A drawer: it runs along its rails and stops with a knock.",
        (0.0, 0.8, scrape(0.55, "body", 0.025, 0.6)),
        (0.0, 0.3, scrape(0.55, "dry", 0.01, 0.6)),
        (0.54, 1.0, ring(210, "wood", 0.12)),
        (0.54, 0.6, thud(120, 0.12, 0.8)),
        every_s=1.3,
    ),
    "window": sound(
        "A window slides: a frame that runs in its groove, a rattle of the pane, a shut.",
        (0.0, 0.7, scrape(0.5, "middle", 0.02, 0.7)),
        (0.0, 0.3, creak(0.5, (30, 60), "glass", 1500, 0.6)),
        (0.5, 1.0, thud(140, 0.14, 0.8)),
        (0.5, 0.6, ring(1250, "glass", 0.12)),
        (0.6, 0.4, ring(900, "tin", 0.05)),
        every_s=1.3,
    ),
    "shutters": again(
        "Shutters or blinds: slats that clatter down one after another.",
        (0.0, 1.0, grains(22, 0.6, ring(1400, "plastic", 0.03), ring(950, "wood", 0.04))),
        (0.6, 0.8, thud(170, 0.08, 0.8)),
        every_s=1.2,
    ),
    "knocking": sound(
        "Knuckles on a door: three hollow knocks.",
        (0.0, 1.0, series(ring(230, "wood", 0.09), 0.0, 0.22, 0.44)),
        (0.0, 0.7, series(thud(150, 0.07, 0.6), 0.0, 0.22, 0.44)),
        every_s=1.3,
    ),
    "slam": sound(
        "A door is slammed: one heavy blow of wood, and the frame that rattles.",
        (0.0, 1.0, thud(62, 0.32, 1.0)),
        (0.0, 0.7, ring(150, "wood", 0.2)),
        (0.0, 0.5, burst("crack", 0.05)),
        (0.05, 0.3, grains(7, 0.2, ring(900, "tin", 0.04))),
        every_s=1.2,
        level_db=1,
    ),
    "creaking": sound(
        "Old wood creaks: slow, uneven groans.",
        (0.0, 1.0, creak(0.95, (12, 36, 20, 48), "wood", 340, 0.45)),
        (0.1, 0.35, creak(0.8, (24, 60, 40), "skin", 900, 0.5)),
        every_s=1.7,
        level_db=-2,
    ),
    "furniture": sound(
        "A chair is pushed over the floor: a stutter of wood, and a stop.",
        (0.0, 1.0, creak(0.6, (34, 60, 45), "wood", 190, 0.4)),
        (0.0, 0.4, scrape(0.6, "body", 0.015, 0.4)),
        (0.62, 0.6, thud(120, 0.1, 0.8)),
        every_s=1.3,
    ),
    "box": sound(
        "A box or crate is set down and its lid shut: hollow knocks and a scrape.",
        (0.0, 0.5, scrape(0.25, "body", 0.02, 0.5)),
        (0.25, 1.0, thud(115, 0.13, 0.9)),
        (0.25, 0.6, ring(260, "wood", 0.08)),
        (0.5, 0.6, ring(380, "wood", 0.07)),
        every_s=1.1,
    ),
}
