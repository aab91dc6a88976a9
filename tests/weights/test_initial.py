"""First values: the distributions of torch.nn.init, the same for the same seed and key."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from archc.opdef import Init, Param
from archc.opdef.initializers import INITIALIZERS
from archc.sizes import BFLOAT16, BOOL, FLOAT16, FLOAT64, INT64
from archc.weights import decoded, initial, initial_chunks
from archc.weights.initial import CHUNK, gain

SHAPES = {"eye": (7, 5), "sparse": (40, 6), "dirac": (8, 4, 3, 3)}
CASES = [
    ("zeros", {}),
    ("ones", {}),
    ("constant", {"val": 0.3}),
    ("uniform", {"a": -0.2, "b": 0.7}),
    ("normal", {"mean": 1.0, "std": 0.02}),
    ("trunc_normal", {"std": 0.02}),
    ("trunc_normal", {"mean": 0.5, "std": 1.0, "a": 0.4, "b": 0.9}),
    ("trunc_normal", {"std": 1.0, "a": 1.9, "b": 9.0}),
    ("xavier_uniform", {"gain": 2.0}),
    ("xavier_normal", {}),
    ("kaiming_uniform", {"a": math.sqrt(5)}),
    ("kaiming_uniform", {"mode": "fan_out", "nonlinearity": "relu"}),
    ("kaiming_normal", {"nonlinearity": "tanh"}),
    ("orthogonal", {"gain": 1.5}),
    ("eye", {}),
    ("dirac", {"groups": 2}),
    ("sparse", {"sparsity": 0.3, "std": 0.5}),
]


def param(name: str, arguments: dict[str, object], shape: tuple[int, ...]) -> Param:
    return Param("weight", shape, Init(name, tuple(arguments.items())))


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_are_distributed_as_those_of_torch(name: str, arguments: dict[str, object]) -> None:
    shape = SHAPES.get(name, (96, 64, 3, 3))
    ours = initial(3, "layer.weight", param(name, arguments, shape)).astype(np.float64)
    torch.manual_seed(0)
    theirs = torch.empty(shape)
    getattr(torch.nn.init, f"{name}_")(theirs, **arguments)
    expected = theirs.double().numpy()
    spread = expected.std()
    assert ours.shape == shape
    assert abs(ours.mean() - expected.mean()) < 0.02 * spread + 1e-12 + (0.05 if name == "sparse" else 0)
    assert abs(ours.std() - spread) < 0.02 * spread + 1e-12 + (0.1 if name == "sparse" else 0)
    if ours.size > 10_000 and spread:
        low, high = np.quantile(expected, [0.001, 0.999])
        assert abs(np.quantile(ours, 0.001) - low) < 0.15 * spread
        assert abs(np.quantile(ours, 0.999) - high) < 0.15 * spread


def test_every_initializer_that_a_spec_may_name_is_tested_here() -> None:
    assert {name for name, _ in CASES} == set(INITIALIZERS)


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (4, 2, 3)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    matrix = initial(0, "w", param("orthogonal", {}, shape)).reshape(shape[0], -1)
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-5)


def test_exact_patterns_equal_those_of_torch() -> None:
    for name, arguments in (("eye", {}), ("dirac", {"groups": 2})):
        theirs = torch.empty(SHAPES[name])
        getattr(torch.nn.init, f"{name}_")(theirs, **arguments)
        ours = initial(0, "w", param(name, arguments, SHAPES[name]))
        np.testing.assert_array_equal(ours, theirs.numpy())


def test_truncated_values_stay_inside_even_far_from_the_mean() -> None:
    for low, high in ((-2.0, 2.0), (3.0, 4.0), (12.0, 13.0), (-9.0, -6.0), (0.1, 0.1001)):
        values = initial(0, "w", param("trunc_normal", {"a": low, "b": high}, (5000,)))
        assert low - 1e-6 <= values.min() <= values.max() <= high + 1e-6


def test_the_same_seed_and_key_give_the_same_values_and_others_do_not() -> None:
    one = param("normal", {}, (1000,))
    np.testing.assert_array_equal(initial(1, "a.weight", one), initial(1, "a.weight", one))
    assert not np.array_equal(initial(1, "a.weight", one), initial(2, "a.weight", one))
    assert not np.array_equal(initial(1, "a.weight", one), initial(1, "b.weight", one))


def test_a_large_tensor_comes_in_bounded_pieces_that_differ() -> None:
    pieces = list(initial_chunks(0, "w", param("uniform", {}, (2 * CHUNK + 10,))))
    assert [len(piece) for piece in pieces] == [CHUNK, CHUNK, 10]
    assert not np.array_equal(pieces[0], pieces[1])


def test_element_types() -> None:
    for dtype in (FLOAT64, FLOAT16):
        values = initial(0, "w", param("normal", {}, (8,)).replace(dtype=dtype))
        assert values.dtype.name == dtype.name
    assert initial(0, "n", Param("n", (), Init("zeros"), INT64)) == np.int64(0)
    assert initial(0, "n", Param("n", (2,), Init("ones"), BOOL)).tolist() == [True, True]


def test_bfloat16_rounds_as_torch_does() -> None:
    one = param("normal", {}, (4000,))
    bits = initial(0, "w", one.replace(dtype=BFLOAT16))
    expected = torch.from_numpy(initial(0, "w", one)).bfloat16().float().numpy()
    np.testing.assert_array_equal(decoded(bits, BFLOAT16), expected)


@pytest.mark.parametrize("word", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_those_of_torch(word: str) -> None:
    assert gain(word, 0.2) == pytest.approx(torch.nn.init.calculate_gain(word, 0.2))


def test_the_row_of_padding_starts_at_zero_wherever_pieces_end() -> None:
    columns = 3000
    rows = CHUNK // columns + 20
    split = CHUNK // columns
    for row in (0, split, rows - 1):
        values = initial(0, "w", param("normal", {"zero_row": row}, (rows, columns)))
        assert np.flatnonzero((values == 0).all(axis=1)).tolist() == [row]
