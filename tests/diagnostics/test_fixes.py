"""What `archc validate --fix` mends, and that it never does harm."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from command_line import GOOD, WRONG, Run, write
from zoo_specs import files

from archc import ops
from archc.api import check_source
from archc.format.fixes import fix_all
from archc.source import Diagnostic, Source
from archc.source.codes import all_codes
from archc.spec.vocabulary import MODIFIERS

HEAD = "inputs: {x: [N, 3, H, W]}\nlayers:\n"


def check(source: Source) -> tuple[Diagnostic, ...]:
    return check_source(source)[1]


def fixed(text: str) -> str:
    return fix_all(Source("spec.yaml", text), check)[0].text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("{name: c, leanear: 4}", "{name: c, linear: 4}", id="an op"),
        pytest.param("max_poool2d: 2", "max_pool2d: 2", id="the nearer one of two"),
        pytest.param("{nmae: r, relu: }", "{name: r, relu: }", id="a modifier"),
        pytest.param("dropout: {inplase: 1, P: 0.2}", "dropout: {inplase: 1, p: 0.2}", id="an attribute"),
        pytest.param("gelu: {approximate: tahn}", "gelu: {approximate: tanh}", id="a word"),
        pytest.param("{name: c, Conv2d: 4}", "{name: c, conv2d: 4}", id="PyTorch's class"),
        pytest.param("relu()", "relu", id="a call"),
        pytest.param("elu(2)", "elu: 2", id="a call with a number"),
        pytest.param("{when: True, relu: }", "{when: true, relu: }", id="Python's booleans"),
        pytest.param("{when: H>4&&W>4, relu: }", "{when: H>4 and W>4, relu: }", id="and"),
        pytest.param("{when: 1<2 and!(1 > 2), relu: }", "{when: 1<2 and not (1 > 2), relu: }", id="not"),
        pytest.param("{repeat: 3, parallel: yes, relu: }", "{repeat: 3, parallel: true, relu: }", id="yes"),
        pytest.param("tile: [1, 1_000, 1, 1 * 0x2]", "tile: [1, 1000, 1, 1 * 2]", id="numbers"),
        pytest.param("transpose: [2, 3]", "transpose: {dim0: 2, dim1: 3}", id="attributes in torch's order"),
        pytest.param("{name:r, relu: }", "{name: r, relu: }", id="a space behind a colon"),
        pytest.param("{dropout: max(0.1, 0.2)}", '{dropout: "max(0.1, 0.2)"}', id="commas"),
        pytest.param("{dropout: [0.1][0]}", '{dropout: "[0.1][0]"}', id="an index"),
        pytest.param("{from: 1.0, relu: }", '{from: "1.0", relu: }', id="a name like a number"),
        pytest.param(
            "{name: c, conv2d: {out_channels: 3, kernel_size: 1}, init: {weigth: zeross}}",
            "{name: c, conv2d: {out_channels: 3, kernel_size: 1}, init: {weight: zeros}}",
            id="weights and initializers, one behind the other",
        ),
        pytest.param("{add: {inptu: x, other: x}}", "{add: {inptu: x, other: x}}", id="no single word"),
        pytest.param("{name: y, expr: tahn(x)}", "{name: y, expr: tanh(x)}", id="a function of a formula"),
        pytest.param("conv4d: 3", "conv4d: 3", id="a digit is no slip"),
        pytest.param("{from: y, relu: }", "{from: y, relu: }", id="a value may be another one"),
        pytest.param("{nmae: r, name: q, relu: }", "{nmae: r, name: q, relu: }", id="no key twice"),
    ],
)
def test_fixes(before: str, after: str) -> None:
    text = f"{HEAD}  - {before}\n"
    assert fixed(text) == f"{HEAD}  - {after}\n"


def test_the_exact_line_of_a_fact() -> None:
    layers = (
        "layers:\n"
        "  - {name: down, conv2d: {out_channels: 8, kernel_size: 2, stride: 2}}\n"
        "  - {name: up, conv_transpose2d: {out_channels: 3, kernel_size: 2, stride: 2}}\n"
        "  - add: [up, image]\n"
    )
    head = "name: net\ndims:\n{}\ninputs: {{image: [N, 3, H, W]}}\n{}"
    declared = "  H: {multiple_of: 3}\n  W:\n    max: 1001"
    right = "  H: {multiple_of: 6, min: 6}\n  W: {multiple_of: 2, min: 2, max: 1001}"
    text = fixed(head.format(declared, layers))
    assert text == head.format(right, layers)
    assert check(Source("spec.yaml", text)) == ()
    for kept in ("  W:  # pixels\n    max: 1001", "  W: {max: 1000 + 1}"):
        text = head.format(kept, layers)
        assert fixed(text) == text
        [found] = check(Source("spec.yaml", text))
        assert found.fix is not None
        assert not found.fix.safe


def test_several_mistakes_and_what_is_left(run: Run) -> None:
    text = (
        "nmae: net\ninputs: {x: flaot32[N, 3]}\nlayers:\n  - relu()\n"
        "  - {name: fc, leanear: {out_feature: 4, bias: no}}\n  - {name: last, from: fcc, relu: }\n"
    )
    path = write("a.yaml", text)
    done = run("validate", path, "--fix", "--format", "concise")
    assert Path(path).read_text() == (
        'name: net\ninputs: {x: "float32[N, 3]"}\nlayers:\n  - relu\n'
        "  - {name: fc, linear: {out_features: 4, bias: false}}\n  - {name: last, from: fcc, relu: }\n"
    )
    assert done.code == 1
    *made, left = done.err.splitlines()
    assert [line.split("]")[0] for line in made] == [
        "fixed a.yaml:2:13: [E0110",
        "fixed a.yaml:1:1: [E0201",
        "fixed a.yaml:2:14: [E0211",
        "fixed a.yaml:4:5: [E0203",
        "fixed a.yaml:5:16: [E0301",
        "fixed a.yaml:5:25: [E0702",
        "fixed a.yaml:5:47: [E0603",
    ]
    assert left == "a.yaml:6:24: error[E0303] there is no value `fcc` here (help: did you mean `fc`?)"


def test_nothing_is_written_where_nothing_is_fixed(run: Run) -> None:
    path = write("a.yaml", GOOD)
    before = Path(path).stat().st_mtime_ns
    assert run("validate", path, "--fix") == (0, "a.yaml: ok\n", "")
    assert Path(path).stat().st_mtime_ns == before
    assert run("validate", "gone.yaml", "--fix").code == 3
    assert run("validate", "-", "--fix").code == 2


def test_programs_see_fixes(run: Run) -> None:
    path = write("a.yaml", WRONG.replace("inputs", "inptus"))
    data = json.loads(run("validate", path, "--format", "json").out)
    [first] = data["diagnostics"]
    assert first["fix"]["safe"] is True
    [edit] = first["fix"]["edits"]
    assert (edit["text"], edit["place"]["line"], edit["place"]["offset"]) == ("inputs", 6, 81)
    log = json.loads(run("validate", path, "--format", "sarif").out)
    [result] = log["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("E0201", "error")
    place = {"startLine": 6, "startColumn": 1, "endLine": 6, "endColumn": 7}
    assert result["locations"][0]["physicalLocation"]["region"] == place
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "a.yaml"}
    [change] = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": place, "insertedContent": {"text": "inputs"}}]
    assert log["runs"][0]["tool"]["driver"]["rules"][0]["id"] == "E0201"
    assert run("validate", write("b.yaml", GOOD), "--format", "sarif").code == 0


def test_a_fix_of_an_imported_file_is_made_there(run: Run) -> None:
    write("parts.yaml", "blocks:\n  head: {layers: [{name: fc, leanear: 4}]}\n")
    write("net.yaml", "import: [parts]\ninputs: {x: [N, 3]}\nlayers:\n  - {name: h, haed: }\n")
    assert run("validate", "net.yaml", "--fix").code == 1
    assert Path("net.yaml").read_text().endswith("{name: h, head: }\n")
    assert "leanear" in Path("parts.yaml").read_text()


@pytest.mark.parametrize("path", files())
def test_a_misspelt_word_is_mended_as_it_was_or_left_alone(path: Path) -> None:
    choose = random.Random(path.stem)
    text = path.read_text("utf-8")
    program = check_source(Source(str(path), text))[0]
    assert program is not None
    words = {
        *ops.names(),
        *MODIFIERS,
        "out_channels",
        "kernel_size",
        "padding",
        "inputs",
        "outputs",
        "params",
    }
    places = [match for match in re.finditer(r"[a-z_0-9]{5,}(?=:)", text) if match.group() in words]
    for match in choose.sample(places, min(3, len(places))):
        word, at = match.group(), choose.randrange(1, len(match.group()) - 1)
        slip = choose.choice([word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]])
        damaged = text[: match.start()] + slip + text[match.end() :]
        source, made = fix_all(Source(str(path), damaged), check)
        compiled = check_source(source)[0]
        assert not made or (compiled is not None and compiled.text() == program.text()), (slip, made)


@pytest.mark.parametrize(
    ("code", "wrong"),
    [pytest.param(code, one.wrong, id=code) for code, one in all_codes().items() if one.wrong],
)
def test_a_fix_leaves_fewer_mistakes_or_others(code: str, wrong: str) -> None:
    source, made = fix_all(Source("spec.yaml", wrong), check)
    assert bool(made) == (source.text != wrong)
    if made:
        assert code not in {each.code for each in check(source)}
