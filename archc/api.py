"""The Python interface: compile a spec, look at it, take PyTorch and ONNX out of it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from archc import ops
from archc.elaborate.program import Choices, elaborate_models
from archc.ir.program import Program, requirements_of
from archc.passes.pipeline import run_passes
from archc.source import Diagnostic, Diagnostics, Source, SpecError
from archc.spec.document_reader import read_spec
from archc.spec.files import FileProblem, read_source
from archc.spec.limits import Limits

if TYPE_CHECKING:
    import onnx
    import torch

    from archc.backends.build import BuildResult
    from archc.backends.deployed import Deployed
    from archc.report.summary import Summary
    from archc.train.training import Training
    from archc.verify.report import VerifyReport
    from archc.weights import MapSource, Place, Report

Spec = str | os.PathLike[str] | Mapping[str, Any]


class Compiled:
    """A compiled spec.

    `program` is the typed IR; `diagnostics` are the warnings; `training` is the plan that the spec's
    `train` section gives, None where it has none; `deployed` is what `with_preprocess` made. What the
    methods return stands on its own: neither the source nor the graph needs archc.
    """

    def __init__(
        self,
        program: Program,
        diagnostics: tuple[Diagnostic, ...],
        training: Training | None = None,
        deployed: Deployed | None = None,
    ) -> None:
        self.program = program
        self.diagnostics = diagnostics
        self.training = training
        self.deployed = deployed

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.program.name

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models; one for most specs."""
        return tuple(model.name for model in self.program.models)

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the models require of their symbolic sizes: `H % 16 == 0`."""
        return tuple(dict.fromkeys(text for model in self.program.models for text in requirements_of(model)))

    def with_preprocess(self) -> Compiled:
        """Give the spec with the preparation of its data in front of its models: they take it as it comes.

        The weights are those of the plain models, by the same keys. Raises SpecError: E1010 and E1050
        where no data is prepared, E1051 where no input is known to be it.
        """
        from archc.backends.deployed import deploy

        if self.training is None:
            raise SpecError(
                [Diagnostic("E1010", "the spec has no `train` section, which says how data is prepared")]
            )
        deployed = deploy(self.program, *self.training.deployed())
        return Compiled(deployed.program, self.diagnostics, self.training, deployed)

    def text(self) -> str:
        """Give the program's canonical text: the typed IR, module by module."""
        from archc.ir.text import program_text

        return program_text(self.program)

    def to_pytorch(self) -> str:
        """Give the source text of `model.py`."""
        from archc.backends.pytorch import emit

        return emit(self.program) if self.deployed is None else self.deployed.source()

    def to_script(self, folder: str | None = None) -> str:
        """Give the source text of `train.py`: the loop that the `train` section describes.

        Paths of data are written as they are seen from the `folder` that it is to stand in. Raises
        SpecError: E1010 where there is no such section, E1032 where the text cannot say it.
        """
        from archc.train.script import script

        if self.training is None:
            raise SpecError([Diagnostic("E1010", "the spec has no `train` section")])
        return script(self.training, folder)

    def module(
        self,
        model: str | None = None,
        seed: int | None = None,
        *,
        weights: Place | None = None,
        weights_map: MapSource | None = None,
        partial: bool = False,
        convert_dtype: bool = False,
    ) -> torch.nn.Module:
        """Give a fresh `nn.Module`; with PyTorch's own random weights, archc's for a seed, or a file's.

        `weights` and what goes with it are as in `build`; what `partial` leaves at its initial value
        is that of `seed`, 0 by default, and is told by a UserWarning. Raises SpecError.
        """
        from archc.backends.pytorch import load_module

        module = load_module(self.program, model)
        if seed is None and weights is None and weights_map is None and not partial and not convert_dtype:
            return module
        from archc.backends.folding import folded
        from archc.weights import fill
        from archc.weights.torch_state import load_filling

        program = folded(self.program)
        filling = fill(program, seed or 0, weights, weights_map, partial=partial, convert=convert_dtype)
        load_filling(program, module, model, filling)
        if filling.report is not None and filling.report.left:
            warnings.warn(f"left at the initial value: {', '.join(filling.report.left)}", stacklevel=2)
        return module

    def compare_weights(self, weights: Place, weights_map: MapSource | None = None) -> Report:
        """Say how weights fit the models: what is matched, missing, unexpected, of another shape or type."""
        from archc.weights import match, open_mapped

        return match(self.program, open_mapped(weights, weights_map)[0])

    def to_onnx(
        self,
        model: str | None = None,
        *,
        opset: int = 20,
        dims: Mapping[str, int] | None = None,
        without: Collection[str] = (),
        seed: int = 0,
    ) -> onnx.ModelProto:
        """Give the ONNX graph of a model with weights from a seed embedded.

        `dims` fixes symbolic sizes, `without` names optional inputs that the graph lacks. Raises
        SpecError where the opset cannot say an op exactly.
        """
        from archc.backends.onnx import embedded

        sizes = dict(dims or {})
        return embedded(self.program, model, opset=opset, dims=sizes, left_out=without, seed=seed)

    def build(self, directory: str | os.PathLike[str], **options: Any) -> BuildResult:
        """Write `model.py`, `model.safetensors`, `model.onnx` and `manifest.json` into a folder.

        The options are those of `archc.backends.build.build`: among them `weights`, a file or folder
        to take the weights from, `weights_map`, `partial` and `convert_dtype`. Raises SpecError.
        """
        from archc.backends.build import TARGETS, build

        targets = tuple(options.pop("targets", TARGETS))
        beside = {"train.py": self.to_script(os.fspath(directory))} if "train" in targets else {}
        if beside:
            targets = tuple(dict.fromkeys(("pytorch", *(each for each in targets if each != "train"))))
        return build(
            self.program,
            os.fspath(directory),
            targets=targets,
            beside=beside,
            deployed=self.deployed,
            **options,
        )

    def without(self, *inputs: str) -> Compiled:
        """Give the same without some of the models' optional inputs. Raises SpecError (E0340)."""
        from archc.ir.forms import without

        return Compiled(without(self.program, inputs), self.diagnostics, self.training)

    def summary(self, **sizes: int) -> tuple[Summary, ...]:
        """Give rows and totals for each model; `sizes` puts numbers in place of symbols."""
        from archc.report.summary import summarize

        return summarize(self.program, sizes)

    def verify(self, seed: int = 0) -> VerifyReport:
        """Hold PyTorch against ONNX Runtime and an fp64 oracle, at several sizes."""
        from archc.verify import verify

        return verify(self.program, None, seed=seed, deployed=self.deployed)


def check(
    spec: Spec,
    parameters: Mapping[str, object] | None = None,
    *,
    variant: str | None = None,
    limits: Limits | None = None,
) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Compile a spec without raising: the result, None where it is wrong, and all diagnostics."""
    bounds = limits or Limits()
    try:
        source = _source(spec, bounds)
    except FileProblem as problem:
        return None, (problem.diagnostic,)
    except SpecError as error:
        return None, error.diagnostics
    return check_source(source, parameters, variant=variant, limits=bounds)


def check_source(
    source: Source,
    parameters: Mapping[str, object] | None = None,
    *,
    variant: str | None = None,
    limits: Limits | None = None,
) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """Compile a text that has been read, as `check` does."""
    bounds = limits or Limits()
    diagnostics = Diagnostics()
    typed = read_spec(source, diagnostics, bounds, ops.names())
    choices = Choices(dict(parameters or {}), variant)
    made = training = None
    if typed is not None and typed.complete:
        made = elaborate_models(typed, diagnostics, choices, bounds)
    if made is not None and typed is not None and typed.train is not None:
        from archc.train.compiling import compile_training

        training = compile_training(typed.train, made[1], made[0], diagnostics, choices)
    found = tuple(sorted(diagnostics, key=_order))
    if made is None or any(each.severity == "error" for each in found):
        return None, found
    return Compiled(run_passes(made[0]), found, training), found


def _order(diagnostic: Diagnostic) -> tuple[str, int]:
    return ("", -1) if diagnostic.span is None else (diagnostic.span.source.name, diagnostic.span.start)


def compile(  # noqa: A001 - the word for what it does; reached as `archc.compile`
    spec: Spec, *, variant: str | None = None, limits: Limits | None = None, **parameters: object
) -> Compiled:
    """Compile a spec: a path, YAML text, or the same as nested dicts and lists.

    Keyword arguments set the spec's parameters. Raises SpecError with every diagnostic where the
    spec is wrong; warnings are kept in the result's `diagnostics`.
    """
    compiled, found = check(spec, parameters, variant=variant, limits=limits)
    if compiled is None:
        raise SpecError(found)
    return compiled


def load(
    spec: Spec,
    *,
    model: str | None = None,
    variant: str | None = None,
    weights: Place | None = None,
    weights_map: MapSource | None = None,
    partial: bool = False,
    convert_dtype: bool = False,
    **parameters: object,
) -> torch.nn.Module:
    """Compile a spec and give the `nn.Module`: `archc.load("lenet5.yaml", classes=10)`.

    `weights` and what goes with it are as in `Compiled.module`.
    """
    compiled, found = check(spec, parameters, variant=variant)
    if compiled is None:
        raise SpecError(found)
    return compiled.module(
        model, weights=weights, weights_map=weights_map, partial=partial, convert_dtype=convert_dtype
    )


def _source(spec: Spec, limits: Limits) -> Source:
    if isinstance(spec, Mapping):
        from archc.spec.tree_from_data import source_from_data

        return source_from_data(spec, "<dict>")
    if isinstance(spec, str) and "\n" in spec:
        return Source("<text>", spec)
    return read_source(str(spec), limits)
