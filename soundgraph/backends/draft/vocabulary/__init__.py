"""The words that draft sound effects know, as plain tables.

Most say which words mean which sound, by theme. `pairs` says what two words mean together, `describing` how a sound
should be and which places stand for one, `senses` which words count less beside others.
"""

from __future__ import annotations

from soundgraph.backends.draft.vocabulary.devices import DEVICES
from soundgraph.backends.draft.vocabulary.handled import HANDLED
from soundgraph.backends.draft.vocabulary.living import LIVING
from soundgraph.backends.draft.vocabulary.signals import SIGNALS
from soundgraph.backends.draft.vocabulary.works import WORKS
from soundgraph.backends.draft.vocabulary.world import WORLD

THEMES: dict[str, dict[str, str]] = {**LIVING, **HANDLED, **WORKS, **WORLD, **DEVICES, **SIGNALS}
"""From a theme, which is the module that renders its sounds, to its sounds and their words."""
