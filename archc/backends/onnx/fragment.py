"""The ONNX nodes of a Module, written once and copied under each path that calls it.

Inside a fragment, values have names below the module's own path; constants and sizes have the
names that they have in the whole graph.
"""

from __future__ import annotations

import onnx

from archc.ir.program import ScanNode
from archc.opdef import Param
from archc.sizes import TensorType


class Emission:
    """One ONNX node: what is the same under every path, and the names of its values."""

    __slots__ = ("attributes", "inputs", "outputs", "path", "template")

    def __init__(self, template: onnx.NodeProto, inputs: list[str], outputs: list[str], path: str) -> None:
        self.template = template
        self.inputs = inputs
        self.outputs = outputs
        self.path = path
        self.attributes = tuple(sorted(each.SerializeToString() for each in template.attribute))


class Weight:
    """A weight, or rows of it along the first axis, that a fragment reads."""

    __slots__ = ("key", "name", "param", "rows")

    def __init__(self, name: str, key: str, param: Param, rows: tuple[int, int] | None) -> None:
        self.name = name
        self.key = key
        self.param = param
        self.rows = rows


class Use:
    """A call of another module's fragment. `keys` is the path of its weights, the call's own or another's."""

    __slots__ = ("fragment", "inputs", "keys", "outputs", "path")

    def __init__(
        self, fragment: Fragment, inputs: list[str], outputs: list[str], path: str, keys: str
    ) -> None:
        self.keys = keys
        self.fragment = fragment
        self.inputs = inputs
        self.outputs = outputs
        self.path = path


class Steps:
    """A module's fragment as the body of a Scan. `use` names whole sequences and first values of states.

    The Scan gives the final states, and the results of all steps where `stacked` says that they are
    read. `counter` is a sequence for a scan that has none, empty elsewhere.
    """

    __slots__ = ("counter", "scan", "spec", "stacked", "use")

    def __init__(self, use: Use, scan: ScanNode, stacked: tuple[bool, ...], counter: str, spec: str) -> None:
        self.use = use
        self.scan = scan
        self.stacked = stacked
        self.counter = counter
        self.spec = spec


class Fragment:
    """What a module is in ONNX. `results` are the names of its outputs."""

    __slots__ = ("inputs", "items", "names", "results", "types", "weights")

    def __init__(self, inputs: list[str]) -> None:
        self.inputs = inputs
        self.items: list[Emission | Use | Steps] = []
        self.weights: dict[str, Weight] = {}
        self.types: dict[str, TensorType] = {}
        self.results: list[str] = []
        self.names: set[str] = set(inputs)

    def fresh(self, name: str) -> str:
        """Give a name that nothing in the fragment has, and take it."""
        unique, count = name, 0
        while unique in self.names:
            count += 1
            unique = f"{name}_{count}"
        self.names.add(unique)
        return unique
