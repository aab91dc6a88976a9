"""The page of the zoo's models: what each is, and how long its source is, beside the library's own."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import archc

SPECS = Path(__file__).parents[1] / "specs"

LIBRARY = {
    "alexnet": 35,
    "convnext": 201,
    "densenet": 138,
    "efficientnet": 244,
    "fcn": 206,
    "googlenet": 162,
    "inception_v3": 268,
    "mlp_mixer": 313,
    "mnasnet": 112,
    "mobilenet_v2": 191,
    "mobilenet_v3": 231,
    "r3d": 116,
    "regnet": 285,
    "resnet": 144,
    "shufflenet_v2": 104,
    "squeezenet": 70,
    "ssd300_vgg16": 152,
    "swin": 230,
    "vgg": 35,
    "vit_b_16": 230,
}
"""Lines of code, counted as ours, of the classes of torchvision 0.29.1 (for MLP-Mixer timm 1.0.31) whose
instances are in the model, with the classes of the same library that these inherit from. FCN counts `ResNet`,
which makes its backbone; SSD counts `SSDFeatureExtractorVGG`, its heads and `VGG`, and not what makes anchors
and picks boxes. Functions that only choose sizes are not counted."""

INTRODUCTION = """\
<!-- Made by docs/build.py: do not edit. -->

# The zoo

Every spec in `specs/`, with its default parameters. *Spec* is the length of the spec, *source* that of the
emitted `model.py`, in lines; *code* counts the lines of its classes and functions without blank lines,
comments and docstrings. *Library* counts in the same way the classes of the library whose keys the spec has,
torchvision 0.29.1 or, for MLP-Mixer, timm 1.0.31: all classes whose instances are in the model, and the
classes of that library that they inherit from. Those serve all sizes of a model, and the emitted source one.
FCN's number counts the `ResNet` of its backbone, and SSD's only what finds features and makes predictions;
VGG's lacks the function that makes its layers.

"""

HEAD = [
    "| spec | parameters | spec | source | code | library |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
]


def zoo_page() -> str:
    """Give the page: a table for each family."""
    parts = [INTRODUCTION]
    for family in sorted(path for path in SPECS.iterdir() if path.is_dir()):
        rows = [row(path) for path in sorted(family.glob("*.yaml"))]
        parts.append("\n".join([f"## {family.name.capitalize()}", "", *HEAD, *rows, "", ""]))
    return "".join(parts).rstrip() + "\n"


def row(path: Path) -> str:
    """Give the line of a spec."""
    compiled = archc.compile(path)
    source = compiled.to_pytorch()
    parameters = sum(each.parameters for each in compiled.summary())
    lengths = (
        len(path.read_text(encoding="utf-8").splitlines()),
        len(source.splitlines()),
        lines_of_code(source),
    )
    cells = [f"[{path.stem}](../specs/{path.parent.name}/{path.name})", f"{parameters:,}", *map(str, lengths)]
    return "| " + " | ".join([*cells, str(LIBRARY.get(path.stem, ""))]) + " |"


def lines_of_code(source: str) -> int:
    """Count the lines of classes and functions that are no blank line, comment or docstring."""
    wanted: set[int] = set()
    documented: set[int] = set()
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            wanted.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            documented.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    written: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent:
            written.update(range(token.start[0], token.end[0] + 1))
    return len(wanted & written - documented)
