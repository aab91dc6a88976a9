"""Runs: what they learn, write, and refuse; how they stop and go on."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from training_specs import DATA, MLP, run_spec, spec, training_of

import archc
from archc.source import SpecError
from archc.train.engine.loop import Options, Run
from archc.train.engine.watching import Silence

GAN = """\
params: {nz: 8}
models:
  generator:
    inputs: {noise: [N, nz]}
    layers: [{name: fc1, linear: 16}, relu, {name: fc2, linear: 64}, {name: made, reshape: [N, 1, 8, 8]}]
  critic:
    inputs: {image: [N, 1, 8, 8]}
    layers: [flatten, {name: fc1, linear: 16}, {leaky_relu: 0.2}, {name: score, linear: 1}]
train:
  data: {source: digits, batch_size: 64}
  optimizer: {Adam: {lr: 0.001, betas: [0.5, 0.9]}}
  steps:
    - name: critic
      update: [critic]
      repeat: 2
      layers:
        - {name: noise, randn: [N, nz]}
        - {name: fake, sequential: [generator, detach]}
        - {name: fake_score, critic: }
        - {name: real_score, from: image, critic: }
        - {name: mix, rand: [N, 1, 1, 1]}
        - {name: between, expr: mix * image + (1 - mix) * fake}
        - {name: between_score, critic: }
        - {name: slope, grad: , from: {outputs: between_score, inputs: between}}
        - flatten
        - {name: length, vector_norm: {dim: 1}}
        - {name: excess, expr: (length - 1) ** 2}
        - {name: penalty, mean: }
        - {name: fs, from: fake_score, mean: }
        - {name: rs, from: real_score, mean: }
        - {name: loss, expr: fs - rs + 10 * penalty}
      loss: loss
    - name: generator
      update: [generator]
      layers:
        - {name: noise, randn: [N, nz]}
        - generator
        - critic
        - {name: score, mean: }
        - {name: loss, expr: -score}
      loss: loss
  ema: {model: generator, decay: 0.9}
  max_steps: 4
"""


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def lines(out: Path) -> list[dict[str, float]]:
    """Give the measures that a run wrote."""
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def losses(out: Path) -> list[float]:
    """Give the losses of the steps."""
    return [line["loss"] for line in lines(out) if "epoch" not in line]


def refused(text: str, out: Path, **settings: object) -> archc.source.Diagnostic:
    """Give the error that ends a run."""
    with pytest.raises(SpecError) as caught:
        run_spec(text, out, **settings)
    [diagnostic] = caught.value.diagnostics
    return diagnostic


class Interrupting(Silence):
    """Presses Ctrl-C at a step."""

    def __init__(self, at: int) -> None:
        self.at = at

    def step(self, step: int, measures: Mapping[str, float]) -> None:  # noqa: ARG002
        """Press it."""
        if step == self.at:
            os.kill(os.getpid(), signal.SIGINT)


def test_a_run_leaves_weights_measures_and_what_made_it(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = run_spec(spec(), out)
    assert (result.step, result.epoch, result.interrupted) == (44, 2, False)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["strategy"]["type"] == "NO"
    assert manifest["data"]["fields"] == {"image": "[N, 1, 8, 8]", "label": "int64[N]"}
    written = lines(out)
    assert [line["epoch"] for line in written if "epoch" in line] == [1, 2]
    assert len(losses(out)) == 44
    assert losses(out)[-1] < losses(out)[0]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= written[-1].keys()
    best = load_file(out / "best" / "weights.safetensors")
    for key, tensor in archc.compile(spec()).module(weights=out).state_dict().items():
        assert torch.equal(tensor, best[key])
    module = archc.compile(spec()).module()
    module.load_state_dict(load_file(out / "last" / "weights.safetensors"))


def test_the_same_seed_gives_the_same_run(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run_spec(spec(), tmp_path / name, seed=seed, max_steps=5)
    assert losses(tmp_path / "a") == losses(tmp_path / "b")
    assert losses(tmp_path / "a") != losses(tmp_path / "c")


def test_training_begins_with_the_weights_that_a_build_writes(tmp_path: Path) -> None:
    live = Run(training_of(spec()), Options(tmp_path / "run", device="cpu")).live
    module = archc.compile(spec()).module(seed=0)
    assert all(torch.equal(live.state()[key], value) for key, value in module.state_dict().items())


SCHEDULED = spec("schedule: {OneCycleLR: {max_lr: 0.01, total_steps: steps}}")


HALF = spec("precision: bfloat16", "clip_grad_norm: 1.0", long="max_steps: 8")


@pytest.mark.parametrize(
    ("text", "at"), [(SCHEDULED, 5), (SCHEDULED, 22), (SCHEDULED, 30), (GAN, 3), (HALF, 4)]
)
def test_a_run_that_was_interrupted_goes_on_bit_for_bit(text: str, at: int, tmp_path: Path) -> None:
    settings = {"max_steps": 6} if text == GAN else {}
    run_spec(text, tmp_path / "whole", **settings)
    training = training_of(text)
    training = training.replace(settings=training.settings.replace(**settings))
    options = Options(tmp_path / "parts", device="cpu")
    stopped = Run(training, options, Interrupting(at)).train()
    assert (stopped.interrupted, stopped.step) == (True, at)
    torch.manual_seed(123)
    Run(training, options.replace(resume=True)).train()
    whole, parts = (
        load_file(tmp_path / name / "last" / "weights.safetensors") for name in ("whole", "parts")
    )
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    assert lines(tmp_path / "whole") == lines(tmp_path / "parts")


def test_bfloat16_learns_with_weights_of_float32(tmp_path: Path) -> None:
    wide = run_spec(spec(), tmp_path / "wide", max_steps=22)
    narrow = run_spec(spec(), tmp_path / "narrow", max_steps=22, precision="bfloat16")
    assert losses(tmp_path / "narrow") != losses(tmp_path / "wide")
    assert losses(tmp_path / "narrow") == pytest.approx(losses(tmp_path / "wide"), rel=0.1)
    assert narrow.measures["val_loss"] == pytest.approx(wide.measures["val_loss"], rel=0.1)
    weights = load_file(tmp_path / "narrow" / "last" / "weights.safetensors")
    assert {each.dtype for each in weights.values()} == {torch.float32}


def test_float16_is_refused_where_it_would_not_be_used(tmp_path: Path) -> None:
    assert refused(spec("precision: float16"), tmp_path / "run").code == "E1044"


def test_what_torch_refuses_is_said_at_the_layer(tmp_path: Path) -> None:
    np.savez(tmp_path / "wrong.npz", x=np.zeros((20, 4), "float32"), label=np.array([0, 1, -7, 2] * 5))
    (tmp_path / "wrong.yaml").write_text(
        """\
inputs: {x: [N, 4]}
layers: [{name: scores, linear: 3}]
train:
  data: {source: {npz: wrong.npz}, validation: 0}
  loss: cross_entropy(scores, label)
  optimizer: {SGD: {lr: 0.1}}
  epochs: 1
"""
    )
    training = archc.compile(tmp_path / "wrong.yaml").training
    assert training is not None
    with pytest.raises(SpecError) as caught:
        Run(training, Options(tmp_path / "run", device="cpu")).train()
    [found] = caught.value.diagnostics
    assert (found.code, found.path) == ("E1053", "loss")
    assert "Target -7 is out of bounds" in found.message
    assert found.span is not None
    assert found.span.text == "cross_entropy(scores, label)"


def test_accumulating_is_a_larger_batch(tmp_path: Path) -> None:
    text = spec(model=MLP.replace("  - {dropout: 0.1}\n", ""), optimizer="optimizer: {SGD: {lr: 0.1}}")
    run_spec(text.replace("batch_size: 64", "batch_size: 32"), tmp_path / "small", accumulate=2, max_steps=6)
    run_spec(text, tmp_path / "large", max_steps=6)
    assert losses(tmp_path / "small") == pytest.approx(losses(tmp_path / "large"), rel=1e-5)


def test_frozen_parameters_stay_and_groups_have_settings_of_their_own(tmp_path: Path) -> None:
    text = spec('freeze: ["hidden.*"]', 'groups: {"scores.bias": {lr: 0.0}}')
    before = archc.compile(text).module(seed=0).state_dict()
    run_spec(text, tmp_path / "run", max_steps=3)
    after = load_file(tmp_path / "run" / "last" / "weights.safetensors")
    changed = {key for key, value in before.items() if not torch.equal(value, after[key])}
    assert changed == {"scores.weight"}


def test_clipping_bounds_the_step(tmp_path: Path) -> None:
    text = spec("clip_grad_norm: 0.001", optimizer="optimizer: {SGD: {lr: 1.0}}")
    before = archc.compile(text).module(seed=0).state_dict()
    run_spec(text, tmp_path / "run", max_steps=1)
    after = load_file(tmp_path / "run" / "last" / "weights.safetensors")
    moved = torch.sqrt(sum(((after[key] - value) ** 2).sum() for key, value in before.items()))
    assert float(moved) == pytest.approx(0.001, rel=1e-3)


def test_warmup_rises_to_the_rate(tmp_path: Path) -> None:
    run_spec(spec("warmup: 4"), tmp_path / "run", max_steps=6)
    rates = [line["lr"] for line in lines(tmp_path / "run") if "epoch" not in line]
    assert rates == pytest.approx([0.002, 0.004, 0.006, 0.008, 0.01, 0.01])


def test_training_stops_early_when_nothing_gets_better(tmp_path: Path) -> None:
    text = spec("early_stopping: {patience: 2}", optimizer="optimizer: {SGD: {lr: 0.0}}", long="epochs: 9")
    assert run_spec(text, tmp_path / "run").epoch == 3


def test_averaged_weights_are_kept_and_validated(tmp_path: Path) -> None:
    run_spec(spec("ema: {decay: 0.5}"), tmp_path / "run", max_steps=3)
    run_spec(spec(), tmp_path / "plain", max_steps=3)
    averaged, plain = (load_file(tmp_path / n / "last" / "weights.safetensors") for n in ("run", "plain"))
    assert losses(tmp_path / "run") == losses(tmp_path / "plain")
    assert not torch.equal(averaged["scores.weight"], plain["scores.weight"])


def test_augmentation_is_for_learning_alone(tmp_path: Path) -> None:
    noisy = (
        DATA[:-1]
        + ", augment: [{name: noise, from: image, randn_like: }, {name: image, expr: image + noise}]}"
    )
    assert archc.check(spec(data=noisy))[1] == ()
    for layers, place in (
        ("{name: noise, from: image, randn_like: }", "noise"),
        ("{name: image, from: image, flatten: }", "flatten"),
    ):
        spoilt = spec(data=DATA[:-1] + f", augment: [{layers}]}}")
        (found,) = archc.check(spoilt)[1]
        assert found.span is not None
        assert (found.code, place in spoilt[found.span.start : found.span.end]) == ("E1021", True)
    noisy = DATA[:-1] + ", augment: [{from: image, dropout: 0.5}, {name: image, mul: 0.0}]}"
    result = run_spec(spec(data=noisy), tmp_path / "run", max_steps=22)
    assert result.measures["accuracy"] < 0.3
    prepared = DATA[:-1] + ", layers: [{name: image, from: image, mul: 0.0}]}"
    assert run_spec(spec(data=prepared), tmp_path / "none", max_steps=22).measures["val_accuracy"] < 0.3


def test_steps_take_turns_and_change_their_own_models(tmp_path: Path) -> None:
    result = run_spec(GAN, tmp_path / "run")
    assert result.step == 4
    assert {"critic.loss", "generator.loss"} <= lines(tmp_path / "run")[0].keys()
    found = load_file(tmp_path / "run" / "last" / "weights.safetensors")
    assert {key.partition(".")[0] for key in found} == {"generator", "critic"}


def test_what_cannot_be_learned_from_is_said(tmp_path: Path) -> None:
    assert refused(spec(), tmp_path / "a", freeze=("*",)).code == "E1046"
    assert refused(spec(data="data: {source: digits, validation: 1797}"), tmp_path / "b").code == "E1043"
    wrong = spec("schedule: {OneCycleLR: {max_lr: 0.1}}")
    assert refused(wrong, tmp_path / "d").code == "E1017"


def test_a_batch_that_processes_cannot_share_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Accelerator, "num_processes", 3)
    assert refused(spec(), tmp_path / "run").code == "E1044"


CELL = """\
name: net
inputs: {image: [N, 8, 8]}
layers:
  - {name: rnn, cell: , scan: {axis: 1, state: {h: zeros}}}
  - {name: scores, from: rnn.last.h, linear: 10}
blocks:
  cell:
    inputs: {x: [N, D], h: [N, 4]}
    layers: [{concat: [x, h]}, {name: fc, linear: 4}, {name: next, expr: log(fc)}]
    outputs: {h: next}
"""
BEFORE = "  - {name: scores"
LOGARITHM = MLP.replace(BEFORE, "  - {name: root, expr: log(dropout - 1)}\n" + BEFORE)
ROOT = MLP.replace(BEFORE, "  - {name: root, expr: sqrt(dropout)}\n" + BEFORE)


@pytest.mark.parametrize(
    ("text", "path", "note", "place"),
    [
        (spec(model=LOGARITHM), "net.root", "`net.root` (expr) gave the first value", "{name: root,"),
        (spec(model=ROOT), "net.root", "`net.root` (expr) gave the first gradient", "{name: root,"),
        (spec(model=ROOT, long="accumulate: 2\n  clip_grad_norm: 1.0\n  epochs: 1"), "net.root", "grad", "{"),
        (spec(model=CELL), "net.rnn", "(a scan) gave the first value", "{name: rnn,"),
        (spec(optimizer="optimizer: {SGD: {lr: 1e30}}"), "net.scores", "(linear)", "{name: scores"),
        (spec(loss="loss: cross_entropy(scores, label) / (N - 64)"), "loss", "(expr)", "cross_entropy"),
        (
            spec(data=DATA[:-1] + ", layers: [{name: image, expr: image / (image - image)}]}"),
            "",
            "the field `image` is not finite",
            "digits",
        ),
    ],
)
def test_what_is_not_finite_ends_training_at_the_layer(
    text: str, path: str, note: str, place: str, tmp_path: Path
) -> None:
    found = refused(text, tmp_path / "run")
    assert (found.code, found.path) == ("E1042", path)
    assert note in found.notes[0]
    assert found.span is not None
    assert found.span.text.startswith(place)


def test_a_run_is_not_gone_on_with_after_the_spec_was_changed(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run_spec(spec(), out, max_steps=1)
    for text in (spec("warmup: 3"), spec()):
        if text == spec():
            (out / "last" / "state.pt").write_bytes(b"damaged")
        with pytest.raises(SpecError, match="E1041"):
            run_spec(text, out, resume=True)


@pytest.mark.parametrize("name", ["accelerate", "sklearn.datasets"])
def test_a_missing_package_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in [each for each in sys.modules if each.startswith("archc.train.engine.")]:
        monkeypatch.delitem(sys.modules, engine)
    monkeypatch.setitem(sys.modules, name, None)
    assert refused(spec(), tmp_path / "run").code == "E1033"


def test_tensorboard_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = training_of(spec())
    training = training.replace(settings=training.settings.replace(max_steps=2))
    Run(training, Options(tmp_path / "run", device="cpu", tensorboard=True)).train()
    assert list((tmp_path / "run" / "tensorboard").iterdir())
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(SpecError, match="E1045"):
        Run(training, Options(tmp_path / "other", device="cpu", tensorboard=True)).train()
