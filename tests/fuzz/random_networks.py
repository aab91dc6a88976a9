"""Random valid specs, driven by the op classes: each op's examples say how it is written and on what.

`random_spec(seed)` is a pure function of its seed. A network grows layer by layer: an op, one of its
examples, attributes changed a little, inputs of fitting rank and dtype; what does not validate is
not taken.
"""

from __future__ import annotations

import functools
import json
import random
from typing import Any

import yaml

import archc
from archc import ops
from archc.opdef import Example, Op

# A value that jumps may fall on either side in fp32 and fp64, and one near a pole multiplies the rounding
# of what it is given: these only take the model's inputs.
JUMPS = frozenset(
    """
    floor ceil round trunc sign remainder fmod floor_divide div argmax argmin eq ne lt le gt ge cast
    frac hardshrink threshold heaviside logical_and logical_or logical_xor logical_not any all isnan
    topk sort bool_cast isinf isfinite argsort bucketize searchsorted cummax cummin grid_sample
    reciprocal rsqrt addcdiv tan logit atanh erfinv
    """.split()  # noqa: SIM905 - a column of forty quoted words reads badly
)
# Not a number for some inputs: runtimes differ in what they make of that, so nothing reads their results.
PARTIAL = frozenset(
    """
    acos acosh asin atanh erfinv log log10 log1p log2 sqrt rsqrt pow reciprocal div logsumexp tan var std
    logit addcdiv lp_pool1d lp_pool2d lp_pool3d nan_to_num
    """.split()  # noqa: SIM905 - a column of forty quoted words reads badly
)
# Nothing says what these give: positions in what is not sorted; sizes that are products grow beyond memory.
UNSAID = frozenset(("searchsorted", "kron"))
# Nor these of whole numbers: the order of equal ones, products beyond 64 bits.
UNSAID_OF_INTEGERS = frozenset(("argsort", "sort", "topk", "cumprod", "prod"))
# ONNX Runtime's Python interface gives no arrays of these.
UNREADABLE = frozenset(("bfloat16", "float16"))
INPUTS = (
    {"x": "[N, {c}, H, W]"},
    {"x": "[N, {c}, {s}, {s}]"},
    {"x": "[N, {c}, L]"},
    {"x": "[N, T, {d}]"},
    {"x": "[N, {d}]"},
    {"x": "[N, {d}]", "y": "[N, {d}]"},
    {"x": "[N, {c}, H, W]", "y": "[N, {c}, H, W]"},
    {"x": "[N, T, {d}]", "ids": "int64[N, T]"},
    {"ids": "int64[N, T]"},
)
TRIES_A_LAYER = 6


class Network:
    """A spec that grows."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.scans = random.Random(f"scans of {seed}")
        chosen = self.random.choice(INPUTS)
        sizes = {
            "c": self.random.choice((1, 2, 3, 4, 6, 8)),
            "d": self.random.choice((2, 4, 6, 8, 12)),
            "s": self.random.randint(7, 17),
        }
        self.inputs = {name: type_.format(**sizes) for name, type_ in chosen.items()}
        self.layers: list[dict[str, Any]] = []
        self.blocks: dict[str, Any] = {}
        self.types: dict[str, Any] = {}
        self.read: set[str] = set()
        self.ends: set[str] = set()
        self._take(self.spec_with({"name": "start", "identity": None, "from": next(iter(self.inputs))}, {}))

    def spec_with(self, layer: dict[str, Any], blocks: dict[str, Any]) -> dict[str, Any]:
        """Give the spec with one layer more; every value is an output, so that nothing is unused."""
        layers = [*self.layers, layer]
        spec: dict[str, Any] = {"name": "net", "inputs": self.inputs, "layers": layers}
        if self.blocks or blocks:
            spec["blocks"] = {**self.blocks, **blocks}
        spec["outputs"] = {f"out_{each['name']}": each["name"] for each in layers}
        return spec

    def _take(self, spec: dict[str, Any]) -> bool:
        compiled, found = archc.check(json.dumps(spec) + "\n")
        if compiled is None or any(each.code == "W0106" for each in found):
            return False
        module = compiled.program.models[0].module
        if any(value.type.dtype.name in UNREADABLE for _, value in module.outputs):
            return False
        named = {f"out_{each['name']}": each["name"] for each in spec["layers"]}
        self.types = {value.name: value.type for value in module.inputs}
        self.types.update({named[name]: value.type for name, value in module.outputs if name in named})
        self.layers, self.blocks = spec["layers"], spec.get("blocks", {})
        return True

    def grow(self) -> bool:
        """Try to add one layer."""
        for _ in range(TRIES_A_LAYER):
            name = self.random.choice(_op_names())
            example = self.random.choice(ops.find(name).examples)
            layer = self._layer(ops.find(name), example)
            if layer is None:
                continue
            wrapped, blocks = self._wrapped(layer)
            if self._take(self.spec_with(wrapped, blocks)):
                self.read.update(_names(wrapped["scan"]["over"] if "scan" in wrapped else layer.get("from")))
                if name in PARTIAL:
                    self.ends.add(layer["name"])
                return True
        return False

    def _layer(self, op: type[Op], example: Example) -> dict[str, Any] | None:
        arguments = yaml.safe_load(example.arguments) if example.arguments else None
        if op.combines and isinstance(arguments, list) and not _numbers(arguments):
            arguments = None
        wanted = example.inputs
        texts = list(wanted.values()) if isinstance(wanted, dict) else list(wanted)
        found = [self._value_like(text, exact=op.name in JUMPS) for text in texts]
        if None in found or (not texts and op.inputs) or self._unsaid(op, found):
            return None
        layer: dict[str, Any] = {"name": f"l{len(self.layers)}"}
        if isinstance(wanted, dict):
            layer["from"] = dict(zip(wanted, found, strict=True))
        elif texts:
            layer["from"] = found[0] if len(found) == 1 else found
        layer[op.name] = self._changed(op, arguments)
        return layer

    def _unsaid(self, op: type[Op], inputs: list[str | None]) -> bool:
        integers = any(name is not None and self.types[name].dtype.is_integer for name in inputs)
        # Ten thousand equal products are each rounded the same way: no draw of chance is as far off.
        long = op.name == "matmul" and any(name is not None and self.types[name].rank == 1 for name in inputs)
        return op.name in UNSAID or long or (integers and op.name in UNSAID_OF_INTEGERS)

    def _value_like(self, text: str, exact: bool) -> str | None:
        fits = self._values_like(text, exact)
        return self.random.choice(fits[-4:]) if fits else None

    def _values_like(self, text: str, exact: bool) -> list[str]:
        dtype, _, shape = text.partition("[")
        rank = len([each for each in shape.rstrip("]").split(",") if each.strip()])
        return [
            name
            for name, type_ in self.types.items()
            if type_.rank == rank
            and type_.dtype.name == (dtype or "float32")
            and name not in self.ends
            and (not exact or name in self.inputs or name == "start")
        ]

    def _changed(self, op: type[Op], arguments: Any) -> Any:
        if not isinstance(arguments, dict):
            return self._varied(arguments)
        changed = {name: self._varied(value) for name, value in arguments.items()}
        if self.random.random() < 0.3 and op.attributes:
            name = self.random.choice(sorted(op.attributes))
            kind = op.attributes[name].kind
            if kind.base == "bool":
                changed[name] = self.random.random() < 0.5
            elif kind.words:
                changed[name] = self.random.choice(kind.words)
        return changed

    def _varied(self, value: Any) -> Any:
        if isinstance(value, bool) or self.random.random() < 0.5:
            return value
        if isinstance(value, int):
            return self.random.choice((1, 2, 3, max(1, value - 1), value + 1, 2 * value))
        return value

    def _wrapped(self, layer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Put some layers into a residual, a sequential, a block, a loop or a scan."""
        single = isinstance(layer.get("from"), str)
        way = self.random.choice(("plain", "plain", "plain", "residual", "sequential", "block", "repeat"))
        if single and way == "plain" and self.scans.random() < 0.2:
            return self._scanned(layer)
        if not single or way == "plain":
            return layer, {}
        inner = {key: value for key, value in layer.items() if key not in ("name", "from")}
        outer: dict[str, Any] = {"name": layer["name"], "from": layer["from"]}
        again = inner.keys().isdisjoint(JUMPS | PARTIAL)
        if way == "block":
            block = f"block_{layer['name']}"
            times = {"repeat": 2} if self.random.random() < 0.5 and again else {}
            return {**outer, block: None, **times}, {block: {"layers": [{"name": "inner", **inner}]}}
        if way == "repeat":
            return {**outer, **inner, **({"repeat": 2} if again else {})}, {}
        return {**outer, way: [{"name": "inner", **inner}, "tanh"]}, {}

    def _scanned(self, layer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Let a layer see a state that a sequence of one axis more has led to."""
        inner = {key: value for key, value in layer.items() if key not in ("name", "from")}
        rank = self.types[layer["from"]].rank
        fits = self._values_like(f"[{', '.join('_' * (rank + 1))}]", exact=False)
        if not fits or not inner.keys().isdisjoint(JUMPS | PARTIAL):
            return layer, {}
        block, sizes = f"block_{layer['name']}", [f"S{number}" for number in range(rank)]
        body = [
            {"name": "sum", "add": ["x", "h"]},
            {"name": "next", "tanh": None},
            {"name": "inner", **inner},
        ]
        scan = {
            "axis": self.scans.randint(-1, rank),
            "over": self.scans.choice(fits[-4:]),
            "state": {"h": "zeros"},
            "reverse": self.scans.random() < 0.5,
        }
        declared = {
            "inputs": {"x": sizes, "h": sizes},
            "layers": body,
            "outputs": {"y": "inner", "h": "next"},
        }
        return {"name": layer["name"], block: None, "scan": scan}, {block: declared}


def _numbers(arguments: list[Any]) -> bool:
    return all(isinstance(each, int | float | list) for each in arguments)


def _names(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return list(tree.values())
    return tree if isinstance(tree, list) else [tree] if tree else []


@functools.cache
def _op_names() -> tuple[str, ...]:
    return tuple(name for name in sorted(ops.names()) if not (ops.find(name).random or ops.find(name).loss))


def random_spec(seed: int, layers: int = 8) -> str:
    """Give the YAML text of a random valid network."""
    network = Network(seed)
    for _ in range(layers):
        network.grow()
    last = network.layers[-1]["name"]
    outputs = {
        f"out_{each['name']}": each["name"] for each in network.layers if each["name"] not in network.read
    }
    outputs.setdefault(f"out_{last}", last)
    spec = {"name": "net", "inputs": network.inputs, "layers": network.layers, "outputs": outputs}
    if network.blocks:
        spec["blocks"] = network.blocks
    text: str = yaml.safe_dump(spec, sort_keys=False, width=100)
    return text
