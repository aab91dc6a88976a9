"""Weights that come as values: `from: {input: x, weight: w}` in place of a weight that the layer owns."""

from __future__ import annotations

import re

from archc import ops
from archc.elaborate.binding import Binding
from archc.elaborate.context import Context, Mistake, fresh_value
from archc.elaborate.references import Given, Inputs, require_input, single
from archc.ir.program import OpNode, Value, join
from archc.opdef import Op, Param
from archc.sizes import TensorType, equal, prove
from archc.source import Diagnostic, Label, Span, did_you_mean
from archc.spec.document import LayerDecl

Named = tuple[tuple[str, Given, Span], ...]
_ITEMS = 1 << 32  # more than the offsets in a file


def split_supplied(op: type[Op], inputs: Inputs) -> tuple[Inputs, Named]:
    """Divide what is named into the op's inputs and what may be its weights."""
    if op.functional is None or not inputs.named:
        return inputs, ()
    own = {each.name for each in op.input_list()}
    weights = tuple(each for each in inputs.named if each[0] not in own and not each[1].binding.absent)
    return inputs.replace(named=tuple(each for each in inputs.named if each[0] in own)), weights


def refuse_value(op: type[Op], name: str, key: Span) -> None:
    """Refuse a value for a weight that PyTorch's layer keeps to itself. Raises Mistake (E0343)."""
    if op.written_out and re.match(r"(in_proj_|out_proj\.)?(weight|bias)(_|$)", name):
        message = f"`{op.name}` takes no values for its weights: PyTorch has no plain function that would"
        raise Mistake(Diagnostic("E0343", message, key, help=(op.written_out,)))


def read_supplied(
    decl: LayerDecl, op: type[Op], params: tuple[Param, ...], named: Named, context: Context
) -> dict[str, Value]:
    """Give the values that stand for weights of an op, by the weights' names.

    Raises Mistake: E0313 for a name that is no weight, E0354 for a value of another type, E0355 for a
    part of the weights of a layer that keeps statistics.
    """
    own = {param.name: param for param in params if not param.buffer}
    found: dict[str, Value] = {}
    for name, given, key in named:
        if name not in own:
            raise Mistake(_unknown(op, name, key, own))
        place = given.span or key
        found[name] = single(require_input(given, key, op.name), place, op.name)
        _check(decl, own[name], found[name], place, context)
    left = [name for name in own if name not in found]
    if found and left and any(param.buffer for param in params):
        message = f"`{op.name}` takes all of its weights as values or none, `{left[0]}` is missing"
        place = decl.from_.span if decl.from_ is not None else decl.op.span
        raise Mistake(Diagnostic("E0355", message, place, help=(f"add `{left[0]}: ...` under `from`",)))
    context.use([Binding(value) for value in found.values()])
    return found


def _unknown(op: type[Op], name: str, key: Span, own: dict[str, Param]) -> Diagnostic:
    inputs = [each.name for each in op.input_list()]
    notes = [f"its inputs: {', '.join(f'`{each}`' for each in inputs)}"]
    notes += [f"its weights: {', '.join(f'`{each}`' for each in own)}"] if own else []
    hints = did_you_mean(name, [*inputs, *own])
    return Diagnostic("E0313", f"`{op.name}` has no input `{name}`", key, notes=tuple(notes), help=hints)


def _check(decl: LayerDecl, param: Param, value: Value, place: Span, context: Context) -> None:
    shape, wanted = value.type.shape, list(param.shape)
    facts = context.body.compilation.facts
    fits = len(shape) == len(wanted) and all(
        found == size or prove(equal(found, size), facts).verdict == "proved"
        for found, size in zip(shape, wanted, strict=True)
    )
    if fits and value.type.dtype is param.dtype:
        return
    message = f"the `{param.name}` of this `{decl.op.text}` is {wanted}, the value given is {value.type}"
    labels = () if value.span is None else (Label(value.span, f"this is {value.type}"),)
    raise Mistake(Diagnostic("E0354", message, place, labels=labels))


def own_values(
    decl: LayerDecl, params: tuple[Param, ...], ties: dict[str, str], context: Context, path: str
) -> dict[str, Value]:
    """Make the weights that a layer still owns beside supplied ones: each is a parameter of its own."""
    parameter = ops.find("parameter")
    found: dict[str, Value] = {}
    for position, param in enumerate(params, 1):
        name = join(path, param.name)
        type_ = TensorType(param.dtype, param.shape)
        value = fresh_value(context.body, name, lambda unique, t=type_: Value(unique, t, decl.op.span))  # type: ignore[misc]
        found[param.name] = value
        origin = (decl.span.start * _ITEMS + position, *context.turns)
        shares = context.shares(name)
        tied = (("", ties[param.name]),) if param.name in ties and not shares else ()
        context.body.add(
            OpNode(
                name,
                (),
                (value,),
                decl.span,
                origin,
                context.guards,
                parameter(shape=param.shape, init=param.init),
                (),
                (param.replace(name=""),),
                tied,
                shares,
            )
        )
        context.use([Binding(value)])
    return found
