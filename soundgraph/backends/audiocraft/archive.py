"""A checkpoint file as a table of settings and tensors, read so that nothing in it can run."""

from __future__ import annotations

import pickle
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from soundgraph.backends.audiocraft import devices
from soundgraph.core.errors import NodeError

_LFS_POINTER = b"version https://git-lfs"


def read(path: Path, hint: str, allowed: Sequence[Any] = ()) -> dict[Any, Any]:
    """What `torch.save` wrote to a file. Its tensors are mapped from the file, not read: they cost memory once used.

    hint: what to do about a file that cannot be used, as half a sentence.
    allowed: classes that may be in it besides tensors, plain values and settings of omegaconf.

    Raises NodeError naming the file for whatever else it is.
    """
    problem = _not_an_archive(path)
    if problem:
        raise NodeError(f"{path} {problem}; {hint}")
    try:
        with torch.serialization.safe_globals([*_settings(), *allowed]):
            package = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise NodeError(f"{path} {_refused(error)}; {hint}") from None
    except (
        Exception
    ) as error:  # a damaged archive makes torch raise RuntimeError, EOFError, OSError, UnicodeDecodeError …
        if devices.is_out_of_memory(error):
            raise
        raise NodeError(f"{path} is damaged: it was cut short, or altered; {hint}") from None
    if not isinstance(package, Mapping):
        raise NodeError(f"{path} is no checkpoint: it holds a {type(package).__name__}; {hint}")
    return dict(package)


def _not_an_archive(path: Path) -> str:
    """What a file is instead of the zip that torch writes; "" if it looks like one."""
    if not path.exists():
        return "is not there"
    if not path.is_file():
        return "is not a file"
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not head:
        return "is empty"
    if head.startswith(_LFS_POINTER):
        return "only says where Git LFS keeps the file (git lfs pull fetches it)"
    if not head.startswith(b"PK"):
        # Before torch 1.6 it wrote a bare pickle. No model of audiocraft is that old, and such a file cannot be mapped.
        return "is no checkpoint: it is not a zip archive, which torch.save writes"
    return ""


def _refused(error: pickle.UnpicklingError) -> str:
    """Why torch did not go on with a pickle. It names what it met between backquotes or after GLOBAL."""
    words = str(error)
    _, separator, global_name = words.partition("GLOBAL ")
    if separator:
        return f"holds a pickle that asks for {global_name.split()[0][:80]}, which could run code: it was not run"
    return "is damaged, or holds a pickle that could run code: nothing of it was run"


def _settings() -> list[Any]:
    """The classes of a configuration that was saved as it was, not as YAML. Making one of them runs nothing."""
    from omegaconf import DictConfig, ListConfig
    from omegaconf import nodes as leaves
    from omegaconf.base import ContainerMetadata, Metadata

    return [
        DictConfig,
        ListConfig,
        ContainerMetadata,
        Metadata,
        leaves.AnyNode,
        leaves.BooleanNode,
        leaves.BytesNode,
        leaves.EnumNode,
        leaves.FloatNode,
        leaves.IntegerNode,
        leaves.PathNode,
        leaves.StringNode,
        Any,
        OrderedDict,
        defaultdict,
        dict,
        list,
        tuple,
        str,
        int,
        float,
        bool,
    ]
