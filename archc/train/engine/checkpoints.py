"""What a run leaves behind: weights, what is needed to go on, measures, and what made it."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from archc.backends.folder import MANIFEST, replaced
from archc.source import Diagnostic, SpecError
from archc.train.folder import LAST, MEASURES, STATE, WEIGHTS
from archc.version import __version__


class RunFolder:
    """The folder of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether something is there already."""
        return self.path.is_dir() and any(self.path.iterdir())

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Make the folder with its manifest. Raises SpecError where the system refuses."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _written(self.path / MANIFEST, json.dumps(manifest, indent=2) + "\n")
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def manifest(self) -> dict[str, Any]:
        """Read the manifest. Raises SpecError (E1041) where there is none."""
        try:
            found = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        if not isinstance(found, dict) or "spec" not in found:
            message = f"`{self.path}` holds no run to go on with"
            raise SpecError([Diagnostic("E1041", message, help=("train without `--resume`",))])
        return found

    def save(
        self,
        name: str,
        weights: Mapping[str, torch.Tensor],
        state: Mapping[str, Any] | None,
        facts: Mapping[str, Any],
    ) -> None:
        """Write a checkpoint; the one of that name is replaced as a whole."""
        with replaced(self.path / name) as folder:
            plain = {key: tensor.detach().cpu().contiguous() for key, tensor in weights.items()}
            save_file(plain, folder / WEIGHTS, metadata={"format": "pt"})
            files = [WEIGHTS]
            if state is not None:
                torch.save(dict(state), folder / STATE)
                files.append(STATE)
            manifest = {"archc": __version__, **facts, "files": {name: {} for name in files}}
            _written(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")

    def state(self) -> dict[str, Any]:
        """Read what is needed to go on. Raises SpecError (E1041)."""
        path = self.path / LAST / STATE
        try:
            found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            reason = " ".join(str(error).split())[:200]
            message = f"the checkpoint `{path}` cannot be read: {reason}"
            raise SpecError(
                [Diagnostic("E1041", message, help=("train anew, into another folder",))]
            ) from None
        return found

    def keep_measures(self, step: int, epoch: int) -> None:
        """Forget what was measured after a step: it is measured again."""
        path = self.path / MEASURES
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        kept = [line for line in lines if _is_before(line, step, epoch)]
        _written(path, "".join(f"{line}\n" for line in kept))


def _is_before(line: str, step: int, epoch: int) -> bool:
    try:
        found = json.loads(line)
        return int(found["epoch"]) <= epoch if "epoch" in found else int(found["step"]) <= step
    except (ValueError, KeyError, TypeError):
        return False


def _written(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _unwritable(path: Path, error: OSError) -> SpecError:
    reason = (error.strerror or str(error)).lower()
    return SpecError([Diagnostic("E0901", f"cannot write `{path}`: {reason}")])
