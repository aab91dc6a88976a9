"""What a `train` section says is checked with everything else, at its line."""

from __future__ import annotations

import pytest
from training_specs import LOSS, MLP, spec, training_of

import archc


def errors(text: str) -> list[tuple[str, str]]:
    """Give the codes of a spec, each with the text that it points at."""
    return [(each.code, each.span.text if each.span else "") for each in archc.check(text)[1]]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (spec(loss="loss: cross_entropy(scores, image)"), "E1001", "cross_entropy(scores, image)"),
        (spec(loss="loss: mse_loss(scores, label)"), "E1002", "mse_loss(scores, label)"),
        (spec(loss="loss: cross_entropy(scores, labels)"), "E0303", "labels"),
        (spec(loss="loss: crossentropy(scores, label)"), "E0640", "crossentropy"),
        (spec(loss="loss: scores"), "E1014", "scores"),
        (spec(loss="loss: label"), "E1014", "label"),
        (spec(model=MLP.replace("linear: 10", "linear: 9")), "E0503", LOSS[6:]),
        (spec(optimizer="optimizer: {Adam: {lr: fast}}"), "E0603", "fast"),
        (spec(optimizer="optimizer: {Adam: {lr: -1}}"), "E0707", "-1"),
        (spec(optimizer="optimizer: {Adam: {betas: [0.9, 0.9, 0.9]}}"), "E0701", "[0.9, 0.9, 0.9]"),
        (spec(optimizer="optimizer: {LBFGS: {}}"), "E1016", "LBFGS"),
        (spec("schedule: {StepLR: {gamma: 0.5}}"), "E1017", "StepLR"),
        (spec("schedule: {StepLR: {step_size: 0}}"), "E0707", "0"),
        (spec("schedule: ReduceLROnPlateau", "warmup: 10"), "E1019", "ReduceLROnPlateau"),
        (spec("precision: float8"), "E0701", "float8"),
        (spec("clip: 1.0"), "E0201", "clip"),
        (spec("accumulate: 0"), "E0707", "0"),
        (spec("ema: {model: other}"), "E1018", "other"),
        (spec("ema: {decay: 2}"), "E0707", "2"),
        (spec("early_stopping: {metric: f1}"), "E1020", "f1"),
        (spec(metrics="metrics: {accuracy: [label, scores]}"), "E1063", "[label, scores]"),
        (spec(metrics="metrics: {far: {mean_absolute_error: [scores, label]}}"), "E1063", "[scores, label]"),
        (spec(metrics="metrics: {loss: [scores, label]}"), "E1020", "loss"),
        (spec(metrics="metrics: {accuracy: 3}"), "E0641", "3"),
        (spec('groups: {"hidden.*": {lr: 0.1, speed: 2}}'), "E1017", "speed"),
        (spec(data="data: {source: digit}"), "E1017", "digit"),
        (spec(data="data: {source: {digits: {size: 3}}}"), "E1017", "size"),
        (spec(data="data: {source: {npz: missing.npz}}"), "E1030", "{npz: missing.npz}"),
        (spec(data=f"data: {{source: {{csv: {'a' * 400}}}}}"), "E1031", f"{{csv: {'a' * 400}}}"),
        (spec(data="data: {batch_size: 3}"), "E1010", "data"),
        (spec(data="data: {source: digits, batch_size: 0}"), "E0707", "0"),
        (spec(data="data: {source: digits, batch: 3}"), "E0201", "batch"),
        (spec("steps: []"), "E0206", "loss"),
    ],
)
def test_a_mistake_is_one_error_at_its_place(text: str, code: str, place: str) -> None:
    assert errors(text) == [(code, place)]


def test_all_mistakes_are_found_in_one_run() -> None:
    text = spec(
        loss="loss: cross_entropy(scores, labl)",
        optimizer="optimizer: {Adamm: {lr: 0.1}}",
        metrics="metrics: {accuracy: [score, label]}",
        long="epochs: 0",
    )
    assert sorted(code for code, _ in errors(text)) == ["E0303", "E0303", "E0707", "E1016"]


def test_a_mistake_in_the_section_does_not_hide_one_in_the_model() -> None:
    text = spec(model=MLP.replace("relu", "rellu"), long="epochs: [1]")
    assert sorted(code for code, _ in errors(text)) == ["E0202", "E0301"]


def test_a_field_is_laid_out_as_the_input_of_its_name() -> None:
    rows = """\
inputs: {image: [N, 8, 8]}
layers:
  - {name: rnn, rnn: {hidden_size: 8, batch_first: true}}
  - {from: rnn.output, select: {dim: 1, index: -1}}
  - {name: scores, linear: 10}
"""
    assert training_of(spec(model=rows)).data.layouts == (("image", (8, 8)),)
    assert training_of(spec()).data.layouts == ()


def test_schedules_know_how_long_training_is() -> None:
    training = training_of(spec("schedule: {CosineAnnealingLR: {T_max: steps // epochs}}"))
    schedule = training.steps[0].schedule
    assert schedule is not None
    assert dict(schedule.arguments(120, 4)) == {"T_max": 30}


def test_parameters_of_the_spec_count_in_the_section() -> None:
    text = "params: {rate: 0.1, size: 8}\n" + spec(
        optimizer="optimizer: {SGD: {lr: rate / 10}}", data="data: {source: digits, batch_size: 4 * size}"
    )
    training = training_of(text, size=4)
    assert training.steps[0].optimizer.arguments == {"lr": 0.01}
    assert training.data.batch_size == 16


def test_a_value_that_a_metric_reads_may_be_a_number_for_the_loss() -> None:
    training = training_of(spec(metrics="metrics: {distance: {mse_loss: [scores, scores]}, again: loss}"))
    assert training.steps[0].metrics == ("distance", "again")


def test_grad_belongs_to_steps() -> None:
    text = """\
inputs: {x: [N, 4], y: [N, 4]}
layers:
  - {name: slope, grad: , from: {outputs: y, inputs: x}}
"""
    assert errors(text) == [("E0301", "grad")]


@pytest.mark.parametrize("name", ["vae", "dcgan_wgan_gp"])
def test_the_sections_of_known_specs_compile(name: str) -> None:
    compiled, found = archc.check(f"tests/spec/data/{name}.yaml")
    assert [each.message for each in found] == []
    assert compiled is not None
    assert compiled.training is not None
