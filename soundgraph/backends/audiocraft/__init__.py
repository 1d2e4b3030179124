"""MusicGen, AudioGen and MAGNeT: what is known of them without torch, audiocraft or a network, and how to load them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from soundgraph.backends import Device, Generator, Model, Pin, Precision, Sources
from soundgraph.backends.audiocraft import catalogue
from soundgraph.backends.audiocraft.params import AudioCraftParams
from soundgraph.core.errors import NodeError, quote
from soundgraph.core.path_names import is_spelled_as_path


class AudioCraft:
    """Serves the published models of audiocraft 1.3.0, and folders with a checkpoint in its export format."""

    name = "audiocraft"
    version = 1
    draft = False
    params = AudioCraftParams

    def models(self) -> Sequence[Model]:
        return [catalogue.model(entry) for entry in catalogue.PUBLISHED]

    def find(self, model_id: str, sources: Sources | None = None) -> Model | None:
        if not is_spelled_as_path(model_id) and catalogue.entry(model_id) is None:
            return None
        from soundgraph.backends.audiocraft import weights  # a draft build does without

        return weights.find(model_id, sources or Sources())

    def missing(self, model: Model) -> str:
        from soundgraph.backends.audiocraft import hub, installed, weights

        if model.here and model.trouble:
            return f"model {quote(model.id)} {model.trouble}"
        if packages := installed.missing_packages():
            return packages
        if "melody" in model.conditioning and (packages := installed.missing_for_melody()):
            return f"model {quote(model.id)}: {packages}"
        if not model.here:
            return hub.unreachable(model)
        damage = weights.damage_of(model.id, model.read)
        return f"model {quote(model.id)} {damage}" if damage else ""

    def download_size(self, model: Model, sources: Sources) -> int | None:
        """How many bytes `pull` would fetch, asked of the hub; None if it does not say. Raises NodeError."""
        from soundgraph.backends.audiocraft import hub

        return hub.size_of(model, sources)

    def pull(self, model: Model, sources: Sources, report: Callable[[int, int], None]) -> Pin:
        """Fetches what is not here, at the revision that is pinned, and says what it is. Raises NodeError."""
        from soundgraph.backends.audiocraft import hub

        pin = sources.pins.get(model.id)
        return hub.pull(model, sources, pin.revision if pin is not None else "", report)

    def load(self, model: Model, sources: Sources, device: Device, precision: Precision | None) -> Generator:
        from soundgraph.backends.audiocraft import installed, weights

        try:
            import torch  # noqa: F401 # what follows imports it where nobody would catch what a broken one raises
        except Exception as error:
            raise NodeError(installed.broken("torch", error)) from error
        from soundgraph.backends.audiocraft.generator import AudioCraftGenerator

        files = weights.locate(model, sources)
        before = weights.stats(files)
        generator = AudioCraftGenerator(files, model, device, precision)
        # What was digested is what takes are told to be made with; so it has to be what was loaded.
        try:
            same = weights.locate(model, sources) == files and weights.stats(files) == before
        except NodeError:
            same = False
        if not same:
            generator.unload()
            raise NodeError(f"the files of model {quote(model.id)} changed while it was loaded; build again")
        return generator


BACKEND = AudioCraft()
