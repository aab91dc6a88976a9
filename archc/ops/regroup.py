"""Which axes of one shape become which axes of another with the same elements in the same order."""

from __future__ import annotations

from collections.abc import Sequence

from archc.opdef import OnnxBuilder, Rule
from archc.sizes import Dim, Expr, divides, equal, floor_div, product, prove, shape_text, text
from archc.sizes.evaluate import symbols

Shape = tuple[Dim, ...]
Pair = tuple[Dim, Dim]


def filled(rule: Rule, source: Shape, sizes: Shape, name: str, at: str) -> Shape:
    """Give the sizes with a number in place of the -1; the elements are required to come out even."""
    if -1 not in sizes:
        _require_same_count(rule, source, sizes, name, at)
        return sizes
    pairs, rest, known = _around_hole(rule, source, sizes)
    total, part = product(rest), product(known)
    message = (
        f"`{name}` to {_written(sizes)} needs a number of elements that "
        f"{_number(product(size for size in sizes if size != -1))} divides, "
        f"{shape_text(source)} has {_number(product(source))}"
    )
    show = [(0, f"this is {shape_text(source)}")]
    for a, b in pairs:
        rule.require(equal(a, b), "E0440", message, at, show)
    if part == 1:
        return tuple(total if size == -1 else size for size in sizes)
    rule.require(divides(part, total), "E0440", message, at, show)
    return tuple(floor_div(total, part) if size == -1 else size for size in sizes)


def _around_hole(rule: Rule, source: Shape, sizes: Shape) -> tuple[list[Pair], list[Dim], list[Dim]]:
    """Match what stands before and after the -1; give what is left of both for the -1 to make up."""
    hole = sizes.index(-1)
    before, left, first = _matched(rule, list(source), list(sizes[:hole]))
    after, left, last = _matched(rule, left[::-1], list(sizes[:hole:-1]))
    rest, known = left[::-1], first + last
    for size in known[:]:
        if size in rest:
            rest.remove(size)
            known.remove(size)
    pairs = before + after
    if any(prove(equal(a, b), rule.facts).never for a, b in pairs):
        return [], list(source), [size for size in sizes if size != -1]
    return pairs, rest, known


def _require_same_count(rule: Rule, source: Shape, target: Shape, name: str, at: str) -> None:
    before, after = product(source), product(target)
    if before == after:
        return
    message = (
        f"`{name}` to {shape_text(target)} needs {_number(after)} elements, "
        f"{shape_text(source)} has {_number(before)}"
    )
    show = [(0, f"this is {shape_text(source)}")]
    pairs, left, right = _matched(rule, list(source), list(target))
    if left or right:
        pairs.append((product(left), product(right)))
    if any(prove(equal(a, b), rule.facts).never for a, b in pairs):
        pairs = [(before, after)]
    for a, b in pairs:
        rule.require(equal(a, b), "E0441", message, at, show, ("write -1 for one size to infer it",))


def _matched(rule: Rule, left: list[Dim], right: list[Dim]) -> tuple[list[Pair], list[Dim], list[Dim]]:
    """Pair runs of axes that hold the same elements, each as short as possible, as far as that goes.

    Gives the pairs whose equality is not plain, and the axes of both sides that are left.
    """
    pairs: list[Pair] = []
    while left and right:
        first = _first_group(rule, left, right)
        if first is None:
            break
        a, b = product(left[: first[0]]), product(right[: first[1]])
        pairs += [] if a == b else [(a, b)]
        left, right = left[first[0] :], right[first[1] :]
    return pairs, left, right


def _first_group(rule: Rule, left: Sequence[Dim], right: Sequence[Dim]) -> tuple[int, int] | None:
    """Give how many axes of each side make the first pair: surely equal ones, else such as may be."""
    lengths = [(a, total - a) for total in range(2, len(left) + len(right) + 1) for a in range(1, total)]
    pairs = [(a, b) for a, b in lengths if a <= len(left) and b <= len(right)]
    for alike in (lambda a, b: a == b, lambda a, b: _may_be_equal(rule, a, b)):
        for a, b in pairs:
            if alike(product(left[:a]), product(right[:b])):
                return a, b
    return None


def _may_be_equal(rule: Rule, a: Dim, b: Dim) -> bool:
    if not isinstance(a, Expr) or not isinstance(b, Expr) or symbols(a) != symbols(b):
        return False
    return not prove(equal(a, b), rule.facts).never


def _written(sizes: Shape) -> str:
    return f"[{', '.join(text(size) for size in sizes)}]"


def _number(dim: Dim) -> str:
    return f"{dim:,}" if isinstance(dim, int) else text(dim)


def reshaped(g: OnnxBuilder, x: str, source: Shape, target: Shape) -> str:
    """Give `Reshape`, with sizes that need no computing where there are such: 0 copies, one -1 infers."""
    if source == target:
        return x
    kept = [index < len(source) and size == source[index] for index, size in enumerate(target)]
    sizes = [0 if keep and isinstance(size, Expr) else size for size, keep in zip(target, kept, strict=True)]
    symbolic = [index for index, size in enumerate(sizes) if isinstance(size, Expr)]
    if len(symbolic) > 1:
        return g.emit("Reshape", x, g.sizes(target))
    return g.emit("Reshape", x, g.ints(*(-1 if isinstance(size, Expr) else size for size in sizes)))
