"""Which sizes to try: each symbol's edges, small, prime and larger sizes, with bounded work."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from archc.backends.onnx import solution_of, symbols_of
from archc.ir.program import CallNode, Model, Module, OpNode, ScanNode
from archc.sizes import Solution, evaluate

MOST_POINTS = 10
MOST_WORK_OF_ONE = 2_000_000_000
MOST_WORK = 6_000_000_000
MOST_TRIED = 4096
ELEMENT_WORK = 16

Sizes = dict[str, int]


def points(model: Model, fixed: Mapping[str, int]) -> list[Sizes]:
    """Give sizes of a model's symbols to try, cheapest first; none where no sizes are legal."""
    names = symbols_of(model)
    solution = solution_of(model)
    samples = {name: [fixed[name]] if name in fixed else solution.sample(name) for name in names}
    legal = _legal(samples, solution)
    work = {tuple(sizes.values()): _work(model.module, sizes, {}) for sizes in legal}
    ordered = sorted(legal, key=lambda sizes: work[tuple(sizes.values())])
    chosen: list[Sizes] = []
    total = 0
    least = work[tuple(ordered[0].values())] if ordered else 0
    of_one, of_all = max(MOST_WORK_OF_ONE, least * 3 // 2), max(MOST_WORK, least * 3)
    for sizes in _spread(ordered, legal):
        cost = work[tuple(sizes.values())]
        if cost <= of_one and total + cost <= of_all and len(chosen) < MOST_POINTS:
            chosen.append(sizes)
            total += cost
    return chosen


def _spread(ordered: list[Sizes], legal: list[Sizes]) -> Iterable[Sizes]:
    """Take the cheapest first, then the others in the order in which they were thought of."""
    return [*ordered[:1], *(sizes for sizes in legal if sizes is not ordered[0])] if ordered else []


def _legal(samples: Mapping[str, list[int]], solution: Solution) -> list[Sizes]:
    found: dict[tuple[int, ...], Sizes] = {}
    for sizes in _candidates(samples):
        if solution.allows(sizes):
            found.setdefault(tuple(sizes.values()), sizes)
    if found or not all(samples.values()):
        return list(found.values())
    for values in itertools.islice(itertools.product(*samples.values()), MOST_TRIED):
        sizes = dict(zip(samples, values, strict=True))
        if solution.allows(sizes):
            return [sizes]
    return []


def _candidates(samples: Mapping[str, list[int]]) -> Iterator[Sizes]:
    """Give samples of all symbols together, shifted against each other, and one by one from the largest."""
    longest = max((len(sizes) for sizes in samples.values()), default=1)
    if not all(samples.values()):
        return
    for shift in (0, 1):
        for index in range(longest):
            yield {
                name: sizes[(index + shift * position) % len(sizes)]
                for position, (name, sizes) in enumerate(samples.items())
            }
    base = {name: sizes[min(1, len(sizes) - 1)] for name, sizes in samples.items()}
    for index in range(longest):
        for name, sizes in samples.items():
            yield {**base, name: sizes[-1 - index % len(sizes)]}


def _work(module: Module, sizes: Sizes, known: dict[int, int]) -> int:
    """Count multiply-adds and elements; memory traffic weighs more than a multiply-add."""
    if id(module) not in known:
        total = 0
        for node in module.nodes:
            if isinstance(node, ScanNode):
                total += evaluate(node.length, sizes) * _work(node.module, sizes, known)
            elif isinstance(node, CallNode):
                total += _work(node.module, sizes, known)
            elif isinstance(node, OpNode):
                total += _work_of(node, sizes)
        known[id(module)] = total
    return known[id(module)]


def _work_of(node: OpNode, sizes: Sizes) -> int:
    elements = 0
    for value in node.outputs:
        count = 1
        for dim in value.type.shape:
            count *= evaluate(dim, sizes)
        elements += count
    return evaluate(node.op.multiply_adds(node.outputs[0].type, *node.types), sizes) + ELEMENT_WORK * elements
