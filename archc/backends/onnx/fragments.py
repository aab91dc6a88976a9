"""From Modules to fragments: each op writes its nodes, once for each specialisation."""

from __future__ import annotations

import onnx

from archc.backends.onnx.builder import Builder, Setting, unknown_size
from archc.backends.onnx.fragment import Emission, Fragment, Steps, Use, Way
from archc.backends.onnx.shapes import UnknownSizeError
from archc.ir.program import CallNode, Module, Node, OpNode, ScanNode
from archc.sizes import INT64


class Fragments:
    """The fragments of one export, by module."""

    def __init__(self, setting: Setting, source: str) -> None:
        self._setting = setting
        self._folder = source[: source.rfind("/") + 1]
        self._known: dict[int, Fragment] = {}

    def of(self, module: Module) -> Fragment:
        """Give the fragment of a module."""
        known = self._known.get(id(module))
        if known is None:
            known = self._known[id(module)] = self._written(module)
        return known

    def _written(self, module: Module) -> Fragment:
        fragment = Fragment([value.name for value in module.inputs])
        names = {value.name: value.name for value in module.inputs}
        read = _read(module)
        fragment.names |= {value.name for node in module.nodes for value in node.outputs}
        for node in module.nodes:
            inputs = ["" if value is None else names[value.name] for value in node.inputs]
            if isinstance(node, ScanNode):
                self._scan(fragment, node, inputs, tuple(value.name in read for value in node.stacked))
                names.update((value.name, value.name) for value in node.outputs)
            elif isinstance(node, CallNode):
                outputs = [value.name for value in node.outputs]
                fragment.items.append(
                    Use(self.of(node.module), inputs, outputs, node.name, node.shares or node.name)
                )
                names.update((name, name) for name in outputs)
            elif isinstance(node, OpNode):
                used = tuple(value.name in read for value in node.outputs)
                names.update(self._op(fragment, node, inputs, used))
            else:
                raise TypeError(f"no ONNX for a {type(node).__name__}")
        fragment.results = [names[value.name] for _, value in module.outputs]
        return fragment

    def _op(
        self, fragment: Fragment, node: OpNode, inputs: list[str], used: tuple[bool, ...]
    ) -> dict[str, str]:
        """Write an op's nodes; give the names of its values."""
        own = len(node.operands)
        builder = Builder(
            self._setting, fragment, node, used, dict(zip(node.supplied, inputs[own:], strict=True))
        )
        result = node.op.onnx(builder, *inputs[:own])
        results = (result,) if isinstance(result, str) else result
        produced = {name for emission in builder.emissions for name in emission.outputs}
        renamed: dict[str, str] = {}
        names: dict[str, str] = {}
        for value, name, is_used in zip(node.outputs, results, used, strict=False):
            if is_used and name in produced and name not in renamed:
                renamed[name] = value.name
                fragment.names.discard(name)
                fragment.types[value.name] = value.type
            names[value.name] = renamed.get(name, name)
        place = self._place(node)
        for emission in builder.emissions:
            emission.rename(renamed)
            self._locate(emission, place)
        fragment.items.extend(builder.emissions)
        return names

    def _locate(self, emission: Emission | Steps, place: str) -> None:
        """Note the place in the spec in a node, and in those of its body."""
        if isinstance(emission, Steps):
            emission.spec = place
            for inner in emission.use.fragment.items:
                assert isinstance(inner, Emission | Steps)
                self._locate(inner, place)
        elif self._setting.node_metadata:
            emission.template.metadata_props.add(key="spec", value=place)
        else:
            emission.template.doc_string = f"spec: {place}"

    def _scan(self, fragment: Fragment, node: ScanNode, inputs: list[str], stacked: tuple[bool, ...]) -> None:
        """Make a Scan of the block's fragment; one without a sequence runs over its own count."""
        outputs = [value.name for value in node.outputs]
        use = Use(self.of(node.module), inputs, outputs, node.name, node.shares or node.name)
        if not node.states and not any(stacked):
            stacked = (True, *stacked[1:])
        made = (*stacked, *(True for _ in node.finals))
        fragment.types.update(
            (v.name, v.type) for v, is_made in zip(node.outputs, made, strict=True) if is_made
        )
        counter = "" if node.sequences else self._counter(fragment, node)
        types = tuple(value.type for value in node.module.inputs)
        results = tuple(value.type for _, value in node.module.outputs)
        way = Way(node.axis, node.reverse, node.sequences, node.states, types, results, stacked)
        fragment.items.append(Steps(use, way, node.name, counter, self._place(node)))

    def _counter(self, fragment: Fragment, node: ScanNode) -> str:
        setting = self._setting
        name = fragment.fresh(f"{node.name}/Range")
        try:
            length = setting.shapes.scalar(setting.types.dim(node.length))
        except UnknownSizeError as missing:
            raise unknown_size(missing, node) from None
        zero, one = (setting.constants.tensor([number], INT64, ()) for number in (0, 1))
        template = onnx.NodeProto(op_type="Range")
        fragment.items.append(Emission(template, [zero, length, one], [name], node.name))
        return name

    def _place(self, node: Node) -> str:
        """Give the file and line of a node; the file as seen from the spec's folder."""
        name = node.span.source.name.removeprefix(self._folder)
        return f"{name[name.rfind('/') + 1 :] if name.startswith('/') else name}:{node.span.line}"


def _read(module: Module) -> set[str]:
    read = {value.name for node in module.nodes for value in node.inputs if value is not None}
    return read | {value.name for _, value in module.outputs}
