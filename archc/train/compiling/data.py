"""The data of a `train` section: the source with its fields, and their preparation."""

from __future__ import annotations

import math
from pathlib import Path

from archc.elaborate.context import Compilation, Context, Made, Mistake
from archc.ir.program import Module
from archc.opdef import Kind
from archc.sizes import TensorType, ValueRange, shape_text
from archc.source import Diagnostic, Span, did_you_mean
from archc.spec.document import LayerDecl
from archc.spec.library import Library
from archc.spec.training import DataDecl, Named
from archc.spec.tree import Scalar
from archc.train import data as sources
from archc.train.compiling.configured import read_arguments, refuse, setting
from archc.train.compiling.graphs import Graph, Results, Types, batch_symbol, batched, make_graph
from archc.train.data import DataProblem, Field, Place, Source
from archc.train.data.source import plain
from archc.train.training import Data, Prepared


class Opened:
    """The source of a section, with the types of its fields as the models see them."""

    def __init__(
        self, source: Source, fields: tuple[Field, ...], place: Span, compilation: Compilation
    ) -> None:
        self.source = source
        self.place = place
        self.layouts: list[tuple[str, tuple[int, ...]]] = []
        types = []
        for field in fields:
            shape = _layout(field, source.place)
            if shape != field.shape:
                self.layouts.append((field.name, shape))
            high = ValueRange(field.low, field.high) if field.high is not None else None
            types.append((field.name, TensorType(field.dtype, (batch_symbol(compilation), *shape), high)))
        self.types: Types = tuple(types)


def _layout(field: Field, place: Place) -> tuple[int, ...]:
    """Give the shape of the model's input of a field's name, where it holds as many numbers."""
    wanted = place.inputs.get(field.name)
    if wanted is None or None in wanted:
        return field.shape
    numbers = tuple(size for size in wanted if size is not None)
    return numbers if math.prod(numbers) == math.prod(field.shape) else field.shape


def open_source(named: Named | None, decl: DataDecl, context: Context) -> Opened:
    """Find the source and ask for its fields. Raises Mistake (E1010, E1017, E1030 and on)."""
    if named is None:
        raise refuse("E1010", "`data` has no `source`", decl.key, "write `source: digits`")
    cls = sources.find(named.name.text)
    if cls is None:
        known = sources.names()
        helps = did_you_mean(named.name.text, known)
        notes = (f"the sources: {', '.join(f'`{name}`' for name in known)}",)
        message = f"there is no source of data `{named.name.text}`"
        raise Mistake(Diagnostic("E1017", message, named.name.span, notes=notes, help=helps))
    options = read_arguments(named, cls.attributes, cls.main(), "E1017", context)
    source = cls(_place(context.body.compilation), **options)
    try:
        fields = source.fields()
    except DataProblem as problem:
        raise from_problem(problem, named.span) from None
    except OSError as error:
        message = f"the data `{named.name.text}` cannot be read: {plain(error)}"
        raise Mistake(Diagnostic("E1031", message, named.span)) from None
    return Opened(source, fields, named.name.span, context.body.compilation)


def from_problem(problem: DataProblem, place: Span | None) -> Mistake:
    """Give a problem with data as a mistake at a place."""
    return Mistake(Diagnostic(problem.code, problem.message, place, help=problem.help))


def _place(compilation: Compilation) -> Place:
    path = Path(compilation.spec.source.name)
    inputs: dict[str, tuple[int | None, ...]] = {}
    for made in compilation.made.values():
        for value in made.module.inputs if made.module is not None else ():
            sizes = tuple(each if isinstance(each, int) else None for each in value.type.shape[1:])
            inputs.setdefault(value.name, sizes)
    return Place(path.parent if path.is_file() else Path(), inputs)


DATA_KINDS = {
    "batch_size": Kind("int", min=1),
    "validation": Kind("float", min=0),
    "shuffle": Kind("bool"),
}


def read_settings(decl: DataDecl, several: bool, context: Context) -> tuple[int, float, bool]:
    """Give the batch size, how much is kept for validation, and whether examples are shuffled."""
    defaults = {"batch_size": 32, "validation": None, "shuffle": True}
    size, share, shuffle = (
        setting(decl.settings.get(word), kind, word, defaults[word], context)
        for word, kind in DATA_KINDS.items()
    )
    if isinstance(share, float) and share >= 1 and not share.is_integer():
        message = f"`validation` is a share below 1 or a number of examples, this is {share}"
        raise refuse("E1019", message, decl.settings["validation"].span)
    assert isinstance(size, int)
    kept = (0.0 if several else 0.1) if share is None else share
    assert isinstance(kept, float)
    return size, kept, bool(shuffle)


class Preparation:
    """The graph that prepares fields: the types after it, and what it is made of."""

    def __init__(self, types: Types, made: Made | None, prepared: Prepared | None) -> None:
        self.types = types
        self.made = made
        self.prepared = prepared


def prepare(
    compilation: Compilation,
    library: Library,
    items: tuple[LayerDecl, ...],
    types: Types,
    name: str,
    place: Span,
    augmenting: bool,
) -> Preparation | None:
    """Elaborate the layers that prepare fields; a layer with the name of a field takes its place.

    Where they augment, there are no new fields, and those that are keep their types. None where something
    is broken, which has been reported.
    """
    if not items:
        return Preparation(types, None, None)
    found: dict[str, TensorType] = dict(types)

    def work() -> Module | None:
        graph = Graph(compilation, library, types, place)
        graph.layers(items)
        if graph.body.broken:
            return None
        results: Results = []
        for item in items:
            label = item.name.text if isinstance(item.name, Scalar) else ""
            value = graph.find(label).value if label else None
            if value is None or label in dict(results):
                continue
            if label not in found and (augmenting or not batched(value.type)):
                continue
            if augmenting and value.type != found[label]:
                message = (
                    f"`augment` keeps the types of fields, `{label}` was {found[label]}, now {value.type}"
                )
                raise refuse("E1021", message, item.span)
            if not batched(value.type):
                message = f"a field keeps its examples on axis 0, `{label}` is {shape_text(value.type.shape)}"
                raise refuse("E1021", message, item.span)
            results.append((label, value))
            found[label] = value.type
        if not results:
            message = "no layer here is a field: none has a name and keeps the examples on axis 0"
            if augmenting:
                message = "no layer here has the name of a field"
            raise refuse(
                "E1021", message, items[0].span, "name it as the field: `{name: image, from: image, ...}`"
            )
        return graph.module(name, "Prepare the fields of a batch.", results)

    made = make_graph(compilation, work)
    if made.module is None:
        return None
    inputs = tuple(value.name for value in made.module.inputs)
    outputs = tuple(label for label, _ in made.module.outputs)
    return Preparation(tuple(found.items()), made, Prepared(name, inputs, outputs))


def data_of(opened: Opened, decl: DataDecl, several: bool, context: Context) -> Data:
    """Put the data's part of the plan together, without its preparation."""
    size, share, shuffle = read_settings(decl, several, context)
    return Data(opened.source, opened.types, tuple(opened.layouts), size, share, shuffle, None, None)
