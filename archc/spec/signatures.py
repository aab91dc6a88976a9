"""Reads what a model or block takes and gives: parameters, inputs, outputs."""

from __future__ import annotations

import re

from archc.source import did_you_mean, replacement, respelled
from archc.spec.document import InputDecl, LetDecl, OutputDecl, ParamDecl
from archc.spec.placement import Placement
from archc.spec.reading import Reading
from archc.spec.tree import Entry, Mapping, Scalar, Sequence, Tree
from archc.spec.vocabulary import INPUT_KEYS, OUTPUT_KEYS, PARAM_KEYS

PARAM_TYPES = ("int", "float", "bool", "text", "list", "dict", "layer")
DTYPES = (
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
)
_TENSOR = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)?\s*\[(.*)\]\s*\Z", re.DOTALL)
_TYPE_FORMS = "write `[N, 3, H, W]`, `int64[N, T]` or `{dtype: int64, shape: [N, T]}`"


class SignatureReading(Reading):
    """Readers of declarations."""

    def params(self, tree: Tree | None, what: str) -> tuple[ParamDecl, ...]:
        """Read `params`."""
        help_ = "write `NAME: DEFAULT`, `NAME: TYPE` or `NAME: {type: TYPE, default: DEFAULT}`"
        return tuple(self.param(entry) for entry in self.entries(tree, f"`params` of {what}", help_))

    def param(self, entry: Entry) -> ParamDecl:
        """Read one parameter, in any of its three forms."""
        self.identifier(entry.key, module=True)
        key, value = entry.key, entry.value
        if isinstance(value, Mapping) and _declares(value):
            return self.declared_param(entry, value)
        if isinstance(value, Scalar) and value.plain and value.text in PARAM_TYPES:
            return self.make_param(entry, value.text, None)
        if isinstance(value, Scalar) and value.is_empty:
            self.error(
                "E0610", f"the parameter `{key.text}` has neither a type nor a default", key.span, _forms(key)
            )
        return self.make_param(entry, None, value)

    def declared_param(self, entry: Entry, tree: Mapping) -> ParamDecl:
        """Read `{type:, default:, ...}`."""
        fields = self.fields(tree, PARAM_KEYS, "a parameter")
        type_ = self.scalar(fields.get("type"), "the type of a parameter")
        if type_ and type_.text not in PARAM_TYPES:
            notes = (f"the types are {', '.join(f'`{word}`' for word in PARAM_TYPES)}",)
            help_ = did_you_mean(type_.text, PARAM_TYPES) or _other_type(type_.text)
            message = f"`{type_.text}` is not a type of parameters"
            fix = respelled(type_.span, PARAM_TYPES)
            self.error("E0610", message, type_.span, *help_, notes=notes, fix=fix)
        elif type_ is None and "default" not in fields and "type" not in fields:
            message = f"the parameter `{entry.key.text}` has neither a type nor a default"
            self.error("E0610", message, entry.key.span, _forms(entry.key))
        return self.make_param(entry, type_.text if type_ else None, fields.get("default"), fields)

    def make_param(
        self, entry: Entry, type_: str | None, default: Tree | None, fields: dict[str, Tree] | None = None
    ) -> ParamDecl:
        """Make the declaration."""
        found = fields or {}
        return ParamDecl(
            name=entry.key.text,
            key=entry.key,
            type=type_ if type_ in PARAM_TYPES else None,
            default=default,
            required=default is None,
            min=self.expression(found.get("min"), "`min`"),
            max=self.expression(found.get("max"), "`max`"),
            choices=self.sequence(found.get("choices"), "`choices`"),
            doc=self.text(found.get("doc"), "`doc`"),
            span=entry.span,
        )

    def lets(self, tree: Tree | None) -> tuple[LetDecl, ...]:
        """Read `let`."""
        entries = self.entries(tree, "`let`", "write `NAME: EXPRESSION`")
        for entry in entries:
            self.identifier(entry.key)
            if isinstance(entry.value, Scalar) and entry.value.plain:
                self.expression(entry.value, f"`{entry.key.text}`")
        return tuple(LetDecl(entry.key.text, entry.key, entry.value, entry.span) for entry in entries)

    def inputs(self, tree: Tree | None, what: str, block: bool) -> tuple[InputDecl, ...]:
        """Read `inputs`."""
        entries = self.entries(tree, f"`inputs` of {what}", "write `NAME: [N, 3, H, W]`")
        return tuple(self.input(entry, block) for entry in entries)

    def input(self, entry: Entry, block: bool) -> InputDecl:
        """Read one input, in any of its forms."""
        self.value_name(entry.key)
        value = entry.value
        fields = self.fields(value, INPUT_KEYS, "an input") if isinstance(value, Mapping) else {}
        dtype = self.scalar(fields.get("dtype"), "`dtype`")
        shape = self.shape(fields.get("shape"), block)
        if isinstance(value, Sequence):
            shape = self.shape(value, block)
        elif isinstance(value, Scalar):
            dtype, shape = self.tensor_text(value, block)
        if dtype:
            self.check_dtype(dtype)
        if shape is None and not block and "shape" not in fields and not isinstance(value, Scalar):
            self.error("E0205", f"the input `{entry.key.text}` has no shape", entry.key.span, _TYPE_FORMS)
        self.one_loop(fields)
        return InputDecl(
            name=entry.key,
            dtype=dtype,
            shape=shape,
            min=self.expression(fields.get("min"), "`min`"),
            max=self.expression(fields.get("max"), "`max`"),
            when=self.expression(fields.get("when"), "`when`"),
            repeat=self.expression(fields.get("repeat"), "`repeat`"),
            for_=self.columns(fields.get("for")),
            optional=self.boolean(fields.get("optional"), "`optional`"),
            doc=self.text(fields.get("doc"), "`doc`"),
            span=entry.span,
        )

    def tensor_text(self, value: Scalar, block: bool) -> tuple[Scalar | None, tuple[Scalar, ...] | None]:
        """Read `int64[N, T]`; in a block also `int64`, or nothing, for any shape."""
        if value.is_empty and block:
            return None, None
        match = _TENSOR.match(value.text)
        place = Placement(value.text, value.span)
        if match:
            dtype = Scalar(match.group(1), True, place.span(*match.span(1))) if match.group(1) else None
            return dtype, self.dimensions(_pieces(match.group(2), match.start(2), place), block)
        if block and value.text.strip() in DTYPES:
            return value, None
        help_ = f"write `{value.text}[N]` with its sizes" if value.text in DTYPES else _TYPE_FORMS
        what = (
            f"`{value.text}` is not the type of a tensor" if value.text else "the type of a tensor is missing"
        )
        self.error("E0211", what, value.span, help_)
        return None, None

    def shape(self, tree: Tree | None, block: bool) -> tuple[Scalar, ...] | None:
        """Read a list of dimensions."""
        sequence = self.sequence(tree, "a shape", "write `[N, 3, H, W]`")
        if sequence is None:
            return None
        found = [self.scalar(item, "a dimension") for item in sequence.items]
        return self.dimensions([dim for dim in found if dim is not None], block)

    def dimensions(self, dims: list[Scalar], block: bool) -> tuple[Scalar, ...]:
        """Check dimensions: expressions, the first of a block's perhaps `...`."""
        for index, dim in enumerate(dims):
            if dim.text != "...":
                self.expression(dim, "a dimension")
            elif not block:
                help_ = "give each axis a size or a symbol"
                self.error("E0211", "`...` stands only in the signature of a block", dim.span, help_)
            elif index:
                self.error("E0211", "`...` stands only for the first axes", dim.span, "put it first")
        return tuple(dims)

    def check_dtype(self, dtype: Scalar) -> None:
        """Report an element type that does not exist."""
        if dtype.text not in DTYPES and "$(" not in dtype.text:
            other = {
                "float": "float32",
                "double": "float64",
                "half": "float16",
                "long": "int64",
                "int": "int64",
            }
            right = other.get(dtype.text)
            help_ = (f"write `{right}`",) if right else did_you_mean(dtype.text, DTYPES)
            fix = replacement(dtype.span, right) if right else respelled(dtype.span, DTYPES)
            notes = (f"the dtypes are {', '.join(DTYPES)}",)
            self.error("E0211", f"`{dtype.text}` is not a dtype", dtype.span, *help_, notes=notes, fix=fix)

    def columns(self, tree: Tree | None) -> Mapping | Scalar | None:
        """Read what `for` walks over: columns by index name, or an expression for a list of records."""
        if isinstance(tree, Scalar):
            return self.expression(tree, "`for`")
        found = self.mapping(tree, "`for`", "write `for: {i: 4}` or `for: {d: depths}`")
        for entry in found.entries if found else ():
            self.identifier(entry.key)
            if isinstance(entry.value, Scalar):
                self.expression(entry.value, f"the column `{entry.key.text}`")
            elif isinstance(entry.value, Mapping):
                self.wrong_kind("a column of `for` is a list or an expression", entry.value)
        return found

    def one_loop(self, fields: dict[str, Tree]) -> None:
        """Report `repeat` and `for` side by side."""
        if "repeat" in fields and "for" in fields:
            help_ = "put the one around the other with `layers`, or write two columns of `for`"
            self.error("E0210", "`repeat` and `for` in one place", fields["repeat"].span, help_)

    def outputs(self, tree: Tree | None, what: str) -> tuple[OutputDecl, ...] | None:
        """Read `outputs`: a list of values, or a mapping of names to values."""
        if tree is None:
            return None
        if isinstance(tree, Sequence) and tree.items:
            return tuple(found for item in tree.items if (found := self.listed_output(item)))
        if isinstance(tree, Mapping) and tree.entries:
            return tuple(found for entry in tree.entries if (found := self.output(entry)))
        if not isinstance(tree, Scalar):
            self.error("E0205", "`outputs` has no items", tree.span, "name a value, or remove it")
            return None
        help_ = (
            f"write `outputs: [{tree.text}]`" if tree.text else "write `outputs: [NAME]` or `{NAME: VALUE}`"
        )
        self.wrong_kind(f"`outputs` of {what} is a list or a mapping", tree, help_)
        return None

    def listed_output(self, item: Tree) -> OutputDecl | None:
        """Read one value of a list, which is named like itself."""
        help_ = "write `outputs: {NAME: VALUE}` to name them otherwise"
        scalar = self.scalar(item, "an output", help_)
        if scalar is None or not self.is_word(scalar, "an output"):
            return None
        self.value_name(scalar)
        return OutputDecl(scalar, scalar, None, None, None, "", scalar.span)

    def output(self, entry: Entry) -> OutputDecl | None:
        """Read `NAME: VALUE` or `NAME: {from: VALUE, when: ...}`."""
        self.value_name(entry.key)
        fields = {"from": entry.value}
        if isinstance(entry.value, Mapping):
            fields = self.fields(entry.value, OUTPUT_KEYS, "an output")
            if "from" not in fields:
                help_ = f"write `{entry.key.text}: {{from: VALUE}}`"
                self.error("E0205", f"the output `{entry.key.text}` has no `from`", entry.key.span, help_)
        source = self.scalar(fields.get("from"), "the value of an output", "name one value")
        if source is None or not self.is_word(source, "a value"):
            return None
        self.template(source)
        self.one_loop(fields)
        return OutputDecl(
            name=entry.key,
            source=source,
            when=self.expression(fields.get("when"), "`when`"),
            repeat=self.expression(fields.get("repeat"), "`repeat`"),
            for_=self.columns(fields.get("for")),
            doc=self.text(fields.get("doc"), "`doc`"),
            span=entry.span,
        )


def _declares(tree: Mapping) -> bool:
    """Whether a mapping declares a parameter, and is not itself the default."""
    keys = tree.keys
    return bool(keys) and ("type" in keys or "default" in keys or all(key in PARAM_KEYS for key in keys))


def _forms(key: Scalar) -> str:
    return f"write `{key.text}: int`, or `{key.text}: 4` for a default"


def _other_type(word: str) -> tuple[str, ...]:
    other = {
        "str": "text",
        "string": "text",
        "boolean": "bool",
        "number": "float",
        "integer": "int",
        "size": "int",
        "module": "layer",
        "block": "layer",
    }
    found = other.get(word.lower())
    return (f"write `{found}`",) if found else ()


def _pieces(text: str, offset: int, place: Placement) -> list[Scalar]:
    """Split dimensions at their commas, but not inside brackets."""
    if not text.strip():
        return []
    pieces: list[Scalar] = []
    start, open_ = 0, 0
    for at, character in enumerate([*text, ","]):
        open_ += (character in "([") - (character in ")]")
        if character != "," or (open_ > 0 and at < len(text)):
            continue
        piece = text[start:at]
        begin = offset + start + len(piece) - len(piece.lstrip())
        pieces.append(Scalar(piece.strip(), True, place.span(begin, begin + len(piece.strip()))))
        start = at + 1
    return pieces
