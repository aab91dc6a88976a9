"""Every spec of the zoo gives a graph that ONNX's checker and shape inference accept."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from zoo_specs import files

import archc
from archc.backends.onnx import External, export
from archc.weights import layout, stored_weights

# The first opset that has what a spec needs: `ScatterElements` keeps maxima from 18 on.
SINCE = {"gat": 18}


def dims(value: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_value or dim.dim_param for dim in value.type.tensor_type.shape.dim]


@pytest.mark.parametrize("opset", [17, 20, 25])
@pytest.mark.parametrize("path", files())
def test_graph(path: Path, opset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    compiled = archc.compile(path)
    if opset < SINCE.get(path.stem, 17):
        with pytest.raises(archc.SpecError, match="E0905"):
            compiled.to_onnx(opset=opset)
        return
    program = compiled.program
    for model in program.models:
        plan = layout(dict(stored_weights(model.module)))
        with open("model.safetensors", "wb") as weights:
            weights.truncate(plan.size)
        storage = External("model.safetensors", plan.table)
        graph = export(program, model.name, weights=storage, opset=opset)
        onnx.checker.check_model(graph, full_check=True)
        bare = onnx.ModelProto.FromString(graph.SerializeToString())
        del bare.graph.value_info[:]
        inferred = onnx.shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
        theirs = {value.name: value for value in inferred.graph.value_info}
        ours = {value.name: value for value in graph.graph.value_info}
        for name in ours.keys() & theirs.keys():
            assert ours[name].type.tensor_type.elem_type == theirs[name].type.tensor_type.elem_type
            pairs = list(zip(dims(ours[name]), dims(theirs[name]), strict=True))
            assert not [(a, b) for a, b in pairs if isinstance(b, int) and b and a != b], name
