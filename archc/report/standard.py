"""The standard library as markdown, made from the files of `archc/std/`."""

from __future__ import annotations

from pathlib import Path

from archc import ops
from archc.source import Diagnostics, Source
from archc.spec.document import BlockDecl, InputDecl, ParamDecl
from archc.spec.document_reader import read_spec
from archc.spec.imports import STANDARD
from archc.spec.limits import Limits

GENERATED = "<!-- Made by `python docs/build.py` from archc itself; a test checks that it is current. -->"
_INTRODUCTION = (
    "Blocks that come with archc, written in its own language. A spec says `import: [std/convolution]` "
    "and uses them by name, or `import: {conv: std/convolution}` and uses `conv.conv_norm_act`."
)


def standard_page() -> str:
    """Give the page: for each file its blocks and what these take."""
    parts = [GENERATED, "# The standard library", _INTRODUCTION]
    parts += [part for path in sorted(STANDARD.glob("*.yaml")) for part in _file(path)]
    return "\n\n".join(parts) + "\n"


def _file(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    spec = read_spec(Source(path.name, text), Diagnostics(), Limits(), ops.names())
    assert spec is not None
    parts = [f"## std/{path.stem}", spec.doc]
    for block in spec.blocks.values():
        parts += _block(block)
    return parts


def _block(block: BlockDecl) -> list[str]:
    inputs = ", ".join(f"`{_input(each)}`" for each in block.inputs or ()) or "`x` of any shape"
    parts = [f"### {block.name}", block.doc, f"Takes: {inputs}."]
    if block.params:
        rows = [_parameter(each) for each in block.params]
        parts.append("\n".join(["| parameter | is | default | |", "| --- | --- | --- | --- |", *rows]))
    return parts


def _input(declared: InputDecl) -> str:
    shape = "" if declared.shape is None else f": [{', '.join(each.text for each in declared.shape)}]"
    dtype = "" if declared.dtype is None else f" {declared.dtype.text}"
    return f"{declared.name.text}{shape}{dtype}" + (" or nothing" if declared.optional else "")


def _parameter(declared: ParamDecl) -> str:
    default = "required"
    if declared.default is not None:
        default = f"`{declared.default.span.text}`"
    bound = "" if declared.min is None else f", from {declared.min.text}"
    return f"| `{declared.name}` | {declared.value_type}{bound} | {default} | {declared.doc} |"
