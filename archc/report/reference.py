"""The reference as markdown, made from the op classes and the table of codes."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from archc import ops
from archc.opdef import Attr
from archc.report.op_examples import WorkedExample, worked_examples
from archc.report.op_page import bounds_text, default_text, description, input_texts, output_texts, shape_rule
from archc.report.standard import GENERATED, standard_page
from archc.report.torch_page import torch_page
from archc.source.codes import Explanation, all_codes

_CODE_FAMILIES = {
    "E01": "YAML text",
    "E02": "Structure and keys",
    "E03": "Names and references",
    "E04": "Shapes and sizes",
    "E05": "Element types and values",
    "E06": "Expressions and parameters",
    "E07": "Attributes of ops",
    "E08": "Limits",
    "E09": "Files, weights and outputs",
    "E10": "Training",
    "W01": "Warnings",
}


def page_names() -> tuple[str, ...]:
    """Give the paths of the pages below `docs/`."""
    return (
        "errors.md",
        "std.md",
        "torch.md",
        "ops/README.md",
        *(f"ops/{family}.md" for family in ops.families()),
    )


def page(name: str) -> str:
    """Give the text of a page."""
    if name == "errors.md":
        return errors_page()
    if name == "std.md":
        return standard_page()
    if name == "torch.md":
        return torch_page()
    return ops_index() if name == "ops/README.md" else family_page(Path(name).stem)


def ops_index() -> str:
    """Give the list of families and ops, with what each op does."""
    lines = [GENERATED, "", "# Ops", ""]
    lines += [f"{len(ops.names())} ops, by family. `archc ops NAME` shows the same page on a terminal.", ""]
    for family, names in ops.families().items():
        lines += [f"## [{_title(family)}]({family}.md)", "", "| op | |", "| --- | --- |"]
        lines += [f"| [`{name}`]({family}.md#{name}) | {_cell(summary(name))} |" for name in names]
        lines.append("")
    return "\n".join(lines)


def summary(name: str) -> str:
    """Give the first line of what an op says of itself."""
    return description(ops.find(name)).splitlines()[0]


def family_page(family: str) -> str:
    """Give the page of a family of ops."""
    intro = inspect.cleandoc(importlib.import_module(f"archc.ops.{family}").__doc__ or "")
    parts = [GENERATED, f"# {_title(family)}", intro]
    for name in ops.families()[family]:
        parts += _op_section(name)
    return "\n\n".join(parts) + "\n"


def errors_page() -> str:
    """Give the page of all diagnostic codes."""
    parts = [GENERATED, "# Errors and warnings"]
    parts.append(
        "Each diagnostic has a code; `archc explain CODE` shows the same text on a terminal. "
        "The wrong examples raise their code and the right ones compile: tests run them."
    )
    heading = ""
    for code, found in all_codes().items():
        if code[:3] != heading:
            heading = code[:3]
            parts.append(f"## {heading}xx: {_CODE_FAMILIES[heading]}")
        parts += _code_section(code, found)
    return "\n\n".join(parts) + "\n"


def _op_section(name: str) -> list[str]:
    op = ops.find(name)
    parts = [f"## {name}", description(op)]
    inputs, outputs = (", ".join(texts) for texts in (input_texts(op), output_texts(op)))
    parts.append(f"Takes: {inputs or 'nothing'}. Gives: {outputs}. Shapes: {shape_rule(op)}")
    if op.attributes:
        rows = [_attribute_row(attribute, declared) for attribute, declared in op.attributes.items()]
        parts.append("\n".join(["| attribute | is | default | |", "| --- | --- | --- | --- |", *rows]))
    for example in worked_examples(name):
        parts += _example_parts(example)
    return parts


def _attribute_row(name: str, declared: Attr) -> str:
    takes = ", ".join(part for part in (str(declared.kind), bounds_text(declared)) if part)
    default = "required" if declared.required else f"`{default_text(declared)}`"
    doc = declared.doc + (" (may be written alone)" if declared.main else "")
    return "| " + " | ".join([f"`{name}`", _cell(takes), _cell(default), _cell(doc)]) + " |"


def _example_parts(example: WorkedExample) -> list[str]:
    given = [f"# {name}: {type_}" for name, type_ in example.inputs]
    made = [f"# gives {name}: {type_}" for name, type_ in example.outputs]
    nodes = example.onnx()
    facts = ["ONNX cannot express it."]
    if nodes is not None:
        facts = [f"ONNX: {', '.join(f'`{each}`' for each in nodes) or 'nothing'}."]
    if example.requirements:
        facts.append(f"Requires {', '.join(f'`{each}`' for each in example.requirements)}.")
    if example.multiply_adds != "0":
        facts.append(f"Multiply-adds: `{example.multiply_adds}`.")
    return [
        "\n".join(["```yaml fragment", *given, f"- {example.layer}", *made, "```"]),
        "\n".join(["```python fragment", *example.pytorch, "```"]),
        " ".join(facts),
    ]


def _code_section(code: str, found: Explanation) -> list[str]:
    parts = [f"### {code}: {found.title}", found.text.strip()]
    if found.wrong is not None:
        parts.append(f"Wrong:\n\n{_fenced(found.wrong, f'yaml wrong {code}')}")
    if found.how:
        parts.append(found.how.strip())
    if found.right is not None:
        parts.append(f"Right:\n\n{_fenced(found.right, 'yaml')}")
    return parts


def _fenced(text: str, info: str) -> str:
    return f"```{info}\n{text.rstrip()}\n```"


def _title(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
