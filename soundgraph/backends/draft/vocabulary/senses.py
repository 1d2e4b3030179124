"""Words that count less beside others, or not at all, and sounds that stand in some relation to others."""

from __future__ import annotations

from soundgraph.backends.draft.vocabulary.lines import listed

# What would be taken for something that it is not. Matched before all else, and skipped.
SILENT = (
    "tree bark, bow of the, bow of a, bow tie, take a bow, takes a bow, bows politely, key of, in the key, key "
    "moment, rock music, rock song, rock and roll, rock n roll, house music, metal music, heavy metal music, trap "
    "music, drum and bass, drum n bass, land of, row of, train a, train your, train the, train my, train his, train "
    "her, train him, train hard, to train, training, trained, train of thought, sea bass, fish scale, fish scales, "
    "bear in mind, bear with, bear the, bearing, bearings, ball bearing, ball bearings, light year, light years, fan "
    "of, match point, duck under, duck down, duck behind, ducks under, ducks down, ducking, seal of, sealed, watch "
    "out, watch the, watching, wave goodbye, waves goodbye, wave at, waves at, spell check, boot camp, tank top, "
    "pool of, sound of music, film score, film music, school of thought, point of, hit song, hit single, hot dog, "
    "egg on, saw a, saw the, i saw, we saw, bat an eye, cat walk, box office, ring finger, star wars, crash course, "
    "key to success, string of, jam session, spirit of, in the spirit, iron man, cook book, cold fish, big fish, fly "
    "me, nail polish, hair spray can, dead sea, head of state, in time with, right now, plane of, web page, home "
    "page, landing page, front page, title page, foot the bill, bank note, note that, board meeting, light hearted, "
    "kick off, kickoff, break even, clock speed, break dance, ring road, ring of, minor key, belly dance, major key, "
    "key signature, stage fright, bug fix, bug report, scale model, bass fishing, cricket club, rock bottom"
)

# Things that follow these are where something happens, and not what happens.
LANDMARKS = frozenset(
    listed(
        "above, across, against, along, around, at, behind, below, beneath, beside, between, by, down, for, from, "
        "in, inside, into, near, of, off, on, onto, over, past, through, to, toward, towards, under, up, upon, "
        "within"
    )
)
# Of those, the ones after which a thing is hit and does not break itself.
STRUCK = frozenset(listed("against, off, on, onto, upon"))
# Acts that only say that another thing sounds: they count where nothing beside them does.
VAGUE = frozenset(
    listed(
        "activate, beep, blast, blow, burst, buzz, call, charge, click, close, electric, electrical, flow, fly, fly "
        "by, flyby, handle, handling, hum, idle, loop, noise, open, pass, pass by, passing by, play, push, ring, "
        "roll, rumble, run, running, rush, rustle, shoot, shot, sound, start, stop, turn, whistle"
    )
)
# Acts that say what another act does: they count where no other act stands beside them.
GENERAL = frozenset(
    listed(
        "bang, bounce, bump, creak, drag, drip, drop, grind, hit, impact, launch, pop, pulse, rattle, release, rip, "
        "rub, scrape, shake, slide, snap, spin, splash, squeak, squeal, step, strike, swing, tap, throw, thud, walk"
    )
)
# What a sound means instead where another is in the same prompt: (the other, the sound) to what it means.
TOGETHER: dict[tuple[str, str], str] = {
    ("static", "squelch"): "radio_voice",
    ("radio_voice", "squelch"): "radio_voice",
    ("reload", "fire"): "gunshot",
    ("laser", "gunshot"): "laser",
    ("phone", "coin"): "latch",
    ("heartbeat", "dash"): "heartbeat",
    ("train_whistle", "gulp"): "steam_engine",
}
# Sounds that go on around others: their words do not say what a thing beside them does.
BEDS = frozenset(
    listed(
        "birds, boo, breath, cheer, crickets, crowd, eerie, fire, flood, frogs, hail, heartbeat, hum, insects, "
        "ocean, rain, static, stream, thunder, tornado, underwater, wind"
    )
)
# Sounds that lead up to another: what is named after one follows it.
APPROACHES = frozenset(
    listed(
        "arrow, bow, cast, charging, countdown, dash, drum_roll, falling, flyby, fuse, jump, launch, passby, "
        "reversed, riser, whoosh"
    )
)
