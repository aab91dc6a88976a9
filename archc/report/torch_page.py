"""The page that says what became of each of PyTorch's names."""

from __future__ import annotations

from archc.ops.torch_instead import VISION
from archc.ops.torch_words import answer, torch_names
from archc.report.standard import GENERATED

_INTRO = """\
What PyTorch calls things, and how they are written here. An op has the name of the function in \
`torch.nn.functional` or `torch`, and the attributes of the module, without what is inferred. Whoever \
writes another of these names in a spec is told what this page says of it. Nothing is done in place, so \
names that end in `_` are written without it."""

_SECTIONS = (
    ("torch.nn", "Every class of `torch.nn`.", "nn"),
    ("torch.nn.functional", "Every function of `torch.nn.functional`.", "functional"),
    ("torch", "Functions of tensors in `torch` that networks use.", "torch"),
    ("Methods", "Methods of a tensor that are no functions of `torch`.", "Tensor"),
)


def torch_page() -> str:
    """Give the page as markdown."""
    parts = [GENERATED, "# PyTorch's names", _INTRO]
    for title, intro, home in _SECTIONS:
        parts += _section(title, intro, torch_names(home))
    parts += _section("torchvision.ops", "Words of `torchvision.ops` that networks use.", VISION)
    return "\n\n".join(parts) + "\n"


def _section(title: str, intro: str, listed: tuple[str, ...]) -> list[str]:
    rows = [f"| `{name}` | {_said(name)} |" for name in listed]
    return [f"## {title}", intro, "\n".join(["| PyTorch | here |", "| --- | --- |", *rows])]


def _said(name: str) -> str:
    found = answer(name)
    assert found is not None, name
    return (found.instead or f"none: {found.reason}").replace("|", "\\|")
