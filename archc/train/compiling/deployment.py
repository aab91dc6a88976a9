"""Models as they are deployed: the preparation of their data in front of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archc.elaborate.context import Compilation, Made
from archc.elaborate.program import model_of
from archc.elaborate.requirements import solve_requirements
from archc.ir.program import CallNode, Model, Module, Node, OpNode, Program, join
from archc.passes.pipeline import run_passes
from archc.sizes import TensorType
from archc.source import Record, Span, did_you_mean
from archc.spec.document import LayerDecl
from archc.spec.library import Library
from archc.spec.tree import Entry, Scalar, mapping_at
from archc.train.compiling.configured import refuse
from archc.train.compiling.graphs import Graph, Results, Types, free_name, make_graph
from archc.train.training import Prepared

_PASSING = ("requires_grad", "detach", "identity")


class Fed(Record):
    """An input of a model in a step: its type there, and the field that it is; empty for none."""

    model: str
    input: str
    type: TensorType
    field: str


class Fields(Record):
    """The fields of a section: their types as the source gives them, the layers, what those give."""

    raw: Types
    layers: tuple[LayerDecl, ...]
    prepared: Prepared | None
    types: Types
    place: Span


class Deployment:
    """Makes, for each model that a prepared field goes into, the model that prepares it first."""

    def __init__(
        self,
        compilation: Compilation,
        library: Library,
        program: Program,
        steps: tuple[Module, ...],
        fields: Fields,
    ) -> None:
        self.compilation = compilation
        self.library = library
        self.program = program
        self.steps = steps
        self.fields = fields

    def program_with_wrappers(self) -> tuple[Program, dict[str, str]]:
        """Give the models and those that prepare, then call them; and the names of the latter by model.

        Raises Mistake (E1050, E1051), or leaves what is wrong with the compilation.
        """
        prepared = self.fields.prepared
        if prepared is None:
            raise refuse(
                "E1050",
                "the section prepares no field, so there is nothing to put in front of a model",
                self.fields.place,
                "build without `--with-preprocess`",
            )
        found = {model.name: self._fields_of(model) for model in self.program.models}
        wanted = {name: own for name, own in found.items() if set(own.values()) & set(prepared.outputs)}
        if not wanted:
            raise self._unknown_input(prepared)
        taken = set(found)
        names: dict[str, str] = {}
        for name in wanted:
            taken.add(names.setdefault(name, free_name(f"prepared_{name}", taken)))
        made = [self._wrapper(name, wanted[name], names[name]) for name in wanted]
        if any(each.module is None for each in made):
            return self.program, {}
        solutions = solve_requirements(self.compilation.spec, self.compilation, made)
        if solutions is None:
            return self.program, {}
        models = [model_of(*each) for each in zip(made, solutions, strict=True)]
        complete = run_passes(self.program.replace(models=(*self.program.models, *models)))
        return complete.replace(models=tuple(_without_unread(each, names) for each in complete.models)), names

    def _fields_of(self, model: Model) -> dict[str, str]:
        """Give the fields that a model's inputs are: as a step calls it, else by their names."""
        fed = [each for step in self.steps for each in _fed(step, self._start(step))]
        types = dict(self.fields.types)
        own: dict[str, str] = {}
        for value in model.module.inputs:
            mine = [each for each in fed if (each.model, each.input) == (model.name, value.name)]
            fields = list(dict.fromkeys(each.field for each in mine if each.field))
            named = types.get(value.name)
            if value.name in fields or (not fields and named in [each.type for each in mine]):
                own[value.name] = value.name
            elif len(fields) == 1:
                own[value.name] = fields[0]
            elif fields and self.fields.prepared is not None:
                raise self._ambiguous(model.name, value.name, fields)
        return own

    def _start(self, step: Module) -> dict[str, str]:
        return {value.name: value.name for value in step.inputs}

    def _ambiguous(self, model: str, word: str, fields: list[str]) -> Exception:
        known = " and ".join(f"`{each}`" for each in fields)
        return refuse(
            "E1051",
            f"the steps give `{model}` several fields as `{word}`: {known}",
            self.fields.place,
            f"name the input as the field that it is where the model is deployed: `{fields[0]}`",
        )

    def _unknown_input(self, prepared: Prepared) -> Exception:
        fields = ", ".join(f"`{each}`" for each in prepared.outputs)
        inputs = [value.name for model in self.program.models for value in model.module.inputs]
        helps = [text for each in inputs for text in did_you_mean(each, prepared.outputs)]
        return refuse(
            "E1051",
            f"no model's input is a field that the data prepares: {fields}",
            self.fields.place,
            *helps[:1],
            f"name the input as the field: `inputs: {{{prepared.outputs[0]}: ...}}`",
        )

    def _wrapper(self, model: str, own: Mapping[str, str], name: str) -> Made:
        """Elaborate a graph over the fields as they come: their preparation, then a call of the model."""
        inputs = self._inputs(model, own)
        types = (*self.fields.raw, *((free, type_) for free, type_ in inputs.values()))
        place = self.fields.place

        def work() -> Module | None:
            graph = Graph(self.compilation, self.library, types, place)
            graph.layers(self.fields.layers)
            pairs = []
            for word in (*own, *inputs):
                given = own[word] if word in own else inputs[word][0]
                pairs.append(Entry(Scalar(word, True, place), Scalar(given, True, place)))
            from_ = mapping_at(place.source, place.start, place.end, tuple(pairs))
            called = graph.item(model, place, graph.context.scope.unused_name("result"), from_=from_)
            if graph.body.broken:
                return None
            results: Results = []
            module = self.compilation.made[model].module
            assert module is not None
            for label, _ in module.outputs:
                stands = called.members.get(label) or called.select(tuple(label.split("."))) or called
                assert stands.value is not None
                results.append((label, stands.value))
            doc = f"`{model}` on its data as it comes, which is prepared first."
            return _apart(graph.module(name, doc, results), model)

        made = make_graph(self.compilation, work)
        for field, type_ in self.fields.raw:
            if type_.range is not None and type_.range.high is not None:
                made.asked.ranges.setdefault(field, (type_.range.low or 0, type_.range.high))
        return made

    def _inputs(self, model: str, own: Mapping[str, str]) -> dict[str, tuple[str, TensorType]]:
        """Give the inputs that are no fields, with a free name and the type that a step gives them."""
        fed = [each for step in self.steps for each in _fed(step, self._start(step))]
        found: dict[str, tuple[str, TensorType]] = {}
        taken = {name for name, _ in self.fields.types}
        for each in fed:
            if each.model == model and each.input not in own and each.input not in found:
                name = free_name(each.input, taken)
                taken.add(name)
                found[each.input] = (name, each.type)
        return found


def _apart(module: Module, model: str) -> Module:
    """Give layers that prepare another name than the model has, whose place it is."""
    taken = {node.name.partition(".")[0] for node in module.nodes}
    free = free_name(model, taken)

    def renamed(path: str) -> str:
        first, _, rest = path.partition(".")
        return join(free, rest) if first == model else path

    def moved(node: Node) -> Node:
        own = isinstance(node, CallNode) and node.model == model
        return node if own else node.replace(name=renamed(node.name))

    nodes = tuple(moved(node) for node in module.nodes)
    scopes = tuple(scope.replace(name=renamed(scope.name)) for scope in module.scopes)
    return module.replace(nodes=nodes, scopes=scopes)


def _fed(module: Module, fields: Mapping[str, str]) -> Iterator[Fed]:
    """Give what every model called here or below is given; `fields` are the values that are fields."""
    known = dict(fields)
    for node in module.nodes:
        given = [(value, known.get(value.name, "")) for value in node.inputs if value is not None]
        if isinstance(node, CallNode):
            pairs = list(zip(node.module.inputs, given, strict=False))
            if node.model:
                for inner, (value, field) in pairs:
                    yield Fed(node.model, inner.name, value.type, field)
            yield from _fed(node.module, {inner.name: field for inner, (_, field) in pairs if field})
        elif isinstance(node, OpNode) and node.op.name in _PASSING and given[0][1]:
            known[node.outputs[0].name] = given[0][1]


def _without_unread(model: Model, names: Mapping[str, str]) -> Model:
    """Give a model that prepares without the fields that it does not read."""
    if model.name not in names.values():
        return model
    module = model.module
    read = {value.name for node in module.nodes for value in node.inputs if value is not None}
    read.update(value.name for _, value in module.outputs)
    inputs = tuple(value for value in module.inputs if value.name in read)
    kept = {value.name for value in inputs}
    ranges = tuple((name, bounds) for name, bounds in model.ranges if name in kept)
    return model.replace(module=module.replace(inputs=inputs), ranges=ranges)
