"""Writes `torch_table.py`: `python -m archc.train.make_torch_table`, after a new PyTorch."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from pathlib import Path

_HEAD = '''\
"""Optimizers and schedules of PyTorch with their arguments; made by `python -m archc.train.make_torch_table`.

An argument is a kind and a default, None where it must be given. A kind is float, int, bool, ints,
text with its words, or floats with their number; `?` says that null will do.
"""

Arguments = dict[str, tuple[str, str | None]]
'''
WITHOUT = {
    "Optimizer": "the base class",
    "LBFGS": "evaluates the loss several times a step",
    "SparseAdam": "takes sparse gradients alone",
    "LRScheduler": "the base class",
    "_LRScheduler": "the base class",
    "LambdaLR": "takes a function",
    "MultiplicativeLR": "takes a function",
    "SequentialLR": "takes other schedules",
    "ChainedScheduler": "takes other schedules",
}
_SKIPPED = ("params", "optimizer", "last_epoch", "scale_fn")


def table_source() -> str:
    """Give the text of the file for the PyTorch that is installed."""
    import torch

    optimizers = _subclasses(vars(torch.optim).values(), torch.optim.Optimizer)
    schedules = _subclasses(vars(torch.optim.lr_scheduler).values(), torch.optim.lr_scheduler.LRScheduler)
    return "\n".join([_HEAD, *_table("OPTIMIZERS", optimizers), "", *_table("SCHEDULES", schedules), ""])


def _subclasses(found: Iterable[object], base: type) -> dict[str, type]:
    classes = [each for each in found if inspect.isclass(each) and issubclass(each, base)]
    return {each.__name__: each for each in classes if each.__name__ not in WITHOUT}


def _table(name: str, classes: dict[str, type]) -> list[str]:
    lines = [f"{name}: dict[str, Arguments] = {{"]
    for word in sorted(classes):
        lines.append(f'    "{word}": {{')
        for each in inspect.signature(classes[word]).parameters.values():
            if each.name not in _SKIPPED:
                default = "None" if each.default is inspect.Parameter.empty else f'"{each.default!r}"'
                lines.append(f'        "{each.name}": ("{_kind(each)}", {default.replace(chr(39), "")}),')
        lines.append("    },")
    return [*lines, "}"]


def _kind(parameter: inspect.Parameter) -> str:
    """Give the kind that an annotation says; the defaults tell whole numbers from others."""
    written = parameter.annotation
    text = (
        written.__name__ if isinstance(written, type) and not hasattr(written, "__args__") else str(written)
    )
    words = re.findall(r"'([a-z0-9_]+)'", text)
    optional = "?" if "None" in text and "float | None" not in text.partition("[")[2] else ""
    if words:
        return f"text:{'|'.join(words)}"
    if "Iterable[int]" in text:
        return "ints"
    if text.startswith("tuple["):
        return f"floats:{len(parameter.default)}"
    for kind in ("bool", "float", "int"):
        if re.search(rf"\b{kind}\b", text):
            return kind + optional
    return "text" + optional


def main() -> None:
    """Write the file."""
    (Path(__file__).parent / "torch_table.py").write_text(table_source(), encoding="utf-8")


if __name__ == "__main__":
    main()
