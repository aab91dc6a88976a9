"""Uses of ops that no example shows: attributes, element types and ranks drawn at random."""

from __future__ import annotations

import random
import re
from typing import Any

import yaml
from op_cases import Case

from archc.opdef import Example, Kind, Op

DTYPES = (
    "float32",
    "float32",
    "int64",
    "int32",
    "bool",
    "uint8",
    "float64",
    "float16",
    "int8",
    "int16",
    "bool",
    "int64",
)
NO_NUMPY = ("bfloat16",)
"""Element types that the tests cannot read out of a runtime."""
IN_EITHER_ORDER = ("topk",)
"""PyTorch does not say which of equal values comes first: integers would be equal too often."""
FLOATS = (-1.5, -0.5, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0)
_TYPE = re.compile(r"^(\w*)\[(.*)\]$")


def sampled(op: type[Op], index: int) -> Case:
    """Give a use of an op, made from one of its examples; most of them are legal."""
    draw = random.Random(f"{op.name} {index}")
    example = draw.choice(op.examples)
    arguments = _arguments(draw, op, example)
    inputs = example.inputs
    if isinstance(inputs, dict):
        types = dict(
            zip(inputs, _types(draw, tuple(inputs.values()), op.name in IN_EITHER_ORDER), strict=True)
        )
        return Case(op, index, Example(arguments, types, example.between))
    return Case(
        op, index, Example(arguments, _types(draw, inputs, op.name in IN_EITHER_ORDER), example.between)
    )


def _arguments(draw: random.Random, op: type[Op], example: Example) -> str:
    written = yaml.safe_load(example.arguments) if example.arguments else {}
    if not isinstance(written, dict):
        main = op.main()
        if main is None or op.gathers:
            return example.arguments
        written = {main: written}
    if op.gathers:
        return example.arguments
    for name, declared in op.attributes.items():
        if draw.random() < 0.4:
            value = _value(draw, declared.kind)
            if value is not None or declared.kind.optional:
                written[name] = value
    return yaml.safe_dump(written, default_flow_style=True, width=10_000).strip() if written else ""


def _value(draw: random.Random, kind: Kind) -> Any:
    if kind.optional and draw.random() < 0.2:
        return None
    if (kind.words and draw.random() < 0.5) or kind.base == "text":
        words = [word for word in kind.words if word not in NO_NUMPY]
        return draw.choice(words) if words else None
    if kind.base in ("data", "init"):
        return None
    if kind.length is None:
        return _one(draw, kind)
    count = kind.length or draw.choice((1, 2))
    return (
        _one(draw, kind)
        if draw.random() < 0.5 and (kind.length or kind.single)
        else [_one(draw, kind) for _ in range(count)]
    )


def _one(draw: random.Random, kind: Kind) -> Any:
    if kind.base == "bool":
        return draw.random() < 0.5
    low = -3 if kind.min is None else kind.min
    high = 4 if kind.max is None else kind.max
    if kind.base in ("int", "size", "quantity"):
        return draw.randint(int(low), max(int(low), int(min(high, low + 4))))
    number = draw.choice(FLOATS)
    return min(max(number, low), high)


def _types(draw: random.Random, types: tuple[str, ...], ties_matter: bool) -> tuple[str, ...]:
    """Change element types and numbers of axes, alike for all inputs or for one of them."""
    made = []
    swap = draw.choice(DTYPES) if draw.random() < 0.3 and not ties_matter else None
    extra = draw.random() < 0.2
    for text in types:
        match = _TYPE.match(text)
        assert match is not None
        dtype, dims = match.group(1) or "float32", match.group(2)
        if swap is not None and (dtype == "float32" or draw.random() < 0.2):
            dtype = swap
        if extra:
            dims = f"2, {dims}" if dims else "2"
        elif draw.random() < 0.05:
            dims = dims.partition(", ")[2]
        made.append(f"{dtype}[{dims}]")
    return tuple(made)
