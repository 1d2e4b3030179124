"""Words for electronics, clocks and bells.

See `living` for what the semicolon means.
"""

from __future__ import annotations

DEVICES: dict[str, dict[str, str]] = {
    "devices": {
        "alarm": "alarm, klaxon, alarm sound, security alarm, burglar alarm, car alarm, smoke alarm, smoke detector, "
        "red alert, intruder alert, evacuation, reverse beep, reversing beep",
        "bell": "bell, toll, church bell, bell toll, ring bell, ring the bell, handbell, hand bell, temple bell; "
        "church, bell tower, cathedral, cowbell, cow bell, ship bell, ships bell, singing bowl, monastery, tubular "
        "bell, level crossing, railway crossing, railroad crossing, boxing bell, service bell tower",
        "chime": "chime, wind chime, notification, glockenspiel, notify, new message, message received, email, mail "
        "received, bell tree, chimes; crystal bell, incoming message, text message, celesta, announcement chime, bar "
        "chime",
        "clock": "clock, tick, ticking, metronome, tick tock, stopwatch; watch, pendulum, wristwatch, pocket watch, "
        "time bomb, wall clock",
        "static": "static, white noise, interference, radio static, pink noise, tv static, detune, tuning; radio, "
        "geiger counter, short wave, shortwave, vinyl, record player, phonograph, gramophone, feedback, microphone, "
        "turntable, needle drop, tape hiss",
        "typing": "typing, type, keystroke, key press, keypress, keyboard typing, typed; keyboard, typewriter, "
        "computer keyboard, stenograph",
    },
    "gadgets": {
        "robot": "robot voice, robot talk, robotic, robot beep, robot chatter; robot, droid, android, cyborg, bot, "
        "r2d2, artificial intelligence",
        "robot_step": "robot walk, robot step, robot footstep, mech step, mech walk, mech footstep, robot stomp; "
        "mech, mecha, exoskeleton, battle mech, power armor, power armour, walker, transformer robot",
        "computer": "hack, hacking, decode, calculate, compute, data chatter, download, upload, process data, "
        "computing, decrypt, data transfer, loading, data processing, data stream, access granted; computer, data, "
        "terminal, telemetry, console, mainframe, server, cyber, futuristic interface, readout, algorithm, control "
        "room, control panel, cockpit, hi tech, hi-tech, high tech, bridge console, digital, technology, hud, "
        "laptop, pc, tablet",
        "hard_drive": "disk read, disk access, seek; hard drive, hard disk, disk, floppy, floppy disk, disc drive, "
        "cd drive, tape drive, cd rom, dvd player, vcr, cassette, server rack, data center, floppy drive, punch card",
        "boot": "boot up, startup, start up, power on, turn on, activate, switch on, system start, bootup, "
        "initialise, initialize, turns on, come online, reboot, powers on, activation",
        "power_down": "power down, shut down, shutdown, turn off, deactivate, switch off, power off, power failure, "
        "turns off, blackout, powers down, power outage, shuts down, deactivation, go offline",
        "glitch": "glitch, glitchy, malfunction, distort, distortion, corrupted, data corruption, stutter, bit "
        "crush, bitcrush, digital error, granular, glitching, scramble",
        "phone": "phone ring, telephone ring, phone ringing, telephone ringing, phone call; telephone, phone, "
        "landline, payphone, rotary phone, old phone, phone booth",
        "ringtone": "ringtone, ring tone, incoming call, mobile ring; cellphone, cell phone, mobile phone, "
        "smartphone, mobile, voicemail",
        "dial": "dial, dial tone, dialling, phone dial, keypad, touch tone, dtmf, pin code; calculator, pin pad, "
        "security code, door code, atm",
        "vibrating": "vibrate, vibration, phone vibrate, vibrating, rumble pack; massage chair, electric shaver, "
        "game controller",
        "modem": "dial up, dialup, modem handshake; modem, fax machine, teletype, internet connection",
        "morse": "morse, morse code; telegraph, telegram",
        "radio_voice": "walkie talkie, radio chatter, radio voice, radio squelch, transmission, radio call, "
        "roger, radio communication; intercom, pa system, cb radio, transceiver, dispatch, comms, megaphone, "
        "communicator, mission control, headset, two way radio, loudspeaker, tannoy, air traffic control, astronaut",
        "camera": "photograph, camera shutter, camera click, take a photo, take picture, take a picture, screenshot, "
        "snapshot, selfie, camera flash; camera, photo, polaroid, film camera, projector, flashbulb, slide "
        "projector, paparazzi, camcorder, slr",
        "tv_off": "tv off, tv on, channel change, change channel; tv, television, crt, screen, monitor, channel "
        "surfing",
        "scanner": "scan, scanning, missile lock, radar lock, detect, analyse, analyze, track target, target lock, "
        "lock on; scanner, radar, "
        "sensor, tricorder, barcode, detector, metal detector, mri, x-ray, ultrasound, satellite, night vision, "
        "geiger",
        "hologram": "holographic, shimmer field, cloaking device, cloaking, invisibility, invisible; hologram, "
        "crystal hum, stasis, cryo pod",
        "warp": "warp, hyperspace, warp jump, light speed, lightspeed, time travel, time warp, slow motion, bullet "
        "time, warp speed, slowmo, hyperjump, quantum leap, gravity, anti gravity; hyperdrive, warp drive, time "
        "machine",
        "sci_fi_door": "sci-fi door, sci fi door, scifi door, spaceship door, futuristic door, blast door, automatic "
        "door, airlock door, sliding door, tech door, space door; bulkhead, escape pod, cargo bay, elevator door",
        "ufo": "; ufo, flying saucer, theremin, tractor beam, alien ship, alien spaceship, saucer",
        "beam": "energy beam, death ray, laser beam, plasma beam, lightsaber, lightsabre, light saber, laser sword, "
        "energy sword; beam, plasma, ray, solar flare, energy, power source, photon, mind control, x-ray beam",
        "buzzing": "buzz, buzzing, mains hum, electric buzz, electric hum, mains; neon, fluorescent, transformer, "
        "power line, powerline, electric fence, substation, high voltage, neon sign, fluorescent light, streetlight, "
        "pylon, lamp, strip light, generator hum",
        "heart_monitor": "heart monitor, medical monitor, flatline, life support, ekg, ecg; hospital, intensive "
        "care, icu, defibrillator, surgery",
        "taser": "taser, stun gun, stun baton, cattle prod, shock baton; electric chair, bug zapper, electric eel, "
        "stungun",
    },
}
