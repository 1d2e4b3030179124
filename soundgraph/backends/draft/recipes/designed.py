"""Sounds of trailers and tension, and single strokes of instruments."""

from __future__ import annotations

from soundgraph.backends.draft.recipes.blocks import HOLLOW, RICH, SOFT, air, burst, grains, scrape, series, sway, tone
from soundgraph.backends.draft.recipes.bodies import ring, thud, voice
from soundgraph.backends.draft.recipes.recipe import again, sound, steady

RECIPES = {
    "riser": sound(
        "A riser: a tone and a noise that climb and grow for seconds, and stop at their height.",
        (0.0, 1.0, tone(2.4, (110, 260, 1300), RICH[:8], 0.97, vibrato=(8.0, 0.01))),
        (0.0, 0.7, air(2.4, (300, 6000), 0.97)),
        (0.0, 0.4, tone(2.4, (220, 520, 2600), SOFT, 0.97, tremolo=(15.0, 0.7))),
        every_s=3.0,
    ),
    "downlifter": sound(
        "A fall: a noise and a tone that sink for seconds and thin out.",
        (0.0, 1.0, tone(2.0, (1300, 260, 60), RICH[:8], 0.03)),
        (0.0, 0.7, air(2.0, (6000, 300), 0.03)),
        every_s=2.6,
    ),
    "boom": sound(
        "A cinematic boom: a blow so deep that it is felt, with a long tail.",
        (0.0, 1.0, tone(2.2, (62, 34), SOFT, 0.0)),
        (0.0, 0.7, thud(80, 0.3, 0.8)),
        (0.0, 0.5, scrape(2.4, "rumble", 0.08, 0.04)),
        (0.0, 0.15, burst("body", 0.6)),
        every_s=2.8,
        level_db=2,
    ),
    "sub_drop": sound(
        "A sub drop: a pure low tone that sinks below hearing.",
        (0.0, 1.0, tone(1.8, (120, 60, 28), (1.0, 0.2, 0.05), 0.05)),
        every_s=2.4,
        level_db=1,
    ),
    "braam": sound(
        "A braam: a wall of low brass that swells hard and holds.",
        *((0.0, 0.7, tone(2.2, (hz, hz, 0.99 * hz), RICH, 0.18, rough=0.2)) for hz in (55, 55.4, 82.4, 110.6)),
        (0.0, 0.5, thud(48, 0.6, 0.8)),
        every_s=3.0,
        level_db=2,
    ),
    "stinger": sound(
        "A stinger: strings that stab a clash of tones at once, and hold with a tremble.",
        *((0.0, 0.6, tone(1.5, (hz,), RICH, 0.06, vibrato=(6.5, 0.012), rough=0.25)) for hz in (220, 233, 466, 698)),
        (0.0, 0.7, thud(60, 0.5, 0.8)),
        every_s=2.2,
    ),
    "eerie": steady(
        "An eerie drone: tones that rub against each other and slide, with breath in it.",
        (0.0, 1.0, sway(tone(None, (110, 112, 108, 110), RICH[:6], None, vibrato=(0.3, 0.01)), 1.6)),
        (0.0, 0.7, sway(tone(None, (116.5, 115, 118), RICH[:5], None), 1.3)),
        (0.0, 0.4, sway(tone(None, (880, 932, 870, 910), SOFT, None, vibrato=(5.0, 0.01)), 1.1, 0.95)),
        (0.0, 0.4, sway(voice(None, (100,), "u", 1.0, 0.0, 1.0, None), 1.0)),
        level_db=-3,
    ),
    "reversed": sound(
        "A reversed stroke: it grows out of nothing and is cut off at its loudest.",
        (0.0, 1.0, scrape(1.3, "hiss", 0.0, 0.98)),
        (0.0, 0.6, tone(1.3, (392, 392), RICH[:8], 0.98)),
        every_s=1.9,
    ),
    "cymbal": sound(
        "A cymbal crashes: a bright splash of metal that hisses for seconds.",
        (0.0, 1.0, burst("hiss", 2.2)),
        (0.0, 0.5, ring(740, "metal", 1.6)),
        (0.0, 0.5, burst("crack", 0.05)),
        every_s=1.6,
    ),
    "gong": sound(
        "A gong: a deep, broad stroke that blooms late and dies slowly.",
        (0.0, 1.0, ring(98, "metal", 3.2)),
        (0.0, 0.6, tone(2.6, (147, 146), (1.0, 0.5, 0.6, 0.4), 0.12)),
        (0.0, 0.25, air(1.8, (1500, 2500), 0.15)),
        every_s=3.2,
    ),
    "drum_roll": sound(
        "A drum roll: strokes so fast that they blur, growing, and one last blow.",
        (0.0, 1.0, series(burst("dry", 0.06), *(0.04 * i for i in range(36)))),
        (0.0, 0.5, scrape(1.5, "middle", 0.0, 0.95, (25.0, 0.7))),
        (1.5, 1.0, ring(185, "skin", 0.3)),
        (1.5, 0.9, burst("dry", 0.16)),
        every_s=2.4,
    ),
    "drum": sound(
        "A drum: a tuned skin that booms once.",
        (0.0, 1.0, ring(105, "skin", 0.6)),
        (0.0, 0.6, thud(78, 0.25, 0.5)),
        every_s=0.6,
    ),
    "shaker": again(
        "A shaker or tambourine: grains and jingles on the beat, one of them stronger.",
        (0.0, 1.0, scrape(0.09, "hiss", 0.0, 0.4)),
        (0.0, 0.5, grains(5, 0.08, ring(4800, "metal", 0.1))),
        (0.16, 0.5, scrape(0.07, "hiss", 0.0, 0.4)),
        every_s=0.33,
        level_db=-3,
    ),
    "strum": sound(
        "A guitar or lute chord, strummed from the lowest string to the highest.",
        *((0.028 * index, 0.8, ring(hz, "string", 1.5)) for index, hz in enumerate((110, 147, 220, 277, 330, 440))),
        every_s=1.7,
    ),
    "pluck": sound(
        "One string is plucked.",
        (0.0, 1.0, ring(220, "string", 1.3)),
        (0.0, 0.2, burst("dry", 0.012)),
        every_s=0.9,
    ),
    "glissando": sound(
        "A harp glissando: strings swept one after the other, up two octaves.",
        *(
            (0.055 * index, 0.7, tone(1.1, (196 * ratio * octave,), (1.0, 0.35, 0.12, 0.05), 0.0))
            for index, (octave, ratio) in enumerate(
                (octave, ratio) for octave in (1, 2, 4) for ratio in (1.0, 1.125, 1.25, 1.5, 1.6667)
            )
        ),
        every_s=2.2,
    ),
    "piano_chord": sound(
        "A chord on a piano: it is struck, and rings on.",
        *((0.0, 0.7, tone(2.0, (hz,), (1.0, 0.5, 0.28, 0.16, 0.1, 0.06), 0.0)) for hz in (131, 262, 330, 392)),
        (0.0, 0.12, burst("body", 0.03)),
        every_s=2.2,
    ),
    "orchestra_hit": sound(
        "The whole orchestra, one short blow.",
        *((0.0, 0.6, tone(0.6, (hz,), RICH, 0.04)) for hz in (65, 131, 196, 262, 311, 392, 523)),
        (0.0, 0.9, ring(82, "skin", 0.5)),
        (0.0, 0.4, burst("hiss", 0.5)),
        every_s=1.2,
    ),
    "bowed": again(
        "A bowed string: it speaks with a little grit, swells, and trembles.",
        (0.0, 1.0, tone(1.3, (294, 296, 294), RICH, 0.4, vibrato=(5.6, 0.012), rough=0.12)),
        (0.0, 0.12, scrape(1.3, "crisp", 0.01, 0.2)),
        every_s=1.6,
    ),
    "brass_call": sound(
        "A trumpet or bugle call: three quick notes, and a high one that holds.",
        (0.0, 0.8, series(tone(0.14, (392,), RICH[:11], None), 0.0, 0.17, 0.34)),
        (0.51, 1.0, tone(0.9, (523, 524, 523), RICH[:11], 0.15, vibrato=(5.0, 0.006))),
        every_s=2.0,
    ),
    "flute_note": sound(
        "A flute: a soft, breathy note with a slow tremble.",
        (0.0, 1.0, tone(1.1, (587, 588), (1.0, 0.18, 0.06), 0.25, vibrato=(5.2, 0.008))),
        (0.0, 0.12, air(1.1, (1200,), 0.2)),
        every_s=1.5,
    ),
    "music_box": sound(
        "A music box: thin, high, plucked steel that plays a few notes.",
        *(
            (0.24 * index, 0.8, tone(0.9, (hz,), (1.0, 0.0, 0.15, 0.1), 0.0))
            for index, hz in enumerate((1047, 1319, 1568, 1319, 1760, 1568))
        ),
        every_s=2.2,
        level_db=-3,
    ),
    "accordion": sound(
        "An accordion: reeds that speak together, a little out of tune.",
        *((0.0, 0.6, tone(1.3, (hz,), RICH, 0.3)) for hz in (262, 263.4, 330, 392, 393.7)),
        every_s=1.8,
    ),
    "organ_chord": sound(
        "A chord on an organ: it stands like a wall.",
        *((0.0, 0.6, tone(2.2, (hz,), (1.0, 0.7, 0.3, 0.5, 0.0, 0.2, 0.0, 0.3), None)) for hz in (131, 262, 311, 392)),
        every_s=2.8,
    ),
    "didgeridoo": again(
        "A didgeridoo or throat: a deep drone whose vowels move.",
        (0.0, 1.0, voice(1.9, (68, 68), "uoieou", 1.2, 0.3, 0.1, 0.4)),
        every_s=2.0,
    ),
    "xylophone": sound(
        "A xylophone or marimba: quick wooden notes, up.",
        *((0.09 * index, 0.9, ring(hz, "wood", 0.3)) for index, hz in enumerate((523, 659, 784, 1047))),
        (0.36, 0.4, tone(0.3, (1047,), HOLLOW, 0.0)),
        every_s=1.2,
    ),
}
