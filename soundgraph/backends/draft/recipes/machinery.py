"""Machines that run: each is a rate, a noise and what knocks in it."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import RICH, SOFT, air, beat, burst, scrape, series, sway, tone
from soundgraph.backends.draft.recipes.bodies import ring, thud, turning
from soundgraph.backends.draft.recipes.recipe import again, sound, steady

RECIPES = {
    "machine": steady(
        "A machine in a works: a motor's drone, and clanks and thumps in an even round.",
        (0.0, 0.6, turning(None, (49,), 0.4, "dull")),
        (0.0, 1.0, beat(0.35, thud(80, 0.14, 0.9), ring(640, "tin", 0.09), jitter=0.01)),
        (0.0, 0.35, beat(0.175, burst("dry", 0.05), jitter=0.01)),
    ),
    "motor": sound(
        "An electric motor: it whines up, runs, and winds down again.",
        (0.0, 1.0, tone(2.4, (60, 330, 350, 350, 345, 70), RICH[:9], None, rough=0.15)),
        (0.0, 0.4, tone(2.4, (360, 1980, 2100, 2100, 2070, 420), SOFT, None)),
        (0.0, 0.3, scrape(2.4, "body", 0.0, 0.5, (58.0, 0.4))),
        every_s=3.0,
    ),
    "servo": again(
        "A servo: a thin whirr that jumps from one pitch to the next, and stops dead.",
        (0.0, 1.0, tone(0.32, (420, 760, 760, 600), RICH[:8], None, rough=0.2)),
        (0.0, 0.4, tone(0.32, (1680, 3040, 3040, 2400), SOFT, None)),
        (0.33, 0.5, ring(1500, "tin", 0.03)),
        every_s=0.62,
    ),
    "fan": steady(
        "A fan or air conditioner: moving air with the beat of blades, over a hum.",
        (0.0, 1.0, scrape(None, "body", 0.0, None, (23.0, 0.35))),
        (0.0, 0.5, tone(None, (98,), SOFT, None, tremolo=(1.1, 0.2))),
        level_db=-4,
    ),
    "vacuum": steady(
        "A vacuum cleaner, dryer or blender: a loud whine in a rush of air.",
        (0.0, 0.8, scrape(None, "middle", 0.0, None, (97.0, 0.2))),
        (0.0, 0.7, tone(None, (390, 400, 396), RICH[:8], None, vibrato=(1.2, 0.01))),
        (0.0, 0.3, tone(None, (2340, 2400), SOFT, None)),
    ),
    "washing": steady(
        "A washing machine: water and cloth that turn over, to and fro.",
        (0.0, 0.7, scrape(None, "wet", 0.08, None, (0.75, 1.0))),
        (0.0, 0.6, turning(None, (31, 44, 31, 44, 31), 0.3, "dull")),
        (0.0, 0.5, beat(1.33, thud(70, 0.25, 0.9), jitter=0.1)),
    ),
    "printer": again(
        "A printer: the head runs across and back in a buzz of steps, paper feeds.",
        (0.0, 1.0, tone(0.35, (340, 360), RICH, None, tremolo=(31.0, 0.9))),
        (0.4, 0.8, tone(0.3, (300, 280), RICH, None, tremolo=(31.0, 0.9))),
        (0.72, 0.6, scrape(0.16, "crisp", 0.01, 0.5)),
        every_s=0.95,
        level_db=-3,
    ),
    "pump": again(
        "A pump, piston or bellows: a stroke that pushes, a stroke that sucks.",
        (0.0, 1.0, air(0.38, (300, 900), 0.4, 2.2)),
        (0.0, 0.7, thud(70, 0.16, 0.8)),
        (0.45, 0.7, air(0.3, (1200, 500), 0.6)),
        (0.74, 0.4, ring(520, "tin", 0.05)),
        every_s=0.9,
    ),
    "pneumatic": sound(
        "A hydraulic or pneumatic part moves: a hiss, a whirr, a stop that clunks.",
        (0.0, 0.9, air(0.3, (4800, 3600), 0.12, 1.8)),
        (0.12, 0.6, tone(0.55, (130, 210, 190), RICH[:10], None, rough=0.3)),
        (0.66, 1.0, thud(85, 0.18, 0.9)),
        (0.66, 0.5, air(0.25, (5200, 4200), 0.06, 1.6)),
        every_s=1.4,
    ),
    "steam": sound(
        "Steam, gas or air under pressure escapes: a hard hiss that starts at once and thins out.",
        (0.0, 1.0, air(1.3, (3800, 5200, 4400), 0.06, 2.2)),
        (0.0, 0.3, burst("middle", 0.08)),
        every_s=1.8,
    ),
    "steam_engine": again(
        "A steam engine: chuffs, four to a round, the first one the heaviest.",
        *(
            row
            for index, gain in enumerate((1.0, 0.7, 0.85, 0.7))
            for row in (
                (0.19 * index, gain, air(0.17, (700, 1400), 0.2, 2.2)),
                (0.19 * index, 0.5 * gain, thud(62, 0.1, 0.8)),
            )
        ),
        every_s=0.76,
    ),
    "elevator": sound(
        "A lift: the motor starts, it runs up, slows, and a bell says that it is there.",
        (0.0, 0.5, ring(520, "tin", 0.08)),
        (0.05, 0.9, turning(2.0, (38, 66, 68, 68, 40), 0.35, "dull", 0.5)),
        (0.05, 0.25, tone(2.0, (190, 330, 340, 340, 200), SOFT, 0.5)),
        (2.05, 0.6, thud(95, 0.14, 0.8)),
        (2.15, 0.9, tone(1.1, (1320,), (1.0, 0.1, 0.25), 0.0)),
        every_s=4.0,
    ),
    "ding": sound(
        "A counter bell or the ding of an oven: one clear, small stroke.",
        (0.0, 1.0, tone(1.2, (2090,), (1.0, 0.05, 0.3, 0.0, 0.15), 0.0)),
        (0.0, 0.3, burst("crisp", 0.01)),
        every_s=1.3,
    ),
    "mower": steady(
        "A lawn mower or small petrol engine: an even, flat puttering with blades.",
        (0.0, 1.0, turning(None, (56, 58, 55), 0.6, "body")),
        (0.0, 0.3, scrape(None, "dry", 0.0, None, (56.0, 0.6))),
    ),
    "press": again(
        "A press or hammer mill: a long hiss, and a blow that shakes the floor.",
        (0.0, 0.5, air(0.45, (3500, 2500), 0.3)),
        (0.5, 1.0, thud(48, 0.4, 1.0)),
        (0.5, 0.8, ring(280, "metal", 0.3)),
        every_s=1.4,
        level_db=1,
    ),
    "clanking": again(
        "Large parts clank in turn: iron wheels, doors and cranes.",
        (0.0, 1.0, ring(330, "metal", 0.35)),
        (0.0, 0.5, thud(95, 0.14, 0.8)),
        (0.35, 0.6, ring(470, "tin", 0.2)),
        every_s=0.9,
    ),
    "clock_chime": sound(
        "A clock strikes: a whirr of the works, and deep, soft bells.",
        (0.0, 0.3, series(burst("crisp", 0.01), 0.0, 0.04, 0.08, 0.12)),
        (0.2, 1.0, ring(294, "string", 1.8)),
        (1.1, 1.0, ring(294, "string", 1.8)),
        every_s=2.4,
    ),
    "space_engine": steady(
        "A ship's drive or reactor: deep throbbing tones, and a thin whine above.",
        (0.0, 1.0, tone(None, (41,), RICH[:8], None, tremolo=(2.1, 0.5))),
        (0.0, 0.6, sway(scrape(None, "rumble", 0.0, None), 1.5, 0.4)),
        (0.0, 0.25, tone(None, (660, 668, 660), SOFT, None, tremolo=(4.2, 0.4))),
    ),
}
