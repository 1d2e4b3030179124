"""Tools at work, each with its own rhythm."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import RICH, air, band, beat, burst, grains, scrape, series, tone
from soundgraph.backends.draft.recipes.bodies import creak, ring, thud, turning
from soundgraph.backends.draft.recipes.recipe import again, sound, steady

RECIPES = {
    "hammer": again(
        "A hammer on a nail: hard blows that ring, each a little higher as the nail goes in.",
        (0.0, 1.0, ring(1350, "metal", 0.12)),
        (0.0, 0.8, thud(140, 0.1, 0.8)),
        (0.0, 0.5, burst("crack", 0.03)),
        every_s=0.5,
    ),
    "anvil": again(
        "A hammer on an anvil: a bright ring that lasts, and a bounce.",
        (0.0, 1.0, ring(1650, "metal", 1.1)),
        (0.0, 0.5, burst("crack", 0.03)),
        (0.17, 0.35, ring(1650, "metal", 0.7)),
        every_s=0.85,
    ),
    "pickaxe": again(
        "A pick or chisel on rock: a clink of metal, a crack of stone, crumbs.",
        (0.0, 0.8, ring(2100, "metal", 0.22)),
        (0.0, 1.0, ring(640, "stone", 0.06)),
        (0.0, 0.5, burst("crack", 0.03)),
        (0.05, 0.35, grains(9, 0.4, ring(1500, "stone", 0.02), early=2)),
        every_s=0.85,
    ),
    "saw": again(
        "A saw goes through wood: strokes there and back, one of them harder.",
        (0.0, 1.0, scrape(0.3, "dry", 0.0, 0.6, (64.0, 0.9))),
        (0.34, 0.7, scrape(0.26, "middle", 0.0, 0.5, (52.0, 0.9))),
        every_s=0.66,
    ),
    "filing": again(
        "A file or sandpaper: even, dry strokes.",
        (0.0, 1.0, scrape(0.26, "crisp", 0.003, 0.5)),
        every_s=0.42,
        level_db=-3,
    ),
    "drill": steady(
        "A drill: a whining motor that labours, over a grind.",
        (0.0, 1.0, tone(None, (210, 260, 235, 250), RICH, None, vibrato=(3.0, 0.03), rough=0.3)),
        (0.0, 0.5, tone(None, (1260, 1560, 1410, 1500), (1.0, 0.4, 0.2), None, vibrato=(3.0, 0.03))),
        (0.0, 0.5, scrape(None, "crisp", 0.006, None)),
    ),
    "chainsaw": steady(
        "A chainsaw: a two-stroke engine that snarls and revs, with teeth in wood.",
        (0.0, 1.0, turning(None, (92, 150, 110, 155, 120), 0.7, "middle")),
        (0.0, 0.4, scrape(None, "crisp", 0.012, None, (105.0, 0.7))),
    ),
    "jackhammer": steady(
        "A jackhammer: hard blows, fourteen a second, and the clatter of the machine.",
        (0.0, 1.0, beat(0.07, thud(95, 0.05, 1.0), jitter=0.02)),
        (0.0, 0.7, beat(0.07, ring(680, "stone", 0.04), jitter=0.02)),
        (0.0, 0.25, scrape(None, "body", 0.0, None, (14.3, 0.8))),
        level_db=1,
    ),
    "grinder": steady(
        "A grinder on metal: a shrill whine, and a spray of sparks.",
        (0.0, 0.8, tone(None, (880, 940, 900), RICH[:7], None, vibrato=(4.0, 0.01), rough=0.3)),
        (0.0, 0.9, scrape(None, "hiss", 0.008, None)),
    ),
    "ratchet": again(
        "A ratchet or crank: even metal clicks, one tooth after another.",
        (0.0, 1.0, series(ring(2300, "tin", 0.03), *(0.045 * index for index in range(9)))),
        (0.0, 0.4, series(burst("crisp", 0.01), *(0.045 * index for index in range(9)))),
        every_s=0.62,
        level_db=-3,
    ),
    "gears": again(
        "Gears and clockwork: a train of ticks, knocks of larger wheels between.",
        (0.0, 0.7, series(ring(2700, "tin", 0.025), *(0.0625 * index for index in range(8)))),
        (0.0, 1.0, series(ring(900, "tin", 0.05), 0.0, 0.25)),
        (0.0, 0.3, creak(0.5, (16,), "tin", 1500, 0.5)),
        every_s=0.5,
        level_db=-3,
    ),
    "lever": sound(
        "A lever is pulled: metal that grates, a heavy clunk, and a clack as it locks.",
        (0.0, 0.7, creak(0.4, (18, 42), "metal", 520, 0.6)),
        (0.4, 1.0, thud(90, 0.2, 0.9)),
        (0.4, 0.9, ring(430, "tin", 0.14)),
        (0.48, 0.5, ring(1250, "tin", 0.05)),
        every_s=1.2,
    ),
    "latch": sound(
        "A latch, catch or bolt: it slides and snaps to.",
        (0.0, 0.4, scrape(0.12, "crisp", 0.008, 0.7)),
        (0.12, 1.0, ring(1150, "tin", 0.06)),
        (0.12, 0.5, thud(210, 0.05, 0.7)),
        every_s=0.7,
        level_db=-2,
    ),
    "spring": sound(
        "A metal spring: it is plucked and shivers.",
        (0.0, 1.0, tone(0.8, (330, 300), RICH[:9], 0.0, vibrato=(19.0, 0.1))),
        (0.0, 0.5, ring(1400, "metal", 0.3)),
        every_s=1.1,
    ),
    "trap": sound(
        "A trap snaps: a click, iron jaws that clash, and a chain.",
        (0.0, 0.5, burst("crisp", 0.02)),
        (0.09, 1.0, ring(760, "metal", 0.45)),
        (0.09, 0.9, burst("crack", 0.05)),
        (0.09, 0.7, thud(110, 0.14, 0.8)),
        (0.25, 0.3, grains(7, 0.3, ring(1100, "tin", 0.07))),
        every_s=1.3,
    ),
    "nail_gun": sound(
        "A nail gun or stapler: a punch of air and a clack.",
        (0.0, 1.0, burst("crack", 0.035)),
        (0.0, 0.8, thud(160, 0.07, 0.8)),
        (0.03, 0.5, air(0.14, (3500, 2500), 0.1)),
        (0.06, 0.4, ring(1300, "tin", 0.05)),
        every_s=0.6,
    ),
    "welding": steady(
        "Welding: a fierce, crackling hiss over a buzz of the mains.",
        (0.0, 1.0, scrape(None, "crisp", 0.012, None, (100.0, 0.5))),
        (0.0, 0.5, tone(None, (100,), tuple(1.0 for _ in range(20)), None, rough=0.7)),
        (0.0, 0.4, band(None, (2100,), 900, None, (50.0, 0.8))),
    ),
    "winch": again(
        "A pulley or winch: a rope that runs, and a wheel that squeaks each turn.",
        (0.0, 0.6, scrape(0.6, "body", 0.02, None)),
        (0.1, 0.8, tone(0.16, (950, 1250, 1000), (1.0, 0.4, 0.2), 0.5, rough=0.3)),
        (0.0, 0.6, series(ring(700, "wood", 0.05), 0.0, 0.2, 0.4)),
        every_s=0.62,
    ),
}
