"""Scaled dot-product attention in plain ONNX operators."""

from __future__ import annotations

from archc.opdef import OnnxBuilder
from archc.sizes import Dim
from archc.source import Record


class Mask(Record):
    """What is kept: booleans that are true there, or, `additive`, floats added to the scores.

    `empty_rows` says whether a row may have no key at all. Its weights are then zero; without that
    they are NaN, as those of a plain softmax.
    """

    value: str
    additive: bool = False
    empty_rows: bool = True


def causal_mask(g: OnnxBuilder, queries: Dim, keys: Dim) -> str:
    """Give [queries, keys], true where the key is not after the query."""
    start, step = g.size(0), g.size(1)
    rows, columns = (g.emit("Range", start, g.size(size), step) for size in (queries, keys))
    return g.emit("GreaterOrEqual", g.emit("Unsqueeze", rows, g.ints(1)), columns)


def attention_scores(g: OnnxBuilder, query: str, turned_key: str, scale: float) -> str:
    """Give the scaled products of queries [..., L, E] and keys [..., E, S]."""
    return g.emit("MatMul", g.emit("Mul", query, g.scalar(scale)), turned_key)


def attention_weights(g: OnnxBuilder, scores: str, mask: Mask | None) -> str:
    """Give the softmax of scores over the keys that are kept."""
    if mask is None:
        return g.emit("Softmax", scores, axis=-1)
    zero, nothing = g.scalar(0.0), g.scalar(float("-inf"))
    added = mask.value if mask.additive else g.emit("Where", mask.value, zero, nothing)
    masked = g.emit("Add", scores, added)
    weights = g.emit("Softmax", masked, axis=-1)
    if not mask.empty_rows:
        return weights
    if not mask.additive:
        return g.emit("Where", mask.value, weights, zero)
    empty = g.emit("Equal", reduce_axis(g, "ReduceMax", masked, -1), nothing)
    return g.emit("Where", empty, zero, weights)


def reduce_axis(g: OnnxBuilder, operator: str, value: str, axis: int, keepdims: bool = True) -> str:
    """Reduce one axis; its number is an attribute up to opset 17, an input from 18."""
    if g.opset < 18:
        return g.emit(operator, value, axes=[axis], keepdims=int(keepdims))
    return g.emit(operator, value, g.ints(axis), keepdims=int(keepdims))
