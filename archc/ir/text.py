"""The canonical text of a program: the same program gives the same text, whatever made it."""

from __future__ import annotations

from collections.abc import Iterator

from archc.ir.program import CallNode, Module, Node, OpNode, Program, ScanNode, Value, modules
from archc.opdef import Init, Param
from archc.sizes import Expr, text


def program_text(program: Program) -> str:
    """Give the text of a program: parameters, each module once, callees first, then the models.

    Modules are numbered where a block has several specialisations: `bottleneck.1`.
    """
    lines = [f"program {program.name}"]
    lines += [f"  parameter {name} = {_plain(value)}" for name, value in program.parameters]
    names = _Names()
    for model in program.models:
        for module in modules(*model.roots):
            if not names.known(module):
                lines += ["", *_module(module, names)]
    lines.append("")
    for model in program.models:
        lines.append(f"model {model.name} = @{names.of(model.module)}")
        for form in model.forms:
            absent = ", ".join(name for _, name in form.absent)
            lines.append(f"  without {absent} = @{names.of(form)}")
        lines += [f"  requires {each.text}" for each in model.requirements]
        lines += [f"  range {name} {_plain(low)}..{_plain(high)}" for name, (low, high) in model.ranges]
    return "\n".join(lines) + "\n"


class _Names:
    """Unique names for specialisations, in the order in which they are printed."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._counts: dict[str, int] = {}

    def known(self, module: Module) -> bool:
        return id(module) in self._names

    def of(self, module: Module) -> str:
        if id(module) not in self._names:
            count = self._counts.get(module.name, 0)
            self._counts[module.name] = count + 1
            self._names[id(module)] = f"{module.name}.{count}" if count else module.name
        return self._names[id(module)]


def _module(module: Module, names: _Names) -> Iterator[str]:
    arguments = [f"{name} = {_plain(value)}" for name, value in (*module.arguments, *module.sizes)]
    given = f"[{', '.join(arguments)}]" if arguments else ""
    inputs = ", ".join(_typed(value) for value in module.inputs)
    yield f"module @{names.of(module)}{given}({inputs}) {{"
    for node in module.nodes:
        yield f"  {_node(node, names)}"
    yield f"  return {', '.join(f'{name} = {value}' for name, value in module.outputs)}"
    yield "}"


def _typed(value: Value) -> str:
    return f"{value}: {value.type}"


def _node(node: Node, names: _Names) -> str:
    outputs = ", ".join(_typed(value) for value in node.outputs)
    if isinstance(node, ScanNode):
        return f"{outputs} = {node.name}: {_scan(node, names)}"
    shown = ["none" if value is None else str(value) for value in node.inputs]
    if isinstance(node, OpNode):
        words = ["" for _ in node.operands] + [f"{name} = " for name in node.supplied]
        shown = [word + value for word, value in zip(words, shown, strict=True)]
    inputs = ", ".join(shown)
    if isinstance(node, CallNode):
        shared = f" weights of {node.shares}" if node.shares else ""
        return f"{outputs} = {node.name}: @{names.of(node.module)}({inputs}){shared}"
    assert isinstance(node, OpNode)
    attributes = ", ".join(f"{name} = {_plain(value)}" for name, value in node.op.written_values.items())
    given = f"[{attributes}]" if attributes else ""
    tied = dict(node.tied)
    weights = "".join(f" {_param(param, tied.get(param.name))}" for param in node.params)
    shared = f" weights of {node.shares}" if node.shares else weights
    return f"{outputs} = {node.name}: {node.op.name}{given}({inputs}){shared}"


def _scan(node: ScanNode, names: _Names) -> str:
    carried = dict(node.states)
    inputs = []
    for position, (value, inner) in enumerate(zip(node.inputs, node.module.inputs, strict=True)):
        word = "over " if position in node.sequences else "state " if position in carried else ""
        goes_on = f" -> {node.module.outputs[carried[position]][0]}" if position in carried else ""
        inputs.append(f"{inner.name} = {word}{value}{goes_on}")
    how = f"axis = {node.axis}, length = {_plain(node.length)}{', reverse' * node.reverse}"
    shared = f" weights of {node.shares}" if node.shares else ""
    return f"scan[{how}] @{names.of(node.module)}({', '.join(inputs)}){shared}"


def _param(param: Param, owner: str | None) -> str:
    kind = "buffer" if param.buffer else "weight"
    value = _init(param.init) if owner is None else f"is {owner}"
    return f"{kind} {param.name or '.'}{list(param.shape)} {value}"


def _init(init: Init) -> str:
    return f"{init.name}({', '.join(f'{name} = {_plain(value)}' for name, value in init.arguments)})"


def _plain(value: object) -> str:
    if isinstance(value, Module):
        return f"@{value.name}"
    if isinstance(value, Init):
        return _init(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Expr):
        return text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_plain(each) for each in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_plain(each)}" for name, each in value.items()) + "}"
    return str(value) if not isinstance(value, str) else repr(value)
