"""Integers and named float types in the middle of a model: PyTorch, its oracle and the graph agree."""

from __future__ import annotations

import archc

SPEC = """\
name: casts
inputs: {ids: "int64[N, 8]", x: "[N, 8]"}
layers:
  - {name: floats, from: ids, cast: float32}
  - {name: first, linear: 8}
  - {name: steps, arange: {end: 8, dtype: float32}}
  - {name: scaled, mul: [first, steps]}
  - {name: mixed, expr: ids / 3 + scaled * x - 0.1}
  - {name: last, linear: 4}
"""


def test_what_is_called_float32_is_the_models_float() -> None:
    report = archc.compile(SPEC).verify()
    assert [check.problem for check in report.checks if check.problem] == []
    assert report.culprits == ()


def test_several_values_are_promoted_pair_by_pair() -> None:
    report = archc.compile(
        'name: pairs\ninputs: {a: "bool[N, 8]", b: "bool[N, 8]", big: "int64[N, 8]"}\n'
        "layers:\n  - {name: flags, add: [a, b, 2.5]}\n  - {name: sum, add: [flags, big]}\n"
    ).verify()
    assert [check.problem for check in report.checks if check.problem] == []


def test_a_value_without_axes_keeps_none() -> None:
    report = archc.compile(
        'name: one\ninputs: {word: "int64[]"}\nlayers: [{embedding: {num_embeddings: 9, embedding_dim: 4}}]\n'
    ).verify()
    assert [check.problem for check in report.checks if check.problem] == []
