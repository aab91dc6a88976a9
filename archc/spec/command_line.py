"""Values of parameters that are given on a command line."""

from __future__ import annotations

from archc.source import Diagnostics, Source, Span
from archc.spec.limits import Limits
from archc.spec.tree import Scalar, Tree
from archc.spec.yaml_reader import read_yaml


def read_value(name: str, text: str) -> Tree:
    """Read `text` as YAML where it is a list, a mapping or quoted; else as the scalar that it is."""
    source = Source(f"-p {name}", text)
    plain = Scalar(text, True, Span(source, 0, len(text)))
    if not text.lstrip().startswith(("[", "{", '"', "'")):
        return plain
    return read_yaml(source, Diagnostics(), Limits()) or plain
