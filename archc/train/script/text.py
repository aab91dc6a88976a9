"""The text of `train.py`: imports, constants, the source of the data, the steps, `main`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence

from archc.backends.pytorch.classes import Plan
from archc.backends.pytorch.emit import parts
from archc.source import Diagnostic, SpecError
from archc.train.script.loop import loop_lines
from archc.train.script.naming import Naming
from archc.train.script.setup import setup_lines
from archc.train.training import Training

WIDTH = 88
_FOLLOW = '''\
def follow(averaged: nn.Module, model: nn.Module) -> None:
    """Move averaged weights towards a model's own."""
    with torch.no_grad():
        own = model.state_dict()
        for key, kept in averaged.state_dict().items():
            if kept.is_floating_point():
                kept.lerp_(own[key], 1 - EMA_DECAY)
            else:
                kept.copy_(own[key])'''
_ADD = '''\
def add(totals: dict[str, float], name: str, value: Tensor, times: int = 1) -> None:
    """Add what was measured to its total."""
    totals[name] = totals.get(name, 0.0) + times * float(value.detach())'''
_GROUPED = '''\
def grouped(weights: dict[str, nn.Parameter]) -> list[dict[str, object]]:
    """Give groups of parameters by glob, each with its settings; frozen ones are left out."""
    groups: dict[str, list[nn.Parameter]] = {}
    for key, weight in weights.items():
        if any(fnmatchcase(key, pattern) for pattern in FROZEN):
            weight.requires_grad_(False)
        else:
            first = next((each for each in GROUPS if fnmatchcase(key, each)), "")
            groups.setdefault(first, []).append(weight)
    return [{"params": some, **GROUPS.get(each, {})} for each, some in groups.items()]'''


def script(training: Training, folder: str | None = None) -> str:
    """Give the text of `train.py`, which stands beside `model.py` and its weights.

    Paths of data are written as they are seen from the `folder` that it stands in. Raises SpecError: E1032
    for what it does not say, and where the data is not there.
    """
    _refuse(training)
    naming = Naming(training)
    settings = training.settings
    code = [inspect.getsource(type(training.data.source).maker).rstrip(), *_own_parts(training)]
    code.append(_ADD)
    code += [_FOLLOW] if settings.ema else []
    code += [_GROUPED] if settings.freeze or settings.groups else []
    code.append("\n".join(_main(training, naming, folder)))
    body = "\n\n\n".join(code)
    head = [*_docstring(training), "", *_imports(body, naming), "", *_constants(training)]
    end = 'if __name__ == "__main__":\n    main()'
    return "\n".join(head) + f"\n\n\n{body}\n\n\n{end}\n"


def _refuse(training: Training) -> None:
    settings = training.settings
    why = ""
    if settings.precision == "float16":
        why = "`precision: float16` needs a scaler of gradients"
    if len({decay for _, decay in settings.ema}) > 1:
        why = "several averages with different decays"
    if why:
        raise SpecError([Diagnostic("E1032", f"`train.py` does not hold this: {why}", training.span)])


def _docstring(training: Training) -> list[str]:
    trained = "trained.safetensors" if len(training.models) == 1 else "trained_*.safetensors"
    return [
        f'"""Train `{training.program.name}`: the loop that its spec describes, in PyTorch alone.',
        "",
        f"It starts from the weights beside it, and writes what it learned as `{trained}`.",
        '"""',
    ]


def _own_parts(training: Training) -> Iterator[str]:
    """Give the classes of the steps, which `model.py` does not have."""
    known = {tuple(part) for part in parts(Plan(training.plain_program()))}
    for part in parts(Plan(training.program)):
        if tuple(part) not in known:
            yield "\n".join(part)


def _imports(code: str, naming: Naming) -> Iterator[str]:
    tree = ast.parse(code)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    standard = ["import copy"] if "copy.deepcopy(" in code else []
    standard += ["import math"] if "math" in used else []
    standard += ["from fnmatch import fnmatchcase"] if "fnmatchcase" in used else []
    standard += ["from typing import NamedTuple"] if "NamedTuple" in used else []
    yield from (*standard, *([""] if standard else []))
    yield from ("import numpy as np", "import torch")
    if "F" in used:
        yield "import torch.nn.functional as F"
    yield "from safetensors.torch import load_model, save_model"
    yield f"from torch import {', '.join(word for word in ('Tensor', 'nn') if word in used)}"
    yield ""
    yield from _from_model(sorted(used & _defined(naming), key=_import_order))


def _import_order(word: str) -> tuple[bool, str]:
    return not word[0].isupper(), word


def _from_model(names: Sequence[str]) -> list[str]:
    together = f"from model import {', '.join(names)}"
    if len(together) <= WIDTH:
        return [together]
    return ["from model import (", *(f"    {name}," for name in names), ")"]


def _defined(naming: Naming) -> set[str]:
    text = "\n".join("\n".join(part) for part in parts(Plan(naming.plain)))
    return {each.name for each in ast.parse(text).body if isinstance(each, ast.ClassDef | ast.FunctionDef)}


def _constants(training: Training) -> Iterator[str]:
    settings = training.settings
    yield f"SEED = {settings.seed}"
    yield f"BATCH_SIZE = {training.data.batch_size}"
    if settings.epochs is not None:
        yield f"EPOCHS = {settings.epochs}"
    if settings.max_steps is not None:
        yield f"MAX_STEPS = {settings.max_steps}"
    if settings.ema:
        yield f"EMA_DECAY = {settings.ema[0][1]}"
    if settings.freeze or settings.groups:
        yield f"FROZEN: tuple[str, ...] = {_tuple(settings.freeze)}"
        yield "GROUPS: dict[str, dict[str, object]] = {"
        for group in settings.groups:
            own = ", ".join(f"{_quoted(name)}: {value!r}" for name, value in group.settings.items())
            yield f"    {_quoted(group.pattern)}: {{{own}}},"
        yield "}"


def _tuple(words: Sequence[str]) -> str:
    inside = ", ".join(_quoted(word) for word in words)
    return f"({inside},)" if len(words) == 1 else f"({inside})"


def _quoted(word: str) -> str:
    escaped = word.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{escaped}"'


def _main(training: Training, naming: Naming, folder: str | None) -> Iterator[str]:
    yield "def main() -> None:"
    yield '    """Train, print what is measured, and write the weights."""'
    yield from setup_lines(training, naming, folder)
    yield from loop_lines(training, naming)
