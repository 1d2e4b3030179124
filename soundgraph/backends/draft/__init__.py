"""The draft backend: procedural stand-ins for generated sound, with no weights to fetch and nothing to wait for.

From a prompt to a take: `clauses` parts the words, `naming` finds the sounds in them by the tables of `vocabulary/`,
`words` what the prompt says of each; `arranging` places them in time, `takes` sets levels and puts a take together.
What a sound is made of stands in `effects/` (functions) and `recipes/` (tables), music in `music/`. `exact`, `shaping`
and `chance` compute the same samples on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from soundgraph.backends import Device, Family, Model, Pin, Precision, Sources, Temperature
from soundgraph.core.params import Params

if TYPE_CHECKING:
    from soundgraph.backends.draft.takes import DraftGenerator

MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 192_000
_SHORTHANDS: dict[Family, tuple[int, int]] = {"music": (32_000, 1), "audio": (16_000, 1)}
# No leading zero in the rate: one model, one long form, one identity.
_ID = re.compile(r"draft/(music|audio)(?:@([1-9][0-9]{3,5})x([12]))?", re.ASCII)


class DraftParams(Params):
    """A draft takes no more than what can be heard in it."""

    temperature: Temperature = 1.0


class DraftBackend:
    """Serves `draft/music` (32 kHz mono), `draft/audio` (16 kHz mono), and `draft/<family>@<rate>x<channels>` for any
    rate from 8,000 to 192,000 Hz with 1 or 2 channels. A shorthand and its long form have the same identity."""

    name = "draft"
    version = 2
    draft = True
    params = DraftParams

    def models(self) -> Sequence[Model]:
        ids = ("draft/music", "draft/audio", "draft/music@32000x2")
        return [model for model in map(self.find, ids) if model is not None]

    def find(self, model_id: str, sources: Sources | None = None) -> Model | None:
        match = _ID.fullmatch(model_id)
        if match is None:
            return None
        family: Family = "music" if match[1] == "music" else "audio"
        rate, channels = (int(match[2]), int(match[3])) if match[2] else _SHORTHANDS[family]
        if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
            return None
        return Model(
            id=model_id,
            backend=self.name,
            family=family,
            sample_rate=rate,
            channels=channels,
            max_duration_s=None,
            licence="",
            identity=f"draft/{family}@{rate}x{channels}",
            conditioning=("text", "melody", "continuation"),
        )

    def missing(self, model: Model) -> str:
        return ""

    def download_size(self, model: Model, sources: Sources | None = None) -> int:
        return 0

    def pull(
        self, model: Model, sources: Sources | None = None, report: Callable[[int, int], None] | None = None
    ) -> Pin:
        return Pin("", model.identity)  # there is nothing to fetch

    def load(
        self,
        model: Model,
        sources: Sources | None = None,
        device: Device = "auto",
        precision: Precision | None = None,
    ) -> DraftGenerator:
        from soundgraph.backends.draft.takes import DraftGenerator

        return DraftGenerator(model)


BACKEND = DraftBackend()
