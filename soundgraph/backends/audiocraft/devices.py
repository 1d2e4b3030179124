"""On which device a model runs, in which numbers, and how its memory is given back."""

from __future__ import annotations

import ctypes
import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch

from soundgraph.backends import Device, OutOfMemoryError, Precision
from soundgraph.core.errors import NodeError


def choose_device(asked: Device) -> str:
    """ "cuda", "mps" or "cpu": what was asked for, or for "auto" the first of them that is there.

    Raises NodeError if what was asked for is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return next(name for name, is_there in there.items() if is_there)
    if not there[asked]:
        others = " or ".join(f"--device {name}" for name, is_there in there.items() if is_there)
        reason = "this torch was built without it" if not _built_for(asked) else "torch finds no such device"
        raise NodeError(f"there is no {asked} here ({reason}): use {others}")
    return asked


def dtype_for(device: str, precision: Precision | None) -> torch.dtype:
    """The numbers that a language model is loaded in. precision: None for the device's own.

    The device's own are float32 on a CPU, which computes float16 far more slowly, and float16 elsewhere. int8 starts
    from float32: the decoder scales and rounds the weights itself.

    Raises NodeError for a precision that the device has no use for.
    """
    if device == "cpu":
        if precision == "float16":
            raise NodeError('precision "float16" is for GPUs; on a CPU use "float32", "bfloat16" or "int8"')
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    if precision == "int8":
        raise NodeError(f'precision "int8" is for CPUs; on {device} use "float16", "bfloat16" or "float32"')
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    return dtypes.get(precision or "", torch.float16)


@contextmanager
def room_for(what: str, device: str) -> Iterator[None]:
    """Turns every way of running out of memory into an OutOfMemoryError. what: as it shall be named."""
    try:
        yield
    except OutOfMemoryError:
        raise
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        # The error holds each frame it came through, and they hold what took the memory: whoever catches ours would
        # keep all that, and could not try again in a smaller way.
        traceback.clear_frames(error.__traceback__)
        give_back()
        place = "this machine's memory" if device == "cpu" else f"the memory of the device ({device})"
        raise OutOfMemoryError(f"{what} does not fit into {place}") from None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is torch's, or Python's, way of saying that there is no more memory."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    words = str(error)  # on a CPU, and on mps, it is a plain RuntimeError
    return isinstance(error, RuntimeError) and any(
        said in words
        for said in ("can't allocate memory", "Cannot allocate memory", "not enough memory", "out of memory")
    )


def give_back() -> None:
    """Returns what is no longer used to the device and to the system."""
    gc.collect()  # modules and their hooks refer to one another in circles
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
    # glibc keeps freed blocks of up to 32 MB, which most tensors are, for its own later use.
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _built_for(device: str) -> bool:
    built: Any = torch.backends.cuda if device == "cuda" else torch.backends.mps
    return bool(built.is_built())
