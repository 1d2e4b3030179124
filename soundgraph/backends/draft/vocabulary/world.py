"""Words for the world at large: weather, water, earth and fire, movement, magic, weapons at work.

See `living` for what the semicolon means.
"""

from __future__ import annotations

WORLD: dict[str, dict[str, str]] = {
    "weather": {
        "bubbles": "bubble, bubbling, boil, boiling, simmer, brew; potion, aquarium, fish tank, kettle boiling, "
        "hookah, jacuzzi, hot tub, diving bubbles, witch cauldron, fish",
        "drip": "drip, dripping, water drop, leak, trickle, droplet; dripping tap, stalactite, drop of water",
        "fire": "fire crackle, burning, burn, ablaze; fire, flame, campfire, bonfire, torch, fireplace, ember, "
        "hearth, wildfire, candle, blaze, inferno, forest fire, log fire, brazier",
        "ocean": "; ocean, sea, wave, surf, beach, shore, tide, seaside, coast, breaker, shoreline",
        "rain": "rain, drizzle, downpour, rainfall, rainstorm, rainy, thunderstorm, storm, monsoon, cloudburst; "
        "raindrop, rain drop, shower",
        "splash": "splash, splashing, dive, plunge, belly flop, cannonball jump, water impact, jump in water, water "
        "splash, body splash; puddle, pool, swimming pool",
        "stream": "running water, flowing, flow, water flow; stream, river, brook, creek, waterfall, fountain, tap "
        "water, faucet, water tap, cascade, canal, pipe water, spring water, water pipe, gutter, garden hose, shower "
        "head, weir, lake, pond",
        "thunder": "thunder, lightning, thunderclap, thunderstorm, storm",
        "wind": "wind, howling wind, breeze, gust, blizzard, gale, rainstorm, storm, windy, draught, draft, "
        "sandstorm, snowstorm, whistling wind, dust storm, snowfall",
    },
    "earth": {
        "earthquake": "earthquake, quake, ground shake, ground shaking, seismic, ground rumble, tremor, earth "
        "shaking, ground crack",
        "lava": "; lava, magma, molten, molten rock, tar pit, mud pot, molten metal, fumarole, mud pool",
        "eruption": "erupt, eruption; volcano, volcanic, volcanic eruption",
        "geyser": "; geyser, hot spring, water jet, blowhole, fire hydrant, steam vent",
        "avalanche": "avalanche, landslide, mudslide, snow slide, rock avalanche, mud slide",
        "tornado": "tornado, hurricane, cyclone, typhoon, twister, whirlwind, tempest, superstorm",
        "flood": "flood, tsunami, tidal wave, deluge, dam break, rapids, torrent; whirlpool, maelstrom, floodwater, "
        "white water",
        "hail": "hail, sleet, hailstorm; hailstone",
        "sizzle": "sizzle, fry, frying, grill, cook, cooking, sear, barbecue, bbq, pan fry, deep fry, roast, "
        "searing; bacon, steak, stove, burger, kitchen, branding iron, egg, fryer, sausage",
        "fizz": "fizz, fizzy, dissolve, corrode, effervesce, chemical reaction, fizzle; acid, chemical, chemistry, "
        "soda, carbonated, beaker, lab, laboratory, foam, toxic, poison, corrosive, antacid, alka seltzer, sparkling "
        "water, test tubes, toxic waste, soap bubbles, shampoo, science lab, bubbly acid, beer foam, potion brewing",
        "pour": "pour, decant, refill, fill glass, fill a glass, pour drink; tea, coffee, wine, beer, milk, pitcher, "
        "jug, watering can, whisky, whiskey, oil pour, syrup, lemonade",
        "flush": "flush, drain water, water drain, drain, pull the plug; toilet, bathtub, bath, sink, plumbing, "
        "sewer, washbasin, plughole",
        "gurgle": "gurgle, glug, belly rumble, stomach growl, stomach rumble, tummy rumble; stomach, belly, "
        "digestion, drainpipe, water cooler",
        "swim": "swim, swimming, wade, tread water, backstroke, front crawl; swimmer, snorkel, water polo, fish "
        "swimming, surfer",
        "slosh": "slosh, swill, agitate water; liquid, bucket of water, water tank, fluid, bottle of water, canteen, "
        "flask, waterskin",
        "underwater": "underwater, submerge, submerged, deep sea; scuba, diver, ocean floor, seabed, abyss",
        "plop": "plop, splosh, stone in water, drop in water, plonk, bloop, kerplunk",
        "spray": "spray, spritz, spray paint, mist spray; spray can, aerosol, sprinkler, perfume, hairspray, nozzle, "
        "hose, atomizer, graffiti, deodorant, water gun, squirt gun, pressure washer",
        "ignite": "ignite, ignition flame, catch fire, flare up, light torch, light a torch, torch ignite, set fire, "
        "light a fire, fire whoosh, flame whoosh, combust, burst into flame, fire burst, flame burst, kindle; gas "
        "stove, flare, gas burner, pilot light",
        "flamethrower": "flamethrower, flame thrower, fire breath, fire breathing, breathe fire, breathes fire, "
        "dragon breath, jet of fire; blowtorch, blow torch, afterburner, burner, furnace, incinerator, gas torch, "
        "hot air balloon, kiln, bunsen burner",
        "firework": "firework, fireworks, pyrotechnic, skyrocket; roman candle, bottle rocket, catherine wheel",
        "firecracker": "firecracker, fire cracker; banger, cap gun, party popper, confetti, petard, popper",
        "fuse": "fuse, fuse burn, burning fuse, lit fuse; sparkler, bomb fuse",
    },
    "motion": {
        "jump": "jump, leap, hop, double jump, vault, pounce, backflip, frontflip; jump pad, trampoline, platformer, "
        "pogo stick, kangaroo",
        "land": "land, landing, touch down, touchdown, land on feet, land on ground",
        "dash": "dash, dodge, evade, lunge, boost, speed boost, zoom, rush, rushing past, sidestep, quick step, "
        "speed up, dart past, body rush, bodies rushing",
        "tumble": "tumble, dodge roll, roll over, forward roll, somersault, combat roll, cartwheel, body roll, roll "
        "on ground, barrel roll",
        "slide": "slide, glide, push along, drag, drag along, dragging, slither along; sled, sledge, toboggan, slider",
        "falling": "free fall, freefall, plummet, falling object, fall from, fall off, falls off, falling bomb, bomb "
        "drop, bomb falling, falling from, fall through the air, skydive",
        "climb": "climb, clamber, mantle ledge, scramble up, rappel, ledge grab; ladder, climber, mountaineer",
        "bounce": "bounce, dribble, bouncing ball, ball bounce, kick ball, rebound; ball, basketball, football, "
        "soccer, volleyball, ping pong ball, beach ball, tennis ball, dodgeball, handball, superball, netball, "
        "gymnast",
        "racket": "racket hit, bat hit, home run, volley, golf swing, golf drive, tee off, batting, cricket bat, bat "
        "crack, puck; racket, racquet, baseball, tennis, golf, hockey, ping pong, table tennis, badminton, snooker, "
        "billiard, billiards, pool cue, pool table, squash court, pool ball, lacrosse, croquet, cricket match, golf "
        "ball, baseball bat, sport, sports, rugby, gymnasium",
        "bowling": "bowling, bowl strike; bowling alley, skittles, bowling pin",
        "skate": "skate, skating, ski, skiing, snowboard, rollerblade, grind rail, ice skating; skateboard, ice "
        "skate, hockey stop, roller skate, scooter kick, ice rink",
        "boing": "boing, sproing, bouncy, cartoon spring, cartoon jump, cartoon bounce; jaw harp, jews harp, spring "
        "toy, ruler twang, diving board",
        "slide_whistle": "slide whistle, swanee whistle, cartoon fall, cartoon slip; cartoon, comic, slapstick, "
        "comedy, looney",
        "pop": "pop, popping, bubble pop, bubble burst, mouth pop, cartoon pop; bubblegum, bubble gum, popcorn pop",
        "zip": "zip, unzip, zip up, cartoon zip, zip by; zipper, sleeping bag, zips, fly zip",
    },
    "spells": {
        "teleport": "teleport, teleportation, blink away, warp in, warp out, beam up, vanish, disappear, "
        "materialise, materialize, phase shift, apparate, dematerialise, respawn, spawn, fast travel; teleporter, "
        "transporter",
        "portal": "; portal, rift, vortex, wormhole, stargate, dimension, black hole, dimensional gate, singularity, "
        "void, force vortex, gateway",
        "heal": "heal, healing, cure, restore, regenerate, regeneration, regen, revive, resurrect, resurrection, "
        "health up, replenish, rejuvenate, first aid, health pickup; health potion, healing potion, medkit, healer, "
        "health pack, medic, health, mana, elixir",
        "fireball": "fireball, fire ball, fire spell, flame spell, fire magic, firebolt, fire bolt, flame strike, "
        "pyroblast, incendiary; meteor, comet, elemental fire, fire elemental, asteroid",
        "freeze": "freeze, ice spell, ice magic, ice bolt, ice blast, frostbolt, frost bolt, frost nova, "
        "crystallise, crystallize, crystalize, freezing; frost, ice elemental, cryo",
        "cast": "cast, spellcast, spell cast, magic missile, magic bolt, magic attack, conjure, incantation, arcane "
        "blast, elemental, telekinesis, force push, energy ball, energy blast, energy burst, magic blast, "
        "magic burst; arcane, sorcery, sorcerer, mage, grimoire, rune",
        "summon": "summon, summoning, raise dead, raise the dead, necromancy, invoke, awaken, ritual; necromancer, "
        "occult, pentagram, seance",
        "curse": "curse, hex, dark magic, black magic, evil spell, dark spell, shadow magic, possess, jinx, evil "
        "magic, corruption, evil; voodoo, warlock, dark energy, shadow",
        "buff": "buff, strengthen, empower, enhance, stat up, stats up, attack up, defence up, defense up, enrage, "
        "haste",
        "debuff": "debuff, weaken, stun, slow effect, silence effect, paralyse, paralyze, daze, dizzy, confuse, slow "
        "down spell, stats down",
        "barrier": "barrier, force field, forcefield, energy shield, magic shield, ward, energy field, protective "
        "shield, shield up, shield activate, bubble shield, force shield; aura, electromagnetic field, containment "
        "field, plasma field",
        "charging": "charge, charge up, charging, recharge, gather energy, power charge, build energy, energy "
        "charge, powering up, overcharge",
        "poof": "poof, puff, smoke bomb, smoke puff, puff of smoke, cartoon poof, dust puff; smoke, smoke grenade, "
        "powder",
        "choir": "angelic, heavenly, hallelujah, choral, bless, blessing, miracle, ascend; angel, choir, divine, "
        "holy, halo, celestial, heaven, paladin, priest, holy light, seraph",
        "drain": "life drain, drain life, power drain, energy drain, mana drain, siphon, leech life, soul steal, "
        "absorb, lifesteal, battery dying",
    },
    "weapons": {
        "bow": "bow shot, bow draw, draw bow, bow release, bow fire, bowstring, archery, nock; bow, longbow, "
        "crossbow, archer, slingshot, blowgun",
        "arrow": "arrow fly, arrow flying, arrow flight, arrow pass, throwing knife, knife throw, throw knife; "
        "arrow, shuriken, dart, javelin, throwing star, ninja star, harpoon, tomahawk, crossbow bolt, projectile, "
        "throwing axe, throwing dagger, spear throw",
        "arrow_hit": "arrow hit, arrow impact, arrow strike, arrow stick, arrow thud",
        "sheathe": "sheathe, unsheathe, sheath, unsheath, draw sword, sword draw, draw a sword, draw blade, draw "
        "knife, knife draw, draw dagger, blade draw, brandish; scabbard",
        "whip": "whip, lash, whip crack, crack whip, flog; bullwhip, whiplash, riding crop, cat o nine tails",
        "chop": "chop, hew, cleave, chop wood, axe hit, axe chop, hack away; axe, ax, hatchet, cleaver, lumberjack, "
        "woodcutter, machete, butcher",
        "catapult": "catapult, trebuchet, ballista; siege, siege engine, siege weapon, battering ram, onager",
        "reload": "reload, gun cock, load gun, load weapon, rack slide, slide rack, pump shotgun, shotgun pump, "
        "magazine insert, magazine eject, insert magazine, gun handling, weapon handling, gun load, chamber round, "
        "bolt action, gun holster, draw gun; ammo, ammunition, gun magazine, clip magazine, gun mechanism, gun rack",
        "dry_fire": "dry fire, out of ammo, empty gun, empty clip, misfire, gun jam, gun click, empty "
        "click, empty chamber; trigger, gun safety, safety catch",
        "silenced": "silenced, suppressed, silencer, suppressor, silenced pistol, silenced gun",
        "ricochet": "ricochet, bullet bounce, deflect, bullet deflect, glance off, bullet hit, bullet impact, bullet "
        "strike",
        "flyby": "whiz, whizz, near miss, bullet pass, bullet whiz, bullet whizz, bullet by, bullet fly, flyby, fly "
        "by, zing, flypast; bullet, pellet, tracer, sniper bullet",
        "casing": "shell casing, bullet casing, shell drop, cartridge drop, shell eject; casing, cartridge, bullet "
        "shell, brass casing, gun shell",
        "shield_hit": "shield hit, shield block, shield bash, block, parry, armor hit, armour hit, shield impact, "
        "block attack; plate armor, plate armour, breastplate, gauntlet",
        "launch": "launch, rocket launch, missile launch, take off, takeoff, liftoff, lift off, blast off, grenade "
        "launch, rocket launcher; missile, rpg, bazooka, torpedo, grenade launcher, rocket propelled grenade",
    },
}
