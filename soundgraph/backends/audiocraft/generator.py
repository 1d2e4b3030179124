"""A loaded MusicGen, AudioGen or MAGNeT: requests in, takes out, many at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as GeneratorType
from contextlib import closing
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from soundgraph.audio import artifact
from soundgraph.audio.dsp.fitting import conversion, fitted
from soundgraph.backends import Device, Made, Model, OutOfMemoryError, Precision, Refused, Report, Request
from soundgraph.backends.audiocraft import checkpoint, codec, devices, engines, pieces
from soundgraph.backends.audiocraft.pieces import CannotError, Clock
from soundgraph.backends.audiocraft.takes import OpenTake, next_batch
from soundgraph.core.errors import NodeError, first_line, quote, unexpected

if TYPE_CHECKING:
    from soundgraph.backends.audiocraft.weights import WeightFiles

T = TypeVar("T")

_AHEAD = 4
"""Takes that are got ready, in batches: enough to choose rows of like length from, few enough for memory."""

_REPORT_S = 0.1
"""A take reports each time that so much more of it is there, in seconds of sound."""


def _name(dtype: torch.dtype) -> Precision:
    names: dict[torch.dtype, Precision] = {torch.float16: "float16", torch.bfloat16: "bfloat16"}
    return names.get(dtype, "float32")


class AudioCraftGenerator:
    """See `soundgraph.backends.Generator`.

    width: of a batch; the device's own if not given.
    Raises NodeError for files, a device or a precision that cannot be used, OutOfMemoryError.
    """

    def __init__(
        self, files: WeightFiles, model: Model, device: Device, precision: Precision | None, width: int | None = None
    ):
        torch.set_num_threads(engines.n_threads())
        place = checkpoint.choose_device(device)
        dtype = checkpoint.dtype_for(place, precision)
        self._model = model
        self._precision: Precision = precision or _name(dtype)
        self._loaded = checkpoint.load(files, model, place, dtype)
        try:
            with devices.room_for(f"model {quote(model.id)}", place):
                self._engine = engines.engine_for(self._loaded, model, self._precision, width)
        except BaseException:
            checkpoint.free(self._loaded)
            raise
        try:
            self._clock = self._checked_clock()
        except BaseException:
            self.unload()
            raise
        self._width = self._engine.width
        self._told_width = self._width  # the smallest that was told of in a remark
        self._running = False  # whether a batch is

    def _checked_clock(self) -> Clock:
        """How the model counts. Raises NodeError for one whose window has no room for what it makes at a time."""
        loaded, music = self._loaded, self._loaded.codec
        clock = Clock(
            music.sample_rate,
            codec.hop(music),
            codec.steps_per_frame(music),
            math.floor(loaded.max_duration_s * music.frame_rate),
        )
        least = loaded.lm.span_len if loaded.kind == "magnet" else clock.per_frame
        if not isinstance(least, int) or least < 1:
            raise NodeError(f"model {quote(self._model.id)} cannot be used: it fills spans of {least} steps")
        if clock.max_steps < least:
            raise NodeError(
                f"model {quote(self._model.id)} cannot be used: its window of {1000 * loaded.max_duration_s:g} ms is "
                f"less than what it makes at a time, {1000 * least / music.frame_rate:g} ms"
            )
        return clock

    @property
    def about(self) -> str:
        return f"{self._loaded.device}, {self._precision}, {self._width} at a time"

    def generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        """An error of one take is its own: it is refused, and the others are made as if it had not been asked for."""
        try:
            yield from self._generate(requests, _passing_errors(report))
        except _ReportError as error:
            raise error.cause from None

    def _generate(self, requests: Sequence[Request], report: Report) -> Iterator[Made | Refused]:
        coming = iter(enumerate(requests))
        open_takes: list[OpenTake] = []
        while True:
            for index, request in islice(coming, max(0, _AHEAD * self._width - len(open_takes))):
                try:
                    take = self._begin(index, request)
                except OutOfMemoryError:
                    raise
                except Exception as error:  # such as that of demucs' weights, which only melodies need
                    yield Refused(index, _reason(error))
                    continue
                if take.window is None:
                    yield self._finish(take, report)
                else:
                    open_takes.append(take)
                    self._tell(take, take.done, report)
            if not open_takes:
                return
            unfinished = []
            with closing(self._run_batch(open_takes, report)) as over:
                for take in over:
                    open_takes.remove(take)
                    try:
                        result = self._finish(take, report)
                    except OutOfMemoryError:
                        unfinished.append(take)  # there will be room when the batch is over
                    else:
                        yield result
            for take in unfinished:
                yield self._finish(take, report)

    def unload(self) -> None:
        """Gives the memory back; a second time does nothing."""
        if self._loaded.lm is not None:
            del self._engine
            checkpoint.free(self._loaded)

    # One take

    def _begin(self, index: int, request: Request) -> OpenTake:
        """Lays a take out, and gets its first window ready. Raises CannotError."""
        model, loaded = self._model, self._loaded
        rate, channels = model.sample_rate, model.channels
        self._check(request)
        given = None if request.continue_from is None else fitted(request.continue_from, rate, channels).samples
        melody = None if request.melody is None else fitted(request.melody, rate, channels).samples
        if melody is not None and not melody.shape[1]:
            raise CannotError("the melody has no samples")
        piece = pieces.lay_out(request, model.family, self._clock, 0 if given is None else given.shape[1])
        codes = torch.zeros(loaded.codec.num_codebooks, piece.n_steps, dtype=torch.int64)
        take = OpenTake(index, request, piece, codes, given, melody, done=piece.given_steps)
        if given is not None and request.continue_from is not None:
            context = given[:, piece.origin :]
            codes[:, : piece.given_steps] = self._in_room(take, lambda: codec.encode(loaded.codec, context))
            take.remarks.extend(filter(None, [conversion(request.continue_from, rate, channels)]))
        if self._engine.path == "stock":
            take.width = None
        if take.window is not None:
            self._make_ready(take)
        return take

    def _check(self, request: Request) -> None:
        """Raises CannotError for what the model is not made for."""
        model = f"model {quote(self._model.id)}"
        if request.melody is not None and not self._engine.takes_melodies:
            raise CannotError(f"{model} does not follow melodies")
        if self._loaded.kind != "magnet":
            return
        longest = self._loaded.max_duration_s
        if request.continue_from is not None:
            raise CannotError(f"{model} cannot go on from another sound")
        if len(request.prompts) > 1:
            raise CannotError(f"{model} takes one prompt for the whole of a sound")
        if request.duration > longest:
            raise CannotError(f"{model} makes no more than {longest:g} s, and duration is {request.duration:g} s")

    def _make_ready(self, take: OpenTake) -> None:
        """Makes the row of a take's next window."""
        take.row = self._in_room(take, lambda: self._engine.row(take))
        take.kind = self._engine.kind(take.row)

    def _finish(self, take: OpenTake, report: Report) -> Made | Refused:
        """The sound of a take whose windows are all made, or why there is none. Raises OutOfMemoryError."""
        if take.trouble:
            return Refused(take.index, take.trouble)
        try:
            return self._sound(take, report)
        except OutOfMemoryError:
            raise
        except Exception as error:
            return Refused(take.index, _reason(error))

    def _sound(self, take: OpenTake, report: Report) -> Made | Refused:
        piece = take.piece
        n = piece.n_samples - piece.origin
        if not piece.n_steps:
            samples = np.zeros((self._model.channels, n), np.float32)
        else:
            samples = self._in_room(take, lambda: codec.decode(self._loaded.codec, take.codes, n))
        if not np.isfinite(samples).all():
            return Refused(take.index, f"samples of the codec are {codec.NOT_NUMBERS}: its weights are damaged")
        if take.given is not None:
            samples = pieces.join(take.given, samples, piece)
        if take.told_s < take.request.duration:
            report(take.index, take.request.duration)
        made = artifact.make(samples, self._model.sample_rate)
        return Made(take.index, made, (*take.remarks, *self._of_memory(take)), self._facts(take))

    def _of_memory(self, take: OpenTake) -> Iterator[str]:
        """What to say of a take that was made in a smaller batch than it should have been; of each width once."""
        width, wanted = min(take.widths, default=self._width), take.request.width or self._engine.width
        if width < min(wanted, self._told_width) or (take.request.width and width < wanted):
            self._told_width = min(width, self._told_width)
            yield f"made {width} at a time instead of {wanted}, for want of memory"

    def _facts(self, take: OpenTake) -> dict[str, Any]:
        device = self._loaded.device
        facts: dict[str, Any] = {
            "device": torch.cuda.get_device_name() if device == "cuda" else device,
            "precision": self._precision,
            "path": self._engine.path,
            "width": min(take.widths, default=self._width),
            "windows": len(take.widths),
        }
        if len(set(take.widths)) > 1:  # memory ran out on the way: it cannot be made again just as it was
            facts["widths"] = list(take.widths)
        return facts | {package: version(package) for package in ("torch", "audiocraft", "transformers")}

    def _tell(self, take: OpenTake, step: int, report: Report) -> None:
        """Reports that a take is there up to a step, if that is news."""
        made_s = min(take.piece.seconds(step), take.request.duration)
        if made_s >= take.told_s + _REPORT_S:
            take.told_s = made_s
            report(take.index, made_s)

    # Batches

    def _run_batch(self, open_takes: Sequence[OpenTake], report: Report) -> GeneratorType[OpenTake, None, None]:
        """Runs one batch of windows, and gives each take that has no more of them as soon as that is so.

        A batch that ends with an error does so for one of its takes, and nothing tells for which. Then each runs alone:
        what it becomes is the same.
        """
        batch, width = next_batch(open_takes, self._width)

        def on_steps(position: int, steps: int) -> None:
            take = batch[position]
            if take.window is not None:
                self._tell(take, max(take.done, take.window.start + steps), report)

        self._running = True
        try:
            with devices.room_for("a batch", self._loaded.device):
                for position, codes in self._engine.run([take.row for take in batch], width, on_steps):
                    take = batch[position]
                    if codes is None:
                        take.trouble = self._not_numbers()
                    else:
                        take.add(codes, width)
                    if take.window is None:
                        yield take
        except OutOfMemoryError:
            self._shrink(batch, width)
        except Exception as error:
            self._engine.release()
            left = [take for take in batch if take.row is not None and not take.trouble]
            for take in left:
                take.alone = True
            if len(batch) == 1 and left:
                left[0].trouble = self._why_not(error)
                yield left[0]
        finally:
            self._running = False
        for take in batch:
            if take.window is not None and take.row is None:
                try:
                    self._make_ready(take)
                except OutOfMemoryError:
                    raise
                except Exception as error:
                    take.trouble = _reason(error)
                    yield take

    def _why_not(self, error: Exception) -> str:
        if self._engine.path == "decoder" or isinstance(error, NodeError):
            return _reason(error)
        # Whatever its settings make of audiocraft's own code.
        return f"model {quote(self._model.id)} cannot be run as its settings say ({first_line(error)})"

    def _not_numbers(self) -> str:
        hint = "its weights are damaged"
        if self._precision not in ("float32", "int8"):
            hint = 'precision = "float32" may help, or else its weights are damaged'
        return f"logits of the language model are {codec.NOT_NUMBERS}: {hint}"

    def _shrink(self, batch: Sequence[OpenTake], width: int) -> None:
        """A batch of this width did not fit: the next is half as wide. Its windows that were finished are kept."""
        self._engine.release()
        if width == 1:
            self._width = self._engine.width  # whoever asks again has made room
            raise self._too_big(batch[0])
        for take in batch:
            if take.width is not None:
                take.width = min(take.width, width // 2)
        self._width = min(self._width, width // 2)

    def _in_room(self, take: OpenTake, job: Callable[[], T]) -> T:
        """Does what a take needs beside its batches; between batches, without what is kept for them if need be."""
        try:
            with devices.room_for("a take", self._loaded.device):
                return job()
        except OutOfMemoryError:
            if self._running:
                raise
        self._engine.release()
        try:
            with devices.room_for("a take", self._loaded.device):
                return job()
        except OutOfMemoryError:
            raise self._too_big(take) from None

    def _too_big(self, take: OpenTake) -> OutOfMemoryError:
        device = self._loaded.device
        place = "this machine's memory" if device == "cpu" else f"the memory of the device ({device})"
        error = OutOfMemoryError(
            f"model {quote(self._model.id)} ({self._precision}) and a single take of {take.request.duration:g} s, "
            f"made 1 at a time, do not fit into {place}"
        )
        error.index = take.index
        return error


class _ReportError(BaseException):
    """Carries what a caller's report raised past all who look after a take's own errors."""

    def __init__(self, cause: BaseException):
        super().__init__()
        self.cause = cause


def _passing_errors(report: Report) -> Report:
    def tell(index: int, made_s: float) -> None:
        try:
            report(index, made_s)
        except BaseException as error:
            raise _ReportError(error) from None

    return tell


def _reason(error: Exception) -> str:
    """Why a take is refused: an error in words as it is, any other by its name."""
    return str(error) if isinstance(error, CannotError | NodeError) else unexpected(error)
