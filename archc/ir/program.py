"""The IR: Program, Module, Node, Value. Frozen; every value is typed from birth.

A `Module` is a specialisation of a block (block, arguments, input types) and has no path of its own:
equal calls share one Module. The names of nodes from the root down, joined by dots, are the path:
the `state_dict` prefix, the ONNX scope, what errors and tables print.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from archc.opdef import Op, Param
from archc.sizes import Dim, Facts, Requirement, SizeFact, TensorType
from archc.source import Record, Span

Origin = tuple[int, ...]
"""Which item of the block a node comes from: its offset in the source, then the loops' turns."""

Lacks = tuple[tuple[str, str], ...]
"""Inputs that are not there: an input's name, and the name of the value that it was given."""


class Value(Record):
    """A tensor inside a module; its name is unique there."""

    name: str
    type: TensorType
    span: Span | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.name == other.name and self.type == other.type

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return f"%{self.name}"


class Node(Record):
    """What all nodes have.

    `name` is the path inside the module; `origin` tells which item of the spec it comes from;
    `guards` are the `when` conditions that it passed, as text over the block's parameters.
    """

    name: str
    inputs: tuple[Value | None, ...]
    outputs: tuple[Value, ...]
    span: Span
    origin: Origin
    guards: tuple[str, ...]

    @property
    def owns_weights(self) -> bool:
        """Whether it has parameters or buffers that are not another node's."""
        return False


class OpNode(Node):
    """One op. `written` holds the expressions that stood for attributes: `4 * planes` beside 256.

    `params` are the weights, with the initializers that the spec gives in place of the op's own. `tied`
    are those taken from another layer, each with the key of the tensor inside the module. `shares` is
    the node whose weights this one uses again, empty where it has its own. `supplied` are the weights
    that are values: the last of the inputs. `lacks` are the inputs that were given something that is not
    there, each with the name of that value.
    """

    op: Op
    written: tuple[tuple[str, str], ...] = ()
    params: tuple[Param, ...] = ()
    tied: tuple[tuple[str, str], ...] = ()
    shares: str = ""
    supplied: tuple[str, ...] = ()
    lacks: Lacks = ()

    @property
    def operands(self) -> tuple[Value | None, ...]:
        """The op's own inputs, without the weights that are values."""
        return self.inputs[: len(self.inputs) - len(self.supplied)]

    @property
    def owns_weights(self) -> bool:
        """Whether it has parameters or buffers, its own."""
        return bool(self.params) and not self.shares

    @property
    def types(self) -> tuple[TensorType | None, ...]:
        """The types of the op's own inputs."""
        return tuple(None if value is None else value.type for value in self.operands)


class CallNode(Node):
    """One use of a block, or a call of another model.

    `written` holds the expressions of a block's arguments. `shares` is the node whose weights this one
    uses again, empty where it has its own. `model` is the model that is called, empty for a block: its
    weights are under its name. `tied` are models inside, by their paths there, that share the weights of
    one that this module holds already, by its path here. `lacks` are as those of an op.
    """

    module: Module
    written: tuple[tuple[str, str], ...] = ()
    shares: str = ""
    model: str = ""
    tied: tuple[tuple[str, str], ...] = ()
    lacks: Lacks = ()

    @property
    def owns_weights(self) -> bool:
        """Whether the block has weights, and they are not another node's."""
        return not self.shares and self.module.owns_weights


class ScanNode(CallNode):
    """A block applied along an axis, once a step, with one set of weights.

    `sequences` are the positions of the inputs of which each step takes its slice along `axis`. `states`
    pair the position of a carried input, whose value here is the first step's, with the block's output
    that is the next step's. The other inputs are the same at every step. `length` is the number of steps,
    `written_length` its expression where the spec gives one. The outputs are those of all steps, stacked
    along `axis` in the order of the sequences, then the final value of each state. `reverse`: the last
    step comes first.
    """

    axis: int = 0
    sequences: tuple[int, ...] = ()
    states: tuple[tuple[int, int], ...] = ()
    length: Dim = 1
    written_length: str = ""
    reverse: bool = False

    @property
    def stacked(self) -> tuple[Value, ...]:
        """What each output of the block is over all steps."""
        return self.outputs[: len(self.module.outputs)]

    @property
    def finals(self) -> tuple[Value, ...]:
        """The final value of each state."""
        return self.outputs[len(self.module.outputs) :]


class Scope(Record):
    """A named container inside a module: its path there and the kind it was written as.

    `kind` is `sequential`, `layers` or `repeat` (the group that a repeated name makes).
    `result`: what it stands for. `shares` is the container whose weights this one uses again. `doc` is
    the sentence that the spec has about it.
    """

    name: str
    kind: str
    span: Span
    origin: Origin
    result: Value | None = None
    shares: str = ""
    doc: str = ""


class Dropped(Record):
    """An item that a false `when` took away, for the emitter to put behind an `if`."""

    origin: Origin
    name: str
    condition: str


class Module(Record):
    """A specialisation of a block, or a model.

    `arguments` are the compile-time parameters; `sizes` what the block's signature binds
    (`C` is 64); `outputs` name values; `doc` is the block's sentence. `absent` are the optional inputs
    that are not given, each with its position among all.
    """

    name: str
    arguments: tuple[tuple[str, object], ...]
    sizes: tuple[tuple[str, Dim], ...]
    inputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, Value], ...]
    scopes: tuple[Scope, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    doc: str = ""
    span: Span | None = None
    absent: tuple[tuple[int, str], ...] = ()

    def __hash__(self) -> int:
        return hash((self.name, len(self.nodes), self.inputs))

    @cached_property
    def owns_weights(self) -> bool:
        """Whether a node here or below has weights of its own."""
        return any(node.owns_weights for node in self.nodes)


class Model(Record):
    """One model of a program: its module, the facts about its sizes, and what it requires of them.

    `ranges` are the inclusive bounds of integer inputs, by input name, declared or inferred from use.
    `forms` are the model without some of its optional inputs: each such set once, as a module that says
    under `absent` what it lacks. What the model requires holds for all of them.
    """

    name: str
    module: Module
    facts: Facts = Facts()
    requirements: tuple[Requirement, ...] = ()
    ranges: tuple[tuple[str, tuple[Dim, Dim]], ...] = ()
    forms: tuple[Module, ...] = ()

    @property
    def roots(self) -> tuple[Module, ...]:
        """The model with all of its inputs, then its other forms."""
        return (self.module, *self.forms)

    @property
    def optional(self) -> tuple[str, ...]:
        """The inputs that may be left out."""
        lacking = {name for form in self.forms for _, name in form.absent}
        return tuple(value.name for value in self.module.inputs if value.name in lacking)


class Program(Record):
    """Everything a spec says, resolved.

    `parameters` are the resolved compile-time parameters; `source` and `text` the spec's name and text.
    """

    name: str
    doc: str
    models: tuple[Model, ...]
    parameters: tuple[tuple[str, object], ...]
    source: str
    text: str = ""


def requirements_of(model: Model) -> tuple[str, ...]:
    """Give what has to hold of the symbolic sizes: what the spec declares, then what the layers need."""
    needed = [requirement.text for requirement in model.requirements]
    return tuple(dict.fromkeys([*(text for _, text in declared_of(model)), *needed]))


def declared_of(model: Model) -> Iterator[tuple[str, str]]:
    """Give what the spec's `dims` declare, as symbol and text."""
    for name, fact in model.facts.items():
        if fact.multiple > 1:
            yield name, f"{name} % {fact.multiple} == {fact.remainder}"
        if fact.min > SizeFact(multiple=fact.multiple, remainder=fact.remainder).smallest:
            yield name, f"{name} >= {fact.min}"
        if fact.max is not None:
            yield name, f"{name} <= {fact.max}"


def walk(module: Module, prefix: str = "") -> Iterator[tuple[str, OpNode]]:
    """Give every op of a module with its path, calls entered, in order of execution."""
    for node in module.nodes:
        path = join(prefix, node.name)
        if isinstance(node, CallNode):
            yield from walk(node.module, path)
        elif isinstance(node, OpNode):
            yield path, node


def weights(module: Module, prefix: str = "") -> Iterator[tuple[str, Param]]:
    """Give every parameter and buffer of a module by its key, in the order of the state_dict.

    Layers that share another's weights have no keys; tied weights have, see `ties`.
    """
    for node in module.nodes:
        path = join(prefix, node.name)
        if isinstance(node, CallNode) and node.owns_weights:
            yield from weights(node.module, path)
        elif isinstance(node, OpNode) and not node.shares:
            for param in node.params:
                yield join(path, param.name), param


def ties(module: Module, prefix: str = "") -> dict[str, str]:
    """Give the keys that stand for another layer's tensor, with the key that owns it."""
    found: dict[str, str] = {}
    for node in module.nodes:
        path = join(prefix, node.name)
        if isinstance(node, CallNode) and node.owns_weights:
            found.update(ties(node.module, path))
            for inner, source in node.tied:
                here, there = join(path, inner), join(prefix, source)
                keys = [key for key, _ in weights(node.module, path) if key.startswith(f"{here}.")]
                found.update({key: there + key[len(here) :] for key in keys})
            found = {key: found.get(owner, owner) for key, owner in found.items()}
        elif isinstance(node, OpNode) and not node.shares:
            for name, source in node.tied:
                owner = join(prefix, source)
                found[join(path, name)] = found.get(owner, owner)
    return found


def modules(*roots: Module) -> tuple[Module, ...]:
    """Give each distinct module below and with some roots once, callees first."""
    found: dict[int, Module] = {}

    def visit(module: Module) -> None:
        if id(module) in found:
            return
        for node in module.nodes:
            if isinstance(node, CallNode):
                visit(node.module)
        found[id(module)] = module

    for root in roots:
        visit(root)
    return tuple(found.values())


def join(prefix: str, name: str) -> str:
    """Join two parts of a path, either of which may be empty."""
    return f"{prefix}.{name}" if prefix and name else prefix or name
