"""What a spec requires of its sizes is what PyTorch needs: neither more nor less."""

from __future__ import annotations

import pytest
import torch
import yaml
from zoo_specs import SPECS

import archc
from archc.backends.onnx.fixing import solution_of
from archc.sizes import evaluate

torch.set_num_threads(1)

# Small ones of the same kinds, so that every size can be tried.
CASES = {
    "unet": ({"features": 2}, 3, range(1, 66)),
    "detector": ({"width": 4, "pyramid": 4, "classes": 1}, 3, range(1, 132)),
    "unet2015": ({"features": 2}, 1, range(150, 240)),
    "mobilenet_v2": ({"width": 0.1, "classes": 2}, 3, range(1, 40)),
}


def tried(compiled: archc.Compiled, module: torch.nn.Module, channels: int, h: int, w: int) -> str:
    """Say whether a size is within the requirements, and whether PyTorch gives what is inferred."""
    allowed = solution_of(compiled.program.models[0]).allows({"N": 1, "H": h, "W": w})
    try:
        with torch.no_grad():
            found = module(torch.zeros(1, channels, h, w))
    except RuntimeError:
        return "right" if not allowed else f"{h} x {w} is allowed and fails"
    outputs = list(found) if isinstance(found, tuple) else [found]
    values = [value for _, value in compiled.program.models[0].module.outputs]
    sizes = {"N": 1, "H": h, "W": w}
    same = [
        tuple(each.shape) == tuple(evaluate(dim, sizes) for dim in value.type.shape)
        for each, value in zip(outputs, values, strict=True)
    ]
    if allowed:
        return "right" if all(same) else f"{h} x {w} gives other shapes than were inferred"
    # Where a size of 1 meets another one, PyTorch broadcasts by accident, and the shapes tell.
    return "right" if not all(same) else f"{h} x {w} works and is not allowed"


@pytest.mark.parametrize("name", CASES)
def test_sizes_that_are_allowed_are_those_that_work(name: str) -> None:
    parameters, channels, sizes = CASES[name]
    compiled = archc.compile(SPECS / "images" / f"{name}.yaml", **parameters)
    module = compiled.module(seed=0).eval()
    largest = max(sizes)
    legal = next(
        s for s in reversed(sizes) if solution_of(compiled.program.models[0]).allows({"N": 1, "H": s, "W": s})
    )
    verdicts = {tried(compiled, module, channels, size, legal) for size in sizes}
    verdicts |= {
        tried(compiled, module, channels, legal, size) for size in (*sizes[:3], largest - 1, largest)
    }
    assert verdicts == {"right"}


def with_dims(**facts: dict[str, int]) -> archc.Compiled:
    data = yaml.safe_load((SPECS / "images" / "unet.yaml").read_text(encoding="utf-8"))
    return archc.compile({**data, "dims": facts})


def test_a_spec_may_declare_less_than_what_works_but_not_more() -> None:
    narrowed = with_dims(H={"multiple_of": 32, "max": 512}, W={"multiple_of": 16})
    stated = ("H % 32 == 0", "H <= 512", "W % 16 == 0")
    assert narrowed.requirements == stated
    assert narrowed.summary()[0].requirements == stated
    assert "    H % 32 == 0\n    H <= 512\n    W % 16 == 0\n" in narrowed.to_pytorch()
    assert {each.key: each.value for each in narrowed.to_onnx().metadata_props}["requirements"] == "; ".join(
        stated
    )
    fixed = narrowed.to_onnx(dims={"H": 64})
    assert {each.key: each.value for each in fixed.metadata_props}["requirements"] == "W % 16 == 0"
    with pytest.raises(archc.SpecError, match=r"E0414 the model needs `H % 16 == 0`"):
        with_dims(H={"multiple_of": 8})
