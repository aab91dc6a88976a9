"""Specs as the plain data that validators of JSON Schema take."""

from __future__ import annotations

from archc.source import Diagnostics, Source
from archc.spec.limits import Limits
from archc.spec.tree import Scalar, Sequence, Tree
from archc.spec.yaml_reader import read_yaml


def data_of(text: str) -> object:
    """Give a text as dicts, lists and scalars; None where it is no YAML."""
    tree = read_yaml(Source("spec.yaml", text), Diagnostics(), Limits())
    return None if tree is None else _data(tree)


def _data(tree: Tree) -> object:
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [_data(item) for item in tree.items]
    return {entry.key.text: _data(entry.value) for entry in tree}
