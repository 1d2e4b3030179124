"""The models that are loaded: one holder for all that use them in a process, build after build."""

from __future__ import annotations

from soundgraph import backends
from soundgraph.backends import Device, Generator, Model, Precision, Sources
from soundgraph.planning.schedule import LoadKey


class LoadedModels:
    """Used in one thread at a time, that of the generator of a build; may outlive the build, for the next to use."""

    def __init__(self, device: Device, sources: Sources | None = None):
        """device: where models are loaded. sources: as of `load_from`; None until that is called."""
        self.sources, self._device = sources, device
        self._loaded: dict[LoadKey, Generator] = {}
        self._models: dict[LoadKey, Model] = {}

    def load_from(self, sources: Sources) -> None:
        """Weights come from there from now on. Models that were loaded from elsewhere, or by other pins, are unloaded.

        Where a pin is only added, for a model that is not loaded yet, `sources` may be set instead.
        """
        if self.sources != sources:
            self.unload_all()
        self.sources = sources

    @property
    def models(self) -> list[Model]:
        """Those that are loaded; one that is in several precisions as often."""
        return [self._models[load] for load in self._loaded]

    def has(self, load: LoadKey) -> bool:
        return load in self._loaded

    def load(self, load: LoadKey, model: Model, precision: Precision | None) -> Generator:
        if load not in self._loaded:
            assert self.sources is not None, "nobody said where weights are"
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

    def unload_all(self) -> None:
        self.keep()

    def keep(self, *loads: LoadKey) -> bool:
        """Unloads all others; says whether there were any."""
        others = [load for load in self._loaded if load not in loads]
        for load in others:
            self.unload(load)
        return bool(others)
