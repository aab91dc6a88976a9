"""What a run leaves behind: weights, what is needed to go on, measures, and what made it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from archc.backends.folder import MANIFEST, replaced
from archc.source import Diagnostic, SpecError
from archc.train.folder import LAST, MEASURES, STATE, WEIGHTS
from archc.version import __version__

try:
    import fcntl
except ImportError:  # not on Windows, where nothing keeps two runs apart
    fcntl = None  # type: ignore[assignment]


class RunFolder:
    """The folder of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether something is there already."""
        return self.path.is_dir() and any(self.path.iterdir())

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest of the run. Raises SpecError where the system refuses."""
        try:
            _written(self.path / MANIFEST, json.dumps(manifest, indent=2) + "\n")
        except OSError as error:
            raise _unwritable(self.path, error) from None

    @contextmanager
    def held(self, fresh: bool) -> Iterator[None]:
        """Keep other runs out of the folder, which is made for a fresh run.

        Raises SpecError: E1054 where another run is in it, E0901 where the system refuses.
        """
        try:
            if fresh:
                self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        if fcntl is None or not self.path.is_dir():
            yield
            return
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(folder)
            message = f"another run is writing to `{self.path}`"
            help_ = ("wait until it has ended, or train into another folder",)
            raise SpecError([Diagnostic("E1054", message, help=help_)]) from None
        try:
            yield
        finally:
            os.close(folder)

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
            files = [WEIGHTS] if state is None else [WEIGHTS, STATE]
            try:
                save_file(plain, folder / WEIGHTS, metadata={"format": "pt"})
                if state is not None:
                    torch.save(dict(state), folder / STATE)
            except (RuntimeError, SafetensorError) as error:  # a full disk, to them
                raise OSError(" ".join(str(error).split())[:200]) from None
            manifest = {"archc": __version__, **facts, "files": {name: {} for name in files}}
            _written(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
            shutil.copymode(folder / MANIFEST, folder / WEIGHTS)

    def state(self) -> dict[str, Any]:
        """Read what is needed to go on. Raises SpecError (E1041)."""
        path = self.path / LAST / STATE
        if not path.is_file():
            raise _unusable(path, "there is none")
        try:
            found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # whatever reading damaged bytes raises
            raise _unusable(path, "it is damaged") from None
        return found

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Say so where what is in a checkpoint is not the state of this run (E1041)."""
        try:
            yield
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            path = self.path / LAST / STATE
            raise _unusable(path, f"it is not the state of such a run ({reason})") from None

    def keep_measures(self, step: int, epoch: int) -> None:
        """Forget what was measured after a step: it is measured again."""
        path = self.path / MEASURES
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
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


def _unusable(path: Path, reason: str) -> SpecError:
    message = f"the checkpoint `{path}` cannot be gone on with: {reason}"
    return SpecError([Diagnostic("E1041", message, help=("train anew, into another folder",))])


def _unwritable(path: Path, error: OSError) -> SpecError:
    reason = (error.strerror or str(error)).lower()
    return SpecError([Diagnostic("E0901", f"cannot write `{path}`: {reason}")])
