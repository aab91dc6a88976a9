"""What classes are made from: units and their items."""

from __future__ import annotations

from archc.backends.pytorch.forms import is_given, presence
from archc.backends.pytorch.sizes import Needed, missing_symbols
from archc.backends.pytorch.syntax import Call, Input, Own, Size, every
from archc.ir.program import Module, Node, OpNode, ScanNode, Value
from archc.opdef import Init
from archc.opdef.python import Name, PyTorch
from archc.sizes import Dim

Key = tuple[object, ...]

Ends = tuple[tuple[Value | None, ...], tuple[Value, ...]]

OP, USE, CHAIN, LOOP, OPEN = "op", "use", "chain", "loop", "open"

# Attributes of `nn.Sequential` and its kin, which no item may have as its name there.
HIDDEN = frozenset(("append", "extend", "insert", "pop"))


class Item:
    """One step of a unit: an op, the use of a unit, a chain (`nn.Sequential`), or a loop over a list.

    `key` tells the item of the spec, the same in every specialisation; `path` leads to the attribute.
    A loop has the inputs of its first turn; `carried` says which output of the turn before an
    input takes, None for one that stays. `collected` are the outputs of which each turn's value is
    wanted; all turns' values follow the outputs of the last turn. `copy` is set where a container is
    applied again: the module's identity and the path there. `made_for` marks the use of a function that
    computes a first value: the node and the weight that it is for.
    """

    def __init__(self, kind: str, key: Key, path: tuple[str, ...], node: Node | None = None) -> None:
        self.kind = kind
        self.key = key
        self.path = path
        self.node = node
        self.inputs: tuple[Value | None, ...] = node.inputs if node else ()
        self.outputs: tuple[Value, ...] = node.outputs if node else ()
        self.guards: tuple[str, ...] = node.guards if node else ()
        self.span = node.span if node else None
        self.form: PyTorch | None = None
        self.unit: Unit | None = None
        self.elements: tuple[Item, ...] = ()
        self.carried: tuple[int | None, ...] = ()
        self.collected: tuple[int, ...] = ()
        self.changed: tuple[tuple[str, Init], ...] = ()
        self.copy: tuple[int, str] | None = None
        self.made_for: tuple[str, str] | None = None

    def equals(self, other: Item) -> bool:
        """Whether two items of a list are constructed and called alike."""
        if self.kind == OP:
            return self.form == other.form and self.changed == other.changed
        return self.kind == USE and self.unit is other.unit

    @property
    def stateful(self) -> bool:
        """Whether the item needs an attribute."""
        if self.kind == OP:
            return self.form is not None and self.form.module is not None
        return self.kind in (CHAIN, LOOP) or (self.unit is not None and not self.unit.is_function)

    @property
    def scan(self) -> ScanNode | None:
        """The node, where the use of a block is one for each step along an axis."""
        return self.node if isinstance(self.node, ScanNode) else None

    @property
    def is_statement(self) -> bool:
        """Whether the item runs in a `for`, which stands in no expression."""
        return self.kind == LOOP or self.scan is not None

    @property
    def is_link(self) -> bool:
        """Whether the item can stand in an `nn.Sequential`."""
        if self.scan is not None:
            return False
        if self.unit is not None and self.unit.symbols:
            return False
        return self.kind in (USE, CHAIN) or (self.kind == OP and self.element is not None)

    @property
    def element(self) -> Call | None:
        """The constructor of an op in an `nn.Sequential`."""
        assert self.form is not None
        module = self.form.module
        if module is None:
            return self.form.as_module
        plain = self.form.forward == Call(Own(), (Input(0),))
        return module if plain and isinstance(module, Call) and not owns_tensor(module) else None


def owns_tensor(module: object) -> bool:
    """Whether the constructor makes a parameter or buffer rather than a module."""
    return isinstance(module, Call) and module.function in ("nn.Parameter", "nn.Buffer")


class Unit:
    """One specialisation of a class: of a block, a model, or a container inside one.

    `family` is the same for all specialisations; `owner` is the unit around a container and `place` the
    container's path. `in_chain` is set where the unit stands in a list and so has to be a module.
    `ties` are keys of weights inside that stand for the tensor of another key inside; a copy has none.
    """

    def __init__(self, family: Key, name: str, module: Module, owner: Unit | None = None) -> None:
        self.family = family
        self.owner = owner
        self.name = name
        self.module = module
        self.doc = ""
        self.items: tuple[Item, ...] = ()
        self.inputs: tuple[Value, ...] = ()
        self.outputs: tuple[tuple[str, Value], ...] = ()
        self.in_chain = False
        self.is_model = False
        self.place = ""
        self.symbols: dict[str, Dim] = {}
        self.ties: tuple[tuple[str, str], ...] = ()
        self.is_copy = False

    def name_inside(self, value: Value) -> str:
        """Give what a value from outside is called here: the container that it comes from."""
        parts, around = value.name.split("."), self.place.split(".")
        while len(parts) > 1 and around and parts[0] == around[0]:
            parts, around = parts[1:], around[1:]
        return next((part for part in parts if not part.isdigit()), value.name)

    def settle_sizes(self) -> None:
        """Find the symbols that must come in by name, for their sizes are not those of any input."""
        needed = [size for item in self.items for size in sizes_of(item)]
        self.symbols = missing_symbols(self.inputs, needed, self.environment)

    @property
    def optional(self) -> tuple[int, ...]:
        """The positions of the inputs that may be None."""
        return tuple(place for place, value in enumerate(self.inputs) if is_given(value))

    @property
    def environment(self) -> dict[str, object]:
        """The compile-time names that expressions inside may use."""
        return environment(self.module)

    @property
    def numbered(self) -> bool:
        """Whether what the unit holds is keyed by position."""
        return any(name.isdigit() for name in self._names())

    @property
    def flows(self) -> bool:
        """Whether the items make a chain of modules, from the only input to the only output."""
        if len(self.inputs) != 1 or len(self.outputs) != 1 or any(name in HIDDEN for name in self._names()):
            return False
        value = self.inputs[0]
        for item in self.items:
            if item.made_for is not None:
                continue
            if item.inputs != (value,) or len(item.outputs) != 1 or not item.is_link:
                return False
            value = item.outputs[0]
        return value == self.outputs[0][1]

    def _names(self) -> list[str]:
        return [item.path[0] for item in self.items if item.stateful]

    @property
    def is_chain(self) -> bool:
        """Whether the unit is an `nn.Sequential` of its items: what it owns is keyed by position."""
        at_home = (not item.stateful or item.path == (str(n),) for n, item in enumerate(self.items))
        return self.numbered and self.flows and all(at_home)

    @property
    def is_function(self) -> bool:
        """Whether a plain function will do: nothing is owned, and nothing needs a module."""
        return not (self.in_chain or self.is_model) and not any(needs_self(item) for item in self.items)


def weighs(item: Item) -> bool:
    """Whether an item has weights of its own."""
    if item.unit is not None:
        return any(weighs(inner) for inner in item.unit.items)
    return (item.node is not None and item.node.owns_weights) or any(map(weighs, item.elements))


def environment(module: Module) -> dict[str, object]:
    """Give the compile-time names that expressions inside a module may use."""
    return {**dict(module.sizes), **dict(module.arguments), **presence(module)}


def sizes_of(item: Item) -> list[Needed]:
    """Give the symbolic sizes that running an item takes."""
    found: list[Needed] = []
    if item.form is not None and isinstance(item.node, OpNode):
        written = tuple(text for _, text in item.node.written)
        parts = every(item.form.forward)
        found.extend((part.dim, written, item.node.span) for part in parts if isinstance(part, Size))
    if item.unit is not None and item.span is not None:
        found.extend((size, (), item.span) for size in item.unit.symbols.values())
    if item.scan is not None and not item.scan.sequences:
        found.append((item.scan.length, (item.scan.written_length,), item.scan.span))
    return [*found, *(size for element in item.elements for size in sizes_of(element))]


def needs_self(item: Item) -> bool:
    """Whether an item can only run in a class."""
    if item.stateful:
        return True
    if item.kind == OP:
        assert item.form is not None
        return refers_to_self(item.form)
    return False


def refers_to_self(form: PyTorch) -> bool:
    """Whether the op's expression reads `self`, as dropout reads `self.training`."""
    return any(
        (isinstance(part, Name) and part.text.split(".")[0] == "self")
        or (isinstance(part, Call) and isinstance(part.function, str) and part.function.startswith("self."))
        for part in every(form.forward)
    )
