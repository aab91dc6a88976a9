"""The weights that an op owns."""

from __future__ import annotations

from archc.sizes import FLOAT32, DType
from archc.source import Record

# An initializer is a name of `torch.nn.init` without the underscore and its arguments,
# `("uniform", (("a", -0.1), ("b", 0.1)))`; `default` in place of it is the op's own.
Arguments = tuple[tuple[str, object], ...]


class Init(Record):
    """How a weight gets its first values: a name of `torch.nn.init` and its arguments."""

    name: str
    arguments: Arguments = ()


ZEROS = Init("zeros")
ONES = Init("ones")


def uniform(bound: float) -> Init:
    """Uniform between -bound and bound."""
    return Init("uniform", (("a", -bound), ("b", bound)))


class Param(Record):
    """A parameter or buffer of an op: its key below the op's path, shape, first values.

    Sizes are numbers, never symbols. A `buffer` is not trained; a buffer that is not `persistent`
    is not in the state_dict. `trainable` is false for a parameter kept fixed.
    """

    name: str
    shape: tuple[int, ...]
    init: Init
    dtype: DType = FLOAT32
    buffer: bool = False
    persistent: bool = True
