"""Replace a folder by a new one, all at once: after a crash it is the old one or the new one."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archc.source import Diagnostic, SpecError

MANIFEST = "manifest.json"
_AT_FDCWD = -100
_EXCHANGE = 2


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Give an empty folder beside the target; when the block ends well, it takes the target's place.

    What an earlier build did not write is kept. Raises SpecError: E0908 where the target holds
    something other than a build, E0901 where the system refuses.
    """
    target = Path(os.path.realpath(target))
    check_replaceable(target)
    fresh = target.parent / f".{target.name}.archc-{os.getpid()}"
    made = [folder for folder in target.parents if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        fresh.mkdir()
        yield fresh
        _keep_foreign(target, fresh)
        _sync(fresh)
        _swap(fresh, target)
        _sync(target.parent)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError([Diagnostic("E0901", f"cannot write `{target}`: {reason}")]) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        with contextlib.suppress(OSError):
            for folder in made:
                folder.rmdir()


def check_replaceable(target: Path) -> None:
    """Refuse a target that is not a folder, or holds files but no build (E0908)."""
    help_ = ("choose another folder, or empty this one",)
    try:
        if not target.exists():
            return
        if not target.is_dir():
            raise SpecError([Diagnostic("E0908", f"`{target}` is a file, not a folder", help=help_)])
        if any(target.iterdir()) and read_manifest(target) is None:
            message = f"`{target}` is not empty and was not built by archc"
            raise SpecError([Diagnostic("E0908", message, help=help_)])
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError([Diagnostic("E0901", f"cannot read `{target}`: {reason}")]) from None


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Give the manifest of a build, None where there is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return manifest if isinstance(manifest, dict) and "archc" in manifest else None


def _keep_foreign(target: Path, fresh: Path) -> None:
    """Carry over what the earlier build did not write."""
    manifest = read_manifest(target) if target.is_dir() else None
    if manifest is None:
        return
    files = manifest.get("files")
    own = {MANIFEST, "__pycache__", *(files if isinstance(files, dict) else ())}
    for entry in target.iterdir():
        copy = fresh / entry.name
        if entry.name in own or copy.exists():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, copy, symlinks=True)
        else:
            shutil.copy2(entry, copy, follow_symlinks=False)


def _swap(fresh: Path, target: Path) -> None:
    if not target.exists():
        fresh.rename(target)
    elif not _exchanged(fresh, target):
        old = fresh.with_name(f"{fresh.name}-old")
        target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, where the system can."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return int(library.renamex_np(os.fsencode(one), os.fsencode(other), _EXCHANGE)) == 0
        at = _AT_FDCWD
        return int(library.renameat2(at, os.fsencode(one), at, os.fsencode(other), _EXCHANGE)) == 0
    except (OSError, AttributeError, TypeError):
        return False


def _remove_abandoned(target: Path) -> None:
    """Remove what builds that were killed left beside the target."""
    start = f".{target.name}.archc-"
    for entry in target.parent.iterdir():
        number = entry.name.removeprefix(start).split("-")[0]
        if entry.name.startswith(start) and number.isdigit() and not _running(int(number)):
            shutil.rmtree(entry, ignore_errors=True)


def _running(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _sync(folder: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
