"""The models that are loaded."""

from __future__ import annotations

from soundgraph import backends
from soundgraph.backends import Device, Generator, Model, Precision, Sources
from soundgraph.schedule import LoadKey


class Residents:
    """Used in one thread at a time, that of the generator of a build; may outlive the build, for the next to use."""

    def __init__(self, sources: Sources, device: Device):
        self._sources, self._device = sources, device
        self._loaded: dict[LoadKey, Generator] = {}

    def has(self, load: LoadKey) -> bool:
        return load in self._loaded

    def load(self, load: LoadKey, model: Model, precision: Precision | None) -> Generator:
        if load not in self._loaded:
            self._loaded[load] = backends.get(model.backend).load(model, self._sources, self._device, precision)
        return self._loaded[load]

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
