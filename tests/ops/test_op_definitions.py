"""What every op says of itself, held against PyTorch's signatures."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from archc import ops
from archc.elaborate.left_out import LEFT_OUT
from archc.opdef import Attr
from archc.ops.make_index import index_source

OPS = sorted(ops.names())
MODULES = {name.lower(): getattr(torch.nn, name) for name in dir(torch.nn) if name[0].isupper()}
OWN_WORDS = {
    "max_unpool1d": "`output_size`, which the module takes when it is called, is an attribute here",
    "max_unpool2d": "`output_size`, which the module takes when it is called, is an attribute here",
    "max_unpool3d": "`output_size`, which the module takes when it is called, is an attribute here",
    "buffer": "what is of the language, not of `nn.Buffer`",
    "parameter": "what is of the language, not of `nn.Parameter`",
    "multihead_attention": "what the module takes when it is called is an attribute here",
    "split": "`split_size` and `sections` in place of `split_size_or_sections`",
}


def signature_in_torch(name: str) -> inspect.Signature | None:
    """Give the signature of the module of an op's name, else of the function."""
    plain = name.replace("_", "")
    found = [MODULES[key] for key in (plain, f"{plain}2d", f"{plain}1d") if key in MODULES]
    found += [getattr(home, name) for home in (functional, torch) if hasattr(home, name)]
    for each in found:
        try:
            return inspect.signature(each)
        except ValueError:
            continue
    return None


def plain(value: object) -> object:
    """Write equal entries of a tuple once, as PyTorch's defaults are."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value


def test_the_index_is_current() -> None:
    assert (Path(ops.__file__).parent / "index.py").read_text() == index_source()


@pytest.mark.parametrize("name", OPS)
def test_defaults_are_those_of_pytorch(name: str) -> None:
    signature = signature_in_torch(name)
    if signature is None:
        return
    other = {}
    for attribute, declared in ops.find(name).attributes.items():
        theirs = signature.parameters.get(attribute)
        if theirs is None or declared.required or theirs.default is inspect.Parameter.empty:
            continue
        if plain(declared.default) != plain(theirs.default):
            other[attribute] = (declared.default, theirs.default)
    assert other == {}


@pytest.mark.parametrize("name", OPS)
def test_attributes_have_the_names_of_pytorch(name: str) -> None:
    signature = signature_in_torch(name)
    if name in OWN_WORDS or signature is None or {"args", "kwargs"} & set(signature.parameters):
        return
    attributes = set(ops.find(name).attributes)
    assert attributes - set(signature.parameters) == set()


SAID_OTHERWISE = {
    ("bias", "batch_norm"): "`affine` says it",
    ("bias", "group_norm"): "`affine` says it",
    ("bias", "instance_norm"): "`affine` says it",
    ("eps", "gumbel_softmax"): "PyTorch does not use it",
    ("tensor", "split"): "the input",
}


@pytest.mark.parametrize("name", OPS)
def test_what_pytorch_takes_is_an_attribute_or_has_a_reason(name: str) -> None:
    signature = signature_in_torch(name)
    if signature is None:
        return
    op = ops.find(name)
    known = {*op.attributes, *(each.name for each in op.input_list()), *LEFT_OUT, "args", "kwargs"}
    known |= {argument for argument, of in SAID_OTHERWISE if of == name}
    assert set(signature.parameters) - known == set()


@pytest.mark.parametrize("name", OPS)
def test_an_op_explains_itself(name: str) -> None:
    op = ops.find(name)
    assert (op.__doc__ or "").split("\n")[0].endswith((".", ")."))
    undocumented = [n for n, a in op.attributes.items() if isinstance(a, Attr) and not a.doc]
    assert undocumented == []
    assert op.examples
    assert len([a for a in op.attributes.values() if a.main]) <= 1
