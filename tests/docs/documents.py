"""Documents that prove themselves: fenced blocks of markdown, run in a folder of their own.

- `yaml`: a whole spec, which validates without a warning. `yaml wrong CODE`, or a first line
  `# wrong: CODE`: a spec that raises this code; without a code any error will do. `yaml map`: a map of
  the keys of weights.
- `console`: lines that begin with `$ ` are run, the lines below them are what they print. `...` stands
  for any text, alone on a line for any lines; numbers with an exponent and percentages are measured,
  so any will do.
- `python`: run, with the names of the blocks before it.
- Any of them with `fragment` behind it is not run.

A block whose paragraph begins with a file's name in backquotes is that file: it is written for the
blocks below, or, where the file is there already, it has to be a part of it.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import archc
from archc.cli import root
from archc.cli.failures import run_guarded
from archc.weights import read_key_map

ROOT = Path(__file__).parent.parent.parent
RUN = ("yaml", "console", "python")
_FILE = re.compile(r"`([\w./-]+\.\w+)`")
_MEASURED = re.compile(r"\d+(\.\d+)?e[+-]\d+|\d+(\.\d+)?%")


class Block:
    """A fenced block: its language, the words behind it, the file that it is, its text and line."""

    def __init__(self, info: str, file: str | None, text: str, line: int) -> None:
        self.language, *self.words = info.split() or [""]
        self.file = file
        self.text = text
        self.line = line

    @property
    def wrong(self) -> str | None:
        """The code that a wrong spec raises, empty for any; None for a right one."""
        first = re.match(r"# wrong: (\w+)", self.text)
        if first:
            return first[1]
        return "".join(self.words[1:2]) if self.words[:1] == ["wrong"] else None


def blocks(text: str) -> Iterator[Block]:
    """Give the fenced blocks of a document."""
    lines = text.splitlines()
    paragraph = ""
    index = 0
    while index < len(lines):
        fence = re.match(r"( *)```(.*)", lines[index])
        if fence is None:
            fresh = index == 0 or not lines[index - 1].strip()
            paragraph = lines[index] if lines[index].strip() and fresh else paragraph
            index += 1
            continue
        end = next(i for i in range(index + 1, len(lines)) if lines[i].strip() == "```")
        named = _FILE.match(paragraph)
        body = "\n".join(line.removeprefix(fence[1]) for line in lines[index + 1 : end])
        yield Block(fence[2], named[1] if named else None, body + "\n", index + 1)
        paragraph = ""
        index = end + 1


class Session:
    """One document being run, in the current folder."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.names: dict[str, Any] = {}

    def run(self, block: Block) -> None:
        """Run a block, or write the file that it is; AssertionError where it does not do as it says."""
        if "fragment" in block.words:
            return
        where = f"{self.place}:{block.line}"
        if block.file is not None and Path(block.file).exists():
            assert block.text in Path(block.file).read_text(encoding="utf-8"), f"{where}: not in {block.file}"
            return
        if block.file is not None:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text, encoding="utf-8")
        if block.language == "yaml" and block.words[:1] == ["map"]:
            assert block.file is not None, f"{where}: a map needs a name"
            read_key_map(block.file)
        elif block.language == "yaml":
            check_spec(block, where)
        elif block.language == "console":
            check_console(block, where)
        elif block.language == "python" and block.file is None:
            exec(compile(block.text, where, "exec"), self.names)


def check_spec(block: Block, where: str) -> None:
    """Validate a spec, which has to be right, or wrong in the way it says."""
    compiled, found = archc.check(block.file or block.text)
    shown = [f"{each.code}: {each.message}" for each in found]
    if block.wrong is None:
        assert not shown, f"{where}: {shown}"
    else:
        codes = {each.code for each in found}
        assert codes == {block.wrong} if block.wrong else compiled is None, f"{where}: {shown}"


def check_console(block: Block, where: str) -> None:
    """Run the commands of a block and compare what they print."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        printed = run_command(command)
        assert _pattern(expected).fullmatch(_lines(printed)), f"{where}: $ {command}\n{printed}"


def run_command(command: str) -> str:
    """Run a line of a console block: `archc ...`, or `cat FILE`."""
    name, *arguments = shlex.split(command)
    if name == "cat":
        return Path(arguments[0]).read_text(encoding="utf-8")
    assert name == "archc", command
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        run_guarded(root, arguments)
    return out.getvalue()


def _lines(text: str) -> str:
    """Give a text without empty lines and without blanks at the ends of lines."""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines() if line.strip())


def _pattern(expected: str) -> re.Pattern[str]:
    parts = []
    for line in _lines(expected).splitlines():
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
            continue
        pieces = (re.escape(piece) for piece in _MEASURED.sub("...", line).split("..."))
        parts.append(".*".join(pieces) + r"\n")
    return re.compile("".join(parts))
