"""What is said where the attributes of an op are not what it takes."""

from __future__ import annotations

from archc.elaborate.left_out import LEFT_OUT
from archc.opdef import Op
from archc.ops.foreign_words import ATTRIBUTES, ELSEWHERE
from archc.source import Diagnostic, Edit, Fix, Span, did_you_mean, nearest, replacement, respelled
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


def meant(op: type[Op], key: Scalar) -> tuple[str, ...]:
    """Give the attributes that a name which is none may have meant: another tool's, or a misspelt one."""
    if key.text in LEFT_OUT or key.text in ELSEWHERE:
        return ()
    here = ATTRIBUTES.get(key.text)
    return (here,) if here in op.attributes else nearest(key.text, op.attributes)


def unknown_attribute(op: type[Op], key: Scalar) -> Diagnostic:
    """Say that an op has no attribute of a name (E0702)."""
    word, likely = key.text, meant(op, key)
    helps: tuple[str, ...]
    fix: Fix | None = None
    if word in LEFT_OUT:
        helps = (f"leave it out: {LEFT_OUT[word]}",)
    elif word in ELSEWHERE:
        helps = (ELSEWHERE[word],)
    elif ATTRIBUTES.get(word) in op.attributes:
        helps, fix = (f"write `{likely[0]}`",), Fix((Edit(key.span, likely[0]),))
    elif word in {"input", "inputs", "from", *(each.strip("*?") for each in op.inputs)}:
        helps = ("inputs are given by `from`, beside the op",)
    else:
        helps, fix = did_you_mean(word, op.attributes), respelled(key.span, op.attributes)
    known = ", ".join(f"`{name}`" for name in op.attributes) or "none"
    message = f"`{op.name}` has no attribute `{word}`"
    return Diagnostic("E0702", message, key.span, notes=(f"its attributes: {known}",), help=helps, fix=fix)


def missing(op: type[Op], name: str, place: Span) -> Diagnostic:
    """Say that an attribute is needed (E0706)."""
    declared = op.attributes[name]
    written = "..." if declared.main else f"{{{name}: ...}}"
    example = next((each.arguments for each in op.examples if each.arguments), written)
    return Diagnostic(
        "E0706",
        f"`{op.name}` needs `{name}`",
        place,
        notes=(f"`{name}`: {declared.kind}, {declared.doc}",),
        help=(f"write `{op.name}: {written}`, for example `{op.name}: {example}`",),
    )
