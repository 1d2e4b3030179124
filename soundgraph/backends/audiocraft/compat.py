"""Makes `import audiocraft` work without the packages that it imports and generating does not need.

audiocraft 1.3.0 pins versions of 2023 that cannot be installed on a current Python, but runs unmodified on today's
torch. Its modules import, at their top, what only training, metrics, reading files or melodies use. For each of those
that is absent, or does not load, a stand-in takes its place while audiocraft is imported.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

import torch

from soundgraph.backends.audiocraft.installed import broken, missing_packages
from soundgraph.core.errors import NodeError


def prepare() -> None:
    """Imports audiocraft. Does nothing the second time.

    Raises NodeError with the line to type, if it or what it cannot do without is not installed.
    """
    if "audiocraft.models.loaders" in sys.modules and "audiocraft" in sys.modules:
        return
    missing = missing_packages()
    if missing:
        raise NodeError(missing)
    absent = [name for name, *_ in _WANTED if not name.startswith("audiocraft.") and not loads(name)]
    try:
        # Before the stand-ins are there: transformers asks once, and remembers, which packages are installed. It must
        # not take a stand-in for the real one, nor trip over one that is installed and does not load.
        with _hidden(absent):
            from transformers import EncodecModel, RobertaTokenizer, T5EncoderModel, T5Tokenizer  # noqa: F401

        _keep_xformers()
        with _standing_in(absent):
            import audiocraft.models.loaders  # noqa: F401
    except NodeError:
        raise
    except Exception as error:  # a broken installation raises what it likes
        raise NodeError(broken("AudioCraft", error)) from error


@contextmanager
def _hidden(names: Iterable[str]) -> Iterator[None]:
    """While this lasts, these packages are not found, whether they are installed or not."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None means just that
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _keep_xformers() -> None:
    """For good, unlike the others: audiocraft/modules/transformer.py imports it inside functions, too (lines 239, 728).

    xformers.profiler, which line 48 looks for, is left out: audiocraft takes its absence for "not being profiled".
    """
    if loads("xformers.ops"):
        return
    package = _stand_in("xformers", "audiocraft/modules/transformer.py:23")
    package.__path__ = []
    package.ops = _stand_in("xformers.ops", "audiocraft/modules/transformer.py:23")  # type: ignore[attr-defined]
    # Line 376: splits the packed queries, keys and values. The real one only saves a copy in the backward pass.
    package.ops.unbind = torch.unbind
    package.ops.LowerTriangularMask = LowerTriangularMask  # lines 239, 728
    package.ops.memory_efficient_attention = memory_efficient_attention  # line 416, with MAGNeT
    sys.modules["xformers"] = package
    sys.modules["xformers.ops"] = package.ops


class LowerTriangularMask:
    """Says that a query sees only keys at its own place and before."""


def memory_efficient_attention(query: Any, key: Any, value: Any, attn_bias: Any = None, p: float = 0.0) -> Any:
    """What xformers' function of that name gives, by torch's own attention.

    query: [batch, time, heads, dim]; key, value: [batch, keys, heads, dim]. attn_bias: None, a LowerTriangularMask, or
    a tensor [batch, heads, time, keys] that is added to the scores. p: dropout.

    Returns [batch, time, heads, dim].
    """
    causal = isinstance(attn_bias, LowerTriangularMask)
    result = torch.nn.functional.scaled_dot_product_attention(
        query.transpose(1, 2),
        key.transpose(1, 2),
        value.transpose(1, 2),
        attn_mask=None if causal else attn_bias,
        dropout_p=p,
        is_causal=causal,
    )
    return result.transpose(1, 2)


@contextmanager
def _standing_in(absent: Collection[str]) -> Iterator[None]:
    """While this lasts, everything that audiocraft imports at the top of a module can be imported. absent: what cannot.

    The stand-ins are taken away afterwards: audiocraft's modules hold what they imported, and nobody else shall meet
    them (transformers, for one, looks for librosa and torchaudio and would believe that they are there).
    """
    added = []
    for name, members, wanted_by in _WANTED:
        if name not in absent and not name.startswith("audiocraft."):
            continue
        module = _stand_in(name, wanted_by, members)
        if "." not in name:
            module.__path__ = []  # it has submodules: `import flashy.distrib` needs a package
        sys.modules[name] = module
        added.append(name)
        parent, _, last = name.rpartition(".")
        if parent in added:
            setattr(sys.modules[parent], last, module)
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]


_WANTED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    # torchaudio's build for CUDA raises OSError where torch is one for CPUs. Here it is for melodies (Spectrogram in
    # modules/chroma.py) and for loudness when audio files are written (data/audio_utils.py).
    ("torchaudio", (), "audiocraft/modules/chroma.py:13, audiocraft/data/audio_utils.py:13"),
    ("librosa", ("filters",), "audiocraft/modules/chroma.py:9"),  # the filter bank of a melody
    ("spacy", (), "audiocraft/modules/conditioners.py:21"),  # a tokenizer no published model uses
    ("num2words", ("num2words",), "audiocraft/modules/conditioners.py:20"),  # the same tokenizer
    ("av", (), "audiocraft/data/audio.py:22"),  # reading audio files
    # Training on several machines; quantization asks nothing of it while it is not trained.
    ("flashy", (), "audiocraft/quantization/core_vq.py:10, audiocraft/utils/utils.py:16, audiocraft/utils/cache.py:17"),
    ("flashy.distrib", (), "audiocraft/utils/utils.py:17"),
    # Training, with more imports of its own (dora, hydra, torchmetrics), for a decoder that is not used here.
    ("audiocraft.solvers.compression", ("CompressionSolver",), "audiocraft/models/multibanddiffusion.py:19"),
)
"""Name, what is imported from it by name, and where."""


@contextmanager
def replaced(owner: Any, **attributes: Any) -> Iterator[None]:
    """While this lasts, a module has these attributes instead of its own: how audiocraft is given what it looks up."""
    before = {name: getattr(owner, name) for name in attributes}
    for name, value in attributes.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


def loads(name: str) -> bool:
    """Whether the real module is installed and can be imported. What a failed import leaves behind is cleared away."""
    if name in sys.modules:
        return sys.modules[name] is not None
    before = set(sys.modules)
    try:
        importlib.import_module(name)
    except Exception:  # a broken installation raises what it likes: OSError, RuntimeError, AttributeError
        package = name.partition(".")[0]
        for left in set(sys.modules) - before:
            if left.partition(".")[0] == package:
                del sys.modules[left]
        return False
    return True


def _stand_in(name: str, wanted_by: str, members: tuple[str, ...] = ()) -> ModuleType:
    """A module that can be imported, and raises NodeError when anything in it is used."""
    module = _StandInModule(name, f"Stand-in for {name}, which {wanted_by} imports.")
    module.__spec__ = ModuleSpec(name, None)  # importlib.util.find_spec raises ValueError for a module without
    for member in members:
        setattr(module, member, _StandInModule(f"{name}.{member}"))
    return module


class _StandInModule(ModuleType):
    def __getattr__(self, name: str) -> NoReturn:
        # Dunder names are asked for by the import system, inspect and copy, for which absence is an answer.
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self.__name__)


def _refuse(name: str) -> NoReturn:
    package = name.partition(".")[0]
    raise NodeError(f"this model needs {name}, and {package} is not installed, or does not load: pip install {package}")
