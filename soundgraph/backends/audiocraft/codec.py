"""Between sound and codes: a take's codec, one take at a time, in windows, so that memory does not grow with length.

EnCodec's decoder is a convolution, an LSTM, and convolutions that raise the rate to that of samples. A convolution sees
only so far, so a window with enough frames on both sides gives the same samples as the whole. An LSTM remembers as long
as its weights make it; so its state is carried from window to window. Overlapping windows until it has forgotten
would hang on how trained weights forget: with forget gates near 1 no overlap is long enough.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch
from torch import Tensor, nn

from soundgraph.core.errors import NodeError
from soundgraph.core.threads import Workers

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_S = 5.0
"""The longest stretch decoded at once. Measured at the published size, 30 s of sound on one core: windows of 30 s take
9.5 s and 1.1 GB, of 10 s 6.0 s and 0.55 GB, of 3 s 5.9 s and 0.22 GB. The time goes into pages for the larger arrays.
"""

NOT_NUMBERS = "not numbers (NaN or infinity), so the take is refused"

_MAX_WORKERS = 4
"""Windows decoded at the same time; each holds about 0.3 GB."""


def hop(codec: Any) -> int:
    """Samples (of one channel) that a step of codes stands for. With stereo codes that take turns in time, half of a
    frame's."""
    samples: float = codec.sample_rate / codec.frame_rate
    return round(samples)


def steps_per_frame(codec: Any) -> int:
    """Codes come in multiples of this many steps: 2 where left and right take turns in time, else 1."""
    return round(getattr(codec, "num_virtual_steps", 1))


@torch.inference_mode()
def encode(codec: Any, samples: NDArray[np.float32]) -> Tensor:
    """The codes of a sound.

    samples: shape (channels, n) at the codec's rate and channel count, n of 1 or more.

    Returns int64 [K, T] on the CPU, T being n / hop, rounded up. Always alone: in a batch the last bits would differ.
    """
    device = next(codec.parameters()).device
    # A copy: a sound out of the cache cannot be written to, and torch would warn the user of that.
    with _one_thread(), _watched(codec) as finite:
        codes, _scale = codec.encode(torch.from_numpy(np.array(samples, order="C"))[None].to(device))
    if not all(finite):
        # The nearest code to what is not a number is a code like any other.
        raise NodeError(f"what the codec makes of a sound are {NOT_NUMBERS}: its weights are damaged")
    return cast(Tensor, codes[0].to("cpu", torch.int64))


@torch.inference_mode()
def decode(codec: Any, codes: Tensor, n_samples: int) -> NDArray[np.float32]:
    """The sound of codes, the same whatever else is being made.

    codes: int64 [K, T]. n_samples: of each channel, no more than T · hop.

    Returns float32 (channels, n_samples). Equal to the codec's own `decode` of the whole in one thread: bit for bit up
    to WINDOW_S, to better than -100 dB beyond. Windows lie where the take's own length puts them.
    """
    device = next(codec.parameters()).device
    codes = codes[None].to(device)
    if hasattr(codec, "get_left_right_codes"):
        sides, mono = codec.get_left_right_codes(codes), codec.model
    else:
        sides, mono = (codes,), codec
    sound = np.zeros((codec.channels, n_samples), np.float32)
    with _one_thread() as n_threads, _Crew(min(n_threads, _MAX_WORKERS) if device.type == "cpu" else 1) as crew:
        for rows, side in zip(np.split(sound, len(sides)), sides, strict=True):
            _decode(mono, side, rows, crew)
    return sound


@contextmanager
def _watched(codec: Any) -> Iterator[list[bool]]:
    """While this lasts, gathers for each sound that goes through a codec's encoder whether it comes out finite."""
    mono = codec.model if hasattr(codec, "get_left_right_codes") else codec
    encoder = getattr(getattr(mono, "model", mono), "encoder", None)
    finite: list[bool] = []
    if not isinstance(encoder, nn.Module):
        yield finite
        return
    hook = encoder.register_forward_hook(lambda _module, _given, latent: finite.append(bool(latent.isfinite().all())))
    try:
        yield finite
    finally:
        hook.remove()


def _decode(codec: Any, codes: Tensor, into: NDArray[np.float32], crew: _Crew) -> None:
    """Fills `into`, (channels, n), with the sound of codes [1, K, T]."""
    window = max(1, int(WINDOW_S * codec.frame_rate))
    n_frames = codes.shape[-1]
    decoder = _Decoder.of(codec) if n_frames > window else None
    if decoder is None:
        crew.do(lambda: _put(codec.decode(codes, None)[0], into))
        return
    for start in range(0, n_frames, window):
        end = min(start + window, n_frames)
        frames, lead = decoder.frames(codes, start, end)
        n_window = (end - start) * decoder.hop
        target = into[:, start * decoder.hop :][:, :n_window]
        crew.do(lambda frames=frames, lead=lead, target=target: _put(decoder.sound(frames)[:, lead:], target))  # type: ignore[misc]


def _put(sound: Tensor, into: NDArray[np.float32]) -> None:
    into[:] = sound[:, : into.shape[1]].cpu().numpy()


@contextmanager
def _one_thread() -> Iterator[int]:
    """While this lasts, an operation of the calling thread runs in that thread alone. Gives the number there was.

    Convolutions split a sum differently for each number of threads (measured, oneDNN): the last bits of a take would
    depend on how many cores a machine has.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield n_threads
    finally:
        torch.set_num_threads(n_threads)


class _Crew:
    """Runs jobs, at most so many at a time, each in one thread; on leaving, all are done. A job's error is raised."""

    def __init__(self, n_workers: int):
        self._n_workers = n_workers
        self._pool: Workers | None = None
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        if self._n_workers > 1:
            self._pool = Workers(self._n_workers, initializer=torch.set_num_threads, initargs=(1,))
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if self._pool is None:
            return
        try:
            while self._waiting and error is None:
                self._waiting.popleft().result()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def do(self, job: Callable[[], None]) -> None:
        if self._pool is None:
            job()
            return
        if len(self._waiting) >= self._n_workers:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(torch.inference_mode()(job)))


class _Decoder:
    """EnCodec's decoder, taken apart at its LSTM, for windows asked for from first to last.

    codec: audiocraft's EncodecModel, or the one of transformers that it wraps: the layers are the same.
    """

    def __init__(self, codec: Any, layers: list[nn.Module]):
        recurrent = [index for index, layer in enumerate(layers) if hasattr(layer, "lstm")]
        cut = recurrent[0] if recurrent else 0
        self.hop = hop(codec)
        self._codec = codec
        self._before = layers[:cut]
        self._lstm = layers[cut] if recurrent else None
        self._after = layers[cut + 1 :] if recurrent else layers
        self._reach_before, self._reach_after = _reach(self._before), _reach(self._after)
        self._state: tuple[Tensor, Tensor] | None = None
        self._kept: Tensor | None = None  # the LSTM's last frames, which the next window sees again
        self._done = 0  # frames that the LSTM has seen

    @classmethod
    def of(cls, codec: Any) -> _Decoder | None:
        """None for a codec that cannot be decoded in windows: built another way, or normalized over time."""
        inner = getattr(codec, "model", codec)
        decoder = getattr(inner, "decoder", None)
        layers = getattr(decoder, "layers", None) or getattr(decoder, "model", None)
        if not isinstance(layers, (nn.Sequential, nn.ModuleList)):
            return None
        if any(isinstance(module, nn.GroupNorm) for module in layers.modules()):
            return None
        if sum(isinstance(module, nn.LSTM) for module in layers.modules()) > 1:
            return None
        return cls(codec, list(layers))

    def frames(self, codes: Tensor, start: int, end: int) -> tuple[Tensor, int]:
        """What `sound` needs for frames `start` to `end` of codes [1, K, T], and how many samples of what it gives come
        before them. `start` is where the last window ended."""
        upto = min(end + self._reach_after, codes.shape[-1])
        # Of a short last window, the LSTM has seen all frames when the one before it looked ahead.
        parts = [] if self._kept is None else [self._kept]
        if upto > self._done:
            parts.append(self._recur(self._front(codes, self._done, upto)))
        frames = torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0]
        self._done = upto
        first = upto - frames.shape[-1]
        self._kept = frames[..., max(0, end - self._reach_after - first) :].clone()
        return frames, (start - first) * self.hop

    def sound(self, frames: Tensor) -> Tensor:
        """(channels, n) of LSTM frames [1, D, T]; in whatever thread."""
        for layer in self._after:
            frames = layer(frames)
        return frames[0]

    def _front(self, codes: Tensor, start: int, end: int) -> Tensor:
        """What the LSTM is given for these frames: [1, D, end - start]."""
        first = max(0, start - self._reach_before)
        frames = self._codec.decode_latent(codes[..., first : min(end + self._reach_before, codes.shape[-1])])
        for layer in self._before:
            frames = layer(frames)
        return cast(Tensor, frames[..., start - first : end - first])

    def _recur(self, frames: Tensor) -> Tensor:
        """The LSTM layer with its state carried over, and with its skip connection, as both libraries write it."""
        if self._lstm is None:
            return frames
        given = frames.permute(2, 0, 1)
        result, self._state = cast(nn.LSTM, self._lstm.lstm)(given, self._state)
        if getattr(self._lstm, "skip", True):
            result = result + given
        return cast(Tensor, result.permute(1, 2, 0))


def _reach(layers: Iterable[nn.Module]) -> int:
    """How many frames of input, on either side, these layers can see from a sample of their output; rounded up.

    The sum over convolutions of their kernels' lengths, each at its own rate, as if all lay on one side.
    """
    reach, rate = 0.0, 1
    for layer in layers:
        for module in layer.modules():
            if isinstance(module, nn.Conv1d):
                reach += (module.kernel_size[0] - 1) * module.dilation[0] / rate
            elif isinstance(module, nn.ConvTranspose1d):
                rate *= module.stride[0]
                reach += (module.kernel_size[0] - 1) / rate
    return math.ceil(reach) + 1
