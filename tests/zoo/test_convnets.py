"""Published image models of the zoo have the published keys, and their numbers under these.

torchvision and timm are not needed: each model is written here once more, in plain functions of
`torch.nn.functional` over a state dict with the published keys. A model passes when it gives the same
numbers and every one of its keys was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the usual name
from zoo_specs import SPECS

import archc

torch.set_num_threads(1)


class State:
    """A state dict that knows which of its keys were asked for."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> Tensor:
        self.used.add(key)
        return self.tensors[key]

    def has(self, prefix: str) -> bool:
        return any(key.startswith(f"{prefix}.") for key in self.tensors)

    def bias(self, name: str) -> Tensor | None:
        return self[f"{name}.bias"] if f"{name}.bias" in self.tensors else None

    def conv(self, x: Tensor, name: str, stride: int = 1, pad: int = -1) -> Tensor:
        """Convolve, in as many groups as the weight says; the padding keeps the size where none is given."""
        weight = self[f"{name}.weight"]
        padding = [side // 2 if pad < 0 else pad for side in weight.shape[2:]]
        return F.conv2d(x, weight, self.bias(name), stride, padding, groups=x.shape[1] // weight.shape[1])

    def norm(self, x: Tensor, name: str, eps: float = 1e-5) -> Tensor:
        self.used.add(f"{name}.num_batches_tracked")
        mean, var = self[f"{name}.running_mean"], self[f"{name}.running_var"]
        return F.batch_norm(x, mean, var, self[f"{name}.weight"], self[f"{name}.bias"], eps=eps)

    def layer_norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self[f"{name}.weight"], self[f"{name}.bias"], 1e-6)

    def linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self[f"{name}.weight"], self.bias(name))


def pooled(x: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(x, 1).flatten(1)


def densenet(state: State, x: Tensor, depths: tuple[int, ...] = (6, 12, 24, 16)) -> Tensor:
    x = F.relu(state.norm(state.conv(x, "features.conv0", 2), "features.norm0"))
    x = F.max_pool2d(x, 3, 2, 1)
    for block, depth in enumerate(depths, 1):
        features = [x]
        for layer in range(1, depth + 1):
            at = f"features.denseblock{block}.denselayer{layer}"
            y = state.conv(F.relu(state.norm(torch.cat(features, 1), f"{at}.norm1")), f"{at}.conv1")
            features.append(state.conv(F.relu(state.norm(y, f"{at}.norm2")), f"{at}.conv2"))
        x = torch.cat(features, 1)
        if block < len(depths):
            at = f"features.transition{block}"
            x = F.avg_pool2d(state.conv(F.relu(state.norm(x, f"{at}.norm")), f"{at}.conv"), 2, 2)
    return state.linear(pooled(F.relu(state.norm(x, "features.norm5"))), "classifier")


Activation = Callable[[Tensor], Tensor]


def squeeze(state: State, x: Tensor, at: str, inner: Activation, outer: Activation) -> Tensor:
    y = inner(state.conv(F.adaptive_avg_pool2d(x, 1), f"{at}.fc1"))
    return outer(state.conv(y, f"{at}.fc2")) * x


def inverted(
    state: State,
    x: Tensor,
    at: str,
    stride: int,
    act: Activation,
    gate: tuple[Activation, Activation],
    eps: float,
) -> Tensor:
    """Expand, filter, squeeze and project, as far as there are weights for it."""
    parts = sum(state.has(f"{at}.block.{part}") for part in range(4))
    squeezed = next((p for p in range(parts) if state.has(f"{at}.block.{p}.fc1")), -1)
    filtered = parts - (3 if squeezed >= 0 else 2)
    y = x
    for part in range(parts):
        here = f"{at}.block.{part}"
        if part == squeezed:
            y = squeeze(state, y, here, *gate)
            continue
        depthwise = part == filtered
        y = state.norm(state.conv(y, f"{here}.0", stride if depthwise else 1), f"{here}.1", eps)
        y = y if part == parts - 1 else act(y)
    return x + y if stride == 1 and x.shape == y.shape else y


SMALL = ([2, 2, 1, 2, 1, 1, 1, 1, 2, 1, 1], 3)
LARGE = ([1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1], 6)


def mobilenet_v3(state: State, x: Tensor, strides: list[int], plain: int) -> Tensor:
    x = F.hardswish(state.norm(state.conv(x, "features.0.0", 2), "features.0.1", 1e-3))
    gate = (F.relu, F.hardsigmoid)
    for block, stride in enumerate(strides):
        act = F.relu if block < plain else F.hardswish
        x = inverted(state, x, f"features.{block + 1}", stride, act, gate, 1e-3)
    last = f"features.{len(strides) + 1}"
    x = F.hardswish(state.norm(state.conv(x, f"{last}.0"), f"{last}.1", 1e-3))
    return state.linear(F.hardswish(state.linear(pooled(x), "classifier.0")), "classifier.3")


def efficientnet(state: State, x: Tensor, eps: float = 1e-5) -> Tensor:
    x = F.silu(state.norm(state.conv(x, "features.0.0", 2), "features.0.1", eps))
    for stage, step in enumerate((1, 2, 2, 2, 1, 2, 1), 1):
        block = 0
        while state.has(f"features.{stage}.{block}"):
            stride = step if block == 0 else 1
            at = f"features.{stage}.{block}"
            x = inverted(state, x, at, stride, F.silu, (F.silu, torch.sigmoid), eps)
            block += 1
    x = F.silu(state.norm(state.conv(x, "features.8.0"), "features.8.1", eps))
    return state.linear(pooled(x), "classifier.1")


def channels_last(state: State, x: Tensor, name: str) -> Tensor:
    return state.layer_norm(x.permute(0, 2, 3, 1), name).permute(0, 3, 1, 2)


def convnext(state: State, x: Tensor) -> Tensor:
    x = channels_last(state, state.conv(x, "features.0.0", 4, pad=0), "features.0.1")
    for stage in range(1, 8, 2):
        if stage > 1:
            at = f"features.{stage - 1}"
            x = state.conv(channels_last(state, x, f"{at}.0"), f"{at}.1", 2, pad=0)
        block = 0
        while state.has(f"features.{stage}.{block}"):
            at = f"features.{stage}.{block}"
            y = state.conv(x, f"{at}.block.0").permute(0, 2, 3, 1)
            y = F.gelu(state.linear(state.layer_norm(y, f"{at}.block.2"), f"{at}.block.3"))
            x = x + state[f"{at}.layer_scale"] * state.linear(y, f"{at}.block.5").permute(0, 3, 1, 2)
            block += 1
    x = channels_last(state, F.adaptive_avg_pool2d(x, 1), "classifier.0").flatten(1)
    return state.linear(x, "classifier.2")


def squeezenet(state: State, x: Tensor, fires: tuple[int, ...], pools: tuple[int, ...]) -> Tensor:
    x = F.relu(state.conv(x, "features.0", 2, pad=0))
    for place in range(2, fires[-1] + 1):
        if place in pools:
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        if place in fires:
            at = f"features.{place}"
            x = F.relu(state.conv(x, f"{at}.squeeze"))
            x = F.relu(torch.cat([state.conv(x, f"{at}.expand1x1"), state.conv(x, f"{at}.expand3x3")], 1))
    return pooled(F.relu(state.conv(x, "classifier.1")))


def shuffled(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def shufflenet_v2(state: State, x: Tensor) -> Tensor:
    x = F.relu(state.norm(state.conv(x, "conv1.0", 2), "conv1.1"))
    x = F.max_pool2d(x, 3, 2, 1)
    for stage, count in ((2, 4), (3, 8), (4, 4)):
        for unit in range(count):
            at, stride = f"stage{stage}.{unit}", 2 if unit == 0 else 1
            one, two = (x, x) if stride == 2 else x.chunk(2, 1)
            if stride == 2:
                one = state.norm(state.conv(one, f"{at}.branch1.0", 2), f"{at}.branch1.1")
                one = F.relu(state.norm(state.conv(one, f"{at}.branch1.2"), f"{at}.branch1.3"))
            two = F.relu(state.norm(state.conv(two, f"{at}.branch2.0"), f"{at}.branch2.1"))
            two = state.norm(state.conv(two, f"{at}.branch2.3", stride), f"{at}.branch2.4")
            two = F.relu(state.norm(state.conv(two, f"{at}.branch2.5"), f"{at}.branch2.6"))
            x = shuffled(torch.cat([one, two], 1))
    x = F.relu(state.norm(state.conv(x, "conv5.0"), "conv5.1"))
    return state.linear(x.mean([2, 3]), "fc")


def googlenet(state: State, x: Tensor) -> Tensor:
    def conv(x: Tensor, at: str, stride: int = 1) -> Tensor:
        return F.relu(state.norm(state.conv(x, f"{at}.conv", stride), f"{at}.bn", 1e-3))

    x = F.max_pool2d(conv(x, "conv1", 2), 3, 2, ceil_mode=True)
    x = F.max_pool2d(conv(conv(x, "conv2"), "conv3"), 3, 2, ceil_mode=True)
    for name in ("3a", "3b", "pool", "4a", "4b", "4c", "4d", "4e", "pool2", "5a", "5b"):
        if name.startswith("pool"):
            x = F.max_pool2d(x, 2 if name == "pool2" else 3, 2, ceil_mode=True)
            continue
        at = f"inception{name}"
        branches = [conv(x, f"{at}.branch1")]
        branches += [conv(conv(x, f"{at}.branch{i}.0"), f"{at}.branch{i}.1") for i in (2, 3)]
        branches.append(conv(F.max_pool2d(x, 3, 1, 1, ceil_mode=True), f"{at}.branch4.1"))
        x = torch.cat(branches, 1)
    return state.linear(pooled(x), "fc")


def inception_v3(state: State, x: Tensor) -> Tensor:
    def conv(x: Tensor, *names: str, stride: int = 1, pad: int = -1) -> Tensor:
        """Apply layers one after the other; the stride and a padding are the last one's."""
        for name in names:
            last = name == names[-1]
            x = state.conv(x, f"{name}.conv", stride if last else 1, pad if last else -1)
            x = F.relu(state.norm(x, f"{name}.bn", 1e-3))
        return x

    def chain(at: str, branch: str, count: int) -> list[str]:
        return [f"{at}.{branch}_{i}" for i in range(1, count + 1)]

    def averaged(x: Tensor, at: str) -> Tensor:
        return conv(F.avg_pool2d(x, 3, 1, 1), f"{at}.branch_pool")

    def crossed(x: Tensor, at: str) -> Tensor:
        return torch.cat([conv(x, f"{at}a"), conv(x, f"{at}b")], 1)

    x = conv(x, "Conv2d_1a_3x3", stride=2, pad=0)
    x = conv(conv(x, "Conv2d_2a_3x3", pad=0), "Conv2d_2b_3x3")
    x = conv(conv(F.max_pool2d(x, 3, 2), "Conv2d_3b_1x1"), "Conv2d_4a_3x3", pad=0)
    x = F.max_pool2d(x, 3, 2)
    for at in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        five, three = conv(x, *chain(at, "branch5x5", 2)), conv(x, *chain(at, "branch3x3dbl", 3))
        x = torch.cat([conv(x, f"{at}.branch1x1"), five, three, averaged(x, at)], 1)
    one = conv(x, "Mixed_6a.branch3x3", stride=2, pad=0)
    two = conv(x, *chain("Mixed_6a", "branch3x3dbl", 3), stride=2, pad=0)
    x = torch.cat([one, two, F.max_pool2d(x, 3, 2)], 1)
    for at in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        once, twice = conv(x, *chain(at, "branch7x7", 3)), conv(x, *chain(at, "branch7x7dbl", 5))
        x = torch.cat([conv(x, f"{at}.branch1x1"), once, twice, averaged(x, at)], 1)
    one = conv(x, *chain("Mixed_7a", "branch3x3", 2), stride=2, pad=0)
    two = conv(x, *chain("Mixed_7a", "branch7x7x3", 4), stride=2, pad=0)
    x = torch.cat([one, two, F.max_pool2d(x, 3, 2)], 1)
    for at in ("Mixed_7b", "Mixed_7c"):
        one = crossed(conv(x, f"{at}.branch3x3_1"), f"{at}.branch3x3_2")
        two = crossed(conv(x, *chain(at, "branch3x3dbl", 2)), f"{at}.branch3x3dbl_3")
        x = torch.cat([conv(x, f"{at}.branch1x1"), one, two, averaged(x, at)], 1)
    return state.linear(pooled(x), "fc")


def mnasnet(state: State, x: Tensor) -> Tensor:
    def conv(x: Tensor, at: str, place: int, stride: int = 1) -> Tensor:
        return state.norm(state.conv(x, f"{at}.{place}", stride), f"{at}.{place + 1}")

    x = conv(F.relu(conv(F.relu(conv(x, "layers", 0, 2)), "layers", 3)), "layers", 6)
    for stack, (count, step) in enumerate(((3, 2), (3, 2), (3, 2), (2, 1), (4, 2), (1, 1)), 8):
        for block in range(count):
            at, stride = f"layers.{stack}.{block}.layers", step if block == 0 else 1
            y = conv(F.relu(conv(F.relu(conv(x, at, 0)), at, 3, stride)), at, 6)
            x = x + y if block > 0 else y
    return state.linear(F.relu(conv(x, "layers", 14)).mean([2, 3]), "classifier.1")


def regnet(state: State, x: Tensor) -> Tensor:
    def conv(x: Tensor, at: str, stride: int = 1) -> Tensor:
        return state.norm(state.conv(x, f"{at}.0", stride), f"{at}.1")

    x = F.relu(conv(x, "stem", 2))
    for stage in range(1, 5):
        block = 0
        while state.has(at := f"trunk_output.block{stage}.block{stage}-{block}"):
            stride = 2 if block == 0 else 1
            y = F.relu(conv(F.relu(conv(x, f"{at}.f.a")), f"{at}.f.b", stride))
            if state.has(f"{at}.f.se"):
                y = squeeze(state, y, f"{at}.f.se", F.relu, torch.sigmoid)
            short = conv(x, f"{at}.proj", stride) if state.has(f"{at}.proj") else x
            x = F.relu(short + conv(y, f"{at}.f.c"))
            block += 1
    return state.linear(pooled(x), "fc")


def mixer(state: State, x: Tensor) -> Tensor:
    def mlp(x: Tensor, at: str) -> Tensor:
        return state.linear(F.gelu(state.linear(x, f"{at}.fc1")), f"{at}.fc2")

    weight = state["stem.proj.weight"]
    x = F.conv2d(x, weight, state["stem.proj.bias"], weight.shape[-1]).flatten(2).transpose(1, 2)
    block = 0
    while state.has(f"blocks.{block}"):
        at = f"blocks.{block}"
        y = state.layer_norm(x, f"{at}.norm1").transpose(1, 2)
        x = x + mlp(y, f"{at}.mlp_tokens").transpose(1, 2)
        x = x + mlp(state.layer_norm(x, f"{at}.norm2"), f"{at}.mlp_channels")
        block += 1
    return state.linear(state.layer_norm(x, "norm").mean(1), "head")


ONE_ZERO = {"fires": (3, 4, 5, 7, 8, 9, 10, 12), "pools": (2, 6, 11)}
ONE_ONE = {"fires": (3, 4, 6, 7, 9, 10, 11, 12), "pools": (2, 5, 8)}
PLAIN: dict[str, tuple[str, dict[str, Any], Callable[[State, Tensor], Tensor], int]] = {
    "densenet_small": ("densenet", {}, lambda s, x: densenet(s, x, (2, 2, 3, 2)), 64),
    "mobilenet_v3_large": ("mobilenet_v3", {}, lambda s, x: mobilenet_v3(s, x, *LARGE), 64),
    "mobilenet_v3_small": ("mobilenet_v3", {}, lambda s, x: mobilenet_v3(s, x, *SMALL), 64),
    "efficientnet_b0": ("efficientnet", {}, efficientnet, 64),
    "efficientnet_b7": ("efficientnet", {"width": 0.3}, lambda s, x: efficientnet(s, x, 1e-3), 48),
    "convnext_atto": ("convnext", {}, convnext, 64),
    "squeezenet1_0": ("squeezenet", {}, lambda s, x: squeezenet(s, x, **ONE_ZERO), 64),
    "squeezenet1_1": ("squeezenet", {}, lambda s, x: squeezenet(s, x, **ONE_ONE), 64),
    "shufflenet_v2_x0_5": ("shufflenet_v2", {}, shufflenet_v2, 64),
    "googlenet": ("googlenet", {}, googlenet, 64),
    "inception_v3": ("inception_v3", {}, inception_v3, 80),
    "mnasnet0_5": ("mnasnet", {}, mnasnet, 64),
    "mixer_small": ("mlp_mixer", {}, mixer, 32),
}


@pytest.mark.parametrize("name", PLAIN)
def test_keys_and_numbers_are_those_of_the_published_model(name: str) -> None:
    spec, parameters, plain, size = PLAIN[name]
    variant = None if name == spec else name
    module = archc.compile(SPECS / "images" / f"{spec}.yaml", variant=variant, **parameters).module(seed=0)
    randomize(module)
    state = State(dict(module.state_dict()))
    assert_same(module, state, plain, size)


def randomize(module: torch.nn.Module) -> None:
    """Give what starts at zero or one other values, so that each of them matters."""
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for key, tensor in module.state_dict().items():
            if key.rpartition(".")[2] in ("bias", "running_mean", "layer_scale"):
                tensor.copy_(torch.randn(tensor.shape, generator=draw) * 0.2)
            elif key.endswith(("running_var", "head.weight")):
                tensor.copy_(torch.rand(tensor.shape, generator=draw) + 0.5)


def assert_same(
    module: torch.nn.Module, state: State, plain: Callable[[State, Tensor], Tensor], size: int
) -> None:
    with torch.no_grad():
        x = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
        expected, found = plain(state, x), module.eval()(x)
    assert set(state.tensors) - state.used == set()
    scale = float(expected.abs().max())
    assert scale > 1e-3
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("variant", ["regnet_y_400mf", "regnet_x_400mf"])
def test_names_with_a_dash_are_mapped(variant: str, tmp_path: Path) -> None:
    """torchvision's RegNet has keys like `block1.block1-0`, which no layer can be called."""
    spec = SPECS / "images" / "regnet.yaml"
    module = archc.compile(spec, variant=variant).module(seed=0)
    randomize(module)
    published = {
        re.sub(r"trunk_output\.block(\d)\.(\d+)", r"trunk_output.block\1.block\1-\2", key): tensor
        for key, tensor in module.state_dict().items()
    }
    torch.save(published, tmp_path / "w.pth")
    steps = [{"rename": r"(trunk_output\.block\d)\.block\d-(.*)", "to": r"\1.\2"}]
    loaded = archc.load(spec, variant=variant, weights=tmp_path / "w.pth", weights_map=steps)
    assert_same(loaded, State(published), regnet, 64)
