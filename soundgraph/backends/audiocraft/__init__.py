"""MusicGen and AudioGen: what is known of them without torch, audiocraft or a network.

Loading them is not part of this version: `missing` says so, and names the way to work without them.
"""

from __future__ import annotations

from collections.abc import Sequence

from soundgraph.backends import Device, Family, Generator, Model, Precision, Sources

# The published weights are for non-commercial use, whatever the licence of the code.
_LICENCE = "CC-BY-NC-4.0"


def _music(name: str, channels: int = 1) -> Model:
    return Model(f"facebook/musicgen-{name}", "audiocraft", "music", 32000, channels, 30.0, _LICENCE, "")


def _magnet(name: str, family: Family, rate: int, seconds: float) -> Model:
    return Model(f"facebook/{name}", "audiocraft", family, rate, 1, seconds, _LICENCE, "")


_MODELS = (
    *(_music(name) for name in ("small", "medium", "large", "melody", "melody-large")),
    *(_music(f"stereo-{name}", 2) for name in ("small", "medium", "large", "melody", "melody-large")),
    Model("facebook/audiogen-medium", "audiocraft", "audio", 16000, 1, 10.0, _LICENCE, ""),
    _magnet("magnet-small-10secs", "music", 32000, 10.0),
    _magnet("magnet-medium-10secs", "music", 32000, 10.0),
    _magnet("magnet-small-30secs", "music", 32000, 30.0),
    _magnet("magnet-medium-30secs", "music", 32000, 30.0),
    _magnet("audio-magnet-small", "audio", 16000, 10.0),
    _magnet("audio-magnet-medium", "audio", 16000, 10.0),
)


class AudioCraft:
    name = "audiocraft"
    version = 1

    def models(self) -> Sequence[Model]:
        return _MODELS

    def find(self, model_id: str, sources: Sources) -> Model | None:
        return next((model for model in _MODELS if model.id == model_id), None)

    def missing(self, model: Model) -> str:
        return f'model "{model.id}" needs the AudioCraft backend, which this version of soundgraph does not have yet'

    def load(self, model: Model, sources: Sources, device: Device, precision: Precision | None) -> Generator:
        raise RuntimeError(self.missing(model))


BACKEND = AudioCraft()
