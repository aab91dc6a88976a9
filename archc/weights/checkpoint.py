"""Read tensors by key from a safetensors file or a PyTorch checkpoint; neither can run code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from archc.sizes import DType
from archc.source import Diagnostic, Record, SpecError
from archc.weights.elements import Array, numpy_type
from archc.weights.names import STORED_TYPES

PYTORCH_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
NESTED = ("state_dict", "model_state_dict", "model")


class Stored(Record):
    """What a file says about one tensor. `dtype` is None for elements that archc does not have."""

    shape: tuple[int, ...]
    dtype: DType | None
    dtype_name: str


class Checkpoint:
    """The tensors of a file; each is read when it is asked for."""

    def __init__(self, path: Path, tensors: Mapping[str, Stored]) -> None:
        self.path = path
        self.tensors = dict(tensors)

    def read(self, key: str) -> Array:
        """Give a tensor's elements; bfloat16 as bits in uint16."""
        raise NotImplementedError


def open_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Open a weights file; SpecError (E0901, E0902) where it is missing or damaged."""
    place = Path(path)
    if place.exists() and not place.is_file():
        raise SpecError([Diagnostic("E0901", f"cannot read `{place}`: it is not a regular file")])
    try:
        with place.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise SpecError([cannot("read", place, error)]) from None
    if looks_like_pytorch(start):
        if place.suffix == ".safetensors":
            reason = "it holds a PyTorch checkpoint"
            raise damaged(place, reason, ("rename it to end in `.pt`, or save it with safetensors",))
        return _PyTorchFile(place)
    if place.suffix in PYTORCH_SUFFIXES and start[8:9] != b"{":
        raise damaged(place, "it is neither a PyTorch checkpoint nor a safetensors file")
    return _SafetensorsFile(place)


def looks_like_pytorch(start: bytes) -> bool:
    """Say whether a file begins as a zip archive or a pickle does."""
    return start.startswith(b"PK\x03\x04") or (start[:1] == b"\x80" and 2 <= start[1] <= 5)


def cannot(do: str, path: Path, error: OSError) -> Diagnostic:
    """Say that the system refused to read or write a file."""
    return Diagnostic("E0901", f"cannot {do} `{path}`: {(error.strerror or str(error)).lower()}")


def damaged(path: Path, reason: str, help: tuple[str, ...] = ()) -> SpecError:  # noqa: A002 - as in Diagnostic
    """Refuse a file that does not hold what its name says."""
    return SpecError([Diagnostic("E0902", f"`{path}` is not a readable weights file: {reason}", help=help)])


class _SafetensorsFile(Checkpoint):
    """safetensors' reader checks the file; elements come from a map of it, as numpy has no bfloat16."""

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as checked:
                keys = list(checked.keys())
        except SafetensorError as error:
            raise damaged(path, str(error).removeprefix("Error while deserializing header: ")) from None
        except OSError as error:
            raise SpecError([cannot("read", path, error)]) from None
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header: dict[str, Any] = json.loads(file.read(length))
        self._start = 8 + length
        self._offsets = {key: tuple(header[key]["data_offsets"]) for key in keys}
        super().__init__(
            path, {key: _stored(tuple(header[key]["shape"]), header[key]["dtype"]) for key in keys}
        )

    def read(self, key: str) -> Array:
        """Map a tensor's part of the file."""
        stored = self.tensors[key]
        assert stored.dtype is not None
        dtype = numpy_type(stored.dtype)
        start, stop = self._offsets[key]
        if start == stop:
            return np.empty(stored.shape, dtype)
        return np.memmap(self.path, dtype, "r", self._start + start, stored.shape or (1,)).reshape(
            stored.shape
        )


def _stored(shape: tuple[int, ...], name: str) -> Stored:
    return Stored(shape, STORED_TYPES.get(name), name)


class _PyTorchFile(Checkpoint):
    """A checkpoint of `torch.save`, read with `weights_only=True`, which unpickles tensors alone."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            archive = file.read(4) == b"PK\x03\x04"
        self._values = _state_dict(path, archive)
        super().__init__(path, {key: _described(tensor) for key, tensor in self._values.items()})

    def read(self, key: str) -> Array:
        """Give a tensor as an array."""
        import torch

        tensor = self._values[key].detach().contiguous()
        if tensor.dtype is torch.bfloat16:
            tensor = tensor.view(torch.int16)
            return np.asarray(tensor.numpy()).view(np.uint16)
        return np.asarray(tensor.numpy())


def _state_dict(path: Path, archive: bool) -> dict[str, Any]:
    import warnings

    import torch

    try:
        with warnings.catch_warnings(action="ignore"):
            loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=archive)
    except Exception as error:  # torch raises whatever the damage leads it to
        if "weights_only" in str(error) or "Unsupported" in str(error):
            help_ = ("save the tensors alone: `torch.save(model.state_dict(), ...)`",)
            raise damaged(path, "it holds Python objects other than tensors", help_) from None
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise damaged(path, first[:200]) from None
    for key in NESTED:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping):
        raise damaged(path, f"it holds a {type(loaded).__name__}, not a mapping of names to tensors")
    return {str(key): value for key, value in loaded.items() if isinstance(value, torch.Tensor)}


def _described(tensor: Any) -> Stored:
    from archc.sizes import DTYPES

    name = str(tensor.dtype).removeprefix("torch.")
    if str(tensor.layout) != "torch.strided":
        return Stored(tuple(tensor.shape), None, f"sparse {name}")
    return Stored(tuple(tensor.shape), DTYPES.get(name), name)
