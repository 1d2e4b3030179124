"""Words for tools, machines and vehicles.

See `living` for what the semicolon means.
"""

from __future__ import annotations

WORKS: dict[str, dict[str, str]] = {
    "tools": {
        "hammer": "hammer, nail hammer; nail, sledgehammer, sledge hammer, carpenter, construction, construction "
        "site, carpentry, building site, workshop",
        "anvil": "smith, smithing, forge metal; anvil, blacksmith, forge, foundry, farrier",
        "pickaxe": "pick axe, mine ore, mining, chisel; pickaxe, miner, quarry, ore, sculptor",
        "saw": "sawing, saw wood; saw, hacksaw, handsaw, hand saw",
        "filing": "sandpaper, sand wood, sanding, filing, whittle, carve, plane wood; nail file, file, rasp, sander",
        "drill": "drill, power drill; dentist, screw gun, electric screwdriver, power tool, tattoo gun, router",
        "chainsaw": "chainsaw, chain saw; circular saw, buzz saw, table saw, hedge trimmer, sawmill, saw blade, wood "
        "chipper",
        "jackhammer": "jackhammer, jack hammer, pneumatic drill, road drill; riveter, hammer drill, roadworks, road "
        "works",
        "grinder": "grind, sharpen, angle grinder, whet, whetstone; grindstone, belt sander, lathe, knife sharpener",
        "ratchet": "ratchet, crank, winding, wind up, tighten, screw, unscrew; wrench, spanner, screwdriver, pliers, "
        "toolbox, tool, valve, socket wrench, wheel lock, bolt cutter, pepper mill, jack in the box, music box "
        "winding, fishing reel, reel",
        "gears": "mechanical, clockwork; gears, cog, cogs, cogwheel, mechanism, gearbox, automaton, puzzle box, "
        "pulley wheel",
        "lever": "pull lever, flip lever, gear shift, gear change, shift gear; lever, handbrake, throttle, breaker, "
        "circuit breaker, pressure plate, knife switch, crowbar, joystick, foot pedal",
        "latch": "unlatch, buckle up, fasten, cock hammer; latch, bolt, catch, clasp, clip, hatch, carabiner, hook, "
        "clamp, doorknob, door handle, door knob, knob, mailbox, letterbox, briefcase, relay",
        "spring": "coil spring, metal spring, spring release; springs, coil, doorstop, suspension, trampoline "
        "spring, slinky",
        "trap": "booby trap, spike trap, trap snap, snap shut; trap, bear trap, mousetrap, mouse trap, spikes, "
        "guillotine",
        "nail_gun": "staple, nail gun, rivet; nailgun, stapler, staple gun, hole punch, stamp, air gun",
        "welding": "weld, solder, arc weld; welder, plasma cutter, cutting torch",
        "winch": "hoist, winch; pulley, crane, windlass, capstan, zipline, zip line, ski lift",
    },
    "machinery": {
        "machine": "conveyor, assembly line, production line; machine, machinery, factory, industrial, loom, mill, "
        "sewing machine, windmill, apparatus, contraption, industry, treadmill, gym, vending machine, packing "
        "machine, mechanised, plant machinery, carousel, rollercoaster, roller coaster, fairground ride, amusement "
        "ride, refinery, oil rig, watermill, water wheel, exercise bike, ferris wheel, harvester, combine harvester, "
        "baler, cement mixer, power plant, turbine hall",
        "motor": "electric motor, motor start; motor, winder, electric window, power window, motorised, golf cart, "
        "starter motor, electric car, electric vehicle, stairlift",
        "servo": "servo, actuate, gimbal; actuator, robotic arm, robot arm, landing gear, prosthetic, lens zoom, "
        "turret turning, exosuit",
        "fan": "ventilate; fan, air conditioner, air conditioning, hvac, air vent, vent, extractor, heater, "
        "radiator, ceiling fan, wind turbine, computer fan, air duct, air con, desk fan, air filter",
        "vacuum": "vacuum, hoover, vacuuming; hair dryer, hairdryer, blender, mixer, food processor, juicer, leaf "
        "blower, shaver, razor, electric toothbrush, hand dryer, appliance, kitchen appliance, coffee grinder, "
        "garbage disposal",
        "washing": "; washing machine, dishwasher, laundry, tumble dryer, dryer, laundromat",
        "printer": "print, photocopy, fax; printer, photocopier, copier, plotter, dot matrix, atm machine, ticket "
        "machine, shredder",
        "pump": "pump, ventilator breathing, respirator; piston, bellows, plunger, compressor, iron lung, bicycle "
        "pump, syringe, oil pump, gas pump, petrol pump, milking machine",
        "pneumatic": "pneumatic, hydraulic, pressure door; hydraulics, airlock, lift gate, dumpster truck, mech "
        "door, recliner",
        "steam": "steam, hiss, gas leak, compressed air, air burst, air leak, air release, deflate, depressurise, "
        "depressurize, vent steam, pressure release, puncture, air blast, air blow, blow out, blow air, suck air, "
        "suction, squirt, air puff, blowing air; gas, pressure, extinguisher, fire extinguisher, air hose, exhaust, "
        "flat tyre, flat tire, espresso machine, coffee machine, boiler, air tank, fog machine, air valve, radiator "
        "hiss, inhaler",
        "steam_engine": "steam engine, steam train, steam locomotive; locomotive, traction engine, paddle steamer, "
        "steamboat",
        "elevator": "; elevator, lift, escalator, dumbwaiter, moving walkway, freight elevator",
        "ding": "ding, counter bell, hotel bell, service bell, desk bell, reception bell; microwave, oven, oven "
        "timer, toaster, egg timer, kitchen timer, triangle instrument",
        "mower": "mow; mower, lawn mower, lawnmower, strimmer, weed whacker, moped, scooter, go kart, petrol engine, "
        "two stroke, garden machine, snowmobile, atv, quad bike, dirt bike, generator petrol, snow blower, "
        "rototiller, vespa",
        "press": "stamping machine, hydraulic press, pile driver; press, crusher, compactor, trash compactor, forge "
        "press",
        "clanking": "clank, clunk; jail, prison, cell door, jail cell, dungeon door, iron gate, metal gate, metal "
        "door, boiler room, steel door, vault door",
        "clock_chime": "clock chime, clock strike, big ben; clock tower, westminster, mantel clock",
        "space_engine": "; spaceship, starship, spacecraft, reactor, mothership, space station, space shuttle, "
        "engine room, spaceship engine, shuttlecraft, star fighter, generator room, power core",
    },
    "machines": {
        "electric": "electric, electricity, electrical, spark, zap, short circuit, electrocute, shock, lightning "
        "bolt, lightning spell, static shock, electric arc; tesla, arc, tesla coil, jacobs ladder, plasma ball, "
        "battery, voltage, jumper cable",
        "engine": "engine idle, idle; engine, car, truck, vehicle, tractor, motorcycle, motorbike, generator, bus, "
        "van, lorry, taxi, jeep, automobile, hot rod, race car, racing car, diesel, limousine, ambulance engine, "
        "chopper bike, sports car, pickup truck, humvee",
        "explosion": "explosion, explode, exploding, blast, detonate, detonation, blow up, bombing, boom, kaboom, "
        "blow to pieces, shockwave, shock wave; bomb, grenade, dynamite, tnt, landmine, land mine, c4, cannon, "
        "artillery, mortar, nuke, warhead, molotov, battlefield, war, warfare, depth charge, barrel explosion, "
        "cannonball, tank shell, howitzer, airstrike",
        "gunshot": "gunshot, gun shot, shot, gunfire, shoot, shooting, gun fire, machine gun, sniper shot, fire a "
        "gun; gun, weapon, rifle, pistol, shotgun, firearm, revolver, musket, sniper, handgun, uzi, ak-47, minigun, "
        "smg, turret, chaingun, gatling gun, carbine, submachine gun, gatling, flintlock, blunderbuss, assault rifle, "
        "semi automatic, "
        "gunfight, shootout, firefight",
        "helicopter": "; helicopter, chopper, rotor, rotorcraft, apache helicopter",
        "hum": "hum, drone, ventilation, power supply, room tone, engine hum, roomtone; refrigerator, freezer, "
        "boiler hum, amplifier, electrical hum, ambience room",
        "laser": "laser, blaster, phaser, ray gun, pew, laser shot, plasma gun, plasma rifle, raygun, plasma bolt; "
        "sci-fi gun, railgun, disruptor, space gun, laser gun, energy weapon, sci-fi weapon, pulse rifle, cannon "
        "laser",
        "rocket": "jet engine, jet flyby, rocket engine, thrust; rocket, jet, plane, aircraft, thruster, turbine, "
        "airplane, aeroplane, airliner, jetpack, fighter jet, booster, airport, glider, jumbo jet, runway",
    },
    "vehicles": {
        "car_start": "car start, engine start, start engine, start the engine, start car, ignition, turn over "
        "engine; starter",
        "rev": "rev, accelerate, acceleration, burnout, throttle up, drag race, engine rev",
        "car_horn": "honk, car horn, vehicle horn, beep horn, truck horn, traffic horn",
        "car_door": "car door, vehicle door, truck door, taxi door, car trunk, glove box",
        "skid": "skid, tyre screech, tire screech, tyre squeal, tire squeal, swerve, drift car, brake hard, screech "
        "to a halt, handbrake turn, brake; tyre, tire, tyres, tires",
        "passby": "car pass, car pass by, drive by, drive past, drive away, traffic passing, car by, drive; traffic, "
        "highway, motorway, freeway, road, racetrack, race track, nascar, formula 1, street traffic",
        "plane": "propeller plane, plane flyover; biplane, propeller, seaplane, warplane, crop duster, cessna, "
        "propeller aircraft, spitfire, bomber plane, zeppelin, airship",
        "quadcopter": "quadcopter, drone flying, drone flyby, camera drone, rc plane, rc helicopter; hoverboard, rc "
        "car, drone copter, multicopter, remote control car, radio controlled car, toy helicopter",
        "train": "train pass, train passing; train, railway, railroad, tram, subway, metro, underground train, rail, "
        "monorail, train carriage, streetcar, tube train, boxcar, wagon train, train track, rail track, bullet "
        "train, high speed train",
        "train_whistle": "train whistle, steam locomotive whistle, steam train whistle, steam engine whistle, train "
        "horn, steam whistle, locomotive whistle, locomotive horn",
        "train_brake": "train brake, train stop, train arrive, train arrival, train screech",
        "boat": "; boat, motorboat, speedboat, ferry, outboard, jet ski, yacht, powerboat, trawler, hovercraft, "
        "airboat, fishing boat",
        "rowing": "rowing, row a boat, row boat, row the boat; oar, paddle, canoe, kayak, gondola, raft, rowboat, "
        "dinghy",
        "hull": "sail away, sailing, water lap, water lapping; ship, sailboat, hull, dock, pier, harbour, harbor, "
        "wharf, mooring, galleon, mast, pirate ship, buoy, jetty, marina, boat deck, sailing ship, sailing boat, "
        "houseboat, barge, pontoon",
        "submarine": "; submarine, u-boat, bathysphere, sonar room, submersible",
        "bicycle": "cycling, freewheel; bicycle, bike, pedal, tricycle, unicycle, bicycle wheel, spoke, mountain "
        "bike, bike chain",
        "bicycle_bell": "bicycle bell, bike bell, ring bike",
        "cart": "; cart, wagon, carriage, trolley, wheelbarrow, chariot, shopping cart, stroller, pram, wheelchair, "
        "wheel, minecart, mine cart, rickshaw, stagecoach, baby buggy, gurney, handcart, buggy",
        "tank": "; tank, bulldozer, excavator, digger, panzer, armoured vehicle, armored vehicle, steamroller, "
        "caterpillar tracks, backhoe, armored car, road roller, heavy machinery, apc",
        "siren": "siren, police siren wail, ambulance siren wail, siren wail, air raid, police siren; ambulance, "
        "police car, fire engine, fire truck, police, emergency "
        "vehicle, tornado siren",
        "ship_horn": "ship horn, foghorn, fog horn, boat horn, ferry horn, cruise ship horn; tugboat, ocean liner, "
        "cruise ship, lighthouse, freighter",
        "war_horn": "war horn, hunting horn, battle horn, horn call, horn blast, horn blow, viking horn; horn, "
        "shofar, alphorn, conch, conch shell, french horn, ram horn",
        "air_horn": "air horn, airhorn, party horn, stadium horn, goal horn; vuvuzela, kazoo, noisemaker, party "
        "blower, party popper horn",
        "bus_air": "air brake, airbrake, bus stop, bus door, bus doors, truck brake",
    },
}
