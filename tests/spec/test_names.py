"""Names that would break the emitted module are refused."""

from __future__ import annotations

import keyword

import pytest

from archc.source import Source, Span
from archc.spec.module_attributes import MODULE_ATTRIBUTES
from archc.spec.names import check_identifier, check_name, is_name

SPAN = Span(Source("f", "x"), 0, 1)


def test_every_attribute_of_a_module_is_known() -> None:
    from torch import nn

    there = set(dir(nn.Module())) | set(nn.Module.__annotations__)
    public = {name for name in there if not name.startswith("__")}
    assert public <= MODULE_ATTRIBUTES


@pytest.mark.parametrize(
    "name", ["x", "conv1", "layer1.0.conv1", "0", "_a", "self", "input", ".", "LayerNorm", "T"]
)
def test_names_that_may_be_given(name: str) -> None:
    assert check_name(name, SPAN) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a.",
        ".a",
        "1x",
        "a-b",
        "é",
        "\u0663",
        "forward",
        "a.train.b",
        "type",
        "true",
        "none",
        "__dict__",
        "x" * 201,
        *keyword.kwlist,
    ],
)
def test_names_that_may_not(name: str) -> None:
    found = check_name(name, SPAN)
    assert found is not None
    assert found.code == "E0208"
    assert not is_name(name)


def test_parameters_are_single_identifiers() -> None:
    assert check_identifier("train", SPAN) is None
    assert check_identifier("train", SPAN, module=True) is not None
    assert check_identifier("a.b", SPAN) is not None
    assert check_identifier("0", SPAN) is not None
