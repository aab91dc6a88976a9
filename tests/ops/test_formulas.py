"""Formulas: what they may hold, what becomes of them, what is said of mistakes."""

from __future__ import annotations

import math

import numpy as np
import onnxruntime
import pytest
import torch

import archc
from archc.source import Diagnostic

HEAD = """\
name: test
params: {p: 3, table: {a: 0.5}, flag: true}
inputs: {x: "[N, 8]", y: "[N, 4]", z: "[N, 8]", m: "bool[N, 8]", ids: "int64[N, 8]"}
layers:
  - {name: inner, layers: [{name: twice, from: x, mul: 2}]}
"""


def spec(formula: str) -> str:
    return f'{HEAD}  - {{name: made, expr: "{formula}"}}\n'


def made(formula: str) -> archc.Compiled:
    compiled, diagnostics = archc.check(spec(formula))
    assert compiled is not None, [each.message for each in diagnostics]
    return compiled


def mistake(formula: str) -> Diagnostic:
    _, diagnostics = archc.check(spec(formula))
    [error] = [each for each in diagnostics if each.severity == "error"]
    return error


def given() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    floats = {
        name: torch.randn(3, size, generator=generator) for name, size in (("x", 8), ("y", 4), ("z", 8))
    }
    mask = torch.rand(3, 8, generator=generator) > 0.5
    return {**floats, "m": mask, "ids": torch.randint(1, 9, (3, 8), generator=generator)}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x * z + 2 * p", lambda v: v["x"] * v["z"] + 6),
        ("inner.twice - x", lambda v: v["x"]),
        ("-x ** 2", lambda v: -(v["x"] ** 2)),
        ("1 / (1 + exp(-x))", lambda v: torch.sigmoid(v["x"])),
        ("x - (z - x)", lambda v: v["x"] - (v["z"] - v["x"])),
        ("ids // 2 % 3", lambda v: v["ids"] // 2 % 3),
        ("2 ** ids", lambda v: 2 ** v["ids"]),
        ("7 // ids", lambda v: 7 // v["ids"]),
        ("ids / 2", lambda v: v["ids"] / 2),
        ("ids * 0.5", lambda v: v["ids"] * 0.5),
        ("0 <= x < 1", lambda v: (v["x"] >= 0) & (v["x"] < 1)),
        ("m and not x > 0 or z > 1", lambda v: m_and(v)),
        ("where(m, x, 0)", lambda v: torch.where(v["m"], v["x"], 0)),
        ("where(m, 1, 2)", lambda v: torch.where(v["m"], 1, 2)),
        ("masked_fill(x, m, -1e9)", lambda v: v["x"].masked_fill(v["m"], -1e9)),
        ("clamp(x, 0, max=1)", lambda v: v["x"].clamp(0, 1)),
        ("minimum(x, z, 0.25)", lambda v: torch.minimum(v["x"], v["z"]).clamp(max=0.25)),
        ("silu(x) * sigmoid(z)", lambda v: torch.nn.functional.silu(v["x"]) * torch.sigmoid(v["z"])),
        ("gelu(x, approximate=tanh)", lambda v: torch.nn.functional.gelu(v["x"], approximate="tanh")),
        ("cast(x, int64) + ids", lambda v: v["x"].long() + v["ids"]),
        ("x * N", lambda v: v["x"] * 3),
        ("x * exp(table.a) if flag and p == 3 else z", lambda v: v["x"] * math.exp(0.5)),
        ("x * min(p, 2) + sqrt(16)", lambda v: v["x"] * 2 + 4),
    ],
)
def test_values_are_those_of_pytorch(formula: str, expected: object) -> None:
    compiled, values = made(formula), given()
    wanted = expected(values)  # type: ignore[operator]
    result = compiled.module()(**values)
    assert result.dtype == wanted.dtype
    torch.testing.assert_close(result, wanted)
    session = onnxruntime.InferenceSession(compiled.to_onnx().SerializeToString())
    [from_graph] = session.run(None, {each.name: values[each.name].numpy() for each in session.get_inputs()})
    assert from_graph.dtype == wanted.numpy().dtype
    np.testing.assert_allclose(from_graph, wanted.numpy(), rtol=1e-5, atol=1e-6)


def m_and(v: dict[str, torch.Tensor]) -> torch.Tensor:
    return v["m"] & ~(v["x"] > 0) | (v["z"] > 1)


def test_a_formula_is_one_readable_expression() -> None:
    text = archc.compile(
        'name: t\ninputs: {mean: "[N, 8]", logvar: "[N, 8]", eps: "[N, 8]"}\n'
        "layers: [{expr: mean + exp(0.5 * logvar) * eps}]\n"
    ).to_pytorch()
    assert "mean + torch.exp(0.5 * logvar) * eps" in text


def test_a_mapping_under_from_names_the_values() -> None:
    compiled = archc.compile(
        'name: t\ninputs: {x: "[N, 8]"}\nlayers: [{expr: 2 * a - b, from: {a: x, b: x}}]\n'
    )
    x = torch.randn(2, 8)
    torch.testing.assert_close(compiled.module()(x), x)


@pytest.mark.parametrize(
    ("formula", "code", "at", "says"),
    [
        ("x + y", "E0404", "x + y", "axis 1 is 8 and 4"),
        ("foo(x)", "E0640", "foo", "`foo` is not a function of formulas"),
        ("sigmod(x)", "E0640", "sigmod", "did you mean `sigmoid`"),
        ("x / sum(x)", "E0640", "sum", "layer of its own"),
        ("max(x, z)", "E0640", "max", "`maximum`"),
        ("x @ y", "E0601", "@", "matmul"),
        ("2 * p", "E0641", None, "reads no value"),
        ("x[0]", "E0643", "x[0]", "`select`"),
        ("x + 'a'", "E0643", "'a'", "numbers"),
        ("x if m else z", "E0644", "m", "where(m, x, z)"),
        ("clamp(x, maximum=2)", "E0645", "2", "no argument `maximum`"),
        ("masked_fill(x, m)", "E0645", "masked_fill(x, m)", "missing its argument `value`"),
        ("where(x, z, z)", "E0542", "where(x, z, z)", "boolean"),
        ("q + x", "E0303", "q", "no value `q`"),
        ("m - x", "E0540", "m - x", "booleans"),
        ("ids ** -1", "E0541", "ids ** -1", "negative powers"),
        ("log(x", "E0601", None, "ends where"),
    ],
)
def test_mistakes_are_pointed_at(formula: str, code: str, at: str | None, says: str) -> None:
    error = mistake(formula)
    assert error.code == code
    assert says in " ".join([error.message, *error.help])
    assert error.span is not None
    if at is not None:
        assert error.span.text == at


def test_parts_of_a_formula_are_described() -> None:
    error = mistake("(x + 1) * (y - 2)")
    assert error.notes == ("`x + 1` is [N, 8]", "`y - 2` is [N, 4]")


def test_a_deep_formula_is_read_in_little_time() -> None:
    deep = "x"
    for _ in range(25):
        deep = f"tanh(abs({deep}))"
    assert made(deep).program.models[0].module.nodes[-1].outputs[0].type.shape[1] == 8
