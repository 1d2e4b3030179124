"""Sound effects by name: each is rendered by the module of its theme, here or among the recipes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.stage import Stage
from soundgraph.backends.draft.vocabulary import THEMES

# Themes whose sounds are functions of their names, in this package. The others are tables, in `recipes`.
_WRITTEN_OUT = frozenset(["creatures", "devices", "foley", "machines", "tokens", "weather"])
_THEME_OF = {sound: theme for theme, sounds in THEMES.items() for sound in sounds}
# Of the sounds that are written out: those that go on as long as the take.
_STEADY = frozenset(
    [
        "alarm",
        "applause",
        "birds",
        "breath",
        "bubbles",
        "clock",
        "crickets",
        "crowd",
        "drip",
        "electric",
        "engine",
        "fire",
        "footsteps",
        "frogs",
        "heartbeat",
        "helicopter",
        "hum",
        "insects",
        "ocean",
        "rain",
        "rocket",
        "static",
        "stream",
        "typing",
        "wind",
        "wings",
    ]
)
# And those that are louder or softer in life than most, in dB.
_LEVELS_DB = {
    "breath": -7.0,
    "click": -3.0,
    "clock": -5.0,
    "crickets": -5.0,
    "drip": -4.0,
    "explosion": 3.0,
    "footsteps": -2.0,
    "gunshot": 2.0,
    "heartbeat": 1.0,
    "helicopter": 1.0,
    "hum": -2.0,
    "insects": -4.0,
    "rocket": 2.0,
    "static": -3.0,
    "thunder": 2.0,
    "typing": -4.0,
    "wind": 2.0,
    "wings": -4.0,
}


@dataclass(frozen=True)
class Effect:
    """A sound that a draft can make."""

    render: Callable[[Stage], Samples]
    """Gives it shaped (channels, n), at any level: the take sets that."""
    about: str
    """A sentence for people."""
    steady: bool
    """Whether it goes on as long as the take."""
    level_db: float
    """How much louder than most sounds it is in life, as far as a draft goes along with that."""


def effect(sound: str) -> Effect:
    """The sound of a name. Only its module is imported: a build that changed one prompt wants one sound.

    Raises KeyError for a sound that is not in the word table.
    """
    theme = _THEME_OF[sound]
    if theme in _WRITTEN_OUT:
        function = getattr(importlib.import_module(f"{__name__}.{theme}"), sound)
        return Effect(function, function.__doc__ or "", sound in _STEADY, _LEVELS_DB.get(sound, 0.0))
    recipe = importlib.import_module(f"soundgraph.backends.draft.recipes.{theme}").RECIPES[sound]
    return Effect(recipe, recipe.about, recipe.often, recipe.level_db)
