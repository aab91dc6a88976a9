"""Sums of products over named axes."""

from __future__ import annotations

import re
from collections import Counter

from archc.opdef import Example, OnnxBuilder, Rule, Weightless, attr, op, text
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.binary import refuse_bool
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import wide
from archc.sizes import INT64, Dim, TensorType, product
from archc.sizes import text as size_text
from archc.source import Record

_TERM = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*")
REST = "..."


class EquationError(Exception):
    """What is wrong with an equation."""


class Equation(Record):
    """The labels of each input's axes and of the result's; `...` stands for any number of axes."""

    inputs: tuple[tuple[str, ...], ...]
    output: tuple[str, ...]

    @property
    def written(self) -> str:
        """The equation with its result written out."""
        return f"{','.join(map(''.join, self.inputs))}->{''.join(self.output)}"


def parse(equation: str) -> Equation:
    """Read an equation; raises EquationError."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    inputs = tuple(_labels(term) for term in left.split(","))
    counts = Counter(label for term in inputs for label in term)
    if not arrow:
        once = sorted(label for label, count in counts.items() if count == 1 and label != REST)
        return Equation(inputs, (*([REST] if REST in counts else []), *once))
    output = _labels(right)
    for label in output:
        if label not in counts:
            raise EquationError(f"`{label}` of the result stands in no input")
        if output.count(label) > 1:
            raise EquationError(f"`{label}` stands twice in the result")
    return Equation(inputs, output)


def _labels(term: str) -> tuple[str, ...]:
    if not _TERM.fullmatch(term):
        raise EquationError(f"`{term}` is not a row of letters, with at most one `...`")
    before, dots, after = term.partition(REST)
    return (*before, *([REST] if dots else []), *after)


@op("einsum")
class Einsum(Weightless):
    """Multiply tensors and sum over the axes whose letters the result does not have."""

    strided = True
    inputs = ("*operands",)
    equation: str = attr(text(), main=True, doc="letters for the axes of each input and of the result")

    examples = (
        Example('"bqd,bkd->bqk"', ("[N, T, 8]", "[N, S, 8]")),
        Example('"ij,jk"', ("[N, 8]", "[8, 3]")),
        Example('"bhqd,hdo->bqo"', ("[N, 2, T, 4]", "[2, 4, 8]")),
        Example('"...d,de->...e"', ("[N, T, 8]", "[8, 3]")),
        Example('"bij->bji"', ("[N, T, 8]",)),
        Example('"nii->n"', ("[N, 4, 4]",)),
        Example('"bi,bj,bk->bijk"', ("[N, 2]", "[N, 3]", "[N, 4]")),
        Example('"i,i->"', ("[8]", "[8]")),
    )

    def infer(self, rule: Rule, *types: TensorType) -> TensorType:
        """Bind each letter to one size."""
        try:
            equation = parse(self.equation)
        except EquationError as error:
            rule.fail("E0753", f"the equation `{self.equation}` cannot be read: {error}", "equation")
        if len(equation.inputs) != len(types):
            message = (
                f"the equation `{self.equation}` has {len(equation.inputs)} inputs, {len(types)} are given"
            )
            rule.fail("E0753", message, "equation")
        refuse_bool(rule, self.name, types, any)
        require_one_dtype(rule, self.name, types)
        if types[0].dtype.is_integer and types[0].dtype is not INT64:
            message = f"`einsum` adds up integers as int64 or as {types[0].dtype}, depending on the equation"
            rule.fail(
                "E0547", message, 0, [(0, f"this is {types[0]}")], ("convert them first: `cast: int64`",)
            )
        sizes = self._sizes(rule, equation, types)
        rest = self._rest(rule, equation, types)
        shape = [s for label in equation.output for s in (rest if label == REST else (sizes[label],))]
        return TensorType(types[0].dtype, tuple(shape))

    def _sizes(self, rule: Rule, equation: Equation, types: tuple[TensorType, ...]) -> dict[str, Dim]:
        found: dict[str, Dim] = {}
        show = [(index, f"this is {each}") for index, each in enumerate(types)]
        for index, (labels, given) in enumerate(zip(equation.inputs, types, strict=True)):
            least = len(labels) - (REST in labels)
            if given.rank < least or (given.rank > least and REST not in labels):
                message = f"`{''.join(labels)}` stands for {least} axes, the input has {given.rank}"
                rule.fail("E0460", message, index, [(index, f"this is {given}")])
            own: dict[str, Dim] = {}
            for label, size in _bound(labels, given):
                own[label] = self._same(rule, label, own.get(label, size), size, show)
            for label, size in own.items():
                known = found.get(label, 1)
                if known == 1 or size == 1:
                    found[label] = size if known == 1 else known
                else:
                    found[label] = self._same(rule, label, known, size, show)
        return found

    def _same(self, rule: Rule, label: str, one: Dim, other: Dim, show: list[tuple[int, str]]) -> Dim:
        """Require two sizes of a letter to be equal; within one input no size of 1 is stretched."""
        message = f"`{label}` of `{self.equation}` is {size_text(one)} and {size_text(other)}"
        return rule.same(one, other, "E0460", message, None, show)

    def _rest(self, rule: Rule, equation: Equation, types: tuple[TensorType, ...]) -> tuple[Dim, ...]:
        covered = [
            given.shape[labels.index(REST) : given.rank - (len(labels) - labels.index(REST) - 1)]
            for labels, given in zip(equation.inputs, types, strict=True)
            if REST in labels
        ]
        return rule.broadcast(covered, self.name) if covered and any(covered) else ()

    def pytorch(self, _site: Site, *types: TensorType) -> PyTorch:
        """Give `torch.einsum`."""
        return PyTorch(Call("torch.einsum", (Lit(self.equation), *(Input(i) for i in range(len(types))))))

    def onnx(self, g: OnnxBuilder, *names: str) -> str:
        """Give `Einsum`, its result written out."""
        result = g.outputs[0].dtype
        dtype = wide(result)
        given = [name if dtype is result else g.cast(name, dtype) for name in names]
        made = g.emit("Einsum", *given, equation=parse(self.equation).written)
        return made if dtype is result else g.cast(made, result)

    def multiply_adds(self, out: TensorType, *types: TensorType) -> Dim:
        """Count all combinations of the letters; nothing where there is only one input."""
        if len(types) < 2:
            return 0
        equation = parse(self.equation)
        sizes: dict[str, Dim] = {}
        for labels, given in zip(equation.inputs, types, strict=True):
            for label, size in _bound(labels, given):
                sizes[label] = size if sizes.get(label, 1) == 1 else sizes[label]
        summed = [size for label, size in sizes.items() if label not in equation.output]
        return product(out.shape) * product(summed)


def _bound(labels: tuple[str, ...], given: TensorType) -> list[tuple[str, Dim]]:
    """Give the letters of an input with the sizes of their axes."""
    if REST not in labels:
        return list(zip(labels, given.shape, strict=True))
    at = labels.index(REST)
    behind = labels[at + 1 :]
    tail = given.shape[given.rank - len(behind) :] if behind else ()
    return [*zip(labels[:at], given.shape, strict=False), *zip(behind, tail, strict=True)]
