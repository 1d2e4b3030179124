"""Small stand-ins for torchaudio, librosa and demucs, so that audiocraft's own melody conditioner runs without them.

They do what audiocraft asks of the real ones: a power spectrogram, a filter bank of pitch classes, and a separator
that shares a sound out among its stems by fixed gains.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any
from unittest.mock import patch

import julius
import numpy as np
import torch

from soundgraph.backends.audiocraft import compat


@contextmanager
def melody_libraries() -> Iterator[None]:
    """While this lasts, the three can be imported, and audiocraft has them."""
    compat.prepare()  # first: transformers looks once for librosa and torchaudio, and must not find these
    from audiocraft.modules import chroma

    torchaudio = _module("torchaudio", transforms=_module("torchaudio.transforms", Spectrogram=Spectrogram))
    filters = _module("librosa.filters", chroma=pitch_classes)
    parts = {
        "htdemucs": _module("demucs.htdemucs", HTDemucs=HTDemucs),
        "states": _module("demucs.states", load_model=load_model),
        "pretrained": _module("demucs.pretrained", get_model=get_model),
        "apply": _module("demucs.apply", apply_model=apply_model),
        "audio": _module("demucs.audio", convert_audio=convert_audio),
    }
    modules = {
        "torchaudio": torchaudio,
        "torchaudio.transforms": torchaudio.transforms,
        "librosa": _module("librosa", filters=filters),
        "librosa.filters": filters,
        "demucs": _module("demucs", **parts),
        **{f"demucs.{name}": module for name, module in parts.items()},
    }
    with patch.dict(sys.modules, modules), patch.multiple(chroma, torchaudio=torchaudio, filters=filters):
        yield


class Spectrogram(torch.nn.Module):
    """Of power, centred, with a Hann window of unit energy."""

    def __init__(
        self, n_fft: int, win_length: int, hop_length: int, power: int, center: bool, pad: int, normalized: bool
    ):
        super().__init__()
        assert (power, center, pad, normalized) == (2, True, 0, True)
        self.n_fft, self.hop_length = n_fft, hop_length
        window = torch.hann_window(win_length)
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        flat = samples.reshape(-1, samples.shape[-1])
        bins = torch.stft(
            flat, self.n_fft, self.hop_length, window=self.window, pad_mode="reflect", return_complex=True
        )
        return bins.abs().square().reshape(*samples.shape[:-1], *bins.shape[1:])


def pitch_classes(*, sr: int, n_fft: int, tuning: float, n_chroma: int) -> Any:
    """Each bin of a spectrum belongs to the pitch class it is nearest to; C is the first. Shape (n_chroma, bins)."""
    hz = np.arange(1, n_fft // 2 + 1) * sr / n_fft
    semitones = np.round(n_chroma * np.log2(hz / 440.0) + tuning).astype(int) + 9
    bank = np.zeros((n_chroma, n_fft // 2 + 1), np.float32)
    bank[semitones % n_chroma, np.arange(1, n_fft // 2 + 1)] = 1.0
    return bank


class HTDemucs(torch.nn.Module):
    """Named, placed and built as demucs' is."""

    samplerate = 44100
    audio_channels = 2

    def __init__(self, sources: list[str], segment: Any = 10):
        super().__init__()
        self.sources, self.segment = sources, segment
        self.gains = torch.nn.Parameter(torch.linspace(0.1, 0.4, len(sources)))


HTDemucs.__module__ = "demucs.htdemucs"


def load_model(package: dict[str, Any]) -> HTDemucs:
    model: HTDemucs = package["klass"](*package["args"], **package["kwargs"])
    model.load_state_dict(package["state"])
    return model


def get_model(name: str) -> Any:
    raise AssertionError(f"demucs was asked for {name}, and would have fetched it")


def apply_model(model: HTDemucs, mix: torch.Tensor, device: Any = None) -> torch.Tensor:
    """[batch, channels, n] to [batch, stems, channels, n]. As in demucs, what comes out depends on Python's chance."""
    moved = torch.roll(mix, random.randrange(mix.shape[-1]), -1)
    return moved[:, None] * model.gains[None, :, None, None]


def convert_audio(samples: torch.Tensor, from_rate: int, to_rate: int, channels: int) -> torch.Tensor:
    mono = samples.mean(dim=-2, keepdim=True)
    return julius.resample_frac(mono.expand(*samples.shape[:-2], channels, samples.shape[-1]), from_rate, to_rate)


def _module(name: str, **attributes: Any) -> Any:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    module.__path__ = []
    for attribute, value in attributes.items():
        setattr(module, attribute, value)
    return module
