"""The zoo's graphs give the published models' numbers from the published models' weights."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import onnxruntime
import pytest

import archc
from archc.backends.onnx import Embedded, export, serialized
from archc.opdef import Param
from archc.weights import initial, stored_weights
from archc.weights.torch_state import find_model

ROOT = Path(__file__).parents[2]
REFERENCES = ROOT / "tests" / "reference"
MODELS: dict[str, tuple[str, str | None, dict[str, object]]] = {
    "alexnet": ("images/alexnet", None, {}),
    "vgg16": ("images/vgg", None, {}),
    "resnet18": ("images/resnet", None, {"variant": "resnet18"}),
    "resnet50": ("images/resnet", None, {"variant": "resnet50"}),
    "mobilenet_v2": ("images/mobilenet_v2", None, {}),
    "lenet5": ("images/lenet5", None, {}),
    "mlp": ("basics/mlp", None, {}),
    "unet": ("images/unet", None, {}),
    "unet_small": ("images/unet", None, {"variant": "unet_small"}),
    "unet2015": ("images/unet2015", None, {}),
    "dcgan_generator": ("generative/dcgan", "generator", {}),
    "dcgan_discriminator": ("generative/dcgan", "discriminator", {}),
    "conv_autoencoder": ("generative/conv_autoencoder", None, {}),
    "vae": ("generative/vae", None, {}),
}
SMALL = ("lenet5", "mlp", "unet_small", "vae", "conv_autoencoder")


def check() -> ModuleType:
    """Import the script that compares with the references; it finds its own helper beside it."""
    if str(REFERENCES) not in sys.path:
        sys.path.insert(0, str(REFERENCES))
    import check as script

    return script


def cases() -> list[object]:
    return [pytest.param(name, id=name, marks=() if name in SMALL else pytest.mark.slow) for name in MODELS]


@pytest.mark.parametrize("name", cases())
def test_numbers(name: str) -> None:
    script = check()
    reference = script.load(name, str(REFERENCES))
    path, model_name, options = MODELS[name]
    compiled, found = archc.check(ROOT / "specs" / f"{path}.yaml", **options)
    if compiled is None:
        pytest.skip(f"does not compile yet: {found[0].message}")
    program = compiled.program
    keys = [key for key, _ in stored_weights(find_model(program, model_name).module)]
    assert {key for key, _, _ in reference["state_dict"]} == set(keys)
    for case in reference["cases"]:
        filled = script.weights_of(reference, case["name"])

        def read(key: str, param: Param, filled: dict[str, np.ndarray] = filled) -> bytes:
            return (filled[key] if key in filled else initial(0, key, param)).tobytes()

        model = export(program, model_name, weights=Embedded(read))
        session = onnxruntime.InferenceSession(serialized(model))
        inputs = script.inputs_of(reference, case["name"])
        feed = dict(zip((value.name for value in session.get_inputs()), inputs.values(), strict=True))
        results = session.run(None, feed)
        outputs = dict(zip((output.name for output in session.get_outputs()), results, strict=True))
        named = script.named_outputs(reference, case["name"], outputs)
        failed = [line for line in script.compare_outputs(reference, case["name"], named) if not line["ok"]]
        assert not failed
