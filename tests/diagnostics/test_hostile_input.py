"""Files that nobody should have to read, from the command line: never a traceback, never a long wait."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from command_line import GOOD, Run, write


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("content", "code", "diagnostic"),
    [
        pytest.param(b"", 1, "E0115", id="empty"),
        pytest.param(bytes(range(256)), 1, "E0105", id="binary"),
        pytest.param(b"\x7fELF\x02\x01\x01\x00" * 64, 1, "E0105", id="a program"),
        pytest.param(b"inputs: {x: [N, 3]}\x00\nlayers: [relu]\n", 1, "E0105", id="a NUL byte"),
        pytest.param(GOOD.encode("utf-16"), 1, "E0105", id="another encoding"),
        pytest.param(b"[" * 100_000, 4, "E0802", id="nested lists"),
        pytest.param(b"{a: " * 5_000, 4, "E0802", id="nested mappings"),
        pytest.param(b"- " * 5_000 + b"x\n", 4, "E0802", id="nested items"),
        pytest.param(bomb().encode(), 4, "E0803", id="aliases of aliases"),
        pytest.param(b"a: &a [*a]\n", 1, "E0114", id="an alias of itself"),
        pytest.param(b"x" * 10_000_000, 4, "E0801", id="10 MB"),
        pytest.param(b"!!python/object/apply:os.system [ls]\n", 1, "E0106", id="a tag that would run"),
        pytest.param(b"just a text\n", 1, "E0202", id="a text"),
        pytest.param(b"- 1\n- 2\n", 1, "E0202", id="a list"),
        pytest.param(b"? {a: b}\n: c\n", 1, "E0113", id="a mapping as a key"),
        pytest.param(
            b"inputs: {x: [N, 3]}\nlayers: [{repeat: 9999999, relu: }]\n", 4, "E0811", id="many turns"
        ),
        pytest.param(
            b"inputs: {x: [N, 3]}\nlayers:\n - {name: f, linear: " + b"(" * 5_000 + b"}\n",
            4,
            "E0804",
            id="((((",
        ),
        pytest.param(
            b"inputs: {x: [N, 3]}\nlayers:\n - {name: f, linear: 9 ** 9 ** 9 ** 9}\n",
            4,
            "E0806",
            id="9 ** 9 ** 9",
        ),
    ],
)
def test_hostile_texts(run: Run, content: bytes, code: int, diagnostic: str) -> None:
    before = time.process_time()
    done = run("validate", write("bad.yaml", content))
    assert done.code == code
    assert f"error[{diagnostic}]" in done.err
    assert len(done.err) < 4_000
    assert time.process_time() - before < 2


def test_limits_can_be_raised(run: Run) -> None:
    path = write("a.yaml", GOOD)
    assert run("validate", path, "--max-bytes", "20").code == 4
    assert run("validate", path, "--max-bytes", "2000").code == 0
    loop = write("b.yaml", "inputs: {x: [N, 3]}\nlayers: [{repeat: 9, relu: }]\n")
    assert run("validate", loop, "--max-layers", "5").code == 4


def test_control_characters_in_names_are_shown_escaped(run: Run) -> None:
    text = 'inputs: {x: [N, 3]}\nlayers:\n  - {name: "a\\e[31m\\u202e", "re\\e[2Jlu": }\n'
    for form in ("full", "concise", "github", "json"):
        done = run("validate", write("bad.yaml", text), "--format", form)
        assert done.code == 1
        shown = done.out + done.err
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_files_that_are_none(run: Run) -> None:
    assert run("validate", "gone.yaml").code == 3
    assert run("validate", "a\0b.yaml").code == 3
    assert run("validate", "x" * 5_000).code == 3
    Path("loop.yaml").symlink_to("loop.yaml")
    assert run("validate", "loop.yaml").code == 3
    assert run("validate", "/dev/zero").code == 4
    if os.geteuid():
        write("secret.yaml", GOOD)
        Path("secret.yaml").chmod(0)
        assert run("validate", "secret.yaml").code == 3


def test_a_pipe_in_a_folder_is_not_waited_for(run: Run) -> None:
    write("specs/good.yaml", GOOD)
    os.mkfifo("specs/pipe.yaml")
    assert run("validate", "specs").code == 0


def test_imports_that_go_wrong(run: Run) -> None:
    block = "blocks:\n  twice:\n    layers:\n      - mul: [x, 2]\n"
    write("blocks.yaml", block)
    write("circle.yaml", "import: [circle2.yaml]\n" + block)
    write("circle2.yaml", "import: [circle.yaml]\n" + block)
    write("broken.yaml", "blocks:\n  b:\n    layers:\n      - leanear: 4\n    inputs: 3\n")
    use = "inputs: {x: [N, 3]}\nlayers:\n  - {name: t, twice: }\n"
    assert run("validate", write("a.yaml", "import: [blocks.yaml]\n" + use)).code == 0
    done = run("validate", write("b.yaml", "import: [blocks.yaml]\n" + use + block))
    assert (done.code, "error[E0323]" in done.err) == (1, True)
    done = run("validate", write("c.yaml", "import: [circle.yaml]\n" + use))
    assert (done.code, "error[E0322]" in done.err) == (1, True)
    done = run("validate", write("d.yaml", "import: [broken.yaml]\n" + use))
    assert (done.code, "broken.yaml:5:" in done.err) == (1, True)
    write("nested/broken.yaml", "blocks:\n  b:\n    inputs: 3\n    layers: [relu]\n")
    write("nested/f.yaml", "import: [broken]\n" + use)
    assert f"{Path('nested/broken.yaml')}:3:" in run("validate", "nested/f.yaml", "--format", "concise").err
    done = run("validate", write("deep/e.yaml", "import: [../blocks.yaml]\n" + use))
    assert (done.code, "error[E0321]" in done.err) == (1, True)
