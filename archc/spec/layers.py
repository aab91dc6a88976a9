"""Reads lists of layers."""

from __future__ import annotations

import re

from archc.source import Label, Span, nearest
from archc.spec.document import CONTAINERS, LayerDecl
from archc.spec.signatures import SignatureReading
from archc.spec.tree import Entry, Mapping, Scalar, Sequence, Tree
from archc.spec.yaml_repair import missing_space

MODIFIERS = (
    "name",
    "from",
    "when",
    "else",
    "repeat",
    "for",
    "parallel",
    "scan",
    "tie",
    "init",
    "shape",
    "doc",
)
_MODIFIERS = frozenset(MODIFIERS)
_SCAN_KEYS = ("axis", "over", "state", "from", "length", "reverse")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*\Z")
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\((.*)\)\Z", re.DOTALL)
_GLUED = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*):\S")
_NONE: dict[str, Tree] = {}
IDENTITY = "use `identity` for an item that passes its input on"


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
        if isinstance(tree, Sequence):
            self.error(
                "E0203",
                "an item of `layers` is a list",
                self.head(tree),
                "write `layers:` before it for a group",
            )
            return self.decl("broken", _placeholder(tree), None, (), _NONE, tree)
        self.bare(tree)
        return self.decl("op" if self.mistakes == before else "broken", tree, None, (), _NONE, tree)

    def bare(self, tree: Scalar) -> None:
        """Check an item that is a single word."""
        text = tree.text
        if tree.is_empty:
            self.error("E0203", "an item of `layers` is empty", tree.span, "write an op, or remove the dash")
        elif text in CONTAINERS or text == "reuse" or text in _MODIFIERS:
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
        elif (glued := _GLUED.match(text)) and self.source.text[tree.start : tree.end] == text:
            self.add(missing_space(self.source, tree.start + glued.end(1)))
        elif call := _CALL.match(text):
            inside = call.group(2).strip()
            help_ = (
                f"write `{call.group(1)}: {inside}`"
                if inside and "=" not in inside
                else f"write `{call.group(1)}`"
            )
            self.error("E0203", f"`{text}` is written as a call", tree.span, help_)
        else:
            self.error(
                "E0203", f"`{text}` is not the name of an op", tree.span, "write a word such as `relu`"
            )

    def item(self, tree: Mapping, before: int) -> LayerDecl:
        """Read an item that is a mapping."""
        fields: dict[str, Tree] = {}
        ops: list[Entry] = []
        for entry in tree.entries:
            if entry.key.text in _MODIFIERS:
                fields[entry.key.text] = entry.value
            else:
                ops.append(entry)
        if len(ops) != 1 or self.callable_names:
            ops = self.one_op(tree, ops)
        if not ops:
            return self.decl("broken", _placeholder(tree), None, (), fields, tree)
        key, value = ops[0].key, ops[0].value
        kind = key.text if key.text in CONTAINERS or key.text == "reuse" else "op"
        if "$(" in key.text:
            self.template(key)
        if kind == "reuse":
            self.reused(value)
        self.modifiers(fields)
        broken = self.mistakes > before
        body = self.body(kind, key, value) if kind in CONTAINERS else ()
        arguments = None if body or (isinstance(value, Scalar) and value.is_empty) else value
        return self.decl("broken" if broken else kind, key, arguments, body, fields, tree)

    def body(self, kind: str, key: Scalar, value: Tree) -> tuple[LayerDecl, ...]:
        """Read the items of a container."""
        if isinstance(value, Scalar) and value.is_empty:
            self.error("E0205", f"`{kind}` has no items", key.span, f"write `{kind}: [...]`, or remove it")
            return ()
        return self.layers(value, f"`{kind}`")

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
        known = [entry for entry in ops if self.is_callable(entry.key)]
        strange = [entry for entry in ops if entry not in known]
        misspelt = [entry for entry in strange if self.is_near_modifier(entry.key, alone=len(ops) == 1)]
        for entry in misspelt:
            self.unknown_key(entry.key, MODIFIERS, "an item", "" if len(ops) > 1 else IDENTITY)
        rest = [entry for entry in ops if entry not in misspelt]
        if misspelt or len(rest) == 1:
            return rest[:1]
        if not rest:
            self.error("E0203", "an item has no op", self.keys_span(tree), IDENTITY)
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
        if "." in key.text or not nearest(key.text, MODIFIERS):
            return False
        return not alone or not nearest(key.text, self.callable_names)

    def keys_span(self, tree: Mapping) -> Span:
        """Give the place of an item's first key."""
        return tree.entries[0].key.span if tree.entries else tree.span

    def modifiers(self, fields: dict[str, Tree]) -> None:
        """Check all that stands beside the op."""
        if "name" in fields:
            self.names(fields["name"])
        for word in ("from", "else"):
            if word in fields:
                self.references(fields[word], f"`{word}`")
        for word in ("tie", "init"):
            self.mapping(fields.get(word), f"`{word}`", f"write `{word}: {{weight: ...}}`")
        if "tie" in fields:
            self.references(fields["tie"], "`tie`")
        self.one_loop(fields)
        if "else" in fields and "when" not in fields:
            self.error(
                "E0210",
                "`else` without `when`",
                self.head(fields["else"]),
                "add a `when`, or remove the `else`",
            )
        if "parallel" in fields and "for" not in fields and "repeat" not in fields:
            help_ = "add `repeat` or `for`, or remove it"
            self.error("E0210", "`parallel` without a loop", fields["parallel"].span, help_)
        scan = self.mapping(fields.get("scan"), "`scan`", "write `scan: {axis: 1, state: {h: zeros}}`")
        if scan:
            self.fields(scan, _SCAN_KEYS, "`scan`")

    def names(self, tree: Tree) -> None:
        """Check a name, or a list of names for several outputs."""
        help_ = "write a name, or a list of names for several outputs"
        if isinstance(tree, Mapping):
            self.wrong_kind("`name` is a word", tree, help_)
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
        else:
            for entry in tree.entries:
                self.references(entry.value, f"`{entry.key.text}`")

    def decl(
        self,
        kind: str,
        op: Scalar,
        arguments: Tree | None,
        body: tuple[LayerDecl, ...],
        fields: dict[str, Tree],
        tree: Tree,
    ) -> LayerDecl:
        """Make the declaration from fields that have been checked, as far as they are of the right kind."""
        if not fields:
            return LayerDecl(
                kind,
                op,
                arguments,
                body,
                None,
                None,
                None,
                None,
                None,
                None,
                False,
                None,
                None,
                None,
                None,
                "",
                tree.span,
            )
        get = fields.get
        name, scan, tie, init = get("name"), get("scan"), get("tie"), get("init")
        return LayerDecl(
            kind=kind,
            op=op,
            arguments=arguments,
            body=body,
            name=None if isinstance(name, Mapping) else name,
            from_=get("from"),
            when=self.expression(get("when"), "`when`"),
            else_=self.scalar(get("else"), "`else`"),
            repeat=self.expression(get("repeat"), "`repeat`"),
            for_=self.columns(get("for")),
            parallel=self.boolean(get("parallel"), "`parallel`"),
            scan=scan if isinstance(scan, Mapping) else None,
            tie=tie if isinstance(tie, Mapping) else None,
            init=init if isinstance(init, Mapping) else None,
            shape=self.shape(get("shape"), block=False),
            doc=self.text(get("doc"), "`doc`"),
            span=tree.span,
        )


def _placeholder(tree: Tree) -> Scalar:
    """Stand for the op of an item that has none."""
    return Scalar("", True, Span(tree.source, tree.start, tree.start))
