"""Words for what lives: animals, monsters, people, fights.

Before the semicolon stand words that name a sound or an act, in any of their forms; after it things, which stand for
their usual sound where nothing beside them says what they do.
"""

from __future__ import annotations

LIVING: dict[str, dict[str, str]] = {
    "creatures": {
        "bark": "bark, woof, yap, arf; dog, hound, puppy, fox, hyena, jackal",
        "birds": "birdsong, bird song, dawn chorus; bird, songbird, sparrow, robin, seagull, gull, finch, blackbird, "
        "nightingale, canary, thrush, flock, lark, wren, starling, bluebird, tern",
        "breath": "breath, breathe, breathing, pant, sigh, exhale, out of breath, hyperventilate",
        "crickets": "; cricket, cicada, grasshopper, katydid",
        "frogs": "croak, ribbit; frog, toad, bullfrog, amphibian",
        "growl": "growl, snarl; monster, beast, creature, bear, cougar, hellhound, fiend",
        "heartbeat": "heartbeat, heart beat, pulse, heart pounding; heart",
        "howl": "howl; wolf, coyote, werewolf, husky",
        "insects": "insect swarm; insect, bee, housefly, mosquito, wasp, hornet, bumblebee, gnat, dragonfly, hive, "
        "beehive, swarm, fly buzzing",
        "owl": "hoot; owl",
        "wings": "flap, flapping, flutter, wing flap, wingbeat, take flight; wing, pterodactyl, butterfly, moth",
    },
    "beasts": {
        "neigh": "neigh, whinny, nicker; horse, pony, mare, stallion, foal, zebra, unicorn, steed, centaur, pegasus",
        "gallop": "gallop, canter, trot, clip clop, hoofbeat, horse riding, cavalry, stampede; hoof, hooves",
        "cat": "meow, miaow, miaou, yowl, caterwaul; cat, kitten, kitty, feline",
        "purr": "purr",
        "hiss": "animal hiss; vampire, possum, goanna",
        "cow": "moo; cow, cattle, bull, ox, oxen, calf, buffalo, bison, yak, livestock, farm animal",
        "sheep": "bleat, baa; sheep, goat, lamb, ram, ewe, llama, alpaca, billy goat",
        "pig": "oink; pig, boar, hog, piglet, swine, warthog, sow",
        "donkey": "bray, hee haw; donkey, mule, camel",
        "whimper": "whimper, whine",
        "roar": "roar, bellow; lion, tiger, leopard, panther, jaguar, dinosaur, t-rex, trex, tyrannosaurus, rex, "
        "troll, "
        "ogre, giant monster, kraken, minotaur, demon, devil, yeti, bigfoot, behemoth, leviathan, cyclops, kaiju, "
        "walrus",
        "dragon": "; dragon, wyvern, drake, hydra, wyrm",
        "goblin": "; goblin, gremlin, imp, kobold, gnome, hobgoblin, leprechaun, pixie, minion, dwarf",
        "orc": "; orc, uruk, barbarian, berserker, brute, warlord, caveman, neanderthal",
        "zombie": "; zombie, undead, ghoul, mummy, corpse, lich, infected",
        "ghost": "; ghost, phantom, spectre, specter, wraith, poltergeist, apparition, spirit, soul",
        "screech": "screech; raptor, velociraptor, harpy, gryphon, griffin, pterosaur, gargoyle, chimera",
        "alien": "; alien, extraterrestrial, martian, xenomorph",
        "elephant": "; elephant, mammoth, rhino, rhinoceros, hippo, hippopotamus",
        "monkey": "; monkey, ape, chimp, chimpanzee, gorilla, baboon, gibbon, primate, lemur, orangutan",
        "squeal": "; mouse, mice, rat, rodent, hamster, squirrel, guinea pig, bat, chipmunk, rabbit, bunny, mole, "
        "weasel, ferret, hedgehog, raccoon, beaver, otter, meerkat",
        "snake": "rattlesnake; snake, serpent, cobra, viper, reptile, lizard, crocodile, alligator, basilisk, "
        "medusa, python, gecko, iguana, salamander",
        "whale": "whale song, whalesong; whale, humpback, orca, sea monster",
        "dolphin": "; dolphin, porpoise, seal, sea lion, manatee, mermaid",
        "skitter": "skitter, scuttle, scurry, chitter; spider, cockroach, roach, scorpion, centipede, beetle, ant, "
        "insectoid, crab, tarantula, bug, lobster, arachnid, termite",
        "golem": "stomp, giant footstep, giant step, monster footstep; golem, colossus, titan, stone giant, treant, "
        "giant",
        "swarm": "; locust, bats, swarm of bats, bat colony",
    },
    "fowl": {
        "rooster": "cock a doodle doo, cock crow, cockcrow, cock crowing; rooster, cockerel",
        "chicken": "cluck; chicken, hen, poultry, fowl, chick, quail, pheasant, ostrich",
        "duck": "quack; duck, goose, geese, swan, mallard, duckling, pelican, flamingo, heron, crane bird",
        "crow": "caw; crow, raven, rook, jackdaw, magpie, vulture",
        "eagle": "; eagle, hawk, falcon, buzzard, osprey, bird of prey, phoenix, condor",
        "pigeon": "coo; pigeon, dove, turtledove",
        "cuckoo": "; cuckoo, cuckoo clock",
        "woodpecker": "; woodpecker",
        "parrot": "squawk; parrot, macaw, cockatoo, toucan, tropical bird, jungle bird, exotic bird, parakeet, budgie",
        "turkey": "gobble; turkey, grouse",
        "loon": "; loon, peacock, albatross, puffin, penguin, bittern, kookaburra",
    },
    "people": {
        "scream": "scream, shriek, wail, screaming in terror; banshee, victim",
        "shout": "shout, yell, holler, battle cry, war cry, warcry, call out, taunt; soldier, guard, knight, pirate, "
        "viking, warrior, wrestler, drill sergeant, coach",
        "laugh": "laugh, laughter, giggle, chuckle, haha, guffaw, chortle, snicker, titter, laughing; clown, jester, "
        "joker",
        "evil_laugh": "cackle, evil laugh, evil laughter, maniacal laugh, witch laugh, villain laugh; witch, "
        "villain, hag",
        "cry": "cry, sob, weep, mourn, blubber, lament; widow",
        "baby": "coo baby; baby, infant, toddler, newborn, nursery",
        "grunt": "grunt, exertion, exert, effort, pain, hurt, ouch, oof, strain, heave, wince, injured; enemy, "
        "player, hero, fighter",
        "moan": "moan, groan, agony, ache",
        "gasp": "gasp, inhale, startled, catch breath",
        "cough": "cough, clear throat, throat clear, throat clearing, wheeze, hack up",
        "sneeze": "sneeze, achoo, atchoo",
        "whisper": "whisper, mutter, mumble, hushed voice",
        "talk": "talk, speak, speech, dialogue, dialog, conversation, narrate, announce, voiceover, voice over; man, "
        "woman, person, npc, girl, boy, guy, lady, merchant, villager, narrator, announcer, teacher, wizard, king, "
        "queen, old man",
        "hum_tune": "sing, singer, sing along, yodel, hum a tune, humming a tune, lullaby, karaoke, serenade, chant, "
        "monks chanting, vocalise, a cappella; monk, nun, bard, opera",
        "yawn": "yawn, wake up, waking up",
        "snore": "snore, sleep, asleep, nap",
        "burp": "burp, belch",
        "hiccup": "hiccup, hiccough",
        "kiss": "kiss, smooch, lip smack, smacking lips, peck on the cheek; lip",
        "spit": "spit, spat, hock a loogie",
        "vomit": "vomit, puke, retch, throw up, throwing up, barf, nausea",
        "sniff": "sniff, sniffle, snort, snuffle, blow nose, nose blow",
        "whistling": "whistle, wolf whistle, human whistle, man whistling, whistling",
        "cheer": "cheer, hooray, hurrah, celebrate, crowd roar, ovation crowd; stadium, fans, audience, spectator, "
        "arena, sports crowd, concert, supporter",
        "boo": "boo, jeer, heckle, riot; mob, protest, protester",
        "crowd_gasp": "crowd gasp, audience gasp, oohs, aahs, crowd reaction",
        "children": "; child, children, kid, kids, playground, schoolyard, kindergarten, school",
    },
    "gore": {
        "punch": "punch, uppercut, jab, haymaker, headbutt, melee, fistfight, fight, brawl, boxing, beat up, pummel, "
        "kick, wallop, body hit, body blow, grapple, wrestle, tackle, martial arts, kung fu, karate; fist, boxer",
        "slap": "slap, smack, spank, high five",
        "body_fall": "body fall, bodyfall, body falling, fall down, falls down, falling down, falls over, fall over, "
        "body drop, knockdown, knock down, knockout, knocked out, faint, drop dead, falls to the ground, falls to "
        "the floor, die, death, ragdoll",
        "bone": "bone break, bone crunch, bone crack, bone snap, neck snap, break bone, broken bone, fracture; bone, "
        "joint, knuckle, spine, rib, neck",
        "rattle": "bone rattle, rattle bones, bones rattling; skeleton, skull, bones",
        "flesh": "gore, gory, dismember, disembowel, flesh tear, mutilate, gush, decapitate, behead, maul, gib, "
        "gibs, bleed; flesh, guts, entrails, meat, viscera, blood, wound, intestine, brain, organs, eyeball, carcass",
        "stab": "stab, impale, pierce, slice, backstab, gouge, skewer, throat slit, cut flesh, assassinate, "
        "lacerate; knife, dagger, stiletto",
        "splat": "splat, splatter, squash, squish bug, splodge, splotch; tomato, pie, cream pie, custard pie, jam",
        "slime": "slime, slimy, ooze, squish, squishy, squirm, slither, gloop; goo, gooey, blob, jelly, gelatinous, "
        "mucus, tentacle, worm, slug, snail, octopus, squid, leech, maggot, larva, amoeba, parasite",
        "squelch": "squelch, muddy; mud, quicksand, sludge, bog, manure, clay",
        "gulp": "gulp, swallow, guzzle, chug",
        "crunch": "crunch, bite, eat, chew, munch, chomp, nibble, gnaw, devour, crunchy, crush; food, candy, sweets, "
        "apple, carrot, "
        "celery, cracker, cookie, biscuit, cereal, popcorn, snack, toast, lettuce, vegetable, meal, dinner, feast",
        "sip": "sip, drink, slurp, quaff, lick, lap up; beverage, soup, noodle, juice, milkshake, cocktail",
        "strangle": "strangle, choke, gag, suffocate, death rattle",
        "fart": "fart, flatulence, break wind, raspberry, whoopee cushion, toot",
    },
}
