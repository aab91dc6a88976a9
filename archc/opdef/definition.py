"""What an op definition is: one class with attributes, shape rule, weights, both outputs and cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar

from archc.opdef.attributes import Attr
from archc.opdef.onnx import OnnxBuilder
from archc.opdef.python import Lit, Py, PyTorch
from archc.opdef.rule import Rule
from archc.opdef.weights import Param
from archc.sizes import Dim, TensorType
from archc.source import Record


class Example(Record):
    """One use of an op: what is written under its name, and the types of its inputs.

    `arguments` is YAML text (`{out_channels: 6, kernel_size: 5}`, `2`, or nothing). Inputs are type
    texts, in the order of the op's inputs; a dict names some of them (`{"query": "[N, T, 8]"}`).
    `between` bounds the floats to try it with, where it is not made for all.
    """

    arguments: str
    inputs: tuple[str, ...] | dict[str, str] = ("[N, 8]",)
    between: tuple[float, float] | None = None


class OpInput(Record):
    """An input: torch's name for it, whether it may be left out, whether it takes any number."""

    name: str
    optional: bool = False
    many: bool = False


ASPECTS = ("infer", "weights", "pytorch", "onnx", "multiply_adds", "examples")
Infers = TensorType | tuple[TensorType, ...]


class Op:
    """An operation with its attributes; immutable, compared by content.

    A subclass declares its attributes with `attr(...)`, its `inputs` and `outputs` by torch's names
    (`mask?` may be absent, `*tensors` takes any number), and every one of `ASPECTS`: there are no
    silent defaults, `@op(...)` refuses a class that forgets one.

    Each aspect takes the types of the inputs in order (None for an absent one): `infer(rule, *types)`
    gives the outputs' types; `weights(*types)`; `pytorch(site, *types)`; `onnx(g, *names)` takes the
    names of the inputs ('' for an absent one) and gives the outputs'; `multiply_adds(out, *types)`
    takes the first output's type too.

    `outputs` is empty where their number depends on the attributes: they are then numbered. `infer`
    may leave out the last of them (`max` has `indices` along an axis only).
    `combines` says that a list written under the op's name is its inputs (`add: [a, b]`).
    `random` marks an op whose values cannot be compared between two runs.
    `elementwise` marks an op that acts on each element alone: it may stand in a formula, where
    numbers may be its inputs if it `takes_numbers`.
    `strided` marks an op whose result may be a view in PyTorch that repeats or jumps in memory.
    `loss` marks a loss function: it may stand in the expression of a `loss` as well.
    `functional(weights, *types)` is for layers whose weights may be values: it takes an expression for
    each weight that is no buffer, by name, and gives the PyTorch form that uses those. `written_out`
    says of others what to write in place of the layer.
    `gathers` names the attribute that takes the keys which no attribute declares, as pairs of key
    and value (`rearrange: {pattern: ..., h: 12}`); its kind is that of one such value.
    """

    name: ClassVar[str] = ""
    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("output",)
    combines: ClassVar[bool] = False
    random: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    takes_numbers: ClassVar[bool] = False
    strided: ClassVar[bool] = False
    loss: ClassVar[bool] = False
    gathers: ClassVar[str] = ""
    attributes: ClassVar[dict[str, Attr]] = {}
    functional: Callable[..., PyTorch] | None = None
    written_out: ClassVar[str] = ""
    examples: ClassVar[tuple[Example, ...]]
    infer: Callable[..., Infers]
    weights: Callable[..., tuple[Param, ...]]
    pytorch: Callable[..., PyTorch]
    onnx: Callable[..., str | tuple[str, ...]]
    multiply_adds: Callable[..., Dim]

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in cls.__dict__.items() if isinstance(value, Attr)}
        cls.attributes = {**cls.attributes, **own}

    def __init__(self, **attributes: Any) -> None:
        unknown = set(attributes) - set(self.attributes)
        missing = [n for n, a in self.attributes.items() if a.required and n not in attributes]
        if unknown or missing:
            raise TypeError(f"{self.name}: unknown {sorted(unknown)}, missing {missing}")
        for name, declared in self.attributes.items():
            self.__dict__[name] = attributes.get(name, declared.default)

    @property
    def values(self) -> dict[str, Any]:
        """The attributes and their values, in the order of declaration."""
        return {name: self.__dict__[name] for name in self.attributes}

    @property
    def written_values(self) -> dict[str, Any]:
        """The attributes that differ from their defaults."""
        return {n: v for n, v in self.values.items() if self.attributes[n].default != v}

    def replace(self, **changes: Any) -> Self:
        """Give the same op with other attributes."""
        return type(self)(**{**self.values, **changes})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.name, repr(self.values)))

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{n}={v!r}' for n, v in self.written_values.items())})"

    @classmethod
    def input_list(cls) -> tuple[OpInput, ...]:
        """Give the inputs with what their marks mean."""
        return tuple(OpInput(n.strip("*?"), n.endswith("?"), n.startswith("*")) for n in cls.inputs)

    @classmethod
    def main(cls) -> str | None:
        """Give the attribute that may be written alone, if there is one."""
        marked = [name for name, declared in cls.attributes.items() if declared.main]
        return marked[0] if marked else None

    def keywords(self, *names: str, **renamed: str) -> tuple[tuple[str, Py], ...]:
        """Give attributes as keyword arguments, leaving out those that equal their defaults.

        `renamed` maps an attribute to the keyword that PyTorch uses for it. Equal entries of a
        tuple are written once: `padding=1` for `(1, 1)`.
        """
        pairs = [(name, name) for name in names] + list(renamed.items())
        return tuple(
            (keyword, Lit(shortened(self.__dict__[name])))
            for name, keyword in pairs
            if self.attributes[name].written or self.__dict__[name] != self.attributes[name].default
        )


def shortened(value: object) -> object:
    """Write equal entries of a tuple once, as torch's constructors allow."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value


_Class = TypeVar("_Class", bound=type[Op])
_REGISTERED: dict[str, type[Op]] = {}


def op(name: str) -> Callable[[_Class], _Class]:
    """Register an op class under its name; refuse one that leaves an aspect unsaid."""

    def register(cls: _Class) -> _Class:
        missing = [aspect for aspect in ASPECTS if not hasattr(cls, aspect)]
        if missing or not cls.__doc__:
            raise TypeError(f"op `{name}` does not say its {', '.join(missing) or 'docstring'}")
        if name in _REGISTERED:
            raise TypeError(f"op `{name}` is defined twice")
        cls.name = name
        _REGISTERED[name] = cls
        return cls

    return register


def registered(name: str) -> type[Op]:
    """Give the class of an op whose family has been imported."""
    return _REGISTERED[name]


class Weightless(Op):
    """The base of ops that own no weights."""

    def weights(self, *_: TensorType | None) -> tuple[Param, ...]:
        """Own nothing."""
        return ()


class Free(Weightless):
    """The base of ops without weights that do no multiply-adds (moves, elementwise, reductions)."""

    def multiply_adds(self, *_: TensorType | None) -> Dim:
        """Contract nothing."""
        return 0


__all__ = [
    "Example",
    "Free",
    "Infers",
    "OnnxBuilder",
    "Op",
    "OpInput",
    "Rule",
    "Weightless",
    "op",
    "registered",
]
