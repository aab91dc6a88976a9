"""The typed spec: what the document says, every piece with its place.

Expressions are not evaluated here: whether a text is one depends on the type of the field, which the
elaborator knows.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from archc.source import Record, Source, Span
from archc.spec.tree import Mapping, Scalar, Sequence, Tree

if TYPE_CHECKING:
    from archc.spec.training import TrainDecl


class Import(Record):
    """Another spec whose blocks are used here, under `namespace` if one is given."""

    path: Scalar
    namespace: Scalar | None
    span: Span


class ParamDecl(Record):
    """A compile-time parameter. `type` is None where only a default was given."""

    name: str
    key: Scalar
    type: str | None
    default: Tree | None
    required: bool
    min: Scalar | None
    max: Scalar | None
    choices: Sequence | None
    doc: str
    span: Span

    @property
    def value_type(self) -> str | None:
        """The declared type, or that of a literal default; None where only evaluation can tell."""
        if self.type is not None or self.default is None:
            return self.type
        if isinstance(self.default, Sequence):
            return "list"
        if isinstance(self.default, Mapping):
            return "dict"
        value = self.default.value
        if isinstance(value, bool):
            return "bool"
        if isinstance(value, int):
            return "int"
        if isinstance(value, float):
            return "float"
        return "text" if isinstance(value, str) and "$(" not in value else None


class LetDecl(Record):
    """A name for a derived compile-time value; text is an expression."""

    name: str
    key: Scalar
    value: Tree
    span: Span


class Variant(Record):
    """A named set of parameter values."""

    name: str
    key: Scalar
    values: dict[str, Tree]
    span: Span


class DimDecl(Record):
    """Facts about one symbolic dimension."""

    name: str
    key: Scalar
    multiple_of: Scalar | None
    remainder: Scalar | None
    min: Scalar | None
    max: Scalar | None
    span: Span


class InputDecl(Record):
    """An input of a model or block. `shape` is None where any shape will do.

    A dimension is the text of an integer, a symbol or an expression; the first may be `...`.
    """

    name: Scalar
    dtype: Scalar | None
    shape: tuple[Scalar, ...] | None
    min: Scalar | None
    max: Scalar | None
    when: Scalar | None
    repeat: Scalar | None
    for_: Mapping | Scalar | None
    optional: bool
    doc: str
    span: Span


class OutputDecl(Record):
    """An output and the value that it names."""

    name: Scalar
    source: Scalar
    when: Scalar | None
    repeat: Scalar | None
    for_: Mapping | Scalar | None
    doc: str
    span: Span


class LayerDecl(Record):
    """One item of a list of layers.

    `kind` is "op" (an op, a block, a model or a template such as `$(norm)`), one of the containers,
    "reuse", or "broken": a mistake in the item was reported, and nothing is known of its value. `op` is
    the key or the bare word; `arguments` what stands under it, None where nothing does; a container has
    its items in `body` instead.
    """

    kind: str
    op: Scalar
    arguments: Tree | None
    body: tuple[LayerDecl, ...]
    name: Scalar | Sequence | None
    from_: Tree | None
    when: Scalar | None
    else_: Scalar | None
    repeat: Scalar | None
    for_: Mapping | Scalar | None
    parallel: bool
    scan: Mapping | None
    tie: Mapping | None
    init: Mapping | None
    shape: tuple[Scalar, ...] | None
    doc: str
    span: Span


class ModelDecl(Record):
    """A model: the only one of a plain spec has the name None."""

    name: str | None
    key: Scalar | None
    doc: str
    inputs: tuple[InputDecl, ...]
    layers: tuple[LayerDecl, ...]
    outputs: tuple[OutputDecl, ...] | None
    span: Span


class BlockDecl(Record):
    """A reusable subgraph. `inputs` is None where it takes one input `x` of any shape."""

    name: str
    key: Scalar
    doc: str
    params: tuple[ParamDecl, ...]
    let: tuple[LetDecl, ...]
    inputs: tuple[InputDecl, ...] | None
    layers: tuple[LayerDecl, ...]
    outputs: tuple[OutputDecl, ...] | None
    span: Span


class Spec(Record):
    """A whole document. A file of blocks alone has no models.

    `complete` is False where mistakes outside of the items of `layers` were reported: something that
    the rest depends on may be missing.
    """

    source: Source
    name: Scalar | None
    doc: str
    imports: tuple[Import, ...]
    params: tuple[ParamDecl, ...]
    let: tuple[LetDecl, ...]
    variants: dict[str, Variant]
    dims: tuple[DimDecl, ...]
    models: tuple[ModelDecl, ...]
    blocks: dict[str, BlockDecl]
    init: Mapping | None
    train: TrainDecl | None
    span: Span
    complete: bool = True

    @property
    def default_name(self) -> str:
        """The name of a spec that gives none: the file's, as an identifier."""
        stem = re.split(r"[\\/]", self.source.name)[-1].partition(".")[0]
        word = re.sub(r"[^A-Za-z0-9_]+", "_", stem).strip("_") or "model"
        return word if word.isidentifier() and not keyword.iskeyword(word) else f"model_{word}"
