"""Copies fragments into one flat graph under the paths that call them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import onnx

from archc.backends.onnx.attributes import attribute
from archc.backends.onnx.fragment import Emission, Fragment, Steps, Use, Weight
from archc.backends.onnx.scans import scan_node, step_inputs, step_outputs
from archc.backends.onnx.storage import Embedded, External, Storage
from archc.backends.onnx.types import ELEMENT, Types
from archc.ir.program import join
from archc.sizes import TensorType
from archc.weights import Progress, initial

_RANDOM = frozenset(("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli"))


class Writer:
    """The flat graph while it grows."""

    def __init__(
        self,
        graph: onnx.GraphProto,
        types: Types,
        storage: Storage,
        taken: Iterable[str],
        keys: Iterable[str],
        ties: Mapping[str, str],
        node_metadata: bool,
        progress: Progress | None = None,
    ) -> None:
        self._graph = graph
        self._body = graph
        self._types = types
        self._storage = storage
        self._names = set(taken)
        self._keys = frozenset(keys)
        self._ties = ties
        self._metadata = node_metadata
        self._weights: dict[object, str] = {}
        self._helpers: dict[object, list[str]] = {}
        self._templates: dict[Weight, tuple[onnx.TensorProto, int]] = {}
        self._progress = progress

    def place(
        self,
        fragment: Fragment,
        path: str,
        keys: str,
        inputs: Sequence[str],
        wanted: Mapping[str, str],
        around: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Copy a fragment whose weights are below `keys`; give the names of its results.

        `wanted` names some of its values; `around` are those of the fragment whose op it is a part of.
        """
        names = {"": "", **(around or {}), **dict(zip(fragment.inputs, inputs, strict=True))}
        for label, weight in fragment.weights.items():
            names[label] = self._weight(weight, keys)
        for item in fragment.items:
            if isinstance(item, Emission):
                self._node(item, path, names, wanted, fragment.types)
            elif isinstance(item, Steps):
                self._scan(item, path, keys, names, wanted)
            else:
                self._use(item, path, keys, names, wanted)
        graph, proto = self._body, self._types.proto
        for name, type_ in fragment.types.items():
            if name not in wanted and name in names:
                graph.value_info.add(name=names[name], type=proto(type_))
        return [names.get(name, name) for name in fragment.results]

    def alias(self, source: str, name: str) -> None:
        """Give a value a second name."""
        self._graph.node.add(op_type="Identity", name=name, input=[source], output=[name])

    def _use(self, use: Use, path: str, keys: str, names: dict[str, str], wanted: Mapping[str, str]) -> None:
        inputs = [names.get(name, name) for name in use.inputs]
        inner: dict[str, str] = {}
        if wanted:
            for name, result in zip(use.outputs, use.fragment.results, strict=True):
                if name in wanted:
                    inner.setdefault(result, wanted[name])
        results = self.place(use.fragment, join(path, use.path), join(keys, use.keys), inputs, inner)
        names.update(zip(use.outputs, results, strict=True))

    def _node(
        self,
        item: Emission,
        path: str,
        names: dict[str, str],
        wanted: Mapping[str, str],
        types: Mapping[str, TensorType],
    ) -> None:
        """Write a node; one that only helps a layer, and that is there already, is used again."""
        inputs = [names.get(name, name) for name in item.inputs]
        same = None
        if not any(name in types or name in wanted for name in item.outputs):
            op_type = item.template.op_type
            same = (op_type, item.attributes, *inputs) if op_type not in _RANDOM else None
            if same in self._helpers:
                names.update(zip(item.outputs, self._helpers[same], strict=True))
                return
        node = self._body.node.add()
        node.CopyFrom(item.template)
        node.input.extend(inputs)
        prefix = f"{path}." if path else ""
        outputs = []
        for name in item.outputs:
            full = wanted.get(name) or self._fresh(prefix + name)
            names[name] = full
            outputs.append(full)
        node.output.extend(outputs)
        node.name = outputs[0]
        self._locate(node, prefix + item.path)
        if same is not None:
            self._helpers[same] = outputs

    def _locate(self, node: onnx.NodeProto, path: str) -> None:
        if self._metadata:
            node.metadata_props.add(key="path", value=path)
        else:
            node.doc_string = f"path: {path}, {node.doc_string}"

    def _scan(
        self, steps: Steps, path: str, keys: str, names: dict[str, str], wanted: Mapping[str, str]
    ) -> None:
        """Write a Scan: its body reads weights, sizes and constants of the graphs around it."""
        use = steps.use
        node = scan_node(steps.way)
        prefix, own = join(path, use.path), join(path, steps.path)
        outer, body = self._body, onnx.GraphProto(name=own)
        given = [names.get(name, name) for name in use.inputs]
        inner = list(given)
        for position, type_ in step_inputs(steps.way):
            node.input.append(given[position] if position is not None else names[steps.counter])
            word = "step" if position is None else use.fragment.inputs[position]
            name = self._fresh(f"{own}/{word}")
            body.input.add(name=name, type=self._types.proto(type_))
            if position is not None:
                inner[position] = name
        self._body, helpers = body, dict(self._helpers)
        around = names if steps.path != use.path else None
        results = self.place(use.fragment, prefix, join(keys, use.keys), inner, {}, around)
        for output, name, type_ in step_outputs(steps):
            full = wanted.get(name) or self._fresh(join(path, name))
            names[name] = full
            node.output.append(full)
            inside = self._as_output(results[output], f"{full}/step")
            body.output.add(name=inside, type=self._types.proto(type_))
        self._body, self._helpers = outer, helpers
        node.name = node.output[0]
        node.attribute.append(attribute("body", body))
        if self._metadata:
            node.metadata_props.add(key="spec", value=steps.spec)
        else:
            node.doc_string = f"spec: {steps.spec}"
        self._locate(node, own)
        outer.node.append(node)

    def _as_output(self, name: str, second: str) -> str:
        """Give a value as an output of the body: one that a node of it makes, and no other output is."""
        made = any(name in node.output for node in self._body.node)
        if made and all(name != output.name for output in self._body.output):
            return name
        second = self._fresh(second)
        self._body.node.add(op_type="Identity", name=second, input=[name], output=[second])
        return second

    def _fresh(self, name: str, keys: frozenset[str] | None = None) -> str:
        """Take a name that no value has, and no weight but for the weight of that name itself."""
        keys = self._keys if keys is None else keys
        unique, count = name, 0
        while unique in self._names or unique in keys:
            count += 1
            unique = f"{name}_{count}"
        self._names.add(unique)
        return unique

    def _weight(self, weight: Weight, keys: str) -> str:
        key = join(keys, weight.key)
        key = self._ties.get(key, key)
        known = (self._storage.owner(key) if weight.param.persistent else key, weight.rows)
        if known not in self._weights:
            self._weights[known] = self._initializer(
                weight, key, self._fresh(f"{key}{weight.name.removeprefix(weight.key)}", frozenset())
            )
        return self._weights[known]

    def _initializer(self, weight: Weight, key: str, name: str) -> str:
        tensor = self._graph.initializer.add()
        size = self._described(tensor, weight)
        tensor.name = name
        param, rows = weight.param, weight.rows
        start, stop = (
            (0, size)
            if rows is None
            else (rows[0] * size // param.shape[0], rows[1] * size // param.shape[0])
        )
        if not param.persistent:
            tensor.raw_data = initial(0, key, param.replace(dtype=self._types.dtype(param.dtype))).tobytes()[
                start:stop
            ]
        elif isinstance(self._storage, External):
            offset = self._storage.table[key][0] + start
            tensor.external_data.add(key="offset", value=str(offset))
            tensor.external_data.add(key="length", value=str(stop - start))
        else:
            self._embed(tensor, self._storage, key, weight, start, stop)
        return name

    def _described(self, tensor: onnx.TensorProto, weight: Weight) -> int:
        """Fill in what does not depend on the path; give the bytes of the whole weight."""
        known = self._templates.get(weight)
        if known is None:
            param, rows = weight.param, weight.rows
            dtype = self._types.dtype(param.dtype)
            template = onnx.TensorProto(data_type=ELEMENT[dtype])
            template.dims.extend(param.shape if rows is None else (rows[1] - rows[0], *param.shape[1:]))
            if isinstance(self._storage, External) and param.persistent:
                template.data_location = onnx.TensorProto.EXTERNAL
                template.external_data.add(key="location", value=self._storage.location)
            known = self._templates[weight] = (template, math.prod(param.shape) * dtype.bytes)
        tensor.CopyFrom(known[0])
        return known[1]

    def _embed(
        self, tensor: onnx.TensorProto, storage: Embedded, key: str, weight: Weight, start: int, stop: int
    ) -> None:
        data = storage.read(key, weight.param)
        tensor.raw_data = data if stop - start == len(data) else data[start:stop]
        if self._progress is not None:
            self._progress("onnx", len(self._weights) + 1, 0)
