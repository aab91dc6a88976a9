"""Signatures: the types that inputs declare, and the sizes that they bind."""

from __future__ import annotations

from archc.elaborate.context import Context, Mistake
from archc.elaborate.declared import Declared
from archc.elaborate.evaluation import evaluate_size
from archc.elaborate.lets import evaluate_let, split_let
from archc.ir.program import Value
from archc.sizes import DTYPES, FLOAT32, Dim, DType, equal, prove, text
from archc.source import Diagnostic, Label, Span
from archc.spec.document import InputDecl, LayerDecl
from archc.spec.tree import Scalar

Given = list[tuple[Declared, Value | None]]
"""The declared inputs with what is given for each."""


def read_dtype(scalar: Scalar | None) -> DType:
    """Give the dtype of a name that the reader has checked; float32 where none is written."""
    return FLOAT32 if scalar is None else DTYPES[scalar.text]


def bind_signature(
    what: str, given: Given, inside: Context, decl: LayerDecl, context: Context
) -> list[tuple[str, Dim]]:
    """Bind the sizes that a signature names to those of what comes in, and check the rest.

    The first plain occurrence of a name binds; later ones and expressions check, when what `let` derives
    from the sizes is known. Adds the names to `inside`. Raises Mistake (E0408) at the call.
    """
    sizes: list[tuple[str, Dim]] = []
    checks: list[tuple[Declared, Scalar, Dim, Value]] = []
    late = split_let(inside.body.block)[1]
    derived = {let.name for let in late}
    for declared, value in given:
        if value is None or declared.decl is None:
            continue
        _check_dtype(what, declared.decl, value, decl)
        for scalar, dim in _axes(what, declared.decl, value, decl):
            name = scalar.text
            known = name in inside.names or name in declared.context.names or name in derived
            if name.isidentifier() and not known:
                inside.names[name] = dim
                inside.body.places[name] = scalar.span
                sizes.append((name, dim))
            else:
                checks.append((declared, scalar, dim, value))
    evaluate_let(late, inside)
    for declared, scalar, dim, value in checks:
        names = {**declared.context.names, **inside.names}
        _check(what, declared.name, scalar, dim, value, inside.inside(names=names), decl, context)
    return sizes


def _check_dtype(what: str, declared: InputDecl, value: Value, decl: LayerDecl) -> None:
    if declared.dtype is None:
        return
    wanted = read_dtype(declared.dtype)
    if value.type.dtype is not wanted:
        name = declared.name.text
        message = f"the input `{name}` of `{what}` must hold {wanted}, it holds {value.type.dtype}"
        labels = [Label(declared.dtype.span, "declared here")]
        if value.span is not None:
            labels.append(Label(value.span, f"this is {value.type}"))
        raise Mistake(Diagnostic("E0505", message, decl.op.span, labels=tuple(labels)))


def _axes(what: str, declared: InputDecl, value: Value, decl: LayerDecl) -> list[tuple[Scalar, Dim]]:
    if declared.shape is None:
        return []
    shape = value.type.shape
    scalars = list(declared.shape)
    leading = bool(scalars) and scalars[0].text == "..."
    scalars = scalars[1:] if leading else scalars
    if len(shape) < len(scalars) or (len(shape) != len(scalars) and not leading):
        wanted = ", ".join(each.text for each in declared.shape)
        message = f"`{what}` takes `{declared.name.text}: [{wanted}]`, this is {value.type}"
        labels = [Label(declared.name.span, "declared here")]
        if value.span is not None:
            labels.append(Label(value.span, f"this is {value.type}"))
        raise Mistake(Diagnostic("E0408", message, decl.op.span, labels=tuple(labels)))
    return list(zip(scalars, shape[len(shape) - len(scalars) :], strict=True))


def _check(
    what: str,
    name: str,
    scalar: Scalar,
    dim: Dim,
    value: Value,
    inside: Context,
    decl: LayerDecl,
    context: Context,
) -> None:
    wanted = evaluate_size(scalar, inside)
    condition = equal(dim, wanted)
    proof = prove(condition, context.body.compilation.facts)
    if proof.verdict == "proved":
        return
    size = text(wanted)
    same = scalar.text.replace(" ", "") == size.replace(" ", "")
    which = f"`{scalar.text}`" if same else f"`{scalar.text}`, which is {size},"
    message = f"the input `{name}` of `{what}` needs {which} where this is {text(dim)}"
    labels = [Label(scalar.span, "declared here")]
    if value.span is not None:
        labels.append(Label(value.span, f"this is {value.type}"))
    diagnostic = Diagnostic("E0408", message, decl.op.span, labels=tuple(labels))
    if proof.never:
        raise Mistake(diagnostic)
    context.body.compilation.add_need(condition, diagnostic, context.body)


def shape_modifier(
    scalars: tuple[Scalar, ...], value: Value, context: Context, place: Span, what: str
) -> None:
    """Apply `shape: [...]` to a value: plain new names are bound for use below, the rest is checked."""
    if len(scalars) != len(value.type.shape):
        message = f"`shape` lists {len(scalars)} axes, the output of `{what}` is {value.type}"
        raise Mistake(Diagnostic("E0409", message, scalars[0].span if scalars else place))
    for axis, (scalar, dim) in enumerate(zip(scalars, value.type.shape, strict=True)):
        if scalar.text.isidentifier() and scalar.text not in context.names:
            context.names[scalar.text] = dim
            context.body.places[scalar.text] = scalar.span
            continue
        condition = equal(dim, evaluate_size(scalar, context))
        proof = prove(condition, context.body.compilation.facts)
        if proof.verdict == "proved":
            continue
        message = f"`shape` says {scalar.text} on axis {axis}, the output of `{what}` is {value.type}"
        diagnostic = Diagnostic("E0409", message, scalar.span, label=f"this is {text(dim)}")
        if proof.never:
            raise Mistake(diagnostic)
        context.body.compilation.add_need(condition, diagnostic, context.body)
