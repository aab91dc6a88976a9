"""Sizes as a person would write them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from archc.sizes.expr import (
    Atom,
    Dim,
    FloorDiv,
    Max,
    Min,
    Monomial,
    Symbol,
    constant_of,
    from_atom,
    from_terms,
    terms_of,
)
from archc.sizes.forms import Remainder, factors, folded, named, with_remainders

_FIRST_LETTERS = "NBPTSLCDHWXYZ"
_SUM, _PRODUCT, _ATOM = range(3)

Written: TypeAlias = tuple[str, int]
"""A text, and how tightly its operators bind."""


def text(dim: Dim) -> str:
    """Give a size as text: `H/4` where 4 is known to divide H, `(H - 1)//2 + 1` where not."""
    return str(dim) if isinstance(dim, int) else _written(dim)[0]


def shape_text(shape: Iterable[Dim]) -> str:
    """Give a shape as text, `[N, 64, H/4, W/4]`."""
    return f"[{', '.join(text(dim) for dim in shape)}]"


def name_order(name: str) -> tuple[int, str]:
    """Give the key that sorts symbols as networks are usually written: batch, time, channels, space."""
    place = _FIRST_LETTERS.find(name[0]) if name[:1].isupper() else -1
    return (place if place >= 0 else len(_FIRST_LETTERS), name)


# A network has few different sizes, and each is written at every layer.
@lru_cache(maxsize=4096)
def _written(dim: Dim) -> Written:
    if isinstance(dim, int):
        return str(dim), _ATOM if dim >= 0 else _SUM
    num, den, exact = named(with_remainders(dim))
    parts = factors(num) if den == 1 else [num]
    return _sum(num, den, exact) if len(parts) == 1 else _product(1, [_sum(part, 1, True) for part in parts])


def _inside(written: Written, binds: int) -> str:
    return written[0] if written[1] >= binds else f"({written[0]})"


def _product(number: int, parts: Iterable[Written]) -> Written:
    """Write a product: the number, plain symbols, then what needs parentheses."""
    ordered = sorted(parts, key=lambda part: (part[1] != _ATOM, name_order(part[0])))
    if number == 1 and len(ordered) == 1:
        return ordered[0]
    powers: dict[str, int] = {}
    for part in ordered:
        shown = _inside(part, _ATOM)
        powers[shown] = powers.get(shown, 0) + 1
    shown_powers = [shown if n == 1 else f"{shown}**{n}" for shown, n in powers.items()]
    return "*".join([str(number)] * (number != 1) + shown_powers), _PRODUCT


def _sum(num: Dim, den: int, exact: bool) -> Written:
    """Write `num / den`; as one fraction where the terms are not divisible one by one."""
    if exact or den == 1:
        return _terms(folded(num) if den == 1 else num, den)
    apart = {mono: c for mono, c in terms_of(num).items() if c % den}
    g = math.gcd(den, *apart.values())
    top = _terms(from_terms({mono: c // g for mono, c in apart.items()}), 1)
    rest = folded(from_terms({mono: c // den for mono, c in terms_of(num).items() if not c % den}))
    fraction = f"{_inside(top, _PRODUCT)}/{den // g}"
    if rest == 0:
        return fraction, _PRODUCT
    shown = _terms(rest, 1)[0]
    return f"{fraction} - {shown[1:]}" if shown.startswith("-") else f"{fraction} + {shown}", _SUM


def _terms(num: Dim, den: int) -> Written:
    """Write a sum term by term, those that are added first, the constant last."""
    terms = sorted(terms_of(num).items(), key=lambda item: (item[1] < 0, _order(item[0])))
    if not terms:
        return "0", _ATOM
    shown = [(c < 0, _term(mono, abs(c), den)) for mono, c in terms]
    (negative, first), *others = shown
    if not others and not negative:
        return first
    start = (
        f"-{_inside(first, _ATOM if '//' in first[0] or '%' in first[0] else _PRODUCT)}"
        if negative
        else first[0]
    )
    return start + "".join(f" {'-' if minus else '+'} {written[0]}" for minus, written in others), _SUM


def _order(mono: Monomial) -> tuple[int, list[tuple[int, str]]]:
    return -len(mono), sorted(name_order(a.name if isinstance(a, Symbol) else _atom(a)[0]) for a in mono)


def _term(mono: Monomial, number: int, den: int) -> Written:
    g = math.gcd(number, den)
    number, den = number // g, den // g
    if not mono:
        return (str(number), _ATOM) if den == 1 else (f"{number}/{den}", _PRODUCT)
    if len(mono) == 1:
        parts = [_atom(mono[0])]
    else:
        parts = [_sum(from_atom(atom), 1, True) for atom in mono]
    written = _product(number, parts)
    return written if den == 1 else (f"{written[0]}/{den}", _PRODUCT)


@lru_cache(maxsize=1024)
def _atom(atom: Atom) -> Written:
    if isinstance(atom, Symbol):
        return atom.name, _ATOM
    if isinstance(atom, FloorDiv | Remainder):
        return _division(atom)
    assert isinstance(atom, Max | Min)
    args = sorted(atom.args, key=lambda arg: (not isinstance(arg, int), text(arg)))
    return f"{'max' if isinstance(atom, Max) else 'min'}({', '.join(text(arg) for arg in args)})", _ATOM


def _division(atom: FloorDiv | Remainder) -> Written:
    """Write a division; fractions in the numerator of a floor division move into the denominator."""
    if isinstance(atom, Remainder):
        top = atom.num
        if isinstance(atom.den, int):
            top = top + atom.den * (-constant_of(top) // atom.den)
        return f"{_inside(_written(top), _PRODUCT)} % {_inside(_written(atom.den), _ATOM)}", _PRODUCT
    num, scale, _ = named(atom.num)
    den, shrink, _ = named(atom.den)
    g = math.gcd(scale, shrink)
    num, den = num * (shrink // g), den * (scale // g)
    return f"{_inside(_written(num), _PRODUCT)}//{_inside(_written(den), _ATOM)}", _PRODUCT
