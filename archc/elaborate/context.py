"""What elaboration carries along: the compilation, the body, and the place inside the body."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from archc.elaborate.binding import Binding, Names
from archc.ir.program import CallNode, Dropped, Module, Node, OpNode, Origin, Scope, Value, join, weights
from archc.opdef import Op, Param
from archc.sizes import Condition, Dim, Facts, Need, at_least, dim_max, dim_min, prove, text
from archc.source import Diagnostic, Diagnostics, Frame, Span
from archc.spec.document import BlockDecl, LayerDecl, ModelDecl
from archc.spec.library import Library
from archc.spec.limits import Limits


class Mistake(Exception):  # noqa: N818 - a user's, not a failure of archc
    """A diagnostic on its way to the item that it breaks."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Silent(Exception):  # noqa: N818 - no error: it has been reported
    """An item depends on something broken, which has been reported."""


Outputs = tuple[tuple[str, Binding], ...]
"""What a module gives, by name."""


class Asked:
    """What one model asks of its sizes, and the specialisations of blocks that were made for it.

    A symbol is one size throughout a model; another model may call another size by the same name.
    """

    def __init__(self) -> None:
        self.symbols: dict[str, Span] = {}
        self.needs: list[Need] = []
        self.reasons: dict[tuple[Span | None, str], Diagnostic] = {}
        self.ranges: dict[str, tuple[Dim, Dim]] = {}
        self.modules: dict[object, tuple[Module, Outputs] | None] = {}


class Made:
    """A model that was elaborated: its module, None where it is broken, and what it asks.

    `forms` are the model without some of its optional inputs.
    """

    def __init__(self, module: Module | None, asked: Asked, forms: tuple[Module, ...] = ()) -> None:
        self.module = module
        self.asked = asked
        self.forms = forms


class Compilation:
    """One run over one spec: what is shared by all bodies. `asked` is that of the model being made."""

    def __init__(self, library: Library, facts: Facts, diagnostics: Diagnostics, limits: Limits) -> None:
        self.library = library
        self.spec = library.spec
        self.facts = facts
        self.diagnostics = diagnostics
        self.limits = limits
        self.asked = Asked()
        self.names: dict[str, object] = {}
        self.made: dict[str | None, Made] = {}
        self.open_models: list[ModelDecl] = []
        self.open_calls: set[object] = set()
        self.layers = 0
        self.exhausted = False
        self._sizes: dict[int, int] = {}

    def add_need(self, condition: Condition, diagnostic: Diagnostic, body: Body, path: str = "") -> None:
        """Keep what an item asks of the symbols, and what to report where no sizes meet it."""
        reason = f"{diagnostic.code}: {diagnostic.message}"
        self.asked.needs.append(Need(condition, diagnostic.span, reason))
        self.asked.reasons.setdefault((diagnostic.span, reason), body.located(diagnostic, path))

    def require_positive(self, dim: Dim, place: Span, body: Body) -> None:
        """Ask for a declared size to be at least 1."""
        condition = at_least(dim, 1)
        if prove(condition, self.facts).verdict != "proved":
            message = f"a size must be at least 1, this is `{text(dim)}`"
            self.add_need(condition, Diagnostic("E0411", message, place), body)

    def limit(self, source: str, low: Dim, high: Dim) -> None:
        """Narrow the range of an integer input to what a use of it needs."""
        known = self.asked.ranges.get(source)
        self.asked.ranges[source] = (
            (low, high) if known is None else (dim_max(known[0], low), dim_min(known[1], high))
        )

    def count_item(self, decl: LayerDecl) -> None:
        """Count a layer; raises Mistake (E0811) beyond the limit of layers after expansion."""
        self._add(1, decl.span)

    def count_module(self, module: Module, decl: LayerDecl) -> None:
        """Count the layers of a specialisation that is used once more."""
        self._add(self._size(module), decl.span)

    def check_turns(self, turns: int, place: Span) -> None:
        """Refuse a loop that alone goes beyond the limit of layers (E0811)."""
        if self.layers + turns > self.limits.layers:
            raise self._too_many(place)

    def _add(self, count: int, place: Span) -> None:
        self.layers += count
        if self.layers > self.limits.layers:
            raise self._too_many(place)

    def _too_many(self, place: Span) -> Mistake:
        """Give the mistake, after which nothing more is elaborated."""
        self.exhausted = True
        message = f"the spec expands to more than {self.limits.layers:,} layers here"
        return Mistake(
            Diagnostic("E0811", message, place, help=("check the loop's count, or raise `--max-layers`",))
        )

    def _size(self, module: Module) -> int:
        if id(module) not in self._sizes:
            inner = (1 + self._size(n.module) if isinstance(n, CallNode) else 1 for n in module.nodes)
            self._sizes[id(module)] = sum(inner)
        return self._sizes[id(module)]


class Body:
    """A module being made: a block's specialisation or a model."""

    def __init__(
        self,
        compilation: Compilation,
        library: Library,
        block: BlockDecl | None,
        names: dict[str, object],
        places: dict[str, Span],
        frames: tuple[Frame, ...],
    ) -> None:
        self.compilation = compilation
        self.library = library
        self.block = block
        self.names = names
        self.places = places
        self.frames = frames
        self.nodes: list[Node] = []
        self.scopes: list[Scope] = []
        self.dropped: list[Dropped] = []
        self.values: set[str] = set()
        self.used: set[str] = set()
        self.paths: dict[str, Span] = {}
        self.layers: tuple[LayerDecl, ...] = block.layers if block is not None else ()
        self.broken = False
        self.lost: set[str] = set()
        self.weights: dict[str, tuple[Param, Span]] = {}
        self.indexed = 0
        self.applied: dict[str, object] = {}
        self.held: dict[str, str] = {}
        self.step_ops: Mapping[str, type[Op]] | None = None

    def report(self, diagnostic: Diagnostic, path: str = "") -> None:
        """Add a diagnostic with the path and the chain of blocks that led here."""
        self.compilation.diagnostics.add(self.located(diagnostic, path))
        if diagnostic.severity == "error":
            self.broken = True

    def located(self, diagnostic: Diagnostic, path: str) -> Diagnostic:
        """Give a diagnostic with the path and the chain of blocks that led here."""
        outer = ".".join(frame.path for frame in reversed(self.frames) if frame.path)
        full = ".".join(part for part in (outer, path) if part)
        return diagnostic.replace(path=diagnostic.path or full, chain=self.frames)

    def add(self, node: Node) -> None:
        """Append a node."""
        self.nodes.append(node)
        self.values.update(value.name for value in node.outputs)

    def weights_before(self) -> dict[str, tuple[Param, Span]]:
        """Give the weights of the nodes so far by key, with the place of the layer that owns each."""
        for node in self.nodes[self.indexed :]:
            found: list[tuple[str, Param]] = []
            if isinstance(node, CallNode) and not node.shares:
                found = list(weights(node.module, node.name))
            elif isinstance(node, OpNode) and not node.shares:
                found = [(join(node.name, param.name), param) for param in node.params]
            place = node.outputs[0].span or node.span
            self.weights.update({key: (param, place) for key, param in found})
        self.indexed = len(self.nodes)
        return self.weights

    def warn_unused(self) -> None:
        """Warn of each value that nothing reads (W0101), once for each item of the spec.

        A parameter that other layers are tied to has its use in that.
        """
        owners = {owner for node in self.nodes if isinstance(node, OpNode) for _, owner in node.tied}
        for node in self.nodes:
            if any(value.name in self.used for value in node.outputs) or not node.outputs:
                continue
            if node.name in owners:
                continue
            what = node.op.name if isinstance(node, OpNode) else node.name
            self.report(
                Diagnostic(
                    "W0101",
                    f"the value of `{node.name}` is never used",
                    node.outputs[0].span,
                    label=f"this `{what}` has no effect",
                    help=("read it with `from`, name it under `outputs`, or remove the layer",),
                ),
                node.name,
            )


class Context:
    """A place inside a body: the list of names, the value before, the loop's turns.

    `repeated` is how often the loops around run this place, all together. `again` holds the path here
    and the path of the weights where a layer is applied again; a container then sees the names of the
    list where it was written, `outside`. `names` and `library` are those of the place where what is read
    was written: for the arguments of a layer that is a parameter, not where it is put.
    """

    __slots__ = (
        "again",
        "body",
        "guards",
        "library",
        "names",
        "outside",
        "previous",
        "repeated",
        "scope",
        "turns",
    )

    def __init__(
        self,
        body: Body,
        scope: Names,
        names: dict[str, object],
        previous: Binding | None,
        turns: Origin = (),
        guards: tuple[str, ...] = (),
        repeated: int = 1,
        again: tuple[str, str] | None = None,
        outside: Names | None = None,
        library: Library | None = None,
    ) -> None:
        self.body = body
        self.library = library or body.library
        self.scope = scope
        self.names = names
        self.previous = previous
        self.turns = turns
        self.guards = guards
        self.repeated = repeated
        self.again = again
        self.outside = outside

    def original(self, path: str) -> str:
        """Give the path of the weights of a layer: another's where the layer is applied again."""
        if self.again is None:
            return path
        here, there = self.again
        return there + path[len(here) :]

    def shares(self, path: str) -> str:
        """Give the path of the layer whose weights one takes; empty where it has its own."""
        original = self.original(path)
        return "" if original == path else original

    def inside(
        self,
        scope: Names | None = None,
        names: dict[str, object] | None = None,
        previous: Binding | None = None,
        turns: Origin | None = None,
        guards: tuple[str, ...] | None = None,
        repeated: int | None = None,
        again: tuple[str, str] | None = None,
        outside: Names | None = None,
        library: Library | None = None,
    ) -> Context:
        """Give a context that differs in some of its parts."""
        return Context(
            self.body,
            scope or self.scope,
            self.names if names is None else names,
            self.previous if previous is None else previous,
            self.turns if turns is None else turns,
            self.guards if guards is None else guards,
            self.repeated if repeated is None else repeated,
            again or self.again,
            outside,
            library or self.library,
        )

    def origin(self, decl: LayerDecl) -> Origin:
        """Tell which item, in which turns, a node comes from."""
        return (decl.span.start, *self.turns)

    def use(self, bindings: Iterable[Binding]) -> None:
        """Note that values are read."""
        for binding in bindings:
            for one in binding.flat():
                if one.value is not None:
                    self.body.used.add(one.value.name)


def fresh_value(body: Body, name: str, make: Callable[[str], Value]) -> Value:
    """Make a value whose name is unique in the body."""
    unique, number = name, 0
    while unique in body.values:
        number += 1
        unique = f"{name}_{number}"
    value = make(unique)
    body.values.add(unique)
    return value
