"""Multi-head attention with its projections, as `nn.MultiheadAttention`."""

from __future__ import annotations

from math import sqrt

from archc.opdef import (
    ZEROS,
    Example,
    Init,
    OnnxBuilder,
    Op,
    Param,
    Rule,
    attr,
    boolean,
    integer,
    number,
    op,
    uniform,
)
from archc.opdef.python import Attribute, Call, Input, Lit, Method, Name, Own, Py, PyTorch, Site, Size
from archc.ops.attention_onnx import Mask, attention_scores, attention_weights, causal_mask, reduce_axis
from archc.sizes import BOOL, Dim, TensorType, product
from archc.sizes import text as size_text

Sources = tuple[TensorType, TensorType, TensorType]
"""The types of query, key and value."""

XAVIER = Init("xavier_uniform")
NAMES = ("query", "key", "value")
ADDITIVE_MASK = (
    "additive_mask",
    '''\
def additive_mask(mask: Tensor, x: Tensor) -> Tensor:
    """Turn a mask into one that is added to the scores.

    With a boolean mask, the fast path of nn.MultiheadAttention gives NaN where all keys
    are masked; with an additive one it gives zeros, in training and evaluation alike.
    """
    return torch.zeros_like(mask, dtype=x.dtype).masked_fill(mask, -torch.inf)
''',
)


@op("multihead_attention")
class MultiheadAttention(Op):
    """Project queries, keys and values, attend in several heads, project what they give.

    One input is query, key and value; without a value the key is. In masks true means masked, as in
    `nn.MultiheadAttention`.
    """

    inputs = ("query", "key?", "value?", "key_padding_mask?", "attn_mask?")
    outputs = ("attn_output", "attn_output_weights")
    written_out = "write a `linear` for each projection, which takes them, and `scaled_dot_product_attention`"
    num_heads: int = attr(integer(min=1), main=True, doc="number of heads; divides the width of the query")
    dropout: float = attr(number(min=0, max=1), 0.0, doc="dropout of the weights, in training")
    bias: bool = attr(boolean(), True, doc="add learned biases to the projections")
    batch_first: bool = attr(
        boolean(), False, doc="inputs are [batch, time, features], not [time, batch, features]"
    )
    is_causal: bool = attr(boolean(), False, doc="mask the keys after each query's place")
    average_attn_weights: bool = attr(boolean(), True, doc="average `attn_output_weights` over the heads")

    examples = (
        Example("2", ("[T, N, 8]",)),
        Example("{num_heads: 4, batch_first: true, is_causal: true, dropout: 0.1}", ("[N, T, 8]",)),
        Example("{num_heads: 2, batch_first: true, bias: false}", ("[N, L, 8]", "[N, S, 8]", "[N, S, 8]")),
        Example("{num_heads: 2, batch_first: true}", ("[N, L, 8]", "[N, S, 6]", "[N, S, 5]")),
        Example("{num_heads: 1, average_attn_weights: false}", ("[L, N, 8]", "[S, N, 8]")),
        Example("{num_heads: 2, batch_first: true}", {"query": "[N, T, 8]", "attn_mask": "bool[T, T]"}),
        Example("{num_heads: 2}", {"query": "[T, N, 8]", "attn_mask": "[T, T]"}),
        Example(
            "{num_heads: 2, batch_first: true}",
            {"query": "[N, T, 8]", "key_padding_mask": "bool[N, T]", "attn_mask": "[T, T]"},
        ),
    )

    def infer(
        self, rule: Rule, query: TensorType, *others: TensorType | None
    ) -> tuple[TensorType, TensorType]:
        """Give the query's type, and the weights of each query and key."""
        sources = _sources(query, *others[:2])
        layout = "[batch, time, features]" if self.batch_first else "[time, batch, features]"
        shown = [(at, f"the {NAMES[at]} is {each}") for at, each in enumerate(sources)]
        for at, each in enumerate(sources):
            rule.float_input(each, at)
            rule.rank(each, 3, at=at, layout=layout)
            rule.number(each.shape[2], f"the width of the {NAMES[at]} of `multihead_attention`", at)
        if len({each.dtype for each in sources}) > 1:
            rule.fail("E0571", "query, key and value must have one element type", None, shown)
        width = self._width(query)
        if width % self.num_heads:
            message = (
                f"`num_heads` must divide the query's width, {width} is not a multiple of {self.num_heads}"
            )
            rule.fail("E0477", message, "num_heads", shown[:1])
        batch, steps = self._axes(query)
        for at, each in enumerate(sources[1:], 1):
            found, needed = size_text(self._axes(each)[0]), size_text(batch)
            message = f"the {NAMES[at]} has a batch of {found}, the query of {needed}"
            rule.same(self._axes(each)[0], batch, "E0478", message, at, shown)
        keys, values = self._axes(sources[1])[1], self._axes(sources[2])[1]
        message = f"each key needs one value, there are {size_text(keys)} keys and {size_text(values)} values"
        rule.same(keys, values, "E0474", message, 2, shown)
        self._check_masks(rule, (batch, steps, keys), *others[2:])
        heads = () if self.average_attn_weights else (self.num_heads,)
        return query, query.with_shape((batch, *heads, steps, keys))

    def _axes(self, x: TensorType) -> tuple[Dim, Dim]:
        """Give the sizes of batch and time."""
        return (x.shape[0], x.shape[1]) if self.batch_first else (x.shape[1], x.shape[0])

    def _width(self, x: TensorType) -> int:
        return int(str(x.shape[2]))

    def _check_masks(
        self, rule: Rule, sizes: tuple[Dim, Dim, Dim], padding: TensorType | None, mask: TensorType | None
    ) -> None:
        batch, steps, keys = sizes
        if padding is not None:
            _check_mask(rule, padding, 3, ((batch, keys),), BOOL.name)
        if mask is None:
            return
        if self.is_causal:
            message = "`is_causal` and `attn_mask` exclude each other"
            helps = ("write the causal part into the mask (`triu: 1`), or leave the mask out",)
            rule.fail("E0771", message, "is_causal", [(4, f"the mask is {mask}")], helps)
        shapes = ((steps, keys), (self.num_heads * batch, steps, keys))
        _check_mask(rule, mask, 4, shapes, "bool or float")

    def weights(self, query: TensorType, *others: TensorType | None) -> tuple[Param, ...]:
        """Give PyTorch's: one matrix [3 E, E] for equal widths, else one each; the last projection."""
        width = self._width(query)
        sources = _sources(query, *others[:2])
        if self._is_joint(sources):
            params = [Param("in_proj_weight", (3 * width, width), XAVIER)]
        else:
            params = [
                Param(f"{name}_proj_weight", (width, self._width(each)), XAVIER)
                for name, each in zip("qkv", sources, strict=True)
            ]
        if self.bias:
            params.append(Param("in_proj_bias", (3 * width,), ZEROS))
        params.append(Param("out_proj.weight", (width, width), uniform(1 / sqrt(width))))
        if self.bias:
            params.append(Param("out_proj.bias", (width,), ZEROS))
        return tuple(params)

    def _is_joint(self, sources: Sources) -> bool:
        return len({each.shape[2] for each in sources}) == 1

    def pytorch(self, site: Site, query: TensorType, *others: TensorType | None) -> PyTorch:
        """Give `nn.MultiheadAttention`; its weights are asked for only where something reads them."""
        sources = _sources(query, *others[:2])
        width = self._width(query)
        widths = tuple(
            (name, Lit(self._width(each)))
            for name, each in zip(("kdim", "vdim"), sources[1:], strict=True)
            if self._width(each) != width
        )
        module = Call(
            "nn.MultiheadAttention",
            (Lit(width), Lit(self.num_heads)),
            (*self.keywords("dropout", "bias"), *widths, *self.keywords("batch_first")),
        )
        masks = self._masks(site, sources, *others[2:])
        options = [*masks, *(() if site.used[1] else (("need_weights", Lit(False)),))]
        if self.is_causal:
            options.append(("is_causal", Lit(True)))
        if site.used[1]:
            options.extend(self.keywords("average_attn_weights"))
        places = tuple(Input(at) for at in _places(*others[:2]))
        support = (ADDITIVE_MASK,) if any(_is_additive(value) for _, value in masks) else ()
        return PyTorch(Call(Own(), places, tuple(options)), module, support)

    def _masks(
        self, site: Site, sources: Sources, padding: TensorType | None, mask: TensorType | None
    ) -> list[tuple[str, Py]]:
        """Give the masks as arguments; added to the scores where booleans would take PyTorch's fast path.

        PyTorch wants both masks of one kind, so a padding mask beside a float one is added too.
        """
        found: list[tuple[str, Py]] = []
        if padding is not None:
            found.append(("key_padding_mask", Input(3)))
        if mask is not None:
            found.append(("attn_mask", Input(4)))
        given = bool(found)
        if self.is_causal:
            found.append(("attn_mask", self._causal(sources)))
        is_float = mask is not None and mask.dtype is not BOOL
        if is_float and padding is not None:
            return [("key_padding_mask", Call(ADDITIVE_MASK[0], (Input(3), Input(0)))), found[1]]
        if not given or is_float or site.used[1] or not self.batch_first:
            return found
        return [(name, Call(ADDITIVE_MASK[0], (value, Input(0)))) for name, value in found]

    def _causal(self, sources: Sources) -> Py:
        sizes = tuple(Size(self._axes(each)[1]) for each in sources[:2])
        options = (("dtype", Name("torch.bool")), ("device", Attribute(Input(0), "device")))
        return Method(Call("torch.ones", sizes, options), "triu", (Lit(1),))

    def onnx(self, g: OnnxBuilder, query: str, key: str, value: str, *masks: str) -> tuple[str, str]:
        """Give products with rows of the stored weights (`Gemm`), a softmax, and the projection."""
        types = g.types
        assert types[0] is not None
        sources = _sources(types[0], *types[1:3])
        given = (query, key or query, value or key or query)
        turns = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
        if not self.batch_first:
            turns = ([1, 2, 0, 3], [1, 2, 3, 0], [1, 2, 0, 3])
        heads = [
            g.emit("Transpose", self._projected(g, given[at], sources, at), perm=turns[at]) for at in range(3)
        ]
        scale = (self._width(sources[0]) // self.num_heads) ** -0.5
        scores = attention_scores(g, heads[0], heads[1], scale)
        weights = attention_weights(g, scores, self._mask(g, sources, *masks))
        mixed = g.emit(
            "Transpose",
            g.emit("MatMul", weights, heads[2]),
            perm=turns[0] if self.batch_first else [2, 0, 1, 3],
        )
        return self._output(g, mixed, sources[0]), self._shown(g, weights)

    def _projected(self, g: OnnxBuilder, x: str, sources: Sources, at: int) -> str:
        """Give one of the projections, with its heads apart."""
        width, own = self._width(sources[0]), self._width(sources[at])
        rows = (at * width, (at + 1) * width)
        joint = self._is_joint(sources)
        weight = g.param_rows("in_proj_weight", *rows) if joint else g.param(f"{'qkv'[at]}_proj_weight")
        bias = (g.param_rows("in_proj_bias", *rows),) if self.bias else ()
        flat = g.emit("Gemm", g.emit("Reshape", x, g.ints(-1, own)), weight, *bias, transB=1)
        shape = (*sources[at].shape[:2], self.num_heads, width // self.num_heads)
        return g.emit("Reshape", flat, g.sizes(shape))

    def _mask(self, g: OnnxBuilder, sources: Sources, padding: str, mask: str) -> Mask | None:
        """Give what is kept. Where weights are asked for, PyTorch leaves NaN in rows without a key."""
        batch, steps = self._axes(sources[0])
        keys = self._axes(sources[1])[1]
        empty_rows = not g.used[1]
        kept: list[str] = []
        if self.is_causal:
            kept.append(causal_mask(g, steps, keys))
        given = g.types[4]
        if given is not None and given.rank == 3:
            mask = g.emit("Reshape", mask, g.sizes((batch, self.num_heads, steps, keys)))
        padded = g.emit("Unsqueeze", padding, g.ints(1, 2)) if padding else ""
        if given is not None and given.dtype is not BOOL:
            if padded:
                mask = g.emit("Where", padded, g.scalar(float("-inf")), mask)
            return Mask(mask, additive=True, empty_rows=empty_rows)
        if mask:
            kept.append(g.emit("Not", mask))
        if padded:
            kept.append(g.emit("Not", padded))
        if not kept:
            return None
        value = kept[0] if len(kept) == 1 else g.emit("And", *kept)
        return Mask(value, empty_rows=empty_rows and bool(mask or padding))

    def _output(self, g: OnnxBuilder, mixed: str, query: TensorType) -> str:
        flat = g.emit("Reshape", mixed, g.ints(-1, self._width(query)))
        bias = (g.param("out_proj.bias"),) if self.bias else ()
        projected = g.emit("Gemm", flat, g.param("out_proj.weight"), *bias, transB=1)
        return g.emit("Reshape", projected, g.sizes(query.shape))

    def _shown(self, g: OnnxBuilder, weights: str) -> str:
        if g.used[1] and self.average_attn_weights:
            return reduce_axis(g, "ReduceMean", weights, 1, keepdims=False)
        return weights

    def multiply_adds(self, _out: TensorType, query: TensorType, *others: TensorType | None) -> Dim:
        """Count the four projections, and the products of queries and keys and of weights and values."""
        width = self._width(query)
        projected = [product(each.shape) * width for each in _sources(query, *others[:2])]
        keys = self._axes(_sources(query, *others[:2])[1])[1]
        attended = 2 * product(query.shape) * keys
        return sum(projected) + product(query.shape) * width + attended


def _is_additive(value: Py) -> bool:
    return isinstance(value, Call) and value.function == ADDITIVE_MASK[0]


def _places(key: TensorType | None, value: TensorType | None) -> tuple[int, int, int]:
    """Give which input each of query, key and value is."""
    keys = 0 if key is None else 1
    return 0, keys, keys if value is None else 2


def _sources(query: TensorType, key: TensorType | None, value: TensorType | None) -> Sources:
    keys = query if key is None else key
    return query, keys, keys if value is None else value


def _check_mask(
    rule: Rule, mask: TensorType, at: int, shapes: tuple[tuple[Dim, ...], ...], dtypes: str
) -> None:
    name = ("key_padding_mask", "attn_mask")[at - 3]
    shown = [(at, f"this is {mask}")]
    if mask.dtype is not BOOL and not (mask.dtype.is_float and dtypes != BOOL.name):
        helps = ("true masks a key; make it with a comparison, such as `eq: 0`",)
        rule.fail("E0572", f"`{name}` must be {dtypes} here, it is {mask.dtype}", at, shown, helps)
    rule.rank(mask, *(len(shape) for shape in shapes), at=at)
    wanted = next(shape for shape in shapes if len(shape) == mask.rank)
    message = f"`{name}` must be {TensorType(mask.dtype, wanted)}, it is {mask}"
    for found, needed in zip(mask.shape, wanted, strict=True):
        rule.same(found, needed, "E0476", message, at, shown)
