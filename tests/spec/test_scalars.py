"""Unquoted scalars are those of YAML 1.2, not of 1.1."""

from __future__ import annotations

import math

import pytest

from archc.spec.scalars import resolve

TABLE: list[tuple[str, object]] = [
    ("", None),
    ("null", None),
    ("~", None),
    ("true", True),
    ("false", False),
    ("0", 0),
    ("12", 12),
    ("-12", -12),
    ("+5", 5),
    ("0x1F", 31),
    ("0o17", 15),
    ("1e-5", 1e-5),
    ("1E5", 1e5),
    ("1.", 1.0),
    (".5", 0.5),
    ("-0.5", -0.5),
    ("1.5e+3", 1500.0),
    ("007.5", 7.5),
    (".inf", math.inf),
    ("-.inf", -math.inf),
    # Text, which YAML 1.1 or other tools take for something else.
    ("no", "no"),
    ("yes", "yes"),
    ("on", "on"),
    ("off", "off"),
    ("True", "True"),
    ("NULL", "NULL"),
    ("012", "012"),
    ("-08", "-08"),
    ("12:30", "12:30"),
    ("1_000", "1_000"),
    ("0b11", "0b11"),
    ("2024-01-01", "2024-01-01"),
    ("1e", "1e"),
    (".", "."),
    ("...", "..."),
    ("-", "-"),
    ("0x", "0x"),
    ("-0x1", "-0x1"),
    ("inf", "inf"),
    ("nan", "nan"),
    ("=", "="),
    ("4 * planes", "4 * planes"),
    ("\u0663", "\u0663"),
]


@pytest.mark.parametrize(("text", "value"), TABLE)
def test_scalar(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    found = resolve(".nan")
    assert isinstance(found, float)
    assert math.isnan(found)


def test_a_number_of_many_digits_stays_text() -> None:
    assert isinstance(resolve("9" * 5000), str)
