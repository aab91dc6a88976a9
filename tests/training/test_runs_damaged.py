"""Runs whose folder is damaged, taken or full, and what Ctrl-C leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from test_runs import Interrupting, lines, refused
from training_specs import MLP, run_spec, spec, training_of

from archc.cli import root, run_guarded
from archc.source import SpecError
from archc.train.engine import checkpoints
from archc.train.engine.checkpoints import RunFolder
from archc.train.engine.loop import Options, Run

TEXT = spec(long="max_steps: 3")
State = dict[str, Any]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("begun") / "run"
    run_spec(TEXT, out)
    return out


def gone_on_with(out: Path) -> str:
    """Give the code and the message of the error that going on ends with."""
    with pytest.raises(SpecError) as caught:
        run_spec(TEXT, out, resume=True, max_steps=5)
    [found] = caught.value.diagnostics
    return f"{found.code} {found.message}"


def removed(state: State) -> None:
    del state["optimizers"]


def emptied(state: State) -> None:
    state["models"].clear()


def misshapen(state: State) -> None:
    state["models"]["net"]["scores.bias"] = torch.zeros(3)


def misnumbered(state: State) -> None:
    state["round"] = 10**9


def mistyped(state: State) -> None:
    state["step"] = "three"


def misdrawn(state: State) -> None:
    state["random"] = torch.zeros(3)


def miscounted(state: State) -> None:
    state["means"] = {"loss": 3}


CHANGES = (removed, emptied, misshapen, misnumbered, mistyped, misdrawn, miscounted)


@pytest.mark.parametrize("change", CHANGES)
def test_a_state_of_another_kind_is_told(
    change: Callable[[State], None], begun: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(begun, tmp_path / "run")
    state = torch.load(out / "last" / "state.pt", weights_only=True)
    change(state)
    torch.save(state, out / "last" / "state.pt")
    told = gone_on_with(out)
    assert told.startswith("E1041")
    assert "not the state of such a run" in told


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_a_state_that_cannot_be_read_is_told(content: bytes | None, begun: Path, tmp_path: Path) -> None:
    out = shutil.copytree(begun, tmp_path / "run")
    state = out / "last" / "state.pt"
    state.write_bytes(state.read_bytes()[:2000] if content is None else content)
    assert gone_on_with(out).endswith("it is damaged")
    shutil.rmtree(out / "last")
    assert gone_on_with(out).endswith("there is none")


def test_measures_that_are_damaged_are_left_out(begun: Path, tmp_path: Path) -> None:
    out = shutil.copytree(begun, tmp_path / "run")
    with (out / "metrics.jsonl").open("ab") as file:
        file.write(b"\xff\xfe {")
    run_spec(TEXT, out, resume=True, max_steps=4)
    assert [each["step"] for each in lines(out) if "epoch" not in each] == [1, 2, 3, 4]


def test_two_runs_do_not_write_to_one_folder(begun: Path) -> None:
    with RunFolder(begun).held(fresh=False):
        assert gone_on_with(begun).startswith("E1054")
    run_spec(TEXT, begun, resume=True)


def test_a_full_disk_is_told_and_leaves_the_checkpoint_before(
    begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = shutil.copytree(begun, tmp_path / "run")

    def full(_state: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/3: file write failed")

    monkeypatch.setattr(checkpoints.torch, "save", full)
    told = gone_on_with(out)
    assert told.startswith("E0901")
    assert "file write failed" in told
    monkeypatch.undo()
    assert run_spec(TEXT, out, resume=True, max_steps=4).step == 4
    assert sorted(path.name for path in out.iterdir()) == ["best", "last", "manifest.json", "metrics.jsonl"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refused(TEXT, tmp_path / "file" / "run").code == "E0901"


class Impatient(Interrupting):
    """Presses Ctrl-C before the first step."""

    def begin(self, _begun: object) -> None:
        """Press it."""
        self.step(self.at, {})


def test_ctrl_c_before_the_first_step_can_be_gone_on_after(tmp_path: Path) -> None:
    options = Options(tmp_path / "run", device="cpu")
    stopped = Run(training_of(TEXT), options, Impatient(0)).train()
    assert (stopped.interrupted, stopped.step) == (True, 0)
    ended = Run(training_of(TEXT), options.replace(resume=True)).train()
    assert (ended.interrupted, ended.step) == (False, 3)


def test_ctrl_c_at_the_last_step_interrupts_nothing(tmp_path: Path) -> None:
    text = spec(long="epochs: 1")
    ended = Run(training_of(text), Options(tmp_path / "run", device="cpu"), Ending()).train()
    assert (ended.interrupted, ended.epoch) == (False, 1)


class Ending(Interrupting):
    """Presses Ctrl-C when everything is done."""

    def __init__(self) -> None:
        super().__init__(0)

    def epoch(self, *_given: object) -> None:
        """Press it."""
        self.step(0, {})


def test_a_run_that_saved_nothing_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = TEXT.replace("Adam: {lr: 0.01}", "SGD: {lr: 1.0e+30}")
    for text, code in ((wrong, 1), (TEXT, 0), (TEXT, 3)):
        Path("net.yaml").write_text(text)
        assert run_guarded(root, ["train", "net.yaml", "--out", "run", "--device", "cpu"]) == code
    assert [each["step"] for each in lines(Path("run")) if "epoch" not in each] == [1, 2, 3]
    Path("other").mkdir()
    Path("other/manifest.json").write_text("{}")
    assert run_guarded(root, ["train", "net.yaml", "--out", "other", "--device", "cpu"]) == 3


def test_a_run_that_stopped_early_has_ended(tmp_path: Path) -> None:
    text = spec("early_stopping: {patience: 1}", optimizer="optimizer: {SGD: {lr: 0.0}}", long="epochs: 9")
    assert run_spec(text, tmp_path / "run").epoch == 2
    assert run_spec(text, tmp_path / "run", resume=True).epoch == 2


def test_a_measure_that_is_not_finite_is_never_the_best(tmp_path: Path) -> None:
    text = spec(
        metrics="metrics: {odd: {mean_absolute_error: [root, root]}}",
        model=MLP + "  - {name: root, expr: log(hidden)}\noutputs: [scores, root]\n",
        long="early_stopping: {metric: odd}\n  epochs: 1",
    )
    run_spec(text, tmp_path / "run")
    assert not (tmp_path / "run" / "best").exists()
