"""What a checkpoint needs beside itself, out of folders on this machine: its T5, its codec, demucs.

audiocraft fetches these by name while it builds a model. Here they are loaded first, and handed to it when it asks:
no name is ever looked up, and no network asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import torch

from soundgraph.backends.audiocraft import archive, compat, devices, repositories
from soundgraph.backends.audiocraft.installed import INSTALL_MELODY
from soundgraph.core.errors import NodeError
from soundgraph.core.files import link_or_copy
from soundgraph.core.text import first_of

_Choose = Callable[[Iterable[str]], list[str]]
_TOKENIZERS = ("tokenizer.json", "spiece.model")
_STEMS = "demucs.htdemucs.HTDemucs"


def text_encoder(folder: Path, hint: str) -> tuple[Any, Any]:
    """The T5 in a folder, in float32 and ready to be used, and its tokenizer. Raises NodeError."""
    from transformers import T5EncoderModel, T5Tokenizer

    if folder.is_dir() and not any((folder / name).is_file() for name in _TOKENIZERS):
        # transformers would make one that knows no words.
        raise NodeError(f"{folder} holds no tokenizer ({' or '.join(_TOKENIZERS)}); {hint}")
    tokenizer = _from_folder(T5Tokenizer, folder, repositories.text_files, "a tokenizer of T5", hint)
    return _model(T5EncoderModel, folder, repositories.codec_files, "a T5", hint), tokenizer


def encodec(folder: Path, hint: str) -> Any:
    """The codec in a folder, in the form of transformers, wrapped as audiocraft wants it. Raises NodeError."""
    from audiocraft.models.encodec import HFEncodecCompressionModel
    from transformers import EncodecModel

    return HFEncodecCompressionModel(_model(EncodecModel, folder, repositories.codec_files, "an EnCodec", hint))


def stems(path: Path | None, hint: str) -> Any:
    """demucs with the weights in a file: its own form (.th), or safetensors. None for the file makes one that refuses.

    Raises NodeError, also where torchaudio, librosa or demucs is not installed or does not load.
    """
    absent = [name for name in ("torchaudio", "librosa", "demucs") if not compat.loads(name)]
    if absent:
        raise NodeError(f"melody models need {', '.join(absent)}, which cannot be imported here: {INSTALL_MELODY}")
    from demucs.htdemucs import HTDemucs
    from demucs.states import load_model

    if path is None:
        return _NoStems()
    package = (
        _safetensors(path, hint) if path.suffix == ".safetensors" else archive.read(path, hint, _numbers(HTDemucs))
    )
    if package.get("klass") not in (HTDemucs, _STEMS):
        raise NodeError(f"{path} is not demucs' model htdemucs; {hint}")
    try:
        return load_model({**package, "klass": HTDemucs}).eval()
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        if devices.is_out_of_memory(error):
            raise
        raise NodeError(
            f"{path}: its weights do not fit demucs' model htdemucs ({_first_line(error)}); {hint}"
        ) from None


@contextmanager
def handed_over(text: tuple[Any, Any] | None, separator: Any) -> Iterator[None]:
    """While this lasts, audiocraft's conditioners are given these, by whatever name they ask.

    text: from `text_encoder`, None for a model without one. separator: from `stems`, or None.
    """
    from audiocraft.modules import conditioners

    model, tokenizer = text or (None, None)
    with compat.replaced(
        conditioners,
        T5EncoderModel=SimpleNamespace(from_pretrained=lambda name: model),
        T5Tokenizer=SimpleNamespace(from_pretrained=lambda name: tokenizer),
    ):
        if separator is None:
            yield
            return
        import demucs.pretrained

        # ChromaStemConditioner imports it when it is made (audiocraft/modules/conditioners.py:536).
        with compat.replaced(demucs.pretrained, get_model=lambda name: separator):
            yield


class _NoStems(torch.nn.Module):
    """Where demucs should be in a model that is used without a melody."""

    sources = ("drums", "bass", "other", "vocals")

    @property
    def samplerate(self) -> int:
        raise NodeError("demucs' weights, which find the melody in a sound, are not on this machine")


def _model(kind: Any, folder: Path, choose: _Choose, model_name: str, hint: str) -> Any:
    # float32 whatever the file has: since transformers 5 the file would decide. A pickle is read as weights only.
    options = {"dtype": torch.float32, "weights_only": True, "output_loading_info": True}
    model, said = _from_folder(kind, folder, choose, model_name, hint, **options)
    absent = sorted(said["missing_keys"])
    if absent:  # transformers would begin these at random, and only mention it
        raise NodeError(f"{folder} holds {model_name} that lacks weights ({first_of(absent)}); {hint}")
    kept = model.state_dict()
    for path in (folder / name for name in choose(path.name for path in folder.iterdir() if path.is_file())):
        odd = [name for name, sort in _sorts(path, hint) if name in kept and kept[name].is_floating_point() != sort]
        if odd:  # transformers would drop what is imaginary, and take whole numbers for weights
            raise NodeError(f"{path} holds weights that are no floats ({odd[0]}); {hint}")
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()  # it was mapped from the file, and would follow what becomes of that
    return model.eval()


def _sorts(path: Path, hint: str) -> Iterator[tuple[str, bool]]:
    """The names of the tensors in a file of weights, and whether each is of floats; nothing for any other file."""
    from safetensors import safe_open

    if path.suffix == ".safetensors":
        with safe_open(str(path), framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - it is no mapping
                yield name, "F" in file.get_slice(name).get_dtype()
    elif path.suffix == ".bin":
        for name, tensor in archive.read(path, hint).items():
            if isinstance(tensor, torch.Tensor):
                yield name, tensor.is_floating_point()


def _from_folder(kind: Any, folder: Path, choose: _Choose, model_name: str, hint: str, **options: Any) -> Any:
    """choose: which of a folder's files make up what is loaded. Those have a part in the identity of the weights, and
    no others are loaded, whatever a configuration or an index names."""
    if not folder.is_dir():
        raise NodeError(f"{folder} is not there; {hint}")
    names = choose(path.name for path in folder.iterdir() if path.is_file())
    with TemporaryDirectory(prefix="soundgraph-") as view:
        for name in names:
            link_or_copy(folder / name, Path(view) / name)
        try:
            for name in names:
                if name.endswith(".index.json"):
                    _check_index(folder / name, names)
            with _no_progress_bars():
                return kind.from_pretrained(view, local_files_only=True, **options)
        except Exception as error:  # OSError, ValueError, SafetensorError, UnpicklingError, JSONDecodeError …
            if devices.is_out_of_memory(error):
                raise
            reason = _first_line(error).replace(view, str(folder))
            raise NodeError(f"{folder} does not hold {model_name} that can be loaded ({reason}); {hint}") from None


def _check_index(index: Path, names: Collection[str]) -> None:
    """Raises ValueError for an index of weights that names files which are none of the folder's own weights."""
    shards = json.loads(index.read_bytes())["weight_map"].values()
    if strange := sorted({str(shard) for shard in shards} - set(names)):
        raise ValueError(f"{index.name} names {strange[0][:80]}, which is none of its weights")


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    from transformers.utils import logging

    if not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()


def _numbers(stems_class: Any) -> list[Any]:
    """What demucs' own file has in it besides tensors: the class of its model, and numbers of its settings."""
    import numpy as np

    scalar = np._core.multiarray.scalar  # type: ignore[attr-defined]
    # The name that numpy had for it when the file was written; the class of a dtype is a global of its own.
    names = [(scalar, "numpy.core.multiarray.scalar"), (scalar, "numpy._core.multiarray.scalar")]
    return [stems_class, Fraction, np.dtype, type(np.dtype(np.float64)), type(np.dtype(np.int64)), *names]


def _safetensors(path: Path, hint: str) -> dict[str, Any]:
    """demucs' file as its authors have it on the hub: settings are JSON beside the tensors.

    demucs would import whatever class the file names and call it with arguments out of the file. Here it is only ever
    the one class.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise NodeError(f"{path} is not there; {hint}")
    try:
        with safe_open(str(path), framework="pt") as file:
            said = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        settings = {key: json.loads(said[key], object_hook=_fraction) for key in ("args", "kwargs")}
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise NodeError(f"{path} is damaged, or not demucs' ({_first_line(error)}); {hint}") from None
    return {"klass": said.get("klass"), "state": state, **settings}


def _fraction(table: dict[str, Any]) -> Any:
    return Fraction(table["numerator"], table["denominator"]) if table.get("_type") == "fraction" else table


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".:") if lines else type(error).__name__
