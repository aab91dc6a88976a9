"""Hold PyTorch against ONNX Runtime, both against PyTorch in fp64, at several sizes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from archc.backends.deployed import Deployed
from archc.backends.folding import folded
from archc.backends.onnx import check_dims
from archc.ir.forms import call_inputs, form_name, form_without, without
from archc.ir.program import CallNode, Module, OpNode, Program, ScanNode
from archc.sizes import TensorType, evaluate
from archc.source import Record
from archc.verify.compare import distance
from archc.verify.eager import Eager, array, tensors, torch_name
from archc.verify.inputs import make_inputs
from archc.verify.locate import first_difference
from archc.verify.report import Check, Culprit, VerifyReport
from archc.verify.sampling import Sizes, points
from archc.verify.sessions import runtime, session
from archc.verify.subject import Classes, Subject, from_folder, in_memory
from archc.weights import Progress
from archc.weights.elements import Array

RUNNERS = ("onnxruntime", "onnxruntime, not optimised")
EAGER = "pytorch"

DIFFER = "the values differ"


class Runs(Record):
    """What the runners gave for one choice of sizes: eager's arrays and dtypes, the oracle's, ONNX's.

    `roundings` are the oracle's results with fp32's rounding errors, drawn only where something differs.
    """

    eager: tuple[tuple[Array, str], ...]
    oracle: tuple[Array, ...]
    onnx: tuple[tuple[str, tuple[Array, ...] | str], ...]
    roundings: tuple[tuple[Array, ...], ...] = ()


def verify(
    program: Program,
    directory: Path | str | None = None,
    *,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    left_out: Collection[str] | None = None,
    progress: Progress | None = None,
    deployed: Deployed | None = None,
) -> VerifyReport:
    """Verify a program, or a build of it in a folder.

    `sizes` fixes symbols; the others take several sizes each, drawn from what the program requires.
    A model with optional inputs is verified with and without them, or without those `left_out` alone; a
    build is as it was built. Where the program prepares its data, `deployed` is what it was taken from,
    and its classes are run. Raises SpecError where files are missing or ONNX Runtime is not installed.
    """
    runtime()
    program = folded(program)
    fixed = check_dims(program, sizes or {})
    checks: list[Check] = []
    culprits: list[Culprit] = []
    notes: list[str] = []
    for subject in _subjects(program, directory, seed, left_out, deployed):
        with subject as opened:
            found = _Model(program, opened, fixed, seed, progress).run()
        checks += found.checks
        culprits += found.culprits
        notes += found.notes
    return VerifyReport(tuple(checks), tuple(culprits), tuple(notes))


def _subjects(
    program: Program,
    directory: Path | str | None,
    seed: int,
    left_out: Collection[str] | None,
    deployed: Deployed | None,
) -> Iterator[contextlib.AbstractContextManager[Subject]]:
    """Give what is to be verified of each model: each of its forms, or the one that was built."""
    if left_out is not None:
        without(program, left_out)
    for model in program.models:
        classes = Classes(program, model, deployed)
        if directory is not None:
            yield from_folder(program, model, Path(directory), classes)
            continue
        forms = [{name for _, name in form.absent} for form in model.roots]
        for absent in forms if left_out is None else [set(left_out)]:
            yield in_memory(program, form_without(model, absent), seed, {}, classes)


class _Model:
    """The verification of one model."""

    def __init__(
        self,
        program: Program,
        subject: Subject,
        fixed: Mapping[str, int],
        seed: int,
        progress: Progress | None,
    ) -> None:
        self._program = program
        self._subject = subject
        self._fixed = {**fixed, **subject.fixed}
        self._seed = seed
        self._progress = progress
        self._module = subject.model.module
        self._eager = Eager(subject.module)
        self._random = random_values(self._module)

    def run(self) -> VerifyReport:
        """Check each output at each choice of sizes."""
        model = self._subject.model
        sessions = {
            RUNNERS[0]: _opened(self._subject, optimised=True),
            RUNNERS[1]: _opened(self._subject, optimised=False),
        }
        tried = points(model, self._fixed)
        checks: list[Check] = []
        for index, sizes in enumerate(tried):
            arrays = make_inputs(model, self._module.inputs, sizes, self._seed)
            runs = self._runs(arrays, sessions)
            found = self._checked(sizes, runs)
            if any(check.problem == DIFFER for check in found):
                found = self._checked(sizes, runs.replace(roundings=self._roundings(arrays)))
            checks += found
            if self._progress is not None:
                self._progress(f"verify {model.name}", index + 1, len(tried))
        failed = next((check for check in checks if not check.agrees), None)
        return VerifyReport(tuple(checks), self._culprit(failed), self._notes(tried))

    def _runs(self, arrays: Mapping[str, Array], sessions: Mapping[str, Any]) -> Runs:
        inputs = tensors(call_inputs(self._subject.model), arrays)
        single = self._eager.single(inputs)
        double = self._eager.double(inputs)
        onnx = []
        for name, opened in sessions.items():
            onnx.append((name, _onnx_results(opened, arrays)))
        eager = tuple((array(each), torch_name(each)) for each in single)
        return Runs(eager, tuple(array(each) for each in double), tuple(onnx))

    def _roundings(self, arrays: Mapping[str, Array]) -> tuple[tuple[Array, ...], ...]:
        draws = self._eager.roundings(tensors(call_inputs(self._subject.model), arrays))
        return tuple(tuple(array(each) for each in draw) for draw in draws)

    def _checked(self, sizes: Sizes, runs: Runs) -> list[Check]:
        checks = []
        for index, (name, value) in enumerate(self._module.outputs):
            random = value.name in self._random
            shape = tuple(evaluate(dim, sizes) for dim in value.type.shape)
            eager, dtype = runs.eager[index]
            problem = _mistyped(shape, value.type, eager.shape, dtype)
            checks.append(self._check(sizes, name, EAGER, problem))
            for runner, results in runs.onnx:
                if isinstance(results, str):
                    checks.append(self._check(sizes, name, runner, results))
                    continue
                result = results[index]
                problem = _mistyped(shape, value.type, result.shape, result.dtype.name)
                if problem or random or eager.shape != result.shape:
                    checks.append(self._check(sizes, name, runner, problem))
                    continue
                roundings = [draw[index] for draw in runs.roundings]
                far = distance(result, eager, runs.oracle[index], value.type.dtype, roundings)
                check = self._check(sizes, name, runner, "" if far.within else DIFFER)
                checks.append(check.replace(error=far.error, tolerance=far.tolerance, scale=far.scale))
        return checks

    def _check(self, sizes: Sizes, output: str, runner: str, problem: str) -> Check:
        name = form_name(self._subject.model)
        return Check(name, tuple(sizes.items()), output, runner, 0.0, math.inf, 0.0, problem)

    def _culprit(self, failed: Check | None) -> tuple[Culprit, ...]:
        if failed is None:
            return ()
        sizes = dict(failed.sizes)
        arrays = make_inputs(self._subject.model, self._module.inputs, sizes, self._seed)
        with contextlib.suppress(Exception):  # what cannot be taken apart leaves the checks as they are
            found = first_difference(self._program, self._subject, sizes, arrays)
            return () if found is None else (found,)
        return ()

    def _notes(self, tried: Sequence[Sizes]) -> tuple[str, ...]:
        name = self._subject.model.name
        notes = [
            f"`{name}`: the output `{output}` is random, so its shape alone was compared"
            for output, value in self._module.outputs
            if value.name in self._random
        ]
        return (*notes, *(() if tried else (f"`{name}`: no sizes that its requirements allow were found",)))


def _opened(subject: Subject, optimised: bool) -> Any:
    """Open a graph; the text of what is wrong where ONNX Runtime does not take it."""
    try:
        return session(subject.graph, subject.folder, optimised)
    except Exception as error:  # whatever the runtime raises is a disagreement
        return _refused(error)


def _onnx_results(opened: Any, arrays: Mapping[str, Array]) -> tuple[Array, ...] | str:
    if isinstance(opened, str):
        return opened
    known = {each.name for each in opened.get_inputs()}
    try:
        return tuple(opened.run(None, {name: value for name, value in arrays.items() if name in known}))
    except Exception as error:
        return _refused(error)


def _refused(error: Exception) -> str:
    return f"ONNX Runtime refuses: {str(error).strip().splitlines()[0]}"


def _mistyped(shape: Sequence[int], type_: TensorType, got: Sequence[int], dtype: str) -> str:
    if tuple(got) != tuple(shape):
        return f"the shape is {list(got)}, {list(shape)} was inferred"
    if dtype != type_.dtype.name and not (dtype == "float32" and type_.dtype.name == "bfloat16"):
        return f"the elements are {dtype}, {type_.dtype.name} was inferred"
    return ""


def random_values(module: Module) -> frozenset[str]:
    """Give the names of a module's values that depend on a random op."""
    return frozenset(_tainted(module, frozenset()))


def _tainted(module: Module, inputs: frozenset[str]) -> set[str]:
    tainted = set(inputs)
    for node in module.nodes:
        given = [value is not None and value.name in tainted for value in node.inputs]
        if isinstance(node, ScanNode):
            tainted.update(_tainted_steps(node, given))
        elif isinstance(node, CallNode):
            inner = frozenset(v.name for v, random in zip(node.module.inputs, given, strict=False) if random)
            inside = _tainted(node.module, inner)
            pairs = zip(node.outputs, node.module.outputs, strict=False)
            tainted.update(value.name for value, (_, result) in pairs if result.name in inside)
        elif any(given) or (isinstance(node, OpNode) and node.op.random):
            tainted.update(value.name for value in node.outputs)
    return tainted


def _tainted_steps(node: ScanNode, given: Sequence[bool]) -> Iterator[str]:
    """Give the values of a scan that depend on a random op: what one step taints, the next one reads."""
    inputs = {value.name for value, random in zip(node.module.inputs, given, strict=True) if random}
    while True:
        inside = _tainted(node.module, frozenset(inputs))
        random = [value.name in inside for _, value in node.module.outputs]
        carried = {node.module.inputs[position].name for position, output in node.states if random[output]}
        if carried <= inputs:
            break
        inputs |= carried
    every = [*random, *(random[output] for _, output in node.states)]
    return (value.name for value, is_random in zip(node.outputs, every, strict=True) if is_random)
