"""Random specs whose point is their structure: blocks, containers, captures, loops, conditions."""

# ruff: noqa: ARG002 - each kind of layer is made by a method of one form

from __future__ import annotations

import random
from typing import Any

DIMS = (4, 6, 8)
Layer = dict[str, Any]


class Structure:
    """A spec that grows; `scopes` hold the names that may be read, with the size of their last axis."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0
        self.blocks: dict[str, Any] = {}

    def spec(self) -> dict[str, Any]:
        """Give a whole spec over an input [N, T, 4]."""
        known = [("x", 4)]
        layers, dim = self.layers(known, 4, depth=0, size=self.random.randint(3, 7))
        layers.append({"name": "head", "linear": 4})
        outputs = {"last": "head"}
        for name, _ in self.random.sample(known[1:], min(2, len(known) - 1)):
            outputs[f"also_{name.replace('.', '_')}"] = name
        spec: dict[str, Any] = {"name": f"net{dim}", "inputs": {"x": ["N", "T", 4]}, "layers": layers}
        if self.random.random() < 0.5:
            spec["outputs"] = outputs
        if self.blocks:
            spec["blocks"] = self.blocks
        return spec

    def name(self, word: str) -> str:
        """Give a new name."""
        self.count += 1
        return f"{word}{self.count}"

    def layers(
        self, known: list[tuple[str, int]], dim: int, depth: int, size: int
    ) -> tuple[list[Layer], int]:
        """Give a list of layers and the size of the last one's last axis; adds the names to `known`."""
        made: list[Layer] = []
        for _ in range(size):
            kinds = ["linear", "linear", "relu", "norm", "add", "concat", "dropout", "identity"]
            kinds += (
                ["container", "sequential", "residual", "repeat", "loop", "block", "block"]
                if depth < 3
                else []
            )
            kind = self.random.choice(kinds)
            layer, dim = getattr(self, f"_{kind}")(known, dim, depth)
            if layer is None:
                continue
            made.append(layer)
            if self.random.random() < 0.2:
                earlier = self.random.choice(known)
                extra = self._read(earlier, dim)
                made.append(extra)
                known.append((extra["name"], dim))
        if not made:
            layer, dim = self._linear(known, dim, depth)
            made.append(layer)
        return made, dim

    def _read(self, earlier: tuple[str, int], dim: int) -> Layer:
        return {"name": self.name("read"), "from": earlier[0], "linear": dim}

    def _linear(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        out = self.random.choice(DIMS)
        layer = {"name": self.name("fc"), "linear": out}
        known.append((layer["name"], out))
        return layer, out

    def _relu(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        layer: Layer = {self.random.choice(("relu", "tanh", "gelu")): None}
        if depth == 0 or self.random.random() < 0.3:
            layer["name"] = self.name("act")
            known.append((layer["name"], dim))
        return layer, dim

    def _norm(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        layer = {"name": self.name("norm"), "layer_norm": {"eps": self.random.choice((1e-5, 1e-6))}}
        known.append((layer["name"], dim))
        return layer, dim

    def _dropout(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        return {"name": self.name("drop"), "dropout": 0.1}, dim

    def _identity(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        layer = {"name": self.name("same"), "identity": None}
        known.append((layer["name"], dim))
        return layer, dim

    def _add(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer | None, int]:
        fitting = [name for name, size in known if size == dim]
        if not fitting:
            return None, dim
        layer = {"name": self.name("sum"), "add": self.random.choices(fitting, k=2)}
        known.append((layer["name"], dim))
        return layer, dim

    def _concat(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        chosen = self.random.choices(known, k=2)
        layer = {"name": self.name("cat"), "concat": {"dim": -1}, "from": [name for name, _ in chosen]}
        out = sum(size for _, size in chosen)
        known.append((layer["name"], out))
        return layer, out

    def _container(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        name = self.name("part")
        inner = list(known)
        layers, out = self.layers(inner, dim, depth + 1, self.random.randint(1, 4))
        inside = [(f"{name}.{each}", size) for each, size in inner[len(known) :] if "." not in each]
        known.append((name, out))
        if inside and self.random.random() < 0.4:
            known.append(self.random.choice(inside))
        return {"name": name, "layers": layers}, out

    def _residual(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        layers = [{"name": self.name("norm"), "layer_norm": None}, {"name": self.name("fc"), "linear": dim}]
        layer: Layer = {"residual": layers}
        if self.random.random() < 0.5:
            layer["name"] = self.name("res")
            known.append((layer["name"], dim))
        return layer, dim

    def _sequential(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        items: list[Any] = []
        name = self.name("seq")
        for position in range(self.random.randint(1, 4)):
            kind = self.random.choice(("linear", "relu", "norm", "from", "named"))
            if kind == "linear" or position == 0:
                dim = self.random.choice(DIMS)
                items.append({"linear": dim})
            elif kind == "relu":
                items.append("relu")
            elif kind == "norm":
                items.append("layer_norm")
            elif kind == "named":
                items.append({"name": self.name("inner"), "linear": dim})
            else:
                source, _ = self.random.choice(known)
                items.append({"from": source, "linear": dim})
        known.append((name, dim))
        return {"name": name, "sequential": items}, dim

    def _repeat(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        name = self.name("rep")
        layer: Layer = {"name": name, "repeat": self.random.randint(1, 4)}
        kind = self.random.choice(("linear", "group", "block", "wide"))
        if kind == "linear":
            layer["linear"] = dim
        elif kind == "group":
            inner = list(known)
            layers, out = self.layers(inner, dim, depth + 2, self.random.randint(1, 3))
            if out != dim:
                layers.append({"name": self.name("back"), "linear": dim})
            layer["layers"] = layers
        elif kind == "wide":
            layer[self._block(known, dim, depth)[0]["op"]] = {
                "width": f"{self.random.choice((2, 4))} * (i + 1)",
                "flag": "i > 0",
            }
        else:
            block = self._block(known, dim, depth)[0]["op"]
            layer[block] = {"width": dim}
        known.append((name, dim if kind != "wide" else -1))
        out = dim
        if kind == "wide":
            known.pop()
            return {
                "name": self.name("group"),
                "layers": [layer, {"name": self.name("back"), "linear": dim}],
            }, dim
        if kind == "linear" and self.random.random() < 0.3:
            known.append((f"{name}.0", dim))
        return layer, out

    def _loop(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        word = self.name("lev")
        inner: list[Any] = [{"name": f"{word}_$(s)", "linear": "4 + 2 * s"}, "relu"]
        if self.random.random() < 0.5:
            inner.append(
                {
                    "name": f"{word}_c$(s)",
                    "layers": [{"name": "a", "linear": 6}, "relu", {"name": "b", "linear": "4 + 2 * s"}],
                }
            )
        turns = self.random.randint(2, 3)
        group = {"for": {"s": turns}, "layers": inner}
        end = {"name": self.name("end"), "linear": dim}
        known.append((end["name"], dim))
        return {"layers": [group, end]}, dim

    def _block(self, known: list[tuple[str, int]], dim: int, depth: int) -> tuple[Layer, int]:
        if not self.blocks or self.random.random() < 0.4:
            self._new_block()
        op = self.random.choice(list(self.blocks))
        name = self.name("use")
        width = self.random.choice(DIMS)
        layer = {"name": name, op: {"width": width, "flag": self.random.random() < 0.5}, "op": op}
        if self.random.random() < 0.3:
            layer["from"] = self.random.choice(known)[0]
        return layer, width

    def _new_block(self) -> None:
        name = self.name("blk")
        layers: list[Layer] = [{"name": "fc1", "linear": "2 * width"}, {"name": "act", "relu": None}]
        layers += [
            {
                "name": "norm",
                "when": self.random.choice(("flag", "C != width", "width > 4")),
                "layer_norm": None,
            }
        ]
        inner = [{"name": "a", "linear": "width"}, {self.random.choice(("relu", "tanh")): None}]
        if self.random.random() < 0.5:
            layers.append(
                {"name": "part", "layers": [*inner, {"name": "b", "from": "act", "linear": "width"}]}
            )
        else:
            layers.append({"name": "part", "sequential": [{"linear": "width"}, "relu"]})
        layers.append({"name": "skip", "when": "C != width", "from": "x", "linear": "width"})
        layers.append({"name": "sum", "add": ["part", "skip"]})
        if self.random.random() < 0.4:
            extra = [{"name": "e1", "linear": "width"}, "gelu", {"name": "e2", "linear": "width"}]
            layers.append({"when": "flag", "layers": extra})
        for make in self.random.sample((_tail, _loop_if, _dotted, _chain_if, _twins, _pair), 2):
            if self.random.random() < 0.6:
                layers.extend(make())
        self.blocks[name] = {
            "params": {"width": {"type": "int"}, "flag": False},
            "inputs": {"x": ["N", "T", "C"]},
            "layers": layers,
        }


def _tail() -> list[Layer]:
    return [{"name": "tail", "repeat": "2 if flag else 1", "linear": "width"}]


def _loop_if() -> list[Layer]:
    inner = [
        {"name": "n", "layer_norm": None},
        {"name": "m", "linear": "width"},
        {"name": "s", "add": ["m", "sum"]},
    ]
    return [{"name": "loop", "when": "flag", "repeat": 2, "layers": inner}]


def _dotted() -> list[Layer]:
    return [{"name": "grp.a", "linear": "width"}, {"name": "grp.b", "when": "width > 4", "linear": "width"}]


def _chain_if() -> list[Layer]:
    return [
        {"name": "chain", "sequential": [{"when": "flag", "linear": "width"}, "relu", {"linear": "width"}]}
    ]


def _twins() -> list[Layer]:
    twins: list[Layer] = [{"name": "twin", "when": "flag", "linear": "width"}]
    return [*twins, {"name": "twin", "when": "not flag", "layer_norm": None}]


def _pair() -> list[Layer]:
    pair = [{"name": "p1", "linear": "width"}, {"name": "p2", "from": "sum", "linear": "width"}]
    return [{"when": "flag", "layers": [*pair, {"name": "p3", "add": ["p1", "p2"]}]}]


def structure(seed: int) -> dict[str, Any]:
    """Give a random spec; the same for the same seed."""
    made = Structure(seed).spec()
    return _without_marks(made)


def _without_marks(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_marks(value) for key, value in tree.items() if key != "op"}
    return [_without_marks(each) for each in tree] if isinstance(tree, list) else tree
