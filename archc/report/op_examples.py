"""An op's examples as one-layer specs, compiled: types, PyTorch lines, ONNX nodes, cost."""

from __future__ import annotations

import ast
import re

from archc import ops
from archc.elaborate.program import elaborate
from archc.ir.program import OpNode, Program
from archc.opdef import Example, Op
from archc.passes.pipeline import run_passes
from archc.report.drawing import number
from archc.source import Diagnostics, Record, Source, SpecError
from archc.spec.document_reader import read_spec
from archc.spec.limits import Limits

LAYER = "layer"
_LETTERS = "abcdefgh"
_SHAPE_COMMENT = re.compile(r"  # \[.*$")


class WorkedExample(Record):
    """One example of an op: what is written, and what comes of it.

    `inputs` and `outputs` are names and types; `pytorch` are the lines of the emitted constructor
    and `forward`.
    """

    layer: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    requirements: tuple[str, ...]
    pytorch: tuple[str, ...]
    program: Program

    @property
    def node(self) -> OpNode:
        """The op in the program."""
        return _layer_of(self.program)

    @property
    def multiply_adds(self) -> str:
        """The work of the op, as text."""
        node = self.node
        return number(node.op.multiply_adds(node.outputs[0].type, *node.types))

    def onnx(self) -> tuple[str, ...] | None:
        """Give the types of the nodes that the example becomes in ONNX, each once, in order.

        None where ONNX cannot express it.
        """
        from archc.backends.onnx import embedded

        try:
            nodes = embedded(self.program).graph.node
        except SpecError as error:
            if any(each.code != "E0905" for each in error.diagnostics):
                raise
            return None
        return tuple(dict.fromkeys(each.op_type for each in nodes))


def worked_examples(name: str) -> tuple[WorkedExample, ...]:
    """Compile the examples of an op."""
    op = ops.find(name)
    return tuple(_worked(op, example) for example in op.examples)


def _worked(op: type[Op], example: Example) -> WorkedExample:
    inputs = _inputs(op, example)
    item = _item(op, example, tuple(inputs))
    program = _compiled(_spec(item, inputs, "[" + LAYER + "]"))
    found = _layer_of(program).outputs
    fields = op.outputs or tuple(str(index) for index in range(len(found)))
    if len(found) > 1:
        chosen = ", ".join(f"{LAYER}_{field}: {LAYER}.{field}" for field in fields)
        program = _compiled(_spec(item, inputs, "{" + chosen + "}"))
    from archc.backends.pytorch import emit

    return WorkedExample(
        item,
        tuple(inputs.items()),
        tuple((field, str(value.type)) for field, value in zip(fields, found, strict=False)),
        tuple(each.text for each in program.models[0].requirements),
        pytorch_lines(emit(program)),
        program,
    )


def _inputs(op: type[Op], example: Example) -> dict[str, str]:
    given = example.inputs
    if isinstance(given, dict):
        return {_name(name): type_ for name, type_ in given.items()}
    declared = op.input_list()
    if not declared:
        return {"x": "[N, 8]"} if re.search(r"\bN\b", example.arguments) else {}
    if declared[-1].many or (op.combines and len(given) > len(declared)):
        return dict(zip(_LETTERS, given, strict=False))
    return {_name(each.name): type_ for each, type_ in zip(declared, given, strict=False)}


def _name(argument: str) -> str:
    return "x" if argument == "input" else argument


def _item(op: type[Op], example: Example, names: tuple[str, ...]) -> str:
    """Give the layer as it would be written: inputs under the op where it combines them."""
    parts = [f"name: {LAYER}"]
    arguments = example.arguments
    if op.combines and not arguments and len(names) > 1:
        arguments = f"[{', '.join(names)}]"
    elif isinstance(example.inputs, dict) and op.input_list() and not op.input_list()[-1].many:
        pairs = (f"{argument}: {_name(argument)}" for argument in example.inputs)
        parts.append(f"from: {{{', '.join(pairs)}}}")
    elif len(names) > 1 and not isinstance(example.inputs, dict):
        parts.append(f"from: [{', '.join(names)}]")
    return f"{{{', '.join(parts)}, {op.name}: {_quoted(arguments)}}}"


def _quoted(arguments: str) -> str:
    """Put a text with commas or brackets of its own in quotes, as a flow mapping needs."""
    plain = not arguments.startswith(("[", "{", '"', "'")) and any(c in arguments for c in ",[]{}")
    return f'"{arguments}"' if plain else arguments


def _spec(item: str, inputs: dict[str, str], outputs: str) -> str:
    lines = ["name: example", "inputs:" if inputs else "inputs: {}"]
    lines += [f'  {name}: "{type_}"' for name, type_ in inputs.items()]
    return "\n".join([*lines, "layers:", f"  - {item}", f"outputs: {outputs}", ""])


def _compiled(text: str) -> Program:
    """Compile a spec. Raises SpecError."""
    diagnostics = Diagnostics()
    spec = read_spec(Source("example", text), diagnostics, Limits(), ops.names())
    program = None if spec is None else elaborate(spec, diagnostics)
    if program is None:
        raise SpecError(tuple(diagnostics))
    return run_passes(program)


def _layer_of(program: Program) -> OpNode:
    nodes = program.models[0].module.nodes
    return next(node for node in nodes if isinstance(node, OpNode) and node.name == LAYER)


def pytorch_lines(source: str) -> tuple[str, ...]:
    """Give what the last class of an emitted file does: constructor, then `forward`, line by line.

    The class is the model. `return`, the tuple of several results and comments that tell shapes are
    left out.
    """
    classes = [each for each in ast.parse(source).body if isinstance(each, ast.ClassDef)]
    lines = source.splitlines()
    found: list[str] = []
    for method in classes[-1].body:
        if not isinstance(method, ast.FunctionDef):
            continue
        for statement in method.body:
            text = [line[8:] for line in lines[statement.lineno - 1 : statement.end_lineno]]
            if text != ["super().__init__()"] and not _only_returns(statement, bool(found)):
                found.extend(text)
    return tuple(_SHAPE_COMMENT.sub("", line).removeprefix("return ") for line in found)


def _only_returns(statement: ast.stmt, follows: bool) -> bool:
    """Say whether a statement only returns what the lines before it have computed."""
    value = statement.value if isinstance(statement, ast.Return) else None
    if isinstance(value, ast.Name):
        return follows
    return isinstance(value, ast.Call) and ast.unparse(value.func) == "ExampleOutput"
