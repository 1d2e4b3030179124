"""Sound effects by name: a sound of the word table is a function of that name, in the module of its sort."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from soundgraph.audio import Samples
from soundgraph.backends.draft.stage import Stage

Effect = Callable[[Stage], Samples]
"""Renders a sound shaped (channels, n), at any level: the take sets it."""

_MODULES = {
    "creatures": "bark birds breath crickets frogs growl heartbeat howl insects owl wings",
    "devices": "alarm bell chime clock static typing",
    "foley": "applause clang crowd door footsteps glass impact whoosh",
    "machines": "electric engine explosion gunshot helicopter hum laser rocket",
    "tokens": "beep click coin confirm error magic powerup",
    "weather": "bubbles drip fire ocean rain splash stream thunder wind",
}
_MODULE_OF = {sound: module for module, sounds in _MODULES.items() for sound in sounds.split()}


def effect(sound: str) -> Effect:
    """The function that renders a sound. Only its module is imported: a build that changed one prompt wants one sound.

    Raises KeyError for a sound that is not in the word table.
    """
    module = importlib.import_module(f"{__name__}.{_MODULE_OF[sound]}")
    function: Effect = getattr(module, sound)
    return function
