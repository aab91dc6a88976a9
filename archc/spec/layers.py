"""Reads lists of layers."""

from __future__ import annotations

import re
from typing import Any

from archc.source import Label, Span, nearest, replacement
from archc.spec.document import LayerDecl
from archc.spec.signatures import SignatureReading
from archc.spec.tree import Entry, Mapping, Scalar, Sequence, Tree
from archc.spec.vocabulary import CONTAINERS, MODIFIERS, SCAN_KEYS

TYPE_WORDS = ("type", "op", "kind", "layer", "class", "class_name", "module")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
_CALL = r"(?s)([A-Za-z_][A-Za-z0-9_.]*)\((.*)\)\Z"
_GLUED = r"([A-Za-z_][A-Za-z0-9_.]*):\S"
# What `LayerReading.modifiers` gives for an item without any.
_NOTHING: dict[str, Any] = dict.fromkeys(
    ("name", "from_", "when", "else_", "repeat", "for_", "scan", "tie", "init", "shape")
)
IDENTITY = "use `identity` for an item that passes its input on"
_REPEAT = "`repeat` is how often a layer runs; torch's method of that name is `tile`"


class LayerReading(SignatureReading):
    """Readers of layers; `callable_names` are the names that an item may use, as far as they are known."""

    callable_names: frozenset[str] = frozenset()

    def layers(self, tree: Tree | None, what: str) -> tuple[LayerDecl, ...]:
        """Read a list of layers; a broken item stays in it, as such."""
        sequence = self.sequence(tree, what, "write a list: each item begins with `- `")
        return tuple(self.layer(item) for item in sequence.items) if sequence else ()

    def layer(self, tree: Tree) -> LayerDecl:
        """Read one item."""
        before = self.mistakes
        if isinstance(tree, Mapping):
            return self.item(tree, before)
        op = tree if isinstance(tree, Scalar) else _placeholder(tree)
        if isinstance(tree, Scalar):
            self.bare(tree)
        else:
            help_ = "write an op, `conv2d: {...}`, with `name` and `from` beside it; `layers:` before a group"
            self.error("E0203", "an item of `layers` is a list", self.head(tree), help_)
        return LayerDecl(
            "op" if self.mistakes == before else "broken",
            op,
            None,
            (),
            **_NOTHING,
            parallel=False,
            doc="",
            span=tree.span,
        )

    def bare(self, tree: Scalar) -> None:
        """Check an item that is a single word."""
        text = tree.text
        if tree.is_empty:
            self.error("E0203", "an item of `layers` is empty", tree.span, "write an op, or remove the dash")
        elif text in CONTAINERS or text == "reuse" or text in MODIFIERS:
            self.error(
                "E0203",
                f"`{text}` alone is not a layer",
                tree.span,
                f"write `{text}: ` and what belongs to it",
            )
        elif tree.plain and not isinstance(tree.value, str):
            self.error(
                "E0203", f"`{text}` is not the name of an op", tree.span, "write a word such as `relu`"
            )
        elif _WORD.match(text) or (text.startswith("$(") and self.template(tree) is not None):
            return
        elif (glued := re.match(_GLUED, text)) and self.source.text[tree.start : tree.end] == text:
            from archc.spec.yaml_repair import missing_space

            self.add(missing_space(self.source, tree.start + glued.end(1)))
        elif call := re.match(_CALL, text):
            inside = call.group(2).strip()
            right = f"{call[1]}: {inside}" if inside and "=" not in inside else call[1]
            fix = replacement(tree.span, right) if not inside or inside.isalnum() else None
            self.error("E0203", f"`{text}` is written as a call", tree.span, f"write `{right}`", fix=fix)
        else:
            self.error(
                "E0203", f"`{text}` is not the name of an op", tree.span, "write a word such as `relu`"
            )

    def item(self, tree: Mapping, before: int) -> LayerDecl:
        """Read an item that is a mapping."""
        fields: dict[str, Tree] = {}
        ops: list[Entry] = []
        for entry in tree.entries:
            if entry.key.text in MODIFIERS:
                fields[entry.key.text] = entry.value
            else:
                ops.append(entry)
        if len(ops) != 1 or (self.callable_names and not self.is_callable(ops[0].key)):
            ops = self.one_op(tree, ops)
        if not ops and isinstance(fields.get("repeat"), Sequence):
            del fields["repeat"]  # torch's method, which has been told of
        key = ops[0].key if ops else _placeholder(tree)
        value: Tree = ops[0].value if ops else key
        kind = key.text if key.text in CONTAINERS or key.text == "reuse" else "op"
        if "$(" in key.text:
            self.template(key)
        if kind == "reuse":
            self.reused(value)
        checked = self.modifiers(fields) if fields else _NOTHING
        parallel = self.boolean(fields.get("parallel"), "`parallel`")
        doc = self.text(fields.get("doc"), "`doc`")
        items = self.items(kind, key, value) if kind in CONTAINERS else None
        broken = self.mistakes > before
        body = tuple(self.layer(item) for item in items.items) if items else ()
        arguments = None if items or (isinstance(value, Scalar) and value.is_empty) else value
        return LayerDecl(
            "broken" if broken else kind,
            key,
            arguments,
            body,
            **checked,
            parallel=parallel,
            doc=doc,
            span=tree.span,
        )

    def items(self, kind: str, key: Scalar, value: Tree) -> Sequence | None:
        """Give the list of a container's items."""
        if isinstance(value, Scalar) and value.is_empty:
            self.error("E0205", f"`{kind}` has no items", key.span, f"write `{kind}: [...]`, or remove it")
            return None
        return self.sequence(value, f"`{kind}`", "write a list: each item begins with `- `")

    def reused(self, value: Tree) -> None:
        """Check what `reuse` names."""
        scalar = self.scalar(
            value, "what `reuse` applies again", "write `reuse: NAME`, with the name of a layer"
        )
        if scalar:
            self.is_word(scalar, "a layer")
            self.template(scalar)

    def one_op(self, tree: Mapping, ops: list[Entry]) -> list[Entry]:
        """Find the one op of an item among its keys that are no modifiers; report it if there is not one."""
        if self.op_as_value(ops):
            return []
        known = [entry for entry in ops if self.is_callable(entry.key)]
        strange = [entry for entry in ops if entry not in known]
        if len(known) == 1 and self.attributes_beside(known[0], strange):
            return known
        misspelt = [entry for entry in strange if self.is_near_modifier(entry.key, alone=len(ops) == 1)]
        for entry in misspelt:
            self.unknown_key(entry.key, MODIFIERS, "an item", "" if len(ops) > 1 else IDENTITY)
        rest = [entry for entry in ops if entry not in misspelt]
        if misspelt or len(rest) == 1:
            return rest[:1]
        if not rest:
            help_ = _REPEAT if isinstance(tree.get("repeat"), Sequence) else IDENTITY
            self.error("E0203", "an item has no op", self.keys_span(tree), help_)
        elif len(known) == 1:
            self.beside(known[0], [entry for entry in rest if entry is not known[0]])
        else:
            first, second = rest[0].key, rest[1].key
            labels = (Label(first.span, "the first op"),)
            help_ = "make an item of each; attributes of an op stand under it, not beside it"
            self.error(
                "E0204",
                f"two ops in one item, `{first.text}` and `{second.text}`",
                second.span,
                help_,
                labels=labels,
            )
        return rest[:1]

    def op_as_value(self, ops: list[Entry]) -> bool:
        """Report `type: conv2d` and what stands beside it, as other tools have it; say whether it is that."""
        strange = [entry for entry in ops if not self.is_callable(entry.key)]
        first = next((entry for entry in strange if entry.key.text in TYPE_WORDS), None)
        if (
            first is None
            or not isinstance(first.value, Scalar)
            or first.value.text not in self.callable_names
        ):
            return False
        rest = ", ".join(f"{e.key.text}: {e.value.span.text}" for e in ops if e is not first)
        help_ = (
            f"the op is a key of its own: `{first.value.text}: {{{rest}}}`" if rest else "write the op alone"
        )
        self.error("E0201", f"`{first.key.text}` is not a key of an item", first.key.span, help_)
        return True

    def attributes_beside(self, op: Entry, others: list[Entry]) -> bool:
        """Report keys beside an op that are its attributes; say whether all of them are."""
        from archc import ops

        attributes = ops.find(op.key.text).attributes if op.key.text in ops.names() else {}
        if not others or not all(entry.key.text in attributes for entry in others):
            return False
        for entry in others:
            word = entry.key.text
            message = f"`{word}` is an attribute of `{op.key.text}`, it stands under it and not beside it"
            help_ = f"write `{op.key.text}: {{{word}: ...}}`"
            self.error("E0201", message, entry.key.span, help_, labels=(Label(op.key.span, "its op"),))
        return True

    def beside(self, op: Entry, others: list[Entry]) -> None:
        """Report keys beside an op that are neither modifiers nor ops: attributes, most likely."""
        for entry in others:
            help_ = f"an attribute stands under its op: `{op.key.text}: {{{entry.key.text}: ...}}`"
            self.unknown_key(entry.key, MODIFIERS, "an item", help_)

    def is_callable(self, key: Scalar) -> bool:
        """Whether a key is known to be an op, a block, a model or a container."""
        return (
            key.text in self.callable_names
            or key.text in CONTAINERS
            or key.text == "reuse"
            or "$(" in key.text
        )

    def is_near_modifier(self, key: Scalar, alone: bool) -> bool:
        """Whether a key that is no op nearly spells a modifier; `alone`, it has to be no near op either."""
        if "." in key.text or key.text[:1].isupper() or not nearest(key.text, MODIFIERS):
            return False
        return not alone or not nearest(key.text, self.callable_names)

    def keys_span(self, tree: Mapping) -> Span:
        """Give the place of an item's first key."""
        return tree.entries[0].key.span if tree.entries else tree.span

    def modifiers(self, fields: dict[str, Tree]) -> dict[str, Any]:
        """Check all that stands beside the op; give it by the names of `LayerDecl`'s fields."""
        get = fields.get
        name = get("name")
        if name is not None:
            self.names(name)
        for word in ("from", "else", "tie"):
            if word in fields:
                self.references(fields[word], f"`{word}`")
        self.together(fields)
        scan = self.mapping(get("scan"), "`scan`", "write `scan: {axis: 1, state: {h: zeros}}`")
        if scan:
            over = self.fields(scan, SCAN_KEYS, "`scan`").get("over")
            if over is not None:
                self.references(over, "`over`")
        return {
            "name": None if isinstance(name, Mapping) else name,
            "from_": get("from"),
            "when": self.expression(get("when"), "`when`"),
            "else_": self.scalar(get("else"), "`else`"),
            "repeat": self.expression(get("repeat"), "`repeat`"),
            "for_": self.columns(get("for")),
            "scan": scan,
            "tie": self.mapping(get("tie"), "`tie`", "write `tie: {weight: NAME.weight}`"),
            "init": self.mapping(get("init"), "`init`", "write `init: {weight: zeros}`"),
            "shape": self.shape(get("shape"), block=False),
        }

    def together(self, fields: dict[str, Tree]) -> None:
        """Report modifiers that need one another, or exclude one another."""
        self.one_loop(fields)
        if "else" in fields and "when" not in fields:
            help_ = "add a `when`, or remove the `else`"
            self.error("E0210", "`else` without `when`", self.head(fields["else"]), help_)
        if "parallel" in fields and "for" not in fields and "repeat" not in fields:
            help_ = "add `repeat` or `for`, or remove it"
            self.error("E0210", "`parallel` without a loop", fields["parallel"].span, help_)

    def names(self, tree: Tree) -> None:
        """Check a name, or a list of names for several outputs."""
        help_ = "write a name, or a list of names for several outputs"
        if isinstance(tree, Mapping):
            self.wrong_kind("`name` is a word", tree, help_)
            return
        if isinstance(tree, Sequence) and not tree.items:
            self.error("E0205", "`name` has no items", tree.span, help_)
            return
        for item in tree.items if isinstance(tree, Sequence) else (tree,):
            scalar = self.scalar(item, "`name`", help_)
            if scalar and self.is_word(scalar, "`name`"):
                self.value_name(scalar)

    def references(self, tree: Tree, what: str) -> None:
        """Check names of values: one, a list of them, or a mapping to them."""
        if isinstance(tree, Scalar):
            if tree.is_empty:
                self.error("E0202", f"{what} is empty", tree.span, "name a value, or remove it")
            elif self.is_word(tree, what) and "$(" in tree.text:
                self.template(tree)
        elif isinstance(tree, Sequence):
            for item in tree.items:
                self.references(item, what)
        elif what != "`else`":
            for entry in tree.entries:
                self.references(entry.value, f"`{entry.key.text}`")


def _placeholder(tree: Tree) -> Scalar:
    """Stand for the op of an item that has none."""
    return Scalar("", True, Span(tree.source, tree.start, tree.start))
