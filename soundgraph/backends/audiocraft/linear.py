"""Linear layers that are fast for a handful of rows, and whether a row's result depends on how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from soundgraph.core.errors import NodeError

_PACKED_FOR = 16
"""Rows that weights are laid out for. Always the same number: how they lie could show in a result's last bits."""


class Linear(Protocol):
    """`x` shaped (..., n_in) to (..., n_out)."""

    n_in: int
    n_out: int
    dtype: torch.dtype

    def __call__(self, x: Tensor) -> Tensor: ...


class PlainLinear:
    """As torch does it."""

    def __init__(self, weight: Tensor, bias: Tensor | None):
        self.n_out, self.n_in = weight.shape
        self.dtype = weight.dtype
        self._weight = weight
        self._bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight, self._bias)


class Packed:
    """With weights laid out once, the way oneDNN reads them fastest.

    For 2 to 16 rows this costs a half to a third of `PlainLinear`, whose BLAS is made for large matrices: nearly all of
    a step is reading weights on a processor. The weights are copied; the caller drops the others.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None):
        """Raises RuntimeError or AttributeError where there is no oneDNN."""
        self.n_out, self.n_in = weight.shape
        self.dtype = weight.dtype
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _PACKED_FOR)
        self._bias = bias
        self(torch.zeros(_PACKED_FOR, self.n_in, dtype=weight.dtype))  # a type of numbers it does not have shows here

    def __call__(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")


class Int8:
    """Weights and inputs of 8 bits, results in float32: for a processor.

    Each output has a scale of its own, its greatest weight; so has each row of inputs, its greatest magnitude. (One
    scale for a whole batch, as in `torch.ao.quantization`, would make each row's result depend on its neighbours.)
    Sums of whole numbers are exact in any order, so a row's result is the same among any others, and under any number
    of threads.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None):
        self.n_out, self.n_in = weight.shape
        self.dtype = torch.float32
        greatest = weight.abs().amax(dim=1).float()
        if not greatest.isfinite().all():
            # Rounded to whole numbers they would be some, and nothing would tell.
            raise NodeError("weights of the language model are not numbers (NaN or infinity): they are damaged")
        self._scale = torch.where(greatest > 0, greatest / 127, 1.0)
        quantised = torch.round(weight.float() / self._scale[:, None]).to(torch.int8)
        self._fast = _has_fast_products()
        self._weight = torch.ops.onednn.qlinear_prepack(quantised, None) if self._fast else quantised.t()
        self._zeros = torch.zeros(self.n_out, dtype=torch.int32)
        self._bias = None if bias is None else bias.float()

    def __call__(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, self.n_in)
        # Not 0, even for a row of silence, which would make it a row of what is not a number.
        greatest = flat.abs().amax(dim=1, keepdim=True).clamp_min_(1e-20)
        # From 1 to 255 with 0 at 128, rounded by cutting off the half that was added. A multiplication and an addition
        # rather than one fused operation: those two round the same in vector registers and outside of them, so that
        # the result does not depend on where threads divide the rows between them.
        quantised = torch.mul(flat, 127 / greatest).add_(128.5).to(torch.uint8)
        if self._fast:
            sums = torch.ops.onednn.qlinear_pointwise(
                quantised, 1.0, 128, self._weight, self._scale, self._zeros, None, 1.0, 0, torch.float32, "none", [], ""
            )
        else:
            signed = (quantised.to(torch.int16) - 128).to(torch.int8)
            sums = torch._int_mm(signed, self._weight).to(torch.float32).mul_(self._scale)
        result = sums.mul_(greatest / 127)
        if self._bias is not None:
            result += self._bias
        return result.reshape(*x.shape[:-1], self.n_out)


def pack(weight: Tensor, bias: Tensor | None, int8: bool = False) -> Linear:
    """The fastest linear layer there is for these weights and a few rows.

    weight: shaped (n_out, n_in). Raises NodeError for int8 where it cannot be had.
    """
    weight = weight.detach()
    bias = None if bias is None else bias.detach()
    if int8:
        if weight.device.type != "cpu":
            raise NodeError(
                f"int8 is for a processor, and this model is on {weight.device.type}\n"
                "  build with --device cpu, or with another precision"
            )
        return Int8(weight, bias)
    if weight.device.type == "cpu" and weight.dtype in (torch.float32, torch.bfloat16):
        try:
            return Packed(weight, bias)
        except (AttributeError, RuntimeError):
            pass  # a torch without oneDNN, or a processor without this type of numbers
    return PlainLinear(weight, bias)


def same_at_any_width(linears: Iterable[Linear], width: int) -> bool:
    """Whether a take's two rows come out the same, bit for bit, among those of any number of takes up to `width`.

    Found out by trying each shape there is: on some processors BLAS and oneDNN sum in an order that depends on how many
    rows there are. Which order that is never depends on the numbers, so numbers that tell orders apart are enough.
    """
    shapes = {(linear.n_in, linear.n_out, linear.dtype): linear for linear in linears}
    return all(_same_at_any_width(linear, width) for linear in shapes.values())


def _same_at_any_width(linear: Linear, width: int) -> bool:
    x = torch.randn(2 * width, linear.n_in, generator=torch.Generator().manual_seed(0)).to(linear.dtype)
    together = linear(x)
    for takes in range(1, width):
        rows = [*range(takes), *range(width, width + takes)]
        if not torch.equal(linear(x[rows]), together[rows]):
            return False
    return True


@cache
def _has_fast_products() -> bool:
    """Whether oneDNN multiplies 8-bit numbers exactly here.

    Processors without instructions for it add pairs of products in 16 bits, and cut off what does not fit.
    """
    try:
        weight = torch.ops.onednn.qlinear_prepack(torch.full((32, 64), 127, dtype=torch.int8), None)
        sums = torch.ops.onednn.qlinear_pointwise(
            torch.full((2, 64), 255, dtype=torch.uint8), 1.0, 128, weight, torch.ones(32),
            torch.zeros(32, dtype=torch.int32), None, 1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
    except (AttributeError, RuntimeError):
        return False
    return bool((sums == 64 * 127 * 127).all())
