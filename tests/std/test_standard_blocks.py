"""The standard blocks: used through an import, equal to torch's where torch has them, agreed upon by ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import nn

import archc

torch.set_num_threads(1)

STANDARD = Path(archc.__file__).parent / "std"
IMAGE = {"x": "[N, 4, H, W]"}
TOKENS = {"x": "[N, T, 8]"}
MEMORY = TOKENS | {"memory": "[N, S, 8]"}
MASKED = TOKENS | {"mask": "bool[N, 1, 1, T]"}
TABLE = {"cos": "[T, 8]", "sin": "[T, 8]"}
HEADS = {"x": "[N, 2, T, 8]"} | TABLE
STATE = {"x": "[N, 4]", "h": "[N, 6]"}
CELL = STATE | {"c": "[N, 6]"}
POSITION = {"position": "int64[T]"}
KEYS = {"past_key": "[N, 2, P, 8]", "past_value": "[N, 2, P, 8]"}
CACHED = {"x": "[N, T, 12]"} | TABLE | KEYS


class Use(NamedTuple):
    """One use of a block: the file, what comes in, the layer, and the outputs where there are several."""

    file: str
    inputs: dict[str, str]
    layer: str
    outputs: tuple[str, ...] = ()


USES = {
    "conv_norm_act": Use("convolution", IMAGE, "conv_norm_act: 8"),
    "conv_norm_act with others": Use(
        "convolution",
        IMAGE,
        "conv_norm_act: {out_channels: 8, stride: 2, norm_layer: {group_norm: 2}, act_layer: silu}",
    ),
    "depthwise_separable": Use(
        "convolution", IMAGE, "depthwise_separable: {out_channels: 8, act_layer: relu6}"
    ),
    "squeeze_excite": Use("convolution", IMAGE, "squeeze_excite: {reduction: 2}"),
    "inverted_residual": Use("convolution", IMAGE, "inverted_residual: {out_channels: 4, expansion: 2}"),
    "inverted_residual weighed": Use(
        "convolution", IMAGE, "inverted_residual: {out_channels: 6, stride: 2, reduction: 4}"
    ),
    "basic_block": Use("residual", IMAGE, "basic_block: {planes: 8, stride: 2}"),
    "bottleneck": Use("residual", IMAGE, "bottleneck: {planes: 4, stride: 2 if i == 0 else 1}, repeat: 2"),
    "feature_pyramid": Use(
        "pyramid",
        {"c3": "[N, 4, H, W]", "c4": "[N, 6, I, J]", "c5": "[N, 8, K, L]"},
        "feature_pyramid: 5",
        ("p3", "p4", "p5"),
    ),
    "accuracy": Use("metrics", {"scores": "[N, 3, L]", "target": "int64[N, L]"}, "accuracy: "),
    "binary_accuracy": Use("metrics", {"logits": "[N, 3]", "target": "[N, 3]"}, "binary_accuracy: "),
    "binary_iou": Use("metrics", {"logits": "[N, H, W]", "target": "[N, H, W]"}, "binary_iou: "),
    "mean_absolute_error": Use("metrics", {"value": "[N, 4]", "target": "[N, 4]"}, "mean_absolute_error: "),
    "mlp": Use("mlp", TOKENS, "mlp: {hidden: 6, act_layer: {gelu: tanh}, drop: 0.1}"),
    "swiglu": Use("mlp", TOKENS, "swiglu: 6"),
    "multi_head_attention": Use("attention", TOKENS, "multi_head_attention: 2"),
    "multi_head_attention causal": Use(
        "attention", TOKENS, "multi_head_attention: {num_heads: 2, causal: true, bias: false, head_dim: 3}"
    ),
    "multi_head_attention masked": Use("attention", MASKED, "multi_head_attention: 2"),
    "multi_head_attention across": Use(
        "attention", MEMORY, "multi_head_attention: {num_heads: 2, cross: true}"
    ),
    "grouped_query_attention": Use(
        "attention",
        {"x": "[N, T, 12]"} | TABLE,
        "grouped_query_attention: {num_heads: 4, num_kv_heads: 2, head_dim: 8}",
    ),
    "grouped_query_attention cached": Use(
        "attention",
        CACHED,
        "grouped_query_attention: {num_heads: 4, num_kv_heads: 2, head_dim: 8, cache: true}",
        ("x", "key", "value"),
    ),
    "causal_mask": Use("masks", {"query": "[N, T, 4]", "key": "[N, T + P, 4]"}, "causal_mask: "),
    "padding_mask": Use("masks", {"keep": "int64[N, T]"}, "padding_mask: "),
    "causal_padding_mask": Use(
        "masks", {"query": "[N, T, 4]", "keep": "int64[N, T + P]"}, "causal_padding_mask: "
    ),
    "rope_table": Use("rope", POSITION, "rope_table: 8", ("cos", "sin")),
    "rope_table_llama3": Use("rope", POSITION, "rope_table_llama3: 8", ("cos", "sin")),
    "rope_angles": Use("rope", POSITION | {"freq": "[4]"}, "rope_angles: ", ("cos", "sin")),
    "rotate": Use("rope", HEADS, "rotate: "),
    "rotate_pairs": Use("rope", HEADS, "rotate_pairs: "),
    "patch_embedding": Use(
        "embedding", {"image": "[N, 3, 8, 12]"}, "patch_embedding: {dim: 6, patch_size: 4}"
    ),
    "class_token": Use("embedding", TOKENS, "class_token: "),
    "learned_positions": Use("embedding", TOKENS, "learned_positions: 20"),
    "sinusoidal_positions": Use("embedding", TOKENS, "sinusoidal_positions: "),
    "sinusoids": Use("embedding", {"steps": "int64[N]"}, "sinusoids: 8"),
    "rnn_cell": Use("recurrent", STATE, "rnn_cell: {hidden: 6, act_layer: relu}"),
    "lstm_cell": Use("recurrent", CELL, "lstm_cell: 6", ("h", "c")),
    "peephole_lstm_cell": Use("recurrent", CELL, "peephole_lstm_cell: 6", ("h", "c")),
    "gru_cell": Use("recurrent", STATE, "gru_cell: 6"),
    "reset_first_gru_cell": Use("recurrent", STATE, "reset_first_gru_cell: 6"),
    "encoder_layer": Use(
        "transformer", TOKENS, "encoder_layer: {num_heads: 2, dim_feedforward: 16}, repeat: 2"
    ),
    "encoder_layer first": Use(
        "transformer",
        TOKENS,
        "encoder_layer: {num_heads: 2, dim_feedforward: 16, norm_first: true, causal: true}",
    ),
    "decoder_layer": Use("transformer", MEMORY, "decoder_layer: {num_heads: 2, dim_feedforward: 16}"),
    "decoder_layer first": Use(
        "transformer", MEMORY, "decoder_layer: {num_heads: 2, dim_feedforward: 16, norm_first: true}"
    ),
}


def spec(use: str, **more: str) -> str:
    """Give a spec with one block, which takes all inputs."""
    file, inputs, layer, outputs = USES[use]
    inputs = inputs | more
    declared = "".join(f'  {name}: "{kind}"\n' for name, kind in inputs.items())
    taken = (
        "{" + ", ".join(f"{name}: {name}" for name in inputs) + "}" if len(inputs) > 1 else next(iter(inputs))
    )
    text = f"name: used\nimport: [std/{file}]\ninputs:\n{declared}layers:\n"
    text += f"  - {{name: block, from: {taken}, {layer}}}\n"
    return text + "".join(
        ["outputs:\n", *(f"  out_{name}: block.{name}\n" for name in outputs)] if outputs else []
    )


@pytest.mark.slow
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
    used = {(each.file, use.split()[0]) for use, each in USES.items()}
    assert [name for name in names if (path.stem, name) not in used] == []
    assert archc.check(path)[1] == ()


@pytest.mark.parametrize("first", [False, True])
def test_the_encoder_layer_is_torchs(first: bool) -> None:
    padded = torch.zeros(2, 5, dtype=torch.bool)
    padded[1, 3:] = True
    text = spec(
        "encoder_layer first" if first else "encoder_layer",
        padded="bool[N, T]",
    )
    ours = archc.compile(text.replace(", repeat: 2", "").replace(", causal: true", "")).module(seed=0).eval()
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


def test_attention_written_out_is_torchs() -> None:
    ours = archc.compile(
        spec("multi_head_attention causal").replace("bias: false, head_dim: 3", "bias: true")
    )
    module = ours.module(seed=0).eval()
    theirs = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    state = {key.removeprefix("block."): value for key, value in module.state_dict().items()}
    projections = [[state.pop(f"{part}_proj.{kind}") for part in "qkv"] for kind in ("weight", "bias")]
    state["in_proj_weight"], state["in_proj_bias"] = (torch.cat(parts) for parts in projections)
    theirs.load_state_dict({key.replace("o_proj", "out_proj"): value for key, value in state.items()})
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    expected, _ = theirs(x, x, x, attn_mask=mask, is_causal=True, need_weights=False)
    torch.testing.assert_close(module(x), expected)


def test_rotation_makes_products_depend_on_the_distance_alone() -> None:
    for block in ("rotate", "rotate_pairs"):
        rotate = archc.compile(spec(block)).module()
        table = archc.compile(spec("rope_table")).module()
        q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0))
        turned = [rotate(each.expand(1, 1, 30, 8), *table(torch.arange(30))) for each in (q, k)]
        products = turned[0] @ turned[1].transpose(-1, -2)
        torch.testing.assert_close(products[0, 0, 7, 3], products[0, 0, 27, 23], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(turned[0].norm(dim=-1), q.norm(dim=-1).expand(1, 1, 30))


def test_a_cache_of_keys_gives_what_the_whole_text_gives() -> None:
    whole = archc.compile(spec("grouped_query_attention")).module(seed=0).eval()
    cached = archc.compile(spec("grouped_query_attention cached")).module(seed=0).eval()
    x = torch.randn(2, 7, 12, generator=torch.Generator().manual_seed(0))
    cos, sin = archc.compile(spec("rope_table")).module()(torch.arange(7))
    key, value = torch.empty(2, 2, 0, 8), torch.empty(2, 2, 0, 8)
    found = []
    for start, stop in ((0, 3), (3, 4), (4, 7)):
        part, key, value = cached(x[:, start:stop], cos[start:stop], sin[start:stop], key, value)
        found.append(part)
    torch.testing.assert_close(torch.cat(found, 1), whole(x, cos, sin))
