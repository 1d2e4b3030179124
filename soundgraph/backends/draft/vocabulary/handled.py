"""Words for things in the house and in the hand, and for what they are made of.

See `living` for what the semicolon means.
"""

from __future__ import annotations

HANDLED: dict[str, dict[str, str]] = {
    "foley": {
        "applause": "applause, clap, clapping, ovation",
        "clang": "clang, clash, sword fight, swordfight, fencing, sword hit, metal impact, metal hit, metal bang; "
        "sword, blade, armour, armor, shield, katana, sabre, saber, rapier, axe blade, spear, mace, halberd, scythe, "
        "polearm, trident, flail, warhammer, longsword, greatsword, broadsword, shortsword, cutlass, scimitar",
        "crowd": "chatter, murmur, walla, babble, hubbub, gossip, people talking, crowd talking; crowd, people, "
        "voice, public, group, passenger, tourist, pedestrian",
        "door": "door open, door close, door opening, door closing; door, gate, hinge, trapdoor, doorway",
        "footsteps": "footstep, step, footfall, walk, running, marching, march, tiptoe, jog, stroll, pace, walking, "
        "run up, running feet, run away, sprint, tread, shuffle feet, high heels, stairs; boot, shoe, sneaker, feet, "
        "foot, heel, slipper, sandal, paw",
        "glass": "shatter, shattering, glass break, glass smash; glass, bottle, mirror, lightbulb, light bulb, "
        "windscreen, windshield, lens, glassware, chandelier",
        "impact": "impact, hit, thud, thump, smash, bang, bash, bump, whack, whomp, strike, pound, drop, collide, "
        "slammed into, thunk, knock over",
        "whoosh": "whoosh, swish, swoosh, swing, swipe, sweep, pass by, transition, whip pan, slash, throw, toss, "
        "twirl, spin, whirl, swirl, fly past, whirr past, fling, hurl; boomerang, frisbee, lasso, staff, baton",
    },
    "household": {
        "lock": "lock, unlock, lockpick, lock pick, lockpicking, key turn, turn key, deadbolt; key, padlock, "
        "keyhole, safe, bank vault, handcuff, combination lock",
        "jingle": "jingle, jangle, tinkle; keys, keyring, key ring, keychain, jewellery, jewelry, bracelet, "
        "necklace, sleigh bell, trinket, spurs, cutlery, fork, spoon, silverware, dog tag, earring, medal",
        "chains": "chain rattle, drag chain; chain, shackle, manacle, chainmail, drawbridge, portcullis, anchor",
        "chest": "chest open, open chest; chest, treasure chest, treasure, lid, coffin, casket, trunk, loot box",
        "drawer": "; drawer, filing cabinet, dresser, cabinet, cupboard, wardrobe, closet, locker, fridge, "
        "refrigerator door",
        "window": "window open, window close, window slide; window, sash, porthole, windowpane, skylight",
        "shutters": "; shutter, blinds, venetian blind, garage door, roller door, awning, turnstile",
        "knocking": "knock, knocking, rap on, knuckles on; door knocker",
        "slam": "slam, slam shut, door slam, slams shut",
        "creaking": "creak, creaking, creaky, floorboard; floorboards, old house, staircase, rocking chair, swing set",
        "furniture": "; chair, furniture, sofa, couch, stool, bench, bed, desk, table, cushion, mattress, office chair",
        "box": "; box, crate, package, parcel, suitcase, luggage, container, bin, carton, lunchbox, barrel, cask, "
        "trash can, dustbin, wooden box, garbage",
    },
    "objects": {
        "paper": "page turn, turn page, page turning, turning page, page flip, flip page; paper, page, letter, "
        "envelope, newspaper, map, document, parchment, cardboard, magazine, leaflet, poster, receipt, banknote, "
        "mail, paperwork",
        "crumple": "crumple, crinkle, scrunch, wrap, unwrap, wrinkle; wrapper, cellophane, plastic bag, foil, crisp "
        "packet, bubble wrap, packaging, wrapping",
        "tear": "rip, shred, tear up, tear apart, tear paper, tearing, torn",
        "cloth": "rustle, clothing, cloth, undress, get dressed, fabric; clothes, garment, cloak, cape, dress, "
        "sleeve, shirt, sheet, blanket, curtain, towel, silk, robe, coat, jacket, jeans, denim, uniform, costume, "
        "pillow, textile, linen, canvas, trousers, sock, hat, scarf, veil, laundry basket",
        "flag": "; flag, sail, tarp, tarpaulin, tent, parachute, banner, kite, umbrella",
        "leather": "leather; saddle, belt, glove, strap, wallet",
        "rope": "; rope, grappling hook, grapple hook, cord, noose, rigging, hammock, cable, tether, bungee, net",
        "squeak": "squeak, squeaky, squeal, rubber; eraser, wiper, sneaker squeak, hamster wheel, marker pen",
        "squeaky_toy": "squeaky toy, rubber duck, rubber ducky, dog toy; toy, doll, teddy, teddy bear, plush",
        "gear": "rummage, gear up, strap in; gear, equipment, backpack, rucksack, buckle, harness, holster, kit, "
        "pouch, bag, purse, handbag, satchel, tack, bridle, vest, tactical, seatbelt, seat belt, stretcher, helmet",
        "book": "; book, tome, spellbook, journal, notebook, diary, textbook, novel, binder, folder",
        "writing": "write, writing, scribble, sketch, sign name, draw a picture; pen, pencil, chalk, quill, crayon, "
        "ink",
        "scissors": "scissor, snip, shear, shears, haircut, trim hair; clippers, secateurs, tweezers",
        "hands": "rub, caress, hug, handshake, grab, scratch, fumble, fidget, grip, pat, massage, hold hands, "
        "stroke, handle, clench, itch; hand, finger, skin, palm, beard, hair",
        "broom": "scrub, toothbrushing, brush teeth, sweep floor, sweep the floor, mop, polish, wipe, brush; broom, "
        "rake, toothbrush, comb, "
        "sponge, hairbrush, duster",
        "clink": "clink, toast glasses, glasses clinking; wine glass, champagne glass, champagne flute, goblet, ice "
        "cubes, test tube, vial, crystal, jar",
        "dice": "; dice, marble, domino, dominoes, board game, checkers, chess, token, pawn, backgammon, yahtzee, "
        "roulette",
        "cards": "shuffle, deal cards, card flip; card, playing card, deck of cards, poker, solitaire",
        "tape": "velcro, tape rip, duct tape; tape, sticky tape, sellotape, adhesive, bandage, sticker",
        "balloon": "balloon pop; balloon, blowing up a balloon, inflatable",
        "stretch": "stretch, elastic, rubber band, stretchy, twang back; slingshot elastic, latex, spandex",
        "match": "match strike, strike match, strike a match, striking a match, match lighting, light a match, match "
        "lit, matchstick, matches; lighter, zippo, cigarette, cigar",
        "cork": "uncork, open wine, open champagne; cork, champagne, bottle cap, bottle opening, soda bottle",
        "can": "soda can, can open, can opening, open can, beer can, drink can, ring pull, tin opener, can opener, "
        "cracks open",
        "plastic": "; plastic, bucket, tupperware, lego, pvc, hanger, tray, bottle plastic, cup plastic, crate "
        "plastic, pipe plastic, frisbee plastic, polystyrene, styrofoam",
    },
    "materials": {
        "wood_break": "splinter, wood break, wood snap, wood crack, break wood, breaking wood, timber break",
        "wood_knock": "wood knock, wood impact, wood hit; wood, log, plank, lumber, gavel, mallet, cane, walking "
        "stick, bamboo, bookcase",
        "twig": "twig snap, branch snap; twig, branch, stick, bark tree",
        "ice": "ice crack, ice break, ice cracking; ice, icicle, glacier, iceberg, frozen lake, ice floe, permafrost",
        "ceramic": "plate smash, plate break, break plate, pottery break",
        "crockery": "; plate, dish, cup, mug, bowl, pottery, porcelain, ceramic, vase, teacup, china, urn, "
        "tableware, dishes, saucer, teapot lid, crockery, amphora, flowerpot, tile ceramic, toilet lid",
        "rocks": "rockslide, rock slide, rock fall, rockfall, boulder roll, rolling boulder; rock, rocks, boulder, "
        "stone, cobble, gemstone, brick, meteorite",
        "stone_knock": "stone impact, rock impact, stone click, flint",
        "stone_drag": "stone drag, stone slide, stone door, stone grind; sarcophagus, tombstone, tomb, slab, statue, "
        "crypt, monolith, millstone, headstone",
        "collapse": "collapse, crumble, demolish, demolition, cave in, destruction, destroy, topple, ruin, building "
        "fall, wreckage, wrecking ball, implode; rubble falling, ruins",
        "crash": "crash, car crash, collision, car accident, pileup, smash into, derail, wreck",
        "metal_scrape": "metal scrape, scrape metal, scraping, nails on chalkboard, nails on a chalkboard, metal "
        "screech, scrape, grate",
        "metal_groan": "metal groan, metal stress, metal bend, hull stress, metal creak; girder, scaffold, shipwreck",
        "rattling": "rattle, clatter, shake, tremble, wobble; cutlery drawer, fence, cage, scaffolding, shelf, "
        "rattle toy",
        "pan": "; pan, saucepan, wok, cauldron, pipe, tin can, oil drum, frying pan, pot, metal bucket, cookware, "
        "washboard",
        "debris": "debris, rubble fall, rubble, shrapnel, scatter",
        "dig": "dig, shovel, burrow, excavate, bury, plough, plow, hoe, till soil, gardening; spade, trowel, grave, "
        "garden fork",
        "sand": "pour sand; sand, dirt, soil, gravel, dust, pebbles, earth, hourglass, grit, beans, seeds, rice, "
        "flour, salt",
        "snow_crunch": "snow crunch, snow step; snow, snowball, snowman, snowdrift, slush, powder snow",
        "leaves": "leaf rustle, leaves rustle, foliage rustle; leaf, leaves, foliage, bush, shrub, hedge, grass, "
        "vegetation, plant, tree, hay, straw, vine, undergrowth, fern, reeds, corn, crop, wheat, flower, moss, ivy, "
        "thicket, root, seaweed, cactus",
        "tree_fall": "tree fall, tree falling, falling tree, fell a tree, felling a tree, tree crash, tree felled, "
        "cut down tree",
    },
}
