"""Python expressions as small trees: what an op's PyTorch form is made of.

The PyTorch backend compares the trees of a block's specialisations leaf by leaf, so that what
differs becomes an argument of the class; text is made from them only at the end.
"""

from __future__ import annotations

from collections.abc import Mapping

from archc.sizes import Dim, TensorType
from archc.source import Record


class Py(Record):
    """An expression."""


class Lit(Py):
    """A compile-time value: number, boolean, text, None, or a tuple of them."""

    value: object


class Size(Py):
    """A size; a symbolic one is computed in `forward` from the shapes of what is at hand."""

    dim: Dim


class Name(Py):
    """A dotted name, as it is: `torch.float32`."""

    text: str


class Input(Py):
    """The value of the node's input at this position."""

    index: int


class Own(Py):
    """The node's own module, parameter or buffer: `self.conv1`."""


class Made(Py):
    """The computed first value of the node's own tensor."""


class Call(Py):
    """A call of a function by dotted name, or of an expression."""

    function: str | Py
    args: tuple[Py, ...] = ()
    kwargs: tuple[tuple[str, Py], ...] = ()


class Method(Py):
    """A call of a method: `x.flatten(1)`."""

    target: Py
    name: str
    args: tuple[Py, ...] = ()
    kwargs: tuple[tuple[str, Py], ...] = ()


class Attribute(Py):
    """An attribute of an expression: `x.shape`."""

    target: Py
    name: str


class Binary(Py):
    """`left operator right`; the writer puts parentheses where precedence needs them."""

    operator: str
    left: Py
    right: Py


class Unary(Py):
    """`-x`, `~x`."""

    operator: str
    operand: Py


class Ternary(Py):
    """`then if test else otherwise`."""

    test: Py
    then: Py
    otherwise: Py


class Item(Py):
    """`target[index]`; the index may be a `Slice` or a `Tuple` of them."""

    target: Py
    index: Py


class Slice(Py):
    """`start:stop:step` inside an `Item`."""

    start: Py | None = None
    stop: Py | None = None
    step: Py | None = None


class Tuple(Py):
    """A tuple display, or a list display."""

    items: tuple[Py, ...]
    brackets: str = "()"


class PyTorch(Record):
    """An op in PyTorch.

    `forward` is the expression that gives the op's result (a tuple of results where the op has
    several outputs). `module` is the constructor of the `nn.Module`, `nn.Parameter` or buffer that
    the op owns, None for a plain function. `support` is source text of classes that the emitted
    file needs once, by name. `unpack` says how several results are nested, by output position:
    `(0, (1, 2))` for an LSTM; empty means a flat tuple. `as_module` is the constructor of the
    `nn.Module` that does the same as a function without weights (`nn.ReLU()`), for places that need
    a module, such as `nn.Sequential`.
    """

    forward: Py
    module: Py | None = None
    support: tuple[tuple[str, str], ...] = ()
    unpack: tuple[object, ...] = ()
    as_module: Call | None = None


class Site(Record):
    """Where a node stands: the types of its outputs, and which of them anything reads."""

    outputs: tuple[TensorType, ...]
    used: tuple[bool, ...]

    @property
    def output(self) -> TensorType:
        """The type of the first output."""
        return self.outputs[0]


def layer(module: Call, *inputs: Py) -> PyTorch:
    """The usual form of an op with weights: construct a module, call it with the inputs."""
    return PyTorch(Call(Own(), inputs or (Input(0),)), module)


def function(name: str, *args: Py, as_module: Call | None = None, **kwargs: Py) -> PyTorch:
    """The usual form of an op without weights: call a function."""
    return PyTorch(Call(name, args, tuple(kwargs.items())), as_module=as_module)


def in_order(weights: Mapping[str, Py], *names: str) -> tuple[Py, ...]:
    """Give the expressions of weights by position, the last of which may not be there."""
    return tuple(weights[name] for name in names if name in weights)


def method(name: str, *args: Py, as_module: Call | None = None, **kwargs: Py) -> PyTorch:
    """A method of the first input."""
    return PyTorch(Method(Input(0), name, args, tuple(kwargs.items())), as_module=as_module)
