"""One step: its layers, its loss, its metrics, and what it changes."""

from __future__ import annotations

from archc.elaborate.binding import Binding
from archc.elaborate.context import Compilation, Made, Mistake
from archc.elaborate.references import Given, require_input, single
from archc.ir.program import CallNode, Module, OpNode, Value, weights
from archc.sizes import TensorType, shape_text
from archc.source import Diagnostic, Label, Span, did_you_mean
from archc.spec.document import ModelDecl
from archc.spec.library import Library
from archc.spec.training import StepDecl
from archc.spec.tree import Entry as TreeEntry
from archc.spec.tree import Scalar, Sequence, Tree, mapping_at
from archc.train.compiling.configured import refuse
from archc.train.compiling.graphs import Graph, Types, make_graph
from archc.train.compiling.metrics import METRICS, check_metric, metric_op


class StepMaker:
    """Makes the graph of one step; what went wrong has been reported where `made` has no module."""

    def __init__(
        self, compilation: Compilation, library: Library, decl: StepDecl, types: Types, source: Span
    ) -> None:
        self.compilation = compilation
        self.library = library
        self.decl = decl
        self.types = types
        self.source = source
        self.models: tuple[ModelDecl, ...] = compilation.spec.models
        self.metrics: tuple[str, ...] = ()

    def made(self, name: str) -> Made:
        """Give the graph, under a name."""
        return make_graph(self.compilation, lambda: self._module(name))

    def _module(self, name: str) -> Module | None:
        graph = Graph(self.compilation, self.library, self.types, self.source)
        if self.decl.layers:
            graph.layers(self.decl.layers)
        else:
            self._call_models(graph)
        loss = self._loss(graph)
        results = [("loss", loss)] if loss is not None else []
        for entry in self.decl.metrics:
            try:
                value = self._metric(graph, entry)
            except Mistake as mistake:
                graph.body.report(mistake.diagnostic)
                value = None
            if value is not None:
                results.append((entry.key.text, value))
        if graph.body.broken or loss is None:
            return None
        self.metrics = tuple(label for label, _ in results[1:])
        what = f"the step `{self.decl.name.text}`" if self.decl.name is not None else "one step"
        return graph.module(name, f"The loss of {what}{' and its metrics' if self.metrics else ''}.", results)

    def _call_models(self, graph: Graph) -> None:
        """Call the only model on the fields of its inputs' names; its outputs have their names here."""
        if len(self.models) != 1:
            message = "there are several models, and nothing says how the loss follows from them"
            raise refuse(
                "E1010", message, self.decl.span, "write `layers:`, or `steps:`, with calls of the models"
            )
        model = self.models[0]
        known = dict(self.types)
        pairs = []
        for declared in model.inputs:
            word = declared.name.text
            if word not in known and declared.optional:
                continue
            if word not in known:
                raise _no_field(word, declared.name.span, known, self.source)
            pairs.append(TreeEntry(Scalar(word, True, self.source), Scalar(word, True, self.source)))
        from_ = mapping_at(self.source.source, self.source.start, self.source.end, tuple(pairs))
        self._check_inputs(model, known)
        made = self.compilation.made[model.name].module
        assert made is not None
        only = made.outputs[0][1].name if len(made.outputs) == 1 else str(model.name)
        name = only if only.isidentifier() and only not in known else str(model.name)
        binding = graph.item(str(model.name), self.source, name, from_=from_)
        if binding.broken:
            return
        for label, value in made.outputs:
            stands = binding.members.get(label) or binding.select(tuple(label.split("."))) or binding
            for each in dict.fromkeys((label, value.name)):
                if graph.context.scope.find(each) is None:
                    graph.context.scope.define(
                        each, Binding(stands.value, stands.items), self.source, replaceable=True
                    )

    def _check_inputs(self, model: ModelDecl, known: dict[str, TensorType]) -> None:
        """Hold the fields against what the model takes, axis by axis."""
        made = self.compilation.made[model.name].module
        assert made is not None
        for value in made.inputs:
            given = known.get(value.name)
            if given is None:
                continue
            ranks = given.rank == value.type.rank
            sizes = ranks and all(
                a == b or not (isinstance(a, int) and isinstance(b, int))
                for a, b in zip(given.shape, value.type.shape, strict=True)
            )
            if given.dtype is value.type.dtype and sizes:
                continue
            message = (
                f"the data gives `{value.name}` as {given.dtype.name}{shape_text(given.shape)}, "
                f"the model takes {value.type.dtype.name}{shape_text(value.type.shape)}"
            )
            labels = (Label(value.span, f"this is {value.type}"),) if value.span is not None else ()
            help_ = (f"prepare it: `data: {{layers: [{{name: {value.name}, from: {value.name}, ...}}]}}`",)
            raise Mistake(Diagnostic("E1013", message, self.source, labels=labels, help=help_))

    def _loss(self, graph: Graph) -> Value | None:
        tree = self.decl.loss
        if tree is None:
            raise refuse("E1010", "nothing says what the loss is", self.decl.span, "write `loss: ...`")
        binding = graph.context.scope.find(tree.text)
        if binding is None:
            binding = graph.item("expr", tree.span, graph.context.scope.unused_name("loss"), arguments=tree)
        return self._number(graph, binding, tree, "the loss")

    def _number(self, graph: Graph, binding: Binding, tree: Tree, what: str) -> Value | None:
        """Give the one float that a binding stands for."""
        if binding.broken:
            graph.body.broken = True
            return None
        value = single(require_input(Given(binding, tree.span), tree.span, what), tree.span, what)
        if value.type.rank or not value.type.dtype.is_float:
            message = f"{what} is one float, this is {value.type.dtype.name}{shape_text(value.type.shape)}"
            helps = ("average it: `mean`, or `reduction: mean`",) if value.type.rank else ()
            raise refuse("E1014", message, tree.span, *helps)
        return value

    def _metric(self, graph: Graph, entry: TreeEntry) -> Value | None:
        name, tree = entry.key.text, entry.value
        problem = graph.context.scope.find(name)
        if problem is not None or name == "loss":
            raise refuse(
                "E1020", f"the name of the metric `{name}` is taken", entry.key.span, "give it another name"
            )
        if isinstance(tree, Scalar):
            known = graph.context.scope.find(tree.text)
            binding = known or graph.item("expr", tree.span, name, arguments=tree)
            return self._number(graph, binding, tree, f"the metric `{name}`")
        op, inputs = metric_op(entry)
        if op.text not in METRICS and self.library.find(op.text) is None and not _is_loss(op.text):
            helps = did_you_mean(op.text, METRICS)
            notes = (f"the metrics: {', '.join(f'`{each}`' for each in METRICS)}, and the loss functions",)
            raise Mistake(
                Diagnostic("E1020", f"there is no metric `{op.text}`", op.span, notes=notes, help=helps)
            )
        check_metric(op.text, self.library.find(op.text), _types(graph, inputs), inputs.span)
        binding = graph.item(op.text, op.span, name, from_=inputs)
        return self._number(graph, binding, inputs, f"the metric `{name}`")


def _types(graph: Graph, inputs: Sequence) -> tuple[tuple[TensorType, Span], ...]:
    """Give the types of the values that a list names, with their places."""
    found = ((tree, graph.find(tree.text).value) for tree in inputs.items if isinstance(tree, Scalar))
    return tuple((value.type, tree.span) for tree, value in found if value is not None)


def _is_loss(name: str) -> bool:
    from archc import ops

    return name in ops.names() and ops.find(name).loss


def _no_field(word: str, span: Span, known: dict[str, TensorType], source: Span) -> Exception:
    fields = ", ".join(f"`{name}`" for name in known)
    message = f"the model takes `{word}`, and the data has no field of that name"
    return Mistake(
        Diagnostic(
            "E1011",
            message,
            source,
            labels=(Label(span, "this input"),),
            notes=(f"the fields: {fields}",),
            help=did_you_mean(word, known),
        )
    )


def updated(step: StepDecl, module: Module, names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the models that a step changes. Raises Mistake (E1015, E1018)."""
    called = tuple(dict.fromkeys(n.model for n in module.nodes if isinstance(n, CallNode) and n.model))
    chosen = called
    if step.update is not None:
        chosen = tuple(_model(tree, names) for tree in step.update.items)
    reached = _reached(module)
    for index, name in enumerate(chosen):
        if name not in reached:
            place = step.update.items[index].span if step.update is not None else step.span
            message = f"the loss does not depend on the weights of `{name}`"
            raise refuse("E1015", message, place, "a value behind `detach` has no gradient")
    if not chosen:
        raise refuse("E1015", "the step calls no model, so there is nothing to learn", step.span)
    return chosen


def _model(tree: Tree, names: tuple[str, ...]) -> str:
    if isinstance(tree, Scalar) and tree.text in names:
        return tree.text
    text = tree.text if isinstance(tree, Scalar) else ""
    notes = (f"the models: {', '.join(f'`{name}`' for name in names)}",)
    helps = did_you_mean(text, names)
    raise Mistake(
        Diagnostic("E1018", f"there is no model `{text}` to update", tree.span, notes=notes, help=helps)
    )


def _reached(module: Module) -> set[str]:
    """Give the models whose weights the loss depends on."""
    wanted = {module.outputs[0][1]}
    found: set[str] = set()
    for node in reversed(module.nodes):
        if not wanted.intersection(node.outputs):
            continue
        if isinstance(node, OpNode) and node.op.name == "detach":
            continue
        if isinstance(node, CallNode) and node.model and next(weights(node.module), None) is not None:
            found.add(node.model)
        wanted.update(value for value in node.inputs if value is not None)
    return found
