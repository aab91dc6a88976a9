"""The end of a body: its outputs, its warnings, its Module."""

from __future__ import annotations

from archc.elaborate.binding import BROKEN, Binding
from archc.elaborate.context import Body, Context, Mistake, Outputs, Silent
from archc.elaborate.evaluation import evaluate_condition, evaluate_name
from archc.elaborate.inline import refuse_clashes
from archc.elaborate.layers import elaborate_list
from archc.elaborate.loops import turns_of
from archc.elaborate.model_calls import refuse_names_of_models
from archc.elaborate.references import Given, require_input, resolve
from archc.ir.program import Module, Value
from archc.sizes import Dim
from archc.source import Diagnostic, Label, Span
from archc.spec.document import LayerDecl, OutputDecl


def finish(
    body: Body,
    name: str,
    doc: str,
    span: Span,
    layers: tuple[LayerDecl, ...],
    declared: tuple[OutputDecl, ...] | None,
    inputs: tuple[Value, ...],
    sizes: tuple[tuple[str, Dim], ...],
    arguments: dict[str, object],
    context: Context,
    absent: tuple[tuple[int, str], ...] = (),
) -> tuple[Module, Outputs] | None:
    """Elaborate a body's layers and outputs; None where something in it is broken."""
    last = elaborate_list(layers, context)
    try:
        if not body.broken:
            refuse_clashes(body.nodes)
            refuse_names_of_models(body)
    except Mistake as mistake:
        body.report(mistake.diagnostic)
    outputs = _default_output(last, context, span) if declared is None else _declared(declared, context)
    if body.broken or outputs is None:
        return None
    flat = tuple((label, value) for label, binding in outputs for label, value in _flat(label, binding))
    if not flat:
        message = f"`{name}` gives nothing: its outputs are dropped, or lists of no items"
        body.report(Diagnostic("E0315", message, declared[0].span if declared else span))
        return None
    for _, binding in outputs:
        context.use([binding])
    body.warn_unused()
    module = Module(
        name,
        tuple(arguments.items()),
        sizes,
        inputs,
        tuple(body.nodes),
        flat,
        tuple(body.scopes),
        tuple(body.dropped),
        doc,
        span,
        absent,
    )
    return module, outputs


def _flat(label: str, binding: Binding) -> list[tuple[str, Value]]:
    if binding.items is None:
        return [(label, binding.value)] if binding.value is not None else []
    return [pair for index, item in enumerate(binding.items) for pair in _flat(f"{label}.{index}", item)]


def _default_output(last: Binding, context: Context, span: Span) -> Outputs | None:
    try:
        binding = require_input(Given(last, None), span, "the last layer")
    except (Mistake, Silent) as problem:
        if isinstance(problem, Mistake):
            context.body.report(problem.diagnostic)
        return None
    if binding.absent:
        message = "the last item stands for nothing, so there is no output"
        context.body.report(
            Diagnostic("E0315", message, span, help=("say what the outputs are: `outputs: [...]`",))
        )
        return None
    return (("output", binding),)


def _declared(declared: tuple[OutputDecl, ...], context: Context) -> Outputs | None:
    found: list[tuple[str, Binding]] = []
    places: dict[str, Span] = {}
    for output in declared:
        try:
            for inside in turns_of(output.repeat, output.for_, context):
                if output.when is not None and not evaluate_condition(output.when, inside):
                    continue
                name = evaluate_name(output.name, inside)
                if name in places:
                    labels = (Label(places[name], "first written here"),)
                    raise Mistake(
                        Diagnostic(
                            "E0302", f"the output `{name}` is written twice", output.name.span, labels=labels
                        )
                    )
                places[name] = output.name.span
                found.append((name, _output(output, inside)))
        except Mistake as mistake:
            context.body.report(mistake.diagnostic)
            found.append((output.name.text, BROKEN))
        except Silent:
            context.body.broken = True
    return tuple(found)


def _output(output: OutputDecl, context: Context) -> Binding:
    binding = resolve(output.source, context).binding
    if binding.absent or binding.passes:
        raise Mistake(
            Diagnostic(
                "E0315",
                f"the output `{output.name.text}` names `{output.source.text}`, which is dropped",
                output.source.span,
                help=("give the output the same `when` as the layer",),
            )
        )
    return binding
