"""Attention: values averaged by how well their keys fit a query."""

from __future__ import annotations

from archc.opdef import Example, OnnxBuilder, Rule, Weightless, attr, boolean, number, op
from archc.opdef.python import Call, Input, Lit, Name, Py, PyTorch, Site, Ternary
from archc.ops.attention_onnx import Mask, attention_scores, attention_weights, causal_mask
from archc.sizes import BOOL, Dim, TensorType, equal, product
from archc.sizes import text as size_text


@op("scaled_dot_product_attention")
class ScaledDotProductAttention(Weightless):
    """Average values by the softmax of scaled products of queries and keys.

    A boolean mask keeps the keys where it is true.
    """

    strided = True
    inputs = ("query", "key", "value", "attn_mask?")
    dropout_p: float = attr(number(min=0, max=1), 0.0, doc="dropout of the weights, in training")
    is_causal: bool = attr(
        boolean(), False, doc="let query i see the keys 0 to i (aligned top left); not together with a mask"
    )
    scale: float | None = attr(
        number(optional=True),
        None,
        doc="what the products are multiplied by; null: 1/sqrt(features of a query)",
    )
    enable_gqa: bool = attr(
        boolean(), False, doc="grouped queries: each head of keys and values serves several heads of queries"
    )

    examples = (
        Example("", ("[N, 2, T, 8]", "[N, 2, T, 8]", "[N, 2, T, 8]")),
        Example("{is_causal: true}", ("[N, 2, T, 8]", "[N, 2, T, 8]", "[N, 2, T, 8]")),
        Example("{scale: 0.5, dropout_p: 0.1}", ("[N, L, 8]", "[N, S, 8]", "[N, S, 6]", "bool[L, S]")),
        Example("", ("[N, 2, L, 8]", "[N, 2, S, 8]", "[N, 2, S, 8]", "bool[N, 1, 1, S]")),
        Example("", ("[N, 2, L, 8]", "[N, 2, S, 8]", "[N, 2, S, 8]", "[N, 2, L, S]")),
        Example("{enable_gqa: true, is_causal: true}", ("[N, 6, L, 8]", "[N, 2, L, 8]", "[N, 2, L, 8]")),
        Example("", ("[L, 8]", "[S, 8]", "[S, 8]")),
    )

    def infer(
        self, rule: Rule, query: TensorType, key: TensorType, value: TensorType, mask: TensorType | None
    ) -> TensorType:
        """Give a vector of the values' width for each query."""
        given = (query, key, value)
        for at, each in enumerate(given):
            rule.float_input(each, at)
            rule.at_least_rank(each, 2, at)
        shown = [
            (at, f"the {name} is {each}")
            for at, (name, each) in enumerate(zip(("query", "key", "value"), given, strict=True))
        ]
        if len({each.dtype for each in given}) > 1:
            rule.fail("E0571", "query, key and value must have one element type", None, shown)
        if self.scale is None:
            rule.number(query.shape[-1], "the width of a query that sets the scale", 0)
        widths = f"{size_text(query.shape[-1])} and {size_text(key.shape[-1])}"
        message = f"query and key must have the same width, they are {widths} wide"
        rule.same(query.shape[-1], key.shape[-1], "E0473", message, 1, shown)
        counts = f"{size_text(key.shape[-2])} keys and {size_text(value.shape[-2])} values"
        message = f"each key needs one value, there are {counts}"
        rule.same(key.shape[-2], value.shape[-2], "E0474", message, 2, shown)
        leading = self._leading(rule, query, key, value, shown)
        if self.is_causal and rule.decide(equal(query.shape[-2], key.shape[-2])) is not True:
            lengths = f"{size_text(query.shape[-2])} queries and {size_text(key.shape[-2])} keys"
            message = f"`is_causal` lets the first query see the first key alone, and there are {lengths}"
            help_ = ("write a mask that says which keys each query sees: `attn_mask`",)
            rule.warn("W0105", message, "is_causal", shown[:2], help_)
        self._check_mask(rule, mask, (*leading, query.shape[-2], key.shape[-2]), max(query.rank, key.rank))
        return query.with_shape((*leading, query.shape[-2], value.shape[-1]))

    def _leading(
        self,
        rule: Rule,
        query: TensorType,
        key: TensorType,
        value: TensorType,
        shown: list[tuple[int, str]],
    ) -> tuple[Dim, ...]:
        """Give the axes before the last two: heads and batch."""
        if not self.enable_gqa:
            return rule.broadcast([each.shape[:-2] for each in (query, key, value)], self.name)
        if len({query.rank, key.rank, value.rank}) > 1 or query.rank < 3:
            rule.fail(
                "E0475",
                "grouped queries need query, key and value with the same axes, heads third from the end",
                None,
                shown,
            )
        heads = rule.number(query.shape[-3], "the number of heads of the query", 0)
        groups = rule.number(key.shape[-3], "the number of heads of the key", 1)
        if value.shape[-3] != groups:
            message = (
                f"key and value must have the same heads, they have {groups} and {size_text(value.shape[-3])}"
            )
            rule.fail("E0475", message, 2, shown)
        if heads % groups:
            message = (
                f"the heads of the key must divide those of the query, {heads} is not a multiple of {groups}"
            )
            rule.fail("E0475", message, 1, shown)
        return (*rule.broadcast([each.shape[:-3] for each in (query, key, value)], self.name), heads)

    def _check_mask(self, rule: Rule, mask: TensorType | None, scores: tuple[Dim, ...], rank: int) -> None:
        if mask is None:
            return
        if self.is_causal:
            rule.fail(
                "E0771",
                "`is_causal` and `attn_mask` exclude each other",
                "is_causal",
                [(3, f"the mask is {mask}")],
                ("write the causal part into the mask (`tril`), or leave the mask out",),
            )
        if mask.dtype is not BOOL and not mask.dtype.is_float:
            rule.fail(
                "E0572",
                f"`attn_mask` must be bool (true keeps) or float (added to the scores), it is {mask.dtype}",
                3,
                [(3, f"this is {mask}")],
                ("compare it first, such as `ne: 0`, or convert it: `cast: bool`",),
            )
        rule.rank(mask, *range(2, rank + 1), at=3)
        message = f"`attn_mask` {mask} does not fit the scores {TensorType(mask.dtype, scores)}"
        for found, needed in zip(reversed(mask.shape), reversed(scores), strict=False):
            if found != 1:
                rule.same(found, needed, "E0476", message, 3, [(3, f"this is {mask}")])

    def pytorch(self, _site: Site, *given: TensorType | None) -> PyTorch:
        """Give the function; dropout only while training."""
        args = tuple(Input(index) for index, each in enumerate(given) if each is not None)
        dropout: tuple[tuple[str, Py], ...] = ()
        if self.dropout_p:
            dropout = (("dropout_p", Ternary(Name("self.training"), Lit(self.dropout_p), Lit(0.0))),)
        rest = self.keywords("is_causal", "scale", "enable_gqa")
        return PyTorch(Call("F.scaled_dot_product_attention", args, (*dropout, *rest)))

    def onnx(self, g: OnnxBuilder, query: str, key: str, value: str, mask: str) -> str:
        """Give products, a softmax and a product; a row without any key is zero, as in PyTorch."""
        queries, keys, _, masks = g.types
        assert queries is not None
        assert keys is not None
        scale = int(str(queries.shape[-1])) ** -0.5 if self.scale is None else self.scale
        kept: Mask | None = None
        if self.is_causal:
            kept = Mask(causal_mask(g, queries.shape[-2], keys.shape[-2]), empty_rows=False)
        elif masks is not None:
            kept = Mask(mask, additive=masks.dtype is not BOOL)
        turned = g.emit("Transpose", key, perm=[*range(keys.rank - 2), keys.rank - 1, keys.rank - 2])
        if self.enable_gqa and queries.shape[-3] != keys.shape[-3]:
            return self._grouped(g, (query, turned, value), scale, kept)
        weights = attention_weights(g, attention_scores(g, query, turned, scale), kept)
        return g.emit("MatMul", weights, value)

    def _grouped(self, g: OnnxBuilder, given: tuple[str, str, str], scale: float, mask: Mask | None) -> str:
        """Fold the heads that share a key into its queries, so that keys and values are not copied."""
        queries, keys = g.types[:2]
        assert queries is not None
        assert keys is not None
        *leading, heads, steps, width = queries.shape
        groups, count = keys.shape[-3:-1]
        folded = int(str(heads)) // int(str(groups)) * steps
        query, turned, value = given
        scores = attention_scores(
            g, g.emit("Reshape", query, g.sizes((*leading, groups, folded, width))), turned, scale
        )
        shape = g.outputs[0].shape
        if mask is None:
            weights = attention_weights(g, scores, None)
        else:
            apart = g.emit("Reshape", scores, g.sizes((*shape[:-1], count)))
            kept = attention_weights(g, apart, mask)
            weights = g.emit("Reshape", kept, g.sizes((*shape[:-3], groups, folded, count)))
        return g.emit("Reshape", g.emit("MatMul", weights, value), g.sizes(shape))

    def multiply_adds(
        self, out: TensorType, query: TensorType, key: TensorType, *_: TensorType | None
    ) -> Dim:
        """Count the products of queries and keys, and of weights and values."""
        return product(out.shape[:-1]) * key.shape[-2] * (query.shape[-1] + out.shape[-1])
