"""What is measured: a row gives a name, the measured figure, what it is compared with, and their ratio."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.measure import ROOT, best, cpu_of, size_of

RESNET = ROOT / "specs" / "images" / "resnet.yaml"
LENET = ROOT / "specs" / "images" / "lenet5.yaml"
DEPTH = 1000
# PyTorch's newer exporter needs a package of its own.
NEW = importlib.util.find_spec("onnxscript") is not None
EXPORTER = f"torch.onnx.export, {'torch.export' if NEW else 'TorchScript'}"


class Row(NamedTuple):
    """One measurement; figures are text with their unit."""

    what: str
    figure: str
    beside: str
    compared: str
    ratio: str


def rows() -> Iterator[Row]:
    """Measure everything, one row after another."""
    yield from command_line()
    yield from building()
    yield from exporting()
    yield from elaborating()


def _seconds(what: str, figure: float, beside: float, compared: str) -> Row:
    return Row(what, f"{figure * 1e3:,.1f} ms", f"{beside * 1e3:,.1f} ms", compared, f"{figure / beside:.2f}")


def command_line() -> Iterator[Row]:
    """Give the CPU that commands take, beside starting Python."""
    bare = cpu_of("-c", "pass")
    for command in ("validate", "summary"):
        whole = cpu_of("-m", "archc", command, str(LENET))
        above = f"{(whole - bare) * 1e3:,.1f} ms above"
        yield _seconds(f"archc {command} lenet5, CPU", whole, bare, f"python -c pass ({above})")


def building() -> Iterator[Row]:
    """Give the time of a whole build, beside writing its weights alone."""
    import archc
    from archc.weights import initial_chunks, layout, stored_weights, write

    program = archc.compile(RESNET, variant="resnet50").program
    params = dict(stored_weights(program.models[0].module))
    plan = layout(params)
    with tempfile.TemporaryDirectory() as made:

        def weights() -> None:
            write(Path(made) / "alone.safetensors", plan, lambda key: initial_chunks(0, key, params[key]))

        def build() -> None:
            compiled = archc.compile(RESNET, variant="resnet50")
            compiled.build(Path(made) / "built", targets=("onnx",))

        alone = best(weights)
        yield _seconds("compile and build ResNet-50 to ONNX", best(build), alone, "writing its weights alone")


def exporting() -> Iterator[Row]:
    """Give archc's export beside PyTorch's, of the same module: time and size."""
    import torch

    import archc

    torch.set_num_threads(1)
    for name, options in (("resnet18", {"variant": "resnet18"}), ("resnet50", {"variant": "resnet50"})):
        compiled = archc.compile(RESNET, **options)  # type: ignore[arg-type]
        module = compiled.module(seed=0).eval()
        with tempfile.TemporaryDirectory() as made:
            ours, theirs = Path(made) / "ours", Path(made) / "theirs"
            theirs.mkdir()

            def build(target: Path = ours, options: dict[str, str] = options) -> None:
                archc.compile(RESNET, **options).build(target, targets=("onnx",))  # type: ignore[arg-type]

            def export(target: Path = theirs, module: torch.nn.Module = module) -> None:
                x = torch.zeros(2, 3, 224, 224)
                symbols = (
                    {"dynamic_shapes": ({0: torch.export.Dim("N")},)} if NEW else {"dynamic_axes": {"x": [0]}}
                )
                with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                    warnings.simplefilter("ignore")
                    place = str(target / "model.onnx")
                    torch.onnx.export(module, (x,), place, dynamo=NEW, input_names=["x"], **symbols)

            beside = best(export, turns=1)
            yield _seconds(f"compile and build {name}", best(build), beside, EXPORTER)
            one, other = size_of(ours), size_of(theirs)
            yield Row(f"bytes of {name}", f"{one:,}", f"{other:,}", EXPORTER, f"{one / other:.2f}")


def elaborating() -> Iterator[Row]:
    """Give the time of compiling many layers, beside a tenth of them: 10 is linear."""
    import archc

    equal = "name: deep\ninputs: {x: [N, 8]}\nlayers:\n  - {name: h, block: {width: 8}, repeat: %d}\n" + BLOCK
    unequal = equal.replace("width: 8", "width: 8 + i")
    for what, text in (("equal", equal), ("unequal", unequal)):
        few = best(lambda text=text: archc.compile(text % (DEPTH // 10)))  # type: ignore[misc]
        many = best(lambda text=text: archc.compile(text % DEPTH))  # type: ignore[misc]
        yield _seconds(f"compile {DEPTH:,} {what} blocks", many, few, f"{DEPTH // 10} of them")


BLOCK = """\
blocks:
  block:
    params: {width: int}
    layers:
      - {name: norm, layer_norm: }
      - {name: fc, linear: width}
      - relu
"""
