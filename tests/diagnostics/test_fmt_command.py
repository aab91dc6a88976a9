"""`archc fmt` from the command line: what it writes, prints, and its exit codes."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from command_line import GOOD, Run, write

UGLY = "inputs: {x:   [N, 3],ids: int64[N, T]}   \nlayers:\n- relu # keep\n"
LAID_OUT = 'inputs: {x: [N, 3], ids: "int64[N, T]"}\nlayers:\n  - relu  # keep\n'


def test_files_are_rewritten(run: Run) -> None:
    write("specs/ugly.yaml", UGLY)
    write("specs/deep/good.yml", GOOD)
    assert run("fmt", "specs") == (0, "", "1 file reformatted, 1 file left unchanged\n")
    assert Path("specs/ugly.yaml").read_text() == LAID_OUT
    assert Path("specs/deep/good.yml").read_text() == GOOD
    assert run("fmt", "specs") == (0, "", "2 files left unchanged\n")
    assert sorted(os.listdir("specs")) == ["deep", "ugly.yaml"]


def test_check_writes_nothing(run: Run) -> None:
    path = write("a.yaml", UGLY)
    done = run("fmt", "--check", path, write("b.yaml", GOOD))
    assert done == (
        1,
        "would reformat: a.yaml\n",
        "1 file would be reformatted, 1 file already formatted\n",
    )
    assert Path(path).read_text() == UGLY
    assert run("fmt", "--check", "b.yaml").code == 0


def test_diff_shows_the_change(run: Run) -> None:
    path = write("a.yaml", UGLY.replace("\n- relu # keep\n", "\n- relu"))
    done = run("fmt", "--diff", path)
    assert done.code == 1
    assert done.out == (
        "--- a.yaml\n+++ a.yaml\n@@ -1,3 +1,3 @@\n"
        "-inputs: {x:   [N, 3],ids: int64[N, T]}   \n"
        '+inputs: {x: [N, 3], ids: "int64[N, T]"}\n'
        " layers:\n-- relu\n\\ No newline at end of file\n+  - relu\n"
    )
    assert run("fmt", "--diff", write("b.yaml", GOOD)) == (0, "", "1 file already formatted\n")


def test_standard_input(run: Run) -> None:
    assert run("fmt", "-", stdin=UGLY.encode()) == (0, LAID_OUT, "")
    assert run("fmt", "--check", "-", stdin=UGLY.encode()) == (1, "would reformat: -\n", "")
    assert run("fmt", "--check", "-", stdin=LAID_OUT.encode()) == (0, "", "")


def test_what_is_no_yaml_is_left_alone(run: Run) -> None:
    broken = write("a.yaml", "inputs: {x: [N, 3]\nlayers: [relu]\n")
    write("b.yaml", UGLY)
    done = run("fmt", broken, "b.yaml", "gone.yaml")
    assert done.code == 3
    assert "error[E0102]: the bracket `{` is not closed\n --> a.yaml:1:9\n" in done.err
    assert "error[E0901]: `gone.yaml` cannot be read" in done.err
    assert done.err.endswith("1 file reformatted\n")
    assert Path("b.yaml").read_text() == LAID_OUT
    assert run("fmt", broken).code == 1


def test_a_spec_that_is_wrong_in_what_it_says_is_formatted(run: Run) -> None:
    write("a.yaml", "layers: [{ leanear: 4 }]")
    assert run("fmt", "a.yaml").code == 0
    assert Path("a.yaml").read_text() == "layers: [{leanear: 4}]\n"


def test_links_and_permissions_stay(run: Run) -> None:
    Path(write("real/a.yaml", UGLY)).chmod(0o600)
    Path("link.yaml").symlink_to("real/a.yaml")
    assert run("fmt", "link.yaml").code == 0
    assert Path("link.yaml").is_symlink()
    assert Path("real/a.yaml").read_text() == LAID_OUT
    assert Path("real/a.yaml").stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_leaves_the_old_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("specs/a.yaml", UGLY)

    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    done = run("fmt", path)
    assert done.code == 3
    assert "error[E0901]: `specs/a.yaml` cannot be written: no space left on device" in done.err
    assert (os.listdir("specs"), Path(path).read_text()) == (["a.yaml"], UGLY)
