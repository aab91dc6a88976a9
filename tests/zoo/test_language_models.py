"""Language models without a reference file: as many parameters as published, and their own laws."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from zoo_specs import SPECS

import archc

torch.set_num_threads(1)


class Count(NamedTuple):
    """How many parameters a network has, and who says so."""

    spec: str
    variant: str | None
    parameters: int
    source: str


COUNTS = [
    Count("transformers/t5", None, 60_506_624, "transformers' T5ForConditionalGeneration, t5-small"),
    Count("transformers/t5", "t5_base", 222_903_552, "transformers' T5ForConditionalGeneration, t5-base"),
    Count("transformers/mixtral", None, 46_702_792_704, "the published files of Mixtral 8x7B"),
    Count(
        "transformers/distilbert", None, 66_362_880, "transformers' DistilBertModel, distilbert-base-uncased"
    ),
    Count("transformers/roberta", None, 124_645_632, "transformers' RobertaModel, roberta-base"),
]


def compiled(spec: str, variant: str | None = None, **parameters: Any) -> archc.Compiled:
    return archc.compile(SPECS / f"{spec}.yaml", variant=variant, **parameters)


@pytest.mark.parametrize("count", COUNTS, ids=lambda count: count.variant or count.spec)
def test_number_of_parameters(count: Count) -> None:
    [summary] = compiled(count.spec, count.variant).summary()
    assert summary.parameters == count.parameters, count.source


def keys(spec: str, variant: str) -> set[str]:
    return set(compiled(spec, variant).module().state_dict())


def test_keys_are_those_of_the_libraries() -> None:
    assert keys("transformers/t5", "t5_tiny") >= {
        "shared.weight",
        "encoder.embed_tokens.weight",
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        "encoder.block.1.layer.0.SelfAttention.q.weight",
        "encoder.block.1.layer.1.DenseReluDense.wi.weight",
        "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        "decoder.block.1.layer.1.EncDecAttention.o.weight",
        "decoder.block.1.layer.2.layer_norm.weight",
        "decoder.final_layer_norm.weight",
        "lm_head.weight",
    }
    assert keys("transformers/mixtral", "mixtral_tiny") >= {
        "model.layers.0.self_attn.k_proj.weight",
        "model.layers.1.block_sparse_moe.gate.weight",
        "model.layers.1.block_sparse_moe.experts.3.w2.weight",
    }
    assert keys("transformers/distilbert", "distilbert_tiny") >= {
        "embeddings.position_embeddings.weight",
        "transformer.layer.1.attention.q_lin.weight",
        "transformer.layer.1.ffn.lin2.bias",
        "transformer.layer.1.output_layer_norm.weight",
    }


def bucket(distance: int, causal: bool, buckets: int, longest: int) -> int:
    """Give the bucket of a distance as the authors' code computes it."""
    found = 0
    if causal:
        distance = max(-distance, 0)
    else:
        buckets //= 2
        found = buckets if distance > 0 else 0
        distance = abs(distance)
    exact = buckets // 2
    if distance < exact:
        return found + distance
    share = math.log(distance / exact) / math.log(longest / exact)
    return found + min(exact + int(share * (buckets - exact) + 1e-9), buckets - 1)


@pytest.mark.parametrize("causal", [False, True])
def test_distances_of_t5_have_the_buckets_of_the_authors(causal: bool, tmp_path: Path) -> None:
    (tmp_path / "t5.yaml").write_text((SPECS / "transformers/t5.yaml").read_text("utf-8"), "utf-8")
    layer = {"buckets": 32, "longest": 128, "causal": causal}
    spec = {"import": ["t5"], "inputs": {"x": ["N", "T", 4]}, "layers": [{"distance_buckets": layer}]}
    path = tmp_path / "buckets.yaml"
    path.write_text(json.dumps(spec) + "\n", "utf-8")
    length = 200
    made = archc.compile(path).module()(torch.zeros(1, length, 4))
    wanted = [[bucket(key - query, causal, 32, 128) for key in range(length)] for query in range(length)]
    assert made.tolist() == wanted


def test_the_first_positions_of_t5_do_not_see_those_after() -> None:
    module = compiled("transformers/t5", "t5_tiny").module(seed=0).eval()
    text, written = torch.arange(7)[None] + 3, torch.arange(6)[None] + 20
    with torch.no_grad():
        whole, start = module(text, written), module(text, written[:, :4])
        other = module(text + 1, written)
    torch.testing.assert_close(whole[:, :4], start)
    assert not torch.allclose(whole, other)


def test_a_dense_mixture_gives_what_a_sparse_one_gives() -> None:
    module = compiled("transformers/mixtral", "mixtral_tiny").module(seed=0).eval()
    moe = module.get_submodule("model.layers.0.block_sparse_moe")
    x = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        chances = moe.get_submodule("gate")(x).softmax(-1)
        best, indices = chances.topk(2)
        best = best / best.sum(-1, keepdim=True)
        wanted = torch.zeros_like(x)
        for n in range(2):
            for t in range(5):
                for weight, index in zip(best[n, t], indices[n, t], strict=True):
                    wanted[n, t] += (
                        weight * moe.get_submodule(f"experts.{index}")(x[n : n + 1, t : t + 1])[0, 0]
                    )
        torch.testing.assert_close(moe(x), wanted)


def test_padding_has_no_place_in_roberta() -> None:
    module = compiled("transformers/roberta", "roberta_tiny").module(seed=0).eval()
    text = torch.tensor([[5, 9, 7, 8, 6]])
    padded = torch.tensor([[1, 1, 5, 9, 7, 8, 6]])
    with torch.no_grad():
        torch.testing.assert_close(module(padded)[0][:, 2:], module(text)[0])
