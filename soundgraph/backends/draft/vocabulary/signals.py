"""Words for interfaces, games, trailers and single instruments.

See `living` for what the semicolon means.
"""

from __future__ import annotations

SIGNALS: dict[str, dict[str, str]] = {
    "tokens": {
        "beep": "beep, bleep, tone, ping, sonar, sine wave, test tone, censor beep; pager, pip, metal detector beep, "
        "checkout beep",
        "click": "click, tap, switch, snap, select, hover, toggle, mouse click, button press, press button, light "
        "switch, finger snap, tick box, mouse over, press a button, ui tap, clicky, focus; lightswitch, ballpoint, "
        "retractable pen, remote control, computer mouse",
        "coin": "coin, pickup, pick up, collect, loot, collectible, collectable, grab item, gain; money, gem, ruby, "
        "diamond, rupee, emerald, gold, point, score, token pickup",
        "confirm": "confirm, confirmation, success, accept, correct, ok, positive, submit, yes, save, saved, "
        "approve, agree, done, apply, right answer, successful, sent",
        "error": "error, wrong, fail, failure, denied, invalid, cancel, negative, buzzer, reject, refuse, wrong "
        "answer, incorrect, access denied, decline, delete, undo, locked out, forbidden, failed",
        "magic": "magic, magical, sparkle, spell, shimmer, twinkle, enchant, enchantment, glitter, bewitch, "
        "stardust, charm, glimmer; fairy, wand, pixie dust, crystal magic, fairy dust, magic wand, star, genie, "
        "mystical",
        "powerup": "powerup, power up, level up, levelup, upgrade, fanfare, bonus, achievement, reward, rank up, "
        "extra life, 1-up, one up, evolve, skill point, experience gained, xp gain, combo, high score, checkpoint; "
        "star power, mushroom powerup, trophy",
    },
    "signals": {
        "equip": "equip, unequip, put on, wear, swap weapon, weapon switch, switch weapon, weapon select, change "
        "weapon, armor up, armour up, draw weapon, weapon pickup, weapon equip",
        "inventory": "open inventory, open bag, bag open, open backpack, backpack open, item move, drag item, drop "
        "item, use item, craft item, crafting, craft; inventory, item, consumable, crafting table",
        "purchase": "purchase, buy, sell, cash register, checkout, transaction, payment, trade, cha-ching, ka-ching, "
        "kaching, cha ching, ka ching, barter, spend, paid; shop, vendor, till, store, auction, cashier, cash",
        "coins": "coin spill, pile of coins, coin drop, coins falling, coin shower, coin flip; coins, bag of coins, "
        "bag of gold, pouch of coins, piggy bank, poker chip, casino chip, wishing well",
        "countdown": "countdown, count down, race start, get ready, three two one, ready set go, timer countdown; "
        "timer, starting lights",
        "game_over": "game over, lose, loser, defeat, you lose, you died, mission failed, level failed, sad "
        "trombone, lost game, lost, failed mission, game lost, run out of time",
        "victory": "victory, win, winner, you win, triumph, level complete, stage clear, mission complete, quest "
        "complete, congratulations, complete, completed, finish line, quest completed, level completed, boss "
        "defeated, champion, task complete",
        "open_menu": "open menu, menu open, popup, pop up, panel open, expand, pause, slide in, open panel, "
        "dropdown, open window, zoom in, menu appear, tab open, open map, menu slide, pop-up",
        "close_menu": "close menu, menu close, resume, unpause, go back, back button, close panel, panel close, exit "
        "menu, minimise, minimize, close window, zoom out, dismiss, log out, menu back, quit",
        "unlocked": "unlock achievement, item unlocked, new item, discover, discovery, secret found, puzzle solved, "
        "solve puzzle, quest accepted, new quest, hint, quest start, achievement unlocked, puzzle solve, quest "
        "update, objective complete; secret, quest, clue, puzzle, objective",
        "alert": "alert, warning, attention, low health, caution, warn, danger warning, proximity alert, "
        "countermeasure, spotted, enemy alert, detected, stealth detected, low ammo, exclamation, error alert",
        "damage": "damage, take damage, player hurt, lose life, lose health, health loss, life lost, hp loss, hit "
        "marker, hitmarker, hurt sound, critical hit, hit taken",
        "blip": "blip, text blip, dialogue blip, text scroll, scroll, typewriter text, navigate, cursor, menu move, "
        "cursor move, menu navigation, list item, menu scroll, highlight, page scroll; checkbox, slider tick, "
        "tooltip, radio button, tab",
        "arcade": "chiptune, bleep bloop, retro game, 8-bit, 8 bit, 16-bit, insert coin; arcade, video game, pixel, "
        "game boy, game console, arcade machine, arcade cabinet, pac-man, space invaders, retro, tetris, videogame, "
        "toy electronic",
        "slot_machine": "jackpot, slot spin, one armed bandit; slot machine, casino, fruit machine, gambling, "
        "pachinko, slots, wheel of fortune, lottery",
        "pinball": "; pinball, pinball machine, bumper, flipper, air hockey, foosball",
        "referee": "referee whistle, police whistle, sports whistle, whistle blow, whistle blast, coach whistle, "
        "blow whistle, foul whistle, kick off whistle, lifeguard whistle; referee, umpire, linesman, dog whistle",
        "kettle": "kettle whistle, kettle boil; kettle, teapot, tea kettle, pressure cooker",
        "clapperboard": "clapperboard, clapper board, castanets, clave; claves, castanet, film slate, woodblock, "
        "wood block, slapstick prop",
        "doorbell": "doorbell, door bell, door chime, ding dong; airport announcement, shop bell, store bell",
        "alarm_bell": "alarm bell, school bell, fire bell, alarm clock, fire alarm, class bell, bell alarm, electric "
        "bell, recess bell; bell ringer, phone bell, prison alarm",
    },
    "designed": {
        "riser": "riser, uplifter, build up, buildup, crescendo, tension rise, tension riser, swell, rise up, whoosh "
        "up, riser effect, rising",
        "downlifter": "downlifter, downer, fall sweep, descend, descending, down sweep, wind down, synth fall",
        "boom": "cinematic boom, deep boom, sub boom, bass boom, trailer boom, cinematic hit, cinematic impact, "
        "trailer hit, trailer impact, low boom, deep impact, dramatic boom, dramatic hit, slam hit trailer; "
        "cinematic, trailer",
        "sub_drop": "sub drop, bass drop, sub bass, bass dive, 808, sub hit, sub rumble, low frequency; subwoofer, "
        "infrasound",
        "braam": "braam, bwaam, inception, brass blast, trailer horn, brass hit, bram",
        "stinger": "stinger, jump scare, jumpscare, scare, horror sting, sting, suspense hit, horror hit, dramatic "
        "sting, orchestral sting, horror stab, dun dun dun, shock sting, revelation",
        "eerie": "eerie drone, horror drone, horror ambience, eerie ambience, dark ambient, dark ambience, haunted "
        "ambience, tension drone, scary ambience, creepy ambience, spooky ambience",
        "reversed": "reverse, reversed, rewind, backwards, reverse cymbal, reversed cymbal, suck back, backmasked",
        "cymbal": "cymbal crash, crash cymbal, cymbal roll; cymbal, hi-hat, hi hat, ride cymbal",
        "gong": "gong hit, gong strike; gong, tam tam, tam-tam",
        "drum_roll": "drum roll, drumroll, snare roll, rimshot, ba dum tss, drum fill; snare drum, marching drum, "
        "military drum",
        "drum": "drum hit, drum beat, drumming, tribal drum; drum, tom, timpani, taiko, bongo, conga, djembe, kick "
        "drum, bass drum, percussion, war drum, drum loop, drum kit, tabla, drummer, snare, beatbox, cajon, drums",
        "shaker": "; shaker, maraca, tambourine, rainstick, rain stick, egg shaker, cabasa, guiro",
        "strum": "strum, guitar strum, guitar chord, chord; guitar, lute, banjo, ukulele, mandolin, electric guitar, "
        "acoustic guitar, bass guitar, autoharp",
        "pluck": "pluck, string pluck, twang, plucked string, pizzicato; koto, sitar, zither, lyre, dulcimer, "
        "shamisen, oud",
        "glissando": "glissando, gliss, harp glissando, harp run, dream sequence, flashback; harp",
        "piano_chord": "piano chord, piano note, piano hit, piano key; piano, harpsichord, grand piano, rhodes, "
        "clavichord, synth, synthesizer, keytar",
        "orchestra_hit": "orchestra hit, orchestral hit, ta-da, tada, ta da, orchestra tuning, big finish; "
        "orchestra, orchestral, symphony, band, big band, musical, music, song, melody, jazz band",
        "bowed": "bowed, violin screech, violin stab, psycho strings; violin, viola, cello, fiddle, double bass, "
        "strings, string section, hurdy gurdy, erhu",
        "brass_call": "trumpet call, bugle call, brass fanfare, royal fanfare, trumpet fanfare; trumpet, bugle, "
        "trombone, tuba, cornet, brass, saxophone, sax, brass band, royal trumpet",
        "flute_note": "flute trill, flute melody; flute, recorder instrument, pan pipe, panpipe, ocarina, clarinet, "
        "oboe, woodwind, tin whistle, pan flute, bassoon, piccolo, bamboo flute",
        "music_box": "music box, musicbox, ballerina box; ice cream truck, ice cream van, toy piano, music box tune, "
        "mobile toy",
        "accordion": "; accordion, harmonica, bagpipe, harmonium, concertina, melodica, squeezebox, bagpipes",
        "organ_chord": "; organ, church organ, pipe organ, calliope, hammond",
        "didgeridoo": "throat singing, mongolian throat; didgeridoo, shaman",
        "xylophone": "; xylophone, marimba, vibraphone, kalimba, steel drum, thumb piano, steelpan, balafon, toy "
        "xylophone",
    },
}
