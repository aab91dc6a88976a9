"""What is said where the attributes of an op are not what it takes."""

from __future__ import annotations

from archc.elaborate.left_out import LEFT_OUT
from archc.opdef import Op
from archc.source import Diagnostic, Fix, Span, did_you_mean, replacement, respelled
from archc.spec.tree import Scalar, Sequence, Tree, describe


def no_mapping(op: type[Op], given: Tree) -> Diagnostic:
    """Say how to write what stands under an op that has no main attribute (E0701)."""
    takes = "no attributes" if not op.attributes else "a mapping of attributes"
    help_, fix = _in_order(op, given) if op.attributes else (_by_from(op, given), None)
    message = f"`{op.name}` takes {takes}, this is {describe(given)}"
    return Diagnostic("E0701", message, given.span, help=help_, fix=fix)


def _in_order(op: type[Op], given: Tree) -> tuple[tuple[str, ...], Fix | None]:
    """Name what was written, in torch's order, as a call of PyTorch would have it."""
    items = given.items if isinstance(given, Sequence) else (given,)
    texts = [item.span.text for item in items]
    needed = [name for name, declared in op.attributes.items() if declared.required]
    names = list(op.attributes)
    in_brackets = isinstance(given, Sequence) and given.span.text.startswith("[")
    if in_brackets and len(needed) <= len(texts) <= len(names):
        written = "{" + ", ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=False)) + "}"
        return (f"write `{op.name}: {written}`",), replacement(given.span, written)
    shown = ", ".join(f"{name}: ..." for name in needed or names[:1])
    return (f"write `{op.name}: {{{shown}}}`",), None


def _by_from(op: type[Op], given: Tree) -> tuple[str, ...]:
    """Say where inputs are written, to who gave one as an argument."""
    names = given.items if isinstance(given, Sequence) else (given,)
    if not op.inputs or not all(isinstance(each, Scalar) and isinstance(each.value, str) for each in names):
        return ()
    return (f"inputs are given by `from`: `{{from: {given.span.text}, {op.name}: }}`",)


def unknown_attribute(op: type[Op], key: Scalar) -> Diagnostic:
    """Say that an op has no attribute of a name (E0702)."""
    helps = did_you_mean(key.text, op.attributes)
    if key.text in LEFT_OUT:
        helps = (f"leave it out: {LEFT_OUT[key.text]}",)
    elif key.text in {"input", "inputs", "from", *(each.strip("*?") for each in op.inputs)}:
        helps = ("inputs are given by `from`, beside the op",)
    known = ", ".join(f"`{name}`" for name in op.attributes) or "none"
    return Diagnostic(
        "E0702",
        f"`{op.name}` has no attribute `{key.text}`",
        key.span,
        notes=(f"its attributes: {known}",),
        help=helps,
        fix=respelled(key.span, op.attributes) if key.text not in LEFT_OUT else None,
    )


def missing(op: type[Op], name: str, place: Span) -> Diagnostic:
    """Say that an attribute is needed (E0706)."""
    declared = op.attributes[name]
    return Diagnostic(
        "E0706",
        f"`{op.name}` needs `{name}`",
        place,
        notes=(f"`{name}`: {declared.kind}, {declared.doc}",),
        help=(f"write `{op.name}: ...`" if declared.main else f"write `{op.name}: {{{name}: ...}}`",),
    )
