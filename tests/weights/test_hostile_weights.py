"""Weights made to harm: each gets a diagnostic that names the file, in seconds and within 512 MB.

All of them are given to one process whose memory is limited, so that one that asks for more fails.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

MEMORY = 512 << 20
SECONDS = 10
SPEC = "name: net\ninputs: {x: [N, 3]}\nlayers: [{name: fc, linear: 4}]\n"
PROGRAM = f"""
import contextlib, io, json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
from archc.cli import root
from archc.cli.failures import run_guarded
for line in sys.stdin:
    said, before = io.StringIO(), time.process_time()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = run_guarded(root, json.loads(line))
    taken = time.process_time() - before
    print(json.dumps([code, said.getvalue()[:2000], taken]), flush=True)
"""


def table(content: object, data: bytes = bytes(48)) -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: object, start: int = 0, stop: int = 48, dtype: object = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def zipped(pickle: bytes, storage: bytes = bytes(48), method: int = zipfile.ZIP_STORED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        archive.writestr("w/data.pkl", pickle)
        archive.writestr("w/byteorder", "little")
        archive.writestr("w/data/0", storage)
    return whole.getvalue()


def many(entries: int) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number in range(entries):
            archive.writestr(str(number), b"")
    data = whole.getvalue()
    at = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    listed = data[at:end] * 400
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65534, 65534, len(listed), at, 0)
    return data[:at] + listed + last


WEIGHT, BIAS = entry([4, 3]), entry([4], 48, 64)
FILES: dict[str, tuple[bytes, str, str]] = {
    "nothing.safetensors": (b"", "E0902", ""),
    "claim.safetensors": (struct.pack("<Q", 10**18) + b"{}", "E0902", "1,000,000,000,000,000,000 bytes"),
    "sparse.safetensors": (struct.pack("<Q", 10**9) + b"{", "E0922", "more than"),
    "lists.safetensors": (table(b'{"a": ' + b"[]," * 3_000_000 + b"1}"), "E0922", ""),
    "brackets.safetensors": (table(b"{" * 10**6), "E0902", ""),
    "digits.safetensors": (table(b'{"a": ' + b"9" * 10**6 + b"}"), "E0902", ""),
    "long.safetensors": (table({"fc." + "x" * 10**6: WEIGHT}), "E0921", "more than 500 characters"),
    "names.safetensors": (
        table({f"{i}": entry([], 0, 0, "F4") for i in range(201_000)}, b""), "E0922", "200,000 tensors"
    ),
    "twice.safetensors": (
        table(b'{"fc.weight": {}, "fc.weight": {}}'), "E0921", "`fc.weight`"
    ),
    "escape.safetensors": (table({"\x1b[2Jfc": WEIGHT}), "E0921", "\\u001b[2Jfc"),
    "overlap.safetensors": (table({"fc.weight": WEIGHT, "b": entry([4], 32, 48)}), "E0920", "`b`"),
    "beyond.safetensors": (table({"fc.weight": entry([4, 3], 0, 48), "fc.bias": BIAS}), "E0920", "`fc.bias`"),
    "hole.safetensors": (table({"fc.bias": entry([4], 32, 48)}), "E0920", "`fc.bias`"),
    "more.safetensors": (table({"fc.bias": entry([4], 0, 16)}), "E0902", "belong to no tensor"),
    "backwards.safetensors": (table({"fc.weight": entry([4, 3], 48, 0)}), "E0920", "`fc.weight`"),
    "huge.safetensors": (table({"fc.weight": entry([10**9] * 3)}), "E0920", "`fc.weight`"),
    "wide.safetensors": (table({"fc.weight": entry([10**4000] * 32, 0, 10**4000)}), "E0920", "`fc.weight`"),
    "negative.safetensors": (table({"fc.weight": entry([-4, -3])}), "E0920", "`fc.weight`"),
    "ranks.safetensors": (table({"fc.weight": entry([1] * 99 + [12])}), "E0920", "100 axes"),
    "shape.safetensors": (table({"fc.weight": entry("12")}), "E0920", "`fc.weight`"),
    "true.safetensors": (table({"fc.weight": entry([True, 12])}), "E0920", "`fc.weight`"),
    "types.safetensors": (table({"fc.weight": entry([4, 3], dtype=7)}), "E0920", "`fc.weight`"),
    "steering.safetensors": (table({"fc.weight": entry([4, 3], dtype="\x1b[2J")}), "E0920", "`fc.weight`"),
    "mapping.safetensors": (table({"fc.weight": [1]}), "E0920", "`fc.weight`"),
    "other.safetensors": (table({"fc.weight": entry([3, 4])}), "E0903", "`fc.weight` is [3, 4]"),
    "pickle.safetensors": (zipped(b"N."), "E0902", "PyTorch checkpoint"),
    "bomb.pt": (zipped(bytes(64 << 20), method=zipfile.ZIP_DEFLATED), "E0902", "compressed"),
    "storage.pt": (zipped(b"N.", bytes(64 << 20), zipfile.ZIP_DEFLATED), "E0902", "compressed"),
    "large.pt": (zipped(bytes(40 << 20)), "E0922", "pickle has"),
    "objects.pt": (zipped(b"]\x94" * (10 << 20) + b"."), "E0902", "more than 2,000,000 steps"),
    "dicts.pt": (zipped(b"}" * (30 << 20) + b"."), "E0902", "more than 2,000,000 steps"),
    "tuples.pt": (zipped(b"N" + b"2\x86" * 10**5 + b"."), "E0902", "it holds a tuple"),
    "memory.pt": (zipped(b"N" + b"r\xff\xff\xff\xff" * 100 + b"."), "E0902", ""),
    "archive.pt": (many(500), "E0921", ""),
    "run.pt": (zipped(b"cos\nsystem\nX\x0b\x00\x00\x00touch owned\x85R."), "E0902", "`os.system`"),
    "old.pt": (b"\x80\x02" + b"]" * (30 << 20) + b".", "E0902", ""),
    "model.safetensors.index.json": (b'{"weight_map": ' + b" " * (40 << 20) + b"}", "E0922", "16 MiB"),
}  # fmt: skip


def answers(folder: Path, commands: list[list[str]]) -> Iterator[tuple[int, str, float]]:
    """Give the exit code, what is said and the time of each command, run in a process with little memory."""
    given = "\n".join(json.dumps(command) for command in commands)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=SECONDS * len(commands),
        check=True,
    )
    for line in done.stdout.splitlines():
        code, said, taken = json.loads(line)
        yield code, said, taken


@pytest.mark.slow
def test_each_gets_a_diagnostic_in_time_and_memory(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(SPEC)
    for name, (data, _, _) in FILES.items():
        (tmp_path / name).write_bytes(data)
    with (tmp_path / "sparse.safetensors").open("r+b") as file:
        file.truncate(2 * 10**9)
    commands = [["build", "net.yaml", "--weights", name] for name in FILES]
    found = list(answers(tmp_path, commands))
    assert len(found) == len(FILES)
    for (name, (_, code, said)), (status, output, taken) in zip(FILES.items(), found, strict=True):
        assert status == 3, (name, output)
        assert output.startswith(f"error[{code}]: "), (name, output)
        assert name in output
        assert said in output, (name, output)
        assert "\x1b" not in output
        assert taken < SECONDS, name
    assert not (tmp_path / "owned").exists()
    assert not (tmp_path / "build").exists()


@pytest.mark.slow
def test_good_weights_need_no_more_memory_than_their_largest_tensor(tmp_path: Path) -> None:
    wide = SPEC.replace("linear: 4", "linear: 20_000_000").replace("20_000_000", "20000000")
    (tmp_path / "net.yaml").write_text(wide)
    arrays = {"fc.weight": np.ones((20_000_000, 3), np.float16), "fc.bias": np.ones(20_000_000, np.float16)}
    save_file(arrays, tmp_path / "w.safetensors")
    torch.save({key: torch.from_numpy(array) for key, array in arrays.items()}, tmp_path / "w.pt")
    target = ["--target", "pytorch", "--convert-dtype"]
    commands = [["build", "net.yaml", *target, "--weights", name] for name in ("w.safetensors", "w.pt")]
    for status, output, _ in answers(tmp_path, commands):
        assert status == 0, output
        assert "2 tensors converted from float16 to float32" in output
    assert (tmp_path / "build" / "net" / "model.safetensors").stat().st_size > 4 * 80_000_000
