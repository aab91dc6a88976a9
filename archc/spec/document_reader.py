"""Reads a document as a spec. All its mistakes are reported in one run."""

from __future__ import annotations

from collections.abc import Collection

from archc.source import Diagnostics, Source, Span, did_you_mean, nearest, respelled
from archc.spec.document import BlockDecl, DimDecl, Import, LayerDecl, ModelDecl, ParamDecl, Spec, Variant
from archc.spec.layers import IDENTITY
from archc.spec.limits import Limits
from archc.spec.training import TrainDecl
from archc.spec.training_reader import TrainReading
from archc.spec.tree import Entry, Mapping, Scalar, Sequence, Tree
from archc.spec.vocabulary import BLOCK_KEYS, DIM_KEYS, MODEL_KEYS, SPEC_KEYS
from archc.spec.yaml_reader import read_yaml

VERSION = 1
_DEFAULT = Limits()


def read_spec(
    source: Source,
    diagnostics: Diagnostics,
    limits: Limits = _DEFAULT,
    known_ops: Collection[str] = (),
) -> Spec | None:
    """Read a text as a spec; None where it is no YAML mapping at all.

    Mistakes are added to `diagnostics`; what they concern is left out or marked as broken. `known_ops`
    are the names of all ops: with them, a misspelt modifier is told from an op, and hints are better.
    """
    tree = read_yaml(source, diagnostics, limits)
    if tree is None:
        return None
    return spec_from_tree(source, tree, diagnostics, limits, known_ops)


def spec_from_tree(
    source: Source,
    tree: Tree,
    diagnostics: Diagnostics,
    limits: Limits = _DEFAULT,
    known_ops: Collection[str] = (),
) -> Spec | None:
    """Read a tree as a spec."""
    reader = _DocumentReading(source, diagnostics, limits, known_ops)
    return reader.spec(tree)


class _DocumentReading(TrainReading):
    mistakes_in_items = 0

    def spec(self, tree: Tree) -> Spec | None:
        root = self.mapping(tree, "a spec", "write `inputs:` and `layers:`")
        if root is None:
            return None
        fields = self.fields(root, SPEC_KEYS, "a spec")
        self.version(fields.get("archc"))
        self.learn_names(fields)
        params = self.params(fields.get("params"), "a spec")
        name = self.scalar(fields.get("name"), "`name`")
        if name and self.is_word(name, "`name`"):
            self.identifier(name)
        spec = Spec(
            source=self.source,
            name=name,
            doc=self.text(fields.get("doc"), "`doc`"),
            imports=self.imports(fields.get("import")),
            params=params,
            let=self.lets(fields.get("let")),
            variants=self.variants(fields.get("variants"), params),
            dims=self.dims(fields.get("dims")),
            models=self.models(root, fields),
            blocks=self.blocks(fields.get("blocks")),
            init=self.mapping(
                fields.get("init"), "`init`", "write `init: {linear: {weight: {normal: {std: 0.02}}}}`"
            ),
            train=self.training(root, fields.get("train")),
            span=root.span,
        )
        return spec if self.mistakes == self.mistakes_in_items else spec.replace(complete=False)

    def version(self, tree: Tree | None) -> None:
        scalar = self.scalar(tree, "`archc`", f"write `archc: {VERSION}`")
        if scalar and (scalar.value != VERSION or isinstance(scalar.value, bool)):
            message = f"the language's version `{scalar.text}` is not known"
            self.error(
                "E0207",
                message,
                scalar.span,
                f"write `archc: {VERSION}`",
                notes=("this archc reads version 1",),
            )

    def learn_names(self, fields: dict[str, Tree]) -> None:
        """Collect what items may call, for hints; with imports that cannot be known here."""
        if not self.known_ops or "import" in fields:
            return
        names = set(self.known_ops)
        for word in ("blocks", "models"):
            tree = fields.get(word)
            names.update(tree.keys if isinstance(tree, Mapping) else ())
        self.callable_names = frozenset(names)

    def imports(self, tree: Tree | None) -> tuple[Import, ...]:
        help_ = "write `import: [PATH]`, or `import: {NAMESPACE: PATH}`"
        if isinstance(tree, Mapping):
            for entry in tree.entries:
                self.identifier(entry.key)
            found = [
                (entry.key, self.scalar(entry.value, "a path", help_), entry.span) for entry in tree.entries
            ]
            return tuple(Import(path, key, span) for key, path, span in found if path)
        sequence = self.sequence(tree, "`import`", help_)
        paths = [self.scalar(item, "a path", help_) for item in sequence.items] if sequence else []
        return tuple(Import(path, None, path.span) for path in paths if path)

    def variants(self, tree: Tree | None, params: tuple[ParamDecl, ...]) -> dict[str, Variant]:
        known = [param.name for param in params]
        found: dict[str, Variant] = {}
        for entry in self.entries(tree, "`variants`", "write `NAME: {PARAMETER: VALUE}`"):
            self.identifier(entry.key)
            values = self.entries(
                entry.value, f"the variant `{entry.key.text}`", "write `{PARAMETER: VALUE}`"
            )
            for value in values:
                if value.key.text not in known:
                    message = (
                        f"the variant `{entry.key.text}` sets `{value.key.text}`, which is not a parameter"
                    )
                    help_ = did_you_mean(value.key.text, known) or (f"add `{value.key.text}` to `params`",)
                    fix = respelled(value.key.span, known)
                    self.error("E0611", message, value.key.span, *help_, fix=fix)
            set_ = {value.key.text: value.value for value in values if value.key.text in known}
            found[entry.key.text] = Variant(entry.key.text, entry.key, set_, entry.span)
        return found

    def dims(self, tree: Tree | None) -> tuple[DimDecl, ...]:
        entries = self.entries(tree, "`dims`", "write `H: {multiple_of: 32}`")
        return tuple(self.dim(entry) for entry in entries)

    def dim(self, entry: Entry) -> DimDecl:
        self.identifier(entry.key)
        key = entry.key
        facts = self.mapping(entry.value, f"what is known of `{key.text}`", f"write `{key.text}: {{min: 1}}`")
        fields = self.fields(facts, DIM_KEYS, "a fact about a size") if facts else {}
        found = {word: self.expression(fields.get(word), f"`{word}`") for word in DIM_KEYS}
        return DimDecl(name=key.text, key=key, span=entry.span, **found)

    def models(self, root: Mapping, fields: dict[str, Tree]) -> tuple[ModelDecl, ...]:
        if "models" not in fields:
            return self.only_model(root, fields)
        for word in ("inputs", "layers", "outputs"):
            if word in fields:
                entry = root.entry(word)
                span = entry.key.span if entry else root.span
                self.error("E0206", f"`{word}` beside `models`", span, "put it into one of the models")
        entries = self.entries(fields["models"], "`models`", "write `NAME: {inputs: ..., layers: ...}`")
        return tuple(model for entry in entries if (model := self.named_model(entry)))

    def only_model(self, root: Mapping, fields: dict[str, Tree]) -> tuple[ModelDecl, ...]:
        """Read the model of a plain spec; a file may also hold blocks alone."""
        if "blocks" in fields and not fields.keys() & {"inputs", "layers", "outputs"}:
            return ()
        self.required(("inputs", "layers"), fields, root.entries, Span(self.source, 0, 0), "the spec")
        return (self.model(None, "", fields, root.span),)

    def named_model(self, entry: Entry) -> ModelDecl | None:
        self.identifier(entry.key)
        tree = self.mapping(
            entry.value, f"the model `{entry.key.text}`", "write `{inputs: ..., layers: ...}`"
        )
        if tree is None:
            return None
        fields = self.fields(tree, MODEL_KEYS, "a model")
        self.required(
            ("inputs", "layers"), fields, tree.entries, entry.key.span, f"the model `{entry.key.text}`"
        )
        return self.model(entry.key, self.text(fields.get("doc"), "`doc`"), fields, entry.span)

    def model(self, key: Scalar | None, doc: str, fields: dict[str, Tree], span: Span) -> ModelDecl:
        return ModelDecl(
            name=key.text if key else None,
            key=key,
            doc=doc,
            inputs=self.inputs(fields.get("inputs"), "a model", block=False),
            layers=self.all_layers(fields.get("layers")),
            outputs=self.outputs(fields.get("outputs"), "a model"),
            span=span,
        )

    def all_layers(self, tree: Tree | None) -> tuple[LayerDecl, ...]:
        """Read the layers of a model or block; what is wrong in an item concerns that item alone."""
        if isinstance(tree, Sequence) and not tree.items:
            self.error("E0205", "`layers` has no items", tree.span, IDENTITY)
        before = self.mistakes
        found = self.layers(tree, "`layers`")
        if isinstance(tree, Sequence):
            self.mistakes_in_items += self.mistakes - before
        return found

    def training(self, root: Mapping, tree: Tree | None) -> TrainDecl | None:
        """Read the `train` section; what is wrong in it concerns it alone."""
        entry = root.entry("train")
        if entry is None:
            return None
        before, around = self.mistakes, self.callable_names
        if around:
            name = root.get("name")
            own = {name.text} if isinstance(name, Scalar) else set()
            self.callable_names = around | own | {"grad"}
        found = self.train(tree, entry.key.span)
        self.callable_names = around
        self.mistakes_in_items += self.mistakes - before
        return found if self.mistakes == before else None

    def required(
        self,
        words: tuple[str, ...],
        fields: dict[str, Tree],
        entries: tuple[Entry, ...],
        span: Span,
        what: str,
    ) -> None:
        """Report keys that have to be there, unless one is there with a misspelt name."""
        for word in words:
            strange = [entry.key.text for entry in entries if entry.key.text not in fields]
            if word not in fields and not any(word in nearest(key, SPEC_KEYS) for key in strange):
                self.error("E0205", f"{what} has no `{word}`", span, f"add `{word}:`")

    def blocks(self, tree: Tree | None) -> dict[str, BlockDecl]:
        entries = self.entries(tree, "`blocks`", "write `NAME: {inputs: ..., layers: ...}`")
        return {entry.key.text: block for entry in entries if (block := self.block(entry))}

    def block(self, entry: Entry) -> BlockDecl | None:
        self.identifier(entry.key)
        tree = self.mapping(
            entry.value, f"the block `{entry.key.text}`", "write `{inputs: ..., layers: ...}`"
        )
        if tree is None:
            return None
        what = f"the block `{entry.key.text}`"
        fields = self.fields(tree, BLOCK_KEYS, "a block")
        self.required(("layers",), fields, tree.entries, entry.key.span, what)
        return BlockDecl(
            name=entry.key.text,
            key=entry.key,
            doc=self.text(fields.get("doc"), "`doc`"),
            params=self.params(fields.get("params"), "a block"),
            let=self.lets(fields.get("let")),
            inputs=self.inputs(fields["inputs"], "a block", block=True) if "inputs" in fields else None,
            layers=self.all_layers(fields.get("layers")),
            outputs=self.outputs(fields.get("outputs"), "a block"),
            span=entry.span,
        )
