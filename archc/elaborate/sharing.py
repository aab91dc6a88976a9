"""Weights that several layers share: `tie`; and who cannot take `tie` or `scan`."""

from __future__ import annotations

from archc.elaborate.binding import Names
from archc.elaborate.context import Context, Mistake
from archc.elaborate.evaluation import evaluate_template
from archc.elaborate.order import explain_order
from archc.opdef import Param
from archc.source import Diagnostic, Label, Span, did_you_mean
from archc.spec.document import LayerDecl
from archc.spec.tree import Scalar, Tree, describe

Ties = tuple[tuple[str, str], ...]


def read_ties(decl: LayerDecl, op_name: str, params: tuple[Param, ...], context: Context) -> Ties:
    """Look up the weights that a layer takes from others; each with its key inside the module.

    Raises Mistake (E0316, E0317, E0318, E0319).
    """
    if decl.tie is None:
        return ()
    own = {param.name: param for param in params if param.name and not param.buffer}
    found: list[tuple[str, str]] = []
    for entry in decl.tie:
        if entry.key.text not in own:
            raise Mistake(_unknown_own(op_name, entry.key, own))
        _refuse_initializer(decl, entry.key)
        key, (param, place) = _source(entry.value, context)
        if param.shape != own[entry.key.text].shape or param.dtype is not own[entry.key.text].dtype:
            raise Mistake(_misfit(entry.key.text, own[entry.key.text], entry.value.span, key, param, place))
        found.append((entry.key.text, key))
    return tuple(found)


def refuse_tie(decl: LayerDecl) -> None:
    """Refuse `tie` on what is no op. Raises Mistake (E0318)."""
    if decl.tie is not None:
        message = f"`{decl.op.text}` owns no weights of its own to tie"
        help_ = ("write `tie` on the layer inside that owns the weight",)
        raise Mistake(Diagnostic("E0318", message, decl.tie.span, help=help_))


def refuse_init(decl: LayerDecl) -> None:
    """Refuse `init` on what is no op. Raises Mistake (E0342)."""
    if decl.init is not None:
        message = f"`{decl.op.text}` owns no weights of its own that `init` could begin"
        help_ = ("write `init` on the layers inside, or by op for the whole spec: `init: {linear: ...}`",)
        raise Mistake(Diagnostic("E0342", message, decl.init.span, help=help_))


def refuse_scan(decl: LayerDecl) -> None:
    """Refuse `scan` on what is no block. Raises Mistake (E0332)."""
    if decl.scan is None:
        return
    message = f"`scan` applies a block, and `{decl.op.text}` is none"
    help_ = ("put what runs at each step into a block, and scan that",)
    raise Mistake(Diagnostic("E0332", message, decl.op.span, help=help_))


def _unknown_own(op_name: str, key: Scalar, own: dict[str, Param]) -> Diagnostic:
    shown = ", ".join(f"`{name}`" for name in own) or "none"
    message = f"`{op_name}` owns no weight `{key.text}` here"
    return Diagnostic(
        "E0318", message, key.span, notes=(f"its weights: {shown}",), help=did_you_mean(key.text, own)
    )


def _refuse_initializer(decl: LayerDecl, key: Scalar) -> None:
    entry = next((each for each in decl.init or () if each.key.text == key.text), None)
    if entry is not None:
        message = f"`{key.text}` is tied, so it has no first values of its own"
        labels = (Label(key.span, "tied here"),)
        help_ = ("give the initializer to the layer that owns the weight",)
        raise Mistake(Diagnostic("E0319", message, entry.key.span, labels=labels, help=help_))


def _source(tree: Tree, context: Context) -> tuple[str, tuple[Param, Span]]:
    """Find an earlier layer's weight by its path: in the list here, then in those around it."""
    name = evaluate_template(tree, context) if isinstance(tree, Scalar) else None
    if not isinstance(name, str) or not isinstance(tree, Scalar):
        message = f"the path of a weight is needed here, this is {describe(tree)}"
        raise Mistake(Diagnostic("E0316", message, tree.span, help=("write `tie: {weight: NAME.weight}`",)))
    known = {k: each for k, each in context.body.weights_before().items() if not each[0].buffer}
    scope: Names | None = context.scope
    while scope is not None:
        key = scope.full(name)
        if key in known:
            return key, known[key]
        scope = scope.parent
    raise Mistake(_unknown(name, tree, context, known))


def _unknown(name: str, tree: Scalar, context: Context, known: dict[str, tuple[Param, Span]]) -> Diagnostic:
    below = [key for key in known if key.startswith(f"{name}.")]
    later = None if below else explain_order(context.body.layers, name, tree.span)
    if later is not None:
        help_ = ("only a weight of an earlier layer can be taken: write `tie` on the later one",)
        return later.replace(code="E0316", message=f"the weight `{name}` comes further on", help=help_)
    helps = tuple(f"did you mean `{key}`?" for key in below[:1]) or did_you_mean(name, known)
    shown = ", ".join(f"`{key}`" for key in list(known)[:8]) or "none"
    return Diagnostic(
        "E0316",
        f"there is no weight `{name}` before this layer",
        tree.span,
        notes=() if helps else (f"the weights: {shown}{', ...' if len(known) > 8 else ''}",),
        help=helps,
    )


def _misfit(name: str, own: Param, at: Span, key: str, other: Param, place: Span) -> Diagnostic:
    needs, has = list(own.shape), list(other.shape)
    message = f"`{name}` is {needs} here, and the weight `{key}` is {has}"
    if needs == has:
        message = f"`{name}` holds {own.dtype} here, and the weight `{key}` {other.dtype}"
    return Diagnostic(
        "E0317", message, at, label=f"{needs} is needed", labels=(Label(place, f"this owns {has}"),)
    )
