"""The models that are loaded."""

from __future__ import annotations

from soundgraph import backends
from soundgraph.backends import Device, Generator, Model, Precision, Sources
from soundgraph.planning.schedule import LoadKey


class Residents:
    """Used in one thread at a time, that of the generator of a build; may outlive the build, for the next to use."""

    def __init__(self, sources: Sources, device: Device):
        """sources: where the weights of models are that are yet to be loaded."""
        self.sources, self._device = sources, device
        self._loaded: dict[LoadKey, Generator] = {}
        self._models: dict[LoadKey, Model] = {}

    @property
    def models(self) -> list[Model]:
        """Those that are loaded; one that is in several precisions as often."""
        return [self._models[load] for load in self._loaded]

    def has(self, load: LoadKey) -> bool:
        return load in self._loaded

    def load(self, load: LoadKey, model: Model, precision: Precision | None) -> Generator:
        if load not in self._loaded:
            self._loaded[load] = backends.get(model.backend).load(model, self.sources, self._device, precision)
            self._models[load] = model
        return self._loaded[load]

    def unload_model(self, model: Model) -> None:
        """In all its precisions."""
        for load in [load for load in self._loaded if load.weights == model.weights]:
            self.unload(load)

    def unload(self, load: LoadKey) -> None:
        generator = self._loaded.pop(load, None)
        if generator is not None:
            generator.unload()

    def keep(self, *loads: LoadKey) -> bool:
        """Unloads all others; says whether there were any."""
        others = [load for load in self._loaded if load not in loads]
        for load in others:
            self.unload(load)
        return bool(others)
