"""Every name of PyTorch's has an answer: an op, another way to write it, or the reason why there is none."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn
from torch.nn import functional

import archc
from archc import ops
from archc.ops import torch_words
from archc.ops.torch_instead import INSTEAD, VISION
from archc.ops.torch_words import REASONS, answer, torch_names

LANGUAGE = {"sequential", "scan", "repeat", "blocks"}
"""Words of the language that an answer may point to."""


def public(home: object) -> list[str]:
    return [
        name for name in dir(home) if not name.startswith("_") and not inspect.ismodule(getattr(home, name))
    ]


def is_theirs(value: object) -> bool:
    return callable(value) and str(getattr(value, "__module__", None) or "torch").startswith("torch")


def names_in_torch() -> str:
    """Give the names as the file holds them."""
    classes = [name for name in public(nn) if is_theirs(getattr(nn, name))]
    functions = [
        name
        for name in public(functional)
        if is_theirs(getattr(functional, name)) and not inspect.isclass(getattr(functional, name))
    ]
    tensors = [name for name in public(torch) if callable(getattr(torch, name)) and name not in functions]
    answered = [name for name in tensors if answer(name) and not inspect.isclass(getattr(torch, name))]
    others = set(tensors) | set(functions)
    methods = [name for name in public(torch.Tensor) if name not in others and answer(name)]
    homes = {"nn": classes, "functional": functions, "torch": answered, "Tensor": methods}
    lines = [
        f"{home}.{name}"
        for home, found in homes.items()
        for name in sorted(found)
        if home in ("nn", "functional") or not name.endswith("_")
    ]
    return "\n".join([*lines, ""])


def test_the_names_are_those_of_pytorch(update_golden: bool) -> None:
    if update_golden:
        torch_words.NAMES.write_text(names_in_torch(), encoding="utf-8")
    assert torch_words.NAMES.read_text(encoding="utf-8") == names_in_torch()


@pytest.mark.parametrize("home", ["nn", "functional"])
def test_every_name_has_an_answer(home: str) -> None:
    assert [name for name in torch_names(home) if answer(name) is None] == []


def test_no_answer_hides_an_op() -> None:
    assert sorted((INSTEAD.keys() | REASONS.keys()) & ops.names()) == []
    assert sorted(INSTEAD.keys() & REASONS.keys()) == []
    assert [name for name in VISION if answer(name) is None] == []


@pytest.mark.parametrize(
    "text", sorted({each for text in INSTEAD.values() for each in re.findall(r"`(.*?)`", text)})
)
def test_what_an_answer_says_can_be_written(text: str) -> None:
    written = yaml.safe_load(text.replace("..", "x"))
    name, arguments = next(iter(written.items())) if isinstance(written, dict) else (written, None)
    if name in LANGUAGE:
        return
    op = ops.find(name)
    if isinstance(arguments, dict):
        assert set(arguments) <= set(op.attributes)
    elif arguments is not None and name != "expr":
        assert op.main() is not None


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("nn.Conv2d", "write `conv2d`"),
        ("Conv2d", "write `conv2d`"),
        ("torch.nn.functional.relu", "write `relu`"),
        ("F.relu", "write `relu`"),
        ("relu_", "write `relu`"),
        ("BatchNorm2d", "write `batch_norm`"),
        ("LazyLinear", "write `linear`"),
        ("nn.CrossEntropyLoss", "write `cross_entropy`"),
        ("torch.cat", "write `concat`"),
        ("view", "write `reshape`"),
        ("nn.Upsample", "write `interpolate`"),
        ("nonzero", "depends on the data"),
        ("nn.FractionalMaxPool2d", "random in evaluation"),
        ("torchvision.ops.StochasticDepth", "write `stochastic_depth`"),
        ("con2d", "did you mean `conv2d`"),
    ],
)
def test_a_name_of_pytorch_in_a_spec_is_answered(word: str, says: str) -> None:
    _, diagnostics = archc.check(f"inputs: {{x: [N, 3, 8, 8]}}\nlayers: [{{{word}: }}]\n")
    [error] = [each for each in diagnostics if each.severity == "error"]
    assert error.code == "E0301"
    assert says in " ".join([*error.help, *error.notes])


def test_the_page_has_a_row_for_every_name() -> None:
    page = (Path(archc.__file__).parents[1] / "docs" / "torch.md").read_text("utf-8")
    for home in ("nn", "functional"):
        assert [name for name in torch_names(home) if f"| `{name}` |" not in page] == []
