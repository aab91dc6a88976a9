"""The standard blocks: used through an import, equal to torch's where torch has them, agreed upon by ONNX."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import archc

STANDARD = Path(archc.__file__).parent / "std"
USES = {
    "conv_norm_act": ("convolution", "conv_norm_act: 8"),
    "conv_norm_act with others": (
        "convolution",
        "conv_norm_act: {out_channels: 8, stride: 2, norm_layer: {group_norm: 2}, act_layer: silu}",
    ),
    "depthwise_separable": ("convolution", "depthwise_separable: {out_channels: 8, act_layer: relu6}"),
    "squeeze_excite": ("convolution", "squeeze_excite: {reduction: 2}"),
    "basic_block": ("residual", "basic_block: {planes: 8, stride: 2}"),
    "bottleneck": ("residual", "bottleneck: {planes: 4, stride: 2 if i == 0 else 1}, repeat: 2"),
    "mlp": ("attention", "mlp: {hidden: 6, act_layer: {gelu: tanh}, drop: 0.1}"),
    "encoder_layer": ("attention", "encoder_layer: {num_heads: 2, dim_feedforward: 16}, repeat: 2"),
    "encoder_layer first": (
        "attention",
        "encoder_layer: {num_heads: 2, dim_feedforward: 16, norm_first: true}",
    ),
    "decoder_layer": ("attention", "decoder_layer: {num_heads: 2, dim_feedforward: 16}"),
    "decoder_layer first": (
        "attention",
        "decoder_layer: {num_heads: 2, dim_feedforward: 16, norm_first: true}",
    ),
}
IMAGE, TOKENS = "[N, 4, H, W]", "[N, T, 8]"


def spec(use: str, more: str = "", from_: str = "x") -> str:
    """Give a spec with one block."""
    file, layer = USES[use]
    inputs = TOKENS if file == "attention" else IMAGE
    if use.startswith("decoder"):
        more, from_ = ', memory: "[N, S, 8]"', "{x: x, memory: memory}"
    return f"""\
name: used
import: [std/{file}]
inputs: {{x: "{inputs}"{more}}}
layers:
  - {{name: block, from: {from_}, {layer}}}
"""


@pytest.mark.parametrize("use", USES)
def test_a_block_agrees_in_both_outputs(use: str) -> None:
    compiled = archc.compile(spec(use))
    assert compiled.diagnostics == ()
    assert compiled.verify().agrees


@pytest.mark.parametrize("path", sorted(STANDARD.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_block_is_documented_and_used_here(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    names = [line.strip(" :") for line in text.splitlines() if line.startswith("  ") and line[2] != " "]
    assert text.count("\n    doc: ") == len(names)
    assert all(
        (path.stem, name) in {(file, use.split()[0]) for use, (file, _) in USES.items()} for name in names
    )
    assert archc.check(path)[1] == ()


@pytest.mark.parametrize("first", [False, True])
def test_the_encoder_layer_is_torchs(first: bool) -> None:
    padded = torch.zeros(2, 5, dtype=torch.bool)
    padded[1, 3:] = True
    text = spec(
        "encoder_layer first" if first else "encoder_layer",
        ', padded: "bool[N, T]"',
        "{x: x, padded: padded}",
    )
    ours = archc.compile(text.replace(", repeat: 2", "")).module(seed=0).eval()
    theirs = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=first).eval()
    theirs.load_state_dict({key.removeprefix("block."): value for key, value in ours.state_dict().items()})
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    expected = theirs(x, src_key_padding_mask=padded)
    torch.testing.assert_close(ours(x, padded)[~padded], expected[~padded])


@pytest.mark.parametrize("first", [False, True])
def test_the_decoder_layer_is_torchs(first: bool) -> None:
    ours = archc.compile(spec("decoder_layer first" if first else "decoder_layer")).module(seed=0).eval()
    theirs = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, norm_first=first).eval()
    theirs.load_state_dict({key.removeprefix("block."): value for key, value in ours.state_dict().items()})
    generator = torch.Generator().manual_seed(0)
    x, memory = torch.randn(2, 5, 8, generator=generator), torch.randn(2, 7, 8, generator=generator)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    torch.testing.assert_close(ours(x, memory), theirs(x, memory, tgt_mask=mask))


def test_the_residual_blocks_have_the_keys_of_the_zoo() -> None:
    zoo = Path(__file__).parent.parent.parent / "specs" / "images" / "resnet.yaml"
    text = zoo.read_text(encoding="utf-8")
    own = archc.compile(text, variant="resnet50")
    ours = archc.compile(text[: text.index("blocks:")] + "import: [std/residual]\n", variant="resnet50")
    assert list(own.module().state_dict()) == list(ours.module().state_dict())
    assert own.summary() == ours.summary()
