"""Element types and the types of tensors."""

from __future__ import annotations

import copy

from archc.sizes import BOOL, DTYPES, FLOAT32, INT64, TensorType, ValueRange, promote, symbol

N, T = symbol("N"), symbol("T")


def test_promotion_is_that_of_torch():
    import torch

    for a in DTYPES:
        for b in DTYPES:
            expected = torch.promote_types(getattr(torch, a), getattr(torch, b))
            assert str(expected) == f"torch.{promote(DTYPES[a], DTYPES[b])}"


def test_sizes_of_elements_are_those_of_torch():
    import torch

    for name, dtype in DTYPES.items():
        assert torch.tensor([], dtype=getattr(torch, name)).element_size() == dtype.bytes
        assert getattr(torch, name).is_floating_point == dtype.is_float


def test_a_copy_of_an_element_type_is_itself():
    assert copy.deepcopy(BOOL) is BOOL


def test_types_are_compared_by_content():
    assert TensorType(FLOAT32, (N, 2 * T)) == TensorType(FLOAT32, (N, T + T))
    assert hash(TensorType(FLOAT32, (N, 2 * T))) == hash(TensorType(FLOAT32, (N, T + T)))
    assert TensorType(FLOAT32, (N,)) != TensorType(INT64, (N,))
    assert TensorType(INT64, (N,), ValueRange(0, 9)) != TensorType(INT64, (N,))


def test_a_changed_element_type_has_no_known_range():
    ids = TensorType(INT64, (N, T), ValueRange(0, T - 1))
    assert ids.rank == 2
    assert ids.with_shape((N,)).range == ValueRange(0, T - 1)
    assert ids.with_dtype(FLOAT32).range is None
    assert str(ids) == "int64[N, T]"
