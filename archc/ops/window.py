"""The arithmetic of sliding windows, shared by convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence

from archc.opdef import Attr, Rule
from archc.sizes import Dim, TensorType, at_least, dim_min, floor_div, text

AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
PER_AXIS = -1
"""The length of an attribute's kind, in a family's base, that stands for the number of axes of the leaf."""


def for_rank(attributes: dict[str, Attr], rank: int) -> dict[str, Attr]:
    """Give a family's attributes for one number of axes: a default stands for every axis."""
    return {name: _for_rank(each, rank) for name, each in attributes.items()}


def _for_rank(declared: Attr, rank: int) -> Attr:
    if declared.kind.length != PER_AXIS:
        return declared
    number = isinstance(declared.default, int)
    default = (declared.default,) * rank if number else declared.default
    return declared.replace(kind=declared.kind.replace(length=rank), default=default)


def reach(kernel: int, dilation: int) -> int:
    """Give how many positions a dilated kernel spans."""
    return dilation * (kernel - 1) + 1


def same_padding(kernel: Sequence[int], dilation: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Give the (before, after) padding that keeps sizes at stride 1; the odd one goes after."""
    totals = [reach(k, d) - 1 for k, d in zip(kernel, dilation, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def check_groups(rule: Rule, groups: int, channels: int, out_channels: int, x: TensorType) -> None:
    """Refuse groups that do not divide the channels on either side."""
    for number, what in ((channels, "input channels"), (out_channels, "`out_channels`")):
        if number % groups:
            rule.fail(
                "E0406",
                f"`groups` must divide the {what}, {number} is not a multiple of {groups}",
                "groups",
                [(0, f"this is {x}")],
            )


def windows(
    rule: Rule,
    x: TensorType,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    ceil_mode: bool = False,
) -> tuple[Dim, ...]:
    """Give the number of windows along each of the last axes, each required to be at least 1."""
    rank = len(kernel)
    sizes = x.shape[-rank:]
    result: list[Dim] = []
    for axis, size in enumerate(sizes):
        span = reach(kernel[axis], dilation[axis])
        padded = size + padding[axis][0] + padding[axis][1]
        name = AXIS_NAMES[rank][axis]
        rule.require(
            at_least(padded, span),
            "E0405",
            f"the kernel spans {span} positions, but the {name} of {rule.subject} is {text(size)}"
            + (f" ({text(padded)} with padding)" if padded != size else ""),
            "kernel_size",
            [(0, f"this is {x}")],
            ("use a smaller kernel, or more padding",),
        )
        result.append(_count(padded, span, stride[axis], ceil_mode, size + padding[axis][0]))
    return tuple(result)


def _count(padded: Dim, span: int, stride: int, ceil_mode: bool, start_limit: Dim) -> Dim:
    if not ceil_mode or stride == 1:
        return floor_div(padded - span, stride) + 1
    # PyTorch drops a last window that would start beyond the input and its left padding.
    count = floor_div(padded - span + stride - 1, stride) + 1
    if isinstance(count, int) and isinstance(start_limit, int):
        return count - 1 if (count - 1) * stride >= start_limit else count
    return dim_min(count, floor_div(start_limit - 1, stride) + 1)


def layout(rank: int) -> str:
    """Say what an input of a window op must look like."""
    return f"[batch, channels, {', '.join(AXIS_NAMES[rank])}]"
