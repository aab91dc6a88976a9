"""E05xx: element types that arithmetic and conditions cannot work with."""

from archc.source.codes.explanation import Explanation


def _layer(inputs: str, layer: str) -> str:
    """Give a small spec with one layer on all its inputs."""
    return f"""\
inputs: {{{inputs}}}
layers:
  - {{name: layer, {layer}}}
"""


CODES = {
    "E0540": Explanation(
        "booleans where numbers are needed",
        "PyTorch refuses differences, remainders and positions of booleans.",
        _layer('x: "bool[N, 8]", y: "bool[N, 8]"', "sub: [x, y]"),
        _layer('x: "bool[N, 8]", y: "bool[N, 8]"', "logical_xor: [x, y]"),
    ),
    "E0541": Explanation(
        "a negative power of integers",
        "It would be a fraction; PyTorch refuses it.",
        _layer('x: "int64[N, 8]"', "pow: -1"),
        _layer("x: [N, 8]", "pow: -1"),
    ),
    "E0542": Explanation(
        "a condition that is not boolean",
        "`where` and `masked_fill` take a tensor of booleans, such as a comparison gives.",
        _layer('m: "int64[N, 8]", x: [N, 8]', "where: [m, x, x]"),
        """\
inputs: {m: "int64[N, 8]", x: [N, 8]}
layers:
  - {name: keep, from: m, ne: 0}
  - {name: layer, where: -1.0, from: [keep, x]}
""",
    ),
    "E0543": Explanation(
        "a number that the tensor cannot hold",
        "A fraction put into integers, or a number into booleans, would be cut off.",
        _layer('x: "int64[N, 8]"', "pad: {pad: [1, 0], value: 0.5}"),
        _layer('x: "int64[N, 8]"', "pad: {pad: [1, 0], value: 1}"),
    ),
    "E0544": Explanation(
        "inputs of different element types",
        "Products of matrices do not promote their inputs, as in PyTorch.",
        _layer('x: [N, 8], y: "int64[8, 4]"', "matmul: [x, y]"),
        """\
inputs: {x: [N, 8], y: "int64[8, 4]"}
layers:
  - {name: weights, from: y, cast: float32}
  - matmul: [x, weights]
""",
    ),
}
