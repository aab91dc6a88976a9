"""`archc init` and `archc schema` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run

from archc.cli.init_command import NAMES


@pytest.mark.parametrize("template", NAMES)
def test_a_started_spec_is_right_and_laid_out(run: Run, template: str) -> None:
    done = run("init", "my_net", "--template", template)
    assert done.code == 0
    assert done.out.startswith("my_net.yaml  a spec to begin with: archc validate my_net.yaml\n")
    text = Path("my_net.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=archc-schema.json\nname: my_net\ndoc: ")
    assert run("validate", "--strict", "my_net.yaml").code == 0
    assert run("fmt", "--check", "my_net.yaml").code == 0
    assert json.loads(Path("archc-schema.json").read_text())["title"] == "archc"


def test_what_init_does_without_a_name_and_with_a_path(run: Run) -> None:
    assert run("init").code == 0
    assert Path("mlp.yaml").exists()
    assert run("init", "nets/a.yaml").code == 0
    assert "name: a\n" in Path("nets/a.yaml").read_text()
    assert Path("nets/archc-schema.json").exists()


def test_init_writes_over_nothing(run: Run) -> None:
    Path("net.yaml").write_text("mine")
    done = run("init", "net")
    assert (done.code, done.err.splitlines()[0]) == (3, "error[E0913]: there is a file `net.yaml` already")
    assert Path("net.yaml").read_text() == "mine"


def test_names_that_init_does_not_take(run: Run) -> None:
    done = run("init", "3x")
    assert (done.code, done.err.splitlines()[0]) == (1, "error[E0208]: `3x` cannot be a name")
    assert run("init", "net", "--template", "no").code == 2
    assert list(Path().iterdir()) == []


def test_schema_is_printed_or_written(run: Run) -> None:
    printed = run("schema")
    assert printed.code == 0
    assert json.loads(printed.out)["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert run("schema", "--output", "schema.json") == (0, "", "")
    assert Path("schema.json").read_text() == printed.out
    assert run("schema", "-o", "no/such/folder/schema.json").code == 3
