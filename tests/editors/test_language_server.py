"""The schema in the server that editors use: yaml-language-server, from npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line_runner import archc

SERVER = "yaml-language-server@2.0.0"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(request: pytest.FixtureRequest) -> list[str]:
    """Install the server once, in the cache of the tests."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("yaml-language-server")
    binary = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    if not binary.exists():
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), SERVER]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode != 0 or not binary.exists():
            pytest.skip(f"{SERVER} cannot be installed: {done.stderr.strip()[:200]}")
    return [node, str(binary), "--stdio"]


class Editor:
    """An editor with one folder, which speaks to the server over pipes."""

    def __init__(self, program: list[str], folder: Path) -> None:
        self.folder = folder
        self.server = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self.asked = 0
        self.ask("initialize", processId=os.getpid(), rootUri=folder.as_uri(), capabilities={})
        self.tell("initialized")

    def send(self, message: dict[str, Any]) -> None:
        assert self.server.stdin is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.server.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.server.stdout is not None
        length = 0
        while line := self.server.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self.server.stdout.read(length))
        if "id" in message and "method" in message:
            settings = {"yaml": {"validate": True, "completion": True, "schemaStore": {"enable": False}}}
            items = message.get("params", {}).get("items", [])
            found = [settings.get(item.get("section", ""), {}) for item in items]
            self.send({"id": message["id"], "result": found or None})
        return message

    def tell(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self.asked += 1
        self.send({"id": self.asked, "method": method, "params": params})
        while (message := self.receive()).get("id") != self.asked or "method" in message:
            pass
        return message["result"]

    def open(self, name: str, text: str) -> list[dict[str, Any]]:
        """Open a file; give the problems that the server finds in it."""
        (self.folder / name).write_text(text)
        uri = (self.folder / name).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", textDocument=document)
        while True:
            message = self.receive()
            shown = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics" and shown["uri"] == uri:
                problems: list[dict[str, Any]] = shown["diagnostics"]
                return problems

    def completions(self, name: str, line: int, column: int) -> set[str]:
        place = {"line": line, "character": column}
        document = {"uri": (self.folder / name).as_uri()}
        found = self.ask("textDocument/completion", textDocument=document, position=place)
        return {item["label"] for item in (found["items"] if isinstance(found, dict) else found or [])}

    def hover(self, name: str, line: int, column: int) -> str:
        place = {"line": line, "character": column}
        document = {"uri": (self.folder / name).as_uri()}
        return json.dumps(self.ask("textDocument/hover", textDocument=document, position=place))


@pytest.fixture
def editor(program: list[str], tmp_path: Path) -> Iterator[Editor]:
    found = Editor(program, tmp_path)
    # A server that says nothing any more is ended, so that reading from it ends too.
    patience = threading.Timer(120, found.server.kill)
    patience.start()
    yield found
    patience.cancel()
    found.server.kill()
    found.server.wait()


def test_an_editor_checks_completes_and_explains(editor: Editor) -> None:
    archc("init", str(editor.folder / "net"), "--template", "cnn")
    right = (editor.folder / "net.yaml").read_text()
    assert editor.open("net.yaml", right) == []

    wrong = editor.open("wrong.yaml", right.replace("kernel_size", "kernel_siz"))
    line = right[: right.index("kernel_size")].count("\n")
    assert line in {problem["range"]["start"]["line"] for problem in wrong}

    begun = right.split("layers:")[0] + "layers:\n  - name: a\n    \n"
    editor.open("begun.yaml", begun)
    offered = editor.completions("begun.yaml", begun.count("\n") - 1, 4)
    assert {"conv2d", "repeat", "sequential"} <= offered
    column = right.splitlines()[line].index("conv2d")
    assert "Slide filters over height and width" in editor.hover("net.yaml", line, column)
