"""The live module is the text, executed: keys, values, training, compiling."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import interpreter
import pytest
import torch
from structures import structure

import archc
from archc.backends.pytorch import class_name, emit, load_module
from archc.ir.program import Model, Program, weights

HERE = Path(__file__).parent
SPECS = sorted((HERE / "specs").glob("*.yaml"))
ZOO = HERE.parents[1] / "specs"
SIZES = {"N": 2, "T": 5, "P": 3, "C": 3, "H": 32, "W": 32}


def inputs_of(model: Model) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = interpreter.shapes_of(model.module.inputs, SIZES)
    found = []
    for value, shape in zip(model.module.inputs, shapes, strict=True):
        floats = torch.randn(shape, generator=generator)
        dtype = getattr(torch, value.type.dtype.name)
        found.append(floats if value.type.dtype.is_float else (floats > -0.5).to(dtype))
    return found


def results_of(given: Any) -> list[torch.Tensor]:
    return list(given) if isinstance(given, tuple) else [given]


def compare(program: Program) -> None:
    """Compare a live module with the program, run node by node."""
    for model in program.models:
        module = load_module(program, model.name).eval()
        state = module.state_dict()
        wanted = {key: param.shape for key, param in weights(model.module) if param.persistent}
        assert {key: tuple(value.shape) for key, value in state.items()} == wanted
        inputs = inputs_of(model)
        with torch.no_grad():
            found = results_of(module(*inputs))
            expected = interpreter.run(model.module, state, inputs, SIZES)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


class Small(NamedTuple):
    """A network of the zoo with parameters that make it small."""

    spec: str
    variant: str | None
    parameters: dict[str, object]

    def program(self) -> Program:
        path = ZOO / f"{self.spec}.yaml"
        return archc.compile(path, variant=self.variant, **self.parameters).program


SMALL = {
    "unet_recursive": Small("images/unet_recursive", None, {"base": 4, "depth": 3}),
    "gpt2": Small("transformers/gpt2", "gpt2_small", {"drop": 0.0}),
    "bert": Small("transformers/bert", "bert_small", {}),
    "masked bert": Small("transformers/bert", "bert_small", {"masked": True}),
    "llama": Small("transformers/llama", "llama_small_tied", {}),
    "masked llama": Small("transformers/llama", "llama_small", {"masked": True}),
    "llama with a cache": Small("transformers/llama", "llama_small", {"cache": True}),
    "vit": Small("transformers/vit", "vit_small", {}),
}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_same_as_node_by_node(path: Path) -> None:
    compare(archc.compile(path).program)


@pytest.mark.parametrize("name", SMALL)
def test_the_zoo_is_the_same_as_node_by_node(name: str) -> None:
    compare(SMALL[name].program())


@pytest.mark.parametrize("seeds", [range(start, start + 20) for start in range(100, 200, 20)], ids=str)
def test_random_structures(seeds: range) -> None:
    for seed in seeds:
        compiled, _ = archc.check(json.dumps(structure(seed)) + "\n")
        if compiled is not None:
            compare(compiled.program)


def test_order_of_keys() -> None:
    program = archc.compile(ZOO / "images/resnet.yaml", variant="resnet18").program
    wanted = [key for key, _ in weights(program.models[0].module)]
    assert list(load_module(program).state_dict()) == wanted


def test_trains() -> None:
    torch.manual_seed(0)
    module = archc.load(HERE / "specs/loops.yaml")
    x, mask = torch.randn(4, 6, 8), torch.ones(4, 1, 6, dtype=torch.bool)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05)
    losses = []
    for _ in range(20):
        loss = module(x, mask).logits.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_dropout_and_batch_norm_know_training() -> None:
    module = archc.load(ZOO / "transformers/gpt.yaml", dim=12, heads=2, depth=1)
    ids = torch.zeros(1, 8, dtype=torch.int64)
    assert not torch.equal(module(ids), module(ids))
    module.eval()
    assert torch.equal(module(ids), module(ids))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["containers", "loops", "variants_of_a_block", *SMALL])
def test_compiles_and_exports(name: str) -> None:
    own = HERE / f"specs/{name}.yaml"
    program = SMALL[name].program() if name in SMALL else archc.compile(own).program
    module = load_module(program).eval()
    inputs = tuple(inputs_of(program.models[0]))
    expected = results_of(module(*inputs))
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    exported = torch.export.export(module, inputs).module()
    for found in (compiled(*inputs), exported(*inputs)):
        for one, other in zip(results_of(found), expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_initial_weights_are_the_specs() -> None:
    torch.manual_seed(0)
    gpt = archc.load(ZOO / "transformers/gpt.yaml", depth=8)
    state = gpt.state_dict()
    assert abs(state["token_embedding.weight"].std().item() - 0.02) < 0.002
    assert abs(state["blocks.3.expand.weight"].std().item() - 0.02) < 0.002
    assert abs(state["blocks.3.contract.weight"].std().item() - 0.02 / 16**0.5) < 0.0005
    assert state["blocks.3.contract.bias"].abs().max().item() == 0


def test_initial_weights_do_not_reach_into_layers() -> None:
    spec = {
        "name": "attention",
        "inputs": {"x": ["N", "T", 64]},
        "init": {"linear": {"weight": {"constant": 0.5}}},
        "layers": [
            {"name": "one", "linear": 64},
            {"name": "attn", "multihead_attention": {"num_heads": 2, "batch_first": True}},
            {"name": "two", "linear": 64},
        ],
    }
    state = archc.load(spec).state_dict()
    assert set(state["one.weight"].flatten().tolist()) == {0.5}
    assert len(set(state["attn.out_proj.weight"].flatten().tolist())) > 100


def test_names_of_classes() -> None:
    program = archc.compile(ZOO / "images/resnet.yaml").program
    assert class_name(program) == "Resnet"
    dcgan = archc.compile(ZOO / "generative/dcgan.yaml").program
    assert class_name(dcgan, "generator") == "Generator"
    with pytest.raises(ValueError, match="there is no model `critic`"):
        class_name(dcgan, "critic")


def test_model_names_the_only_class() -> None:
    assert emit(archc.compile(ZOO / "images/lenet5.yaml").program).endswith("\nModel = Lenet5\n")
    assert "Model =" not in emit(archc.compile(ZOO / "generative/dcgan.yaml").program).partition('"""\n')[2]


def test_forward_takes_inputs_by_their_names() -> None:
    module = archc.load(HERE / "specs/names.yaml")
    result = module(input=torch.randn(2, 4), F_=torch.randn(2, 4), nn_=torch.randn(2, 4))
    assert result._fields == ("count_", "index_", "private")


def test_a_traceback_shows_the_emitted_line() -> None:
    import traceback

    module = archc.load(ZOO / "images/lenet5.yaml")
    with pytest.raises(RuntimeError) as caught:
        module(torch.randn(1, 3, 28, 28))
    assert "self.conv1(image)" in "".join(traceback.format_tb(caught.value.__traceback__))


def test_layers_by_position_get_the_specs_initial_weights() -> None:
    text = """\
inputs: {x: [N, 3, H, W]}
init: {conv2d: {weight: ones}}
layers:
  - {name: a, unit: 4}
  - {name: b, unit: 5}
  - {name: other, conv2d: {out_channels: 2, kernel_size: 1}, init: {weight: zeros}}
blocks:
  unit:
    params: {out: int}
    layers:
      - {name: "0", conv2d: {out_channels: out, kernel_size: 1}}
      - {name: "1", batch_norm: }
      - relu
"""
    module = load_module(archc.compile(text).program)
    state = module.state_dict()
    assert {key: float(state[key].sum()) for key in ("a.0.weight", "b.0.weight", "other.weight")} == {
        "a.0.weight": 12, "b.0.weight": 20, "other.weight": 0
    }  # fmt: skip


SOMETIMES = """\
inputs: {x: [N, 4]}
layers:
  - {name: a, unit: 4}
  - {name: b, unit: 5}
  - {name: other, linear: 4}
blocks:
  unit:
    params: {out: int}
    inputs: {x: [N, D]}
    layers:
      - {name: fc, linear: out, init: {weight: ones}}
      - {name: skip, when: D != out, from: x, sequential: [{linear: out, init: {weight: ones}}], else: x}
      - add: [fc, skip]
"""


def test_a_layer_that_is_not_always_there_gets_its_initial_weights_where_it_is() -> None:
    state = archc.load(SOMETIMES).state_dict()
    sums = {key: float(state[key].sum()) for key in state if key.endswith("weight") and key[0] != "o"}
    assert sums == {"a.fc.weight": 16, "b.fc.weight": 20, "b.skip.0.weight": 20}
    assert archc.compile(SOMETIMES).to_pytorch().count("class Unit") == 1


DECIDED = """\
inputs: {x: [N, 4]}
layers:
  - {name: a, unit: {deep: true, wide: true, last: true}}
  - {name: b, unit: {deep: true, wide: true, last: false}}
blocks:
  unit:
    params: {deep: bool, wide: bool, last: bool}
    inputs: {x: [N, D]}
    layers:
      - {name: fc, linear: 4}
      - {name: more, when: deep and wide and last, linear: 4}
      - {name: yet, when: (deep and wide or last) and last and D == 4, linear: 4}
"""


def test_what_is_decided_is_not_asked_again() -> None:
    source = archc.compile(DECIDED).to_pytorch()
    assert source.count("if last else None") == 2
    assert "deep" not in source
    assert "4 ==" not in source
