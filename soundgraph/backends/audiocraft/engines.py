"""What runs a window of a take: soundgraph's own decoder, or audiocraft's code for models that it does not serve."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from soundgraph.backends import OutOfMemoryError
from soundgraph.backends.audiocraft import devices, pieces, stock
from soundgraph.backends.audiocraft.conditions import Conditions
from soundgraph.backends.audiocraft.decoder import Decoder
from soundgraph.backends.audiocraft.rows import BatchRow
from soundgraph.backends.audiocraft.sampling import noise
from soundgraph.core import system
from soundgraph.core.errors import NodeError, quote

if TYPE_CHECKING:
    from torch import Tensor

    from soundgraph.backends import Model, Precision
    from soundgraph.backends.audiocraft.checkpoint import Loaded
    from soundgraph.backends.audiocraft.takes import OpenTake

_GROUP = Path("/sys/fs/cgroup")
"""Where Linux says what a container may take."""

_FAR_APART = 0x9E3779B97F4A7C15
"""2**64 over the golden ratio: between the seeds of a piece's windows, where stock code makes them."""


class DecodingEngine(Protocol):
    """Runs windows, several at a time."""

    path: Literal["decoder", "stock"]
    """What it is, as it is written down with a take."""
    width: int
    """Of its batches, if nobody asks for another."""
    takes_melodies: bool
    """Whether the model follows them."""

    def row(self, take: OpenTake) -> Any:
        """A take's next window, ready to run."""

    def kind(self, row: Any) -> Hashable:
        """Rows of one kind can run together."""

    def run(
        self, rows: Sequence[Any], width: int, on_steps: Callable[[int, int], None]
    ) -> Iterator[tuple[int, Tensor | None]]:
        """Yields (which row, its codes [K, steps] on the CPU, context included) as each is finished.

        None instead of codes for one whose logits were not all finite.
        rows: 1 to `width`, of one kind. on_steps: called with which row and how many of its window's steps are there;
        it may raise, to stop. Raises OutOfMemoryError, or what torch or Python raise when memory ran out.
        """

    def release(self) -> None:
        """Lets go of the memory that it keeps from one batch to the next."""


def engine_for(loaded: Loaded, model: Model, precision: Precision, width: int | None) -> DecodingEngine:
    """The engine for a loaded model. Its weights may be taken out of `loaded`.

    Raises NodeError for a precision that it does not have.
    """
    reason = Decoder.refuses(loaded.lm)
    if not reason:
        return _Own(loaded, precision, width or default_width(loaded.device, precision))
    if precision == "int8":
        raise NodeError(f'model {quote(model.id)} cannot be run in precision "int8": {reason}')
    return _Stock(loaded)


def default_width(device: str, precision: Precision) -> int:
    """How many takes are made at a time."""
    return 32 if device == "cuda" else 8


class _Own:
    path: Literal["decoder", "stock"] = "decoder"

    def __init__(self, loaded: Loaded, precision: Precision, width: int):
        self.width = width
        self.takes_melodies = _takes_melodies(loaded)
        self._loaded = loaded
        # audiocraft builds all but the transformer in float32, and relies on autocast; the decoder wants one type.
        self._bytes_per_slot = 2 * 2 * len(loaded.lm.transformer.layers) * loaded.lm.dim * loaded.dtype.itemsize
        self._decoder = Decoder(loaded.lm.to(loaded.dtype), precision, width)
        devices.give_back()  # what the weights took before they were laid out anew
        # A piece has a text for many windows; to encode it for each of them anew takes longer than to keep the last.
        self._last: tuple[str, Conditions] | None = None

    def row(self, take: OpenTake) -> BatchRow:
        window, request, params = take.window, take.request, take.request.params
        assert window is not None
        n_steps = self._decoder.n_steps(window.n_steps)
        return BatchRow(
            conditions=self._conditions(take),
            prompt=take.context(),
            n_frames=window.n_steps,
            noise=noise(request.seed, window.index, n_steps, self._loaded.codec.num_codebooks),
            temperature=params.temperature,
            top_k=params.top_k,
            top_p=params.top_p,
            cfg_coef=params.cfg_coef,
        )

    def kind(self, row: BatchRow) -> Hashable:
        return self._decoder.class_of(row)

    def run(
        self, rows: Sequence[BatchRow], width: int, on_steps: Callable[[int, int], None]
    ) -> Iterator[tuple[int, Tensor | None]]:
        if width != self._decoder.width:
            self._decoder.width = width
        if width > 1:
            self._check_memory(rows, width)
        made: Iterator[tuple[int, Tensor | None]] = self._decoder.run(rows, on_steps)
        return made

    def release(self) -> None:
        self._last = None
        self._decoder.width = self._decoder.width  # drops what was kept for this width

    def _check_memory(self, rows: Sequence[BatchRow], width: int) -> None:
        """Raises OutOfMemoryError where a batch's keys and values would take all the memory that is free.

        They are most of what a batch needs (4.7 GB for eight takes of 30 s with MusicGen-small in float32). A GPU says
        so itself when memory runs out; Linux does not, but ends a process some time after it was given too much.
        """
        left = memory_left() if self._loaded.device == "cpu" else None
        n_takes = len(rows) if self._decoder.narrows else width
        if left is not None and n_takes * max(row.n_frames for row in rows) * self._bytes_per_slot > left:
            raise OutOfMemoryError(f"a batch of {n_takes} takes does not fit into this machine's memory")

    def _conditions(self, take: OpenTake) -> Conditions:
        window = take.window
        assert window is not None
        melody = _melody(take, self._loaded)
        if melody is not None:
            told: Conditions = self._decoder.condition(window.text, (melody, self._loaded.codec.sample_rate))
            return told
        if self._last is None or self._last[0] != window.text:
            self._last = window.text, self._decoder.condition(window.text)
        return self._last[1]


class _Stock:
    path: Literal["decoder", "stock"] = "stock"
    width = 1

    def __init__(self, loaded: Loaded):
        self.takes_melodies = _takes_melodies(loaded)
        self._loaded = loaded
        if loaded.device == "cpu":
            loaded.lm.to(loaded.dtype)  # the norms of a processor take no numbers of two sorts, as autocast makes them

    def row(self, take: OpenTake) -> stock.Run:
        window, request, params = take.window, take.request, take.request.params
        assert window is not None
        return stock.Run(
            text=window.text,
            melody=_melody(take, self._loaded),
            prompt=take.context(),
            n_steps=window.n_steps,
            seed=(request.seed + window.index * _FAR_APART) % 2**64,
            temperature=params.temperature,
            top_k=params.top_k,
            top_p=params.top_p,
            cfg_coef=params.cfg_coef,
        )

    def kind(self, row: stock.Run) -> Hashable:
        return None

    def run(
        self, rows: Sequence[stock.Run], width: int, on_steps: Callable[[int, int], None]
    ) -> Iterator[tuple[int, Tensor | None]]:
        for index, row in enumerate(rows):

            def tell(steps: int, index: int = index) -> None:
                on_steps(index, steps)

            yield index, stock.generate(self._loaded, row, tell)

    def release(self) -> None:
        """Nothing is kept."""


def _takes_melodies(loaded: Loaded) -> bool:
    return bool(loaded.lm.condition_provider.wav_conditions)


def _melody(take: OpenTake, loaded: Loaded) -> Tensor | None:
    """What a take's next window is told of its melody."""
    import torch

    window = take.window
    assert window is not None
    if take.melody is None:
        return None
    n = int(loaded.max_duration_s * loaded.codec.sample_rate)
    return torch.from_numpy(pieces.melody_for(take.piece, window, take.melody, n).copy())  # one that can be written to


def memory_left() -> int | None:
    """How many bytes this process can still be given without others being pushed out, as Linux tells; else None."""
    left = []
    with suppress(OSError, ValueError, IndexError):
        text = Path("/proc/meminfo").read_text()
        left.append(int(text.split("MemAvailable:")[1].split()[0]) * 1024)
    with suppress(OSError, ValueError, KeyError):  # in a container that has a limit
        limit, used = (int((_GROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        parts = dict(line.split() for line in (_GROUP / "memory.stat").read_text().splitlines())
        # What was read of files, the weights above all, is kept only for as long as nobody needs the room.
        left.append(limit - used + int(parts["inactive_file"]) + int(parts["active_file"]))
    return min(left, default=None)


def n_threads() -> int:
    """How many threads torch is given: one for each core there is for this process, whatever -j is.

    SOUNDGRAPH_THREADS says another number. Two threads on one core gain nothing here: a core is busy with reading
    weights. Raises NodeError.
    """
    said = os.environ.get("SOUNDGRAPH_THREADS", "")
    if said:
        if not (said.isascii() and said.isdigit() and int(said)):
            raise NodeError(f"SOUNDGRAPH_THREADS has to be a whole number of 1 or more, not {quote(said)}")
        return int(said)
    cores = set()
    for number in system.processors():
        siblings = str(number)
        with suppress(OSError):  # where Linux says which processors are one core
            siblings = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list").read_text()
        cores.add(siblings)
    return len(cores)
