"""`validate`, `summary`, `explain` and `ops` from the command line: output and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import GOOD, WARNED, WRONG, Run, write

# What `validate` says.


def test_a_right_spec(run: Run) -> None:
    assert run("validate", write("a.yaml", GOOD)) == (0, "a.yaml: ok\n", "")


def test_requirements_are_stated(run: Run) -> None:
    text = "inputs: {x: [N, 3, T]}\nlayers:\n  - {name: c, conv1d: {out_channels: 4, kernel_size: 5}}\n"
    assert run("validate", write("a.yaml", text)).out == "a.yaml: ok, requires T >= 5\n"


def test_a_wrong_spec(run: Run) -> None:
    done = run("validate", write("a.yaml", WRONG))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error[E0301]: there is no op or block `leanear`\n --> a.yaml:8:16\n")
    assert done.err.endswith("found 1 error in 1 file\n")


def test_standard_input(run: Run) -> None:
    assert run("validate", "-", stdin=GOOD.encode()).out == "-: ok\n"
    assert " --> <stdin>:8:16" in run("validate", "-", stdin=WRONG.encode()).err
    assert run("validate", "-").code == 1


def test_several_specs_and_folders(run: Run) -> None:
    write("specs/good.yaml", GOOD)
    write("specs/deep/wrong.yml", WRONG)
    write("specs/notes.txt", "no spec")
    write("more.yaml", WARNED)
    done = run("validate", "specs", "more.yaml")
    assert done.code == 1
    assert done.out.splitlines() == [f"{Path('specs/good.yaml')}: ok", "more.yaml: ok"]
    assert done.err.endswith("found 1 error and 1 warning in 2 files\n")


def test_a_folder_without_specs_does_not_hide_the_others(run: Run) -> None:
    Path("empty").mkdir()
    done = run("validate", "empty", write("a.yaml", GOOD), "gone.yaml")
    assert (done.code, done.out) == (3, "a.yaml: ok\n")
    assert "error[E0911]: there is no spec in the folder `empty`" in done.err
    assert "error[E0901]: `gone.yaml` cannot be read: no such file or directory" in done.err


def test_parameters(run: Run) -> None:
    path = write("a.yaml", GOOD)
    assert run("validate", path, "-p", "width=16").code == 0
    assert "E0707" in run("validate", path, "-p", "width=0").err
    assert "E0623" in run("validate", path, "-p", "width=[1]").err
    done = run("validate", path, "-p", "widht=16")
    assert (done.code, "did you mean `width`?" in done.err) == (1, True)
    assert run("validate", path, "-p", "width").code == 2


def test_variants(run: Run) -> None:
    path = write("a.yaml", GOOD)
    assert run("validate", path, "--variant", "large").code == 0
    assert run("validate", path, "--variant", "zero").code == 1
    done = run("validate", path, "--variant", "all")
    assert (done.code, done.out) == (1, "a.yaml: ok\na.yaml (large): ok\n")
    done = run("validate", path, "--variant", "larg")
    assert done.code == 1
    assert "error[E0624]: the spec has no variant `larg`" in done.err
    assert "did you mean `large`?" in done.err


def test_warnings(run: Run) -> None:
    path = write("a.yaml", WARNED)
    done = run("validate", path)
    assert (done.code, "warning[W0102]" in done.err, done.out) == (0, True, "a.yaml: ok\n")
    done = run("validate", path, "--strict")
    assert (done.code, "error[W0102]" in done.err, done.out) == (1, True, "")
    assert run("validate", path, "--strict", "--allow", "W0102") == (0, "a.yaml: ok\n", "")
    assert run("validate", write("b.yaml", WRONG), "--allow", "E0301").code == 1


def test_concise_and_github(run: Run) -> None:
    path = write("a.yaml", WRONG)
    message = "there is no op or block `leanear`"
    done = run("validate", path, "--format", "concise")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"a.yaml:8:16: error[E0301] {message} (help: did you mean `linear`?)\n"
    done = run("validate", path, "--format", "github")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("::error file=a.yaml,line=8,col=16,endLine=8,endColumn=23,title=archc E0301::")


def test_json_is_one_document_for_all_specs(run: Run) -> None:
    done = run("validate", write("a.yaml", WRONG), write("b.yaml", WARNED), "--format", "json")
    data = json.loads(done.out)
    assert (done.code, done.err, data["schema_version"]) == (1, "", 1)
    assert [(each["code"], each["severity"]) for each in data["diagnostics"]] == [
        ("E0301", "error"),
        ("W0102", "warning"),
    ]
    place = data["diagnostics"][0]["place"]
    assert (place["file"], place["line"], place["column"], place["end_column"]) == ("a.yaml", 8, 16, 23)
    assert WRONG[place["offset"] : place["end_offset"]] == "leanear"
    empty = json.loads(run("validate", write("c.yaml", GOOD), "--format", "json").out)
    assert empty == {"schema_version": 1, "diagnostics": []}
    lost = json.loads(run("validate", "gone.yaml", "--format", "json").out)
    assert lost["diagnostics"][0]["place"] is None


def test_colour(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.yaml", WRONG)
    assert "\x1b[" not in run("validate", path).err
    assert "\x1b[1;31merror[E0301]" in run("validate", path, "--color", "always").err
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("validate", path).err
    assert "\x1b[" not in run("validate", path, "--color", "never").err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("validate", path).err
    assert "\x1b[" in run("validate", path, "--color", "always").err
    assert "\x1b[" not in run("validate", path, "--format", "concise", "--color", "always").err


# The command line itself.


@pytest.mark.parametrize(
    ("arguments", "piece"),
    [
        (("valdate", "a.yaml"), "there is no command 'valdate'. did you mean `validate`?"),
        (("frobnicate",), "there is no command 'frobnicate'."),
        (("validate", "--strickt", "a.yaml"), "--strict"),
        (("validate",), "SPEC"),
        (("validate", "a.yaml", "--format", "xml"), "'xml'"),
        (("validate", "a.yaml", "--color", "red"), "'red'"),
        (("validate", "a.yaml", "--max-layers", "0"), "0"),
        (("summary", "a.yaml", "--dim", "T"), "NAME=SIZE"),
        (("summary", "a.yaml", "--dim", "T=0"), "NAME=SIZE"),
        (("summary", "a.yaml", "--depth", "none"), "'none'"),
        (("explain", "E9999"), "there is no code E9999"),
        (("ops", "leanear"), "there is no op leanear. did you mean `linear`?"),
    ],
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...], piece: str) -> None:
    write("a.yaml", GOOD)
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert piece in done.err


def test_help_and_version(run: Run) -> None:
    assert run("--version").out.startswith("archc ")
    assert "validate" in run("--help").out
    assert "--strict" in run("validate", "-h").out
    assert run("validate", "-h").code == 0


def test_explain(run: Run) -> None:
    listed = run("explain")
    assert listed.code == 0
    assert "E0302  a name is used twice" in listed.out
    page = run("explain", "e0404")
    assert page.code == 0
    assert "Wrong:" in page.out
    assert "Right:" in page.out


def test_ops(run: Run) -> None:
    listed = run("ops")
    assert (listed.code, "  conv2d " in listed.out) == (0, True)
    page = run("ops", "conv2d")
    assert (page.code, "out_channels" in page.out) == (0, True)


def test_summary(run: Run) -> None:
    path = write("a.yaml", GOOD)
    done = run("summary", path)
    assert (done.code, done.err) == (0, "")
    assert "fc" in done.out
    assert run("summary", path, "--dim", "N=8").code == 0
    wrong = run("summary", write("b.yaml", WRONG))
    assert (wrong.code, wrong.out, "E0301" in wrong.err) == (1, "", True)
    assert run("summary", "gone.yaml").code == 3
    assert run("summary", path, "--variant", "all").code == 2
    write("many/a.yaml", GOOD)
    write("many/b.yaml", GOOD)
    assert run("summary", "many").code == 2
    warned = run("summary", write("c.yaml", WARNED))
    assert (warned.code, "warning[W0102]" in warned.err) == (0, True)
    assert run("summary", "c.yaml", "--strict").code == 1


# The program as a shell runs it.


def shell(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "archc", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
        **options,
    )


def test_exit_codes_reach_the_shell(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    assert shell("validate", "good.yaml", cwd=tmp_path).returncode == 0
    assert shell("validate", "-", cwd=tmp_path, input=WRONG).returncode == 1
    assert shell("valdate", cwd=tmp_path).returncode == 2
    assert shell("validate", "gone.yaml", cwd=tmp_path).returncode == 3
    done = shell("validate", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "./good.yaml: ok\n")


def test_a_closed_pipe_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    line = f"{sys.executable} -m archc explain | head -1; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_package_that_is_gone_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.delitem(sys.modules, "rich.table", raising=False)
    done = run("summary", write("a.yaml", GOOD))
    assert (done.code, done.out) == (3, "")
    assert done.err.splitlines()[0].startswith("error[E1033]: archc needs a package that is not installed")


def test_a_name_of_a_file_that_is_no_name_is_shown_in_short(run: Run) -> None:
    done = run("validate", "[" * 10_000)
    assert done.code == 3
    assert len(done.err) < 200
