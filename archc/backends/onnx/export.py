"""From a Program's model to an ONNX model."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

import onnx

from archc.backends.folding import folded
from archc.backends.onnx.builder import Setting
from archc.backends.onnx.constants import Constants
from archc.backends.onnx.fixing import check_dims, remaining_requirements
from archc.backends.onnx.fragments import Fragments
from archc.backends.onnx.shapes import Shapes
from archc.backends.onnx.storage import Embedded, Storage
from archc.backends.onnx.types import Types
from archc.backends.onnx.validity import require_valid_types
from archc.backends.onnx.writer import Writer
from archc.ir.forms import without
from archc.ir.program import Model, Program, ties
from archc.opdef import Param
from archc.sizes import FLOAT32, DType
from archc.source import Diagnostic, SpecError
from archc.version import __version__
from archc.weights import Progress, initial, stored_weights
from archc.weights.models import find_model, seed_key

OPSETS = range(17, 26)
DEFAULT_OPSET = 20
NODE_METADATA_SINCE = 10
MOST_BYTES = 2**31 - 1
_IR_VERSIONS = {17: 8, 18: 8, 19: 9, 23: 11, 24: 12, 25: 13}


def ir_version(opset: int) -> int:
    """Give the IR version to write with an opset: that of its release; 10 for 20 to 22."""
    return _IR_VERSIONS.get(opset, 10)


def export(
    program: Program,
    model_name: str | None = None,
    *,
    weights: Storage,
    opset: int = DEFAULT_OPSET,
    dims: Mapping[str, int] | None = None,
    dtype: DType = FLOAT32,
    left_out: Collection[str] = (),
    progress: Progress | None = None,
) -> onnx.ModelProto:
    """Write a model as a flat ONNX graph, without the optional inputs that are `left_out`.

    `dims` fixes symbolic sizes, `dtype` is what the model's float becomes. Raises SpecError: E0905
    where an op cannot be said exactly at this opset, E0906 for a size that no input tells, E0909 for
    sizes that the model does not take.
    """
    check_opset(opset)
    program = without(folded(program), left_out)
    chosen = find_model(program, model_name)
    fixed = check_dims(program, dims or {})
    types = Types(fixed, dtype)
    constants = Constants()
    inputs = chosen.module.inputs
    shapes = Shapes(inputs, [types.fixed(value.type).shape for value in inputs], chosen.facts, constants)
    node_metadata = ir_version(opset) >= NODE_METADATA_SINCE
    setting = Setting(opset, types, constants, shapes, node_metadata)
    fragment = Fragments(setting, program.source).of(chosen.module)
    made, graph = _model_proto(program, chosen, opset, fixed)
    outputs = _declare(graph, chosen, types)
    graph.node.extend(shapes.nodes)
    graph.initializer.extend(constants.protos.values())
    keys = {key for key, _ in stored_weights(chosen.module)}
    taken = {*(value.name for value in inputs), *outputs}
    writer = Writer(graph, types, weights, taken, keys, ties(chosen.module), node_metadata, progress)
    wanted: dict[str, str] = {}
    for name, result in zip(outputs, fragment.results, strict=True):
        if result not in fragment.inputs and result not in fragment.weights:
            wanted.setdefault(result, name)
    results = writer.place(fragment, "", "", [value.name for value in inputs], wanted)
    for name, result in zip(outputs, results, strict=True):
        if name != result:
            writer.alias(result, name)
    require_valid_types(made, chosen.module, dtype, opset)
    return made


def check_opset(opset: int) -> None:
    """Refuse an opset that archc does not write (E0909)."""
    if opset not in OPSETS:
        message = f"opset {opset} is not supported"
        help_ = (f"use one from {OPSETS[0]} to {OPSETS[-1]}; the default is {DEFAULT_OPSET}",)
        raise SpecError([Diagnostic("E0909", message, help=help_)])


def embedded(
    program: Program,
    model_name: str | None = None,
    *,
    opset: int = DEFAULT_OPSET,
    dims: Mapping[str, int] | None = None,
    seed: int = 0,
    dtype: DType = FLOAT32,
    left_out: Collection[str] = (),
) -> onnx.ModelProto:
    """Write a model with a seed's first values inside."""
    program = folded(program)
    chosen = find_model(program, model_name)

    def read(key: str, param: Param) -> bytes:
        stored = param.replace(dtype=dtype) if param.dtype is FLOAT32 else param
        return initial(seed, seed_key(program, chosen, key), stored).tobytes()

    check_embeddable(chosen, dtype)
    return export(
        program, model_name, weights=Embedded(read), opset=opset, dims=dims, dtype=dtype, left_out=left_out
    )


def check_embeddable(model: Model, dtype: DType = FLOAT32) -> None:
    """Refuse to embed weights that one protobuf message cannot hold (E0907)."""
    total = 0
    shared = ties(model.module)
    for key, param in stored_weights(model.module):
        if key in shared:
            continue
        size = (dtype if param.dtype is FLOAT32 else param.dtype).bytes
        for dim in param.shape:
            size *= dim
        total += size
    if total >= MOST_BYTES:
        message = f"the weights of `{model.name}` take {total:,} bytes, one ONNX file holds less than 2 GiB"
        raise SpecError([Diagnostic("E0907", message, help=("leave the weights in their own file",))])


def serialized(model: onnx.ModelProto) -> bytes:
    """Give the bytes of a model; the same for the same model."""
    return bytes(model.SerializeToString(deterministic=True))


def write(model: onnx.ModelProto, path: str | os.PathLike[str]) -> None:
    """Write a model to a file."""
    Path(path).write_bytes(serialized(model))


def _model_proto(
    program: Program, chosen: Model, opset: int, fixed: dict[str, int]
) -> tuple[onnx.ModelProto, onnx.GraphProto]:
    made = onnx.ModelProto(ir_version=ir_version(opset), producer_name="archc", producer_version=__version__)
    made.opset_import.add(domain="", version=opset)
    requirements = remaining_requirements(chosen, fixed)
    notes = {
        "spec": program.source[program.source.rfind("/") + 1 :],
        "requirements": "; ".join(requirements),
        "sizes": ", ".join(f"{name} = {size}" for name, size in fixed.items()),
    }
    for key, value in notes.items():
        if value:
            made.metadata_props.add(key=key, value=value)
    graph = made.graph
    graph.name = chosen.name
    doc = [chosen.module.doc or program.doc, *(f"requires {text}" for text in requirements)]
    graph.doc_string = "\n".join(line for line in doc if line)
    return made, graph


def _declare(graph: onnx.GraphProto, model: Model, types: Types) -> list[str]:
    """Declare the graph's inputs and outputs; give the outputs' names, apart from the inputs'."""
    for value in model.module.inputs:
        graph.input.add(name=value.name, type=types.proto(value.type))
    names: list[str] = []
    taken = {value.name for value in model.module.inputs}
    for name, value in model.module.outputs:
        unique = name if name not in taken else f"{name}_output"
        taken.add(unique)
        graph.output.add(name=unique, type=types.proto(value.type))
        names.append(unique)
    return names
