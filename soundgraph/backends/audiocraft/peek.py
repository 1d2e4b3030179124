"""What a checkpoint says of itself, read without torch and without running anything that is in it.

A checkpoint is a zip with a pickle in it, and a pickle is a program. Here every name that it asks for is answered with
a stand-in that does nothing, so the program comes to its end and leaves only data: dicts, strings and numbers.
`torch.load(weights_only=True)` is as safe, but takes torch's import and reads gigabytes of tensors.
"""

from __future__ import annotations

import errno
import pickle
import pickletools
import re
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from math import prod
from pathlib import Path
from typing import Any, Self

from soundgraph.core.text import visible

MAX_PICKLE_BYTES = 64_000_000
"""The tensors lie beside the pickle; that of the largest published model has less than one megabyte."""

_MAX_VALUES = 100_000
"""In a configuration; that of a published model has about 500."""

_INERT = re.compile(
    r"torch\.(\w*Storage|Size|device|float\d+(_\w+)?|bfloat16|complex\d+|u?int\d+|bool)"
    r"|torch\.(per_tensor|per_channel)_affine\w*|torch\.q(u?int\w+)"
    r"|torch\.storage\.\w*Storage|torch\.serialization\._get_layout"
    r"|torch\._utils\._rebuild_\w+|torch\.nn\.parameter\.Parameter|torch\._tensor\._rebuild_from_type_v2"
    r"|omegaconf\.[\w.]+|typing\.Any|collections\.(OrderedDict|defaultdict)"
    r"|(builtins|__builtin__)\.(dict|list|set|frozenset|tuple|str|bytes|int|long|float|bool|complex|object)"
    r"|pathlib\.\w*Path|copyreg\._reconstructor|copy_reg\._reconstructor"
)
"""Names that the checkpoints which audiocraft writes ask for. Any other is a sign of something else, and refused."""

_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
_LFS_POINTER = b"version https://git-lfs"
_DAMAGED = "is damaged: it was cut short, or altered"
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch began its files before version 1.6."""


@dataclass(frozen=True)
class Peeked:
    """What a checkpoint says."""

    config: Mapping[str, Any] = field(default_factory=dict)
    """Its `xp.cfg`, as it was trained; empty for a file that points elsewhere."""
    pretrained: str = ""
    """The model that it points at instead of holding one; "" for none."""
    parameters: int = 0
    """How many numbers its tensors have."""

    def get(self, path: str, default: Any = None) -> Any:
        """The setting at a dotted path, references such as "${sample_rate}" followed; `default` if there is none."""
        for _ in range(8):  # a circle of references ends, too
            value: Any = self.config
            for name in path.split("."):
                value = value.get(name) if isinstance(value, Mapping) else None
            reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
            if reference is None:
                return default if value is None or value == "???" else value
            path = reference[1]
        return default


def peek(path: Path) -> Peeked:
    """What the checkpoint at `path` says.

    Raises ValueError, with words that go after the file's name, for what is no checkpoint; OSError.
    """
    package = _unpickle(_pickle_of(path))
    if not isinstance(package, dict):
        raise ValueError("is no checkpoint of audiocraft: it does not hold a table")
    pretrained = package.get("pretrained")
    if isinstance(pretrained, str) and pretrained:
        return Peeked(pretrained=pretrained)
    for key in ("xp.cfg", "best_state"):
        if key not in package:
            raise ValueError(f'is no checkpoint of audiocraft\'s export: it has no "{key}"')
    parameters = sum(_numbers(value) for value in _values(package["best_state"]))
    return Peeked(_config(package["xp.cfg"]), "", parameters)


def _pickle_of(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(len(_LEGACY))
    if not head:
        raise ValueError("is empty")
    if head == _LFS_POINTER[: len(_LEGACY)]:
        raise ValueError("only says where Git LFS keeps the file; git lfs pull fetches it")
    if head == _LEGACY:
        raise ValueError("is in the form that torch wrote before version 1.6; save it again with a newer torch")
    if not head.startswith(b"PK"):
        raise ValueError("is no checkpoint: it is not a zip, which torch.save writes")
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(_table_of(archive))
    except _NoTableError as error:
        raise ValueError(str(error)) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the start of the file, which damage can name
            raise
        raise ValueError(_DAMAGED) from error
    except Exception as error:  # BadZipFile, and what else reading a damaged zip ends with
        raise ValueError(_DAMAGED) from error


def _table_of(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = [info for info in archive.infolist() if re.fullmatch(r"[^/]+/data\.pkl", info.filename)]
    if len(entries) != 1:
        raise _NoTableError("is no checkpoint: it is a zip, but not one that torch.save wrote")
    if entries[0].file_size > MAX_PICKLE_BYTES:
        raise _NoTableError("is no checkpoint of audiocraft: its table is far too large")
    return entries[0]


class _NoTableError(Exception):
    """A zip that is not what torch.save writes; `str()` of it goes after the file's name."""


class _StandInObject:
    """Takes the place of whatever a pickle asks for by name, and of every object made from it."""

    called = ""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = object.__new__(cls)
        made.args, made.state, made.items = args, None, []
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args: tuple[Any, ...]
        self.state: Any
        self.items: list[Any]

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items.append((key, value))

    def append(self, value: Any) -> None:
        self.items.append(value)

    def extend(self, values: Any) -> None:
        self.items.extend(values)

    add = append


class _PickleReader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        called = f"{module}.{name}"
        if _INERT.fullmatch(called) is None:
            raise _ForeignError(called)
        if called == "collections.OrderedDict":
            return OrderedDict
        return type("_StandInObject", (_StandInObject,), {"called": called})

    def persistent_load(self, reference: Any) -> Any:
        return None  # where the numbers of a tensor are


class _ForeignError(Exception):
    """A pickle asks for something that no checkpoint needs."""


def _unpickle(data: bytes) -> Any:
    try:
        _check_memo(data)
        return _PickleReader(BytesIO(data), encoding="utf-8", errors="replace").load()
    except _ForeignError as error:
        name = visible(str(error))
        raise ValueError(f"holds a pickle that asks for {name[:80]}, which could run code; it is not used") from error
    except Exception as error:  # whatever a program made of random bytes can end with
        raise ValueError("is damaged: its table cannot be read") from error


def _check_memo(data: bytes) -> None:
    """Raises ValueError for a pickle that numbers what it remembers higher than there could be things in it.

    The reader keeps an array as long as the highest number: five bytes could ask for 32 GB.
    """
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name.endswith("PUT") and isinstance(argument, int) and argument > len(data):
            raise ValueError("a place in the memo that nothing needs")


def _values(state: Any) -> Iterator[Any]:
    if isinstance(state, Mapping):
        yield from state.values()
    elif isinstance(state, _StandInObject):
        yield from (item[1] for item in state.items if isinstance(item, tuple))


def _numbers(tensor: Any) -> int:
    """How many numbers a tensor has, from the arguments that it would be rebuilt from: storage, offset, size, …"""
    if isinstance(tensor, _StandInObject) and tensor.called.endswith("Parameter") and tensor.args:
        tensor = tensor.args[0]
    if not isinstance(tensor, _StandInObject) or "_rebuild_tensor" not in tensor.called or len(tensor.args) < 3:
        return 0
    size = tensor.args[2]
    if not isinstance(size, tuple) or not all(isinstance(length, int) and length >= 0 for length in size):
        return 0
    return prod(size)


def _config(written: Any) -> Mapping[str, Any]:
    """`xp.cfg`: YAML in a string, as audiocraft exports it, or an OmegaConf of its solvers."""
    if isinstance(written, str):
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # many times as fast, where it was built
        try:
            written = yaml.load(written, loader)  # either is the safe one
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ValueError('is no checkpoint of audiocraft: its "xp.cfg" is not YAML') from error
    settings = _plain(written)
    if not isinstance(settings, dict):
        raise ValueError('is no checkpoint of audiocraft: its "xp.cfg" is not a table')
    return settings


def _plain(value: Any, depth: int = 0, n_seen: Iterator[int] | None = None) -> Any:
    """A value out of an OmegaConf: its nodes keep what they hold under `_content` or `_val`.

    Raises ValueError for one with far too much in it, as a small file of tables that hold others twice has.
    """
    n_seen = n_seen or count()
    if next(n_seen) > _MAX_VALUES:
        raise ValueError('is no checkpoint of audiocraft: its "xp.cfg" is far too large')
    if depth > 64:
        return None
    if isinstance(value, _StandInObject):
        state = value.state if isinstance(value.state, dict) else {}
        return _plain(state.get("_content", state.get("_val")), depth + 1, n_seen)
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1, n_seen) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1, n_seen) for item in value]
    return value
