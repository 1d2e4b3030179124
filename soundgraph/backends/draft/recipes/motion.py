"""Bodies and things on the move: jumps and landings, dashes, falls, and what is thrown."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import HOLLOW, RICH, SOFT, air, band, burst, grains, scrape, series, tone
from soundgraph.backends.draft.recipes.bodies import ring, thud
from soundgraph.backends.draft.recipes.recipe import again, sound

RECIPES = {
    "jump": sound(
        "A jump: a tone that leaps up, a breath of air under it, and cloth.",
        (0.0, 1.0, tone(0.24, (190, 300, 640), HOLLOW[:3], shape=0.25)),
        (0.0, 0.5, air(0.26, (500, 1600), 0.4)),
        (0.0, 0.25, burst("dry", 0.05)),
    ),
    "land": sound(
        "A landing: both feet thud at nearly the same time, knees and gear follow.",
        (0.0, 1.0, thud(62, 0.3, 0.9)),
        (0.035, 0.7, thud(78, 0.2, 0.9)),
        (0.03, 0.3, scrape(0.22, "dry", 0.012, 0.15)),
        (0.07, 0.12, grains(5, 0.15, ring(1900, "tin", 0.05))),
    ),
    "dash": sound(
        "A dash: a short, hard rush of air that starts at once, with a thump of the push-off.",
        (0.0, 1.0, air(0.38, (2600, 900, 350), 0.16, 2.2)),
        (0.0, 0.6, thud(95, 0.12, 0.4)),
        (0.0, 0.25, band(0.3, (1800, 700), 160, 0.2)),
    ),
    "tumble": sound(
        "A roll over the ground: cloth and three soft knocks, close together.",
        (0.0, 0.8, scrape(0.55, "body", 0.03, 0.3)),
        (0.02, 0.8, series(thud(85, 0.14, 0.9), 0.0, 0.16, 0.31, fading=0.2)),
        (0.0, 0.3, air(0.5, (400, 900, 400), 0.4)),
        every_s=0.9,
    ),
    "slide": sound(
        "Something slides over the ground and comes to a stop.",
        (0.0, 1.0, scrape(0.85, "middle", 0.012, 0.12)),
        (0.0, 0.5, air(0.8, (1400, 500), 0.1)),
        every_s=1.2,
    ),
    "falling": sound(
        "Something falls from high up: a whistle that sinks, with rushing air that grows.",
        (0.0, 1.0, tone(1.5, (1900, 1500, 520), SOFT, shape=None, vibrato=(7.0, 0.006))),
        (0.0, 0.4, air(1.5, (700, 1500), 0.9)),
        every_s=2.0,
    ),
    "climb": again(
        "Climbing: hands grip, cloth drags, feet knock, one after the other.",
        (0.0, 0.8, burst("body", 0.09)),
        (0.05, 0.5, scrape(0.28, "dry", 0.02, 0.4)),
        (0.33, 0.8, thud(110, 0.12, 0.9)),
        every_s=0.75,
        level_db=-3,
    ),
    "bounce": sound(
        "A ball bounces: hollow knocks, ever closer together and softer.",
        *(
            (at_s, gain, make)
            for at_s, gain in ((0.0, 1.0), (0.42, 0.72), (0.74, 0.5), (0.98, 0.34), (1.15, 0.22), (1.27, 0.14))
            for make in (thud(150, 0.12, 0.5), ring(420, "skin", 0.09))
        ),
        every_s=1.8,
    ),
    "racket": sound(
        "A ball is hit with a racket or bat: a sharp, hollow pock.",
        (0.0, 1.0, ring(820, "wood", 0.09)),
        (0.0, 0.7, burst("crack", 0.04)),
        (0.0, 0.35, ring(520, "string", 0.14)),
        (0.0, 0.4, thud(190, 0.09, 0.4)),
    ),
    "bowling": sound(
        "A bowling ball rolls, then the pins crash.",
        (0.0, 0.5, scrape(1.1, "rumble", 0.06, 0.9)),
        (1.0, 1.0, grains(16, 0.5, ring(900, "wood", 0.1), ring(1300, "wood", 0.08), early=2)),
        (1.0, 0.8, burst("crack", 0.12)),
        every_s=2.2,
    ),
    "skate": again(
        "A board or blades: wheels that grind along, with clacks of the joints.",
        (0.0, 1.0, scrape(0.8, "middle", 0.008, 0.5)),
        (0.1, 0.5, series(ring(700, "wood", 0.06), 0.0, 0.09)),
        every_s=0.8,
    ),
    "boing": sound(
        "A spring: a tone that wobbles fast and wide, and dies away.",
        (0.0, 1.0, tone(0.9, (260, 190, 210), RICH[:8], shape=0.0, vibrato=(13.0, 0.22))),
        (0.0, 0.3, ring(900, "metal", 0.2)),
        every_s=1.2,
    ),
    "slide_whistle": sound(
        "A slide whistle: a pure tone that slides up, over two octaves.",
        (0.0, 1.0, tone(0.8, (480, 900, 1900), SOFT, shape=None, vibrato=(6.0, 0.012))),
        (0.0, 0.1, band(0.8, (480, 900, 1900), 200, None)),
        every_s=1.2,
    ),
    "pop": sound(
        "A pop: a cork or a bubble, a hollow knock that leaps up in pitch.",
        (0.0, 1.0, tone(0.07, (320, 900), SOFT, shape=0.0)),
        (0.0, 0.5, burst("middle", 0.03)),
        every_s=0.5,
    ),
    "zip": sound(
        "A zipper, or a quick slide past: small teeth, ever faster and higher.",
        (0.0, 1.0, scrape(0.4, "crisp", 0.004, 0.7)),
        (0.0, 0.6, tone(0.4, (180, 420), RICH, shape=0.75, rough=0.5)),
        every_s=0.8,
        level_db=-4,
    ),
}
