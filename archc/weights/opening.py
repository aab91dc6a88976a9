"""Open whatever weights come in: a file, an index of shards, a model's folder, a build."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from archc.source import Diagnostic, SpecError
from archc.weights.bounded_json import read_json
from archc.weights.checkpoint import (
    MOST_TENSORS,
    Checkpoint,
    Stored,
    check_names,
    damaged,
    opened,
    shown,
    too_much,
)
from archc.weights.safetensors_file import open_safetensors
from archc.weights.torch_file import open_torch

PYTORCH_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
INDEX_SUFFIX = ".index.json"
IN_FOLDERS = (
    "model.safetensors.index.json",
    "model.safetensors",
    "pytorch_model.bin.index.json",
    "pytorch_model.bin",
)
OF_RUNS = ("best/weights.safetensors", "last/weights.safetensors")
MOST_SHARDS = 2_000


def open_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Open weights: safetensors, a checkpoint of `torch.save`, an index of shards, or a folder.

    A folder is one that Hugging Face's libraries save, one that archc built, or that of a training
    run, of which the best weights are meant; of several models the keys begin with the model's name.
    Nothing that is opened can run code. Raises SpecError (E0901, E0902, E0920 to E0925).
    """
    place = Path(path)
    try:
        folder = place.is_dir()
    except (OSError, ValueError):
        raise SpecError([Diagnostic("E0901", "this is not the name of a file")]) from None
    if folder:
        return _open_folder(place)
    if place.name.endswith(INDEX_SUFFIX):
        return _open_index(place)
    return _open_file(place)


def _open_file(place: Path) -> Checkpoint:
    with opened(place) as file:
        start = file.read(16)
    if looks_like_pytorch(start):
        if place.suffix == ".safetensors":
            help_ = "rename it to end in `.pt`, or save it with safetensors"
            raise damaged(place, "it holds a PyTorch checkpoint", help_)
        return open_torch(place)
    if place.suffix in PYTORCH_SUFFIXES and start[8:9] != b"{":
        raise damaged(place, "it is neither a PyTorch checkpoint nor a safetensors file")
    return open_safetensors(place)


def looks_like_pytorch(start: bytes) -> bool:
    """Say whether a file begins as a zip archive or a pickle does.

    A safetensors file begins with the length of its table, which may have a pickle's first two bytes.
    """
    if start[8:9] == b"{" and start[5:8] == bytes(3):
        return False
    return start.startswith(b"PK\x03\x04") or (start[:1] == b"\x80" and 2 <= start[1] <= 5)


def _open_folder(folder: Path) -> Checkpoint:
    run = next((name for name in OF_RUNS if os.path.lexists(folder / name)), None)
    models = [] if run else _models_of_build(folder)
    if models:
        parts = {model: _open_file(_inside(folder, f"{model}.safetensors")) for model in models}
        tensors = {f"{m}.{key}": each for m, part in parts.items() for key, each in part.tensors.items()}
        return Checkpoint(folder, tensors)
    known = next((name for name in IN_FOLDERS if os.path.lexists(folder / name)), None)
    place = _inside(folder, run or known or _only_file(folder))
    found = _open_index(place) if place.name.endswith(INDEX_SUFFIX) else _open_file(place)
    return Checkpoint(folder, found.tensors)


def _models_of_build(folder: Path) -> list[str]:
    """Give the names of the models of a build of several; nothing for any other folder."""
    if not (folder / "manifest.json").is_file():
        return []
    try:
        manifest = read_json(folder / "manifest.json")
    except SpecError:  # of something else than a build
        return []
    models = manifest.get("models")
    several = "archc" in manifest and isinstance(models, dict) and len(models) > 1
    return list(models) if several and isinstance(models, dict) else []


def _only_file(folder: Path) -> str:
    """Give the one weights file of a folder; SpecError (E0923) where there is none, or more."""
    suffixes = (INDEX_SUFFIX, ".safetensors", *PYTORCH_SUFFIXES)
    names = sorted(_names(folder))
    for suffix in suffixes:
        fitting = [name for name in names if name.endswith(suffix)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            some = ", ".join(f"`{name}`" for name in fitting[:5])
            message = (
                f"the folder `{folder}` holds {len(fitting)} files of weights and none that names them all"
            )
            raise _no_choice(message, f"name one of them: {some}", "or fetch the index: `*.index.json`")
    raise _no_choice(
        f"the folder `{folder}` holds no weights", f"name a file, or put `{IN_FOLDERS[1]}` there"
    )


def _no_choice(message: str, *help_: str) -> SpecError:
    return SpecError([Diagnostic("E0923", message, help=help_)])


def _names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries if not entry.is_dir())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError([Diagnostic("E0901", f"cannot read `{folder}`: {reason}")]) from None


def _inside(folder: Path, name: str) -> Path:
    """Give the path of a file in a folder; SpecError (E0924) where it lies outside.

    A snapshot in Hugging Face's cache links to its neighbours `blobs`, so there the cache's folder
    of the model is the bound.
    """
    place = folder / name
    try:
        top, real = folder.resolve(), place.resolve()
    except (OSError, RuntimeError, ValueError):
        raise _outside(folder, name) from None
    bound = top.parent.parent if top.parent.name == "snapshots" else top
    plain = name not in ("", ".", "..") and "\\" not in name and not Path(name).is_absolute()
    if not plain or ".." in Path(name).parts or not real.is_relative_to(bound):
        raise _outside(folder, name)
    return place


def _outside(folder: Path, name: str) -> SpecError:
    message = f"`{shown(name)}` lies outside of the folder `{folder}` that names it"
    return SpecError([Diagnostic("E0924", message, help=("put the file itself into the folder",))])


def _open_index(index: Path) -> Checkpoint:
    """Open the shards that an index names; each tensor that it names is where it says."""
    table = read_json(index).get("weight_map")
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table.values()):
        raise damaged(index, "it has no `weight_map` from names of tensors to files")
    check_names(index, table)
    names = list(dict.fromkeys(table.values()))
    if len(names) > MOST_SHARDS:
        raise too_much(index, f"it names {len(names):,} files, more than {MOST_SHARDS:,}")
    tensors: dict[str, Stored] = {}
    for name in names:
        shard = _open_file(_inside(index.parent, name))
        for key, stored in shard.tensors.items():
            if key in tensors or table.get(key, name) != name:
                raise _misplaced(index, f"`{shown(key)}` is in `{shown(name)}` and belongs into another file")
            tensors[key] = stored
        if len(tensors) > MOST_TENSORS:
            raise too_much(index, f"its files hold more than {MOST_TENSORS:,} tensors")
    for key, name in table.items():
        if key not in tensors:
            raise _misplaced(index, f"`{shown(key)}` is not in `{shown(name)}`")
    return Checkpoint(index, tensors)


def _misplaced(index: Path, what: str) -> SpecError:
    message = f"the files that `{index}` names are not as it says: the tensor {what}"
    return SpecError([Diagnostic("E0925", message, help=("fetch or save the files again",))])
