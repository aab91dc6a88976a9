"""Rules 19 to 29 of the language: shapes, types, ops and models."""

from __future__ import annotations

from rule_checks import keys, right, shapes, spec, wrong

SEQUENCE = "{x: [T, N, 8]}"


def test_rule_19_what_fixes_a_weight_is_a_number() -> None:
    right(spec("{name: fc, linear: 4}", inputs="{x: [N, T, 8]}"))
    wrong(spec("{name: fc, linear: 4}", inputs="{x: [N, T]}"), "E0403", "linear")


def test_rule_19_two_symbols_never_broadcast() -> None:
    pair = spec("{name: y, add: [a, b]}", inputs="{a: [N, M], b: [N, M]}")
    assert shapes(right(pair)) == ["[N, M]"]
    right(pair.replace("b: [N, M]", "b: [N, 1]"))
    wrong(pair.replace("b: [N, M]", "b: [N, K]"), "E0404", "add")


def test_rule_19_signatures_bind_and_check() -> None:
    block = "blocks: {pair: {inputs: {a: [N, D], b: [N, 2 * D]}, layers: [{name: c, concat: [a, b]}]}}\n"
    use = "{name: p, from: {a: a, b: b}, pair: }"
    assert shapes(right(spec(use, inputs="{a: [N, 4], b: [N, 8]}", rest=block))) == ["[N, 12]"]
    wrong(spec(use, inputs="{a: [N, 4], b: [N, 9]}", rest=block), "E0408", "pair")


def test_rule_20_the_defaults_are_those_of_modules() -> None:
    assert shapes(right(spec("flatten", inputs="{x: [N, 3, 4]}"))) == ["[N, 12]"]
    assert shapes(right(spec("{concat: [x, x]}", inputs="{x: [N, 3, 4]}"))) == ["[N, 6, 4]"]
    assert shapes(right(spec("{stack: [x, x]}", inputs="{x: [N, 3]}"))) == ["[2, N, 3]"]
    assert shapes(
        right(spec("{name: r, lstm: {hidden_size: 4}}", "{name: h, from: r.h_n, relu: }", inputs=SEQUENCE))
    ) == ["[1, N, 4]"]
    source = right(spec("dropout", "gelu")).to_pytorch()
    assert "F.dropout(x, 0.5" in source or "F.dropout(x, training" in source or "nn.Dropout(" in source
    assert "tanh" not in source


def test_rule_21_norms_find_their_rank_convolutions_say_theirs() -> None:
    for shape, rank in (("[N, 8]", 1), ("[N, 8, T]", 1), ("[N, 8, H, W]", 2), ("[N, 8, D, H, W]", 3)):
        source = right(spec("{name: n, batch_norm: }", inputs=f"{{x: {shape}}}")).to_pytorch()
        assert f"nn.BatchNorm{rank}d(8)" in source
    wrong(
        spec("{name: c, conv2d: {out_channels: 4, kernel_size: 3}}", inputs="{x: [N, 8, T]}"),
        "E0401",
        "conv2d",
    )


def test_rule_22_types_are_promoted_as_in_pytorch() -> None:
    ints = "{a: 'int32[N, 8]', b: [N, 8]}"
    assert shapes(right(spec("{add: [a, b]}", inputs=ints))) == ["[N, 8]"]
    assert shapes(right(spec("{add: [a, 1]}", inputs="{a: 'int32[N, 8]'}"))) == ["int32[N, 8]"]
    assert shapes(right(spec("{add: [a, 1.5]}", inputs="{a: 'int32[N, 8]'}"))) == ["[N, 8]"]
    table = "{name: e, embedding: {num_embeddings: 10, embedding_dim: 4}}"
    right(spec(table, inputs="{a: 'int32[N, T]'}"))
    right(spec(table, inputs="{a: 'int64[N, T]'}"))
    wrong(spec(table, inputs="{a: [N, T]}"), "E0502", "embedding")
    right(spec("mean", inputs="{a: [N, 8]}"))
    wrong(spec("mean", inputs="{a: 'int64[N, 8]'}"), "E0501", "mean")


def test_rule_23_recurrent_ops() -> None:
    lstm = "{name: r, lstm: {hidden_size: 4, num_layers: 2, bidirectional: true, proj_size: 3}}"
    uses = (
        "{name: a, from: r.output, relu: }",
        "{name: h, from: r.h_n, relu: }",
        "{name: c, from: r.c_n, relu: }",
    )
    found = right(spec(lstm, *uses, inputs=SEQUENCE, rest="outputs: [a, h, c]\n"))
    assert shapes(found) == ["[T, N, 6]", "[4, N, 3]", "[4, N, 4]"]
    wrong(
        spec("{name: r, gru: {hidden_size: 4}}", "{name: c, from: r.c_n, relu: }", inputs=SEQUENCE),
        "E0303",
        "r.c_n",
    )
    lengths = "{name: r, gru: {hidden_size: 4, reset_after: false}, from: {input: x, lengths: n}}"
    right(spec(lengths, inputs="{x: [T, N, 8], n: {dtype: int64, shape: [N], min: 1, max: T}}"))
    wrong(
        spec("{name: r, lstm: {hidden_size: 4, reset_after: false}}", inputs=SEQUENCE), "E0702", "reset_after"
    )


def test_rule_24_attention_masks() -> None:
    inputs = "{x: [N, T, 8], m: 'bool[T, T]'}"
    attend = "{name: y, scaled_dot_product_attention: {%s}, from: {query: x, key: x, value: x%s}}"
    right(spec(attend % ("", ", attn_mask: m"), inputs=inputs))
    right(spec(attend % ("is_causal: true", ""), inputs="{x: [N, T, 8]}"))
    wrong(spec(attend % ("is_causal: true", ", attn_mask: m"), inputs=inputs), "E0771", "true")


def test_rule_24_a_causal_mask_over_other_lengths_is_a_warning() -> None:
    attend = "{name: y, from: {query: x, key: k, value: k}, scaled_dot_product_attention: {is_causal: true}}"
    right(spec(attend, inputs="{x: [N, T, 8], k: [N, S, 8]}"), "W0105")
    right(spec(attend, inputs="{x: [N, 3, 8], k: [N, 4, 8]}"), "W0105")
    right(spec(attend, inputs="{x: [N, T, 8], k: [N, T, 8]}"))


def test_rule_25_words_of_torch_that_are_no_ops() -> None:
    assert "`tile`" in wrong(spec("{name: y, torch.repeat: [1, 2]}"), "E0301", "torch.repeat")
    assert "`tile`" in wrong(spec("{name: y, repeat: [1, 2]}"), "E0203", "name")
    right(spec("{tile: [1, 2]}"))
    right(spec("{expand: [2, N, 8]}"))
    right(spec("{vector_norm: {dim: 1}}"))
    assert "vector_norm" in wrong(spec("{linalg.vector_norm: {dim: 1}}"), "E0301", "linalg.vector_norm")
    right(spec("{stochastic_depth: {p: 0.2, mode: row}}"))


def test_rule_26_one_size_may_be_left_to_reshape() -> None:
    assert shapes(right(spec("{reshape: [N, -1]}", inputs="{x: [N, 3, 4]}"))) == ["[N, 12]"]
    assert shapes(right(spec("{reshape: [N, 2, -1]}", inputs="{x: [N, 4, T]}"))) == ["[N, 2, 2*T]"]
    wrong(spec("{reshape: [N, -1, -1]}", inputs="{x: [N, 3, 4]}"), "E0741", "[N, -1, -1]")
    wrong(spec("{reshape: [N, 5, -1]}", inputs="{x: [N, 3, 4]}"), "E0440", "[N, 5, -1]")


def test_rule_27_random_ops() -> None:
    source = right(
        spec("{name: e, randn: [N, 8]}", "{name: d, from: x, dropout: 0.5}", "{name: y, add: [e, d]}")
    ).to_pytorch()
    assert "torch.randn(" in source
    assert "self.training" in source or "nn.Dropout(" in source


MODELS = (
    "name: pair\nmodels:\n"
    "  inner: {inputs: {x: [N, 8]}, layers: [{name: fc, linear: 8}]}\n"
    "  outer: {inputs: {x: [N, 8]}, layers: [{name: fc, linear: 8}%s]}\n"
)


def test_rule_28_models_have_keys_of_their_own_root_and_share_when_called() -> None:
    apart = right(MODELS % "")
    assert [keys(apart, model) for model in (0, 1)] == [["fc.weight", "fc.bias"]] * 2
    called = right(MODELS % ", inner, {name: again, inner: }")
    assert keys(called, 0) == ["fc.weight", "fc.bias"]
    assert keys(called, 1) == ["fc.weight", "fc.bias", "inner.fc.weight", "inner.fc.bias"]
    wrong(MODELS % ", {name: inner, relu: }, {name: again, inner: }", "E0302", "{name: again, inner: }")


def test_rule_29_variants_set_parameters_and_the_command_line_wins() -> None:
    text = spec("{name: fc, linear: width}", head="params: {width: 4}\nvariants: {wide: {width: 64}}\n")
    assert shapes(right(text)) == ["[N, 4]"]
    assert shapes(right(text, variant="wide")) == ["[N, 64]"]
    assert shapes(right(text, variant="wide", width="7")) == ["[N, 7]"]
    wrong(text.replace("{wide: {width", "{wide: {widht"), "E0611", "widht")
    message = wrong(text, "E0621", "net", widht=3)
    assert "did you mean `width`?" in message
    wrong(text, "E0623", "7.5", width="7.5")


def test_rule_29_text_on_the_command_line_is_read_by_the_parameter_s_type() -> None:
    head = "params: {on: true, word: {type: text, default: relu}, sizes: [4]}\n"
    text = spec(
        "{name: fc, when: on, linear: sizes[0]}".replace("sizes[0]", '"sizes[0]"'),
        "{when: word == 'tanh', tanh: }",
        head=head,
    )
    assert shapes(right(text, on="true", word="tanh", sizes="[5, 6]")) == ["[N, 5]"]
    assert shapes(right(text, on="false", word="true")) == ["[N, 8]"]
    wrong(text, "E0623", "3", on="3")
