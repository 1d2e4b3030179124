"""Words that describe a sound, say what it is made of or how often it comes, and places that stand for one."""

from __future__ import annotations

# (force, pace, pitch, distance), each from -1 to 1.
DESCRIBING: dict[str, tuple[tuple[float, float, float, float], str]] = {
    "loud": (
        (1.0, 0.0, 0.0, 0.0),
        "heavy, loud, strong, hard, violent, intense, powerful, torrential, fierce, raging, epic, thunderous, "
        "deafening, aggressive, brutal, furious, mighty",
    ),
    "soft": (
        (-1.0, 0.0, 0.0, 0.0),
        "soft, light, gentle, quiet, faint, subtle, mild, calm, weak, delicate, softly, gently, quietly, lightly, "
        "muted, hushed",
    ),
    "fast": (
        (0.0, 1.0, 0.0, 0.0),
        "fast, quick, rapid, hurried, brisk, running, rushing, sprinting, racing, quickly, rapidly, swift, short, "
        "speedy",
    ),
    "slow": (
        (0.0, -1.0, 0.0, 0.0),
        "slow, slowly, lazy, sluggish, leisurely, sneaking, long, drawn-out, lingering",
    ),
    "low": (
        (0.0, 0.0, -1.0, 0.0),
        "deep, low, big, large, huge, giant, massive, dark, bass, enormous, gigantic, low-pitched",
    ),
    "high": (
        (0.0, 0.0, 1.0, 0.0),
        "high, small, tiny, little, bright, thin, shrill, high-pitched, miniature, mini, baby",
    ),
    "far": (
        (-0.3, 0.0, 0.0, 1.0),
        "distant, distance, far, faraway, muffled, background, indoors, behind, outside, next door, upstairs, remote",
    ),
    "near": (
        (0.2, 0.0, 0.0, -1.0),
        "close, near, nearby, closeup, close-up, right here",
    ),
}

SURFACES: dict[str, str] = {
    "grass": "grass, leaves, leaf, forest, straw, grassy, hay, foliage, carpet",
    "gravel": "gravel, stones, pebbles, rubble, sand, dirt, pebble, sandy, beach, gravelly",
    "metal": "metal, steel, iron, tin, grating, metallic, copper, brass, aluminium, aluminum, bronze",
    "snow": "snow, snowy, ice, icy, frozen, slush",
    "stone": "stone, concrete, tile, marble, pavement, street, dungeon, asphalt, cobblestone, brick, rock, granite, "
    "sidewalk",
    "water": "water, puddle, mud, wet, muddy, swamp",
    "wood": "wood, wooden, timber, plank, parquet, floorboard, deck, hardwood, bamboo",
}

SEVERAL = (
    "several, many, repeated, repeatedly, series, multiple, burst of, bursts of, in bursts, machine gun, constant, "
    "continuous, barrage, various, continuously, lots, dozens, sequence, looping, loop, volley, rapid fire"
)
ONE = "single, one, once, lone, one-shot, oneshot"

# Places, and words that fit many sounds. They count only in a prompt that names nothing else: "forest" is birds and
# wind, "rainy forest" is rain; "a rumble" is thunder, "an engine's rumble" is not.
SETTINGS: dict[str, str] = {
    "birds": "chirp, chirping, tweet, forest, jungle, morning, garden, park, woods, woodland, countryside, farm, "
    "zoo, rural, rainforest, dawn, orchard, village, spring, tropical, daytime, nature, wildlife, suburban, "
    "neighborhood, backyard, sunrise",
    "clang": "metal, steel, iron, metallic, weapon hit",
    "click": "ui, menu, interface, button, user interface, option, icon",
    "crickets": "night, meadow, field, prairie, evening, summer, campsite, savanna, dusk, grassland, nighttime, "
    "midnight",
    "crowd": "tavern, market, restaurant, city, bar, pub, inn, cafe, mall, plaza, town, festival, bazaar, "
    "marketplace, party, lobby, museum, cafeteria, canteen, town square, supermarket, downtown, urban, library, "
    "theatre, theater, fair, classroom, banquet, wedding, nightclub, court, courtroom, reception, meeting",
    "drip": "cave, dungeon, cavern, tunnel, underground, sewer tunnel, catacomb, mine, grotto, subterranean",
    "fire": "crackle, crackling, camp, camping, fantasy inn",
    "frogs": "swamp, marsh, wetland, bayou",
    "hum": "ambience, ambient, room, interior, atmosphere, office, apartment, corridor, basement, house, background "
    "noise, bunker, warehouse, hallway, attic, bathroom, hangar, cellar, elevator interior, garage, sci-fi, scifi, "
    "futuristic, science fiction, electronic, studio, building, space",
    "impact": "contact, body, combat, object, prop, block of",
    "stream": "water, canal lock, rapid",
    "thunder": "rumble, rumbling",
    "wind": "forest, desert, mountain, outdoors, canyon, tundra, arctic, alpine, cliff, hill, valley, winter, moor, "
    "sky, altitude, antarctic, plains, wasteland, exterior, rooftop, steppe, autumn",
    "eerie": "eerie, creepy, spooky, haunted, haunting, horror, scary, unsettling, ominous, ethereal, nightmare, "
    "graveyard, cemetery, sinister, mysterious, suspense, tension, dread, dark ambience, paranormal, otherworldly, "
    "dissonant, gothic, dreamy, surreal, hallucination, drone texture, texture, spectral, psychological, abandoned, "
    "asylum",
    "cloth": "movement, move, motion, body movement, foley, human movement",
    "whoosh": "speed, attack, air, fast, designed, motion graphic, logo, flies past",
    "static": "noise, signal, broadcast, communication",
    "beep": "electronic sound, sound effect, device, gadget, medical",
    "rattling": "junk, scrap",
    "machine": "engineering, work",
    "tumble": "roll, rolling",
    "siren": "emergency",
    "cheer": "match, soccer match, football match, game crowd, festival crowd",
    "powerup": "game, positive feedback",
    "explosion": "destroyed, battle",
    "footsteps": "someone approaching, approach, patrol, stealth",
    "glass": "break, breaking, broken",
    "wood_knock": "wooden, timber",
    "ice": "icy",
    "fizz": "science, experiment",
}
