"""Words of music, and what they stand for: moods, tempi, instruments and scales."""

from __future__ import annotations

# A mood: the scale it prefers, beats a minute from and to, the energy from 0 to 1, and its words.
MOODS: dict[str, tuple[str, tuple[int, int], float, str]] = {
    "calm": (
        "major",
        (64, 80),
        0.2,
        "calm, peaceful, relaxing, gentle, soft, quiet, dreamy, meditative, lullaby, soothing, serene, tranquil, "
        "ambient chill, mellow, sleepy, slumber, zen, spa",
    ),
    "dark": (
        "minor",
        (68, 88),
        0.4,
        "dark, ominous, gloomy, grim, creepy, eerie, horror, scary, sinister, mysterious, dungeon, haunting, spooky, "
        "evil, crypt, cave, haunted, doom, foreboding, brooding, villain",
    ),
    "epic": (
        "minor",
        (96, 120),
        0.9,
        "epic, heroic, battle, boss, cinematic, trailer, war, powerful, dramatic, combat, majestic, grand, anthemic, "
        "fight, glorious, victorious, royal, intense, siege, final boss",
    ),
    "happy": (
        "major",
        (112, 132),
        0.7,
        "happy, cheerful, joyful, upbeat, playful, bright, fun, uplifting, triumphant, victory, hopeful, funny, "
        "silly, quirky, whimsical, celebration, party, comedic, comic, goofy, cute, sunny, kids, childlike",
    ),
    "sad": (
        "minor",
        (60, 76),
        0.2,
        "sad, melancholic, melancholy, sorrow, lonely, mournful, tragic, emotional, nostalgic, bittersweet, grief, "
        "funeral, longing, heartbreaking, wistful, game over",
    ),
    "tense": (
        "phrygian",
        (100, 124),
        0.7,
        "tense, suspense, tension, chase, anxious, urgent, dangerous, danger, stealth, action, thriller, spy, heist, "
        "sneaking, pursuit, uneasy, nervous, ticking, panic, escape",
    ),
    "warm": (
        "major",
        (84, 104),
        0.4,
        "warm, romantic, village, pastoral, cozy, town, folk, adventure, exploration, magical, fantasy, cosy, inn, "
        "homely, love, hearth, shop, farm, nature, magic, forest, fairytale, fairy tale, journey",
    ),
}

# Beats a minute from and to.
TEMPI: dict[str, tuple[tuple[int, int], str]] = {
    "slow": ((58, 74), "slow, slowly, adagio, largo, lento"),
    "medium": ((88, 104), "medium, moderate, andante, mid-tempo, midtempo"),
    "fast": ((128, 152), "fast, quick, energetic, driving, allegro, presto, rapid, frantic"),
}

INSTRUMENTS: dict[str, str] = {
    "bass": "bass, bassline, bass guitar, upright bass, double bass, contrabass, sub bass",
    "bells": "bell, celesta, music box, glockenspiel, chime, vibraphone, marimba, xylophone, steel drum, steelpan, "
    "tubular bells, gamelan",
    "brass": "brass, horn, trumpet, trombone, tuba, saxophone, sax, bugle, cornet, horn section, brass band, fanfare",
    "choir": "choir, chorus, voice, vocal, chant, monk, singer, singing, vocals, gregorian, a cappella, chanting",
    "distortion": "distorted guitar, electric guitar, power chord, overdrive, riff, shredding, heavy guitar",
    "drums": "drum, percussion, beat, drumkit, taiko, timpani, rhythm, drums, bongo, conga, djembe, tabla, snare, "
    "shaker, tambourine, breakbeat drums",
    "flute": "flute, whistle, ocarina, recorder, clarinet, oboe, woodwind, pan flute, pan pipes, tin whistle, "
    "bagpipes, bassoon, piccolo, bamboo flute, shakuhachi, whistling",
    "guitar": "guitar, lute, banjo, ukulele, mandolin, acoustic guitar, bouzouki, oud, charango, lyre, strum",
    "harp": "harp, pluck, plucked, kalimba, zither, harpsichord, koto, sitar, shamisen, guzheng, dulcimer, "
    "pizzicato, pipa",
    "lead": "synth, synthesizer, lead, arpeggio, melody, arp, chiptune lead, theremin",
    "organ": "organ, accordion, harmonium, church organ, pipe organ, bagpipe, hammond, bandoneon, concertina, "
    "harmonica",
    "pad": "pad, ambient, drone, atmosphere, atmospheric, ambience, soundscape, texture",
    "piano": "piano, keys, keyboard, rhodes, electric piano, honky tonk, clavinet, celeste piano",
    "strings": "string, violin, viola, cello, quartet, violins, fiddle, double strings, orchestral strings, string "
    "section, string quartet, erhu",
    "wobble": "wobble, wobble bass, growl bass, reese, acid bass, 303",
}

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

# After these, nobody plays who was not named.
ALONE = "solo, only, just, alone, unaccompanied, a cappella, single, lone"
