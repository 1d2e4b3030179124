"""Vehicles: on the road, on rails, on water and in the air."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import (
    HOLLOW,
    RICH,
    SOFT,
    air,
    band,
    beat,
    blip,
    burst,
    grains,
    scrape,
    series,
    sway,
    tone,
)
from soundgraph.backends.draft.recipes.bodies import creak, ring, thud, turning
from soundgraph.backends.draft.recipes.recipe import again, sound, steady

_WHEELS = series(ring(300, "metal", 0.09), 0.0, 0.14)

RECIPES = {
    "car_start": sound(
        "A car starts: the starter turns it over, it catches, revs once, and idles.",
        (0.0, 0.8, tone(0.65, (120, 128), RICH, None, tremolo=(9.0, 0.9), rough=0.3)),
        (0.0, 0.4, series(thud(90, 0.08, 0.8), 0.0, 0.11, 0.22, 0.33, 0.44, 0.55)),
        (0.62, 1.0, turning(1.1, (30, 85, 60, 38), 0.5, "body", 0.25)),
        (1.5, 0.6, turning(1.2, (36, 34, 34), 0.4, "body", 0.3)),
        every_s=3.2,
    ),
    "rev": sound(
        "An engine is revved: it climbs fast, and falls back.",
        (0.0, 1.0, turning(1.3, (36, 115, 150, 70, 38), 0.5, "body", 0.4)),
        every_s=1.6,
        level_db=1,
    ),
    "car_horn": sound(
        "A car horn: two harsh tones at once, cut off sharply.",
        (0.0, 1.0, tone(0.55, (415,), RICH, None)),
        (0.0, 0.9, tone(0.55, (523,), RICH, None)),
        every_s=0.9,
    ),
    "car_door": sound(
        "A car door: it shuts with a dull, padded thump and a clack of the lock.",
        (0.0, 1.0, thud(75, 0.2, 1.0)),
        (0.0, 0.5, burst("body", 0.06)),
        (0.03, 0.6, ring(880, "tin", 0.05)),
        every_s=1.1,
    ),
    "skid": sound(
        "Tyres skid: a squeal of rubber that wavers and sinks.",
        (0.0, 1.0, tone(1.1, (1150, 1050, 780), (1.0, 0.6, 0.35, 0.2), 0.3, vibrato=(9.0, 0.03), rough=0.5)),
        (0.0, 0.6, band(1.1, (1500, 900), 500, 0.3)),
        (0.0, 0.3, scrape(1.1, "middle", 0.01, 0.3)),
        every_s=1.6,
    ),
    "passby": sound(
        "A vehicle passes: it comes near, is here, and goes away lower than it came.",
        (0.0, 1.0, turning(2.4, (92, 92, 90, 74, 70), 0.9, "body", 0.5)),
        (0.0, 0.6, air(2.4, (500, 1100, 400), 0.5, 2.2)),
        every_s=3.0,
    ),
    "plane": sound(
        "A propeller plane flies over: a droning engine that swells, passes, and drops in pitch.",
        (0.0, 1.0, turning(3.4, (88, 88, 86, 72, 70), 0.5, "body", 0.5)),
        (0.0, 0.5, tone(3.4, (176, 176, 171, 145, 141), RICH[:6], 0.5, tremolo=(21.0, 0.5))),
        every_s=4.2,
    ),
    "quadcopter": steady(
        "A drone with four rotors: bright buzzing tones that chase each other.",
        *(
            (0.0, 0.6, tone(None, (hz, 1.08 * hz, 0.95 * hz, hz), RICH[:9], None, vibrato=(rate, 0.02)))
            for hz, rate in ((215, 1.3), (228, 1.9), (238, 0.9))
        ),
        (0.0, 0.3, scrape(None, "dry", 0.0, None, (43.0, 0.5))),
    ),
    "train": steady(
        "A train goes by: wheels that clack over joints two and two, in a heavy rumble.",
        (0.0, 0.3, sway(scrape(None, "rumble", 0.0, None), 1.2, 0.4)),
        (0.0, 0.15, scrape(None, "body", 0.02, None)),
        (0.0, 1.0, beat(0.62, _WHEELS, jitter=0.01)),
        (0.0, 0.7, beat(0.62, series(thud(85, 0.1, 0.9), 0.0, 0.14), jitter=0.01)),
        level_db=1,
    ),
    "train_whistle": sound(
        "A train's whistle: a chord of steam that swells, with a fall at its end.",
        *((0.0, 0.7, tone(1.4, (hz, hz, hz, 0.94 * hz), HOLLOW, 0.3, rough=0.15)) for hz in (466, 554, 698)),
        (0.0, 0.4, air(1.4, (2200, 2600), 0.3)),
        every_s=2.0,
        level_db=1,
    ),
    "train_brake": sound(
        "Rail brakes: a squeal of steel that sinks, and a sigh of air.",
        (0.0, 1.0, tone(1.5, (2500, 2300, 1500), (1.0, 0.5, 0.3), 0.4, vibrato=(17.0, 0.01), rough=0.3)),
        (0.0, 0.4, creak(1.4, (90, 40), "metal", 900, 0.4)),
        (1.4, 0.7, air(0.7, (4500, 3000), 0.08)),
        every_s=2.6,
    ),
    "boat": steady(
        "A motor boat: an outboard's burble, and water along the hull.",
        (0.0, 1.0, turning(None, (44, 47, 43), 0.5, "body")),
        (0.0, 0.6, sway(scrape(None, "wet", 0.05, None), 0.6)),
        (0.0, 0.3, beat(0.13, blip(220, 600, 0.05), jitter=0.9)),
    ),
    "rowing": again(
        "A rowing boat: oars that creak in their locks, dip, and drip.",
        (0.0, 0.7, creak(0.5, (14, 28), "wood", 420, 0.5)),
        (0.45, 0.9, scrape(0.5, "wet", 0.02, 0.25)),
        (0.45, 0.5, grains(16, 0.8, blip(350, 1000, 0.05))),
        every_s=1.7,
    ),
    "hull": again(
        "Water laps at a hull, timber creaks, a rope tightens.",
        (0.0, 0.9, band(0.7, (260, 520, 280), 260, 0.4)),
        (0.05, 0.6, grains(12, 0.7, blip(200, 600, 0.07))),
        (0.8, 0.6, creak(0.7, (9, 18), "wood", 300, 0.5)),
        every_s=1.9,
        level_db=-3,
    ),
    "submarine": steady(
        "Under water in a ship: a deep hum, a pressed hull, and now and then a ping.",
        (0.0, 1.0, tone(None, (55,), RICH[:6], None, tremolo=(0.7, 0.3))),
        (0.0, 0.6, scrape(None, "rumble", 0.3, None)),
        (0.0, 0.5, beat(2.4, tone(1.4, (980,), SOFT, 0.0), jitter=0.05)),
    ),
    "bicycle": again(
        "A bicycle: a freewheel that ticks, a chain that runs.",
        (0.0, 1.0, series(ring(3100, "tin", 0.02), *(0.055 * index for index in range(8)))),
        (0.0, 0.4, scrape(0.45, "crisp", 0.01, None)),
        every_s=0.45,
        level_db=-5,
    ),
    "bicycle_bell": sound(
        "A bicycle bell: a quick double trill of a small, bright bell.",
        (0.0, 1.0, series(tone(0.5, (2350,), (1.0, 0.0, 0.4, 0.0, 0.2), 0.0), *(0.05 * i for i in range(7)))),
        (0.55, 0.8, series(tone(0.6, (2350,), (1.0, 0.0, 0.4, 0.0, 0.2), 0.0), *(0.05 * i for i in range(6)))),
        every_s=1.6,
    ),
    "cart": steady(
        "A cart, wagon or trolley: wheels that rumble and squeak, and a load that shakes.",
        (0.0, 0.8, scrape(None, "dull", 0.03, None)),
        (0.0, 0.6, beat(0.75, tone(0.2, (760, 950, 800), (1.0, 0.5, 0.3), 0.5, rough=0.4), jitter=0.05)),
        (0.0, 0.7, beat(0.26, ring(360, "wood", 0.07), thud(120, 0.08, 0.9), jitter=0.5)),
    ),
    "tank": steady(
        "A tank: a heavy diesel, and tracks that clatter and squeal.",
        (0.0, 1.0, turning(None, (27, 29, 27), 0.8, "dull")),
        (0.0, 0.6, beat(0.09, ring(420, "tin", 0.06), ring(520, "tin", 0.06), jitter=0.2)),
        (0.0, 0.15, sway(tone(None, (1150, 1320, 1200), (1.0, 0.4), None, rough=0.5), 0.6, 0.9)),
        level_db=2,
    ),
    "siren": steady(
        "A siren: a tone that climbs and sinks, over more than an octave, every few seconds.",
        (0.0, 1.0, tone(None, (640,), HOLLOW, None, vibrato=(0.27, 0.42))),
        (0.0, 0.3, tone(None, (320,), RICH[:6], None, vibrato=(0.27, 0.42))),
    ),
    "ship_horn": sound(
        "A ship's horn: one very low, broad tone that fills the harbour.",
        (0.0, 1.0, tone(2.2, (98, 99, 99, 96), RICH, 0.35)),
        (0.0, 0.5, tone(2.2, (147, 148, 148, 144), RICH, 0.35)),
        (0.0, 0.15, air(2.2, (500,), 0.35)),
        every_s=3.2,
        level_db=2,
    ),
    "war_horn": sound(
        "A horn is blown: it speaks on a low note, leaps a fifth, and holds.",
        (0.0, 1.0, tone(1.9, (147, 148, 220, 221, 221, 214), RICH, 0.4, vibrato=(4.5, 0.006))),
        (0.0, 0.25, band(1.9, (147, 220), 300, 0.4)),
        every_s=2.8,
        level_db=1,
    ),
    "air_horn": sound(
        "An air horn: harsh, high, three tones at once, in short blasts.",
        *((0.0, 0.7, series(tone(0.22, (hz,), RICH, None), 0.0, 0.3, 0.55)) for hz in (466, 587, 740)),
        every_s=1.4,
        level_db=2,
    ),
    "bus_air": sound(
        "A bus or lorry stops: air brakes that spit, and doors that fold.",
        (0.0, 1.0, air(0.5, (5200, 3800), 0.05, 1.9)),
        (0.55, 0.5, air(0.5, (2500, 1500), 0.4)),
        (1.0, 0.8, thud(100, 0.14, 0.9)),
        every_s=1.9,
    ),
}
