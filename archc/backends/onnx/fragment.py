"""The ONNX nodes of a Module, written once and copied under each path that calls it.

Inside a fragment, values have names below the module's own path; constants and sizes have the
names that they have in the whole graph.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from archc.opdef import Param
from archc.sizes import TensorType
from archc.source import Record


class Emission:
    """One ONNX node: what is the same under every path, and the names of its values."""

    __slots__ = ("attributes", "inputs", "outputs", "path", "template")

    def __init__(self, template: onnx.NodeProto, inputs: list[str], outputs: list[str], path: str) -> None:
        self.template = template
        self.inputs = inputs
        self.outputs = outputs
        self.path = path
        self.attributes = tuple(sorted(each.SerializeToString() for each in template.attribute))

    def rename(self, names: Mapping[str, str]) -> None:
        """Give values other names."""
        self.inputs = [names.get(name, name) for name in self.inputs]
        self.outputs = [names.get(name, name) for name in self.outputs]


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


class Way(Record):
    """How a Scan runs over its body: by positions of the body's inputs and results.

    `sequences` are taken apart along `axis`; `states` pair an input with the result that is its next
    value; other inputs stay as they are. `inputs` and `results` are the types at one step; `stacked` says
    of which results the values of all steps are given.
    """

    axis: int
    reverse: bool
    sequences: tuple[int, ...]
    states: tuple[tuple[int, int], ...]
    inputs: tuple[TensorType, ...]
    results: tuple[TensorType, ...]
    stacked: tuple[bool, ...]


class Steps:
    """A fragment as the body of a Scan. `use` names whole sequences, first values of states and constants.

    Its outputs are the results of all steps, stacked, also those that are not given, then the final
    states. `counter` is a sequence for a scan that has none, empty elsewhere; `path` is the node's own.
    """

    __slots__ = ("counter", "path", "spec", "use", "way")

    def __init__(self, use: Use, way: Way, path: str, counter: str = "", spec: str = "") -> None:
        self.use = use
        self.way = way
        self.path = path
        self.counter = counter
        self.spec = spec

    @property
    def inputs(self) -> list[str]:
        """The names of what goes in."""
        return self.use.inputs

    @property
    def outputs(self) -> list[str]:
        """The names of what comes out."""
        return self.use.outputs

    def rename(self, names: Mapping[str, str]) -> None:
        """Give values other names."""
        self.use.inputs = [names.get(name, name) for name in self.use.inputs]
        self.use.outputs = [names.get(name, name) for name in self.use.outputs]


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
