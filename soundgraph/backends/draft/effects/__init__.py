"""Sound effects by name: each sound of the word table has a function here, in the module of its sort."""

from __future__ import annotations

from collections.abc import Callable

from soundgraph.audio import Samples
from soundgraph.backends.draft.effects import creatures, devices, foley, machines, tokens, weather
from soundgraph.backends.draft.stage import Stage

Effect = Callable[[Stage], Samples]
"""Renders a sound shaped (channels, n), at any level: the take sets it."""

EFFECTS: dict[str, Effect] = {
    "alarm": devices.alarm,
    "applause": foley.applause,
    "bark": creatures.bark,
    "beep": tokens.beep,
    "bell": devices.bell,
    "birds": creatures.birds,
    "breath": creatures.breath,
    "bubbles": weather.bubbles,
    "chime": devices.chime,
    "clang": foley.clang,
    "click": tokens.click,
    "clock": devices.clock,
    "coin": tokens.coin,
    "confirm": tokens.confirm,
    "crickets": creatures.crickets,
    "crowd": foley.crowd,
    "door": foley.door,
    "drip": weather.drip,
    "electric": machines.electric,
    "engine": machines.engine,
    "error": tokens.error,
    "explosion": machines.explosion,
    "fire": weather.fire,
    "footsteps": foley.footsteps,
    "frogs": creatures.frogs,
    "glass": foley.glass,
    "growl": creatures.growl,
    "gunshot": machines.gunshot,
    "heartbeat": creatures.heartbeat,
    "helicopter": machines.helicopter,
    "howl": creatures.howl,
    "hum": machines.hum,
    "impact": foley.impact,
    "insects": creatures.insects,
    "laser": machines.laser,
    "magic": tokens.magic,
    "ocean": weather.ocean,
    "owl": creatures.owl,
    "powerup": tokens.powerup,
    "rain": weather.rain,
    "rocket": machines.rocket,
    "splash": weather.splash,
    "static": devices.static,
    "stream": weather.stream,
    "thunder": weather.thunder,
    "typing": devices.typing,
    "whoosh": foley.whoosh,
    "wind": weather.wind,
    "wings": creatures.wings,
}
